"""What an answer means: the words in it, the error class of its status, how long to wait.

Pure functions between the transport and httpx: no I/O, no state, no retries.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from html import unescape
from http import HTTPStatus

from pydantic import TypeAdapter, ValidationError

from pulumi_openrouter.errors import (
    ApiError,
    AuthenticationError,
    ForbiddenError,
    InvalidRequestError,
    NotFoundError,
    RateLimitedError,
    ServerError,
)

# Worth another attempt: timeouts and overload, of the API or of a proxy (52x is Cloudflare's).
TRANSIENT = frozenset({408, 429, 500, 502, 503, 504, *range(520, 525)})

_CLASSES: Mapping[int, type[ApiError]] = {
    400: InvalidRequestError,
    401: AuthenticationError,
    403: ForbiddenError,
    408: ServerError,
    409: InvalidRequestError,
    422: InvalidRequestError,
    429: RateLimitedError,
}
_TIME = TypeAdapter(datetime)
_TITLE = re.compile(r"<title[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)


def error_class(status: int, content: bytes, *, about_object: bool) -> type[ApiError]:
    """Return the class of a failed answer.

    A 404 means that an object is gone only if the API itself says so, and if the request is about
    an object: a collection always exists, so there a 404 tells of a wrong base URL.
    """
    if status == HTTPStatus.NOT_FOUND:
        gone = about_object and api_message(content) is not None
        return NotFoundError if gone else ApiError
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return ServerError
    return _CLASSES.get(status, ApiError)


def api_message(content: bytes) -> str | None:
    """Return the message of an error in the API's shape, or None for anything else."""
    try:
        answer = json.loads(content)
    except (ValueError, RecursionError):
        return None
    error = answer.get("error") if isinstance(answer, dict) else None
    message = error.get("message") if isinstance(error, dict) else None
    return message if isinstance(message, str) else None


def error_text(status: int, headers: Mapping[str, str], content: bytes) -> str:
    """Return what a failed answer says; of a redirect its target, of a web page its title."""
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        target = headers.get("location", "nowhere")
        return f"a redirect to {target}, not followed, so that the key goes to no other host"
    message = api_message(content)
    if message is not None:
        return message
    text = content.decode("utf-8", errors="replace").strip()
    if text.startswith("<"):
        title = _TITLE.search(text)
        return f'a web page, "{unescape(title[1]).strip()}"' if title else "a web page"
    return text or _phrase(status)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "no text"


def validation_error_text(error: ValidationError, content: bytes) -> str:
    """Return in a few words why a success cannot be understood, without quoting its values."""
    message = api_message(content)
    if message is not None:
        return f"a success whose body is an error: {message}"
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"`{where}`: {first['msg']}" if where else first["msg"]


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Return the seconds that `Retry-After` asks for; None if it is absent, past or not readable.

    A date counts from the answer's own `Date`, so a wrong clock here does not matter; `now` (Unix
    time) stands in where that is missing.
    """
    value = headers.get("retry-after", "").strip()
    try:
        seconds = float(value)
    except ValueError:
        until = http_date(value)
        seconds = math.nan if until is None else until - (sent_at(headers) or now)
    return seconds if seconds > 0 else None


def sent_at(headers: Mapping[str, str]) -> float | None:
    """Return when the API sent an answer (Unix time), or None if it does not say."""
    return http_date(headers.get("date", ""))


def http_date(value: str) -> float | None:
    """Return an HTTP date as Unix time, or None if it is not one."""
    try:
        parsed = parsedate_to_datetime(value)
        return parsed.replace(tzinfo=parsed.tzinfo or timezone.utc).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None


def iso_time(value: str | None) -> float | None:
    """Return an ISO 8601 time of the API (UTC if it names no zone) as Unix time, or None."""
    try:
        parsed = _TIME.validate_python(value)
    except ValidationError:
        return None
    return parsed.replace(tzinfo=parsed.tzinfo or timezone.utc).timestamp()
