"""Growth: whether the three-thousandth resource costs what the three-hundredth does.

Each life is led by a process of its own, `python -m bench.growth`, whose memory is the engine's.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median

import psutil

from bench.lives import Life, Subject, lead
from bench.section import Section, Tick, table, verdict
from bench.server import Server, steered
from bench.workload import Step
from harness.project import Engine

STEPS = (Step.UP, Step.NO_OP, Step.REFRESH, Step.DESTROY)
LIMIT = 1.3
RESOURCES_EACH = 3
KIB = 1024
SAMPLE_SECONDS = 0.02
MEMORY = "peak memory"
QUANTITIES = {**{step.value: "ms" for step in STEPS}, MEMORY: "KiB"}


@dataclass(frozen=True)
class Growth(Section):
    """Compares what a resource costs at two sizes, less what a stack of one workspace costs."""

    sizes: tuple[int, int]
    repetitions: int
    title = "Growth"

    def __len__(self) -> int:
        """One piece for each life."""
        return self.repetitions * (1 + len(self.sizes))

    def run(self, server: Server, tick: Tick) -> list[str]:
        """Compare the costs of one resource more."""
        lives: dict[int, list[dict[str, float]]] = {size: [] for size in (1, *self.sizes)}
        for _ in range(self.repetitions):
            for size, measured in lives.items():
                measured.append(_life_of(size, server))
                tick()
        few, many = (_per_resource(lives[1], lives[size], size) for size in self.sizes)
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
            "of each step, and memory of engine, program and provider together. Medians of "
            f"{self.repetitions}.",
            "",
            *table(["Per resource", *counts, "Ratio", f"At most {LIMIT}"], rows),
        ]


def _per_resource(
    least: Sequence[dict[str, float]], whole: Sequence[dict[str, float]], workspaces: int
) -> dict[str, float]:
    count = (workspaces - 1) * RESOURCES_EACH
    return {
        name: (median(life[name] for life in whole) - median(life[name] for life in least)) / count
        for name in QUANTITIES
    }


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
    with _memory_samples() as memory:
        taken = {one.step.value: one.seconds * 1000 for one in lead(life, server, STEPS)}
    return {**taken, MEMORY: max(memory)}


@contextmanager
def _memory_samples() -> Iterator[list[float]]:
    """Collect, until the block ends, what this process and those below it hold, in KiB.

    Sampled: the system's own maximum of a process counts what its parent held when it began.
    """
    engine = psutil.Process()
    samples: list[float] = []
    done = threading.Event()

    def sample() -> None:
        while not done.wait(SAMPLE_SECONDS):
            held = sum(_resident(one) for one in (engine, *engine.children(recursive=True)))
            samples.append(held / KIB)

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield samples
    finally:
        done.set()
        thread.join()


def _resident(process: psutil.Process) -> int:
    try:
        return process.memory_info().rss
    except psutil.NoSuchProcess:
        return 0


def _main(arguments: Sequence[str]) -> None:
    workspaces, control_url = arguments
    names = ("OPENROUTER_BASE_URL", "OPENROUTER_MANAGEMENT_KEY")
    with steered(control_url, {name: os.environ[name] for name in names}) as server:
        json.dump(_measure(int(workspaces), server), sys.stdout)


if __name__ == "__main__":
    _main(sys.argv[1:])
