"""A program that keeps the rules of the policy pack beside it, in every stack."""

import pulumi

import pulumi_openrouter as openrouter

is_production = pulumi.get_stack() == "prod"

chat = openrouter.Workspace(
    "chat",
    description="Production traffic" if is_production else "Experiments",
    # Both are passed in each stack, because a flag that is left out stays as it is.
    is_observability_io_logging_enabled=not is_production,
    is_data_discount_logging_enabled=not is_production,
)
openrouter.WorkspaceBudget("chat", workspace=chat, monthly_usd=5000 if is_production else 100)

pulumi.export("slug", chat.slug)
