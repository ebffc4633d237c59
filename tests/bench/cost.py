"""Time beside the engine's own: the package and a provider that does nothing, in turns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from bench.lives import Life, Subject, lead
from bench.section import ENGINE_NAMES, Section, Tick, table, verdict
from bench.server import Server
from bench.workload import Step
from harness.project import Engine

STEPS = (Step.PREVIEW, Step.UP, Step.NO_OP, Step.REFRESH, Step.DESTROY)
LATENCIES_SECONDS = (0.0, 0.05)
LIMIT = 1.15


@dataclass(frozen=True)
class Cost(Section):
    """Leads the lives of both subjects, several times."""

    sizes: Mapping[Engine, int]
    repetitions: int
    title = "Time beside the engine's own"

    def __len__(self) -> int:
        """One piece for each step of each life."""
        lives = len(self.sizes) * len(LATENCIES_SECONDS) * self.repetitions * len(Subject)
        return lives * len(STEPS)

    def run(self, server: Server, tick: Tick) -> list[str]:
        """Compare medians."""
        rows = [
            row
            for engine, workspaces in self.sizes.items()
            for latency in LATENCIES_SECONDS
            for row in self._rows(engine, workspaces, latency, server, tick)
        ]
        head = ["Engine", "N", "Latency", "Step", "Do-nothing", "Package", "Ratio", "At most 1.15"]
        return [
            "The same program on a dynamic provider that does nothing but sleep once for each "
            "request, with the same properties and as many calls at once, is the engine's own "
            f"time. Seconds, medians of {self.repetitions}, both subjects in turns. At 0 ms every "
            "exchange over HTTP with the sandbox, which runs on the same cores, counts against "
            "the package.",
            "",
            *table(head, rows),
        ]

    def _rows(
        self, engine: Engine, workspaces: int, latency: float, server: Server, tick: Tick
    ) -> Sequence[Sequence[object]]:
        seconds: dict[tuple[Step, Subject], list[float]] = defaultdict(list)
        for _ in range(self.repetitions):
            for subject in Subject:
                for taken in lead(Life(subject, engine, workspaces, latency), server, STEPS):
                    seconds[taken.step, subject].append(taken.seconds)
                    tick()
        rows = []
        for step in STEPS:
            floor = median(seconds[step, Subject.FLOOR])
            package = median(seconds[step, Subject.PACKAGE])
            ratio = package / floor
            times = [f"{floor:.2f}", f"{package:.2f}", f"{ratio:.2f}", verdict(ratio, LIMIT)]
            case = [ENGINE_NAMES[engine], workspaces, f"{latency * 1000:.0f} ms", step.value]
            rows.append([*case, *times])
        return rows
