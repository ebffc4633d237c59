"""Kill -9 of the provider, the program or the engine, at every request of a run in turn.

The sandbox holds one request, before it is handled or between the change and its answer; then the
process is killed. The next `up` converges by itself wherever the engine knew of the object. Where
it could not know, it ends with the conflict message, and one run that adopts converges.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import pytest

from conftest import NewProject
from faults.conftest import ON_CLI, Record
from faults.processes import Victim, kill, kill_all
from faults.results import CLI, OFFLINE, Case, Section
from faults.world import World, judge, world
from harness import Engine, Failure, Project
from harness.organization import Somebody, people
from pulumi_openrouter.sandbox import Sandbox

Moment = Literal[True, "answer"]

PROGRAM = """
prod = openrouter.Workspace("prod", description={description!r})
openrouter.WorkspaceBudget("prod", workspace=prod, {limits})
openrouter.WorkspaceMembership("prod", workspace=prod, user_ids={people!r})
"""
ADOPT = {"OPENROUTER_ADOPT_EXISTING": "1"}
# Generous: it is only used up where something is broken.
PATIENCE = 240
# Each test kills a program and runs it again until all is well, up to forty times.
pytestmark = pytest.mark.timeout(1200)
WHEN: Mapping[Moment, str] = {True: "before", "answer": "after"}
MOMENTS: Mapping[Moment, str] = {
    True: "before the request is handled",
    "answer": "between the change and its answer",
}
RUNNERS = {Engine.OFFLINE: OFFLINE, Engine.CLI: CLI}


def program(sandbox: Sandbox, turn: int) -> str:
    """Return one of two programs; from either to the other takes five requests."""
    description = ("Production", "More of it")[turn % 2]
    limits = ("monthly_usd=500, daily_usd=50", "monthly_usd=600")[turn % 2]
    who = (people(sandbox)[:2], people(sandbox)[1:3])[turn % 2]
    return PROGRAM.format(description=description, limits=limits, people=who)


# The provider outlives the program and finishes what it does: the moment makes no difference.
FIRST_RUNS = [
    *[
        pytest.param(Engine.OFFLINE, victim, moment, id=f"offline-{victim.value}-{WHEN[moment]}")
        for victim in Victim
        for moment in MOMENTS
        if victim is not Victim.PROGRAM or moment == "answer"
    ],
    *[
        pytest.param(Engine.CLI, victim, "answer", id=f"cli-{victim.value}", marks=ON_CLI)
        for victim in Victim
    ],
]


@pytest.mark.parametrize(("engine", "victim", "moment"), FIRST_RUNS, indirect=["engine"])
def test_a_killed_first_run(
    sandbox: Sandbox,
    somebody: Somebody,
    new_project: NewProject,
    record: Record,
    victim: Victim,
    moment: Moment,
) -> None:
    """Killed at any request of the run that creates everything, nothing is doubled or lost."""
    project = new_project(folder="without-a-kill")
    project.program(program(sandbox, 0))
    project.up()
    expected, total = world(sandbox), sandbox.counts()["total"]
    for number in range(total):
        sandbox.reset()
        somebody.settles_in()
        project = new_project(folder=f"killed-at-{number}")
        project.program(program(sandbox, 0))
        run_killed(sandbox, project, victim, number, moment)
        runs = 1 + converge(project, may_conflict=victim is not Victim.PROGRAM)
        fault = f"{victim.value} killed in a first run"
        finish(record, sandbox, expected, project, fault, moment, runs)
    assert project.preview().is_empty


@pytest.mark.parametrize("engine", [Engine.OFFLINE], indirect=True, ids=["offline-engine"])
@pytest.mark.parametrize(
    "victim", [pytest.param(one, id=one.value) for one in (Victim.PROVIDER, Victim.ENGINE)]
)
def test_a_killed_update(
    sandbox: Sandbox,
    somebody: Somebody,  # noqa: ARG001 - whose workspace stays
    project: Project,
    record: Record,
    victim: Victim,
) -> None:
    """Killed at any request of a run that changes everything, the next run goes on from there."""
    worlds: dict[int, World] = {}
    requests: dict[int, int] = {}
    for turn in (1, 0, 1):
        sandbox.clear_requests()
        project.program(program(sandbox, turn))
        project.up()
        worlds[turn], requests[turn] = world(sandbox), sandbox.counts()["total"]
    # The two directions differ in their number of requests: what is managed newly is read first.
    for number in range(max(requests.values())):
        for turn in (0, 1):
            project.program(program(sandbox, turn))
            if number >= requests[turn]:
                project.up()
                continue
            run_killed(sandbox, project, victim, number, "answer")
            runs = 1 + converge(project, may_conflict=False)
            fault = f"{victim.value} killed in an update"
            finish(record, sandbox, worlds[turn], project, fault, "answer", runs)
    assert project.preview().is_empty


@pytest.mark.parametrize("engine", [pytest.param(Engine.CLI, marks=ON_CLI)], indirect=True)
def test_a_state_without_its_torn_attributes_is_whole(
    somebody: Somebody,  # noqa: ARG001 - whose workspace stays
    sandbox: Sandbox,
    project: Project,
) -> None:
    """What the troubleshooting page says of a CLI that was killed while it wrote a state."""
    project.program(program(sandbox, 0))
    project.up()
    [torn] = (project.folder / "backend").rglob(f"{project.stack_name}.json.attrs")
    torn.write_bytes(b"")
    with pytest.raises(Failure, match="failed to load checkpoint: EOF"):
        project.up()
    remove_torn_attributes(project)
    assert project.up().is_empty


def run_killed(
    sandbox: Sandbox, project: Project, victim: Victim, number: int, moment: Moment
) -> None:
    """Run `up`, hold one request of it and kill the victim; the rest may end by itself."""
    sandbox.add_fault(skip=number, hold=moment)
    with up_in_background(project, victim) as run:
        sandbox.wait_until_held(PATIENCE)
        others = kill(project.engine, victim)
        if victim is Victim.PROVIDER:
            sandbox.clear_faults()
        sandbox.release()
        with pytest.raises((Failure, subprocess.CalledProcessError)):
            run.result(timeout=PATIENCE)
    if victim is Victim.ENGINE:
        kill_all(others)
    sandbox.clear_faults()


@contextmanager
def up_in_background(project: Project, victim: Victim) -> Iterator[Future[Any]]:
    """Start `up`; the offline engine gets a process of its own where that is what is killed."""
    with ThreadPoolExecutor(1) as pool:
        if project.engine is Engine.OFFLINE and victim is Victim.ENGINE:
            yield pool.submit(one_up, project)
        else:
            yield pool.submit(project.up)


def one_up(project: Project) -> None:
    """Run `up` of the offline engine in a process of its own."""
    command = [sys.executable, "-m", "faults.one_up", str(project.folder), project.stack_name]
    tests = str(Path(__file__).parents[1])
    environment = {**os.environ, **project.environment, "PYTHONPATH": tests}
    subprocess.run(command, env=environment, check=True, capture_output=True)


def remove_torn_attributes(project: Project) -> None:
    """Delete the empty files that the CLI leaves beside states when it is killed in a write.

    It replaces a state at once, but not the file of its attributes, which it can do without.
    """
    for file in (project.folder / "backend").rglob("*.attrs"):
        if file.stat().st_size == 0:
            file.unlink()


def converge(project: Project, *, may_conflict: bool) -> int:
    """Do what the README tells a user to do after a crash; return how many runs that took."""
    if project.engine is Engine.CLI:
        remove_torn_attributes(project)
        project.stack.cancel()
    try:
        project.up()
    except Failure as failure:
        words = "exists already"
        if not may_conflict or words not in str(failure):
            raise
    else:
        return 1
    project.environment.update(ADOPT)
    project.reopen()
    project.up()
    return 2


def finish(
    record: Record,
    sandbox: Sandbox,
    expected: World,
    project: Project,
    fault: str,
    moment: Moment,
    runs: int,
) -> None:
    """Record a case and demand that it ended well, in the state as well as at the API."""
    verdict = judge(expected, world(sandbox))
    runner = RUNNERS[project.engine]
    how = f"at each request in turn, {MOMENTS[moment]}"
    record(Case.of(verdict, Section.KILLED, fault, how, injected=1, runs=runs, runner=runner))
    assert verdict.differences == ()
    assert len(project.resources()) == 3
    sandbox.clear_requests()
