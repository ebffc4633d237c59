"""What stands at the API, and how far it is from what it should be.

A verdict compares two states of the sandbox, less what no two runs share (ids and times). Beside
"equal or not" it counts what must never happen: a workspace too many, and a workspace, a limit or a
person missing.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from pulumi_openrouter.sandbox import Sandbox

World = list[dict[str, Any]]
"""The workspaces by slug, each with fields, budgets and members; nothing that a rerun changes."""

_OF_ONE_RUN = {"id", "created_at", "updated_at", "default_guardrail_id"}


def world(sandbox: Sandbox) -> World:
    """Return what stands at the API now."""
    workspaces = [
        {name: value for name, value in one.items() if name not in _OF_ONE_RUN}
        for one in sandbox.state()["workspaces"]
    ]
    for one in workspaces:
        one["members"] = sorted(one["members"])
    return sorted(workspaces, key=lambda one: str(one["slug"]))


@dataclass(frozen=True)
class Verdict:
    """How far a world is from the expected one.

    Attributes:
        converged: Whether the two are equal.
        duplicates: Workspaces that should not be there: orphans, and second ones of a name.
        losses: Workspaces, limits and people that should be there and are not.
        differences: What differs, in words, for the message of a failed test.
    """

    converged: bool
    duplicates: int
    losses: int
    differences: tuple[str, ...] = ()


def judge(expected: World, actual: World) -> Verdict:
    """Compare a world with the expected one."""
    wanted, found = ({one["slug"]: one for one in some} for some in (expected, actual))
    missing = [slug for slug in wanted if slug not in found]
    extra = [slug for slug in found if slug not in wanted]
    names = Counter(one["name"] for one in actual) - Counter(one["name"] for one in expected)
    lost = [
        f"{slug}: {kind} {thing}"
        for slug in wanted
        if slug in found
        for kind in ("budgets", "members")
        for thing in wanted[slug][kind]
        if thing not in found[slug][kind]
    ]
    differences = [
        f"{slug}.{name}: {value!r}, not {wanted[slug][name]!r}"
        for slug, one in found.items()
        if slug in wanted
        for name, value in one.items()
        if value != wanted[slug][name]
    ]
    words = [f"missing {slug}" for slug in missing] + [f"too many: {slug}" for slug in extra]
    return Verdict(
        expected == actual,
        max(len(extra), sum(names.values())),
        len(missing) + len(lost),
        (*words, *differences),
    )
