"""The organization's members: read once for everyone who asks."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx
import pytest

from pulumi_openrouter.errors import ForbiddenError, ServerError

if TYPE_CHECKING:
    from unit.conftest import ScriptedApi


def people(first: int, end: int, total: int) -> httpx.Response:
    """A page of the organization's members."""
    members = [{"id": f"user-{number}"} for number in range(first, end)]
    return httpx.Response(200, json={"data": members, "total_count": total})


def test_the_organization_is_read_once_per_process(api: ScriptedApi) -> None:
    """However many ask, at once or later, its members cost ceil(N/100) requests."""
    api.script = [people(0, 100, 250), people(100, 200, 250), people(200, 250, 250)]
    snapshots = api.client().snapshots
    with ThreadPoolExecutor(8) as pool:
        reads = [pool.submit(snapshots.organization_members) for _ in range(8)]
    api.time += 3600
    assert {len(read.result()) for read in reads} == {250}
    assert len(snapshots.organization_members()) == 250


def test_the_organization_is_read_again_on_demand(api: ScriptedApi) -> None:
    """Who misses someone may ask for members that are not older than so many seconds."""
    api.script = [people(0, 1, 1), people(0, 2, 2)]
    snapshots = api.client().snapshots
    snapshots.organization_members()
    api.time += 4
    assert len(snapshots.organization_members(max_age_seconds=5)) == 1
    api.time += 4
    assert len(snapshots.organization_members(max_age_seconds=5)) == 2


def test_a_failed_reading_of_the_organization_is_not_kept(api: ScriptedApi) -> None:
    """After a failure the next caller reads again."""
    api.script = [httpx.Response(500), people(0, 1, 1)]
    snapshots = api.client(max_retries=0).snapshots
    with pytest.raises(ServerError):
        snapshots.organization_members()
    assert len(snapshots.organization_members()) == 1


def test_a_failed_reading_of_the_organization_fails_for_all_who_waited(api: ScriptedApi) -> None:
    """Who comes while it is under way gets the failure too, in short and without a request."""
    together = threading.Barrier(2)

    def fail(_: httpx.Request) -> httpx.Response:
        threading.Event().wait(0.5)  # as long as the other needs to join
        return httpx.Response(403, json={"error": {"message": "Not for you"}})

    api.script = [fail]
    snapshots = api.client().snapshots

    def text() -> str:
        together.wait(5)
        with pytest.raises(ForbiddenError) as failure:
            snapshots.organization_members()
        return str(failure.value)

    with ThreadPoolExecutor(2) as pool:
        texts = [read.result() for read in [pool.submit(text) for _ in range(2)]]
    assert sum("same cause as the first error (Not for you)" in one for one in texts) == 1
    assert len(api.requests) == 1
