"""From any valid budgets to any other, as the provider sends it and the sandbox sees it."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from harness.budgets import FEW_AMOUNTS, INTERVALS, Limits, is_valid, valid_limits, walk
from harness.organization import Somebody
from harness.process import ProviderProcess
from pulumi_openrouter.errors import ApiError
from pulumi_openrouter.sandbox import Sandbox

from .conftest import NewProcess

# The sandbox is not reset between examples: each has a workspace of its own.
through_the_sandbox = settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
BUDGETS = valid_limits(FEW_AMOUNTS, least=1)
FLAG = st.none() | st.booleans()


@dataclass
class Place:
    """A workspace with limits, for one example."""

    sandbox: Sandbox
    process: ProviderProcess
    somebody: Somebody
    id: str

    def put(self, limits: Limits) -> None:
        """Set limits by hand, in an order that the API takes."""
        broadest_first = {i: limits[i] for i in reversed(INTERVALS) if i in limits}
        self.somebody.sets(self.id, **broadest_first)

    def live(self) -> tuple[Limits, bool]:
        """Return the limits and the flag that the workspace has."""
        [found] = [w for w in self.sandbox.state()["workspaces"] if w["id"] == self.id]
        return found["budgets"], found["include_byok_in_budgets"]

    def steps(self) -> list[tuple[str, float | None]]:
        """Return the writes since the last clear; none of them was refused."""
        writes = self.sandbox.requests(writes_only=True)
        assert [w["status"] for w in writes] == [200] * len(writes)
        return [
            (w["path"].rpartition("/")[2], w["body"]["limit_usd"] if w["body"] else None)
            for w in writes
        ]


@pytest.fixture
def places(process: ProviderProcess, sandbox: Sandbox, somebody: Somebody) -> Iterator[Place]:
    """Yield workspaces, one after the other."""

    def new() -> Iterator[Place]:
        for number in count():
            yield Place(sandbox, process, somebody, somebody.creates(f"acme-{number}"))

    return new()


def inputs(place: Place, limits: Limits, **others: Any) -> dict[str, Any]:
    """Return the inputs of a budget with these limits."""
    given = {name: value for name, value in others.items() if value is not None}
    return {"workspace": place.id, **{f"{i}_usd": v for i, v in limits.items()}, **given}


@through_the_sandbox
@given(first=BUDGETS, second=BUDGETS, theirs=valid_limits(FEW_AMOUNTS), flags=st.tuples(FLAG, FLAG))
def test_an_update_never_breaks_the_rule_on_its_way(
    places: Iterator[Place],
    first: Limits,
    second: Limits,
    theirs: Limits,
    flags: tuple[bool | None, bool | None],
) -> None:
    """Every request is accepted, nothing is missing or too high on the way, and then it settles."""
    theirs = {i: v for i, v in theirs.items() if i not in first and i not in second}
    assume(is_valid({**first, **theirs}) and is_valid({**second, **theirs}))
    place = next(places)
    place.put(theirs)
    budget = place.process.resource("WorkspaceBudget")
    budget.up(**inputs(place, first, include_byok_in_budgets=flags[0]))
    _, flag_before = place.live()
    place.sandbox.clear_requests()
    given_second = inputs(place, second, include_byok_in_budgets=flags[1])
    operation = budget.up(**given_second)
    goal = {**second, **theirs}
    assert walk({**first, **theirs}, place.steps(), goal) == goal
    assert place.live() == (goal, flag_before if flags[1] is None else flags[1])
    assert operation == ("same" if (first, flags[0]) == (second, flags[1]) else "update")
    assert [budget.refresh(), budget.up(**given_second)] == ["same", "same"]


@through_the_sandbox
@given(before=valid_limits(FEW_AMOUNTS), wanted=BUDGETS, exclusive=st.booleans())
def test_a_create_over_what_is_there_never_breaks_the_rule(
    places: Iterator[Place], before: Limits, wanted: Limits, exclusive: bool
) -> None:
    """A create keeps what is there and not named, unless exclusive; and then it settles."""
    kept = {} if exclusive else {i: v for i, v in before.items() if i not in wanted}
    goal = {**kept, **wanted}
    assume(is_valid(goal))
    place = next(places)
    place.put(before)
    place.sandbox.clear_requests()
    budget = place.process.resource("WorkspaceBudget")
    given_inputs = inputs(place, wanted, exclusive=exclusive)
    budget.up(**given_inputs)
    assert walk(before, place.steps(), goal) == goal
    assert place.live()[0] == goal
    assert [budget.refresh(), budget.up(**given_inputs)] == ["same", "same"]


FAILURES: list[Any] = [
    pytest.param({"status": 400}, id="refused"),
    pytest.param({"status": 403}, id="forbidden"),
    pytest.param({"status": 503}, id="unavailable"),
    pytest.param({"lose": "request"}, id="lost-request"),
    pytest.param({"lose": "answer"}, id="lost-answer"),
]


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("flag", [None, True], ids=["flag-left-out", "flag-given"])
@pytest.mark.parametrize(
    ("before", "exclusive"),
    [
        pytest.param({}, False, id="nothing-there"),
        pytest.param({"lifetime": 90.0, "daily": 8.0}, False, id="some-there"),
        pytest.param({"lifetime": 90.0, "weekly": 40.0, "daily": 8.0}, True, id="exclusive"),
    ],
)
def test_a_create_that_fails_puts_back_what_was_there(
    start: NewProcess,
    sandbox: Sandbox,
    before: Limits,
    exclusive: bool,
    flag: bool | None,
    failure: dict[str, Any],
    somebody: Somebody,
) -> None:
    """Whichever of its requests fails, limits and flag are what they were, and the text says so."""
    process = start(maxRetries="0")
    id_ = somebody.creates("acme")
    place = Place(sandbox, process, somebody, id_)
    place.put(before)
    there = place.live()
    wanted: Limits = {"lifetime": 5.0, "monthly": 3.0, "daily": 1.0}
    budget = process.resource("WorkspaceBudget")
    given = inputs(place, wanted, exclusive=exclusive, include_byok_in_budgets=flag)
    for number in range(len(wanted)):
        sandbox.clear_faults()
        sandbox.add_fault(method="PUT", skip=number, **failure)
        with pytest.raises(ApiError, match=r"Nothing of this resource is set.*\.$") as error:
            budget.up(**given)
        assert "\n" not in str(error.value)
        assert place.live() == there
    sandbox.clear_faults()
    budget.up(**given)
    assert place.live()[0] == ({} if exclusive else before) | wanted


def test_a_rollback_that_fails_too_says_what_state_was_left(
    start: NewProcess, sandbox: Sandbox, somebody: Somebody
) -> None:
    """With the API gone for good, the text has what was there and what was to be."""
    process = start(maxRetries="0")
    id_ = somebody.creates("acme")
    place = Place(sandbox, process, somebody, id_)
    place.put({"lifetime": 90.0})
    sandbox.add_fault(method="PUT", path="/workspaces/*/budgets/daily", status=503)
    sandbox.add_fault(method="PUT", path="/workspaces/*/budgets/lifetime", skip=1, status=502)
    with pytest.raises(ApiError) as error:
        process.resource("WorkspaceBudget").up(**inputs(place, {"lifetime": 5.0, "daily": 1.0}))
    assert "could not be put back" in str(error.value)
    assert "lifetime_usd=90" in str(error.value)
