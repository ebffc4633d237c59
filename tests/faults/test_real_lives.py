"""Random lives on the real engine: the same programs, the same expectations, other steps."""

from __future__ import annotations

import dataclasses
import gc
import itertools
import warnings
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, note, seed, settings

from faults.conftest import ON_CLI, Record
from faults.declared import Declared, Options
from faults.lives import Life
from faults.random_programs import Step, Up, lives
from faults.real_engine import RealStack
from faults.results import CLI, Case, Section
from faults.world import Verdict
from pulumi_openrouter.sandbox import Sandbox

MANY = 200

pytestmark = [*ON_CLI, pytest.mark.soak]


def for_the_engine(step: Step) -> Step:
    """Return a step without what only the driver can bring about.

    The CLI refuses a target that is not in the state, so the driver alone has targets.
    """
    if not isinstance(step, Up):
        return step
    program = [_without_ignored(one) for one in step.program]
    return dataclasses.replace(
        step, program=program, cut_after=None, faults=(), order=0, targets=None
    )


def _without_ignored(one: Declared) -> Declared:
    options = {**vars(one.options), "ignore": ()}
    return dataclasses.replace(one, options=Options(**options))


@pytest.mark.timeout(6 * 3600)
def test_random_lives_on_the_real_engine(
    sandbox: Sandbox, tmp_path: Path, lives_seed: int, record: Record
) -> None:
    """What holds of every run in the driver holds of the real engine's runs as well."""
    counts: Counter[str] = Counter()
    numbers = itertools.count()

    @seed(lives_seed)
    @settings(
        max_examples=MANY,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
        print_blob=True,
        # A life takes a minute, and shrinking lives many.
        phases=[Phase.reuse, Phase.generate],
    )
    @given(lives(4))
    def live(steps: Sequence[Step]) -> None:
        steps = [*map(for_the_engine, steps)]
        note(f"the life: {steps!r}")
        folder = tmp_path / str(next(numbers))
        stacks = [RealStack(sandbox, folder, name) for name in ("dev", "guests")]
        with Life(sandbox, counts, stacks=stacks) as life:
            life.live(steps)

    live()
    with warnings.catch_warnings():
        # The SDK leaves open the event loops in which it runs programs of this process.
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
    case = Case.of(
        Verdict(converged=True, duplicates=0, losses=0),
        Section.STATEFUL,
        "changes by hand, replacements, moves, renames, protection, keys",
        "random lives of up to 4 steps",
        injected=counts["injected"],
        runs=counts["runs"],
        runner=CLI,
    )
    record(dataclasses.replace(case, cases=counts["lives"], converged=counts["lives"]))
