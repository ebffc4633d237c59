"""The pytest plugin of pulumi-openrouter: fixtures for tests of programs.

pytest loads this module wherever the package is installed, so it imports nothing but pytest. It
stands beside the package because importing any part of `pulumi_openrouter` imports Pulumi. A
fixture imports what it needs when a test asks for it.

Fixtures:
    openrouter_sandbox: the API on this machine.
    openrouter_stack: makes a stack of a program, on an engine, against the sandbox.
    openrouter_mocks: runs a program with Pulumi's mocks, without an engine and without a request.
    openrouter_seed: what the sandbox holds at first; override it.
    openrouter_engine: the engine that a test runs on.

A test runs on the offline engine unless `--openrouter-engine` or the marker `openrouter_engine`
says otherwise.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pulumi_openrouter.sandbox import Sandbox
    from pulumi_openrouter.testing import MockRunner, StackFactory

OFFLINE, PULUMI, BOTH = "offline", "pulumi", "both"
_OPTION = "--openrouter-engine"
_SCOPE = "openrouter_sandbox_scope"
_WRONG_MARKERS = pytest.StashKey[list[str]]()
_SCOPES = ("function", "class", "module", "package", "session")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that chooses the engine, and the setting for the sandbox's scope."""
    parser.getgroup("pulumi-openrouter").addoption(
        _OPTION,
        choices=(OFFLINE, PULUMI, BOTH),
        default=OFFLINE,
        help="Run programs on the offline engine (the default), on the Pulumi CLI that is on PATH, "
        "or on each of them; with `both`, tests on the CLI are skipped where there is none.",
    )
    parser.addini(
        _SCOPE,
        "Scope of the fixture openrouter_sandbox: function (the default), class, module, package "
        "or session. In a wider scope, tests share one sandbox and see what others have done.",
        default="function",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, and refuse settings that cannot be followed."""
    config.addinivalue_line(
        "markers",
        f"openrouter_engine(*engines): run the test on {OFFLINE!r}, {PULUMI!r} (skipped where "
        f"`pulumi` is not on PATH) or both, whatever {_OPTION} says",
    )
    if config.getini(_SCOPE) not in _SCOPES:
        msg = f"{_SCOPE} is {config.getini(_SCOPE)!r}; it must be one of {', '.join(_SCOPES)}"
        raise pytest.UsageError(msg)
    if config.getoption(_OPTION) == PULUMI and not _has_cli():
        msg = f"{_OPTION}={PULUMI} needs the Pulumi CLI, and `pulumi` is not on PATH"
        raise pytest.UsageError(msg)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that uses an engine on each of the engines that are wanted."""
    if "openrouter_engine" not in metafunc.fixturenames:
        return
    engines = _engines(metafunc)
    if engines != [OFFLINE]:
        needs_cli = pytest.mark.skipif(not _has_cli(), reason="`pulumi` is not on PATH")
        marks = {PULUMI: [needs_cli]}
        params = [pytest.param(one, marks=marks.get(one, ())) for one in engines]
        metafunc.parametrize("openrouter_engine", params, indirect=True)


def _engines(metafunc: pytest.Metafunc) -> list[str]:
    marker = metafunc.definition.get_closest_marker("openrouter_engine")
    if marker is None:
        chosen = metafunc.config.getoption(_OPTION)
        return [OFFLINE, PULUMI] if chosen == BOTH else [chosen]
    if not marker.args or not {*marker.args} <= {OFFLINE, PULUMI}:
        where = metafunc.definition.nodeid
        msg = f"{where}: openrouter_engine takes {OFFLINE!r}, {PULUMI!r} or both, not {marker.args}"
        if hasattr(metafunc.config, "workerinput"):
            # A process of pytest-xdist hands on errors of its collection, and no usage errors.
            raise pytest.Collector.CollectError(msg)
        # Raised once all tests are collected, because pytest would show a traceback of it here.
        metafunc.config.stash.setdefault(_WRONG_MARKERS, []).append(msg)
        return [OFFLINE]
    return [*marker.args]


def pytest_collection_modifyitems(config: pytest.Config) -> None:
    """Refuse markers that cannot be followed."""
    if wrong := config.stash.get(_WRONG_MARKERS, []):
        raise pytest.UsageError(*wrong)


def _has_cli() -> bool:
    return shutil.which("pulumi") is not None


def _sandbox_scope(fixture_name: str, config: pytest.Config) -> Any:  # noqa: ARG001 - pytest's form
    return config.getini(_SCOPE)


@pytest.fixture(scope="session")
def openrouter_seed() -> Path | str | Mapping[str, Any] | None:
    """What the sandbox holds at first: a YAML file, a dict, or None for a default workspace.

    Override it in a test module or a conftest.py, or for one test with
    `@pytest.mark.parametrize("openrouter_seed", [{"workspaces": [...]}])`. A relative path counts
    from the current folder.
    """
    return None


@pytest.fixture(scope=_sandbox_scope)
def openrouter_sandbox(openrouter_seed: Any) -> Iterator[Sandbox]:
    """OpenRouter's API on this machine, seeded by `openrouter_seed`.

    While it runs, the environment variables of this process point at it, so that lookups and
    programs that a test starts by itself go there too. One sandbox serves one test; the setting
    `openrouter_sandbox_scope` widens that.
    """
    testing = _import_testing()
    with testing.Sandbox(seed=openrouter_seed) as sandbox, pytest.MonkeyPatch.context() as patch:
        for name, value in testing.sandbox_environment(sandbox).items():
            patch.setenv(name, value)
        yield sandbox


@pytest.fixture
def openrouter_engine(request: pytest.FixtureRequest) -> str:
    """The engine that the test runs on: "offline" or "pulumi"."""
    return str(getattr(request, "param", OFFLINE))


@pytest.fixture
def openrouter_stack(
    openrouter_engine: str,
    openrouter_sandbox: Sandbox,
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> StackFactory:
    """Call it to get a stack of a program: `openrouter_stack(program, config={"limit": 500})`.

    See `pulumi_openrouter.testing.StackFactory`.
    """
    factory: StackFactory = _import_testing().StackFactory(
        engine=openrouter_engine,
        sandbox=openrouter_sandbox,
        folder=tmp_path_factory.mktemp("openrouter"),
        beside=request.path.parent,
        root=request.config.rootpath,
    )
    return factory


@pytest.fixture
def openrouter_mocks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> MockRunner:
    """Call it to run a program with mocks and get what it declares: `openrouter_mocks(program)`.

    Mocks do not answer lookups. In a test that uses `openrouter_sandbox` as well, lookups go to the
    sandbox; in any other they fail, because the management key is taken out of the environment.

    See `pulumi_openrouter.testing.MockRunner`.
    """
    testing = _import_testing()
    if "openrouter_sandbox" not in request.fixturenames:
        for name in testing.SETTINGS:
            monkeypatch.delenv(name, raising=False)
    runner: MockRunner = testing.MockRunner(request.path.parent, request.config.rootpath)
    return runner


def _import_testing() -> Any:
    try:
        from pulumi_openrouter import testing
    except ModuleNotFoundError as error:
        pytest.fail(
            f"the fixtures of pulumi-openrouter need {error.name}, which is not installed; "
            "run: pip install 'pulumi-openrouter[testing]'",
            pytrace=False,
        )
    return testing
