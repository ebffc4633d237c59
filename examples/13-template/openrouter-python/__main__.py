"""A workspace with a budget and its members."""

import pulumi

import pulumi_openrouter as openrouter

config = pulumi.Config()
name = config.require("name")
monthly_usd = config.get_float("monthlyUsd")
members = [email.strip() for email in config.get("members", "").split(",") if email.strip()]

workspace = openrouter.Workspace(name)
if monthly_usd:
    openrouter.WorkspaceBudget(name, workspace=workspace, monthly_usd=monthly_usd)
if members:
    openrouter.WorkspaceMembership(name, workspace=workspace, emails=members)

pulumi.export("slug", workspace.slug)
