"""A workspace for each team, with a ceiling for what a team may spend; see test_program.py."""

import pulumi

import pulumi_openrouter as openrouter

config = pulumi.Config()
ceiling = config.get_float("ceiling") or 1000
teams: dict[str, float] = config.get_object("teams") or {"search": 300, "support": 200}

for team, monthly_usd in teams.items():
    if monthly_usd > ceiling:
        message = f"{team} asks for ${monthly_usd:g} a month; at most ${ceiling:g} is allowed"
        raise pulumi.RunError(message)
    workspace = openrouter.Workspace(team)
    openrouter.WorkspaceBudget(
        team, workspace=workspace, monthly_usd=monthly_usd, daily_usd=monthly_usd / 10
    )
    pulumi.export(team, workspace.slug)
