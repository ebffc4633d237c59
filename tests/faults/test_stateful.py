"""Random programs, random changes by others and random faults, one after the other.

After every `up` that succeeds the API is what the program says, everything else is as it was, a
second `up` writes nothing and a refresh finds nothing.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from faults.conftest import Record
from faults.declared import Declared
from faults.driver import Stack, failure
from faults.expectation import Before, differences
from faults.random_programs import EMAILS, LIMITS, SLUGS, TEAM, USER_IDS, programs
from faults.results import Case, Section
from faults.story import REQUESTS
from faults.world import Somebody, Verdict
from pulumi_openrouter.errors import ConflictError
from pulumi_openrouter.sandbox import Sandbox

FAULTS = st.fixed_dictionaries(
    {
        "request": st.sampled_from(sorted(REQUESTS.values())),
        "times": st.integers(1, 4),
        "skip": st.integers(0, 2),
        "action": st.sampled_from(
            [
                {"status": 500},
                {"status": 429},
                {"status": 504, "handled": True},
                {"lose": "request"},
                {"lose": "answer"},
                {"truncate": True},
                {"body": "<html>"},
            ]
        ),
    }
)
ATTEMPTS = 15
"""More runs than the faults of one step can make fail."""


class Life(RuleBasedStateMachine):
    """A stack, the sandbox, and somebody else."""

    sandbox: Sandbox
    counts: Counter[str]

    def __init__(self) -> None:
        super().__init__()
        self.stack = Stack(self.sandbox, max_retries=2)
        self.somebody = Somebody(self.sandbox)
        self.touched = False
        self.counts["examples"] += 1

    def teardown(self) -> None:
        """Close the connections."""
        self.stack.__exit__(None, None, None)
        self.somebody.__exit__(None, None, None)

    @initialize()
    def begins(self) -> None:
        """Start with a workspace that a program may share, and one that it may not touch."""
        self.sandbox.reset()
        self.somebody.settles_in()
        self.somebody.creates(TEAM, description="For all")
        self.somebody.sets(TEAM, "lifetime", 5_000_000)
        self.somebody.adds(TEAM, USER_IDS[EMAILS[0]])

    @rule(program=programs(), refresh=st.booleans(), faults=st.lists(FAULTS, max_size=3))
    def brings_up(self, program: list[Declared], refresh: bool, faults: list[Any]) -> None:
        """Run `up` until it succeeds, and look at everything."""
        for fault in faults:
            method, path = fault["request"]
            counted = {"times": fault["times"], "skip": fault["skip"], **fault["action"]}
            self.sandbox.add_fault(method=method, path=path, **counted)
        refresh = refresh or self.touched
        planned = None if faults or refresh else self.stack.preview(program)
        before = self.now()
        steps = self.up(program, refresh=refresh, adopt=False)
        if steps is None:
            self.up_after_failures(program)
        elif planned is not None and not self.makes_a_workspace(program, before):
            assert steps == planned
        self.sandbox.clear_faults()
        self.touched = False
        self.look(before, program)

    @rule()
    def destroys(self) -> None:
        """Take everything down."""
        if self.touched:
            self.stack.refresh()
        before = self.now()
        self.stack.destroy()
        self.touched = False
        assert not self.stack.resources
        self.look(before, [])

    @rule(
        slug=st.sampled_from([*SLUGS, TEAM]),
        interval=st.sampled_from(sorted(LIMITS)),
        goes=st.booleans(),
    )
    def somebody_sets_a_limit(self, slug: str, interval: str, goes: bool) -> None:
        """Set or delete a limit by hand."""
        limit = None if goes else LIMITS[interval][2]
        self.by_hand(lambda: self.somebody.sets(slug, interval, limit))

    @rule(slug=st.sampled_from([*SLUGS, TEAM]), email=st.sampled_from(EMAILS), comes=st.booleans())
    def somebody_moves_people(self, slug: str, email: str, comes: bool) -> None:
        """Put a person in or take one out by hand."""
        move = self.somebody.adds if comes else self.somebody.removes
        self.by_hand(lambda: move(slug, USER_IDS[email]))

    @rule(
        slug=st.sampled_from(SLUGS),
        fields=st.sampled_from(
            [
                {"description": "By hand"},
                {"name": "By hand"},
                {"io_logging_sampling_rate": 0.125},
                {"default_text_model": "a/b"},
                {"slug": "by-hand"},
            ]
        ),
    )
    def somebody_changes_a_workspace(self, slug: str, fields: dict[str, Any]) -> None:
        """Change fields of a workspace by hand, the slug among them."""
        self.by_hand(lambda: self.somebody.changes(slug, **fields))

    @rule(slug=st.sampled_from(SLUGS))
    def somebody_deletes_a_workspace(self, slug: str) -> None:
        """Delete a workspace by hand."""
        self.by_hand(lambda: self.somebody.deletes(slug))

    @rule(slug=st.sampled_from(SLUGS))
    def somebody_creates_a_workspace(self, slug: str) -> None:
        """Create a workspace by hand, under a slug that a program may want."""
        if all(one["slug"] != "by-hand" for one in self.sandbox.state()["workspaces"]):
            self.by_hand(lambda: self.somebody.creates(slug, description="By hand"))

    def by_hand(self, change: Any) -> None:
        """Make a change, unless the API refuses it."""
        try:
            change()
        except httpx.HTTPStatusError:
            return
        self.touched = True

    def now(self) -> Before:
        """Return what there is before a run."""
        workspaces = {one["id"]: one for one in self.sandbox.state()["workspaces"]}
        return Before(workspaces, dict(self.stack.resources), [*self.stack.leaving])

    def makes_a_workspace(self, program: list[Declared], before: Before) -> bool:
        """Tell whether the preview had an unknown id in it."""
        return any(one.kind == "Workspace" and one.key not in before.state for one in program)

    def up(self, program: list[Declared], *, refresh: bool, adopt: bool) -> Counter[str] | None:
        """Run `up` once; return its steps, or None when it failed for a reason that there was."""
        injected = self.injected()
        steps: list[Counter[str]] = []
        self.error = failure(
            lambda: steps.append(self.stack.up(program, refresh=refresh, adopt=adopt))
        )
        injected = self.injected() - injected
        self.counts.update(runs=1, injected=injected)
        if self.error is not None:
            assert injected or isinstance(self.error, ConflictError), self.error
            return None
        return steps[0]

    def up_after_failures(self, program: list[Declared]) -> None:
        """Run `up` until it succeeds, doing what the error asks for."""
        for _ in range(ATTEMPTS):
            adopt = isinstance(self.error, ConflictError)
            if self.up(program, refresh=self.touched, adopt=adopt) is not None:
                return
        pytest.fail(f"no run succeeds: {self.error}")

    def injected(self) -> int:
        """Return how many faults were injected since the last clear."""
        return sum(fault["injected"] for fault in self.sandbox.faults())

    def look(self, before: Before, program: list[Declared]) -> None:
        """Demand that all is as it has to be, and stays so."""
        after = self.sandbox.state()["workspaces"]
        assert [*differences(before, program, after)] == []
        self.sandbox.clear_requests()
        assert {*self.stack.up(program)} <= {"same"}
        assert self.sandbox.requests(writes_only=True) == []
        assert self.stack.refresh() == []
        assert {*self.stack.up(program)} <= {"same"}
        assert self.sandbox.requests(writes_only=True) == []


@pytest.mark.timeout(6 * 3600)
def test_random_lives(sandbox: Sandbox, record: Record, pytestconfig: pytest.Config) -> None:
    """Whatever programs, others and faults do, an `up` that succeeds has made the program true."""
    soak = bool(pytestconfig.getoption("--soak"))
    counts: Counter[str] = Counter()
    machine = type("Life", (Life,), {"sandbox": sandbox, "counts": counts})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=5_000 if soak else 100,
            stateful_step_count=8,
            derandomize=True,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            report_multiple_bugs=False,
            phases=[Phase.generate],
        ),
    )
    how = f"{counts['examples']:,} random lives of up to 8 steps"
    case = Case.of(
        Verdict(converged=True, duplicates=0, losses=0),
        Section.STATEFUL,
        "outages, lost requests and answers, changes by hand",
        how,
        injected=counts["injected"],
        runs=counts["runs"],
    )
    cases = counts["examples"]
    record(dataclasses.replace(case, cases=cases, converged=cases))
