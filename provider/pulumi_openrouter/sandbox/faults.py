"""Faults that a test plans: which requests they affect, how often, and what they do.

A fault names a method and a path, lets `skip` matching requests through and then acts on `times`
of them. The gateway offers every request to the planned faults in the order of adding, and the
first one that takes it acts. Nothing here is ever random.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi.responses import Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from pulumi_openrouter.sandbox.refusals import error_body
from pulumi_openrouter.sandbox.schemas import Text

# The messages of the API's own errors, for a fault that gives only a status.
STATUS_MESSAGES = {
    400: "Invalid request parameters",
    401: "Missing Authentication header",
    403: "Only management keys can perform this operation",
    404: "Resource not found",
    429: "Rate limit exceeded",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}

METHODS = ("*", "GET", "POST", "PUT", "PATCH", "DELETE")
ACTIONS = ("status", "lose", "truncate", "stall", "merge", "hold")


def _absolute(path: str) -> str:
    if not path.startswith("/"):
        msg = "must begin with /, as in /workspaces/*/budgets/**"
        raise ValueError(msg)
    return path


def _method(method: str) -> str:
    if method not in METHODS:
        msg = f"must be one of {', '.join(METHODS)}, not {method!r}"
        raise ValueError(msg)
    return method


class Fault(BaseModel):
    """Which requests to disturb (below /api/v1), how often, and exactly one action.

    `path`: `*` is one segment, `**` at the end any rest, nothing included. `times`: None = until
    cleared. Actions:

    - `status` (400..599): answer that instead of doing anything; with `handled`, make the change
      and then answer that, as a proxy that gave up waiting. `message`, `retry_after`, or a raw
      `body` with its `content_type` (an HTML page unless told).
    - `lose`: close the connection without an answer, before anything is done ("request") or when
      the change is made ("answer").
    - `truncate`: make the change, announce the whole body and send half of it.
    - `stall`: make the change and send nothing ("answer") or half the body ("body") until the
      client goes away.
    - `body` alone: make the change and answer 200 with this text.
    - `merge`: make the change and merge this into the JSON of the answer: object into object, an
      object into each item of a list, anything else replaces the value.
    - `hold`: keep the request until it is released, before it is handled (true) or between the
      change and its answer ("answer").
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    method: Annotated[str, AfterValidator(_method)] = "*"
    path: Annotated[str, AfterValidator(_absolute)] = "/**"
    times: Annotated[int, Field(ge=1)] | None = 1
    skip: Annotated[int, Field(ge=0)] = 0
    status: Annotated[int, Field(ge=400, le=599)] | None = None
    handled: bool = False
    message: str | None = None
    retry_after: Text | None = None
    body: Text | None = None
    content_type: Text | None = None
    lose: Literal["request", "answer"] | None = None
    truncate: bool = False
    stall: Literal["answer", "body"] | None = None
    merge: dict[str, Any] | None = None
    hold: Literal[True, "answer"] | None = None

    @model_validator(mode="after")
    def _one_action(self) -> Fault:
        actions = [name for name in ACTIONS if getattr(self, name) not in (None, False)]
        if len(actions) > 1 or not (actions or self.body is not None):
            msg = f"give exactly one of {', '.join(ACTIONS)} or a body, not {actions or 'none'}"
            raise ValueError(msg)
        return self

    @property
    def description(self) -> str:
        """The action in a few words, for the request log."""
        name = next((name for name in ACTIONS if getattr(self, name)), "body")
        value = getattr(self, name)
        return f"{name} {value}" if name in ("status", "lose", "stall") else name

    @property
    def comes_first(self) -> bool:
        """Whether the fault answers in the API's place, so that nothing is changed."""
        return self.status is not None and not self.handled

    def matches(self, method: str, segments: Sequence[str]) -> bool:
        """Return whether this fault is meant for a request (its segments percent-decoded)."""
        if self.method not in ("*", method):
            return False
        pattern = [part for part in self.path.split("/") if part]
        if pattern[-1:] == ["**"]:
            pattern.pop()
            segments = segments[: len(pattern)]
        return len(pattern) == len(segments) and all(
            part in ("*", segment) for part, segment in zip(pattern, segments, strict=True)
        )

    def rewrite(self, answer: Response | None) -> Response:
        """Return the answer to send; `answer` is what the API said, None if it was not asked."""
        if answer and self.merge is not None and answer.status_code < 400:
            merged = deep_merge(json.loads(bytes(answer.body)), self.merge)
            return self._response(answer.status_code, json.dumps(merged), "application/json")
        if answer and self.status is None and self.body is None:
            return answer
        status = self.status or 200
        if self.body is not None:
            content_type = self.content_type or ("text/html" if self.status else "application/json")
            return self._response(status, self.body, content_type)
        error = error_body(status, self.message or STATUS_MESSAGES.get(status, "Server error"))
        return self._response(status, json.dumps(error), "application/json")

    def _response(self, status: int, body: str, content_type: str) -> Response:
        response = Response(body, status)
        # Not through the constructor, which adds a charset to the content type.
        response.raw_headers.append((b"content-type", content_type.encode()))
        if self.retry_after is not None:
            response.raw_headers.append((b"retry-after", self.retry_after.encode()))
        return response


def deep_merge(value: object, patch: object) -> object:
    """Merge objects into objects, and an object into each item of a list; else the patch wins."""
    if isinstance(value, Mapping) and isinstance(patch, Mapping):
        merged = {key: deep_merge(value[key], patch[key]) for key in patch if key in value}
        return {**value, **patch, **merged}
    if isinstance(value, list) and isinstance(patch, Mapping):
        return [deep_merge(item, patch) for item in value]
    return patch


@dataclass
class PlannedFault:
    """A fault, how often it matched a request, and how often it was injected."""

    id: str
    fault: Fault
    matched: int = 0
    injected: int = 0

    def take(self, method: str, segments: Sequence[str]) -> bool:
        """Return whether the fault acts on this request, and count it."""
        if not self.fault.matches(method, segments):
            return False
        self.matched += 1
        spent = self.fault.times is not None and self.injected >= self.fault.times
        acts = self.matched > self.fault.skip and not spent
        self.injected += acts
        return acts

    def describe(self) -> dict[str, Any]:
        """Return the fault for JSON, with the fields that were given and the counts."""
        fields = self.fault.model_dump(exclude_unset=True)
        return {"id": self.id, **fields, "matched": self.matched, "injected": self.injected}
