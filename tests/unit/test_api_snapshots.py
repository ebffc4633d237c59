"""Shared reads: one listing for all readers, right after writes, and gone when it should be."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx
import pytest

from pulumi_openrouter.api.client import Client
from pulumi_openrouter.errors import NotFoundError, OpenRouterError, ServerError

if TYPE_CHECKING:
    from unit.conftest import ScriptedApi


class Organization:
    """Workspaces behind httpx, which can be changed, hidden and made to fail."""

    def __init__(self, api: ScriptedApi, workspaces: int) -> None:
        self.workspaces = {f"id-{n}": f"slug-{n}" for n in range(workspaces)}
        self.hidden: set[str] = set()
        self.status = 200
        self.before: Callable[[], object] = lambda: None
        api.script = [self.answer] * 5000

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Answer a list or get request; any write succeeds."""
        self.before()
        name = request.url.path.removeprefix("/api/v1/workspaces").strip("/")
        if self.status != 200:
            return httpx.Response(self.status, json={"error": {"message": "No."}})
        if request.method != "GET":
            return httpx.Response(200, json={"data": {"id": name or "new"}})
        if not name:
            listed = [
                self.workspace(found) for found in self.workspaces if found not in self.hidden
            ]
            return self.page(request, listed)
        ids = [found for found, slug in self.workspaces.items() if name in {found, slug}]
        if not ids:
            return httpx.Response(404, json={"error": {"message": "Resource not found"}})
        return httpx.Response(200, json={"data": self.workspace(ids[0])})

    def workspace(self, workspace_id: str) -> dict[str, object]:
        """One workspace."""
        return {"id": workspace_id, "slug": self.workspaces[workspace_id]}

    def page(self, request: httpx.Request, items: list[dict[str, object]]) -> httpx.Response:
        """The page asked for."""
        offset, limit = (int(request.url.params[name]) for name in ("offset", "limit"))
        body = {"data": items[offset : offset + limit], "total_count": len(items)}
        return httpx.Response(200, json=body)


def read_all(client: Client, ids: list[str], threads: int = 8) -> list[str]:
    """Read workspaces by id from several threads, as a refresh does."""
    with ThreadPoolExecutor(threads) as pool:
        return [found.id for found in pool.map(client.snapshots.workspace, ids)]


@pytest.mark.parametrize(
    ("workspaces", "requests"), [(1, 1), (21, 1), (100, 1), (101, 2), (251, 3), (500, 5)]
)
@pytest.mark.parametrize("newest_first", [False, True], ids=["in order", "in reverse"])
def test_reading_all_costs_one_listing(
    api: ScriptedApi, workspaces: int, requests: int, newest_first: bool
) -> None:
    """Readers of N workspaces share ceil(N/100) requests, in whatever order they come."""
    organization = Organization(api, workspaces)
    ids = sorted(organization.workspaces, reverse=newest_first)
    assert read_all(api.client(), ids) == ids
    assert len(api.requests) == requests


def test_a_large_listing_is_shared_too(api: ScriptedApi) -> None:
    """Reading all of 2,000 workspaces in the listing's order costs 20 requests."""
    organization = Organization(api, 2000)
    client = api.client()
    for workspace_id in organization.workspaces:
        client.snapshots.workspace(workspace_id)
    assert len(api.requests) == 20


def test_a_few_of_very_many_are_asked_for_singly(api: ScriptedApi) -> None:
    """A stack of three workspaces in an organization of 2,000 does not read them all."""
    Organization(api, 2000)
    client = api.client()
    for workspace_id in ("id-1500", "id-1700", "id-1900"):
        assert client.snapshots.workspace(workspace_id).id == workspace_id
    assert api.asked == [
        "GET /workspaces?offset=0&limit=100",
        "GET /workspaces/id-1500",
        "GET /workspaces/id-1700",
        "GET /workspaces/id-1900",
    ]


def test_what_is_not_listed_is_confirmed_before_it_is_gone(api: ScriptedApi) -> None:
    """A workspace that a listing misses is read by itself; only its own 404 means gone."""
    organization = Organization(api, 20)
    organization.hidden = {"id-7"}
    client = api.client()
    assert client.snapshots.workspace("id-7").slug == "slug-7"
    with pytest.raises(NotFoundError):
        client.snapshots.workspace("id-77")
    assert api.asked[1:] == ["GET /workspaces/id-7", "GET /workspaces/id-77"]


def test_a_404_on_the_listing_is_not_gone(api: ScriptedApi) -> None:
    """If even the listing is not found, the base URL is wrong: nothing is called gone."""
    organization = Organization(api, 1)
    organization.status = 404
    with pytest.raises(OpenRouterError) as failure:
        api.client().snapshots.workspace("id-0")
    assert not isinstance(failure.value, NotFoundError)


def test_ids_are_found_in_either_case(api: ScriptedApi) -> None:
    """A UUID in capitals is the same UUID."""
    Organization(api, 3)
    assert api.client().snapshots.workspace("ID-1").id == "id-1"
    assert len(api.requests) == 1


def test_reading_the_same_again_asks_again(api: ScriptedApi) -> None:
    """A listing serves each workspace once: a second read sees what changed in between."""
    organization = Organization(api, 2)
    client = api.client()
    assert client.snapshots.workspace("id-0").slug == "slug-0"
    organization.workspaces["id-0"] = "renamed"
    assert client.snapshots.workspace("id-0").slug == "renamed"
    assert client.snapshots.workspace("id-1").slug == "slug-1"
    assert api.asked == ["GET /workspaces?offset=0&limit=100", "GET /workspaces/id-0"]


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(lambda client: client.workspaces.create({"slug": "x"}), id="create"),
        pytest.param(lambda client: client.workspaces.update("id-1", {}), id="update"),
        pytest.param(lambda client: client.workspaces.delete("id-1"), id="delete"),
        pytest.param(lambda client: client.budgets.put("id-1", "daily", 1, True), id="BYOK flag"),
    ],
)
def test_a_write_ends_the_listing(api: ScriptedApi, write: Callable[[Client], object]) -> None:
    """Whoever reads after a write sees its result."""
    organization = Organization(api, 2)
    client = api.client()
    client.snapshots.workspace("id-0")
    organization.workspaces["id-1"] = "renamed"
    write(client)
    assert client.snapshots.workspace("id-1").slug == "renamed"


def test_a_failed_write_ends_the_listing_too(api: ScriptedApi) -> None:
    """A write that failed may have been made all the same."""
    organization = Organization(api, 2)
    client = api.client(max_retries=0)
    client.snapshots.workspace("id-0")
    organization.status = 500
    with pytest.raises(ServerError):
        client.workspaces.update("id-1", {})
    organization.status = 200
    organization.workspaces["id-1"] = "renamed"
    assert client.snapshots.workspace("id-1").slug == "renamed"


def test_a_write_of_limits_leaves_the_listing(api: ScriptedApi) -> None:
    """Budgets are not part of a workspace; only the flag is."""
    Organization(api, 2)
    client = api.client()
    client.snapshots.workspace("id-0")
    client.budgets.put("id-1", "daily", 1)
    client.snapshots.workspace("id-1")
    assert api.asked == ["GET /workspaces?offset=0&limit=100", "PUT /workspaces/id-1/budgets/daily"]


def concurrently(client: Client, ids: list[str]) -> list[Future[object]]:
    """Read workspaces from a thread each, all at once, and wait for all of them to end."""
    together = threading.Barrier(len(ids))

    def read(workspace_id: str) -> object:
        together.wait(5)
        return client.snapshots.workspace(workspace_id)

    with ThreadPoolExecutor(len(ids)) as pool:
        return [pool.submit(read, workspace_id) for workspace_id in ids]


def wait_for_the_others() -> None:
    """Hold a request for as long as readers that began at the same moment need to join it."""
    threading.Event().wait(0.5)


def test_readers_of_one_workspace_at_once_share_a_request(api: ScriptedApi) -> None:
    """Who comes while the listing is on its way waits for it, also for the same workspace."""
    organization = Organization(api, 2)
    organization.before = wait_for_the_others
    reads = concurrently(api.client(), ["id-0", "id-0"])
    assert [read.exception() for read in reads] == [None, None]
    assert len(api.requests) == 1


def test_a_failure_reaches_everyone_who_waited(api: ScriptedApi) -> None:
    """A listing that fails fails for all its readers, without a request for each."""
    organization = Organization(api, 3)
    organization.status = 500
    organization.before = wait_for_the_others
    client = api.client(max_retries=0)
    reads = concurrently(client, ["id-0", "id-1", "id-2"])
    assert [type(read.exception()) for read in reads] == [ServerError] * 3
    assert len(api.requests) == 1
    organization.status = 200
    assert client.snapshots.workspace("id-0").id == "id-0"


def test_a_slug_is_served_from_the_listing_of_the_operation(api: ScriptedApi) -> None:
    """While a listing is warm, a slug in it costs no request; one not in it costs its own."""
    Organization(api, 3)
    client = api.client()
    client.snapshots.workspace("id-0")
    assert client.snapshots.workspace_by_slug("slug-1").id == "id-1"
    with pytest.raises(NotFoundError):
        client.snapshots.workspace_by_slug("slug-9")
    assert api.asked == ["GET /workspaces?offset=0&limit=100", "GET /workspaces/slug-9"]


def test_a_slug_without_a_listing_is_one_request(api: ScriptedApi) -> None:
    """A slug alone does not start a listing; one that was read already is read anew."""
    Organization(api, 3)
    client = api.client()
    assert client.snapshots.workspace_by_slug("slug-1").id == "id-1"
    client.snapshots.workspace("id-1")
    assert client.snapshots.workspace_by_slug("slug-1").id == "id-1"
    assert api.asked == [
        "GET /workspaces/slug-1",
        "GET /workspaces?offset=0&limit=100",
        "GET /workspaces/slug-1",
    ]
