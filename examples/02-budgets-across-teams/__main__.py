"""A monthly sum shared out among teams by weight; no team can spend its month in a day."""

import pulumi

import pulumi_openrouter as openrouter

MONTHLY_USD = 12_000
WEIGHTS = {"search": 3, "support": 2, "research": 1}

for team, weight in WEIGHTS.items():
    monthly_usd = MONTHLY_USD * weight / sum(WEIGHTS.values())
    workspace = openrouter.Workspace(team, name=f"Team {team.title()}")
    openrouter.WorkspaceBudget(
        team,
        workspace=workspace,
        monthly_usd=monthly_usd,
        daily_usd=monthly_usd / 10,
        # A limit that somebody adds by hand is drift, and goes with the next `up --refresh`.
        exclusive=True,
    )
    pulumi.export(team, {"workspace": workspace.slug, "monthly_usd": monthly_usd})
