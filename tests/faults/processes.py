"""The processes of a run, found from their common ancestor, and killed without a warning.

An engine runs the user's program and the provider in processes of their own. Which one is which
stands in its command line; that it belongs to this run is known by descent.
"""

from __future__ import annotations

import enum
import os
import signal
from collections import defaultdict
from pathlib import Path

from harness import Engine


class Victim(enum.Enum):
    """Which process of a run is killed."""

    PROVIDER = "provider"
    PROGRAM = "program"
    ENGINE = "engine"


# What tells each from the others: arguments in its command line. A CLI that was built here runs
# programs by the same script as the offline engine, an installed one by a script of its own.
_PROGRAM = ("host.py", "program")
_MARKS: dict[tuple[Engine, Victim], list[tuple[str, ...]]] = {
    (Engine.OFFLINE, Victim.PROVIDER): [("host.py", "provider")],
    (Engine.OFFLINE, Victim.PROGRAM): [_PROGRAM],
    (Engine.OFFLINE, Victim.ENGINE): [("faults.one_up",)],
    (Engine.CLI, Victim.PROVIDER): [("-m", "pulumi.dynamic")],
    (Engine.CLI, Victim.PROGRAM): [_PROGRAM, ("pulumi-language-python-exec",)],
    (Engine.CLI, Victim.ENGINE): [("pulumi", "up")],
}


def kill(engine: Engine, victim: Victim) -> list[int]:
    """Kill one process of the run under way; return the ids of the run's others.

    Raises:
        LookupError: There is none, or more than one.
    """
    family = descendants(os.getpid())
    ways = _MARKS[engine, victim]
    found = [pid for pid in family if any(all(_has(mark, pid) for mark in marks) for marks in ways)]
    if len(found) != 1:
        msg = f"{len(found)} processes of this run look like its {victim.value}: {found}"
        raise LookupError(msg)
    os.kill(found[0], signal.SIGKILL)
    return [pid for pid in family if pid != found[0]]


def kill_all(pids: list[int]) -> None:
    """Kill what is left of a run; whoever has ended already is fine."""
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def descendants(ancestor: int) -> list[int]:
    """Return the ids of all processes that come from this one."""
    children = defaultdict(list)
    for folder in Path("/proc").glob("[0-9]*"):
        if (parent := _parent(folder)) is not None:
            children[parent].append(int(folder.name))
    found, new = [], [ancestor]
    while new:
        new = [child for parent in new for child in children[parent]]
        found += new
    return found


def _parent(folder: Path) -> int | None:
    try:
        # The name, in parentheses, may hold anything; state and parent come after the last one.
        return int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, ValueError):
        return None


def _has(mark: str, pid: int) -> bool:
    try:
        arguments = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    except OSError:
        return False
    return any(argument == mark or Path(argument).name == mark for argument in arguments)
