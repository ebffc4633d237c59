"""Random lives: programs, changes by others and faults, one after the other.

However a run ends, nothing live is lost, and nothing live is forgotten. After every `up` that
succeeds the API is what the program says, everything else is as it was, no object has two owners, a
second `up` writes nothing and a refresh finds nothing. What an `up` does, its preview has said.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, note, seed, settings

from faults.at_hand import SandboxAtHand
from faults.conftest import Record
from faults.lives import Life
from faults.random_programs import Step, lives
from faults.results import Case, Section
from faults.world import Verdict

FEW = 150
MANY = 10_000


@pytest.mark.timeout(6 * 3600)
def test_random_lives(lives_seed: int, record: Record, pytestconfig: pytest.Config) -> None:
    """Whatever programs, others and faults do, no run loses or forgets anything that is live.

    The lives are others in each run. One that fails is shrunk, printed as what to call `live` with,
    kept in Hypothesis's database, and lived again by the next run.
    """
    counts: Counter[str] = Counter()
    with SandboxAtHand() as sandbox:

        @seed(lives_seed)
        @settings(
            max_examples=MANY if pytestconfig.getoption("--soak") else FEW,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            report_multiple_bugs=False,
            print_blob=True,
        )
        @given(lives())
        def live(steps: Sequence[Step]) -> None:
            note(f"the life: {steps!r}")
            with Life(sandbox, counts, sandbox.line) as life:
                life.live(steps)

        live()
    case = Case.of(
        Verdict(converged=True, duplicates=0, losses=0),
        Section.STATEFUL,
        "outages, lost requests and answers, runs that are cut off, changes by hand",
        "random lives of up to 8 steps",
        injected=counts["injected"],
        runs=counts["runs"],
    )
    record(dataclasses.replace(case, cases=counts["lives"], converged=counts["lives"]))
