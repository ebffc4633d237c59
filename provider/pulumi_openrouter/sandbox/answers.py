"""The API's errors, all in one shape.

The handlers here also give that shape to what FastAPI refuses by itself: unknown paths, methods
that a path does not have, and bodies that are not valid.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from .rules import Refusal
from .traffic import allowed_methods


@dataclass(frozen=True)
class Answer:
    """A whole HTTP answer: its status, its headers as bytes and its body."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


def error_body(status: int, message: str) -> dict[str, Any]:
    """Return the API's error object."""
    # The message may repeat half of a surrogate pair from a request, which UTF-8 cannot encode.
    encodable = message.encode(errors="backslashreplace").decode()
    return {"error": {"code": status, "message": encodable}}


def error_response(
    status: int, message: str, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """Return an error in the API's shape."""
    return JSONResponse(error_body(status, message), status, headers)


def validation_words(errors: Sequence[Mapping[str, Any]]) -> str:
    """Return which fields of a request break which rules: `slug: String should match …`."""
    return "; ".join(f"{_field(error['loc'])}: {_rule(error)}" for error in errors)


def add_error_handlers(app: FastAPI) -> None:
    """Make an application answer every error in the API's shape."""
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _failed)


def _field(location: Sequence[str | int]) -> str:
    # The first part is body, query or path, and the only one if no single field is to blame.
    named = location[1:] if len(location) > 1 and isinstance(location[1], str) else location[:1]
    return ".".join(map(str, named))


def _rule(error: Mapping[str, Any]) -> str:
    reason = error.get("ctx", {}).get("error")
    return f"{error['msg']} ({reason})" if error["type"] == "json_invalid" else str(error["msg"])


async def _refused(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Refusal)  # noqa: S101 - the type that this is registered for
    return error_response(error.status, error.message)


async def _invalid(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - see above
    return error_response(400, f"Invalid request parameters: {validation_words(error.errors())}")


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - see above
    what = f"{request.method} {request.url.path}"
    words = {404: f"No such endpoint: {what}", 405: f"Method not allowed: {what}"}
    message = words.get(error.status_code, str(error.detail))
    # Starlette's own Allow names only the first route of a path.
    methods = allowed_methods(request.url.path.split("/")[3:]) if error.status_code == 405 else []
    headers = {"Allow": ", ".join(methods)} if methods else error.headers
    return error_response(error.status_code, message, headers)


async def _failed(_request: Request, _error: Exception) -> JSONResponse:
    # The server prints the traceback: this is a defect of the sandbox.
    return error_response(500, "Internal Server Error")
