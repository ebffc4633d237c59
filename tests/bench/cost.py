"""Time beside the engine's own: the package and two providers that do nothing, in turns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from bench.lives import Life, Subject, lead
from bench.section import ENGINE_NAMES, Section, Tick, table
from bench.server import Server
from bench.workload import Step
from harness.project import Engine

STEPS = (Step.PREVIEW, Step.UP, Step.NO_OP, Step.REFRESH, Step.DESTROY)
LATENCIES_SECONDS = (0.0, 0.05)
LIMIT = 1.15


@dataclass(frozen=True)
class Cost(Section):
    """Leads the lives of all subjects, several times."""

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
        head = ["Engine", "N", "Latency", "Step", "Sleeping", "Sending", "Package"]
        ratios = [f"Package / {floor}, at most {LIMIT}" for floor in ("sleeping", "sending")]
        return [
            "Beside the package the same program on two dynamic providers that do nothing, with "
            "the same inputs, which they return as their outputs, and as many calls at once. "
            "`Sleeping` sleeps once for each "
            "request, as long as the latency: the engine's own time. `Sending` sends each request "
            "over a bare connection (`http.client`, nothing validated, nothing retried) and so "
            "waits for the same answers: the least that work over HTTP takes with an API on the "
            f"same cores. Seconds, medians of {self.repetitions}, all in turns. Where `Sending` "
            f"itself is beyond {LIMIT} times `Sleeping`, no client can keep the first limit: such "
            "a ratio is in italics.",
            "",
            *table([*head, *ratios], rows),
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
            sleeping, sending, package = (
                median(seconds[step, subject])
                for subject in (Subject.FLOOR, Subject.BARE_FLOOR, Subject.PACKAGE)
            )
            case = [ENGINE_NAMES[engine], workspaces, f"{latency * 1000:.0f} ms", step.value]
            times = [f"{time:.2f}" for time in (sleeping, sending, package)]
            hopeless = sending / sleeping > LIMIT
            ratios = [_ratio(package / sleeping, hopeless=hopeless), _ratio(package / sending)]
            rows.append([*case, *times, *ratios])
        return rows


def _ratio(ratio: float, *, hopeless: bool = False) -> str:
    mark = "" if ratio <= LIMIT else "*" if hopeless else "**"
    return f"{mark}{ratio:.2f}{mark}"
