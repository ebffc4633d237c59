"""Retries: what is repeated, how long is waited, and who waits along."""

from __future__ import annotations

import ssl
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx
import pytest

from pulumi_openrouter.api.models import Answer, Workspace
from pulumi_openrouter.api.transport import Transport
from pulumi_openrouter.errors import (
    ApiError,
    ConnectionFailedError,
    MalformedAnswerError,
    RateLimitedError,
    ServerError,
)

if TYPE_CHECKING:
    from unit.conftest import ScriptedApi, Step


def found() -> httpx.Response:
    """The workspace asked for."""
    return httpx.Response(200, json={"data": {"id": "ws-1"}})


def busy(retry_after: str = "", status: int = 429) -> httpx.Response:
    """A 429, or another status, with a wish for patience."""
    headers = {"Retry-After": retry_after} if retry_after else {}
    return httpx.Response(status, headers=headers, json={"error": {"message": "Slow down"}})


def read(transport: Transport) -> Workspace:
    """Read one workspace."""
    return transport.request(
        "GET", ["workspaces", "acme"], Answer[Workspace], action='reading workspace "acme"'
    ).data


def untrusted() -> httpx.ConnectError:
    """What httpx raises for a certificate of an unknown authority."""
    error = httpx.ConnectError("certificate verify failed")
    error.__cause__ = ssl.SSLCertVerificationError()
    return error


TRANSIENT_STATUSES = [408, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524]
TRANSIENT_FAILURES = [
    httpx.ConnectError("refused"),
    httpx.ConnectTimeout("timed out"),
    httpx.ReadTimeout("timed out"),
    httpx.ReadError("reset"),
    httpx.WriteError("broken pipe"),
    httpx.WriteTimeout("timed out"),
    httpx.PoolTimeout("timed out"),
    httpx.ProxyError("503 of the proxy"),
    httpx.RemoteProtocolError("peer closed connection without sending complete message body"),
    httpx.DecodingError("not gzip"),
]


@pytest.mark.parametrize(
    "step",
    [
        *[pytest.param(busy(status=status), id=str(status)) for status in TRANSIENT_STATUSES],
        *[pytest.param(error, id=type(error).__name__) for error in TRANSIENT_FAILURES],
        pytest.param(httpx.Response(200, text='{"data": {"id"'), id="truncated"),
        pytest.param(httpx.Response(200, text="<html>"), id="web page"),
        pytest.param(httpx.Response(200, json={}), id="no data"),
    ],
)
def test_what_may_pass_is_asked_again(api: ScriptedApi, step: Step) -> None:
    """Overload, a lost connection and a garbled answer cost a wait, not the run."""
    api.script = [step, found()]
    assert read(api.transport()).id == "ws-1"
    assert len(api.slept) == 1


def test_waits_double_from_half_a_second(api: ScriptedApi) -> None:
    """Without a wish of the API, waits grow 0.5, 1, 2, 4, 8 s, each with up to 0.5 s of chance."""
    api.script = [*(busy(status=500) for _ in range(5)), found()]
    read(api.transport())
    chance = [slept - base for slept, base in zip(api.slept, [0.5, 1, 2, 4, 8], strict=True)]
    assert all(0 <= part <= 0.5 for part in chance)


def test_no_wait_is_longer_than_the_cap(api: ScriptedApi) -> None:
    """Neither growth nor Retry-After makes a wait longer than maxRetryDelaySeconds."""
    api.script = [busy(status=500), busy("3600"), busy("9" * 400), busy(status=502), found()]
    read(api.transport(max_retry_delay_seconds=0.4))
    assert api.slept == pytest.approx([0.4] * 4)


@pytest.mark.parametrize(
    ("retry_after", "least"),
    [
        pytest.param("12", 12, id="seconds"),
        pytest.param("Mon, 21 Sep 2026 14:13:29 GMT", 9, id="date"),
        pytest.param("3600", 60, id="absurd"),
        pytest.param("", 0.5, id="absent"),
        pytest.param("-3", 0.5, id="negative"),
        pytest.param("soon", 0.5, id="garbage"),
    ],
)
def test_retry_after_sets_the_wait(api: ScriptedApi, retry_after: str, least: float) -> None:
    """The API's wish is kept, up to the cap; without a usable one the own wait counts."""
    api.script = [busy(retry_after), found()]
    read(api.transport())
    assert least <= sum(api.slept) <= least + 0.5


@pytest.mark.parametrize("retries", [0, 1, 3])
def test_retries_end_after_their_number(api: ScriptedApi, retries: int) -> None:
    """With n retries a request is sent n + 1 times, and the last answer is the error."""
    api.script = [*(busy(status=500) for _ in range(retries)), busy()]
    with pytest.raises(RateLimitedError, match="answered 429: Slow down"):
        read(api.transport(max_retries=retries))
    assert len(api.requests) == retries + 1


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        pytest.param(busy(status=503), ServerError, id="5xx"),
        pytest.param(httpx.ReadTimeout("timed out"), ConnectionFailedError, id="timeout"),
        pytest.param(httpx.Response(200), MalformedAnswerError, id="no answer in a success"),
    ],
)
def test_a_lasting_failure_becomes_its_error(
    api: ScriptedApi, step: Step, kind: type[ApiError]
) -> None:
    """When the retries are used up, the error is that of the last attempt."""
    api.script = [step, step]
    with pytest.raises(kind):
        read(api.transport(max_retries=1))


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(untrusted(), id="certificate"),
        pytest.param(httpx.UnsupportedProtocol("no such protocol"), id="protocol"),
        pytest.param(httpx.InvalidURL("no such host"), id="URL"),
    ],
)
def test_what_no_retry_can_mend_fails_at_once(api: ScriptedApi, error: Exception) -> None:
    """An untrusted certificate stays untrusted: one attempt, no wait."""
    api.script = [error]
    with pytest.raises(ConnectionFailedError):
        read(api.transport())
    assert api.slept == []


def test_a_request_has_a_deadline(api: ScriptedApi) -> None:
    """Attempts end when each attempt and each wait could have taken its longest."""

    def stall(_: httpx.Request) -> httpx.Response:
        api.time += 50
        msg = "timed out"
        raise httpx.ReadTimeout(msg)

    api.script = [stall] * 3
    # (1 s + 20 s) for each of 6 attempts are 126 s: over before the fourth.
    with pytest.raises(ConnectionFailedError):
        read(api.transport(timeout_seconds=1.0, max_retry_delay_seconds=20.0))
    assert len(api.requests) == 3


@pytest.mark.parametrize(
    "step",
    [
        pytest.param(busy("30"), id="429"),
        pytest.param(busy("30", status=503), id="503 with Retry-After"),
    ],
)
def test_everyone_waits_for_the_moment_that_the_api_named(api: ScriptedApi, step: Step) -> None:
    """A request that never saw the 429 is not sent before the wait is over either."""
    opens_at = api.time + 30
    sent_at: list[float] = []

    def meanwhile(_: httpx.Request) -> httpx.Response:
        sent_at.append(api.time)
        return found()

    api.script = [step, meanwhile, meanwhile]
    transport = api.transport()
    other = threading.Thread(target=read, args=[transport])

    def begin() -> None:
        other.start()
        other.join(0.05)  # so that it comes before the wait is over

    api.while_sleeping = [begin]
    read(transport)
    other.join(5)
    assert len(sent_at) == 2
    assert min(sent_at) >= opens_at


def test_waiting_is_told_once(api: ScriptedApi) -> None:
    """However many requests are told to wait together, the user reads one line."""
    answered = threading.Barrier(4)

    def all_at_once(_: httpx.Request) -> httpx.Response:
        answered.wait(5)
        return busy("1")

    api.script = [*[all_at_once] * 4, *[found() for _ in range(4)]]
    http = httpx.Client(transport=httpx.MockTransport(api.answer))
    transport = Transport(api.settings, http=http, notify=api.notes.append)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: read(transport), range(4)))
    assert api.notes == [
        "OpenRouter answered 429; waiting 1 s before the next request (attempt 2 of 6)"
    ]


def test_a_second_failure_in_a_row_is_told(api: ScriptedApi) -> None:
    """One hiccup is silent; from the second on, the user learns why nothing moves."""
    api.script = [busy(status=502), httpx.ReadTimeout("timed out"), found()]
    read(api.transport())
    assert api.notes == [
        'reading workspace "acme": ReadTimeout: timed out; trying again in 1 s (attempt 3 of 6)'
    ]


def test_the_wait_is_told_on_standard_error(
    api: ScriptedApi, capsys: pytest.CaptureFixture[str]
) -> None:
    """By default the line goes to stderr, which the Pulumi CLI shows."""
    api.script = [busy(), found()]
    http = httpx.Client(transport=httpx.MockTransport(api.answer))
    read(Transport(api.settings, http=http, clock=api))
    assert capsys.readouterr().err == (
        "OpenRouter answered 429; waiting 1 s before the next request (attempt 2 of 6)\n"
    )
