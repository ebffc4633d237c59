"""Unit tests of a user's program with the fixture `openrouter_mocks`."""

from __future__ import annotations

import pytest

HEAD = """
import pulumi
import pytest
import pulumi_openrouter as openrouter
from pulumi_openrouter.testing import MockError

class Team(pulumi.ComponentResource):
    def __init__(self, name, limit):
        super().__init__("acme:teams:Team", name)
        below = pulumi.ResourceOptions(parent=self)
        self.workspace = openrouter.Workspace(name, below)
        openrouter.WorkspaceBudget(name, below, workspace=self.workspace, monthly_usd=limit)
        self.people = openrouter.WorkspaceMembership(
            name, below, workspace=self.workspace, emails=["jane.doe@example.com"]
        )
"""


def run(pytester: pytest.Pytester, test: str) -> pytest.RunResult:
    """Run a test of a user."""
    pytester.makepyfile(test_program=HEAD + test)
    return pytester.runpytest_subprocess("-W", "error")


def test_what_a_program_declares_is_handed_back(pytester: pytest.Pytester) -> None:
    """Inputs and outputs are plain values; a program may be any function, and runs once a call."""
    test = """
@pytest.mark.parametrize("limit", [5, 50])
def test_team(openrouter_mocks, limit):
    def program():
        team = Team("red", limit)
        pulumi.export("slug", team.workspace.slug)
        pulumi.export("people", team.people.people.apply(lambda found: [*found.values()]))
        pulumi.export("created", team.workspace.created_at)

    declared = openrouter_mocks(program, stack="prod")
    assert [*declared.resources] == [
        "Team red", "Workspace red", "WorkspaceBudget red", "WorkspaceMembership red"
    ]
    workspace = declared["Workspace red"]
    assert workspace.inputs["slug"] == declared.outputs["slug"] == "red-prod"
    assert declared["WorkspaceBudget red"].inputs == {
        "workspace": workspace.id, "monthly_usd": limit
    }
    assert declared["WorkspaceBudget red"].id == workspace.id + "/budgets"
    assert declared.outputs["people"] == ["jane.doe@example.com"]
    assert declared.outputs["created"].endswith("Z")
    assert "Workspace blue" not in declared
    with pytest.raises(KeyError, match="declares no 'Workspace blue', but Team red"):
        declared["Workspace blue"]

def test_nothing_is_left_of_the_other_tests(openrouter_mocks):
    assert openrouter_mocks(lambda: None).resources == {}
"""
    run(pytester, test).assert_outcomes(passed=3)


def test_a_value_that_a_preview_refuses_is_refused(pytester: pytest.Pytester) -> None:
    """A wrong value fails in one line that names resource, property and rule."""
    test = """
def test_order(openrouter_mocks):
    def program():
        openrouter.WorkspaceBudget("red", workspace="red", monthly_usd=5, daily_usd=6)
    with pytest.raises(MockError, match='^WorkspaceBudget "red": daily_usd: '):
        openrouter_mocks(program)

def test_error_of_the_program(openrouter_mocks):
    with pytest.raises(ZeroDivisionError):
        openrouter_mocks(lambda: Team("red", 1 / 0))
"""
    run(pytester, test).assert_outcomes(passed=2)


def test_configuration_secrets_and_folders(pytester: pytest.Pytester) -> None:
    """A program of a folder runs with the configuration that the test passes."""
    pytester.makefile(".yaml", Pulumi="name: acme\nruntime: python")
    pytester.makepyfile(
        __main__="""
        import pulumi
        import pulumi_openrouter as openrouter

        config = pulumi.Config()
        openrouter.Workspace("red", description=config.require_secret("description"))
        pulumi.export("teams", config.require_object("teams"))
        """
    )
    test = """
def test_folder(openrouter_mocks):
    for turn in ["first", "second"]:
        config = {"description": turn, "teams": {"red": 5}}
        declared = openrouter_mocks(config=config)
        assert declared["Workspace red"].inputs["description"] == turn
        assert declared.outputs == {"teams": {"red": 5}}
"""
    run(pytester, test).assert_outcomes(passed=1)


def test_other_mocks_are_left_alone(pytester: pytest.Pytester) -> None:
    """A file that sets mocks by itself keeps them, and each run imports the program's modules."""
    pytester.makefile(".yaml", Pulumi="name: acme\nruntime: python")
    pytester.makepyfile(
        __main__="import teams", teams="import test_program as p; p.Team('blue', 5)"
    )
    test = """
class Mocks(pulumi.runtime.Mocks):
    def new_resource(self, args):
        return "an-id", args.inputs
    def call(self, args):
        return {}

pulumi.runtime.set_mocks(Mocks(), stack="theirs")
red = openrouter.Workspace("red")

@pytest.mark.parametrize("turn", [1, 2])
def test_folder(openrouter_mocks, turn):
    assert "Workspace blue" in openrouter_mocks()

@pulumi.runtime.test
def test_theirs():
    def check(slug):
        assert slug == "red-theirs"
    return red.slug.apply(check)
"""
    pytester.makepyfile(test_program=HEAD + test)
    pytester.runpytest_subprocess().assert_outcomes(passed=3)


def test_lookups_go_to_the_sandbox_or_nowhere(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lookup is answered by the sandbox if the test has one, and never by the real API."""
    monkeypatch.setenv("OPENROUTER_MANAGEMENT_KEY", "sk-or-mgmt-of-the-user")
    test = """
def program():
    pulumi.export("people", len(openrouter.get_organization_members()))
    theirs = openrouter.Workspace.get("theirs", "default")
    openrouter.WorkspaceBudget("ours", workspace=theirs, daily_usd=1)

def test_sandbox(openrouter_mocks, openrouter_sandbox):
    declared = openrouter_mocks(program)
    assert declared.outputs == {"people": 6}
    [default] = openrouter_sandbox.state()["workspaces"]
    assert declared["WorkspaceBudget ours"].inputs["workspace"] == default["id"]

def test_none(openrouter_mocks):
    with pytest.raises(pulumi.RunError, match="No OpenRouter management key"):
        openrouter_mocks(program)
"""
    run(pytester, test).assert_outcomes(passed=2)
