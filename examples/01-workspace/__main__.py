"""A workspace with its budgets and its people."""

import pulumi

import pulumi_openrouter as openrouter

prod = openrouter.Workspace(
    "prod",
    description="Production traffic",
    default_provider_sort="price",
    is_observability_io_logging_enabled=True,
    io_logging_sampling_rate=0.1,
)
openrouter.WorkspaceBudget("prod", workspace=prod, monthly_usd=5000, daily_usd=300)
openrouter.WorkspaceMembership("prod", workspace=prod, emails=["jane.doe@example.com"])

pulumi.export("slug", prod.slug)
