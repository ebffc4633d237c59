"""The lifecycle of a WorkspaceBudget, on the sandbox: what is sent, in which order."""

from typing import Any

import pytest

from harness.process import Managed, ProviderProcess
from pulumi_openrouter.sandbox import Sandbox

ABSENT = "6b9d5f54-96e1-4f6e-9c0f-1d1f4f1f0001"


@pytest.fixture
def workspace(process: ProviderProcess, sandbox: Sandbox) -> str:
    """The id of a workspace that no provider process of the test has made."""
    id_ = process.session.client.workspaces.create({"name": "Acme", "slug": "acme"}).id
    sandbox.clear_requests()
    return id_


@pytest.fixture
def budget(process: ProviderProcess) -> Managed:
    """A budget that does not exist yet."""
    return process.resource("WorkspaceBudget")


def live(sandbox: Sandbox, slug: str = "acme") -> dict[str, Any]:
    """Give the limits and the flag that a workspace has."""
    [found] = [w for w in sandbox.state()["workspaces"] if w["slug"] == slug]
    return {**found["budgets"], "byok": found["include_byok_in_budgets"]}


def sent(sandbox: Sandbox) -> list[str]:
    """Give the requests since the last call, as `PUT monthly 100 byok=True` or `GET`."""
    lines = []
    for request in sandbox.requests():
        interval = request["path"].partition("/budgets")[2].strip("/")
        body = request["body"] or {}
        flag = body.get("include_byok_in_budgets")
        words = [request["method"], interval, f"{body['limit_usd']:g}" if body else ""]
        words.append("" if flag is None else f"byok={flag}")
        lines.append(" ".join(word for word in words if word))
    sandbox.clear_requests()
    return lines


def put(process: ProviderProcess, workspace: str, **limits: float) -> None:
    """Set limits by hand, in the order given."""
    for interval, limit in limits.items():
        process.session.client.budgets.put(workspace, interval, limit)


def test_all_inputs_settle(budget: Managed, workspace: str, sandbox: Sandbox) -> None:
    """Every limit and the flag, at a first and at a second value: 0 changes after each change."""
    first = {"daily_usd": 1, "weekly_usd": 2, "monthly_usd": 3, "lifetime_usd": 4}
    second = {"daily_usd": 1.5, "weekly_usd": 20, "monthly_usd": 30, "lifetime_usd": 40.25}
    for inputs, flag in ((first, False), (second, True), (first, False), (second, False)):
        given = {"workspace": workspace, **inputs, "include_byok_in_budgets": flag}
        assert budget.up(**given) in {"create", "update"}
        has = {name.removesuffix("_usd"): limit for name, limit in inputs.items()}
        assert live(sandbox) == {**has, "byok": flag}
        assert [budget.up(**given), budget.refresh(), budget.up(**given)] == ["same"] * 3


@pytest.mark.parametrize("interval", ["daily", "weekly", "monthly", "lifetime"])
def test_a_limit_that_is_taken_out_is_deleted(
    budget: Managed, workspace: str, sandbox: Sandbox, interval: str
) -> None:
    """One DELETE, and nothing else; the others stay."""
    limits = {"daily_usd": 1, "weekly_usd": 2, "monthly_usd": 3, "lifetime_usd": 4}
    budget.up(workspace=workspace, **limits)
    sent(sandbox)
    del limits[f"{interval}_usd"]
    assert budget.up(workspace=workspace, **limits) == "update"
    assert sent(sandbox) == [f"DELETE {interval}", "GET"]
    assert interval not in live(sandbox)
    assert budget.refresh() == "same"
    assert budget.up(workspace=workspace, **limits) == "same"


def test_a_create_on_a_workspace_of_this_run_reads_nothing(
    process: ProviderProcess, sandbox: Sandbox
) -> None:
    """One PUT for each limit, the broadest first, and the flag with the first of them."""
    acme, budget = process.resource("Workspace"), process.resource("WorkspaceBudget")
    with process.one_run():
        acme.up(name="Acme", slug="acme")
        sandbox.clear_requests()
        budget.up(workspace=acme.id, daily_usd=1, monthly_usd=9, include_byok_in_budgets=True)
    assert sent(sandbox) == ["PUT monthly 9 byok=True", "PUT daily 1"]
    assert budget.id == f"{acme.id}/budgets"


def test_other_limits_are_left_alone(
    budget: Managed, process: ProviderProcess, workspace: str, sandbox: Sandbox
) -> None:
    """A limit that the program does not name is neither shown, nor changed, nor deleted."""
    put(process, workspace, lifetime=100)
    budget.up(workspace=workspace, daily_usd=1)
    put(process, workspace, lifetime=90)
    assert budget.refresh() == "same"
    assert "lifetime_usd" not in budget.outputs
    assert budget.up(workspace=workspace, daily_usd=2) == "update"
    budget.delete()
    assert live(sandbox) == {"lifetime": 90, "byok": False}


def test_an_exclusive_budget_is_the_whole_truth(
    budget: Managed, process: ProviderProcess, workspace: str, sandbox: Sandbox
) -> None:
    """Other limits go at create, show as drift later, and go with the next up."""
    put(process, workspace, lifetime=100)
    given = {"workspace": workspace, "daily_usd": 1, "exclusive": True}
    budget.up(**given)
    assert live(sandbox) == {"daily": 1, "byok": False}
    assert [budget.up(**given), budget.refresh()] == ["same", "same"]
    put(process, workspace, weekly=50)
    assert budget.refresh() == "update"
    assert budget.inputs["weekly_usd"] == 50
    assert budget.up(**given) == "update"
    assert live(sandbox) == {"daily": 1, "byok": False}
    assert [budget.up(**given), budget.refresh()] == ["same", "same"]
    put(process, workspace, weekly=50)
    budget.refresh()
    assert budget.up(workspace=workspace, daily_usd=1, exclusive=False) == "update"
    assert live(sandbox) == {"daily": 1, "weekly": 50, "byok": False}


def test_a_limit_that_was_deleted_by_hand_is_set_again(
    budget: Managed, process: ProviderProcess, workspace: str, sandbox: Sandbox
) -> None:
    """A refresh shows it gone from the inputs, and the next up sets it."""
    given = {"workspace": workspace, "monthly_usd": 9, "daily_usd": 1}
    budget.up(**given)
    process.session.client.budgets.delete(workspace, "daily")
    assert budget.refresh() == "update"
    assert "daily_usd" not in budget.inputs
    sent(sandbox)
    assert budget.up(**given) == "update"
    assert sent(sandbox) == ["PUT daily 1", "GET"]
    assert budget.refresh() == "same"


def test_a_limit_that_is_given_up_and_gone_already_is_not_ours_any_more(
    budget: Managed, process: ProviderProcess, workspace: str, sandbox: Sandbox
) -> None:
    """Deleted by hand and taken out of the program: what somebody sets later is left alone."""
    budget.up(workspace=workspace, monthly_usd=9, daily_usd=1)
    process.session.client.budgets.delete(workspace, "daily")
    budget.refresh()
    budget.up(workspace=workspace, monthly_usd=9)
    put(process, workspace, daily=2)
    assert budget.refresh() == "same"
    assert budget.up(workspace=workspace, monthly_usd=9) == "same"
    budget.delete()
    assert live(sandbox) == {"daily": 2, "byok": False}


def test_a_budget_goes_with_its_workspace(
    budget: Managed, process: ProviderProcess, workspace: str
) -> None:
    """With the workspace deleted by hand, a refresh finds the budget gone; a delete is fine."""
    budget.up(workspace=workspace, daily_usd=1)
    process.session.client.workspaces.delete(workspace)
    id_, outputs = budget.id, budget.outputs
    assert budget.refresh() == "delete"
    budget.id, budget.outputs = id_, outputs
    budget.delete()


def test_a_workspace_without_budgets_may_answer_404(
    budget: Managed, process: ProviderProcess, workspace: str, sandbox: Sandbox
) -> None:
    """That known quirk means no limits: neither a create nor a refresh takes it for a loss."""
    sandbox.set_options(fresh_budgets_404=True)
    given = {"workspace": workspace, "daily_usd": 1}
    budget.up(**given)
    process.session.client.budgets.delete(workspace, "daily")
    assert budget.refresh() == "update"
    assert budget.up(**given) == "update"
    assert live(sandbox) == {"daily": 1, "byok": False}


def test_the_flag_is_left_alone_unless_it_is_given(
    budget: Managed, process: ProviderProcess, workspace: str, sandbox: Sandbox
) -> None:
    """Left out it is read back, and no request carries it; a change from elsewhere is no drift."""
    process.session.client.budgets.put(workspace, "daily", 1, True)
    sent(sandbox)
    given = {"workspace": workspace, "daily_usd": 2}
    budget.up(**given)
    assert not [line for line in sent(sandbox) if "byok" in line]
    assert budget.outputs["include_byok_in_budgets"] is True
    process.session.client.budgets.put(workspace, "daily", 2, False)
    budget.refresh()
    assert "include_byok_in_budgets" not in budget.inputs
    assert budget.up(**given) == "same"


def test_the_flag_travels_with_a_limit(budget: Managed, workspace: str, sandbox: Sandbox) -> None:
    """Changed alone it is sent with the broadest limit as it stands; drift of it is put back."""
    given = {"workspace": workspace, "daily_usd": 1, "monthly_usd": 9}
    budget.up(**given, include_byok_in_budgets=False)
    sent(sandbox)
    assert budget.up(**given, include_byok_in_budgets=True) == "update"
    assert sent(sandbox) == ["PUT monthly 9 byok=True", "GET"]
    budget.process.session.client.budgets.put(workspace, "daily", 1, False)
    assert budget.refresh() == "update"
    assert budget.up(**given, include_byok_in_budgets=True) == "update"
    assert live(sandbox) == {"daily": 1, "monthly": 9, "byok": True}
    assert [budget.refresh(), budget.up(**given, include_byok_in_budgets=True)] == ["same"] * 2
    sent(sandbox)
    budget.up(**given)
    assert sent(sandbox) == []
    assert live(sandbox)["byok"] is True


def test_the_flag_is_set_where_limits_only_go(
    budget: Managed, workspace: str, sandbox: Sandbox
) -> None:
    """A limit that stays carries it."""
    budget.up(workspace=workspace, daily_usd=1, monthly_usd=9, include_byok_in_budgets=False)
    budget.up(workspace=workspace, daily_usd=1, include_byok_in_budgets=True)
    assert live(sandbox) == {"daily": 1, "byok": True}
