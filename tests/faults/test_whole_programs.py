"""Faults in whole programs: the engine's own processes, its parallel steps and its state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from faults.conftest import Record
from faults.results import CLI, OFFLINE, Case, Section
from faults.story import REQUESTS, judge_all
from faults.world import World, world
from harness import Engine, Project
from pulumi_openrouter.sandbox import Sandbox

RUNNERS = {Engine.OFFLINE: OFFLINE, Engine.CLI: CLI}
STORY = """
prod = openrouter.Workspace(
    "prod", name="prod", slug="prod", description={description!r}, io_logging_sampling_rate=0.5
)
openrouter.WorkspaceBudget("prod", workspace=prod, {limits})
openrouter.WorkspaceMembership("prod", workspace=prod, emails={emails!r})
openrouter.WorkspaceBudget(
    "shared", workspace="shared", weekly_usd=20, include_byok_in_budgets=True
)
openrouter.WorkspaceMembership("shared", workspace="shared", emails=["mei.chen@example.com"])
"""
FIRST = STORY.format(
    description="Production",
    limits="monthly_usd=500, daily_usd=50",
    emails=["jane.doe@example.com", "ravi.patel@example.com"],
)
SECOND = STORY.format(
    description="More of it", limits="monthly_usd=600", emails=["jane.doe@example.com"]
)
FAULTS: Mapping[str, tuple[Section, Mapping[str, Any]]] = {
    "429 with Retry-After in seconds": (Section.REFUSED, {"status": 429, "retry_after": "7"}),
    "503": (Section.REFUSED, {"status": 503}),
    "request lost before it arrives": (Section.LOST, {"lose": "request"}),
    "answer lost after the change": (Section.LOST, {"lose": "answer"}),
}
MANY = """
for number in range(30):
    openrouter.Workspace(f"many-{number:02}")
"""


@pytest.mark.parametrize("fault", FAULTS)
def test_the_story_with_every_request_disturbed(
    sandbox: Sandbox,
    story: list[World],
    project: Project,
    engine: Engine,
    record: Record,
    fault: str,
) -> None:
    """Where each request goes wrong once, a whole program lives as if none had."""
    section, action = FAULTS[fault]
    for method, path in REQUESTS.values():
        sandbox.add_fault(method=method, path=path, **action)
    project.set_config("openrouter:maxRetryDelaySeconds", "0.05")
    worlds = []
    for text, operation in ((FIRST, "up"), (FIRST, "refresh"), (SECOND, "up"), ("", "destroy")):
        project.program(text)
        getattr(project, operation)()
        worlds.append(world(sandbox))
    verdict = judge_all(story, worlds)
    injected = sum(planned["injected"] for planned in sandbox.faults())
    how = "each of the 12 requests once"
    case = Case.of(verdict, section, fault, how, injected=injected, runs=4, runner=RUNNERS[engine])
    record(case)
    assert verdict.differences == ()
    assert injected == len(REQUESTS)


def test_refusals_of_many_requests_in_flight(
    sandbox: Sandbox, project: Project, engine: Engine, record: Record
) -> None:
    """Refused in flight, requests wait and succeed: each 429 costs one repetition, and no more."""
    project.set_config("openrouter:maxRetryDelaySeconds", "1")
    project.program(MANY)
    sandbox.add_fault(method="POST", times=8, status=429, retry_after="1")
    sandbox.set_latency(0.05)
    project.up()
    assert sandbox.counts()["total"] == 30 + 8
    made = [one["slug"] for one in world(sandbox)]
    assert len([slug for slug in made if slug.startswith("many-")]) == 30
    sandbox.set_latency(0)
    settled = world(sandbox)
    assert project.up().is_empty
    verdict = judge_all([settled], [world(sandbox)])
    fault, how = "429 on 8 of 30 requests in flight", "the first 8 creates of a run"
    runner = RUNNERS[engine]
    record(Case.of(verdict, Section.REFUSED, fault, how, injected=8, runs=2, runner=runner))
    assert verdict.differences == ()
