"""What somebody changes by hand: seen by a preview with refresh, and put back by an up with it."""

from harness import Project
from harness.organization import Somebody, live
from pulumi_openrouter.sandbox import Sandbox
from pulumi_openrouter.sandbox.seed import user_id

JANE, RAVI, MEI = (
    user_id(f"{name}@example.com") for name in ("jane.doe", "ravi.patel", "mei.chen")
)
PROGRAM = f"""
acme = openrouter.Workspace("acme", description="Ours")
openrouter.WorkspaceBudget("acme", workspace=acme, daily_usd=1, monthly_usd=9)
openrouter.WorkspaceMembership("acme", workspace=acme, user_ids=["{JANE}", "{RAVI}"])

only = openrouter.Workspace("only")
openrouter.WorkspaceBudget("only", workspace=only, daily_usd=1, exclusive=True)
openrouter.WorkspaceMembership("only", workspace=only, user_ids=["{JANE}"], exclusive=True)

gone = openrouter.Workspace("gone")
openrouter.WorkspaceBudget("gone", workspace=gone, daily_usd=1)
openrouter.WorkspaceMembership("gone", workspace=gone, user_ids=["{JANE}"])
"""


def _summary(sandbox: Sandbox) -> dict[str, object]:
    """Return what the API has of each workspace that matters here."""
    return {
        w["slug"]: (w["description"], w["budgets"], sorted(w["members"]))
        for w in sandbox.state()["workspaces"]
        if not w["is_default"]
    }


def test_what_was_changed_by_hand_is_put_back(
    project: Project, sandbox: Sandbox, somebody: Somebody
) -> None:
    """Slugs, fields, limits, people and whole workspaces; what is not managed is left alone."""
    project.program(PROGRAM)
    project.up()
    wanted = _summary(sandbox)
    acme, only, gone = (live(sandbox, f"{n}-dev")["id"] for n in ("acme", "only", "gone"))

    somebody.changes(acme, slug="by-hand", description="Theirs")
    somebody.sets(acme, daily=None, lifetime=99)
    somebody.removes(acme, RAVI)
    somebody.adds(acme, MEI)
    somebody.sets(only, weekly=5)
    somebody.adds(only, MEI)
    somebody.deletes(gone)

    preview = project.preview(refresh=True)
    assert preview.changes == {"create": 3, "update": 5, "same": 2}
    up = project.up(refresh=True)
    assert up.changes == preview.changes
    unmanaged = ("Ours", {"daily": 1, "monthly": 9, "lifetime": 99}, sorted([JANE, RAVI, MEI]))
    assert _summary(sandbox) == wanted | {"acme-dev": unmanaged}
    project.settle()
