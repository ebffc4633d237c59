"""One request through the transport: what goes over the wire, and what failures read like."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from typing import TYPE_CHECKING

import httpx
import pytest

from pulumi_openrouter.api.exchange import MAX_ANSWER_BYTES
from pulumi_openrouter.api.models import Answer, Workspace
from pulumi_openrouter.api.transport import Transport
from pulumi_openrouter.errors import (
    ApiError,
    AuthenticationError,
    ConnectionFailedError,
    InvalidRequestError,
    MalformedAnswerError,
    NotFoundError,
)

if TYPE_CHECKING:
    from unit.conftest import ScriptedApi

ACME = {"data": {"id": "ws-1", "slug": "acme"}}


def read(transport: Transport, name: str = "acme") -> Workspace:
    """Read one workspace."""
    answer = transport.request(
        "GET", ["workspaces", name], Answer[Workspace], action=f'reading workspace "{name}"'
    )
    return answer.data


def refusal(status: int, message: str = "No.") -> httpx.Response:
    """An error in the API's shape."""
    return httpx.Response(status, json={"error": {"code": status, "message": message}})


def test_a_request_carries_key_type_and_user_agent(api: ScriptedApi) -> None:
    """Every request has the bearer key, asks for JSON and says who sends it."""
    api.script = [httpx.Response(200, json=ACME)]
    answer = api.transport().request(
        "PATCH", ["workspaces", "acme"], Answer[Workspace], action="x", body={"name": "\u00c4"}
    )
    request = api.requests[0]
    assert answer.data.id == "ws-1"
    assert str(request.url) == "https://api.example/api/v1/workspaces/acme"
    assert request.headers["authorization"] == "Bearer sk-or-mgmt-correct-horse"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["user-agent"].startswith("pulumi-openrouter/0.")
    assert request.content == b'{"name": "\\u00c4"}'


@pytest.mark.parametrize(
    ("name", "encoded"),
    [
        pytest.param("../keys", "..%2Fkeys", id="a way up"),
        pytest.param("a/b", "a%2Fb", id="slash"),
        pytest.param("%2e%2E%2f", "%252e%252E%252f", id="encoded already"),
        pytest.param("a?confirm=true", "a%3Fconfirm%3Dtrue", id="query"),
        pytest.param("a#b", "a%23b", id="fragment"),
        pytest.param("a;b@c:d", "a%3Bb%40c%3Ad", id="other delimiters"),
        pytest.param("\u00e4\u6f22\U0001f600", "%C3%A4%E6%BC%A2%F0%9F%98%80", id="Unicode"),
        pytest.param("a b", "a%20b", id="space"),
        pytest.param("...", "...", id="three dots"),
    ],
)
def test_a_segment_stays_one_segment(api: ScriptedApi, name: str, encoded: str) -> None:
    """Whatever characters an id holds, it cannot leave its place in the path."""
    api.script = [httpx.Response(200, json=ACME)]
    read(api.transport(), name)
    assert api.asked == [f"GET /workspaces/{encoded}"]


@pytest.mark.parametrize("name", ["", ".", "..", "a\nb", "a\0", "\ud800", "\u202e"])
def test_a_segment_that_cannot_be_one_is_never_sent(api: ScriptedApi, name: str) -> None:
    """Dot segments, control characters and half surrogates are refused by name, on one line."""
    with pytest.raises(InvalidRequestError) as failure:
        read(api.transport(), name)
    text = str(failure.value)
    assert f"GET /workspaces/… was not sent: {name!a} cannot be part of a path." in text
    assert text.isprintable()


def test_an_error_names_request_status_and_words(api: ScriptedApi) -> None:
    """The text tells what was done, which request failed and how, and what to do."""
    api.script = [refusal(404, "Workspace not found")]
    with pytest.raises(NotFoundError) as failure:
        read(api.transport())
    assert str(failure.value) == (
        'reading workspace "acme": GET /workspaces/acme answered 404: Workspace not found. Check '
        "the id or slug, and that the key belongs to the right organization."
    )
    assert (failure.value.status, failure.value.path) == (404, "/workspaces/acme")


@pytest.mark.parametrize("variable", ["OPENROUTER_MANAGEMENT_KEY", "OPENROUTER_API_KEY"])
def test_a_refused_key_of_the_environment_names_its_variable(
    api: ScriptedApi, variable: str
) -> None:
    """The advice on a 401 is to set the very variable that holds the refused key."""
    api.script = [refusal(401, "Missing Authentication header")]
    with pytest.raises(AuthenticationError) as failure:
        read(api.transport(key_source=variable))
    assert str(failure.value) == (
        'reading workspace "acme": GET /workspaces/acme answered 401: Missing Authentication '
        f"header. The key came from {variable}: set it to a valid management key."
    )


def test_a_refused_key_of_the_stack_config_explains_rotation(api: ScriptedApi) -> None:
    """A key that was rotated in the stack config is still the old one in refresh and destroy."""
    api.script = [refusal(401, "Missing Authentication header")]
    with pytest.raises(AuthenticationError) as failure:
        read(api.transport(key_source="openrouter:managementKey"))
    assert str(failure.value).endswith(
        "The key came from openrouter:managementKey: run `pulumi config set --secret "
        "openrouter:managementKey` with a valid management key. If you have already replaced it: "
        "refresh and destroy use the configuration stored with the provider in the state, so run "
        "`pulumi up` without --refresh, or `pulumi refresh --run-program`, once."
    )


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 405, 409, 413, 422, 501, 505])
def test_what_asking_again_cannot_change_is_asked_once(api: ScriptedApi, status: int) -> None:
    """A refusal is final: one request, no wait."""
    api.script = [refusal(status)]
    with pytest.raises(ApiError) as failure:
        read(api.transport())
    assert (failure.value.status, api.slept) == (status, [])


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_never_followed(api: ScriptedApi, status: int) -> None:
    """The key goes to the configured host only, whatever an answer says."""
    api.script = [httpx.Response(status, headers={"Location": "https://evil.example/"})]
    with pytest.raises(ApiError, match=r"a redirect to https://evil\.example/, not followed"):
        read(api.transport())
    assert [request.url.host for request in api.requests] == ["api.example"]


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        pytest.param(httpx.Response(200, json={}), "`data`: Field required", id="no data"),
        pytest.param(
            httpx.Response(200, json={"data": {"slug": "acme"}}),
            "`data.id`: Field required",
            id="no id",
        ),
        pytest.param(httpx.Response(200, json=[]), "Input should be an object", id="a list"),
        pytest.param(httpx.Response(200, text="<html>"), "Invalid JSON", id="a web page"),
        pytest.param(httpx.Response(200, text='{"data": {"id"'), "Invalid JSON", id="truncated"),
        pytest.param(httpx.Response(200), "Invalid JSON", id="empty"),
        pytest.param(httpx.Response(204), "`data`: Field required", id="no content"),
        pytest.param(
            httpx.Response(200, json={"error": {"message": "Try later"}}),
            "a success whose body is an error: Try later",
            id="an error inside",
        ),
    ],
)
def test_a_success_that_is_none_is_named(
    api: ScriptedApi, answer: httpx.Response, problem: str
) -> None:
    """A 200 without the object asked for is an error of its own, which says what is wrong."""
    api.script = [answer]
    with pytest.raises(MalformedAnswerError) as failure:
        read(api.transport(max_retries=0))
    assert problem in str(failure.value)


def test_a_body_that_drips_is_cut_off(api: ScriptedApi) -> None:
    """A server that sends byte after byte cannot hold a request beyond its timeout."""

    def drip() -> Iterator[bytes]:
        while True:
            api.time += 1
            yield b" "

    api.script = [httpx.Response(200, content=drip())]
    with pytest.raises(ConnectionFailedError, match="not complete after 3 s"):
        read(api.transport(timeout_seconds=3.0, max_retries=0))
    assert api.time == 1_790_000_004


def test_a_body_without_end_is_cut_off(api: ScriptedApi) -> None:
    """An answer larger than any of this API is not read into memory."""

    def flood() -> Iterator[bytes]:
        while True:
            yield b" " * 1024 * 1024

    api.script = [httpx.Response(200, content=flood())]
    with pytest.raises(ConnectionFailedError, match=f"longer than {MAX_ANSWER_BYTES} bytes"):
        read(api.transport(max_retries=0))


@pytest.mark.parametrize(
    "step",
    [
        pytest.param(refusal(400, "bad key s3cr/et of sk-or-v1-other"), id="in the API's words"),
        pytest.param(refusal(400, "x" * 290 + " sk-or-v1-other"), id="where the words are cut"),
        pytest.param(httpx.Response(500, text="<title>s3cr%2Fet</title>"), id="encoded, in a page"),
        pytest.param(httpx.LocalProtocolError("Illegal header b'Bearer s3cr/et'"), id="in httpx's"),
        pytest.param(httpx.Response(302, headers={"Location": "/?k=s3cr/et"}), id="in a redirect"),
    ],
)
def test_the_key_is_in_no_text_and_no_chained_error(
    api: ScriptedApi, step: httpx.Response | Exception
) -> None:
    """Neither the error nor its whole traceback shows the key, wherever it was echoed."""
    api.script = [step]
    transport = api.transport(management_key="s3cr/et", max_retries=0)
    with pytest.raises(ApiError) as failure:
        read(transport, "s3cr/et")
    error = failure.value
    shown = "".join(traceback.format_exception(error)) + repr(error) + repr(vars(error))
    raised = shown.replace('"s3cr/et"', "")  # the line of this test
    assert not any(secret in raised for secret in ("s3cr/et", "s3cr%2Fet", "sk-or"))
    assert (error.__cause__, error.__context__) == (None, None)


def test_debug_tells_of_every_request(api: ScriptedApi) -> None:
    """With debug on, each request leaves a line; with it off, none does."""
    api.script = [httpx.Response(200, json=ACME), refusal(404), httpx.Response(200, json=ACME)]
    loud = api.transport(debug=True)
    read(loud)
    with pytest.raises(NotFoundError):
        read(loud)
    read(api.transport(debug=False))
    assert api.notes == ["GET /workspaces/acme: 200", "GET /workspaces/acme: 404"]


def test_what_is_not_a_number_is_never_sent(api: ScriptedApi) -> None:
    """NaN has no place in JSON: the request fails before it is made."""
    with pytest.raises(ValueError, match="not JSON compliant"):
        api.transport().request(
            "PUT", ["workspaces"], Answer[Workspace], action="x", body={"limit": float("nan")}
        )
