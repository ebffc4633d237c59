"""Create a team's workspace, or change it, with Pulumi's Automation API.

python self_service.py search --monthly-usd 900 jane.doe@example.com ravi.patel@example.com
"""

import argparse
import json
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pulumi import automation

PROGRAM = Path(__file__).parent
MOST_USD = 2000
"""What a team may take by itself; more needs a change of this file, and so a review."""


@dataclass(frozen=True)
class Request:
    """What a team asks for, complete: somebody whom it no longer lists is removed."""

    team: str
    monthly_usd: float
    members: list[str]


def read_request(arguments: list[str] | None = None) -> tuple[Request, bool]:
    """Return the request on the command line, and whether it is confirmed already."""
    parser = argparse.ArgumentParser(description="Create a team's workspace, or change it.")
    parser.add_argument("team", type=team_name, help="name of the team, and slug of its workspace")
    parser.add_argument("members", nargs="+", help="email addresses of everybody in the team")
    parser.add_argument("--monthly-usd", type=amount, required=True, help=f"at most {MOST_USD}")
    parser.add_argument("--yes", action="store_true", help="do not ask before the change")
    given = parser.parse_args(arguments)
    return Request(given.team, given.monthly_usd, given.members), given.yes


def team_name(text: str) -> str:
    """Return the name of a team, which has to be usable as a slug."""
    if re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", text) and len(text) <= 40:
        return text
    msg = f"{text!r} must be 1 to 40 of a-z, 0-9 and single hyphens"
    raise argparse.ArgumentTypeError(msg)


def amount(text: str) -> float:
    """Return a limit that a team may set by itself."""
    usd = float(text)
    if 0 < usd <= MOST_USD:
        return usd
    msg = f"{text} must be more than 0 and at most {MOST_USD}; ask the platform team for more"
    raise argparse.ArgumentTypeError(msg)


def fulfil(
    stack: automation.Stack, request: Request, is_confirmed: Callable[[], bool]
) -> automation.OutputMap | None:
    """Bring the team's stack up as requested and return its outputs; None if it was called off."""
    stack.set_all_config(
        {
            "monthlyUsd": automation.ConfigValue(str(request.monthly_usd)),
            "members": automation.ConfigValue(json.dumps(request.members)),
        }
    )
    stack.preview(on_output=show)
    if not is_confirmed():
        return None
    return stack.up(on_output=show).outputs


def asked() -> bool:
    """Return whether the person at the terminal wants the change; nobody is there in a pipe."""
    try:
        return input("Make this change? [y/N] ").strip().lower() == "y"
    except EOFError:
        return False


def show(text: str) -> None:
    """Print what Pulumi says, as it says it."""
    print(text.rstrip("\n"), flush=True)


def main() -> None:
    """Serve one request; the exit code is 1 if it failed or was called off."""
    request, yes = read_request()
    stack = automation.create_or_select_stack(request.team, work_dir=str(PROGRAM))
    try:
        outputs = fulfil(stack, request, lambda: yes or asked())
    except automation.ConcurrentUpdateError:
        sys.exit(f"Somebody else is changing team {request.team} right now. Try again in a minute.")
    except automation.CommandError:
        sys.exit(f"The request of team {request.team} failed; the reason is above.")
    if outputs is None:
        sys.exit("Nothing was changed.")
    print(f"Team {request.team} has the workspace {outputs['slug'].value}.")


if __name__ == "__main__":
    main()
