"""Options and fixtures of the fault suite, and the collection of its results."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict
from typing import Any

import pytest

from faults.driver import Stack
from faults.results import PROPERTY, RESULTS, Case, from_properties, updated
from faults.story import begin, live
from faults.world import World
from harness.organization import Somebody
from harness.project import pulumi_on_path
from pulumi_openrouter.sandbox import Sandbox

Record = Callable[[Case], None]
NewStack = Callable[..., Stack]

SEED = "seed of the random lives"
"""The property under which a test of random lives records its seed."""

ON_CLI = [
    pytest.mark.cli,
    pytest.mark.skipif(not pulumi_on_path(), reason="`pulumi` is not on PATH"),
]
"""Marks of a case that needs the real engine."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the long run and of the table."""
    group = parser.getgroup("faults")
    group.addoption(
        "--soak",
        action="store_true",
        help="10,000 random lives instead of 150, and 200 on the real engine",
    )
    group.addoption(
        "--lives-seed", type=int, help="seed of the random lives, to live those of a run again"
    )
    group.addoption(
        "--write-results", action="store_true", help="write tests/faults/RESULTS.md anew"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the lives on the real engine, of a minute each, to the soak."""
    if config.getoption("--soak"):
        return
    long = [one for one in items if one.get_closest_marker("soak")]
    config.hook.pytest_deselected(items=long)
    items[:] = [one for one in items if one not in long]


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Show the seeds of the random lives, and write the table of faults when asked to."""
    reports = [
        report
        for outcome in ("passed", "failed")
        for report in terminalreporter.getreports(outcome)
        if report.when == "call"
    ]
    for report in reports:
        for name, value in report.user_properties:
            if name == SEED:
                terminalreporter.write_line(f"{report.head_line}: --lives-seed {value}")
    if not config.getoption("--write-results"):
        return
    cases = [case for report in reports for case in from_properties(report.user_properties)]
    RESULTS.write_text(updated(RESULTS.read_text("utf-8"), cases), encoding="utf-8")
    terminalreporter.write_line(f"{len(cases)} cases of faults written to {RESULTS.name}")


@pytest.fixture
def record(record_property: Callable[[str, object], None]) -> Record:
    """Take cases for the table."""

    def take(case: Case) -> None:
        record_property(PROPERTY, asdict(case))

    return take


@pytest.fixture
def lives_seed(pytestconfig: pytest.Config, record_property: Callable[[str, object], None]) -> int:
    """Return the seed of the random lives of a test: a new one in each run, or that of the option.

    The closing lines of the run show it.
    """
    given: int | None = pytestconfig.getoption("--lives-seed")
    drawn = random.randrange(2**32) if given is None else given  # noqa: S311 - not a secret
    record_property(SEED, drawn)
    return drawn


@pytest.fixture
def new_stack(sandbox: Sandbox) -> Iterator[NewStack]:
    """Make stacks whose provider runs in this process, on the sandbox."""
    with ExitStack() as stacks:

        def new(**settings: Any) -> Stack:
            return stacks.enter_context(Stack(sandbox, **settings))

        yield new


@pytest.fixture
def stack(new_stack: NewStack) -> Stack:
    """One stack whose provider runs in this process."""
    return new_stack()


@pytest.fixture
def somebody(somebody: Somebody) -> Somebody:
    """Return somebody else, with a workspace of their own that no run may touch."""
    somebody.settles_in()
    return somebody


@pytest.fixture(scope="session")
def lived_well(sandbox_server: Sandbox) -> list[World]:
    """What the story leaves at the API when nothing goes wrong."""
    sandbox_server.reset()
    with Somebody(sandbox_server) as other, Stack(sandbox_server) as stack:
        other.settles_in()
        begin(sandbox_server, other)
        return live(sandbox_server, stack)


@pytest.fixture
def story(sandbox: Sandbox, somebody: Somebody, lived_well: list[World]) -> list[World]:
    """Set the sandbox to the story's beginning; what should stand there after each chapter."""
    begin(sandbox, somebody)
    return lived_well
