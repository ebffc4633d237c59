"""The self-service script: what a team's request does, on both engines."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from harness.examples import EXAMPLES, copied, module, on_the_cli, slugs, variables
from harness.organization import emails_of, live, live_members
from pulumi_openrouter.offline import create_or_select_stack
from pulumi_openrouter.sandbox import Sandbox
from pulumi_openrouter.testing.stack import cli_variables

SCRIPT: Any = module(EXAMPLES / "08-self-service/self_service.py")
JANE, RAVI, MEI = (f"{name}@example.com" for name in ("jane.doe", "ravi.patel", "mei.chen"))


def made(sandbox: Sandbox, team: str) -> tuple[dict[str, float], list[str]]:
    """Return the limits of a team's workspace, and the addresses of its members."""
    found = live(sandbox, team)
    return found["budgets"], sorted(emails_of(sandbox, live_members(sandbox, team)))


def test_a_request_is_fulfilled_without_the_cli(tmp_path: Path, sandbox: Sandbox) -> None:
    """On the offline engine's stack, a request creates a workspace, and the next one changes it."""
    folder = copied("08-self-service", tmp_path / "project")
    environment = variables(sandbox.environment)

    def request(team: str, monthly_usd: float, members: list[str], agree: bool = True) -> Any:
        stack = create_or_select_stack(team, folder, environment)
        return SCRIPT.fulfil(stack, SCRIPT.Request(team, monthly_usd, members), lambda: agree)

    assert request("search", 900, [JANE, RAVI])["slug"].value == "search"
    assert made(sandbox, "search") == ({"monthly": 900}, [JANE, RAVI])
    assert request("search", 1200, [JANE], agree=False) is None
    assert made(sandbox, "search") == ({"monthly": 900}, [JANE, RAVI])
    request("support", 400, [MEI])
    request("search", 1200, [JANE])
    assert made(sandbox, "search") == ({"monthly": 1200}, [JANE])
    assert made(sandbox, "support") == ({"monthly": 400}, [MEI])


WRONG = {
    "more than a team may take": (["search", JANE, "--monthly-usd", "2001"], "at most 2000; ask"),
    "a limit that is none": (["search", JANE, "--monthly-usd", "0"], "more than 0"),
    "a name that is no slug": (["Search Team", JANE, "--monthly-usd", "9"], "single hyphens"),
    "nobody": (["search", "--monthly-usd", "9"], "required: members"),
}


@pytest.mark.parametrize(("arguments", "said"), WRONG.values(), ids=WRONG)
def test_a_wrong_request_is_refused(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A request outside the rules ends with a message before Pulumi is asked for anything."""
    with pytest.raises(SystemExit):
        SCRIPT.read_request(arguments)
    assert said in capsys.readouterr().err


@on_the_cli
def test_the_script_serves_teams(tmp_path: Path, sandbox: Sandbox) -> None:
    """The script makes a stack for a team, asks before a change, and reports a failed request."""
    folder = copied("08-self-service", tmp_path / "project")

    def run(*arguments: str, answer: str = "") -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, folder / "self_service.py", *arguments],
            env={**os.environ, **cli_variables(tmp_path), **variables(sandbox.environment)},
            input=answer,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    code, printed = run("search", "--monthly-usd", "900", JANE, RAVI, answer="y\n")
    assert (code, printed.splitlines()[-1]) == (0, "Team search has the workspace search.")
    assert made(sandbox, "search") == ({"monthly": 900}, [JANE, RAVI])

    code, printed = run("search", "--monthly-usd", "1200", JANE, answer="n\n")
    assert code == 1
    assert printed.endswith("Nothing was changed.\n")
    assert made(sandbox, "search") == ({"monthly": 900}, [JANE, RAVI])

    code, printed = run("search", "--monthly-usd", "1200", JANE, answer="")
    assert code == 1
    assert printed.endswith("Nothing was changed.\n")

    code, printed = run("search", "--monthly-usd", "1200", "--yes", JANE)
    assert code == 0
    assert made(sandbox, "search") == ({"monthly": 1200}, [JANE])

    code, printed = run("support", "--monthly-usd", "400", "--yes", "nobody@example.com")
    assert code == 1
    assert "nobody in the organization has the email address" in printed
    assert printed.splitlines()[-1].startswith("The request of team support failed")
    assert "Traceback" not in printed
    assert slugs(sandbox) == ["default", "search"]

    [lock] = [folder for folder in tmp_path.rglob("locks/*/self-service/search") if folder.is_dir()]
    (lock / "another-run.json").write_text('{"pid": 1, "username": "mei", "hostname": "desk"}')
    code, printed = run("search", "--monthly-usd", "1500", "--yes", JANE)
    assert code == 1
    assert printed.splitlines()[-1].startswith("Somebody else is changing team search right now.")
    assert made(sandbox, "search") == ({"monthly": 1200}, [JANE])
