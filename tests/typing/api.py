"""The package as type checkers see it: read by mypy and pyright in strict mode, never run."""

from __future__ import annotations

import pulumi
from typing_extensions import assert_type

import pulumi_openrouter as openrouter

# Inputs: plain values, outputs, and futures' worth of both inside lists.
text = pulumi.Output.from_input("acme")
number = pulumi.Output.from_input(5.0)

workspace = openrouter.Workspace(
    "acme",
    pulumi.ResourceOptions(protect=True),
    name=text,
    slug="acme",
    description="Production",
    default_text_model="openai/gpt-4o",
    default_image_model=None,
    default_provider_sort="price",
    is_observability_io_logging_enabled=True,
    is_observability_broadcast_enabled=pulumi.Output.from_input(True),
    is_data_discount_logging_enabled=False,
    io_logging_sampling_rate=1,
    io_logging_api_key_ids=[1, pulumi.Output.from_input(2)],
    disabled_server_tools=("openrouter:web_search", text),
    adopt=True,
)
budget = openrouter.WorkspaceBudget(
    "acme",
    workspace=workspace,
    daily_usd=1,
    weekly_usd=2.5,
    monthly_usd=number,
    lifetime_usd=None,
    include_byok_in_budgets=True,
    exclusive=False,
)
membership = openrouter.WorkspaceMembership(
    "acme", workspace=workspace.slug, user_ids=["user_1", text], exclusive=True
)
openrouter.WorkspaceMembership("more", workspace="acme-dev", emails=text.apply(lambda one: [one]))

# Outputs.
assert_type(workspace.id, pulumi.Output[str])
assert_type(workspace.name, pulumi.Output[str])
assert_type(workspace.slug, pulumi.Output[str])
assert_type(workspace.description, pulumi.Output[str | None])
assert_type(workspace.default_text_model, pulumi.Output[str | None])
assert_type(workspace.default_image_model, pulumi.Output[str | None])
assert_type(workspace.default_provider_sort, pulumi.Output[str | None])
assert_type(workspace.is_observability_io_logging_enabled, pulumi.Output[bool])
assert_type(workspace.is_observability_broadcast_enabled, pulumi.Output[bool])
assert_type(workspace.is_data_discount_logging_enabled, pulumi.Output[bool])
assert_type(workspace.io_logging_sampling_rate, pulumi.Output[float])
assert_type(workspace.io_logging_api_key_ids, pulumi.Output[list[int] | None])
assert_type(workspace.disabled_server_tools, pulumi.Output[list[str] | None])
assert_type(workspace.default_guardrail_id, pulumi.Output[str])
assert_type(workspace.include_byok_in_budgets, pulumi.Output[bool | None])
assert_type(workspace.created_at, pulumi.Output[str])
assert_type(workspace.created_by, pulumi.Output[str | None])

assert_type(budget.workspace, pulumi.Output[str])
assert_type(budget.workspace_id, pulumi.Output[str])
assert_type(budget.daily_usd, pulumi.Output[float | None])
assert_type(budget.weekly_usd, pulumi.Output[float | None])
assert_type(budget.monthly_usd, pulumi.Output[float | None])
assert_type(budget.lifetime_usd, pulumi.Output[float | None])
assert_type(budget.include_byok_in_budgets, pulumi.Output[bool | None])
assert_type(budget.exclusive, pulumi.Output[bool | None])

assert_type(membership.workspace, pulumi.Output[str])
assert_type(membership.workspace_id, pulumi.Output[str])
assert_type(membership.members, pulumi.Output[list[openrouter.Member]])
assert_type(membership.user_ids, pulumi.Output[list[str] | None])
assert_type(membership.emails, pulumi.Output[list[str] | None])
assert_type(membership.exclusive, pulumi.Output[bool | None])
assert_type(membership.people, pulumi.Output[dict[str, str]])

# Reading what something else manages: by id or slug, plain or as an output.
assert_type(openrouter.Workspace.get("theirs", "acme-prod"), openrouter.Workspace)
assert_type(openrouter.Workspace.get("theirs", id=workspace.id), openrouter.Workspace)
assert_type(openrouter.WorkspaceBudget.get("theirs", workspace), openrouter.WorkspaceBudget)
assert_type(openrouter.WorkspaceMembership.get("theirs", text), openrouter.WorkspaceMembership)

# Lookups.
assert_type(openrouter.get_workspace("acme"), openrouter.WorkspaceResult)
assert_type(openrouter.get_workspace_output(text), pulumi.Output[openrouter.WorkspaceResult])
assert_type(openrouter.list_workspaces(), list[openrouter.WorkspaceResult])
assert_type(openrouter.list_workspaces_output(), pulumi.Output[list[openrouter.WorkspaceResult]])
assert_type(
    openrouter.get_organization_members(["jane.doe@example.com"]),
    list[openrouter.OrganizationMemberResult],
)
assert_type(
    openrouter.get_organization_members_output([text]),
    pulumi.Output[list[openrouter.OrganizationMemberResult]],
)

# Inputs that come as a dict, of a whole configuration for example.
workspace_args: openrouter.WorkspaceArgs = {"description": "Chat", "default_provider_sort": "price"}
openrouter.Workspace("acme", **workspace_args)
budget_args: openrouter.WorkspaceBudgetArgs = {"daily_usd": 1, "monthly_usd": number}
openrouter.WorkspaceBudget("acme", workspace=workspace, **budget_args)
by_emails: openrouter.WorkspaceMembershipByEmailsArgs = {"emails": [text], "exclusive": True}
openrouter.WorkspaceMembership("acme", workspace=workspace, **by_emails)
by_user_ids: openrouter.WorkspaceMembershipArgs = {"user_ids": ("user_1",), "skip_missing": False}
openrouter.WorkspaceMembership("acme", workspace=workspace, **by_user_ids)

# What no checker may let through.
openrouter.Workspace("acme", slug=5)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] - text
openrouter.WorkspaceBudget("acme", daily_usd=1)  # type: ignore[call-arg] # pyright: ignore[reportCallIssue] - required
openrouter.WorkspaceBudget("acme", workspace=workspace, daily_usd="5")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] - number
openrouter.Workspace("acme", default_provider_sort="cheapest")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] - a sort
openrouter.Workspace("acme", disabled_server_tools="openrouter:web_search")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] - a list
openrouter.WorkspaceMembership("acme", workspace="acme", emails="a@b")  # type: ignore[call-overload] # pyright: ignore[reportArgumentType, reportCallIssue] - a list
openrouter.WorkspaceMembership("acme", workspace="acme", user_ids=text)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType, reportCallIssue] - a list
openrouter.WorkspaceMembership("acme", workspace="acme")  # type: ignore[call-overload] # pyright: ignore[reportCallIssue] - either list
openrouter.WorkspaceMembership("acme", workspace="acme", emails=["a@b"], user_ids=["user_1"])  # type: ignore[call-overload] # pyright: ignore[reportArgumentType, reportCallIssue] - both lists
openrouter.get_organization_members("jane@example.com")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] - a list
openrouter.get_organization_members_output("jane@example.com")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] - a list
wrong_args: openrouter.WorkspaceArgs = {"sort": "price"}  # type: ignore[typeddict-unknown-key] # pyright: ignore[reportAssignmentType] - no such input
