"""The real engine: requests, time and bytes of state beside a provider that does nothing.

On a file backend the engine writes the whole state before and after each operation on a resource,
so time grows faster than N there, and bytes of state are a cost.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from bench.counts import FORMULAS
from bench.lives import Life, Subject, Taken, lead
from bench.section import Section, Tick, table
from bench.server import Server
from bench.workload import Step, requests_of
from harness.project import Engine

SUBJECTS = (Subject.FLOOR, Subject.PACKAGE)
STEPS = (Step.UP, Step.NO_OP, Step.REFRESH, Step.CHANGE, Step.DESTROY)
RESOURCES_EACH = 3
# With this the engine writes its state only once, at the end, and a run that is killed loses it. It
# is here to show how much time the writing takes.
WRITTEN_ONCE = {"PULUMI_SKIP_CHECKPOINTS": "true"}

Measured = Mapping[tuple[int, Subject, Step], Sequence[Taken]]


@dataclass(frozen=True)
class RealEngine(Section):
    """Leads lives of the package and of the do-nothing provider on the Pulumi CLI, in turns."""

    repetitions: Mapping[int, int]
    version: str
    title = "On the real engine"

    def __len__(self) -> int:
        """One piece for each step of each life."""
        return sum(self.repetitions.values()) * (len(SUBJECTS) * len(STEPS) + 1)

    def run(self, server: Server, tick: Tick) -> list[str]:
        """Compare medians."""
        measured: dict[tuple[int, Subject, Step], list[Taken]] = defaultdict(list)
        written_once: dict[int, list[Taken]] = defaultdict(list)
        for size, repetitions in self.repetitions.items():
            for _ in range(repetitions):
                for subject in SUBJECTS:
                    for taken in lead(Life(subject, Engine.CLI, size), server, STEPS):
                        measured[size, subject, taken.step].append(taken)
                        tick()
                life = Life(Subject.FLOOR, Engine.CLI, size, environment=WRITTEN_ONCE)
                written_once[size] += lead(life, server, [Step.UP])
                tick()
        times = ", ".join(f"{count} at N = {size}" for size, count in self.repetitions.items())
        return [
            f"Pulumi CLI {self.version}, N workspaces with a budget of two limits and a membership "
            "of three people each, state in a file backend on this machine, no latency. Beside the "
            "package the same program on a provider that does nothing: it has the same inputs, "
            "returns them as its outputs, and sends nothing. Times are medians of all runs "
            f"({times}). A count of requests that is not exactly what is allowed is in bold.",
            "",
            *table(
                ["Step", "N", "Allowed", "Requests", "Do-nothing (s)", "Package (s)", "Ratio"],
                [self._step(measured, step, size) for step in STEPS for size in self.repetitions],
            ),
            "",
            "The state after the first `up`: the size of the file that the CLI wrote to its file "
            "backend (compact JSON, not compressed).",
            "",
            *table(
                ["N", "Do-nothing (bytes)", "Package (bytes)", "Ratio"],
                [self._state(measured, size) for size in self.repetitions],
            ),
            "",
            "How the first `up` grows. On a file or object-store backend the engine writes the "
            "whole state before and after each operation on a resource. Beside it the same `up` "
            "with the state written once, at the end (`PULUMI_SKIP_CHECKPOINTS`, with which a run "
            "that is killed forgets what it created). Both are the do-nothing provider's.",
            "",
            *table(
                ["N", "Resources", "Do-nothing (s)", "State written once (s)", "Writing"],
                [self._growth(measured, written_once, size) for size in self.repetitions],
            ),
        ]

    def _step(self, measured: Measured, step: Step, size: int) -> list[object]:
        floor, package = (_seconds(measured[size, subject, step]) for subject in SUBJECTS)
        counts = [taken.requests for taken in measured[size, Subject.PACKAGE, step]]
        total = sum(counts[0].values())
        exact = all(count == requests_of(step, size) for count in counts)
        requests = total if exact else f"**{total}**"
        times = [f"{floor:.2f}", f"{package:.2f}", f"{package / floor:.2f}"]
        return [step.value, size, FORMULAS[step], requests, *times]

    def _state(self, measured: Measured, size: int) -> list[object]:
        floor, package = (
            median(taken.state_bytes for taken in measured[size, subject, Step.UP])
            for subject in SUBJECTS
        )
        return [size, f"{floor:,.0f}", f"{package:,.0f}", f"{package / floor:.2f}"]

    def _growth(
        self, measured: Measured, written_once: Mapping[int, Sequence[Taken]], size: int
    ) -> list[object]:
        always = _seconds(measured[size, Subject.FLOOR, Step.UP])
        once = _seconds(written_once[size])
        share = f"{(always - once) / always:.0%}"
        return [size, size * RESOURCES_EACH, f"{always:.2f}", f"{once:.2f}", share]


def _seconds(taken: Sequence[Taken]) -> float:
    return median(one.seconds for one in taken)
