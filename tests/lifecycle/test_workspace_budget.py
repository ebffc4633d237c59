"""The lifecycle of a WorkspaceBudget: its limits, its workspace, and others who set limits too."""

import threading

import pytest

from harness.organization import Somebody, live_budgets
from harness.process import InputError, Managed, ProviderProcess
from pulumi_openrouter.errors import (
    ApiError,
    ConcurrentChangeError,
    InvalidRequestError,
    NotFoundError,
    OpenRouterError,
)
from pulumi_openrouter.sandbox import Sandbox

from .conftest import NewProcess, sent_budgets

ABSENT = "6b9d5f54-96e1-4f6e-9c0f-1d1f4f1f0001"


def test_all_inputs_settle(budget: Managed, workspace: str, sandbox: Sandbox) -> None:
    """Every limit and the flag, at a first and at a second value: 0 changes after each change."""
    first = {"daily_usd": 1, "weekly_usd": 2, "monthly_usd": 3, "lifetime_usd": 4}
    second = {"daily_usd": 1.5, "weekly_usd": 20, "monthly_usd": 30, "lifetime_usd": 40.25}
    for inputs, flag in ((first, False), (second, True), (first, False), (second, False)):
        given = {"workspace": workspace, **inputs, "include_byok_in_budgets": flag}
        assert budget.up(**given) in {"create", "update"}
        has = {name.removesuffix("_usd"): limit for name, limit in inputs.items()}
        assert live_budgets(sandbox) == {**has, "byok": flag}
        assert [budget.up(**given), budget.refresh(), budget.up(**given)] == ["same"] * 3


@pytest.mark.parametrize("interval", ["daily", "weekly", "monthly", "lifetime"])
def test_a_limit_that_is_taken_out_is_deleted(
    budget: Managed, workspace: str, sandbox: Sandbox, interval: str
) -> None:
    """One DELETE, and nothing else; the others stay."""
    limits = {"daily_usd": 1, "weekly_usd": 2, "monthly_usd": 3, "lifetime_usd": 4}
    budget.up(workspace=workspace, **limits)
    sent_budgets(sandbox)
    del limits[f"{interval}_usd"]
    assert budget.up(workspace=workspace, **limits) == "update"
    assert sent_budgets(sandbox) == [f"DELETE {interval}", "GET"]
    assert interval not in live_budgets(sandbox)
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
    assert sent_budgets(sandbox) == ["PUT monthly 9 byok=True", "PUT daily 1"]
    assert budget.id == f"{acme.id}/budgets"


def test_other_limits_are_left_alone(
    budget: Managed, somebody: Somebody, workspace: str, sandbox: Sandbox
) -> None:
    """A limit that the program does not name is neither shown, nor changed, nor deleted."""
    somebody.sets(workspace, lifetime=100)
    budget.up(workspace=workspace, daily_usd=1)
    somebody.sets(workspace, lifetime=90)
    assert budget.refresh() == "same"
    assert "lifetime_usd" not in budget.outputs
    assert budget.up(workspace=workspace, daily_usd=2) == "update"
    budget.delete()
    assert live_budgets(sandbox) == {"lifetime": 90, "byok": False}


def test_an_exclusive_budget_is_the_whole_truth(
    budget: Managed, somebody: Somebody, workspace: str, sandbox: Sandbox
) -> None:
    """Other limits go at create, show as drift later, and go with the next up."""
    somebody.sets(workspace, lifetime=100)
    given = {"workspace": workspace, "daily_usd": 1, "exclusive": True}
    budget.up(**given)
    assert live_budgets(sandbox) == {"daily": 1, "byok": False}
    assert [budget.up(**given), budget.refresh()] == ["same", "same"]
    somebody.sets(workspace, weekly=50)
    assert budget.refresh() == "update"
    assert budget.inputs["weekly_usd"] == 50
    assert budget.up(**given) == "update"
    assert live_budgets(sandbox) == {"daily": 1, "byok": False}
    assert [budget.up(**given), budget.refresh()] == ["same", "same"]
    somebody.sets(workspace, weekly=50)
    budget.refresh()
    assert budget.up(workspace=workspace, daily_usd=1, exclusive=False) == "update"
    assert live_budgets(sandbox) == {"daily": 1, "weekly": 50, "byok": False}


def test_a_limit_that_was_deleted_by_hand_is_set_again(
    budget: Managed, somebody: Somebody, workspace: str, sandbox: Sandbox
) -> None:
    """A refresh shows it gone from the inputs, and the next up sets it."""
    given = {"workspace": workspace, "monthly_usd": 9, "daily_usd": 1}
    budget.up(**given)
    somebody.sets(workspace, daily=None)
    assert budget.refresh() == "update"
    assert "daily_usd" not in budget.inputs
    sent_budgets(sandbox)
    assert budget.up(**given) == "update"
    assert sent_budgets(sandbox) == ["PUT daily 1", "GET"]
    assert budget.refresh() == "same"


def test_a_limit_that_is_given_up_and_gone_already_is_not_ours_any_more(
    budget: Managed, somebody: Somebody, workspace: str, sandbox: Sandbox
) -> None:
    """Deleted by hand and taken out of the program: what somebody sets later is left alone."""
    budget.up(workspace=workspace, monthly_usd=9, daily_usd=1)
    somebody.sets(workspace, daily=None)
    budget.refresh()
    budget.up(workspace=workspace, monthly_usd=9)
    somebody.sets(workspace, daily=2)
    assert budget.refresh() == "same"
    assert budget.up(workspace=workspace, monthly_usd=9) == "same"
    budget.delete()
    assert live_budgets(sandbox) == {"daily": 2, "byok": False}


def test_a_budget_goes_with_its_workspace(
    budget: Managed, somebody: Somebody, workspace: str
) -> None:
    """With the workspace deleted by hand, a refresh finds the budget gone; a delete is fine."""
    budget.up(workspace=workspace, daily_usd=1)
    somebody.deletes(workspace)
    id_, outputs = budget.id, budget.outputs
    assert budget.refresh() == "delete"
    budget.id, budget.outputs = id_, outputs
    budget.delete()


def test_a_workspace_without_budgets_may_answer_404(
    budget: Managed, somebody: Somebody, workspace: str, sandbox: Sandbox
) -> None:
    """That known quirk means no limits: neither a create nor a refresh takes it for a loss."""
    sandbox.set_options(fresh_budgets_404=True)
    given = {"workspace": workspace, "daily_usd": 1}
    budget.up(**given)
    somebody.sets(workspace, daily=None)
    assert budget.refresh() == "update"
    assert budget.up(**given) == "update"
    assert live_budgets(sandbox) == {"daily": 1, "byok": False}


def test_the_flag_is_left_alone_unless_it_is_given(
    budget: Managed, somebody: Somebody, workspace: str, sandbox: Sandbox
) -> None:
    """Left out it is read back, and no request carries it; a change from elsewhere is no drift."""
    somebody.sets(workspace, True, daily=1)
    sent_budgets(sandbox)
    given = {"workspace": workspace, "daily_usd": 2}
    budget.up(**given)
    assert not [line for line in sent_budgets(sandbox) if "byok" in line]
    assert budget.outputs["include_byok_in_budgets"] is True
    somebody.sets(workspace, False, daily=2)
    budget.refresh()
    assert "include_byok_in_budgets" not in budget.inputs
    assert budget.up(**given) == "same"


def test_the_flag_travels_with_a_limit(
    budget: Managed, workspace: str, sandbox: Sandbox, somebody: Somebody
) -> None:
    """Changed alone it is sent with the broadest limit as it stands; drift of it is put back."""
    given = {"workspace": workspace, "daily_usd": 1, "monthly_usd": 9}
    budget.up(**given, include_byok_in_budgets=False)
    sent_budgets(sandbox)
    assert budget.up(**given, include_byok_in_budgets=True) == "update"
    assert sent_budgets(sandbox) == ["PUT monthly 9 byok=True", "GET"]
    somebody.sets(workspace, False, daily=1)
    assert budget.refresh() == "update"
    assert budget.up(**given, include_byok_in_budgets=True) == "update"
    assert live_budgets(sandbox) == {"daily": 1, "monthly": 9, "byok": True}
    assert [budget.refresh(), budget.up(**given, include_byok_in_budgets=True)] == ["same"] * 2
    sent_budgets(sandbox)
    budget.up(**given)
    assert sent_budgets(sandbox) == []
    assert live_budgets(sandbox)["byok"] is True


def test_the_flag_of_a_new_budget_travels_with_a_limit_of_its_own(
    budget: Managed, somebody: Somebody, workspace: str, sandbox: Sandbox
) -> None:
    """Where the limits stand already, the flag is not sent with a limit of somebody else."""
    somebody.sets(workspace, lifetime=100, daily=1)
    sent_budgets(sandbox)
    budget.up(workspace=workspace, daily_usd=1, include_byok_in_budgets=True)
    sent = [line for line in sent_budgets(sandbox) if line != "GET"]
    assert sent == ["PUT daily 1 byok=True"]
    assert live_budgets(sandbox) == {"daily": 1, "lifetime": 100, "byok": True}


def test_the_flag_is_set_where_limits_only_go(
    budget: Managed, workspace: str, sandbox: Sandbox
) -> None:
    """A limit that stays carries it."""
    budget.up(workspace=workspace, daily_usd=1, monthly_usd=9, include_byok_in_budgets=False)
    budget.up(workspace=workspace, daily_usd=1, include_byok_in_budgets=True)
    assert live_budgets(sandbox) == {"daily": 1, "byok": True}


def test_a_slug_names_the_same_workspace_as_its_id(
    budget: Managed, workspace: str, sandbox: Sandbox, somebody: Somebody
) -> None:
    """The id in the place of the slug is no change; another workspace's slug replaces."""
    budget.up(workspace="acme", daily_usd=1)
    assert budget.id == f"{workspace}/budgets"
    sent_budgets(sandbox)
    assert budget.up(workspace=workspace, daily_usd=1) == "same"
    assert sent_budgets(sandbox) == []
    somebody.creates("other")
    assert budget.diff(workspace="other", daily_usd=1) == "replace"


def test_moving_to_another_workspace_sets_there_and_then_deletes_here(
    budget: Managed, workspace: str, sandbox: Sandbox, somebody: Somebody
) -> None:
    """The new limits come first; the old ones are deleted in the old workspace only."""
    other = somebody.creates("other")
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
    budget: Managed, somebody: Somebody, workspace: str, sandbox: Sandbox
) -> None:
    """What only the API can see fails with its words, what is there and what was asked for."""
    somebody.sets(workspace, lifetime=100)
    budget.up(workspace=workspace, daily_usd=1)
    before = live_budgets(sandbox)
    with pytest.raises(InvalidRequestError) as failure:
        budget.up(workspace=workspace, daily_usd=200)
    assert str(failure.value) == (
        f'setting the daily budget of workspace "{workspace}": PUT /workspaces/{workspace}/budgets/'
        "daily answered 400: Budget limits must be strictly decreasing as scope narrows: the "
        "lifetime limit ($100) must be greater than the daily limit ($200). The workspace has "
        "daily_usd=1, lifetime_usd=100; daily_usd=200 was asked for. Change the limit that is in "
        "the way, then run `pulumi up --refresh`."
    )
    assert live_budgets(sandbox) == before


def test_a_limit_of_others_in_the_way_of_a_new_one_fails_in_the_check(
    process: ProviderProcess, somebody: Somebody, workspace: str
) -> None:
    """What a preview has read anyway does not wait until `up` to be refused."""
    somebody.sets(workspace, weekly=3)
    budget = process.resource("WorkspaceBudget")
    with pytest.raises(InputError) as refusal:
        budget.check(workspace=workspace, monthly_usd=2)
    assert str(refusal.value) == (
        "monthly_usd: limits strictly decrease from lifetime to daily, and the workspace has "
        "weekly_usd (3), which this program does not manage; raise monthly_usd, or set weekly_usd "
        "here as well"
    )
    budget.up(workspace=workspace, monthly_usd=2, weekly_usd=1)
    somebody.sets(workspace, lifetime=50)
    with pytest.raises(OpenRouterError, match=r"has lifetime_usd \(50\).*lower daily_usd"):
        budget.diff(workspace=workspace, daily_usd=60)
    assert budget.diff(workspace=workspace, daily_usd=60, exclusive=True) == "update"
    with process.one_run():
        process.resource("WorkspaceBudget").check(workspace=workspace, lifetime_usd=99)
        assert budget.diff(workspace=workspace, daily_usd=60) == "update"


def test_a_limit_in_the_way_of_one_that_may_be_replaced_is_announced(
    process: ProviderProcess,
    somebody: Somebody,
    workspace: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Where the old one would be deleted first, the limit may be its own: the check only warns."""
    somebody.sets(workspace, weekly=3)
    budget = process.resource("WorkspaceBudget", "prod")
    budget.check(workspace=workspace, monthly_usd=2, __deleted_first=True)
    assert capfd.readouterr().err == (
        'WorkspaceBudget "prod": limits strictly decrease from lifetime to daily, and the '
        "workspace has weekly_usd (3), which this program does not manage; raise monthly_usd, or "
        "set weekly_usd here as well. If this run replaces the budget and it had this limit "
        "itself, there is nothing to do: the old limits are deleted first.\n"
    )


def test_a_404_of_a_limit_is_an_error_while_the_workspace_is_there(
    budget: Managed, workspace: str, sandbox: Sandbox
) -> None:
    """Only a workspace that is gone takes its limits along; a gateway may answer 404 as well."""
    budget.up(workspace=workspace, daily_usd=1)
    sandbox.add_fault(method="DELETE", path="/workspaces/*/budgets/*", status=404)
    with pytest.raises(NotFoundError, match="answered 404"):
        budget.delete()
    assert live_budgets(sandbox) == {"daily": 1, "byok": False}


def test_an_update_of_a_program_that_tells_nothing_is_refused_in_the_apis_words(
    budget: Managed, somebody: Somebody, workspace: str, sandbox: Sandbox
) -> None:
    """With ignore_changes=["*"] on a state of version 0.1.0, a resource has no owner."""
    somebody.sets(workspace, lifetime=100)
    budget.up(workspace=workspace, daily_usd=1)
    old = {name: value for name, value in budget.outputs.items() if not name.startswith("__")}
    budget.process.begin_run()
    with pytest.raises(InvalidRequestError, match="lifetime_usd=100; daily_usd=200 was asked for"):
        budget.provider.update(budget.id, old, {"workspace": workspace, "daily_usd": 200})
    assert live_budgets(sandbox) == {"lifetime": 100, "daily": 1, "byok": False}


def test_limits_of_two_budgets_that_depend_on_each_other_are_announced(
    process: ProviderProcess,
    workspace: str,
    sandbox: Sandbox,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Where the order decides, check and refusal say so, and a second run succeeds."""
    narrow, broad = (process.resource("WorkspaceBudget", name) for name in ("narrow", "broad"))
    low = {"daily_usd": 5}, {"weekly_usd": 10}
    for budget, limits in zip((narrow, broad), low, strict=True):
        budget.up(workspace=workspace, **limits)
    for raised in ({"daily_usd": 6}, {"weekly_usd": 12}), ({"daily_usd": 15}, {"weekly_usd": 30}):
        capfd.readouterr()
        depend = raised[0]["daily_usd"] >= low[1]["weekly_usd"]
        with process.one_run():
            for budget, limits in zip((broad, narrow), raised[::-1], strict=True):
                budget.check(workspace=workspace, **limits)
            said = capfd.readouterr().err
            assert ("run `pulumi up` again" in said) == depend
            if depend:
                with pytest.raises(InvalidRequestError, match='If WorkspaceBudget "broad" has'):
                    narrow.up(workspace=workspace, **raised[0])
            broad.up(workspace=workspace, **raised[1])
        narrow.up(workspace=workspace, **raised[0])
    assert live_budgets(sandbox) == {"daily": 15, "weekly": 30, "byok": False}


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
        assert live_budgets(sandbox) == {"daily": 100, "monthly": 900, "byok": False}
        budget.up(**low)
        sandbox.clear_faults()


def test_a_limit_that_somebody_else_sets_at_the_same_time_is_seen(
    budget: Managed, somebody: Somebody, workspace: str, sandbox: Sandbox
) -> None:
    """Who loses a limit between the write and the look is told; what else was set is put back."""
    somebody.sets(workspace, lifetime=100, weekly=7)
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
    somebody.sets(workspace, daily=5)
    sandbox.release()
    thread.join()
    words = str(failures[0])
    assert "daily_usd=1 was set, and now the workspace has daily_usd=5" in words
    assert words.endswith("the workspace has daily_usd=5, weekly_usd=7, lifetime_usd=100.")
    assert live_budgets(sandbox) == {"daily": 5, "weekly": 7, "lifetime": 100, "byok": False}


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
    assert live_budgets(sandbox) == {"byok": False}


def test_a_failed_create_puts_the_flag_back_with_a_limit_of_its_own(
    start: NewProcess, somebody: Somebody, workspace: str, sandbox: Sandbox
) -> None:
    """A limit of somebody else is not sent again, not even to carry the flag."""
    somebody.sets(workspace, lifetime=100)
    sandbox.add_fault(method="PUT", path="/workspaces/*/budgets/daily", status=403)
    limits = {"monthly_usd": 20, "daily_usd": 1, "include_byok_in_budgets": True}
    sandbox.clear_requests()
    with pytest.raises(ApiError, match=r"is set: the workspace has lifetime_usd=100\."):
        start(maxRetries="0").resource("WorkspaceBudget").up(workspace=workspace, **limits)
    assert not [line for line in sent_budgets(sandbox) if line.startswith("PUT lifetime")]
    assert live_budgets(sandbox) == {"lifetime": 100, "byok": False}


def test_a_get_reads_all_limits_and_fails_where_there_is_no_workspace(
    budget: Managed, somebody: Somebody, workspace: str, sandbox: Sandbox
) -> None:
    """What a `get` returns is all that is there; without the workspace it is an error."""
    somebody.sets(workspace, lifetime=100, daily=1)
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


def test_another_name_of_the_same_workspace_is_only_noted(
    budget: Managed, workspace: str, sandbox: Sandbox
) -> None:
    """A slug in the place of the id is learned by the state, or each run would look it up."""
    budget.up(workspace=workspace, daily_usd=1)
    sent_budgets(sandbox)
    assert budget.up(workspace="acme", daily_usd=1) == "update"
    assert sandbox.requests(writes_only=True) == []
    assert budget.up(workspace="acme", daily_usd=1) == "same"


def test_a_slug_that_no_workspace_has_yet_is_announced(
    budget: Managed, capfd: pytest.CaptureFixture[str]
) -> None:
    """The program may create it in the same run, so the check says how Pulumi learns the order."""
    budget.check(workspace="soon", daily_usd=1)
    assert 'no workspace has the slug "soon" at the moment' in capfd.readouterr().err


def test_a_slug_of_the_same_program_needs_no_look(
    acme: Managed, budget: Managed, sandbox: Sandbox
) -> None:
    """Where a Workspace of this run has the slug, its id is known already."""
    with acme.process.one_run():
        acme.up(name="Acme", slug="acme")
        sandbox.clear_requests()
        budget.up(workspace="acme", daily_usd=1)
    assert budget.id == f"{acme.id}/budgets"
    assert sent_budgets(sandbox) == ["PUT daily 1"]


def test_an_update_after_the_workspace_is_gone_says_what_to_do(
    budget: Managed, workspace: str, somebody: Somebody
) -> None:
    """Without a refresh, the update fails with the way out."""
    budget.up(workspace=workspace, daily_usd=1)
    somebody.deletes(workspace)
    with pytest.raises(NotFoundError, match="Run `pulumi up --refresh` to set up what is gone"):
        budget.up(workspace=workspace, daily_usd=2)


def test_a_second_plan_that_is_refused_names_what_is_in_the_way(
    budget: Managed, workspace: str, sandbox: Sandbox, somebody: Somebody
) -> None:
    """Where the state was out of date and a limit of others is in the way too, both are shown."""
    somebody.sets(workspace, lifetime=100)
    budget.up(workspace=workspace, monthly_usd=9, daily_usd=1)
    somebody.sets(workspace, daily=2)
    with pytest.raises(InvalidRequestError, match=r"lifetime_usd=100.*monthly_usd=200"):
        budget.up(workspace=workspace, monthly_usd=200, daily_usd=1)
    assert live_budgets(sandbox)["lifetime"] == 100


def test_where_budgets_are_not_offered_a_check_says_nothing(
    budget: Managed, workspace: str, sandbox: Sandbox
) -> None:
    """Neither a plan without budgets nor a forbidden look fails a preview."""
    sandbox.set_options(plan="standard")
    assert budget.diff(workspace=workspace, daily_usd=1) == "create"
