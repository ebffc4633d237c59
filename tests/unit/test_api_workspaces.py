"""Creating a workspace when answers get lost: never a second one, never somebody else's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from pulumi_openrouter.errors import (
    AmbiguousError,
    ApiError,
    AuthenticationError,
    ConnectionFailedError,
    InvalidRequestError,
    ServerError,
)

if TYPE_CHECKING:
    from unit.conftest import ScriptedApi, Step

FIELDS = {
    "name": "Acme",
    "slug": "acme",
    "description": None,
    "disabled_server_tools": [],
    "io_logging_api_key_ids": [2.0, 1.0],
    "io_logging_sampling_rate": 1,
}
# The test clock begins at 2026-09-21 14:13:20 UTC, and so does each call.
BEGAN = "2026-09-21T14:13:20.000Z"


def workspace(created_at: str | None = BEGAN, **changes: object) -> dict[str, object]:
    """What the API has after the create, unless something differs."""
    stored = {**FIELDS, "disabled_server_tools": None, "io_logging_api_key_ids": [1, 2]}
    return {"data": {"id": "ws-1", "created_at": created_at, **stored, **changes}}


def seen(body: dict[str, object], date: str = "") -> httpx.Response:
    """The answer to a look at the workspace."""
    return httpx.Response(200, json=body, headers={"Date": date} if date else {})


def refused(status: int = 400, message: str = "exists already") -> httpx.Response:
    """An error in the API's shape."""
    return httpx.Response(status, json={"error": {"code": status, "message": message}})


def missing() -> httpx.Response:
    """There is no such workspace."""
    return refused(404, "Resource not found")


LOST: list[Step] = [
    httpx.ReadTimeout("timed out"),
    httpx.RemoteProtocolError("Server disconnected without sending a response."),
    httpx.WriteError("broken pipe"),
    httpx.Response(500, text="oops"),
    httpx.Response(502, text="<title>Bad Gateway</title>"),
    httpx.Response(524),
    httpx.Response(408),
    httpx.Response(201, text='{"data": {"id"'),
    httpx.Response(201, json=[]),
]
LOST_IDS = [
    "read timeout",
    "disconnected",
    "write error",
    "500",
    "502 page",
    "524",
    "408",
    "truncated",
    "no object",
]


@pytest.mark.parametrize("lost", LOST, ids=LOST_IDS)
def test_a_create_whose_answer_was_lost_is_found(api: ScriptedApi, lost: Step) -> None:
    """The change was made: it is found by looking, and not made twice."""
    api.script = [lost, seen(workspace())]
    assert api.client().workspaces.create(FIELDS).id == "ws-1"
    assert api.asked == ["POST /workspaces", "GET /workspaces/acme"]


@pytest.mark.parametrize("lost", LOST, ids=LOST_IDS)
def test_a_create_that_was_lost_itself_is_sent_again(api: ScriptedApi, lost: Step) -> None:
    """The change was not made: after a look and a wait it is."""
    api.script = [lost, missing(), httpx.Response(201, json=workspace())]
    assert api.client().workspaces.create(FIELDS).id == "ws-1"
    assert api.asked == ["POST /workspaces", "GET /workspaces/acme", "POST /workspaces"]
    assert len(api.slept) == 1


@pytest.mark.parametrize(
    "unsent",
    [
        pytest.param(refused(429), id="429"),
        pytest.param(httpx.ConnectError("refused"), id="no connection"),
        pytest.param(httpx.ConnectTimeout("timed out"), id="connect timeout"),
        pytest.param(httpx.PoolTimeout("timed out"), id="no free connection"),
        pytest.param(httpx.ProxyError("503"), id="proxy refuses"),
    ],
)
def test_a_create_that_never_arrived_is_sent_again_without_a_look(
    api: ScriptedApi, unsent: Step
) -> None:
    """What cannot have been carried out needs no read."""
    api.script = [unsent, httpx.Response(201, json=workspace())]
    api.client().workspaces.create(FIELDS)
    assert api.asked == ["POST /workspaces", "POST /workspaces"]


def test_a_create_that_arrives_late_is_found_at_the_refusal(api: ScriptedApi) -> None:
    """Lost, not there yet, sent again, refused as existing: it is this call's own."""
    api.script = [httpx.ReadTimeout("x"), missing(), refused(), seen(workspace())]
    assert api.client().workspaces.create(FIELDS).id == "ws-1"


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        pytest.param(workspace(name="Other"), "differs in name", id="another name"),
        pytest.param(workspace(description="x"), "differs in description", id="a description"),
        pytest.param(
            workspace(io_logging_api_key_ids=[1]), "differs in io_logging_api_key_ids", id="keys"
        ),
        pytest.param(
            workspace("2026-09-21T14:13:17.900Z"), "is of 2026-09-21T14:13:17.900Z", id="older"
        ),
        pytest.param(workspace(None), "is of None", id="of unknown age"),
        pytest.param(workspace("yesterday"), "is of yesterday", id="of unreadable age"),
    ],
)
def test_somebody_elses_workspace_is_never_taken(
    api: ScriptedApi, found: dict[str, object], reason: str
) -> None:
    """What differs, or was there before, is not this call's: the error says why."""
    api.script = [httpx.ReadTimeout("timed out"), seen(found)]
    with pytest.raises(AmbiguousError, match=f"with that slug exists, but {reason}"):
        api.client().workspaces.create(FIELDS)


def test_a_refusal_after_a_lost_request_stays_a_refusal(api: ScriptedApi) -> None:
    """Lost, sent again, refused as existing, and not ours: the API's own words reach the user."""
    api.script = [httpx.ReadTimeout("x"), missing(), refused(), seen(workspace(name="Other"))]
    with pytest.raises(InvalidRequestError, match="answered 400: exists already"):
        api.client().workspaces.create(FIELDS)


def test_a_refusal_without_doubt_is_not_looked_into(api: ScriptedApi) -> None:
    """ "Exists" at the first attempt is somebody else's, however equal; no look, no taking over."""
    api.script = [refused()]
    with pytest.raises(InvalidRequestError):
        api.client().workspaces.create(FIELDS)
    assert api.asked == ["POST /workspaces"]


def test_a_refusal_after_a_mere_429_is_not_looked_into(api: ScriptedApi) -> None:
    """A 429 was not carried out, so a workspace that exists afterwards is somebody else's."""
    api.script = [refused(429), refused()]
    with pytest.raises(InvalidRequestError):
        api.client().workspaces.create(FIELDS)


@pytest.mark.parametrize(
    ("created_at", "date", "ours"),
    [
        pytest.param("2026-09-21T15:13:20Z", "Mon, 21 Sep 2026 15:13:20 GMT", True, id="ahead"),
        pytest.param("2026-09-21T13:13:19Z", "Mon, 21 Sep 2026 13:13:20 GMT", True, id="behind"),
        pytest.param("2026-09-21T14:13:20Z", "Mon, 21 Sep 2026 15:13:20 GMT", False, id="old"),
    ],
)
def test_age_is_told_by_the_servers_clock(
    api: ScriptedApi, created_at: str, date: str, ours: bool
) -> None:
    """An hour between the two clocks neither hides this call's workspace nor fakes one."""
    api.script = [httpx.ReadTimeout("x"), seen(workspace(created_at), date)]
    client = api.client()
    if ours:
        assert client.workspaces.create(FIELDS).id == "ws-1"
    else:
        with pytest.raises(AmbiguousError):
            client.workspaces.create(FIELDS)


@pytest.mark.parametrize(
    ("look", "words"),
    [
        pytest.param(refused(401, "Key revoked"), "Key revoked", id="key revoked"),
        pytest.param(httpx.ConnectError("no route"), "no route", id="network gone"),
    ],
)
def test_a_look_that_fails_leaves_the_outcome_open(
    api: ScriptedApi, look: Step, words: str
) -> None:
    """When looking fails as well, the error says that nobody knows, and both reasons."""
    api.script = [httpx.Response(500, text="oops"), look]
    with pytest.raises(AmbiguousError) as failure:
        api.client(max_retries=0).workspaces.create(FIELDS)
    text = str(failure.value)
    assert text.startswith('creating workspace "acme": POST /workspaces answered 500: oops; and')
    assert words in text


@pytest.mark.parametrize(
    ("lost", "kind"),
    [
        pytest.param(httpx.Response(502), ServerError, id="status"),
        pytest.param(httpx.ReadTimeout("x"), ConnectionFailedError, id="timeout"),
    ],
)
def test_retries_of_a_create_end_too(api: ScriptedApi, lost: Step, kind: type[ApiError]) -> None:
    """Lost each time and never there: the last failure is the error, after all retries."""
    api.script = [lost, missing(), lost, missing()]
    with pytest.raises(kind):
        api.client(max_retries=1).workspaces.create(FIELDS)


def test_a_failure_that_is_final_is_not_looked_into(api: ScriptedApi) -> None:
    """A key that is not accepted created nothing."""
    api.script = [refused(401, "Missing Authentication header")]
    with pytest.raises(AuthenticationError):
        api.client().workspaces.create(FIELDS)


@pytest.mark.parametrize("lost", LOST, ids=LOST_IDS)
def test_other_writes_are_simply_sent_again(api: ScriptedApi, lost: Step) -> None:
    """PATCH, PUT, DELETE and both changes of members may be repeated, and are."""
    member: dict[str, object] = {"data": [], "removed_count": 0}
    budget: dict[str, object] = {"data": {"limit_usd": 1}}
    deleted: dict[str, object] = {"deleted": True}
    done = [workspace(), deleted, budget, deleted, member, member]
    api.script = [step for body in done for step in (lost, seen(body))]
    client = api.client()
    client.workspaces.update("ws-1", {"name": "x"})
    client.workspaces.delete("ws-1")
    client.budgets.put("ws-1", "daily", 1)
    client.budgets.delete("ws-1", "daily")
    list(client.members.add_in_batches("ws-1", ["user_a"]))
    client.members.remove("ws-1", ["user_a"])
    assert api.asked[::2] == api.asked[1::2]
    assert len(api.asked) == 12
