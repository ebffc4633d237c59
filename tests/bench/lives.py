"""One program from its first preview to its destruction, step by step, with what each step took.

Three subjects lead the same life: the package, and two floors, which are the same program on a
provider that does nothing but sleep, or nothing but send the same requests (`idle`). What the
package takes beyond these is its own.
"""

from __future__ import annotations

import enum
import functools
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from bench.server import Server
from bench.workload import PEOPLE, STACK, Counts, Step, Variant, program, slugs
from harness.project import Engine, Outcome, Project
from pulumi_openrouter.resources import pool

IDLE = Path(__file__).with_name("idle.py")
STATE_FOLDERS = {Engine.OFFLINE: ".pulumi-offline", Engine.CLI: "backend/.pulumi/stacks"}


class Subject(enum.Enum):
    """Which provider the program uses."""

    PACKAGE = "pulumi-openrouter"
    FLOOR = "do-nothing provider"
    BARE_FLOOR = "do-nothing provider with the same requests"


@dataclass(frozen=True)
class Life:
    """What is run: who, on which engine, how much, how far away the API is, which program."""

    subject: Subject
    engine: Engine
    workspaces: int
    latency_seconds: float = 0.0
    parallel: int | None = None
    config: Mapping[str, str] = field(default_factory=dict)
    variant: Variant = Variant.PLAIN
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Taken:
    """What one step took, and the size of the state file that the engine left behind."""

    step: Step
    seconds: float
    requests: Counts
    in_flight: int
    state_bytes: int


def lead(life: Life, server: Server, steps: Iterable[Step]) -> Iterator[Taken]:
    """Do the steps one after the other, each a run of the engine with processes of its own."""
    server.remote.reset()
    if life.variant is Variant.ADOPTED:
        _create_workspaces(life.workspaces, server)
    server.remote.set_latency(life.latency_seconds)
    with tempfile.TemporaryDirectory() as folder:
        project = prepare(life, server, Path(folder))
        for step in steps:
            if step is Step.CHANGE:
                _write(project, life, server, "second")
            server.remote.clear_requests()
            began = time.perf_counter()
            _run(project, step, life.parallel)
            seconds = time.perf_counter() - began
            counts = server.remote.counts()
            state = _state_file(project)
            yield Taken(
                step,
                seconds,
                counts["by_operation"],
                counts["max_in_flight"],
                state.stat().st_size if state.exists() else 0,
            )


def prepare(life: Life, server: Server, folder: Path) -> Project:
    """Set up the project of a life, with its first program."""
    for module in (IDLE, pool.__file__):
        shutil.copy(module, folder)
    waiting = {
        "BENCH_LATENCY_SECONDS": str(life.latency_seconds),
        "BENCH_BARE_REQUESTS": str(int(life.subject is Subject.BARE_FLOOR)),
    }
    environment = {**server.environment, **waiting, **life.environment}
    project = Project(folder, life.engine, environment, stack=STACK)
    for key, value in life.config.items():
        project.set_config(key, value)
    _write(project, life, server, "first")
    return project


def _write(project: Project, life: Life, server: Server, description: str) -> None:
    by, field = ("emails", "email") if life.variant is Variant.ADOPTED else ("user_ids", "id")
    people = server.people(PEOPLE, field)
    text = program(life.workspaces, people, description=description, by=by, variant=life.variant)
    if life.subject is not Subject.PACKAGE:
        text = f"    import idle as openrouter\n{text}"
    project.program(text)


def _create_workspaces(workspaces: int, server: Server) -> None:
    """Create what the program adopts, as somebody would have done by hand."""
    headers = {"Authorization": f"Bearer {server.environment['OPENROUTER_MANAGEMENT_KEY']}"}
    with httpx.Client(base_url=server.environment["OPENROUTER_BASE_URL"], headers=headers) as api:
        for slug in slugs(workspaces):
            api.post("/workspaces", json={"name": slug, "slug": slug}).raise_for_status()


def _state_file(project: Project) -> Path:
    folder = project.folder / STATE_FOLDERS[project.engine]
    return folder / project.name / f"{project.stack_name}.json"


def _run(project: Project, step: Step, parallel: int | None) -> None:
    options = {} if parallel is None else {"parallel": parallel}
    operations: dict[Step, Callable[..., Outcome]] = {
        Step.PREVIEW: project.preview,
        Step.UP: project.up,
        Step.NO_OP: project.up,
        Step.NO_OP_PREVIEW: project.preview,
        Step.REFRESH: project.refresh,
        Step.PREVIEW_REFRESH: functools.partial(project.preview, refresh=True),
        Step.CHANGE: project.up,
        Step.DESTROY: project.destroy,
    }
    operations[step](**options)
