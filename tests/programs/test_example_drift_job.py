"""The drift job: what it reports, and how it exits."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness import Engine, Failure, Project
from harness.examples import EXAMPLES, copied, on_the_cli, project_in
from harness.organization import Somebody, live, live_budgets
from pulumi_openrouter.sandbox import Sandbox
from pulumi_openrouter.testing.stack import cli_variables

NO_DRIFT, DRIFT, NOT_CHECKED = 0, 1, 2


@pytest.fixture
def checked(tmp_path: Path, sandbox: Sandbox) -> Project:
    """Bring a project up in stack `dev`, for the job to watch."""
    project = project_in(copied("01-workspace", tmp_path / "project"), Engine.CLI, sandbox)
    project.up()
    return project


def check(project: Project, *stacks: str, **environment: str) -> tuple[int, str]:
    """Run the job and return its exit code and what it prints."""
    done = subprocess.run(
        [sys.executable, EXAMPLES / "11-drift-job/drift.py", *stacks, "--cwd", project.folder],
        env={
            **os.environ,
            **cli_variables(project.folder),
            **project.environment,
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@on_the_cli
def test_it_reports_what_was_changed_by_hand(
    checked: Project, somebody: Somebody, sandbox: Sandbox
) -> None:
    """It exits with 1 and names each difference if something was changed, and repairs nothing."""
    assert check(checked, "dev") == (NO_DRIFT, "dev: no drift\n")
    somebody.sets("prod-dev", monthly=7000, weekly=1000)
    somebody.changes("prod-dev", description="By hand")
    code, report = check(checked, "dev")
    assert (code, report.splitlines()) == (
        DRIFT,
        [
            "dev: drift",
            '  Workspace "prod" has changed; up would update it',
            '    description is "By hand", and "Production traffic" in the program',
            '  WorkspaceBudget "prod" has changed; up would update it',
            "    monthly_usd is 7000, and 5000 in the program",
        ],
    )
    assert live(sandbox, "prod-dev")["description"] == "By hand"
    assert live_budgets(sandbox, "prod-dev")["monthly"] == 7000


@on_the_cli
def test_it_reports_what_was_deleted_by_hand(checked: Project, somebody: Somebody) -> None:
    """A workspace that is gone is drift, and so are its parts."""
    somebody.deletes("prod-dev")
    kinds = ("Workspace", "WorkspaceBudget", "WorkspaceMembership")
    expected = [f'  {kind} "prod" is missing; up would create it' for kind in kinds]
    code, report = check(checked, "dev")
    first, *others = report.splitlines()
    assert (code, first, sorted(others)) == (DRIFT, "dev: drift", expected)


@on_the_cli
def test_a_failed_check_is_no_drift(checked: Project, somebody: Somebody, sandbox: Sandbox) -> None:
    """What cannot be read exits with 2 and the reason, whatever drifted; others are checked."""
    code, report = check(checked, "dev", OPENROUTER_MANAGEMENT_KEY="sk-or-mgmt-revoked")
    assert code == NOT_CHECKED
    assert report.startswith("dev: not checked")
    assert "401" in report
    assert "Traceback" not in report
    code, report = check(checked, "nowhere", "dev")
    assert code == NOT_CHECKED
    assert "no stack named 'nowhere' found" in report
    assert "dev: no drift" in report
    somebody.changes("prod-dev", description="By hand")
    sandbox.add_fault(status=403, method="GET", path="/workspaces/*/budgets", times=None)
    code, report = check(checked, "dev")
    assert code == NOT_CHECKED
    assert "answered 403" in report


def test_without_the_cli_nothing_is_checked(tmp_path: Path, sandbox: Sandbox) -> None:
    """A machine without Pulumi is no drift either."""
    project = project_in(copied("01-workspace", tmp_path / "project"), Engine.OFFLINE, sandbox)
    code, report = check(project, "dev", PATH="")
    assert (code, report) == (NOT_CHECKED, "dev: not checked\n  pulumi is not on PATH\n")


@on_the_cli
def test_up_is_no_check(checked: Project, somebody: Somebody, sandbox: Sandbox) -> None:
    """The README is right that `up --expect-no-changes` applies first, so the job previews."""
    somebody.sets("prod-dev", monthly=7000)
    with pytest.raises(Failure, match="no changes were expected"):
        checked.pulumi("up", "--yes", "--refresh", "--expect-no-changes")
    assert live_budgets(sandbox, "prod-dev")["monthly"] == 5000
