"""Requests: how many each step sends, which has to be exactly as many as it needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bench.lives import Life, Subject, lead
from bench.section import ENGINE_NAMES, Section, Tick, table
from bench.server import Server
from bench.workload import Step, requests_of
from harness.project import Engine

# Terraform with a generic REST provider, for the same work at N = 20.
PEER_AT_20 = {Step.UP: 140, Step.REFRESH: 60, Step.CHANGE: 100, Step.DESTROY: 140}
FORMULAS = {
    Step.PREVIEW: "0",
    Step.UP: "4N",
    Step.NO_OP: "0",
    Step.NO_OP_PREVIEW: "0",
    Step.REFRESH: "2N + N/100, rounded up",
    Step.PREVIEW_REFRESH: "2N + N/100, rounded up",
    Step.CHANGE: "N",
    Step.DESTROY: "N",
}


@dataclass(frozen=True)
class Requests(Section):
    """Leads whole lives and compares what they cost with what they may."""

    runs: Sequence[tuple[Engine, int]]
    title = "Requests"

    def __len__(self) -> int:
        """One piece for each step of each life."""
        return len(self.runs) * len(Step)

    def run(self, server: Server, tick: Tick) -> list[str]:
        """Count."""
        columns = [self._column(Life(Subject.PACKAGE, *run), server, tick) for run in self.runs]
        heads = [f"N = {number}, {ENGINE_NAMES[engine]}" for engine, number in self.runs]
        rows = [
            [step.value, FORMULAS[step], *cells, PEER_AT_20.get(step, "")]
            for step, *cells in zip(Step, *columns, strict=True)
        ]
        return [
            "N workspaces, each with two limits in one WorkspaceBudget and a membership of three "
            "people by user id. Counted by the sandbox, by operation and exactly; where a count is "
            "not what the second column says, the table shows it in bold. The last column is what "
            "Terraform with a generic REST provider sends for the same work at N = 20.",
            "",
            *table(["Step", "Allowed", *heads, "A peer at N = 20"], rows),
        ]

    def _column(self, life: Life, server: Server, tick: Tick) -> list[str]:
        cells = []
        for taken in lead(life, server, Step):
            total = sum(taken.requests.values())
            exact = taken.requests == requests_of(taken.step, life.workspaces)
            cells.append(str(total) if exact else f"**{total}**")
            tick()
        return cells
