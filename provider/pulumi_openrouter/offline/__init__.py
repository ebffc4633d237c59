"""The offline engine: Pulumi programs with dynamic resources, without the Pulumi CLI."""

from pulumi_openrouter.offline.exceptions import (
    Diagnostic,
    OfflineError,
    OperationError,
    ProjectError,
    StateError,
)
from pulumi_openrouter.offline.project import ConfigValue
from pulumi_openrouter.offline.stack import (
    Deployment,
    OutputValue,
    ResourceSummary,
    Stack,
    StackSummary,
    create_or_select_stack,
    list_stacks,
)

__all__ = [
    "ConfigValue",
    "Deployment",
    "Diagnostic",
    "OfflineError",
    "OperationError",
    "OutputValue",
    "ProjectError",
    "ResourceSummary",
    "Stack",
    "StackSummary",
    "StateError",
    "create_or_select_stack",
    "list_stacks",
]
