"""Random lives: programs, changes by others and faults, one after the other.

However a run ends, nothing live is lost, nothing live is forgotten. After every `up` that succeeds
the API is what the program says, everything else is as it was, no object has two owners, a second
`up` writes nothing and a refresh finds nothing. What `up` does a preview has said before.
"""

from __future__ import annotations

import dataclasses
import random
from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, seed, settings

from faults.at_hand import SandboxAtHand
from faults.conftest import Record
from faults.lives import Life
from faults.random_programs import Step, lives
from faults.results import Case, Section
from faults.world import Verdict

MANY = 10_000
FEW = 150


@pytest.mark.timeout(6 * 3600)
def test_random_lives(record: Record, pytestconfig: pytest.Config) -> None:
    """Whatever programs, others and faults do, an `up` that succeeds has made the program true."""
    start = pytestconfig.getoption("--lives-seed")
    start = random.randrange(2**32) if start is None else start  # noqa: S311 - not a secret
    print(f"seed of the lives: {start}")  # noqa: T201 - pytest shows it where the test fails
    pytestconfig.stash[LIVES_SEED] = start
    counts: Counter[str] = Counter()
    with SandboxAtHand() as sandbox:

        @seed(start)
        @settings(
            max_examples=MANY if pytestconfig.getoption("--soak") else FEW,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            report_multiple_bugs=False,
            print_blob=True,
        )
        @given(lives())
        def live(steps: Sequence[Step]) -> None:
            with Life(sandbox, counts, sandbox.line) as life:
                life.live(steps)

        live()
