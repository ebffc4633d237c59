"""Programs that could lose something live: on both engines they end as their author expects."""

from __future__ import annotations

import textwrap

import pytest

from conftest import NewProject
from harness import Engine, Failure, Project
from harness.organization import Somebody, live, live_budgets, person
from pulumi_openrouter.sandbox import Sandbox

JANE, JOHN = "jane.doe@example.com", "john.smith@example.com"
TEAM = """
    config = pulumi.Config()
    chat = openrouter.Workspace("chat", slug="chat", description=config.get("description") or "a")
    openrouter.WorkspaceBudget("chat", workspace=chat, monthly_usd=5000, daily_usd=300)
    openrouter.WorkspaceMembership("chat", workspace=chat, emails=["jane.doe@example.com"])
"""
LIMITS = {"monthly": 5000, "daily": 300}


def writes(sandbox: Sandbox) -> list[str]:
    """Return the writing requests since the last call."""
    found = [f"{one['method']} {one['path']}" for one in sandbox.requests(writes_only=True)]
    sandbox.clear_requests()
    return found


def is_whole(sandbox: Sandbox, slug: str = "chat") -> bool:
    """Return whether the team's workspace has its limits and its person."""
    found = live(sandbox, slug)
    return bool(found["budgets"] == LIMITS and found["members"] == [person(sandbox, JANE)])


def replace(project: Project, urn: str) -> None:
    """Replace one resource, as `--replace` does."""
    project.up(replace=[urn])


def urn_of(project: Project, kind: str, name: str) -> str:
    """Return the URN of a resource in the state."""
    suffix = f"openrouter:{kind}::{name}"
    [found] = [one["urn"] for one in project.resources() if one["urn"].endswith(suffix)]
    return str(found)


def test_a_replaced_budget_may_drop_the_limit_that_was_in_its_way(
    project: Project, sandbox: Sandbox
) -> None:
    """Where the old budget is deleted first, its limits are in nobody's way; the plan says so."""
    program = """
        options = pulumi.ResourceOptions(delete_before_replace=True)
        chat = openrouter.Workspace("chat", slug="chat")
        openrouter.WorkspaceBudget("chat", options, workspace=chat, {})
    """
    project.program(program.format("monthly_usd=10, daily_usd=5"))
    project.up()
    project.program(program.format("monthly_usd=3"))
    urn = urn_of(project, "WorkspaceBudget", "chat")
    told = project.preview(replace=[urn])
    assert "If this run replaces the budget and it had this limit itself" in told.stdout
    replace(project, urn)
    assert live(sandbox, "chat")["budgets"] == {"monthly": 3}
    project.settle()


def test_adopting_what_another_resource_holds_is_refused(
    project: Project, sandbox: Sandbox, somebody: Somebody
) -> None:
    """A slug moved by hand leads two resources to one workspace: the preview refuses the second."""
    program = """
        a = openrouter.Workspace("research", slug="research")
        openrouter.WorkspaceBudget("research", workspace=a, monthly_usd=100)
        if pulumi.Config().get("step"):
            openrouter.Workspace("labs", slug="labs", adopt=True)
    """
    project.program(program)
    project.up()
    id_ = live(sandbox, "research")["id"]
    somebody.changes("research", slug="labs")
    project.set_config("step", "1")
    sandbox.clear_requests()
    with pytest.raises(Failure, match=r'managed by Workspace "research"|both manage one workspace'):
        project.preview()
    with pytest.raises(Failure):
        project.up()
    assert live(sandbox, "labs")["id"] == id_
    project.program(program.replace('pulumi.Config().get("step")', "False"))
    project.up(refresh=True)
    assert live(sandbox, "research")["id"] == id_
    assert live(sandbox, "research")["budgets"] == {"monthly": 100}
    project.settle()


@pytest.mark.parametrize("option", [True, None], ids=["option-in-program", "no-option"])
def test_a_replaced_workspace_gets_its_children_back(
    project: Project, sandbox: Sandbox, option: bool | None
) -> None:
    """Deleted, created, its children again; then nothing is left to do."""
    options = f"pulumi.ResourceOptions(delete_before_replace={option})"
    project.program(TEAM.replace('"chat", slug', f'"chat", {options}, slug', 1))
    project.up()
    before = live(sandbox, "chat")["id"]
    replace(project, urn_of(project, "Workspace", "chat"))
    assert live(sandbox, "chat")["id"] != before
    assert is_whole(sandbox)
    project.settle()


WORKSPACE_TYPE = "pulumi-python:dynamic/openrouter:Workspace"
ALIASES = {
    "by-name": ('pulumi.Alias(name="chat")', ""),
    "into-a-component": ('pulumi.Alias(name="chat", parent=None)', ", parent=Team()"),
    "by-urn": (f'pulumi.create_urn("chat", "{WORKSPACE_TYPE}")', ""),
    "by-later-name": ('pulumi.Output.from_input("chat").apply(lambda n: pulumi.Alias(name=n))', ""),
}


@pytest.mark.parametrize(("alias", "parent"), ALIASES.values(), ids=ALIASES)
def test_a_workspace_is_replaced_under_a_new_name(
    project: Project, sandbox: Sandbox, alias: str, parent: str
) -> None:
    """An alias and a tainted resource in one run: its own former name holds nothing back."""
    project.program(TEAM)
    project.up()
    before = live(sandbox, "chat")["id"]
    renamed = """
        class Team(pulumi.ComponentResource):
            def __init__(self):
                super().__init__("acme:teams:Team", "team")
        options = pulumi.ResourceOptions(aliases=[{}]{})
        chat = openrouter.Workspace("talk", options, name="chat", slug="chat", description="a")
        openrouter.WorkspaceBudget("chat", workspace=chat, monthly_usd=5000, daily_usd=300)
        openrouter.WorkspaceMembership("chat", workspace=chat, emails=["jane.doe@example.com"])
    """
    project.program(renamed.format(alias, parent))
    exported = project.stack.export_stack()
    for one in exported.deployment["resources"]:
        if one["type"].endswith("openrouter:Workspace"):
            one["taint"] = True
    project.stack.import_stack(exported)
    project.up()
    assert live(sandbox, "chat")["id"] != before
    assert is_whole(sandbox)
    project.settle()


@pytest.mark.parametrize("kind", ["WorkspaceBudget", "WorkspaceMembership"])
def test_a_replaced_child_keeps_what_it_holds(
    project: Project, sandbox: Sandbox, kind: str
) -> None:
    """Pulumi creates the new one, which holds the same, before it deletes the old one."""
    project.program(TEAM)
    project.up()
    replace(project, urn_of(project, kind, "chat"))
    assert is_whole(sandbox)
    project.settle()


@pytest.mark.parametrize("reference", ["chat", "chat.id", "chat.slug"])
def test_a_team_in_use_is_not_stripped_when_it_leaves_the_program(
    project: Project, sandbox: Sandbox, reference: str
) -> None:
    """With an active key the workspace cannot go, so its limits and people do not go either."""
    project.program(TEAM.replace("workspace=chat", f"workspace={reference}"))
    project.up()
    key = sandbox.add_key("chat", name="CI")
    project.program("")
    for run in (project.up, project.destroy):
        with pytest.raises(Failure, match=r'active API keys: "CI"') as failure:
            run()
        assert not failure.value.shows_our_code
        assert is_whole(sandbox)
        assert len(project.resources()) == 3
    sandbox.delete_key(key)
    project.up()
    assert [one["slug"] for one in sandbox.state()["workspaces"]] == ["default"]


def test_a_workspace_in_use_is_not_stripped_by_its_replacement(
    project: Project, sandbox: Sandbox
) -> None:
    """A replacement that is bound to fail removes nothing, and the next run goes on from there."""
    project.program(TEAM)
    project.up()
    key = sandbox.add_key("chat", name="CI")
    with pytest.raises(Failure, match="active API keys"):
        replace(project, urn_of(project, "Workspace", "chat"))
    assert is_whole(sandbox)
    sandbox.delete_key(key)
    project.settle()


@pytest.mark.parametrize("inherited", [False, True], ids=["own", "inherited"])
def test_a_protected_workspace_is_not_stripped(
    project: Project, sandbox: Sandbox, inherited: bool
) -> None:
    """A destroy without a preview leaves a protected workspace and all that it holds alone."""
    protected = """
        class Team(pulumi.ComponentResource):
            def __init__(self, name, opts=None):
                super().__init__("acme:teams:Team", name, None, opts)
        protect = pulumi.Config().get_bool("protect")
        options = pulumi.ResourceOptions(protect=protect)
        chat = openrouter.Workspace("chat", options, slug="chat")
        openrouter.WorkspaceBudget("chat", workspace=chat, monthly_usd=5000, daily_usd=300)
        openrouter.WorkspaceMembership("chat", workspace=chat, emails=["jane.doe@example.com"])
    """
    if inherited:
        parent = 'pulumi.ResourceOptions(parent=Team("t", options))'
        protected = protected.replace('Workspace("chat", options', f'Workspace("chat", {parent}')
    project.program(protected)
    project.set_config("protect", "true")
    project.up()
    with pytest.raises(Failure, match="protect"):
        project.destroy()
    assert is_whole(sandbox)
    project.set_config("protect", "false")
    sandbox.clear_requests()
    project.up()
    assert writes(sandbox) == []
    project.settle()
    assert [one["slug"] for one in sandbox.state()["workspaces"]] == ["default"]


def test_a_retained_workspace_in_use_lets_its_budget_go(project: Project, sandbox: Sandbox) -> None:
    """A workspace that stays is no reason to keep the limits that the program gives up."""
    program = """
        retained = pulumi.ResourceOptions(retain_on_delete={})
        chat = openrouter.Workspace("chat", retained, slug="chat")
        openrouter.WorkspaceBudget("chat", workspace=chat, monthly_usd=5)
    """
    project.program(program.format(False))
    project.up()
    sandbox.add_key("chat", name="CI")
    project.program(program.format(True))
    sandbox.clear_requests()
    project.up()
    assert sandbox.requests() == []
    project.program("")
    project.up()
    assert live(sandbox, "chat")["budgets"] == {}
    assert project.resources() == []


@pytest.mark.parametrize("how", ["parent", "transform"])
def test_a_retained_workspace_does_not_leave_its_budget_behind(
    project: Project, sandbox: Sandbox, how: str
) -> None:
    """What is deleted is deleted by a request: the budget goes, the retained workspace stays."""
    if how == "transform" and project.engine is Engine.OFFLINE:
        pytest.skip("the offline engine does not run transforms")
    head = {
        "parent": """
            class Team(pulumi.ComponentResource):
                def __init__(self, name, opts=None):
                    super().__init__("acme:teams:Team", name, None, opts)
            team = Team("t", pulumi.ResourceOptions(retain_on_delete=True))
            chat = openrouter.Workspace("chat", pulumi.ResourceOptions(parent=team), slug="chat")
        """,
        "transform": """
            def retain(args):
                args.opts.retain_on_delete = "Workspace" == args.type_.rpartition(":")[2]
                return pulumi.ResourceTransformResult(props=args.props, opts=args.opts)
            pulumi.runtime.register_resource_transform(retain)
            chat = openrouter.Workspace("chat", slug="chat")
        """,
    }[how]
    budget = 'openrouter.WorkspaceBudget("chat", workspace=chat, monthly_usd=5)'
    project.program(f"{textwrap.dedent(head)}\n{budget}\n")
    project.up()
    project.destroy()
    assert live(sandbox, "chat")["budgets"] == {}
    assert project.resources() == []


def test_adoption_keeps_what_the_program_leaves_out(
    project: Project, sandbox: Sandbox, somebody: Somebody
) -> None:
    """The preview says what changes; the next one shows what was left out as a difference."""
    tools = ["openrouter:web_search"]
    somebody.creates(
        "legacy-chatbot",
        name="Legacy bot",
        description="Old",
        default_text_model="openai/gpt-4o",
        disabled_server_tools=tools,
    )
    project.program(
        """
        openrouter.Workspace("legacy", slug="legacy-chatbot", adopt=True, description="New")
        """
    )
    sandbox.clear_requests()
    shown = project.preview().stdout
    notice = 'Workspace "legacy" adopts the existing workspace "legacy-chatbot"'
    assert notice in shown
    assert 'description: "Old" -> "New"' in shown
    assert writes(sandbox) == []
    assert len(sandbox.requests()) <= 2
    done = project.up().stdout
    assert notice in done
    found = live(sandbox, "legacy-chatbot")
    assert [found[n] for n in ("name", "description", "default_text_model")] == [
        "Legacy bot",
        "New",
        "openai/gpt-4o",
    ]
    assert found["disabled_server_tools"] == tools
    assert project.preview().changes.get("update") == 1
    project.up()
    assert live(sandbox, "legacy-chatbot")["default_text_model"] is None
    project.settle()


def test_an_exclusive_resource_announces_what_goes(
    project: Project, sandbox: Sandbox, somebody: Somebody
) -> None:
    """Preview and up name each person and each limit that will go or change."""
    id_ = somebody.creates("team")
    jane, john = person(sandbox, JANE), sandbox.add_person(JOHN)
    somebody.adds(id_, jane, john)
    somebody.sets(id_, monthly=1300, weekly=50)
    project.program(
        f"""
        openrouter.WorkspaceBudget("team", workspace="team", monthly_usd=999, exclusive=True)
        openrouter.WorkspaceMembership("team", workspace="team", emails=["{JANE}"], exclusive=True)
        """
    )
    sandbox.clear_requests()
    for run in (project.preview, project.up):
        shown = run().stdout
        assert "monthly_usd: 1300 -> 999" in shown
        assert "weekly_usd: 50 -> null" in shown
        assert f"(exclusive=True): {JOHN}" in shown
        if run == project.preview:
            assert writes(sandbox) == []
    assert live(sandbox, "team")["budgets"] == {"monthly": 999}
    assert live(sandbox, "team")["members"] == [jane]
    sandbox.clear_requests()
    project.preview()
    project.up()
    assert sandbox.requests() == []


def test_turning_exclusive_announces_what_goes(
    project: Project, sandbox: Sandbox, somebody: Somebody
) -> None:
    """An existing resource that becomes exclusive says who goes, before anybody does."""
    id_ = somebody.creates("team")
    program = """
        openrouter.WorkspaceBudget("team", workspace="team", monthly_usd=999{0})
        openrouter.WorkspaceMembership("team", workspace="team", emails=["jane.doe@example.com"]{0})
    """
    project.program(program.format(""))
    project.up()
    somebody.adds(id_, sandbox.add_person(JOHN))
    somebody.sets(id_, weekly=50)
    project.program(program.format(", exclusive=True"))
    shown = project.preview().stdout
    assert "weekly_usd: 50 -> null" in shown
    assert f"(exclusive=True): {JOHN}" in shown
    project.up()
    assert live(sandbox, "team")["budgets"] == {"monthly": 999}
    assert live(sandbox, "team")["members"] == [person(sandbox, JANE)]


def test_a_flag_that_moves_between_two_budgets_is_sent(project: Project, sandbox: Sandbox) -> None:
    """Whoever takes the flag over sets it, whatever its state last saw of it."""
    program = """
        w = openrouter.Workspace("w", slug="w")
        y = openrouter.WorkspaceBudget("y", workspace=w, weekly_usd=2{0})
        openrouter.WorkspaceBudget("x", pulumi.ResourceOptions(depends_on=[y]), workspace=w,
            daily_usd=1{1})
    """
    flag = ", include_byok_in_budgets={}"
    project.program(program.format("", flag.format(True)))
    project.up()
    project.program(program.format(flag.format(False), ""))
    project.up()
    assert live(sandbox, "w")["include_byok_in_budgets"] is False
    project.settle()


def test_a_limit_that_moves_is_never_missing_in_the_end(project: Project, sandbox: Sandbox) -> None:
    """A limit that one budget gives up and another takes over is there after one up."""
    program = """
        w = openrouter.Workspace("w", slug="w")
        openrouter.WorkspaceBudget("a", workspace=w, weekly_usd=200{0})
        openrouter.WorkspaceBudget("b", workspace=w, monthly_usd=900{1})
    """
    limit = ", daily_usd={}"
    project.program(program.format(limit.format(5), ""))
    project.up()
    for one, two in (("", limit.format(6)), (limit.format(7), "")):
        project.program(program.format(one, two))
        project.up()
        assert live(sandbox, "w")["budgets"]["daily"] in {6, 7}
        project.up()
        assert project.preview().is_empty
    project.settle()


MOVES = """
    w = openrouter.Workspace("w", slug="w")
    openrouter.WorkspaceBudget("a", workspace=w, weekly_usd=200{0})
    openrouter.WorkspaceBudget("b", workspace=w, monthly_usd=900{1})
    openrouter.WorkspaceMembership("a", workspace=w, emails=["jane.doe@example.com"{2}])
    openrouter.WorkspaceMembership("b", workspace=w, emails=["ravi.patel@example.com"{3}])
"""
MOVING = (", daily_usd=5", "", ', "mei.chen@example.com"', "")
MOVED = ("", ", daily_usd=5", "", ', "mei.chen@example.com"')


@pytest.mark.parametrize("forth", [True, False], ids=["giver-first", "taker-first"])
def test_what_moves_between_two_resources_is_never_missing(
    project: Project, sandbox: Sandbox, forth: bool
) -> None:
    """No request deletes the limit or removes the person on the way."""
    before, after = (MOVING, MOVED) if forth else (MOVED, MOVING)
    project.program(MOVES.format(*before))
    project.up()
    sandbox.clear_requests()
    project.program(MOVES.format(*after))
    project.up()
    assert [one for one in writes(sandbox) if "DELETE" in one or "remove" in one] == []
    project.settle()


ELSEWHERE = """
    class Team(pulumi.ComponentResource):
        def __init__(self, name):
            super().__init__("acme:teams:Team", name)
    w = openrouter.Workspace("w", slug="w")
    for name, limits in ({one}, {other}):
        options = pulumi.ResourceOptions(parent=Team(name))
        openrouter.WorkspaceBudget(name, options, workspace=w.id, **limits)
"""


def test_what_moves_between_components_is_never_missing(project: Project, sandbox: Sandbox) -> None:
    """Each knows what the other one claims, although they only share an output of the Workspace."""
    given = '("a", dict(weekly_usd=200, monthly_usd=900))', '("b", dict(daily_usd=5))'
    project.program(ELSEWHERE.format(one=given[0], other=given[1]))
    project.up()
    writes(sandbox)
    moved = '("a", dict(monthly_usd=900))', '("b", dict(daily_usd=5, weekly_usd=200))'
    project.program(ELSEWHERE.format(one=moved[0], other=moved[1]))
    project.up()
    assert [one for one in writes(sandbox) if "DELETE" in one] == []
    assert live(sandbox, "w")["budgets"] == {"weekly": 200, "monthly": 900, "daily": 5}
    project.settle()


def test_a_resource_that_takes_the_name_of_another_one_is_itself(
    project: Project, sandbox: Sandbox
) -> None:
    """After a rename by an alias, the old name is free for something else."""
    renamed = """
        old = pulumi.ResourceOptions(aliases=[pulumi.Alias(name="a")])
        b = openrouter.Workspace("b", old, slug="one", name="a")
        openrouter.WorkspaceBudget("b", old, workspace=b, monthly_usd=100)
    """
    project.program(
        """
        a = openrouter.Workspace("a", slug="one")
        openrouter.WorkspaceBudget("a", workspace=a, monthly_usd=100)
        """
    )
    project.up()
    project.program(renamed)
    project.up()
    project.program(
        renamed.replace(
            'old = pulumi.ResourceOptions(aliases=[pulumi.Alias(name="a")])', "old = None"
        )
        + """
        a = openrouter.Workspace("a", slug="two")
        openrouter.WorkspaceBudget("a", workspace=a, monthly_usd=200)
    """
    )
    project.up()
    assert [live(sandbox, slug)["budgets"] for slug in ("one", "two")] == [
        {"monthly": 100},
        {"monthly": 200},
    ]
    project.settle()


def test_ignoring_all_changes_leaves_a_workspace_in_use_protected(
    project: Project, sandbox: Sandbox
) -> None:
    """The engine then passes old inputs, without what the program says beside them."""
    if project.engine is Engine.OFFLINE:
        pytest.skip("the offline engine refuses wildcards in paths")
    ignoring = TEAM.replace('("chat", ', '("chat", pulumi.ResourceOptions(ignore_changes=["*"]), ')
    project.program(ignoring)
    project.up()
    assert project.up().is_empty
    sandbox.add_key("chat", name="CI")
    with pytest.raises(Failure, match="active API keys"):
        project.destroy()
    assert is_whole(sandbox)


def test_what_moved_stays_where_a_target_leaves_its_new_owner_out(
    project: Project, sandbox: Sandbox
) -> None:
    """First the taker alone, then the giver alone: the limit and the person are the taker's."""
    if project.engine is Engine.OFFLINE:
        pytest.skip("the offline engine has no targets")
    project.program(MOVES.format(*MOVING))
    project.up()
    project.program(MOVES.format(*MOVED))
    for name in ("b", "a"):
        kinds = ("WorkspaceBudget", "WorkspaceMembership")
        project.up(target=[urn_of(project, kind, name) for kind in kinds])
    assert live(sandbox, "w")["budgets"] == {"weekly": 200, "monthly": 900, "daily": 5}
    assert len(live(sandbox, "w")["members"]) == 3
    project.settle()


def test_a_refused_duplicate_overwrites_nothing(project: Project, sandbox: Sandbox) -> None:
    """Registered first, and without a preview, the second owner is refused before it is created."""
    program = """
        w = openrouter.Workspace("w", slug="w")
        {}
        openrouter.WorkspaceBudget("b", workspace=w, daily_usd=5)
    """
    project.program(program.format(""))
    project.up()
    project.program(program.format('openrouter.WorkspaceBudget("c", workspace=w, daily_usd=6)'))
    with pytest.raises(Failure, match="both manage the daily limit"):
        project.up()
    assert live(sandbox, "w")["budgets"] == {"daily": 5}


def test_a_slug_that_moves_says_what_to_do(project: Project, sandbox: Sandbox) -> None:
    """Moving a slug works at the latest with the second up; a swap needs a temporary slug."""
    program = """
        openrouter.Workspace("platform", slug="{}")
        openrouter.Workspace("ai", slug="{}")
    """
    project.program(program.format("p", "a"))
    project.up()
    ids = {slug: live(sandbox, slug)["id"] for slug in ("p", "a")}
    project.program(program.format("x", "p"))
    try:
        project.up()
    except Failure as failure:
        assert "run `pulumi up` again" in str(failure)  # noqa: PT017 - only where it fails
        project.up()
    assert live(sandbox, "p")["id"] == ids["a"]
    project.program(program.format("p", "x"))
    for run in (project.preview, project.up):
        with pytest.raises(Failure, match="temporary slug"):
            run()
    for platform, ai in (("tmp", "p"), ("tmp", "x"), ("p", "x")):
        project.program(program.format(platform, ai))
        project.up()
    assert live(sandbox, "x")["id"] == ids["a"]
    project.settle()


def test_a_conflict_does_not_guess_whose_workspace_it_is(
    new_project: NewProject, sandbox: Sandbox
) -> None:
    """The message names both possibilities, and a create of another stack's workspace fails."""
    mine, theirs = new_project(folder="mine"), new_project(folder="theirs", stack="other")
    for one in (mine, theirs):
        one.program('openrouter.Workspace("w", slug="w")')
    theirs.up()
    with pytest.raises(Failure, match=r"interrupted run of this stack .*, or another stack"):
        mine.up()
    assert live(sandbox, "w")["slug"] == "w"


def test_the_flag_does_not_bring_back_a_limit_that_moved(
    project: Project, sandbox: Sandbox
) -> None:
    """The flag travels with a limit of its own resource, not with one that another took over."""
    program = """
    acme = openrouter.Workspace("acme", slug="acme")
    taker = openrouter.WorkspaceBudget("taker", workspace=acme, lifetime_usd=1000{taken})
    after = pulumi.ResourceOptions(depends_on=[taker])
    openrouter.WorkspaceBudget("giver", after, workspace=acme, daily_usd=1{given})
    """
    project.program(
        program.format(taken="", given=", monthly_usd=100, include_byok_in_budgets=False")
    )
    project.up()
    project.program(
        program.format(taken=", monthly_usd=250", given=", include_byok_in_budgets=True")
    )
    project.up()
    assert live_budgets(sandbox) == {"daily": 1, "monthly": 250, "lifetime": 1000, "byok": True}
