"""The work that is measured: N workspaces, each with two limits and three people.

This module has the program text, and the number of requests of each operation that each step of
its life costs. The tests assert these counts at N = 20, the bench at every N that it runs.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Sequence

PAGE = 100
"""How many objects the API lists in one answer."""

PEOPLE = 3
"""How many people are members of each workspace."""

STACK = "dev"
"""The stack that runs the program; the default slugs of its workspaces end with it."""

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


class Variant(enum.Enum):
    """How the program treats the workspaces and what belongs to them."""

    PLAIN = "each resource is created and deleted by itself"
    DELETED_WITH = "budgets and memberships set `deleted_with` to their workspace"
    ADOPTED = "the workspaces exist and are adopted, and people are named by email"


def program(
    workspaces: int,
    people: Sequence[str],
    *,
    description: str,
    by: str = "user_ids",
    variant: Variant = Variant.PLAIN,
) -> str:
    """Return the program; `people` are user ids, or emails with `by="emails"`."""
    adopt = ", adopt=True" if variant is Variant.ADOPTED else ""
    deleted_with = "team" if variant is Variant.DELETED_WITH else None
    return f"""
    for number in range({workspaces}):
        name = f"team-{{number:04}}"
        team = openrouter.Workspace(name, description="{description}"{adopt})
        opts = pulumi.ResourceOptions(deleted_with={deleted_with})
        openrouter.WorkspaceBudget(name, opts, workspace=team, monthly_usd=500, daily_usd=50)
        openrouter.WorkspaceMembership(name, opts, workspace=team, {by}={[*people]!r})
    """


def slugs(workspaces: int) -> list[str]:
    """Return the slugs that the workspaces of the program have."""
    return [f"team-{number:04}-{STACK}" for number in range(workspaces)]


def requests_of(step: Step, workspaces: int, variant: Variant = Variant.PLAIN) -> Counts:
    """Return what a step costs at the API: exactly this."""
    if (step, variant) == (Step.DESTROY, Variant.DELETED_WITH):
        return {"deleteWorkspace": workspaces}
    if (step, variant) == (Step.PREVIEW, Variant.ADOPTED):
        # One look at each workspace and at its limits, which the program may overwrite, and one
        # list of the organization for all emails.
        return {
            "getWorkspace": workspaces,
            "listWorkspaceBudgets": workspaces,
            "listOrganizationMembers": 1,
        }
    reads = {
        # The organization lists its default workspace as well.
        "listWorkspaces": math.ceil((workspaces + 1) / PAGE),
        "listWorkspaceBudgets": workspaces,
        "listWorkspaceMembers": workspaces,
    }
    first = {
        "createWorkspace": workspaces,
        "upsertWorkspaceBudget": 2 * workspaces,
        "bulkAddWorkspaceMembers": workspaces,
    }
    # The workspace's keys are looked at once, because a workspace with active keys cannot be
    # deleted and must then keep its limits and people.
    last = {
        "list": workspaces,  # of keys: the API calls the operation just this
        "deleteWorkspaceBudget": 2 * workspaces,
        "bulkRemoveWorkspaceMembers": workspaces,
        "deleteWorkspace": workspaces,
    }
    return {
        Step.PREVIEW: {},
        Step.UP: first,
        Step.NO_OP: {},
        Step.NO_OP_PREVIEW: {},
        Step.REFRESH: reads,
        Step.PREVIEW_REFRESH: reads,
        Step.CHANGE: {"updateWorkspace": workspaces},
        Step.DESTROY: last,
    }[step]
