"""The example of tests, run as its README says."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples/15-tests"


def copied(pytester: pytest.Pytester) -> str:
    """Copy the example, so that this project's settings for pytest do not apply."""
    shutil.copytree(EXAMPLE, pytester.path / EXAMPLE.name)
    return EXAMPLE.name


@pytest.mark.usefixtures("without_pulumi")
def test_the_tests_of_the_example_pass(pytester: pytest.Pytester) -> None:
    """All of them pass without a CLI."""
    pytester.runpytest_subprocess(copied(pytester)).assert_outcomes(passed=3)


@pytest.mark.cli
def test_the_tests_of_the_example_pass_on_the_cli(pytester: pytest.Pytester) -> None:
    """Those that use an engine pass on the CLI as well."""
    folder = copied(pytester)
    ran = pytester.runpytest_subprocess("--openrouter-engine=pulumi", folder)
    ran.assert_outcomes(passed=3)


def test_a_wrong_program_fails_its_tests(pytester: pytest.Pytester) -> None:
    """The tests notice a program that gives a team its whole month in a day."""
    program = pytester.path / copied(pytester) / "__main__.py"
    program.write_text(program.read_text().replace("monthly_usd / 10", "monthly_usd / 9"))
    pytester.runpytest_subprocess(program.parent).assert_outcomes(passed=1, failed=2)
