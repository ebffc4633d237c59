"""Take over a workspace that was made by hand, and let go of it without deleting it."""

import pulumi

import pulumi_openrouter as openrouter

legacy = openrouter.Workspace(
    "legacy",
    # The slug is what finds it; every other field becomes what stands here.
    slug="legacy-chatbot",
    name="Legacy chatbot",
    description="Made by hand, managed by Pulumi since",
    adopt=True,
    opts=pulumi.ResourceOptions(retain_on_delete=True),
)

pulumi.export("id", legacy.id)
pulumi.export("created_at", legacy.created_at)
