"""A WorkspaceBudget among others: its workspace, limits of others, changes at the same time."""

import threading
from typing import Any

import pytest

from harness.process import Managed, ProviderProcess
from pulumi_openrouter.errors import (
    ApiError,
    ConcurrentChangeError,
    InvalidRequestError,
    NotFoundError,
)
from pulumi_openrouter.sandbox import Sandbox

from .conftest import NewProcess

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


def test_a_slug_names_the_same_workspace_as_its_id(
    budget: Managed, workspace: str, sandbox: Sandbox
) -> None:
    """The id in the place of the slug is no change; another workspace's slug replaces."""
    budget.up(workspace="acme", daily_usd=1)
    assert budget.id == f"{workspace}/budgets"
    sent(sandbox)
    assert budget.up(workspace=workspace, daily_usd=1) == "same"
    assert sent(sandbox) == []
    budget.process.session.client.workspaces.create({"name": "Other", "slug": "other"})
    assert budget.diff(workspace="other", daily_usd=1) == "replace"


def test_moving_to_another_workspace_sets_there_and_then_deletes_here(
    budget: Managed, workspace: str, sandbox: Sandbox
) -> None:
    """The new limits come first; the old ones are deleted in the old workspace only."""
    other = budget.process.session.client.workspaces.create({"name": "Other", "slug": "other"}).id
    budget.up(workspace=workspace, daily_usd=1)
    sandbox.clear_requests()
    assert budget.up(workspace=other, daily_usd=1) == "replace"
    writes = [(r["method"], r["path"]) for r in sandbox.requests(writes_only=True)]
    assert writes == [
        ("PUT", f"/workspaces/{other}/budgets/daily"),
        ("DELETE", f"/workspaces/{workspace}/budgets/daily"),
    ]
    assert budget.id == f"{other}/budgets"


def test_an_unknown_slug_says_how_to_name_the_workspace(budget: Managed, workspace: str) -> None:
    """A slug that nobody has yet fails with the advice to pass the Workspace itself."""
    budget.up(workspace=workspace, daily_usd=1)
    with pytest.raises(NotFoundError, match="pass the Workspace itself"):
        budget.up(workspace="acme-two", daily_usd=1)


def test_a_limit_of_others_in_the_way_is_named(
    budget: Managed, process: ProviderProcess, workspace: str, sandbox: Sandbox
) -> None:
    """What only the API can see fails with its words, what is there and what was asked for."""
    put(process, workspace, lifetime=100)
    budget.up(workspace=workspace, daily_usd=1)
    before = live(sandbox)
    with pytest.raises(InvalidRequestError) as failure:
        budget.up(workspace=workspace, daily_usd=200)
    assert str(failure.value) == (
        f'setting the daily budget of workspace "{workspace}": PUT /workspaces/{workspace}/budgets/'
        "daily answered 400: Budget limits must be strictly decreasing as scope narrows: the "
        "lifetime limit ($100) must be greater than the daily limit ($200). The workspace has "
        "daily_usd=1, lifetime_usd=100; daily_usd=200 was asked for. Change the limit that is in "
        "the way, then run `pulumi up --refresh`."
    )
    assert live(sandbox) == before


def test_an_update_that_was_cut_off_goes_on_from_what_is_there(
    start: NewProcess, workspace: str, sandbox: Sandbox
) -> None:
    """Where the state is out of date because an update failed half-way, the next one converges."""
    budget = start(maxRetries="0").resource("WorkspaceBudget")
    low = {"workspace": workspace, "daily_usd": 1, "monthly_usd": 9}
    high = {"workspace": workspace, "daily_usd": 100, "monthly_usd": 900}
    for broken in range(2):
        budget.up(**low)
        sandbox.add_fault(method="PUT", skip=broken, lose="answer")
        with pytest.raises(ApiError, match="the next `pulumi up` continues from there"):
            budget.up(**high)
        assert budget.up(**high) == "update"
        assert live(sandbox) == {"daily": 100, "monthly": 900, "byok": False}
        budget.up(**low)
        sandbox.clear_faults()


def test_a_limit_that_somebody_else_sets_at_the_same_time_is_seen(
    budget: Managed, process: ProviderProcess, workspace: str, sandbox: Sandbox
) -> None:
    """Who loses a limit between the write and the look is told; what else was set is put back."""
    put(process, workspace, lifetime=100, weekly=7)
    # The check looks at what is there, and so does the create, before and after it writes.
    sandbox.add_fault(method="GET", path="/workspaces/*/budgets", skip=2, hold=True)
    failures: list[Exception] = []

    def up() -> None:
        try:
            budget.up(workspace=workspace, monthly_usd=20, weekly_usd=10, daily_usd=1)
        except ConcurrentChangeError as error:
            failures.append(error)

    thread = threading.Thread(target=up)
    thread.start()
    sandbox.wait_until_held()
    put(process, workspace, daily=5)
    sandbox.release()
    thread.join()
    words = str(failures[0])
    assert "daily_usd=1 was set, and now the workspace has daily_usd=5" in words
    assert words.endswith("the workspace has daily_usd=5, weekly_usd=7, lifetime_usd=100.")
    assert live(sandbox) == {"daily": 5, "weekly": 7, "lifetime": 100, "byok": False}


def test_a_failed_create_puts_the_flag_of_a_new_workspace_back(
    start: NewProcess, sandbox: Sandbox
) -> None:
    """The flag went with the first limit; the second one was refused, so both are as they were."""
    process = start(maxRetries="0")
    with process.one_run():
        workspace = process.resource("Workspace")
        workspace.up(name="Acme", slug="acme")
        sandbox.add_fault(method="PUT", skip=1, status=403)
        limits = {"monthly_usd": 20, "daily_usd": 1, "include_byok_in_budgets": True}
        with pytest.raises(ApiError, match=r"Nothing of this resource is set: .* has no limits\."):
            process.resource("WorkspaceBudget").up(workspace=workspace.id, **limits)
    assert live(sandbox) == {"byok": False}


def test_a_get_reads_all_limits_and_fails_where_there_is_no_workspace(
    budget: Managed, process: ProviderProcess, workspace: str, sandbox: Sandbox
) -> None:
    """What a `get` returns is all that is there; without the workspace it is an error."""
    put(process, workspace, lifetime=100, daily=1)
    found = budget.get(f"{workspace}/budgets")
    assert [found["lifetime_usd"], found["daily_usd"]] == [100, 1]
    assert found["include_byok_in_budgets"] is False
    with pytest.raises(NotFoundError):
        budget.get(f"{ABSENT}/budgets")
    sandbox.set_options(fresh_budgets_404=True)
    with pytest.raises(NotFoundError):
        budget.get(f"{ABSENT}/budgets")


def test_a_plan_without_budgets_is_told_in_the_apis_words(
    budget: Managed, workspace: str, sandbox: Sandbox
) -> None:
    """What the API says of the plan is passed on."""
    sandbox.set_options(plan="standard")
    with pytest.raises(ApiError, match=r"answered 403: .* Enterprise plan"):
        budget.up(workspace=workspace, daily_usd=1)
