"""Adopt a workspace that was made by hand, and let go of it without deleting it."""

import pulumi

import pulumi_openrouter as openrouter

legacy = openrouter.Workspace(
    "legacy",
    # The slug finds the workspace. The first `up` sets the fields given here, and leaves the others
    # alone; the second one resets those, so give here what has to stay.
    slug="legacy-chatbot",
    name="Legacy chatbot",
    description="Made by hand, managed by Pulumi since",
    default_provider_sort="latency",
    adopt=True,
    opts=pulumi.ResourceOptions(retain_on_delete=True),
)

pulumi.export("id", legacy.id)
pulumi.export("created_at", legacy.created_at)
