"""A workspace that logs a tenth of its requests, and prefers cheap providers."""

import pulumi

import pulumi_openrouter as openrouter

chat = openrouter.Workspace(
    "chat",
    description="Production traffic of the chat app",
    default_provider_sort="price",
    is_observability_io_logging_enabled=True,
    io_logging_sampling_rate=0.1,
    disabled_server_tools=["openrouter:web_search"],
)
pulumi.export("slug", chat.slug)
