"""Teams from a YAML file: a component for each team, and teams.yaml is all that people edit."""

from pathlib import Path

import pulumi
from teams import Team, read_teams

import pulumi_openrouter as openrouter


class TeamWorkspace(pulumi.ComponentResource):
    """A team's workspace, its limits and its people."""

    def __init__(self, name: str, team: Team) -> None:
        super().__init__("acme:index:TeamWorkspace", name)
        child = pulumi.ResourceOptions(parent=self)
        workspace = openrouter.Workspace(name, child, description=team.description)
        openrouter.WorkspaceBudget(
            name,
            child,
            workspace=workspace,
            monthly_usd=team.monthly_usd,
            daily_usd=team.daily_usd,
        )
        openrouter.WorkspaceMembership(name, child, workspace=workspace, emails=team.members)
        self.slug = workspace.slug
        self.register_outputs({"slug": self.slug})


teams = read_teams(Path(__file__).with_name("teams.yaml"))
for name, team in teams.items():
    pulumi.export(name, TeamWorkspace(name, team).slug)
