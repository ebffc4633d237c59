"""The order of requests between two sets of limits, against a model of the API's rule."""

import pytest
from hypothesis import assume, given, settings

from harness.budgets import (
    ANY_AMOUNTS,
    FEW_AMOUNTS,
    INTERVALS,
    Limits,
    is_valid,
    valid_limits,
    walk,
)
from pulumi_openrouter.lifecycle import budget_plan
from pulumi_openrouter.lifecycle.budget_plan import LimitSet

Steps = list[tuple[str, float | None]]

SETS = valid_limits(FEW_AMOUNTS) | valid_limits(ANY_AMOUNTS)


def named(limits: Limits) -> LimitSet:
    """Return limits by interval as the plan takes them, by the name of the input."""
    return LimitSet({f"{interval}_usd": limit for interval, limit in limits.items()})


def steps_between(current: Limits, target: Limits) -> Steps:
    """Return the requests of a plan, each as interval and limit."""
    steps = budget_plan.steps_between(named(current), named(target))
    return [(budget_plan.INTERVALS[step.name], step.limit_usd) for step in steps]


@settings(deadline=None, max_examples=200)
@given(current=SETS, target=SETS)
def test_any_valid_set_becomes_any_other(current: Limits, target: Limits) -> None:
    """Each step is accepted, no limit is missing or too high on the way, and it gets there."""
    steps = steps_between(current, target)
    assert walk(current, steps, target) == target
    assert len({interval for interval, _ in steps}) == len(steps)


@settings(deadline=None, max_examples=200)
@given(current=SETS, target=SETS, theirs=SETS)
def test_limits_of_others_stand_in_nobodys_way(
    current: Limits, target: Limits, theirs: Limits
) -> None:
    """With others' limits that fit the old and the new set, each step still is accepted."""
    theirs = {i: v for i, v in theirs.items() if i not in current and i not in target}
    start, goal = {**current, **theirs}, {**target, **theirs}
    assume(is_valid(start) and is_valid(goal))
    assert walk(start, steps_between(current, target), goal) == goal


@settings(deadline=None, max_examples=200)
@given(current=SETS, target=SETS)
def test_steps_come_in_the_order_of_the_design(current: Limits, target: Limits) -> None:
    """Delete what goes, raise broadest first, lower narrowest first, then add; nothing else."""
    kinds = {"delete": 0, "raise": 1, "lower": 2, "add": 3}
    order = []
    for interval, limit in steps_between(current, target):
        breadth = INTERVALS.index(interval)
        if limit is None:
            order.append((kinds["delete"], 0))
        elif interval not in current:
            order.append((kinds["add"], 0))
        elif limit > current[interval]:
            order.append((kinds["raise"], -breadth))
        else:
            assert limit < current[interval], "a limit that stays as it is was sent"
            order.append((kinds["lower"], breadth))
    assert order == sorted(order)


@settings(deadline=None)
@given(limits=SETS)
def test_nothing_leads_to_no_request(limits: Limits) -> None:
    """From a set to itself there is nothing to send."""
    assert steps_between(limits, limits) == []


@pytest.mark.parametrize(
    ("current", "target", "steps"),
    [
        pytest.param(
            {"monthly": 100, "daily": 10},
            {"monthly": 1000, "daily": 500},
            [("monthly", 1000), ("daily", 500)],
            id="everything-rises-past-the-old-top",
        ),
        pytest.param(
            {"monthly": 1000, "daily": 500},
            {"monthly": 100, "daily": 10},
            [("daily", 10), ("monthly", 100)],
            id="everything-falls-below-the-old-bottom",
        ),
        pytest.param(
            {"lifetime": 100, "weekly": 10},
            {"monthly": 50, "daily": 5},
            [("lifetime", None), ("weekly", None), ("monthly", 50), ("daily", 5)],
            id="one-pair-of-intervals-for-another",
        ),
    ],
)
def test_steps_are_the_ones_that_a_person_would_take(
    current: Limits, target: Limits, steps: Steps
) -> None:
    """Some changes whose naive order the API refuses."""
    assert steps_between(current, target) == steps
