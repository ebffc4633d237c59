"""OpenRouter workspaces, budgets and memberships as Pulumi resources."""

from pulumi_openrouter.errors import OpenRouterError
from pulumi_openrouter.lifecycle.workspace import WorkspaceProvider
from pulumi_openrouter.lifecycle.workspace_budget import WorkspaceBudgetProvider
from pulumi_openrouter.lifecycle.workspace_membership import WorkspaceMembershipProvider
from pulumi_openrouter.lookups import (
    OrganizationMemberResult,
    WorkspaceResult,
    get_organization_members,
    get_organization_members_output,
    get_workspace,
    get_workspace_output,
    list_workspaces,
    list_workspaces_output,
)
from pulumi_openrouter.resources.workspace import Workspace
from pulumi_openrouter.resources.workspace_budget import WorkspaceBudget
from pulumi_openrouter.resources.workspace_membership import Member, WorkspaceMembership

__all__ = [
    "Member",
    "OpenRouterError",
    "OrganizationMemberResult",
    "Workspace",
    "WorkspaceBudget",
    "WorkspaceBudgetProvider",
    "WorkspaceMembership",
    "WorkspaceMembershipProvider",
    "WorkspaceProvider",
    "WorkspaceResult",
    "get_organization_members",
    "get_organization_members_output",
    "get_workspace",
    "get_workspace_output",
    "list_workspaces",
    "list_workspaces_output",
]

# A provider's module and name stand in every user's state, inside its pickle: they are the
# package's, so that files may move.
for _provider in (WorkspaceProvider, WorkspaceBudgetProvider, WorkspaceMembershipProvider):
    _provider.__module__ = __name__
