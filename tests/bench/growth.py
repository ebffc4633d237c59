"""Growth: whether the three-thousandth resource costs what the three-hundredth does.

Each life is led by a process of its own, `python -m bench.growth`, whose memory is the engine's.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from bench.lives import Life, Subject, lead
from bench.section import Section, Tick, table, verdict
from bench.server import Server, steered
from bench.workload import Step
from harness.project import Engine

STEPS = (Step.UP, Step.NO_OP, Step.REFRESH, Step.DESTROY)
LIMIT = 1.3
RESOURCES_EACH = 3
# Linux counts in KiB, macOS in bytes.
UNIT = 1 if sys.platform == "darwin" else 1024
MEMORY = "peak memory"
QUANTITIES = {**{step.value: "ms" for step in STEPS}, MEMORY: "KiB"}


@dataclass(frozen=True)
class Growth(Section):
    """Compares what a resource costs at two sizes, less what a stack of one workspace costs."""

    sizes: tuple[int, int]
    title = "Growth"

    def __len__(self) -> int:
        """One piece for each life."""
        return 1 + len(self.sizes)

    def run(self, server: Server, tick: Tick) -> list[str]:
        """Compare the costs of one resource more."""
        least = _life_of(1, server)
        tick()
        per_resource = []
        for size in self.sizes:
            whole = _life_of(size, server)
            count = (size - 1) * RESOURCES_EACH
            per_resource.append({name: (whole[name] - least[name]) / count for name in QUANTITIES})
            tick()
        few, many = per_resource
        rows = [
            [
                f"{name} ({unit})",
                f"{few[name]:.2f}",
                f"{many[name]:.2f}",
                f"{many[name] / few[name]:.2f}",
                verdict(many[name] / few[name], LIMIT),
            ]
            for name, unit in QUANTITIES.items()
        ]
        counts = [f"{size * RESOURCES_EACH} resources" for size in self.sizes]
        return [
            "Offline engine, no latency. What each resource adds to a stack of one workspace: time "
            "of each step, and memory of the engine and of the larger of program and provider.",
            "",
            *table(["Per resource", *counts, "Ratio", f"At most {LIMIT}"], rows),
        ]


def _life_of(workspaces: int, server: Server) -> dict[str, float]:
    answer = subprocess.run(
        [sys.executable, "-m", __spec__.name, str(workspaces), server.control_url],
        check=True,
        stdout=subprocess.PIPE,
        env={**os.environ, **server.environment},
    )
    measured: dict[str, float] = json.loads(answer.stdout)
    return measured


def _measure(workspaces: int, server: Server) -> dict[str, float]:
    life = Life(Subject.PACKAGE, Engine.OFFLINE, workspaces)
    taken = {one.step.value: one.seconds * 1000 for one in lead(life, server, STEPS)}
    peaks = [
        resource.getrusage(who).ru_maxrss * UNIT / 1024
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    ]
    return {**taken, MEMORY: sum(peaks)}


def _main(arguments: Sequence[str]) -> None:
    workspaces, control_url = arguments
    names = ("OPENROUTER_BASE_URL", "OPENROUTER_MANAGEMENT_KEY")
    with steered(control_url, {name: os.environ[name] for name in names}) as server:
        json.dump(_measure(int(workspaces), server), sys.stdout)


if __name__ == "__main__":
    _main(sys.argv[1:])
