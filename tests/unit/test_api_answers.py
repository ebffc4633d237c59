"""What answers mean: error classes, words, waiting times, dates."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import httpx
import pytest

from pulumi_openrouter.api import answers
from pulumi_openrouter.errors import (
    ApiError,
    AuthenticationError,
    ForbiddenError,
    InvalidRequestError,
    NotFoundError,
    RateLimitedError,
    ServerError,
)

if TYPE_CHECKING:
    from pulumi_openrouter.api.client import Client
    from unit.conftest import ScriptedApi

NOW = 1_790_000_000.0
API_ERROR = json.dumps({"error": {"code": 404, "message": "Resource not found"}}).encode()


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, InvalidRequestError),
        (401, AuthenticationError),
        (402, ApiError),
        (403, ForbiddenError),
        (404, NotFoundError),
        (405, ApiError),
        (408, ServerError),
        (409, InvalidRequestError),
        (422, InvalidRequestError),
        (429, RateLimitedError),
        (500, ServerError),
        (503, ServerError),
        (524, ServerError),
        (302, ApiError),
    ],
)
def test_each_status_has_one_class(status: int, kind: type[ApiError]) -> None:
    """A status that some code catches has a class of its own, any other is an ApiError."""
    assert answers.error_class(status, API_ERROR, about_object=True) is kind


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"<html>404</html>", id="a proxy's page"),
        pytest.param(b'{"detail": "Not Found"}', id="JSON of another shape"),
        pytest.param(b'{"error": "not found"}', id="an error without a message"),
        pytest.param(b'["error"]', id="a list"),
        pytest.param(b"", id="nothing"),
        pytest.param(b"\xff\xfe", id="not text"),
        pytest.param(b"[" * 100_000, id="nested without end"),
    ],
)
def test_a_404_that_is_not_the_apis_own_is_not_gone(content: bytes) -> None:
    """Only the API's own 404 may ever be taken for "gone"."""
    assert answers.error_class(404, content, about_object=True) is ApiError


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda client: client.workspaces.page(0), id="the workspaces"),
        pytest.param(lambda client: client.workspaces.create({"slug": "a"}), id="a new workspace"),
        pytest.param(lambda client: [*client.organization.members()], id="the organization"),
    ],
)
def test_a_404_about_a_collection_is_not_gone(
    api: ScriptedApi, call: Callable[[Client], object]
) -> None:
    """The collections always exist, so a 404 there means that the base URL is wrong."""
    api.script = [httpx.Response(404, content=API_ERROR)]
    with pytest.raises(ApiError) as failure:
        call(api.client())
    assert not isinstance(failure.value, NotFoundError)


@pytest.mark.parametrize(
    ("status", "content", "words"),
    [
        pytest.param(404, API_ERROR, "Resource not found", id="the API's message"),
        pytest.param(
            502,
            b"<html><head><title>\n502 Bad&nbsp;Gateway</title></head><body>nginx</body>",
            'a web page, "502 Bad\xa0Gateway"',
            id="a page's title",
        ),
        pytest.param(502, b"\n <!doctype html><p>no", "a web page", id="a page without a title"),
        pytest.param(500, b"upstream failed\n", "upstream failed", id="plain text"),
        pytest.param(500, b"", "Internal Server Error", id="nothing, a known status"),
        pytest.param(520, b"", "no text", id="nothing, an unknown status"),
        pytest.param(500, b"\xff", "\ufffd", id="not text"),
    ],
)
def test_words_are_what_a_person_would_quote(status: int, content: bytes, words: str) -> None:
    """Of a failed answer its message stays, of a web page its title."""
    assert answers.error_text(status, {}, content) == words


def test_words_of_a_redirect_name_its_target() -> None:
    """A redirect is not followed, and says where it would have led."""
    assert answers.error_text(301, {"location": "https://other.example/"}, b"") == (
        "a redirect to https://other.example/, not followed, so that the key goes to no other host"
    )


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        pytest.param({}, None, id="absent"),
        pytest.param({"retry-after": "12"}, 12.0, id="seconds"),
        pytest.param({"retry-after": " 1.5 "}, 1.5, id="parts of seconds"),
        pytest.param({"retry-after": "0"}, None, id="at once"),
        pytest.param({"retry-after": "-5"}, None, id="negative"),
        pytest.param({"retry-after": "soon"}, None, id="garbage"),
        pytest.param({"retry-after": "nan"}, None, id="not a number"),
        pytest.param(
            {"retry-after": "Mon, 21 Sep 2026 14:13:30 GMT"}, 10.0, id="date by our clock"
        ),
        pytest.param(
            {
                "date": "Mon, 21 Sep 2026 15:00:00 GMT",
                "retry-after": "Mon, 21 Sep 2026 15:00:07 GMT",
            },
            7.0,
            id="date by the server's clock",
        ),
        pytest.param({"retry-after": "Mon, 21 Sep 2020 15:00:00 GMT"}, None, id="date in the past"),
        pytest.param({"retry-after": "Mon, 99 Sep 2026 99:00:00 GMT"}, None, id="impossible date"),
        pytest.param(
            {"date": "never", "retry-after": "Mon, 21 Sep 2026 14:13:30 -0000"},
            10.0,
            id="date without a zone, beside a broken Date",
        ),
    ],
)
def test_retry_after_is_seconds_from_the_answer(
    headers: dict[str, str], seconds: float | None
) -> None:
    """Seconds and dates are both understood; what asks for no wait counts as absent."""
    assert answers.retry_after(headers, NOW) == seconds


def test_an_endless_retry_after_is_left_to_the_cap() -> None:
    """A number beyond all bounds is a long wait, not an error."""
    assert answers.retry_after({"retry-after": "9" * 400}, NOW) == float("inf")


@pytest.mark.parametrize(
    ("text", "time"),
    [
        pytest.param("2026-09-21T14:13:20Z", NOW, id="Z"),
        pytest.param("2026-09-21T14:13:20.250Z", NOW + 0.25, id="milliseconds"),
        pytest.param("2026-09-21T16:13:20+02:00", NOW, id="another zone"),
        pytest.param("2026-09-21T14:13:20", NOW, id="no zone"),
        pytest.param("yesterday", None, id="not a time"),
        pytest.param(None, None, id="null"),
    ],
)
def test_times_of_the_api_become_unix_time(text: str | None, time: float | None) -> None:
    """Every form of ISO 8601 is understood; anything else is no time."""
    assert answers.iso_time(text) == time
