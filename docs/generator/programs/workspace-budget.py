"""Two limits, which are the only ones: a limit that somebody sets by hand is deleted."""

import pulumi_openrouter as openrouter

chat = openrouter.Workspace("chat")
openrouter.WorkspaceBudget(
    "chat",
    workspace=chat,
    daily_usd=300,
    monthly_usd=5000,
    exclusive=True,
)
