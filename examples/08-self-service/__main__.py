"""The workspace of one team, in a stack that is named after the team."""

import pulumi

import pulumi_openrouter as openrouter

config = pulumi.Config()
team = pulumi.get_stack()

workspace = openrouter.Workspace(team, slug=team, description=f"Team {team}, by self-service")
openrouter.WorkspaceBudget(
    team, workspace=workspace, monthly_usd=config.require_float("monthlyUsd")
)
openrouter.WorkspaceMembership(team, workspace=workspace, emails=config.require_object("members"))

pulumi.export("slug", workspace.slug)
pulumi.export("workspace_id", workspace.id)
