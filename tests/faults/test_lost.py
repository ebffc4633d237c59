"""Lost, cut and unreadable: no answer comes back, or none that can be understood."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from faults.conftest import NewStack, Record
from faults.driver import Stack, failure
from faults.results import Case, Section
from faults.story import CHAPTERS, FIRST, REQUESTS, judge_all, live
from faults.world import World, judge, world
from pulumi_openrouter import OpenRouterError
from pulumi_openrouter.sandbox import Sandbox

UNANSWERED: Mapping[str, Mapping[str, Any]] = {
    "request lost before it arrives": {"lose": "request"},
    "answer lost after the change": {"lose": "answer"},
    "answer cut in the middle": {"truncate": True},
    "504 of a proxy after the change": {"status": 504, "handled": True},
    "200 that is not JSON": {"body": "<html>Welcome</html>"},
    "200 that is empty": {"body": ""},
    "200 without data": {"body": "{}"},
    "200 whose data is null": {"body": '{"data": null}'},
    "200 with an error in it": {"body": '{"error": {"code": 500, "message": "Oops"}}'},
}
STALLED: Mapping[str, Mapping[str, Any]] = {
    "no answer until the timeout": {"stall": "answer"},
    "half an answer until the timeout": {"stall": "body"},
}


@pytest.mark.parametrize("fault", UNANSWERED)
def test_one_lost_exchange_is_made_good_in_the_same_run(
    sandbox: Sandbox, stack: Stack, story: list[World], record: Record, fault: str
) -> None:
    """Where each request goes wrong once, whether the change was made or not, no run fails."""
    for method, path in REQUESTS.values():
        sandbox.add_fault(method=method, path=path, **UNANSWERED[fault])
    verdict = judge_all(story, live(sandbox, stack))
    injected = sum(planned["injected"] for planned in sandbox.faults())
    how = "each of the 12 requests once"
    record(Case.of(verdict, Section.LOST, fault, how, injected=injected, runs=4))
    assert verdict.differences == ()
    assert injected == len(REQUESTS)


@pytest.mark.parametrize("fault", STALLED)
def test_a_timeout_is_made_good_in_the_same_run(
    sandbox: Sandbox, new_stack: NewStack, story: list[World], record: Record, fault: str
) -> None:
    """An answer that does not end is given up and asked for again."""
    for method, path in REQUESTS.values():
        sandbox.add_fault(method=method, path=path, **STALLED[fault])
    verdict = judge_all(story, live(sandbox, new_stack(timeout_seconds=0.5)))
    injected = sum(planned["injected"] for planned in sandbox.faults())
    how = "each of the 12 requests once"
    record(Case.of(verdict, Section.LOST, fault, how, injected=injected, runs=4))
    assert verdict.differences == ()
    assert injected == len(REQUESTS)


@pytest.mark.parametrize("request_name", REQUESTS)
@pytest.mark.parametrize("fault", list(UNANSWERED)[:4])
def test_a_run_that_gives_up_is_made_good_by_the_next(
    sandbox: Sandbox,
    new_stack: NewStack,
    story: list[World],
    record: Record,
    fault: str,
    request_name: str,
) -> None:
    """When every attempt of one request is lost, the run fails, and the same run again converges.

    A create whose answer is lost is found by looking, so that run does not even fail.
    """
    method, path = REQUESTS[request_name]
    stack = new_stack(max_retries=2)
    sandbox.add_fault(method=method, path=path, times=3, **UNANSWERED[fault])
    worlds, failures = [], 0
    for chapter in CHAPTERS.values():
        if failure(partial(chapter, stack)):
            failures += 1
            chapter(stack)
        worlds.append(world(sandbox))
    verdict = judge_all(story, worlds)
    [planned] = sandbox.faults()
    how = "every attempt of one request, each of the 12 in turn; then the same run again"
    record(
        Case.of(verdict, Section.LOST, fault, how, injected=planned["injected"], runs=4 + failures)
    )
    assert verdict.differences == ()
    assert planned["injected"] >= 1
    assert failures <= 1


@pytest.fixture
def deaf_port() -> Iterator[int]:
    """A port on which connections are neither taken nor refused."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server:
        queue = [socket.socket() for _ in range(3)]
        for waiting in queue:
            waiting.setblocking(False)
            waiting.connect_ex(server.getsockname())
        yield server.getsockname()[1]
        for waiting in queue:
            waiting.close()


@pytest.fixture
def closed_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.mark.parametrize("port", ["deaf_port", "closed_port"])
def test_an_api_that_cannot_be_reached_changes_nothing(
    sandbox: Sandbox,
    new_stack: NewStack,
    story: list[World],
    record: Record,
    request: pytest.FixtureRequest,
    port: str,
) -> None:
    """Without a connection the run fails in words; once there is one, the next run converges."""
    stack = new_stack(timeout_seconds=0.2, max_retries=2)
    reachable = stack.settings
    elsewhere = f"http://127.0.0.1:{request.getfixturevalue(port)}"
    stack.settings = replace(reachable, base_url=elsewhere)
    expected = r'creating workspace "prod": POST /workspaces got no answer: Connect.*network'
    with pytest.raises(OpenRouterError, match=expected):
        stack.up(FIRST)
    assert stack.resources == {}
    stack.settings = replace(reachable, timeout_seconds=10)
    stack.up(FIRST)
    verdict = judge(story[0], world(sandbox))
    fault = "timeout at connect" if port == "deaf_port" else "connection refused"
    how = "every attempt of the first request; then the same run again"
    record(Case.of(verdict, Section.LOST, fault, how, injected=3, runs=2))
    assert verdict.differences == ()
