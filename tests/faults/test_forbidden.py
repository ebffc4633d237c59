"""Refusals that time does not mend: only a 404 on the object itself means that it is gone."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import pytest

from faults.conftest import Record
from faults.declared import budget, membership, workspace
from faults.driver import CheckError, Stack, failure
from faults.results import Case, Section
from faults.story import CHAPTERS, FIRST, REQUESTS, judge_all
from faults.world import World, judge, world
from harness.organization import Somebody, people
from pulumi_openrouter import OpenRouterError
from pulumi_openrouter.sandbox import Sandbox

REFUSALS: Mapping[str, Mapping[str, Any]] = {
    "401 in the middle of a run": {"status": 401, "message": "Invalid credentials"},
    "403": {"status": 403},
    "404 of a proxy": {"status": 404, "body": "<html><title>Not Found</title></html>"},
}
READS = {name: request for name, request in REQUESTS.items() if request[0] == "GET"}


@pytest.mark.parametrize("fault", list(REFUSALS)[:3])
def test_a_refused_request_is_made_good_by_the_next_run(
    sandbox: Sandbox, stack: Stack, story: list[World], record: Record, fault: str
) -> None:
    """Whichever request is refused, the run fails in one line, nothing is lost, and it goes on."""
    for method, path in REQUESTS.values():
        sandbox.add_fault(method=method, path=path, **REFUSALS[fault])
    worlds, runs, stated = [], 0, set(stack.resources)
    for chapter in CHAPTERS.values():
        runs += 1
        while failure(partial(chapter, stack)):
            runs += 1
            assert stated <= {*stack.resources} or chapter is CHAPTERS["destroy"]
        stated = set(stack.resources)
        worlds.append(world(sandbox))
    verdict = judge_all(story, worlds)
    injected = sum(planned["injected"] for planned in sandbox.faults())
    how = "each of the 12 requests once; the same run again"
    record(Case.of(verdict, Section.FORBIDDEN, fault, how, injected=injected, runs=runs))
    assert verdict.differences == ()
    assert injected == len(REQUESTS)


@pytest.mark.parametrize("refusal", ["401 in the middle of a run", "403", "404 of a proxy"])
@pytest.mark.parametrize("name", ["listing workspaces", "listing budgets", "listing members"])
def test_a_refused_refresh_takes_nothing_for_gone(
    sandbox: Sandbox, stack: Stack, story: list[World], record: Record, name: str, refusal: str
) -> None:
    """A read that is refused fails the refresh and leaves the resource in the state."""
    stack.up(FIRST)
    method, path = READS[name]
    kept = dict(stack.resources)
    sandbox.add_fault(method=method, path=path, times=None, **REFUSALS[refusal])
    with pytest.raises(OpenRouterError, match=f"answered {REFUSALS[refusal]['status']}"):
        stack.refresh()
    assert {*stack.resources} == {*kept}
    sandbox.clear_faults()
    assert stack.refresh() == []
    assert stack.up(FIRST) == {"same": len(FIRST)}
    verdict = judge(story[0], world(sandbox))
    how = "every read of one kind, in a refresh"
    record(Case.of(verdict, Section.FORBIDDEN, refusal, how, injected=1, runs=4))
    assert verdict.differences == ()


def test_only_the_object_itself_can_be_gone(
    sandbox: Sandbox, stack: Stack, somebody: Somebody, record: Record
) -> None:
    """A 404 on a listing of parts is not believed; a workspace deleted by hand is made again."""
    sandbox.set_options(fresh_budgets_404=True)
    program = [
        workspace("prod"),
        budget("prod", of="prod", daily_usd=5),
        membership("prod", of="prod", user_ids=people(sandbox)[:2]),
    ]
    stack.up(program)
    expected = world(sandbox)
    somebody.sets("prod", daily=None)
    assert stack.refresh() == [("WorkspaceBudget", "prod")]
    assert ("WorkspaceBudget", "prod") in stack.resources
    stack.up(program)
    parts_404 = judge(expected, world(sandbox))
    sandbox.add_fault(method="GET", path="/workspaces/*/members", status=404)
    with pytest.raises(OpenRouterError, match="answered 404"):
        stack.refresh()
    assert len(stack.resources) == len(program)
    somebody.deletes("prod")
    assert len(stack.refresh()) == len(program)
    assert stack.resources == {}
    stack.up(program)
    verdict = judge_all([expected, expected], [world(sandbox), world(sandbox)])
    fault, how = "404 on the budgets or members of a workspace that exists", "in a refresh"
    record(Case.of(verdict, Section.FORBIDDEN, fault, how, injected=2, runs=6))
    assert verdict.differences == parts_404.differences == ()


@pytest.mark.parametrize("kind", ["default workspace", "SCIM", "plan", "keys of a person", "keys"])
def test_each_known_refusal_names_the_way_out(
    sandbox: Sandbox, stack: Stack, somebody: Somebody, record: Record, kind: str
) -> None:
    """Each refusal that the API is known for reaches the user in its words, with the next step."""
    ids = people(sandbox)
    prod = workspace("prod")
    in_prod = membership("prod", of="prod", user_ids=ids[:2])
    expected_words = {
        "default workspace": "(?i)everybody in the organization .*remove the resource",
        "SCIM": "SCIM-managed.*identity provider",
        "plan": "Enterprise plan",
        "keys of a person": "active API keys in this workspace and cannot be removed",
        "keys": 'Delete the API keys of workspace "prod" first|Delete or disable these keys',
    }
    programs = {
        "default workspace": [membership("all", workspace="default", user_ids=ids[:1])],
        "SCIM": [prod, membership("prod", of="prod", user_ids=ids[:1])],
        "plan": [prod, in_prod, budget("prod", of="prod", daily_usd=5)],
        "keys of a person": [prod, membership("prod", of="prod", user_ids=ids[:1])],
        "keys": [],
    }
    stack.up([prod, in_prod])
    somebody.changes("theirs", description="Still theirs")
    if kind == "plan":
        sandbox.set_options(plan="standard")
    if kind in {"SCIM", "keys of a person"}:
        keys = ["prod"] if kind != "SCIM" else []
        sandbox.mark_member(ids[1], scim_managed=kind == "SCIM", active_key_in=keys)
    if kind == "keys":
        sandbox.mark_workspace("prod", active_keys=True)
    before = world(sandbox)
    with pytest.raises((OpenRouterError, CheckError), match=expected_words[kind]) as raised:
        stack.up(programs[kind])
    assert len(str(raised.value).splitlines()) == 1
    verdict = judge(before, world(sandbox))
    fault = f"refused: {kind}"
    how = "by the API's own rule; what has to stay is what was there"
    record(Case.of(verdict, Section.FORBIDDEN, fault, how, injected=1, runs=1))
    assert verdict.differences == ()
