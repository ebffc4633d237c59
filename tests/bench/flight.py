"""Requests in flight: what `--parallel 32` and `openrouter:maxConcurrency` make of a first up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bench.lives import Life, Subject, lead
from bench.section import ENGINE_NAMES, Section, Tick, table
from bench.server import Server
from bench.workload import Step
from harness.project import Engine

WORKSPACES = 60
LATENCY_SECONDS = 0.2
PARALLEL = 32
# By limit, what is allowed: from and to.
ALLOWED = {32: (28, 32), 5: (1, 5)}


@dataclass(frozen=True)
class InFlight(Section):
    """Brings a program up with many resources at once."""

    engines: Sequence[Engine]
    title = "Requests in flight"

    def __len__(self) -> int:
        """One piece for each engine and limit."""
        return len(self.engines) * len(ALLOWED)

    def run(self, server: Server, tick: Tick) -> list[str]:
        """Look at the sandbox's highest number in flight."""
        rows = []
        for engine in self.engines:
            for limit, (least, most) in ALLOWED.items():
                config = {"openrouter:maxConcurrency": str(limit)}
                life = Life(Subject.PACKAGE, engine, WORKSPACES, LATENCY_SECONDS, PARALLEL, config)
                [up] = lead(life, server, [Step.UP])
                kept = "yes" if least <= up.in_flight <= most else "**no**"
                rows.append([ENGINE_NAMES[engine], limit, f"{least} to {most}", up.in_flight, kept])
                tick()
        return [
            f"The first `up` of {WORKSPACES} workspaces with `--parallel {PARALLEL}`; the sandbox "
            f"takes {LATENCY_SECONDS * 1000:.0f} ms for each answer.",
            "",
            *table(["Engine", "maxConcurrency", "Allowed", "Most in flight", "Kept"], rows),
        ]
