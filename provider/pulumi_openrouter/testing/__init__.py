"""Tests of a program: against a sandbox on an engine, or with Pulumi's mocks.

The fixtures of the pytest plugin hand out what is here. Nothing here imports pytest, so the same
can be used from any other test runner.
"""

from pulumi_openrouter.sandbox.server import Sandbox
from pulumi_openrouter.testing.mocks import Declared, MockError, MockRunner, Program
from pulumi_openrouter.testing.organization import LiveWorkspace, live_workspaces
from pulumi_openrouter.testing.project import ProgramError
from pulumi_openrouter.testing.stack import (
    SETTINGS,
    OperationFailed,
    Result,
    Stack,
    StackFactory,
    sandbox_environment,
)

__all__ = [
    "SETTINGS",
    "Declared",
    "LiveWorkspace",
    "MockError",
    "MockRunner",
    "OperationFailed",
    "Program",
    "ProgramError",
    "Result",
    "Sandbox",
    "Stack",
    "StackFactory",
    "live_workspaces",
    "sandbox_environment",
]
