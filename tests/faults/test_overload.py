"""Overload and outages: every request is refused for a while, in every way that passes."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest

from faults.conftest import Record
from faults.driver import Stack
from faults.results import Case, Section
from faults.story import REQUESTS, judge_all, live
from faults.world import World
from pulumi_openrouter.sandbox import Sandbox

PAGE = "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"

TRANSIENT = {
    **{str(status): {"status": status} for status in (408, 500, 502, 503, 504, *range(520, 525))},
    "503 with Retry-After": {"status": 503, "retry_after": "7"},
    "502 with a proxy's page": {"status": 502, "body": PAGE},
    "429 without Retry-After": {"status": 429},
    "429 with Retry-After in seconds": {"status": 429, "retry_after": "7"},
    "429 with an absurd Retry-After": {"status": 429, "retry_after": "3600"},
    "429 with an unreadable Retry-After": {"status": 429, "retry_after": "soon"},
}


@pytest.mark.parametrize("fault", TRANSIENT)
def test_transient_refusals_are_waited_out(
    sandbox: Sandbox, stack: Stack, story: list[World], record: Record, fault: str
) -> None:
    """Each request, refused twice in a row, succeeds after waits of at most a minute each."""
    for method, path in REQUESTS.values():
        sandbox.add_fault(method=method, path=path, times=2, **TRANSIENT[fault])
    verdict = judge_all(story, live(sandbox, stack))
    injected = [planned["injected"] for planned in sandbox.faults()]
    how = "each of the 12 requests refused twice in a row"
    record(Case.of(verdict, Section.REFUSED, fault, how, injected=sum(injected), runs=4))
    assert verdict.differences == ()
    assert injected == [2] * len(REQUESTS)
    assert 0 < max(stack.clock.slept) <= stack.settings.max_retry_delay_seconds + 0.5
    if "Retry-After" in fault:
        assert stack.notes[0].startswith(f"OpenRouter answered {fault[:3]}; waiting")


def test_a_date_is_waited_for(
    sandbox: Sandbox, stack: Stack, story: list[World], record: Record
) -> None:
    """A Retry-After that is a date makes every request wait until then."""
    then = format_datetime(datetime.now(timezone.utc) + timedelta(seconds=50), usegmt=True)
    for method, path in REQUESTS.values():
        sandbox.add_fault(method=method, path=path, status=429, retry_after=then)
    verdict = judge_all(story, live(sandbox, stack))
    injected = sum(planned["injected"] for planned in sandbox.faults())
    fault, how = "429 with Retry-After as a date", "each of the 12 requests refused once"
    record(Case.of(verdict, Section.REFUSED, fault, how, injected=injected, runs=4))
    assert verdict.differences == ()
    assert injected == len(REQUESTS)
    # No guess of the client's own would be that long after one refusal.
    assert sum(seconds > 5 for seconds in stack.clock.slept) >= len(REQUESTS)
