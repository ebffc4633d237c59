"""The resources of this package: what a new one has to be entered in.

Whoever has to go through all of them does so here: the tests, the checks of the documentation, and
the package itself, which exports each resource and its provider.
"""

from __future__ import annotations

from pulumi_openrouter.lifecycle.declaration import Declaration
from pulumi_openrouter.resources.resource import OpenRouterResource
from pulumi_openrouter.resources.workspace import Workspace
from pulumi_openrouter.resources.workspace_budget import WorkspaceBudget
from pulumi_openrouter.resources.workspace_membership import WorkspaceMembership

RESOURCES: tuple[type[OpenRouterResource], ...] = (Workspace, WorkspaceBudget, WorkspaceMembership)


def declaration_of(resource: type[OpenRouterResource]) -> Declaration:
    """Return the declaration of a resource."""
    return resource._provider_type.lifecycle_type.declaration
