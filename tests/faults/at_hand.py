"""The sandbox without its server: a request is a call of its application in the same thread.

Random lives send some hundred requests each. Over a socket most of their time is the waiting of
one thread for the other; here the same application, with its rules and its faults, answers ten
times as fast. What lies below HTTP has tests of its own.
"""

from __future__ import annotations

from typing import Any

import httpx

from pulumi_openrouter.sandbox.app import create_app
from pulumi_openrouter.sandbox.control import Control
from pulumi_openrouter.sandbox.gateway import API_PREFIX, Gateway
from pulumi_openrouter.sandbox.seed import load_seed
from pulumi_openrouter.sandbox.server import DEFAULT_KEY
from pulumi_openrouter.sandbox.store import Store

ORIGIN = "http://127.0.0.1:1"


class Line(httpx.BaseTransport):
    """The way to an ASGI application that never waits for anything but its caller."""

    def __init__(self, application: Gateway) -> None:
        self._application = application

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; raises httpx.ReadError where the application hangs up."""
        messages: list[dict[str, Any]] = []
        exchange = _Exchange(request, messages)
        waits = self._application(exchange.scope, exchange.receive, exchange.send)
        try:
            waits.send(None)
        except StopIteration:
            return exchange.response()
        msg = "the sandbox waits, which this line has no time for"
        raise RuntimeError(msg)


class _Exchange:
    def __init__(self, request: httpx.Request, messages: list[dict[str, Any]]) -> None:
        self._messages = messages
        self._body = [request.read()]
        self._closed = False
        url = request.url
        self.scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": request.method,
            "scheme": "http",
            "path": url.path,
            "raw_path": url.raw_path.split(b"?")[0],
            "query_string": url.query,
            "root_path": "",
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
            "server": ("127.0.0.1", 1),
            "client": ("127.0.0.1", 2),
            "state": {"close_connection": self._close},
        }

    def _close(self) -> None:
        self._closed = True

    async def receive(self) -> dict[str, Any]:
        """Return the body, once, and then that the connection is closed."""
        if self._body and not self._closed:
            return {"type": "http.request", "body": self._body.pop(), "more_body": False}
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        """Take a part of the answer."""
        self._messages.append(message)

    def response(self) -> httpx.Response:
        """Return the answer; raises httpx.ReadError for one that is lost or cut."""
        if self._closed or not self._messages:
            msg = "the connection was closed"
            raise httpx.ReadError(msg)
        start, *parts = self._messages
        body = b"".join(part.get("body", b"") for part in parts)
        return httpx.Response(start["status"], headers=start["headers"], content=body)


class SandboxAtHand(Control):
    """A sandbox as `Sandbox` is one, for whoever sends through its `line`."""

    def __init__(self) -> None:
        self.key = DEFAULT_KEY
        self.url = ORIGIN + API_PREFIX
        control = create_app(Store(), load_seed(None), self.key)
        super().__init__(control.gateway, control.store, control.seed)
        self.line = Line(control.gateway)

    def __enter__(self) -> SandboxAtHand:
        """Offer itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Have nothing to close."""
