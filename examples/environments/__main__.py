"""One environment: a workspace with its settings, its budgets and its people, from stack config."""

import pulumi

import pulumi_openrouter as openrouter

config = pulumi.Config()

# The slug becomes acme-dev, acme-staging or acme-prod.
workspace = openrouter.Workspace("acme", **config.require_object("settings"))

openrouter.WorkspaceBudget(
    "acme",
    workspace=workspace,
    **config.require_object("budgets"),
)

openrouter.WorkspaceMembership(
    "acme",
    workspace=workspace,
    emails=config.require_object("members"),
)

pulumi.export("workspace_id", workspace.id)
pulumi.export("slug", workspace.slug)
