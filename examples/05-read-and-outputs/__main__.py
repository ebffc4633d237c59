"""Build on what exists: read the default workspace, look people up, hand on outputs."""

import pulumi

import pulumi_openrouter as openrouter

# Read, never changed and never deleted: its state follows the live one on each refresh.
default = openrouter.Workspace.get("default", "default")

# A new workspace starts from the default one's choice, where there is one.
incidents = openrouter.Workspace(
    "incidents",
    description="Only for those who are on call",
    default_text_model=default.default_text_model.apply(lambda model: model or "openai/gpt-4o"),
)

# Whoever is an admin of the organization today.
admins = [m.id for m in openrouter.get_organization_members() if m.role == "org:admin"]
openrouter.WorkspaceMembership("incidents", workspace=incidents, user_ids=admins)

pulumi.export("default_workspace", default.name)
pulumi.export("incidents", {"id": incidents.id, "created_by": incidents.created_by})
pulumi.export("admins", len(admins))
