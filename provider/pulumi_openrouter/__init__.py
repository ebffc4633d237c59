"""OpenRouter workspaces, budgets and memberships as Pulumi resources."""

from pulumi_openrouter.errors import OpenRouterError
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
from pulumi_openrouter.resources.arguments import (
    Interval,
    ListOf,
    ProviderSort,
    WorkspaceArgs,
    WorkspaceBudgetArgs,
    WorkspaceMembershipArgs,
    WorkspaceMembershipByEmailsArgs,
    WorkspaceMembershipByUserIdsArgs,
)
from pulumi_openrouter.resources.workspace import Workspace, WorkspaceProvider
from pulumi_openrouter.resources.workspace_budget import WorkspaceBudget, WorkspaceBudgetProvider
from pulumi_openrouter.resources.workspace_membership import (
    Member,
    WorkspaceMembership,
    WorkspaceMembershipProvider,
)

__all__ = [
    "Interval",
    "ListOf",
    "Member",
    "OpenRouterError",
    "OrganizationMemberResult",
    "ProviderSort",
    "Workspace",
    "WorkspaceArgs",
    "WorkspaceBudget",
    "WorkspaceBudgetArgs",
    "WorkspaceBudgetProvider",
    "WorkspaceMembership",
    "WorkspaceMembershipArgs",
    "WorkspaceMembershipByEmailsArgs",
    "WorkspaceMembershipByUserIdsArgs",
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
