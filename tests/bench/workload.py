"""The work that is measured: N workspaces, each with two limits and three people.

The program text, and how many requests of which operation each step of its life may cost. The
tests assert these counts at N = 20, the bench at every N that it runs.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Sequence

PAGE = 100
"""How many objects the API lists in one answer."""

PEOPLE = 3
"""How many people are members of each workspace."""

Counts = dict[str, int]
"""Requests by operationId of the API document."""


class Step(enum.Enum):
    """What is done with the program, in this order."""

    PREVIEW = "first preview"
    UP = "first up"
    NO_OP = "up without a change"
    NO_OP_PREVIEW = "preview without a change"
    REFRESH = "refresh"
    PREVIEW_REFRESH = "preview with refresh"
    CHANGE = "one field changed on all"
    DESTROY = "destroy"


def program(
    workspaces: int, people: Sequence[str], *, description: str, by: str = "user_ids"
) -> str:
    """Return the program; `people` are user ids, or emails with `by="emails"`."""
    return f"""
    for number in range({workspaces}):
        name = f"team-{{number:04}}"
        team = openrouter.Workspace(name, description="{description}")
        openrouter.WorkspaceBudget(name, workspace=team, monthly_usd=500, daily_usd=50)
        openrouter.WorkspaceMembership(name, workspace=team, {by}={[*people]!r})
    """


def requests_of(step: Step, workspaces: int) -> Counts:
    """Return what a step costs at the API: exactly this."""
    reads = {
        "listWorkspaces": math.ceil(workspaces / PAGE),
        "listWorkspaceBudgets": workspaces,
        "listWorkspaceMembers": workspaces,
    }
    first = {
        "createWorkspace": workspaces,
        "upsertWorkspaceBudget": 2 * workspaces,
        "bulkAddWorkspaceMembers": workspaces,
    }
    return {
        Step.PREVIEW: {},
        Step.UP: first,
        Step.NO_OP: {},
        Step.NO_OP_PREVIEW: {},
        Step.REFRESH: reads,
        Step.PREVIEW_REFRESH: reads,
        Step.CHANGE: {"updateWorkspace": workspaces},
        Step.DESTROY: {"deleteWorkspace": workspaces},
    }[step]
