"""A first program, from nothing to nothing."""

from harness import Project
from pulumi_openrouter.sandbox import Sandbox

PROGRAM = """
prod = openrouter.Workspace(
    "prod",
    description="Production traffic",
    default_provider_sort="price",
    is_observability_io_logging_enabled=True,
    io_logging_sampling_rate=0.1,
)
openrouter.WorkspaceBudget("prod", workspace=prod, monthly_usd=5000, daily_usd=300)
openrouter.WorkspaceMembership("prod", workspace=prod, emails=["Jane.Doe@example.com"])
pulumi.export("slug", prod.slug)
"""


def test_a_program_is_created_settles_and_goes(project: Project, sandbox: Sandbox) -> None:
    """A preview looks up its people only; `up` creates everything, and later ones do nothing."""
    before = sandbox.state()
    project.program(PROGRAM)
    assert project.preview().changes == {"create": 4}
    assert [(r["method"], r["path"]) for r in sandbox.requests()] == [
        ("GET", "/organization/members")
    ]
    up = project.up()
    assert up.changes == {"create": 4}
    assert up.outputs == {"slug": "prod-dev"}
    [made] = [w for w in sandbox.state()["workspaces"] if w["slug"] == "prod-dev"]
    assert made["budgets"] == {"monthly": 5000, "daily": 300}
    project.settle()
    assert sandbox.state() == before
