"""Requests: how many each step sends, which must be exactly as many as it needs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.lives import Life, Subject, lead
from bench.section import ENGINE_NAMES, Section, Tick, table
from bench.server import Server
from bench.workload import Step, Variant, requests_of
from harness.project import Engine

# Terraform with a generic REST provider, for the same work at N = 20.
PEER_AT_20 = {Step.UP: 140, Step.REFRESH: 60, Step.CHANGE: 100, Step.DESTROY: 140}
FORMULAS = {
    Step.PREVIEW: "0",
    Step.UP: "4N",
    Step.NO_OP: "0",
    Step.NO_OP_PREVIEW: "0",
    Step.REFRESH: "2N + (N + 1)/100, rounded up",
    Step.PREVIEW_REFRESH: "2N + (N + 1)/100, rounded up",
    Step.CHANGE: "N",
    Step.DESTROY: "5N",
}
# What other programs cost, where it differs: which program, up to which step, and how much.
OTHERS = (
    ("destroy, with `deleted_with`", Variant.DELETED_WITH, (Step.UP, Step.DESTROY), "N"),
    ("first preview, all adopted", Variant.ADOPTED, (Step.PREVIEW,), "2N + 1"),
)


@dataclass(frozen=True)
class Requests(Section):
    """Leads whole lives and compares what they cost with what they may."""

    runs: Sequence[tuple[Engine, int]]
    title = "Requests"

    def __len__(self) -> int:
        """One piece for each step of each life."""
        return len(self.runs) * (len(Step) + sum(len(steps) for _, _, steps, _ in OTHERS))

    def run(self, server: Server, tick: Tick) -> list[str]:
        """Count."""
        columns = [self._column(run, server, tick) for run in self.runs]
        heads = [f"N = {number}, {ENGINE_NAMES[engine]}" for engine, number in self.runs]
        cases = [[step.value, FORMULAS[step], PEER_AT_20.get(step, "")] for step in Step]
        cases += [[name, formula, ""] for name, _, _, formula in OTHERS]
        rows = [
            [name, formula, *cells, peer]
            for (name, formula, peer), *cells in zip(cases, *columns, strict=True)
        ]
        return [
            "N workspaces, each with two limits in one WorkspaceBudget and a membership of three "
            "people by user id. The sandbox counts the requests by operation, and each count must "
            "be exactly what the second column says; one that is not is in bold. A destroy looks "
            "at the keys of each workspace once, and deletes two limits, the people and the "
            "workspace. Where the program sets `deleted_with` on a workspace's budget and "
            "membership, only the workspace is deleted. A preview of workspaces that are adopted "
            "looks at each of them and at its limits, which a budget may overwrite, and reads the "
            "organization once for people named by email. The last column is what Terraform with a "
            "generic REST provider sends for the same work at N = 20.",
            "",
            *table(["Step", "Allowed", *heads, "A peer at N = 20"], rows),
        ]

    def _column(self, run: tuple[Engine, int], server: Server, tick: Tick) -> list[str]:
        cells = self._cells(Life(Subject.PACKAGE, *run), Step, server, tick)
        for _, variant, steps, _ in OTHERS:
            life = Life(Subject.PACKAGE, *run, variant=variant)
            cells.append(self._cells(life, steps, server, tick)[-1])
        return cells

    def _cells(self, life: Life, steps: Iterable[Step], server: Server, tick: Tick) -> list[str]:
        cells = []
        for taken in lead(life, server, steps):
            total = sum(taken.requests.values())
            exact = taken.requests == requests_of(taken.step, life.workspaces, life.variant)
            cells.append(str(total) if exact else f"**{total}**")
            tick()
        return cells
