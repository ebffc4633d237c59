"""Pulumi's resource options, as far as they meet what a workspace and its parts are."""

from collections.abc import Callable

import pytest

from harness import Failure, Project
from harness.organization import Somebody, live
from pulumi_openrouter.sandbox import Sandbox
from pulumi_openrouter.sandbox.seed import user_id

NewProject = Callable[..., Project]

JANE = "jane.doe@example.com"


def _writes(sandbox: Sandbox) -> list[str]:
    """Return method and kind of path of each request that writes, in order; then forget them."""
    writes = sandbox.requests(writes_only=True)
    sandbox.clear_requests()
    return [f"{w['method']} {'/'.join(w['path'].split('/')[3:4])}".strip() for w in writes]


TEAMS = f"""
class Team(pulumi.ComponentResource):
    def __init__(self, name):
        super().__init__("acme:index:Team", name)
        own = pulumi.ResourceOptions(parent=self)
        made = openrouter.Workspace(name, own)
        openrouter.WorkspaceBudget(name, own, workspace=made, daily_usd=1, weekly_usd=2)
        below = pulumi.ResourceOptions(parent=made)
        openrouter.WorkspaceMembership(name, below, workspace=made, emails=["{JANE}"])

for name in ("one", "two"):
    Team(name)
alone = openrouter.Workspace("alone")
openrouter.WorkspaceBudget("alone", workspace=alone, daily_usd=1)
"""


def test_workspaces_go_with_all_they_hold(project: Project, sandbox: Sandbox) -> None:
    """Below components and alone, each part is deleted by requests, and then its workspace."""
    project.program(TEAMS)
    assert project.up().changes == {"create": 11}
    assert project.up().is_empty
    assert project.refresh().is_empty
    sandbox.clear_requests()
    assert project.destroy().changes == {"delete": 11}
    writes = [(w["method"], w["path"].split("/")) for w in sandbox.requests(writes_only=True)]
    for id_ in {path[2] for _, path in writes}:
        own = [(method, *path[3:]) for method, path in writes if path[2] == id_]
        assert own[-1] == ("DELETE",), "the workspace went before one of its parts"
    assert sorted("/".join([method, *path[3:]]) for method, path in writes) == [
        *["DELETE"] * 3,
        *["DELETE/budgets/daily"] * 3,
        *["DELETE/budgets/weekly"] * 2,
        *["POST/members/remove"] * 2,
    ]
    assert [w["slug"] for w in sandbox.state()["workspaces"]] == ["default"]


def test_a_workspace_that_cannot_be_deleted_keeps_its_limits_and_people(
    project: Project, sandbox: Sandbox
) -> None:
    """With an active API key in it, a destroy removes none of its parts, and says what to do."""
    project.program(TEAMS)
    project.up()
    sandbox.mark_workspace("one-dev", active_keys=True)
    before = live(sandbox, "one-dev")
    with pytest.raises(Failure, match="Delete or disable these keys") as failure:
        project.destroy()
    assert not failure.value.shows_our_code
    after = live(sandbox, "one-dev")
    assert (after["budgets"], after["members"]) == (before["budgets"], before["members"])
    assert {r["urn"].rpartition("::")[2] for r in project.resources()} >= {"one"}
    sandbox.mark_workspace("one-dev", active_keys=False)
    project.destroy()
    assert not project.resources()


def test_a_workspace_that_is_retained_alone_keeps_neither_limit_nor_person(
    project: Project, sandbox: Sandbox
) -> None:
    """With retain_on_delete on the workspace only, the workspace stays and its parts go."""
    project.program(
        f"""
        kept = openrouter.Workspace("kept", pulumi.ResourceOptions(retain_on_delete=True))
        openrouter.WorkspaceBudget("kept", workspace=kept, daily_usd=1)
        openrouter.WorkspaceMembership("kept", workspace=kept, emails=["{JANE}"])
        """
    )
    project.up()
    sandbox.clear_requests()
    project.destroy()
    assert sorted(_writes(sandbox)) == ["DELETE budgets", "POST members"]
    [_, kept] = sandbox.state()["workspaces"]
    assert (kept["slug"], kept["budgets"], kept["members"]) == ("kept-dev", {}, [])


def test_the_plan_says_what_is_retained(project: Project, sandbox: Sandbox) -> None:
    """What leaves the state and stays at OpenRouter does not look like a deletion."""
    program = """
    kept = openrouter.Workspace("kept", pulumi.ResourceOptions(retain_on_delete=True))
    """
    project.program(program + 'openrouter.Workspace("gone")')
    project.up()
    project.program("")
    plan = {
        line.split()[-2]: line for line in project.preview().stdout.splitlines() if ":W" in line
    }
    assert plan["kept"].split()[-1] == "delete[retain]"
    assert plan["gone"].split()[-1] == "delete"
    assert "[retain]" in project.up().stdout
    assert "kept-dev" in [one["slug"] for one in sandbox.state()["workspaces"]]


def test_parts_of_a_workspace_that_is_only_read_go_one_by_one(
    project: Project, sandbox: Sandbox, somebody: Somebody
) -> None:
    """`get` reads all three; what the program adds to that workspace goes with the program."""
    theirs = somebody.creates("theirs")
    somebody.sets(theirs, lifetime=99)
    before = sandbox.state()
    project.program(
        f"""
        theirs = openrouter.Workspace.get("theirs", "theirs")
        openrouter.WorkspaceBudget("ours", workspace=theirs, daily_usd=1)
        openrouter.WorkspaceMembership("ours", workspace=theirs, emails=["{JANE}"])
        budgets = openrouter.WorkspaceBudget.get("theirs", theirs)
        people = openrouter.WorkspaceMembership.get("theirs", "{theirs}")
        for name, output in dict(
            id=theirs.id, name=theirs.name, rate=theirs.io_logging_sampling_rate,
            lifetime=budgets.lifetime_usd, workspace=people.workspace_id,
        ).items():
            pulumi.export(name, output)
        """
    )
    assert project.up().outputs == {
        "id": theirs,
        "name": "Theirs",
        "rate": 1,
        "lifetime": 99,
        "workspace": theirs,
    }
    assert project.up().is_empty
    sandbox.clear_requests()
    project.destroy()
    assert sorted(_writes(sandbox)) == ["DELETE budgets", "POST members"]
    assert sandbox.state() == before


@pytest.mark.parametrize(
    "kind", ["Workspace", "WorkspaceBudget", "WorkspaceMembership"], ids=str.lower
)
def test_a_get_of_something_missing_is_an_error(
    project: Project, sandbox: Sandbox, kind: str
) -> None:
    """One line says that there is no such workspace; by slug the program itself sees it."""
    for reference in ("6b9d5f54-96e1-4f6e-9c0f-1d1f4f1f0001", "nobody"):
        project.program(f'openrouter.{kind}.get("missing", "{reference}")')
        with pytest.raises(Failure, match=r"answered 404: Workspace not found\.") as failure:
            project.up()
        assert not failure.value.shows_our_code
    assert sandbox.requests(writes_only=True) == []


def test_a_protected_workspace_is_not_deleted(project: Project, sandbox: Sandbox) -> None:
    """`protect` refuses before any request."""
    project.program('openrouter.Workspace("acme", pulumi.ResourceOptions(protect=True))')
    project.up()
    sandbox.clear_requests()
    with pytest.raises(Failure, match="protect"):
        project.destroy()
    assert sandbox.requests() == []


def test_an_existing_workspace_is_adopted_only_where_the_program_asks(
    project: Project, sandbox: Sandbox, somebody: Somebody
) -> None:
    """The conflict names the ways out; with the variable, preview and up say what changes."""
    theirs = somebody.creates(
        "acme-dev", name="acme", description="Theirs", default_text_model="a/b"
    )
    project.program('openrouter.Workspace("acme", description="Ours")')
    with pytest.raises(Failure, match='with the slug "acme-dev" exists already') as failure:
        project.up()
    assert "OPENROUTER_ADOPT_EXISTING=1" in str(failure.value)
    assert not failure.value.shows_our_code
    project.environment["OPENROUTER_ADOPT_EXISTING"] = "1"
    project.reopen()
    notice = (
        f'Workspace "acme" adopts the existing workspace "acme-dev" ({theirs}) and changes '
        'description: "Theirs" -> "Ours".'
    )
    sandbox.clear_requests()
    assert notice in project.preview().stdout
    assert [(r["method"], r["status"]) for r in sandbox.requests()] == [("GET", 200)]
    assert notice in project.up().stdout
    del project.environment["OPENROUTER_ADOPT_EXISTING"]
    project.reopen()
    adopted = live(sandbox, "acme-dev")
    assert adopted["id"] == theirs
    assert (adopted["description"], adopted["default_text_model"]) == ("Ours", "a/b")
    # What the program leaves out is an ordinary difference from now on.
    assert project.up().changes == {"update": 1, "same": 1}
    assert live(sandbox, "acme-dev")["default_text_model"] is None
    project.settle()


def test_a_workspace_that_the_api_keeps_can_be_let_go_of(
    project: Project, sandbox: Sandbox
) -> None:
    """The default one, and one with active keys: the failure says how, and doing that works."""
    program = """
        opts = pulumi.ResourceOptions(retain_on_delete={retain})
        name = "Default Workspace"
        openrouter.Workspace("default", opts, slug="default", name=name, adopt=True)
        openrouter.Workspace("busy", opts)
        """
    project.program(program.format(retain=False))
    project.up()
    sandbox.mark_workspace("busy-dev", active_keys=True)
    with pytest.raises(Failure, match="retain_on_delete=True") as failure:
        project.destroy()
    assert not failure.value.shows_our_code
    project.program(program.format(retain=True))
    project.up()
    project.destroy()
    assert [w["slug"] for w in sandbox.state()["workspaces"]] == ["default", "busy-dev"]


def test_two_stacks_live_side_by_side(new_project: NewProject, sandbox: Sandbox) -> None:
    """Each has its own slugs, and destroying one leaves the other alone."""
    program = f"""
        acme = openrouter.Workspace("acme")
        openrouter.WorkspaceMembership("acme", workspace=acme, user_ids=["{user_id(JANE)}"])
        """
    stacks = [new_project(stack=stack, folder=stack) for stack in ("dev", "prod")]
    for stack in stacks:
        stack.program(program)
        stack.up()
    assert [w["slug"] for w in sandbox.state()["workspaces"][1:]] == ["acme-dev", "acme-prod"]
    stacks[0].destroy()
    assert stacks[1].up().is_empty
    assert stacks[1].refresh().is_empty
    assert [w["slug"] for w in sandbox.state()["workspaces"][1:]] == ["acme-prod"]
