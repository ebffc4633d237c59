"""The plugin itself: what it costs, what it is told, and what it does where it is not wanted."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

UNUSED = """
import sys

def test_nothing_of_ours_is_loaded():
    heavy = {"pulumi", "pulumi_openrouter", "fastapi", "uvicorn", "httpx", "pydantic", "ruamel"}
    assert heavy.isdisjoint(name for name, module in sys.modules.items() if module)
"""
USED = """
def test_engine(openrouter_engine):
    assert openrouter_engine in {"offline", "pulumi"}
"""


@pytest.fixture
def autoload(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pytest load every plugin that is installed, as it does unless told otherwise."""
    monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    monkeypatch.delenv("PYTEST_PLUGINS")


@pytest.mark.usefixtures("autoload")
def test_it_costs_nothing_where_it_is_not_used(pytester: pytest.Pytester) -> None:
    """In a project that does not use the fixtures, no module of Pulumi or of ours is loaded."""
    pytester.makepyfile(UNUSED)
    options = ["--strict-markers", "--strict-config", "-W", "error"]
    pytester.runpytest_subprocess(*options).assert_outcomes(passed=1)


@pytest.mark.usefixtures("autoload")
def test_plugins_may_be_switched_off(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where pytest loads no plugins, nothing breaks, and ours can be asked for by its name."""
    pytester.makepyfile(test_unused=UNUSED, test_used=USED)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.runpytest_subprocess("test_unused.py").assert_outcomes(passed=1)
    pytester.runpytest_subprocess("test_used.py").assert_outcomes(errors=1)
    by_name = ["-p", "pytest_pulumi_openrouter"]
    pytester.runpytest_subprocess(*by_name).assert_outcomes(passed=2)
    monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    without = pytester.runpytest_subprocess("-p", "no:pytest_pulumi_openrouter", "test_unused.py")
    without.assert_outcomes(passed=1)
    pytester.runpytest_subprocess(*by_name).assert_outcomes(passed=2)
    pytester.makeconftest('pytest_plugins = ["pytest_pulumi_openrouter"]')
    pytester.runpytest_subprocess().assert_outcomes(passed=2)


def test_the_sandbox_is_seeded_and_new_in_each_test(pytester: pytest.Pytester) -> None:
    """A seed is overridden for a test or a module; what one test changes, the next does not see."""
    pytester.makefile(".yaml", seed="workspaces: [{name: Red, slug: red}]")
    pytester.makepyfile(
        """
        import os
        import pytest

        @pytest.fixture
        def openrouter_seed():
            return "seed.yaml"

        def slugs(sandbox):
            return [one["slug"] for one in sandbox.state()["workspaces"]]

        @pytest.mark.parametrize("turn", [1, 2])
        def test_file(openrouter_sandbox, turn):
            assert slugs(openrouter_sandbox) == ["default", "red"]
            assert len(openrouter_sandbox.state()["organization_members"]) == 6
            openrouter_sandbox.add_person("lee@example.com")
            assert os.environ["OPENROUTER_BASE_URL"] == openrouter_sandbox.url

        @pytest.mark.parametrize("openrouter_seed", [{"default_workspace": False}])
        def test_dict(openrouter_sandbox):
            assert slugs(openrouter_sandbox) == []

        def test_the_environment_is_as_before():
            assert "OPENROUTER_BASE_URL" not in os.environ
        """
    )
    pytester.runpytest_subprocess().assert_outcomes(passed=4)


def test_a_wider_scope_shares_the_sandbox(pytester: pytest.Pytester) -> None:
    """With `openrouter_sandbox_scope`, tests share one sandbox; a wrong scope is one line."""
    pytester.makepyfile(
        """
        def test_first(openrouter_sandbox):
            openrouter_sandbox.add_person("lee@example.com")

        def test_second(openrouter_sandbox):
            assert len(openrouter_sandbox.state()["organization_members"]) == 7
        """
    )
    pytester.makeini("[pytest]\nopenrouter_sandbox_scope = session\n")
    pytester.runpytest_subprocess().assert_outcomes(passed=2)
    pytester.makeini("[pytest]\nopenrouter_sandbox_scope = galaxy\n")
    ran = pytester.runpytest_subprocess()
    assert ran.ret == pytest.ExitCode.USAGE_ERROR
    ran.stderr.fnmatch_lines(["ERROR: openrouter_sandbox_scope is 'galaxy'; it must be one of *"])


@pytest.mark.usefixtures("without_pulumi")
def test_without_a_cli_its_tests_are_skipped_or_refused(pytester: pytest.Pytester) -> None:
    """`both` and the marker skip what needs the CLI; asking for the CLI alone is an error."""
    pytester.makepyfile(
        test_option=USED,
        test_marker="import pytest\n"
        "@pytest.mark.openrouter_engine('pulumi')\n"
        "def test_cli(openrouter_engine): pass\n",
    )
    pytester.runpytest_subprocess().assert_outcomes(passed=1, skipped=1)
    ran = pytester.runpytest_subprocess("--openrouter-engine=both", "-rs")
    ran.assert_outcomes(passed=1, skipped=2)
    ran.stdout.fnmatch_lines(["*`pulumi` is not on PATH"])
    refused = pytester.runpytest_subprocess("--openrouter-engine=pulumi")
    assert refused.ret == pytest.ExitCode.USAGE_ERROR
    refused.stderr.fnmatch_lines(["ERROR: --openrouter-engine=pulumi needs the Pulumi CLI*"])


def test_where_there_is_a_cli_a_test_runs_on_both(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The option and the marker choose the engines; the marker comes first."""
    (tmp_path / "pulumi").touch(mode=0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    pytester.makepyfile(
        test_option=USED,
        test_marker="import pytest\n"
        "@pytest.mark.openrouter_engine('pulumi')\n"
        "def test_cli(openrouter_engine): assert openrouter_engine == 'pulumi'\n",
    )
    pytester.runpytest_subprocess().assert_outcomes(passed=2)
    ran = pytester.runpytest_subprocess("--openrouter-engine=both", "--collect-only", "-q")
    ran.stdout.fnmatch_lines(
        [
            "test_marker.py::test_cli[[]pulumi]",
            "test_option.py::test_engine[[]offline]",
            "test_option.py::test_engine[[]pulumi]",
        ]
    )
    pytester.makepyfile(
        "import pytest\n@pytest.mark.openrouter_engine('real')\ndef test_x(openrouter_engine): pass"
    )
    wrong = pytester.runpytest_subprocess()
    assert wrong.ret == pytest.ExitCode.USAGE_ERROR
    wrong.stderr.fnmatch_lines(
        ["ERROR: *.py::test_x: openrouter_engine takes 'offline', 'pulumi' or both, not ('real',)"]
    )
    assert "Traceback" not in wrong.stdout.str() + wrong.stderr.str()
    in_workers = pytester.runpytest_subprocess("-p", "xdist", "-n", "1")
    in_workers.stdout.fnmatch_lines(["*.py::test_x: openrouter_engine takes*"])
    assert "INTERNALERROR" not in in_workers.stdout.str()


def test_a_missing_library_is_named(pytester: pytest.Pytester) -> None:
    """Without the extra, a fixture fails in one line that names the remedy."""
    pytester.makeconftest("import sys\nsys.modules['uvicorn'] = None\n")
    pytester.makepyfile("def test_api(openrouter_sandbox): pass")
    ran = pytester.runpytest_subprocess()
    ran.assert_outcomes(errors=1)
    ran.stdout.fnmatch_lines(
        ["*need uvicorn, which is not installed; run: pip install 'pulumi-openrouter[[]testing]'"]
    )
