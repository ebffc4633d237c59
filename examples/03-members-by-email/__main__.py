"""Who may use two workspaces: one lists all of its people, the other only its own."""

import pulumi

import pulumi_openrouter as openrouter

# The whole truth: who is added by hand shows as drift and is taken out again.
payroll = openrouter.Workspace("payroll", description="Personal data; few people")
accountants = openrouter.WorkspaceMembership(
    "payroll",
    workspace=payroll,
    emails=["jane.doe@example.com", "omar.haddad@example.com"],
    exclusive=True,
)

# Just these: others may come and go by hand, and stay as they are.
playground = openrouter.Workspace("playground", description="Come and try")
openrouter.WorkspaceMembership(
    "playground",
    workspace=playground,
    emails=["ravi.patel@example.com", "mei.chen@example.com"],
)

pulumi.export("accountants", accountants.members.apply(lambda members: len(members)))
