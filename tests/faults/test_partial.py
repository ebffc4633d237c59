"""Operations of several requests that fail at each of them in turn.

A create puts back what was there, an update and a delete go on where they stopped; in either case
the error tells what state was left, and the same run again converges.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from faults.conftest import NewStack, Record
from faults.declared import Declared, budget, membership
from faults.driver import Stack, failure
from faults.results import Case, Section
from faults.world import Verdict, World, judge, world
from harness.organization import Somebody
from pulumi_openrouter.sandbox import Sandbox

SLUG = "shared"
NARROW = {"daily_usd": 1, "weekly_usd": 2, "monthly_usd": 3, "lifetime_usd": 4}
BROAD = {"daily_usd": 50, "weekly_usd": 60, "monthly_usd": 70, "lifetime_usd": 80}


def limits(**inputs: Any) -> list[Declared]:
    """State one budget of the shared workspace."""
    return [budget("limits", workspace=SLUG, **inputs)]


def crowd(user_ids: Sequence[str], **inputs: Any) -> list[Declared]:
    """State one membership of the shared workspace."""
    return [membership("crowd", workspace=SLUG, user_ids=[*user_ids], **inputs)]


@dataclass(frozen=True)
class Operation:
    """A step from one program to the next; `puts_back` says that a failure leaves no trace."""

    name: str
    first: Callable[[list[str]], list[Declared]]
    then: Callable[[list[str]], list[Declared]]
    puts_back: bool = False


OPERATIONS = [
    Operation("creating four limits", lambda _: [], lambda _: limits(**BROAD), puts_back=True),
    Operation(
        "creating four limits, exclusive",
        lambda _: [],
        lambda _: limits(**NARROW, exclusive=True),
        puts_back=True,
    ),
    Operation("lowering four limits", lambda _: limits(**BROAD), lambda _: limits(**NARROW)),
    Operation("raising four limits", lambda _: limits(**NARROW), lambda _: limits(**BROAD)),
    Operation(
        "changing which limits there are",
        lambda _: limits(daily_usd=5, monthly_usd=50, include_byok_in_budgets=False),
        lambda _: limits(weekly_usd=40, lifetime_usd=45, include_byok_in_budgets=True),
    ),
    Operation("deleting four limits", lambda _: limits(**BROAD), lambda _: []),
    Operation(
        "creating a membership of 250", lambda _: [], lambda ids: crowd(ids[:250]), puts_back=True
    ),
    Operation(
        "creating an exclusive membership of 120",
        lambda _: [],
        lambda ids: crowd(ids[:120], exclusive=True),
        puts_back=True,
    ),
    Operation(
        "exchanging 250 members",
        lambda ids: crowd(ids[:250]),
        lambda ids: crowd(ids[250:500]),
    ),
    Operation("deleting a membership of 250", lambda ids: crowd(ids[:250]), lambda _: []),
]
FAULTS: Mapping[str, Mapping[str, Any]] = {
    "500 until the run ends": {"status": 500, "times": None},
    "answer lost until the run ends": {"lose": "answer", "times": None},
    "400 once": {"status": 400, "message": "Not today"},
    "403 once": {"status": 403, "message": "Not for you"},
}
STATE_LEFT = re.compile(
    r"could not be put back|could not be removed again|the next `pulumi up` continues from there"
)


@dataclass
class Stage:
    """A shared workspace with somebody's limit and 130 of 510 people in it."""

    sandbox: Sandbox
    new_stack: NewStack

    def set(self, operation: Operation) -> tuple[Stack, list[Declared], World]:
        """Return a stack after the first program, the next program, and what stands there."""
        self.sandbox.reset()
        crowded = "member" in operation.name
        made = self.sandbox.add_organization_members(510) if crowded else []
        ids = [person["id"] for person in made]
        with Somebody(self.sandbox) as somebody:
            somebody.settles_in()
            somebody.creates(SLUG)
            if operation.puts_back:
                somebody.sets(SLUG, monthly=75)
            if operation.puts_back and crowded:
                somebody.adds(SLUG, *ids[200:260])
                somebody.adds(SLUG, *ids[440:510])
        stack = self.new_stack(max_retries=1)
        stack.up(operation.first(ids))
        self.sandbox.clear_requests()
        return stack, operation.then(ids), world(self.sandbox)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("operation", [pytest.param(one, id=one.name) for one in OPERATIONS])
def test_a_failure_at_each_request_is_put_back_or_resumed(
    sandbox: Sandbox, new_stack: NewStack, record: Record, operation: Operation, fault: str
) -> None:
    """Wherever it fails, the error says what was left, and the same run again converges."""
    stage = Stage(sandbox, new_stack)
    stack, program, _ = stage.set(operation)
    stack.up(program)
    expected, total = world(sandbox), sandbox.counts()["total"]
    for number in range(total):
        stack, program, before = stage.set(operation)
        sandbox.add_fault(skip=number, **FAULTS[fault])
        failed = failure(partial(stack.up, program))
        if failed and world(sandbox) != before:
            assert STATE_LEFT.search(str(failed)), failed
        if operation.puts_back and "once" in fault and failed:
            assert judge(before, world(sandbox)).differences == (), f"left after {failed}"
        injected = sandbox.faults()[0]["injected"]
        sandbox.clear_faults()
        stack.up(program)
        verdict = judge(expected, world(sandbox))
        how = f"{fault}, from each of its requests on in turn"
        record(case(verdict, operation, how, injected, runs=2))
        assert verdict.differences == (), f"request {number} of {total}"
        assert stack.preview(program) == ({"same": 1} if program else {})


def case(verdict: Verdict, operation: Operation, how: str, injected: int, runs: int) -> Case:
    """Return a case of this file."""
    return Case.of(verdict, Section.PARTIAL, operation.name, how, injected=injected, runs=runs)
