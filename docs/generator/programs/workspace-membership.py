"""Two people by email address. The second one is added once the person has joined."""

import pulumi_openrouter as openrouter

chat = openrouter.Workspace("chat")
openrouter.WorkspaceMembership(
    "chat",
    workspace=chat,
    emails=["jane.doe@example.com", "not.yet@example.com"],
    skip_missing=True,
)
