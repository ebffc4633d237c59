"""One life of a stack that sends every request the provider knows, and what it leaves behind.

Each fault is tried on each request of it. What should stand at the API after each chapter is what
the same life leaves there when nothing goes wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from faults.declared import budget, membership, workspace
from faults.driver import Stack
from faults.world import Verdict, World, judge, world
from harness.organization import Somebody
from pulumi_openrouter.sandbox import Sandbox

SHARED = [
    budget("shared", workspace="shared", weekly_usd=20, include_byok_in_budgets=True),
    membership("shared", workspace="shared", emails=["mei.chen@example.com"]),
]
FIRST = [
    workspace("prod", description="Production", io_logging_sampling_rate=0.5),
    budget("prod", of="prod", monthly_usd=500, daily_usd=50),
    membership("prod", of="prod", emails=["jane.doe@example.com", "ravi.patel@example.com"]),
    *SHARED,
]
SECOND = [
    workspace("prod", description="More of it", io_logging_sampling_rate=0.5),
    budget("prod", of="prod", monthly_usd=600),
    membership("prod", of="prod", emails=["jane.doe@example.com"]),
    *SHARED,
]

REQUESTS: Mapping[str, tuple[str, str]] = {
    "listing workspaces": ("GET", "/workspaces"),
    "reading a workspace": ("GET", "/workspaces/*"),
    "creating a workspace": ("POST", "/workspaces"),
    "updating a workspace": ("PATCH", "/workspaces/*"),
    "deleting a workspace": ("DELETE", "/workspaces/*"),
    "listing budgets": ("GET", "/workspaces/*/budgets"),
    "setting a budget": ("PUT", "/workspaces/*/budgets/*"),
    "deleting a budget": ("DELETE", "/workspaces/*/budgets/*"),
    "listing members": ("GET", "/workspaces/*/members"),
    "adding members": ("POST", "/workspaces/*/members/add"),
    "removing members": ("POST", "/workspaces/*/members/remove"),
    "listing the organization": ("GET", "/organization/members"),
}
"""Every request that the story sends, as the method and path of a fault."""

WRITES = {name: request for name, request in REQUESTS.items() if request[0] != "GET"}

CHAPTERS: Mapping[str, Callable[[Stack], object]] = {
    "create": lambda stack: stack.up(FIRST),
    "refresh": lambda stack: stack.refresh(),
    "update": lambda stack: stack.up(SECOND),
    "destroy": lambda stack: stack.destroy(),
}


def begin(sandbox: Sandbox, somebody: Somebody) -> None:
    """Bring the sandbox to where the story begins: a workspace that several share."""
    somebody.creates("shared")
    somebody.sets("shared", monthly=90)
    sandbox.clear_requests()


def live(sandbox: Sandbox, stack: Stack) -> list[World]:
    """Live through all chapters; return what stood at the API after each."""
    worlds = []
    for chapter in CHAPTERS.values():
        chapter(stack)
        worlds.append(world(sandbox))
    return worlds


def judge_all(expected: list[World], actual: list[World]) -> Verdict:
    """Sum the verdicts on every chapter."""
    verdicts = [judge(*pair) for pair in zip(expected, actual, strict=True)]
    return Verdict(
        all(verdict.converged for verdict in verdicts),
        sum(verdict.duplicates for verdict in verdicts),
        sum(verdict.losses for verdict in verdicts),
        tuple(words for verdict in verdicts for words in verdict.differences),
    )
