"""Report what was changed by hand in some stacks, and change nothing.

python drift.py dev prod --cwd examples/environments

The exit code is 0 if there is no drift, 1 if there is some, and 2 if a stack could not be checked.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any

NO_DRIFT, DRIFT, NOT_CHECKED = 0, 1, 2
REPORTED = {
    "create": "is missing; up would create it",
    "delete": "is not in the program; up would delete it",
    "replace": "has changed; up would replace it",
    "update": "has changed; up would update it",
}


def check(stack: str, cwd: str) -> int:
    """Compare a stack with what is live, and print the differences."""
    # Only a preview is a check: `pulumi up --expect-no-changes` complains after it has applied.
    command = ["pulumi", "preview", "--refresh", "--expect-no-changes", "--json"]
    where = ["--stack", stack, "--cwd", cwd, "--non-interactive"]
    try:
        done = subprocess.run([*command, *where], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        print(f"{stack}: not checked\n  pulumi is not on PATH")
        return NOT_CHECKED
    plan = json.loads(done.stdout) if done.stdout.startswith("{") else {}
    if done.returncode == 0:
        print(f"{stack}: no drift")
        return NO_DRIFT
    messages = plan.get("diagnostics", [])
    errors = [one["message"].strip() for one in messages if one["severity"] == "error"]
    drifted = [line for step in plan.get("steps", []) for line in differences(step)]
    if errors or not drifted:
        reasons = errors or [done.stderr.strip()]
        print(f"{stack}: not checked", *dict.fromkeys(reasons), sep="\n  ")
        return NOT_CHECKED
    print(f"{stack}: drift", *drifted, sep="\n  ")
    return DRIFT


def differences(step: Mapping[str, Any]) -> Iterator[str]:
    """Describe a step that `up` would take, with each value that differs."""
    type_, name = step["urn"].split("::")[-2:]
    if step["op"] not in REPORTED or type_ == "pulumi:pulumi:Stack":
        return
    yield f'{type_.rpartition(":")[2]} "{name}" {REPORTED[step["op"]]}'
    if step["op"] == "update":
        live, program = (step[state].get("inputs", {}) for state in ("oldState", "newState"))
        for key in sorted({*live, *program}):
            if not key.startswith("__") and live.get(key) != program.get(key):
                yield f"  {key} is {shown(live, key)}, and {shown(program, key)} in the program"


def shown(inputs: Mapping[str, Any], key: str) -> str:
    """Return a value as text."""
    return json.dumps(inputs[key]) if key in inputs else "not set"


def main() -> None:
    """Check each stack, and exit with the worst result."""
    parser = argparse.ArgumentParser(description="Report what was changed by hand.")
    parser.add_argument("stacks", nargs="+", help="the stacks to check")
    parser.add_argument("--cwd", default=".", help="folder of the project")
    given = parser.parse_args()
    sys.exit(max(check(stack, given.cwd) for stack in given.stacks))


if __name__ == "__main__":
    main()
