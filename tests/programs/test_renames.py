"""Resources that are renamed, moved or given in another form: nothing is lost on the way."""

from harness import Project
from harness.organization import Somebody
from pulumi_openrouter.sandbox import Sandbox
from pulumi_openrouter.sandbox.seed import user_id

JANE, RAVI = "jane.doe@example.com", "ravi.patel@example.com"


def _losses(sandbox: Sandbox) -> list[str]:
    """Return the requests that took something away."""
    writes = sandbox.requests(writes_only=True)
    return [w["path"] for w in writes if w["method"] == "DELETE" or w["path"].endswith("remove")]


def _children(name: str, workspace: str, people: str) -> str:
    return f"""
openrouter.WorkspaceBudget("{name}", workspace={workspace}, daily_usd=1, monthly_usd=9)
openrouter.WorkspaceMembership("{name}", workspace={workspace}, {people})
"""


def test_a_renamed_child_loses_nothing(
    project: Project, sandbox: Sandbox, somebody: Somebody
) -> None:
    """Names change, and with them the form of workspace and list; no limit and nobody is lost."""
    theirs = somebody.creates("theirs")
    ids = f"user_ids={[user_id(JANE), user_id(RAVI)]}"
    emails = f"emails={[JANE, RAVI]}"
    object_form = 'openrouter.Workspace("acme")\n'
    forms = [
        _children("a", "acme", ids) + _children("x", f'"{theirs}"', ids),
        _children("b", "acme", emails) + _children("y", '"theirs"', emails),
        _children("c", "acme.slug", ids) + _children("z", f'"{theirs}"', emails),
    ]
    for number, form in enumerate(forms):
        project.program("acme = " + object_form + form)
        if number:
            assert project.up().changes == {"create": 4, "delete": 4, "same": 2}
        else:
            project.up()
    assert _losses(sandbox) == []
    for workspace in sandbox.state()["workspaces"][1:]:
        assert workspace["budgets"] == {"daily": 1, "monthly": 9}
        assert sorted(workspace["members"]) == sorted([user_id(JANE), user_id(RAVI)])
    project.settle()


def test_another_form_of_the_same_thing_is_no_change(
    project: Project, sandbox: Sandbox, somebody: Somebody
) -> None:
    """The id in the place of the slug changes nothing; emails in the place of ids write nothing."""
    theirs = somebody.creates("theirs")
    project.program(_children("a", '"theirs"', f'user_ids=["{user_id(JANE)}"]'))
    project.up()
    sandbox.clear_requests()
    project.program(_children("a", f'"{theirs}"', f'user_ids=["{user_id(JANE)}"]'))
    assert project.up().is_empty
    project.program(_children("a", f'"{theirs}"', f'emails=["{JANE}"]'))
    assert project.up().changes == {"update": 1, "same": 2}
    project.program(_children("a", '"theirs"', f'emails=["{JANE}"]'))
    # The state has to learn the slug, or each run would look up what it means.
    assert project.up().changes == {"update": 1, "same": 2}
    assert sandbox.requests(writes_only=True) == []
    project.settle()


def test_a_renamed_workspace_keeps_its_children(project: Project, sandbox: Sandbox) -> None:
    """A new slug changes in place; a new logical name with an alias, or with adopt, too."""
    children = _children("a", "acme", f'emails=["{JANE}"]')
    project.program('acme = openrouter.Workspace("acme", slug="one")' + children)
    project.up()
    project.program('acme = openrouter.Workspace("acme", slug="two", name="acme")' + children)
    assert project.up().changes == {"update": 1, "same": 3}
    aliased = (
        'opts = pulumi.ResourceOptions(aliases=[pulumi.Alias(name="acme")])\n'
        'acme = openrouter.Workspace("emca", opts, slug="two", name="acme")'
    )
    project.program(aliased + children)
    assert project.up().is_empty
    assert _losses(sandbox) == []
    [_, before] = sandbox.state()["workspaces"]
    adopted = 'acme = openrouter.Workspace("again", slug="two", name="acme", adopt=True)'
    project.program(adopted + children)
    up = project.up()
    assert up.changes["delete"] == 1
    assert _losses(sandbox) == []
    [_, after] = sandbox.state()["workspaces"]
    assert (after["id"], after["budgets"], after["members"]) == (
        before["id"],
        before["budgets"],
        before["members"],
    )
    project.settle()


def test_a_child_moves_to_another_workspace(project: Project, sandbox: Sandbox) -> None:
    """There first and then here: the limit and the person are never in none of the two."""
    workspaces = 'one = openrouter.Workspace("one")\ntwo = openrouter.Workspace("two")\n'
    project.program(workspaces + _children("a", "one", f'emails=["{JANE}"]'))
    project.up()
    ids = {w["id"]: w["slug"] for w in sandbox.state()["workspaces"]}
    sandbox.clear_requests()
    project.program(workspaces + _children("a", "two", f'emails=["{JANE}"]'))
    assert project.up().changes == {"replace": 2, "same": 3}
    touched = [ids[w["path"].split("/")[2]] for w in sandbox.requests(writes_only=True)]
    assert touched == ["two-dev"] * 3 + ["one-dev"] * 3
    project.settle()
