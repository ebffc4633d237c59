"""A preview says what the `up` after it will do, on both engines."""

from __future__ import annotations

from contextlib import suppress

import pytest

from harness import Engine, Failure, Project
from harness.organization import Somebody, live, live_budgets, person
from pulumi_openrouter.sandbox import Sandbox

JANE = "jane.doe@example.com"


def test_what_is_only_read_is_known_in_a_preview(project: Project, somebody: Somebody) -> None:
    """A membership in a workspace that the program reads is no replacement in the next preview."""
    somebody.creates("shared")
    project.program(
        f"""
        w = openrouter.Workspace.get("shared", "shared")
        openrouter.WorkspaceMembership("mine", workspace=w, emails=["{JANE}"])
        openrouter.WorkspaceBudget("mine", workspace=w, monthly_usd=5)
        openrouter.WorkspaceBudget.get("all", workspace=w)
        """
    )
    project.up()
    assert project.preview(expect_no_changes=True).is_empty
    project.settle()


def test_an_email_that_nobody_has_fails_in_the_preview(project: Project, sandbox: Sandbox) -> None:
    """The preview names it, and nothing is half done."""
    project.program(
        f"""
        w = openrouter.Workspace("w", slug="w")
        openrouter.WorkspaceMembership("w", workspace=w, emails=["{JANE}", "who@example.com"])
        """
    )
    with pytest.raises(Failure, match=r"nobody in the organization has .*who@example\.com"):
        project.preview()
    assert [one["slug"] for one in sandbox.state()["workspaces"]] == ["default"]


def test_missing_people_are_skipped_until_they_join(project: Project, sandbox: Sandbox) -> None:
    """The others are added, a warning names who is missing, and an up adds who has joined."""
    project.program(
        f"""
        w = openrouter.Workspace("w", slug="w")
        m = openrouter.WorkspaceMembership("w", workspace=w, emails=["{JANE}", "new@example.com"],
            skip_missing=True)
        pulumi.export("count", m.members.apply(len))
        """
    )
    assert "new@example.com" in project.preview().stdout
    assert project.up().outputs["count"] == 1
    again = project.up()
    assert again.is_empty
    assert "new@example.com" in again.stdout
    assert project.refresh().is_empty
    new = sandbox.add_person("new@example.com")
    preview = project.preview()
    assert preview.changes.get("update") == 1
    assert "adds new@example.com, who is in the organization now" in preview.stdout
    assert project.up().outputs["count"] == 2
    assert new in live(sandbox, "w")["members"]
    sandbox.clear_requests()
    project.up()
    assert sandbox.requests() == []
    project.settle()


def test_who_has_left_the_organization_does_not_block_the_others(
    project: Project, sandbox: Sandbox
) -> None:
    """A refresh names the person; others are still added, and nothing is reported as changed."""
    leaver = sandbox.add_person("leaver@example.com")
    sandbox.add_person("john@example.com")
    program = """
        w = openrouter.Workspace("w", slug="w")
        openrouter.WorkspaceMembership("w", workspace=w, emails=["leaver@example.com", {0}])
    """
    project.program(program.format(f'"{JANE}"'))
    project.up()
    sandbox.remove_person(leaver)
    assert "leaver@example.com" in project.preview(refresh=True).stdout
    project.up(refresh=True)
    project.program(program.format(f'"{JANE}", "john@example.com"'))
    for refresh in (False, True):
        project.up(refresh=refresh)
        assert len(live(sandbox, "w")["members"]) == 2
    project.program(program.replace('"leaver@example.com", ', "").format(f'"{JANE}"'))
    project.up()
    project.settle()


def test_a_membership_of_the_default_workspace_fails_in_the_preview(project: Project) -> None:
    """Everybody is in it, by whichever way the program names it."""
    for reference in ('"default"', 'openrouter.Workspace.get("d", "default")'):
        project.program(
            f"""
            openrouter.WorkspaceMembership("m", workspace={reference}, emails=["{JANE}"])
            """
        )
        with pytest.raises(Failure, match="everybody in the organization is in its default"):
            project.preview()


@pytest.mark.parametrize("ignored", ['["monthly_usd"]', '["*"]'])
def test_an_ignored_limit_that_somebody_deletes_stays_away(
    project: Project, sandbox: Sandbox, somebody: Somebody, ignored: str
) -> None:
    """After a refresh the budget has no limit, and an up changes nothing and does not fail."""
    if ignored == '["*"]' and project.engine is Engine.OFFLINE:
        pytest.skip("the offline engine refuses wildcards in paths")
    project.program(
        f"""
        w = openrouter.Workspace("w", slug="w")
        openrouter.WorkspaceBudget("w", pulumi.ResourceOptions(ignore_changes={ignored}),
            workspace=w, monthly_usd=5)
        openrouter.WorkspaceMembership("w", pulumi.ResourceOptions(ignore_changes=["emails"]),
            workspace=w, emails=["{JANE}"])
        """
    )
    project.up()
    id_ = live(sandbox, "w")["id"]
    somebody.sets(id_, monthly=None)
    somebody.removes(id_, person(sandbox, JANE))
    project.up(refresh=True)
    project.up()
    assert live(sandbox, "w")["budgets"] == {}
    assert live(sandbox, "w")["members"] == []
    project.settle()


def test_limits_that_depend_on_each_other_are_announced(project: Project, sandbox: Sandbox) -> None:
    """A preview says that the order of two budgets matters, and a second `up` succeeds at last."""
    program = """
    w = openrouter.Workspace("w", slug="w")
    openrouter.WorkspaceBudget("narrow", workspace=w, daily_usd={})
    openrouter.WorkspaceBudget("broad", workspace=w, weekly_usd={})
    """
    project.program(program.format(5, 10))
    project.up()
    project.program(program.format(15, 30))
    said = project.preview().stdout
    assert "change limits of one workspace that depend on each other" in said
    with suppress(Failure):
        project.up()
    project.up()
    assert live_budgets(sandbox, "w") == {"daily": 15, "weekly": 30, "byok": False}
    project.settle()


def test_a_limit_of_somebody_else_in_the_way_fails_in_the_preview(
    project: Project, somebody: Somebody, sandbox: Sandbox
) -> None:
    """What OpenRouter is bound to refuse is refused by the preview, which has read it."""
    somebody.creates("shared")
    somebody.sets("shared", weekly=3)
    project.program('openrouter.WorkspaceBudget("b", workspace="shared", monthly_usd=2)')
    with pytest.raises(Failure, match=r"the workspace has weekly_usd \(3\), which this program"):
        project.preview()
    assert live_budgets(sandbox, "shared") == {"weekly": 3, "byok": False}


def test_a_flag_that_is_left_alone_is_no_difference(project: Project) -> None:
    """The diff of a changed limit does not show the flag that somebody else manages."""
    program = """
        w = openrouter.Workspace("w", slug="w")
        openrouter.WorkspaceBudget("w", workspace=w, monthly_usd={})
    """
    project.program(program.format(5))
    project.up()
    project.refresh()
    project.program(program.format(6))
    # The offline engine always shows property diffs.
    options = {"diff": True} if project.engine is Engine.CLI else {}
    shown = project.preview(**options).stdout
    assert "monthly_usd" in shown
    assert "include_byok_in_budgets" not in shown
    assert "__" not in shown.replace("__main__", "")


def test_a_budget_without_a_limit_blames_the_limits(project: Project) -> None:
    """The message is about a limit, and does not show how Pulumi writes an unknown value."""
    project.program(
        """
        w = openrouter.Workspace("w", slug="w")
        openrouter.WorkspaceBudget("w", workspace=w, include_byok_in_budgets=True)
        """
    )
    with pytest.raises(Failure, match="sets at least one limit") as failure:
        project.preview()
    assert "monthly_usd" in str(failure.value)
    assert "04da6b54" not in str(failure.value)


def test_a_slug_renamed_by_hand_breaks_nothing(
    project: Project, sandbox: Sandbox, somebody: Somebody
) -> None:
    """A budget that names its workspace by slug goes on by the id that it was created with."""
    somebody.creates("platform-dev", name="Platform")
    project.program('openrouter.WorkspaceBudget("b", workspace="platform-dev", monthly_usd=5)')
    project.up()
    somebody.changes("platform-dev", slug="platform")
    assert project.refresh().is_empty
    assert project.up(refresh=True).is_empty
    project.destroy()
    assert live(sandbox, "platform")["budgets"] == {}


def test_two_owners_of_one_thing_are_refused_in_the_preview(
    project: Project, sandbox: Sandbox, somebody: Somebody
) -> None:
    """By slug, by id, by email and by user id: the preview names both resources."""
    id_ = somebody.creates("team")
    cases = {
        "both manage the monthly limit": f"""
            openrouter.WorkspaceBudget("a", workspace="team", monthly_usd=5)
            openrouter.WorkspaceBudget("b", workspace="{id_}", monthly_usd=6)
        """,
        "exclusive=True": f"""
            openrouter.WorkspaceBudget("a", workspace="team", monthly_usd=5, exclusive=True)
            openrouter.WorkspaceBudget("b", workspace="{id_}", daily_usd=1)
        """,
        f"both manage {JANE}|both manage user_": f"""
            openrouter.WorkspaceMembership("a", workspace="team", emails=["{JANE}"])
            openrouter.WorkspaceMembership("b", workspace="{id_}",
                user_ids=["{person(sandbox, JANE)}"])
        """,
        "have the same slug": """
            openrouter.Workspace("a", slug="x")
            openrouter.Workspace("b", slug="x")
        """,
        "both manage the daily limit": """
            w = openrouter.Workspace("w", slug="x")
            openrouter.WorkspaceBudget("a", workspace=w, daily_usd=5)
            openrouter.WorkspaceBudget("b", workspace=w, daily_usd=6)
        """,
    }
    for words, program in cases.items():
        project.program(program)
        with pytest.raises(Failure, match=words) as failure:
            project.preview()
        assert '"a"' in str(failure.value)
        assert '"b"' in str(failure.value)
        assert not failure.value.shows_our_code


def test_components_are_told_apart_in_messages(project: Project) -> None:
    """Resources of one name in two components are named with the types of their parents."""
    project.program(
        """
        class Team(pulumi.ComponentResource):
            def __init__(self, kind):
                super().__init__(f"acme:teams:{kind}", kind)
                openrouter.Workspace("ws", pulumi.ResourceOptions(parent=self), slug="ws")
        Team("Red")
        Team("Blue")
        """
    )
    with pytest.raises(Failure, match="have the same slug") as failure:
        project.preview()
    assert 'Workspace "ws" in acme:teams:Red' in str(failure.value)
    assert 'Workspace "ws" in acme:teams:Blue' in str(failure.value)


def test_a_workspace_may_be_named_by_the_slug_that_the_program_gives_it(
    project: Project, sandbox: Sandbox
) -> None:
    """Its slug changes: the preview knows which workspace is meant, and then nothing is sent."""
    program = """
        w = openrouter.Workspace("w", slug="{0}")
        openrouter.WorkspaceBudget("w", workspace={1}, daily_usd=1)
        openrouter.WorkspaceMembership("w", workspace={1}, emails=["jane.doe@example.com"])
    """
    project.program(program.format("one", "w.slug"))
    project.up()
    for slug, reference in (("two", "w.slug"), ("two", "w"), ("two", "'two'")):
        project.program(program.format(slug, reference))
        assert "replace" not in project.preview().changes
        project.up()
        assert live(sandbox, slug)["budgets"] == {"daily": 1}
        sandbox.clear_requests()
        assert project.preview().is_empty
        assert project.up().is_empty
        assert sandbox.requests() == []
    project.settle()


def test_a_slug_that_a_budget_names_by_text_may_change(project: Project, sandbox: Sandbox) -> None:
    """The budget stays with its workspace, whose id the state knows."""
    program = """
        w = openrouter.Workspace("w", slug="{0}")
        options = pulumi.ResourceOptions(depends_on=[w])
        openrouter.WorkspaceBudget("w", options, workspace="two", daily_usd=1)
    """
    project.program(program.format("two"))
    project.up()
    project.program(program.format("three"))
    project.up()
    assert project.up().is_empty
    assert project.refresh().is_empty
    assert live(sandbox, "three")["budgets"] == {"daily": 1}
    project.destroy()


def test_two_owners_under_a_slug_and_an_id_are_refused_before_either_is_overwritten(
    project: Project, sandbox: Sandbox
) -> None:
    """What only shows once the workspace has its id is refused before the second limit is set."""
    project.program(
        """
        w = openrouter.Workspace("w", slug="w")
        openrouter.WorkspaceBudget("a", workspace=w.slug, daily_usd=1)
        openrouter.WorkspaceBudget("b", workspace=w.id, daily_usd=2)
        """
    )
    with pytest.raises(Failure, match="both manage the daily limit"):
        project.up()
    puts = [one for one in sandbox.requests(writes_only=True) if one["method"] == "PUT"]
    assert len(puts) <= 1


def test_what_an_adoption_left_alone_is_announced_when_it_changes(
    project: Project, somebody: Somebody
) -> None:
    """Pulumi shows differences of inputs only, so the preview says what else will change."""
    somebody.creates("old", default_text_model="a/b")
    project.program('openrouter.Workspace("old", slug="old", adopt=True)')
    project.up()
    shown = project.preview().stdout
    assert 'default_text_model: "a/b" -> null' in shown
    assert 'name: "Old" -> "old"' in shown
    assert 'default_text_model: "a/b" -> null' in project.up().stdout
    project.settle()
