"""What all tests share: a clean environment, one sandbox server, and whole programs."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.organization import Somebody
from harness.project import Engine, Project, is_personal, pulumi_on_path, pulumi_version
from pulumi_openrouter.sandbox import Sandbox

NewProject = Callable[..., Project]

pytest_plugins = ["pytester"]  # tests/testing runs the tests of a user with it

REAL_ENGINE_TIMEOUT = 300
"""Seconds for a test on the Pulumi CLI, which starts many processes for each operation."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Allow the tests on the real engine more time than the others."""
    for item in items:
        if item.get_closest_marker("cli") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(REAL_ENGINE_TIMEOUT))


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the user's own settings and proxies out of the tests."""
    for name in os.environ:
        if is_personal(name) and name != "OPENROUTER_LIVE":
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def sandbox_server() -> Iterator[Sandbox]:
    """Run one sandbox for all tests of a process."""
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(sandbox_server: Sandbox) -> Sandbox:
    """Offer the sandbox as its seed made it."""
    sandbox_server.reset()
    return sandbox_server


@pytest.fixture
def somebody(sandbox: Sandbox) -> Iterator[Somebody]:
    """Offer somebody else, who changes things by hand and of whom no program knows."""
    with Somebody(sandbox) as other:
        yield other


@pytest.fixture(
    params=[
        pytest.param(Engine.OFFLINE, id="offline-engine"),
        pytest.param(
            Engine.CLI,
            id="pulumi-cli",
            marks=[
                pytest.mark.cli,
                pytest.mark.skipif(not pulumi_on_path(), reason="`pulumi` is not on PATH"),
            ],
        ),
    ]
)
def engine(request: pytest.FixtureRequest) -> Engine:
    """Run the test on the offline engine, and on the real one where it is on PATH."""
    return Engine(request.param)


@pytest.fixture
def new_project(tmp_path: Path, engine: Engine, sandbox: Sandbox) -> NewProject:
    """Make projects on the engine under test, set up for the sandbox."""

    def new(name: str = "acme", stack: str = "dev", folder: str | None = None) -> Project:
        where = tmp_path / (folder or name)
        return Project(where, engine, sandbox.environment, name=name, stack=stack)

    return new


@pytest.fixture
def project(new_project: NewProject) -> Project:
    """One project, on the engine under test, set up for the sandbox."""
    return new_project()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in the closing lines which real engine ran tests, and how many."""
    ran, skipped = (
        sum(
            "cli" in report.keywords and (report.when == "call" or outcome == "skipped")
            for outcome in outcomes
            for report in terminalreporter.stats.get(outcome, [])
        )
        for outcomes in (("passed", "failed"), ("skipped",))
    )
    if ran:
        terminalreporter.write_line(f"cli: {ran} tests ran on the Pulumi CLI {pulumi_version()}.")
    elif skipped:
        why = "skipped" if pulumi_on_path() else "skipped, as `pulumi` is not on PATH"
        terminalreporter.write_line(f"cli: {skipped} tests on the Pulumi CLI were {why}.")
