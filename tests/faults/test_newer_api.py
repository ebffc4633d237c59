"""Answers of an API that is newer than this package: reads go on, and no diff stays for ever."""

from __future__ import annotations

from typing import Any

import pytest

from faults.conftest import Record
from faults.driver import Stack
from faults.results import Case, Section
from faults.story import FIRST, SECOND
from faults.world import World, judge, world
from pulumi_openrouter.sandbox import Sandbox

MEMBERS = "/workspaces/*/members"
NEWER: dict[str, tuple[str, dict[str, Any]]] = {
    "unknown fields": ("/**", {"data": {"new": {"deep": [1]}}, "next_cursor": "abc"}),
    "unknown role of a member": (MEMBERS, {"data": {"role": "org:auditor"}}),
    "unknown role of a person": ("/organization/members", {"data": {"role": None}}),
    "null where a description stood": ("/workspaces/*", {"data": {"created_by": None}}),
    "null where a rate stood": ("/workspaces/*", {"data": {"io_logging_sampling_rate": None}}),
    "null where a flag stood": (
        "/workspaces/*/budgets/**",
        {"include_byok_in_budgets": None},
    ),
    "null where a limit stood": ("/workspaces/*/budgets/*", {"data": {"limit_usd": None}}),
    "a rate as an integer": ("/workspaces/*", {"data": {"io_logging_sampling_rate": 1}}),
    "null where a time stood": ("/**", {"data": {"created_at": None, "updated_at": None}}),
    "a count as a float": ("/**", {"total_count": 5.0}),
    "no count": ("/**", {"total_count": None}),
}
# What the answers say of the live state, and a run cannot know better.
DRIFTS = {"a rate as an integer"}


@pytest.mark.parametrize("fault", NEWER)
def test_newer_answers_are_understood(
    sandbox: Sandbox, stack: Stack, story: list[World], record: Record, fault: str
) -> None:
    """With every answer changed that way all runs succeed, and a settled stack stays settled."""
    path, merged = NEWER[fault]
    sandbox.add_fault(path=path, times=None, merge=merged)
    stack.up(FIRST)
    if fault not in DRIFTS:
        assert stack.up(FIRST) == {"same": len(FIRST)}
        assert stack.refresh() == []
        assert stack.up(FIRST) == {"same": len(FIRST)}
    first = judge(story[0], world(sandbox))
    stack.up(SECOND)
    second = judge(story[2], world(sandbox))
    stack.destroy()
    verdict = judge(story[3], world(sandbox))
    [planned] = sandbox.faults()
    how = "every answer that has it"
    case = Case.of(verdict, Section.NEWER, fault, how, injected=planned["injected"], runs=6)
    record(case)
    assert first.differences == second.differences == verdict.differences == ()


def test_a_sort_that_this_version_does_not_know(
    sandbox: Sandbox, stack: Stack, story: list[World], record: Record
) -> None:
    """An unknown provider sort, set by hand, is read, shown as drift and put back."""
    stack.up(FIRST)
    by_hand = {"data": {"default_provider_sort": "karma"}}
    sandbox.add_fault(method="GET", path="/workspaces", merge=by_hand)
    assert ("Workspace", "prod") in stack.refresh()
    assert stack.resources["Workspace", "prod"].outputs["default_provider_sort"] == "karma"
    assert stack.up(FIRST) == {"update": 1, "same": len(FIRST) - 1}
    assert stack.refresh() == []
    verdict = judge(story[0], world(sandbox))
    how = "one listing"
    record(Case.of(verdict, Section.NEWER, "an unknown provider sort", how, injected=1, runs=4))
    assert verdict.differences == ()
