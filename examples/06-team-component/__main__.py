"""A component: what every team gets, in one line for each team."""

from collections.abc import Sequence

import pulumi

import pulumi_openrouter as openrouter

TOOLS = ["openrouter:web_search"]


class Team(pulumi.ComponentResource):
    """A workspace with a budget and its people, set up as the organization wants it."""

    def __init__(self, name: str, monthly_usd: float, emails: Sequence[str]) -> None:
        super().__init__("acme:index:Team", name)
        child = pulumi.ResourceOptions(parent=self)
        workspace = openrouter.Workspace(name, child, disabled_server_tools=TOOLS)
        openrouter.WorkspaceBudget(name, child, workspace=workspace, monthly_usd=monthly_usd)
        openrouter.WorkspaceMembership(name, child, workspace=workspace, emails=emails)
        self.slug = workspace.slug
        self.register_outputs({"slug": self.slug})


search = Team("search", 900, ["jane.doe@example.com", "ravi.patel@example.com"])
support = Team("support", 400, ["mei.chen@example.com"])

pulumi.export("slugs", [search.slug, support.slug])
