"""One cause, one report: when a failure of one request ends the others, and when it does not."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import httpx
import pytest

from pulumi_openrouter.api.transport import Transport
from pulumi_openrouter.errors import (
    ApiError,
    AuthenticationError,
    ConnectionFailedError,
    ServerError,
)
from unit.test_api_retries import busy, found, read, untrusted

if TYPE_CHECKING:
    from unit.conftest import ScriptedApi


def refused() -> httpx.ConnectError:
    """What httpx raises where nobody listens."""
    return httpx.ConnectError("[Errno 111] Connection refused")


def rejected() -> httpx.Response:
    """The API's answer to a wrong key."""
    return httpx.Response(401, json={"error": {"message": "Invalid credentials"}})


def failure(transport: Transport) -> ApiError:
    """Return the error of a read that fails."""
    with pytest.raises(ApiError) as raised:
        read(transport)
    return raised.value


@pytest.mark.parametrize(
    ("step", "kind", "cause"),
    [
        pytest.param(
            refused(), ConnectionFailedError, "ConnectError: [Errno 111] Conn", id="refused"
        ),
        pytest.param(
            httpx.ConnectTimeout("timed out"), ConnectionFailedError, "ConnectTimeout", id="timeout"
        ),
        pytest.param(httpx.ProxyError("no"), ConnectionFailedError, "ProxyError", id="proxy"),
        pytest.param(untrusted(), ConnectionFailedError, "ConnectError: cert", id="certificate"),
        pytest.param(rejected(), AuthenticationError, "Invalid credentials", id="key"),
    ],
)
def test_after_a_failure_that_concerns_all_nothing_more_is_sent(
    api: ScriptedApi, step: httpx.Response | Exception, kind: type[ApiError], cause: str
) -> None:
    """Later requests fail at once, in the same class, with a short text that keeps the cause."""
    api.script = [step]
    transport = api.transport(max_retries=0)
    assert "same cause" not in str(failure(transport))
    later = failure(transport)
    assert type(later) is kind
    assert str(later).startswith(
        'reading workspace "acme": GET /workspaces/acme was not sent: same cause as the first '
        f"error ({cause}"
    )
    assert len(api.requests) == 1


@pytest.mark.parametrize(
    "step",
    [
        pytest.param(busy(status=500), id="server error"),
        pytest.param(busy(status=403), id="forbidden"),
        pytest.param(httpx.ReadTimeout("timed out"), id="no answer in time"),
        pytest.param(httpx.ReadError("reset"), id="connection lost"),
    ],
)
def test_a_failure_of_one_request_leaves_the_others_alone(
    api: ScriptedApi, step: httpx.Response | Exception
) -> None:
    """Once a connection stands and the key is accepted, a failure is the request's own."""
    api.script = [step, found()]
    transport = api.transport(max_retries=0)
    failure(transport)
    assert read(transport).id == "ws-1"


def test_a_request_that_others_have_overtaken_ends_nobody(api: ScriptedApi) -> None:
    """If the API answered somebody since the first attempt, the failure is no outage."""
    api.script = [refused(), found(), refused(), found()]
    transport = api.transport(max_retries=1)
    api.while_sleeping = [lambda: read(transport)]
    assert "Check the network" in str(failure(transport))
    assert read(transport).id == "ws-1"


def test_an_answer_ends_an_outage(api: ScriptedApi) -> None:
    """A request that was in flight when another gave up, and is answered, lets others go again."""

    def slow(_: httpx.Request) -> httpx.Response:
        assert "Check the network" in str(failure(transport))
        return found()

    api.script = [slow, refused(), found()]
    transport = api.transport(max_retries=0)
    # Both requests are in flight at once: the second is made while the first waits.
    assert read(transport).id == "ws-1"
    assert read(transport).id == "ws-1"


def test_requests_in_flight_with_a_refused_key_report_it_once(api: ScriptedApi) -> None:
    """However many requests get a 401 at once, one of them tells what to do."""
    together = threading.Barrier(4)

    def all_at_once(_: httpx.Request) -> httpx.Response:
        together.wait(5)
        return rejected()

    api.script = [all_at_once] * 4
    transport = api.transport()
    with ThreadPoolExecutor(4) as pool:
        texts = list(pool.map(lambda _: str(failure(transport)), range(4)))
    assert sum("valid management key" in text for text in texts) == 1
    short = "answered 401: same cause as the first error (Invalid credentials)."
    assert sum(text.endswith(short) for text in texts) == 3


def test_one_cause_is_told_once_per_wait(api: ScriptedApi) -> None:
    """Requests that wait for the same problem to pass print one line, not one each."""
    api.script = [busy(status=502)] * 6
    transport = api.transport(max_retries=2)

    def another() -> None:
        with pytest.raises(ServerError):
            read(transport)

    api.while_sleeping = [lambda: None, another]
    another()
    assert [note.partition(";")[0] for note in api.notes] == ['reading workspace "acme": 502']


def test_a_wait_ends_when_the_key_turns_out_to_be_refused(api: ScriptedApi) -> None:
    """A request that waits to be tried again fails as soon as another finds the key refused."""
    waits = threading.Event()
    http = httpx.Client(transport=httpx.MockTransport(api.answer))
    settings = replace(api.settings, debug=True)

    def note(line: str) -> None:
        if "trying again" in line:
            waits.set()

    transport = Transport(settings, http=http, notify=note)
    api.script = [busy("50", status=500), rejected()]
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(failure, transport)
        assert waits.wait(30)
        assert isinstance(failure(transport), AuthenticationError)
        assert "same cause as the first error" in str(first.result(30))
