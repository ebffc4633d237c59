"""Time and requests against N, for the plot."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.lives import Life, Subject, lead
from bench.plot import Curves, draw
from bench.section import Section, Tick, table
from bench.server import Server
from bench.workload import Step
from harness.project import Engine

SUBJECTS = (Subject.PACKAGE, Subject.FLOOR)
STEPS = (Step.UP, Step.NO_OP, Step.REFRESH, Step.DESTROY)
LATENCY_SECONDS = 0.05
# What the Pulumi CLI does by itself on two cores.
PARALLEL = 8


@dataclass(frozen=True)
class Sweep(Section):
    """Leads a life of both subjects at each N, and draws what it took."""

    sizes: Sequence[int]
    svg: Path
    title = "Time and requests against N"

    def __len__(self) -> int:
        """One piece for each step of each life."""
        return len(self.sizes) * len(SUBJECTS) * len(STEPS)

    def run(self, server: Server, tick: Tick) -> list[str]:
        """Measure, and draw the plot."""
        seconds: dict[tuple[Step, Subject], list[float]] = defaultdict(list)
        requests: dict[Step, list[int]] = defaultdict(list)
        for size in self.sizes:
            for subject in SUBJECTS:
                life = Life(subject, Engine.OFFLINE, size, LATENCY_SECONDS, PARALLEL)
                for taken in lead(life, server, STEPS):
                    seconds[taken.step, subject].append(taken.seconds)
                    if subject is Subject.PACKAGE:
                        requests[taken.step].append(sum(taken.requests.values()))
                    tick()
        curves = {
            step.value: Curves(
                seconds[step, Subject.PACKAGE],
                seconds[step, Subject.FLOOR],
                [math.ceil(count / PARALLEL) * LATENCY_SECONDS for count in requests[step]],
                requests[step],
            )
            for step in STEPS
        }
        draw(self.sizes, curves, self.svg)
        return self._lines(curves)

    def _lines(self, curves: dict[str, Curves]) -> list[str]:
        rows = [
            [step, size, f"{package:.2f}", f"{engine:.2f}", f"{latency:.2f}", count]
            for step, one in curves.items()
            for size, package, engine, latency, count in zip(
                self.sizes, one.package, one.engine, one.latency, one.requests, strict=True
            )
        ]
        head = ["Step", "N", "Package (s)", "Engine's floor (s)", "Latency floor (s)", "Requests"]
        return [
            f"Offline engine, one run each, {LATENCY_SECONDS * 1000:.0f} ms latency, `--parallel "
            f"{PARALLEL}`. The engine's floor is the do-nothing provider with the same sleeps; the "
            f"latency floor is the requests alone, {PARALLEL} at a time.",
            "",
            f"![Time and requests against N]({self.svg.name})",
            "",
            *table(head, rows),
        ]
