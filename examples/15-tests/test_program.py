"""Tests of the program beside this file, with the fixtures that the extra `testing` brings."""

import pytest

from pulumi_openrouter.testing import MockRunner, OperationFailed, StackFactory


def test_a_team_gets_a_tenth_of_its_month_a_day(openrouter_mocks: MockRunner) -> None:
    """With mocks: what the program declares, in milliseconds."""
    program = openrouter_mocks(stack="prod", config={"teams": {"search": 400}})
    assert program["WorkspaceBudget search"].inputs["daily_usd"] == 40
    assert program.outputs == {"search": "search-prod"}


def test_a_new_team_leaves_the_others_alone(openrouter_stack: StackFactory) -> None:
    """On an engine, against the sandbox: what is done, what is sent, what is there."""
    stack = openrouter_stack(config={"teams": {"search": 400}})
    assert stack.up().created == ["Workspace search", "WorkspaceBudget search"]
    stack.set_config("teams", {"search": 400, "support": 50})
    up = stack.up()
    assert up.created == ["Workspace support", "WorkspaceBudget support"]
    assert all("search" not in request for request in up.writes)
    assert stack.workspaces["support-test"].budgets == {"monthly": 50, "daily": 5}
    stack.set_config("teams", {"support": 50})
    assert stack.up().deleted == ["Workspace search", "WorkspaceBudget search"]


def test_the_ceiling_holds(openrouter_stack: StackFactory) -> None:
    """A program that refuses its configuration changes nothing."""
    stack = openrouter_stack(config={"ceiling": 100})
    with pytest.raises(OperationFailed, match=r"search asks for \$300 a month"):
        stack.up()
    assert [*stack.workspaces] == ["default"]
