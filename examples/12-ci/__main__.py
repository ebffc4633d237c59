"""The workspace of the chat app, one for each stack."""

import pulumi

import pulumi_openrouter as openrouter

config = pulumi.Config()

chat = openrouter.Workspace("chat", description=f"Chat app, {pulumi.get_stack()}")
openrouter.WorkspaceBudget("chat", workspace=chat, monthly_usd=config.require_float("monthlyUsd"))

pulumi.export("slug", chat.slug)
