"""The way into the API: every request below /api/v1 passes here before FastAPI sees it.

In order: the request log, the faults that a test has planned, the check of the key, the API, the
latency. An answer is gathered whole before it is sent, so that a fault can change it, cut it or
hold it back. All of this runs in one event loop, so counting and matching need no lock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

from fastapi import FastAPI
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute
from starlette.datastructures import Headers
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pulumi_openrouter.sandbox.faults import Fault, PlannedFault
from pulumi_openrouter.sandbox.refusals import Refusal, authenticate, error_body
from pulumi_openrouter.sandbox.traffic import Record, Traffic

API_PREFIX = "/api/v1"


class Gateway:
    """The ASGI application in front of the API; requests to other paths pass through unchanged.

    The server puts `close_connection` into the state of each request: what ends its connection
    without (the rest of) an answer. `save` is called before a request that may have changed
    something is answered, and `on_answer` with the record of each request to the API once it is
    answered or lost.
    """

    def __init__(
        self,
        app: FastAPI,
        key: str,
        save: Callable[[], None],
        on_answer: Callable[[Record], None],
    ) -> None:
        self.traffic = Traffic()
        self.faults: list[PlannedFault] = []
        self.latency = 0.0
        self._stopping = asyncio.Event()
        self.holds = Holds(self._stopping)
        self._app = app
        self._operations = [route for route in app.routes if isinstance(route, APIRoute)]
        self._key = key
        self._save = save
        self._on_answer = on_answer

    def stop(self) -> None:
        """End every request that is delayed, stalled or held, because the server stops."""
        self._stopping.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        path = scope["path"] = _canonical(scope["raw_path"])
        if path != API_PREFIX and not path.startswith(f"{API_PREFIX}/"):
            await self._app(scope, receive, send)
            return
        path = path.removeprefix(API_PREFIX)
        method, query = scope["method"], scope["query_string"].decode()
        record = self.traffic.arrive(self._operation(scope), method, path, query)
        segments = [unquote(part) for part in path.split("/")[1:]]
        acting = (planned.fault for planned in self.faults if planned.take(method, segments))
        fault = next(acting, None)
        exchange = Exchange(scope, receive, send, record)
        try:
            await exchange.read()
            if fault is None:
                answer = await self._handle(exchange)
                await self._delay()
                await exchange.answer(answer)
            else:
                record.fault = fault.description
                await self._disturb(exchange, fault)
        finally:
            self.traffic.leave()
            self._on_answer(record)

    def _operation(self, scope: Scope) -> str:
        """Return the API's name of the operation that is asked for, or "unknown"."""
        for route in self._operations:
            if route.matches(scope)[0] is Match.FULL:
                return str(route.operation_id)
        return "unknown"

    async def _disturb(self, exchange: Exchange, fault: Fault) -> None:
        if fault.lose == "request" or (fault.hold is True and not await self.holds.hold(exchange)):
            await exchange.drop()
            return
        answer = fault.rewrite(None if fault.comes_first else await self._handle(exchange))
        await self._delay()
        if fault.lose == "answer" or (
            fault.hold == "answer" and not await self.holds.hold(exchange)
        ):
            await exchange.drop()
        elif fault.truncate or fault.stall:
            await self._cut(exchange, answer, fault)
        else:
            await exchange.answer(answer)

    async def _handle(self, exchange: Exchange) -> Response:
        try:
            authenticate(Headers(scope=exchange.scope).get("authorization"), self._key)
        except Refusal as refusal:
            return JSONResponse(error_body(refusal.status, refusal.message), refusal.status)
        answer = await exchange.ask(self._app)
        if exchange.record.writes:
            self._save()
        return answer

    async def _delay(self) -> None:
        if self.latency > 0:
            await _first_of(asyncio.sleep(self.latency), self._stopping.wait())

    async def _cut(self, exchange: Exchange, answer: Response, fault: Fault) -> None:
        if fault.stall != "answer":
            await exchange.answer(answer, half=True)
        if fault.stall:
            await _first_of(exchange.client_gone(), self._stopping.wait())
        await exchange.drop()


class Holds:
    """The requests that are held.

    Each is held until it is released or dropped, its client goes away, or the server stops.
    """

    def __init__(self, stopping: asyncio.Event) -> None:
        self._held: dict[asyncio.Future[bool], Record] = {}
        self._arrival = asyncio.Event()
        self._stopping = stopping

    async def hold(self, exchange: Exchange) -> bool:
        """Wait, and return whether the request goes on."""
        released: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._held[released] = exchange.record
        self._arrival.set()
        await _first_of(released, exchange.client_gone(), self._stopping.wait())
        del self._held[released]
        return not released.cancelled() and released.result()

    def free(self, *, go_on: bool) -> int:
        """Let all held requests go on, or drop them; return how many there were."""
        waiting = [released for released in self._held if not released.done()]
        for released in waiting:
            released.set_result(go_on)
        return len(waiting)

    async def wait(self, timeout: float) -> list[dict[str, Any]]:
        """Return the held requests as soon as there are any, or none after `timeout` seconds."""
        if not self._held:
            self._arrival.clear()
            await _first_of(self._arrival.wait(), asyncio.sleep(timeout))
        return [record.describe() for record in self._held.values()]


@dataclass
class Exchange:
    """One request and what becomes of it on the wire."""

    scope: Scope
    receive: Receive
    send: Send
    record: Record

    async def read(self) -> None:
        """Read the whole body into the record."""
        more = True
        while more:
            message = await self.receive()
            self.record.body += message.get("body", b"")
            more = message.get("more_body", False)

    async def ask(self, app: ASGIApp) -> Response:
        """Hand the request to the API and gather its answer."""
        messages: list[Message] = []

        async def replay() -> Message:
            return {"type": "http.request", "body": self.record.body, "more_body": False}

        async def gather(message: Message) -> None:
            messages.append(message)

        await app(self.scope, replay, gather)
        start, *parts = messages
        answer = Response(b"".join(part.get("body", b"") for part in parts), start["status"])
        answer.raw_headers = start["headers"]
        return answer

    async def answer(self, answer: Response, *, half: bool = False) -> None:
        """Send an answer, or its head and half of the body that it announces."""
        self.record.status = answer.status_code
        start = {"status": answer.status_code, "headers": answer.raw_headers}
        await self.send({"type": "http.response.start", **start})
        body = bytes(answer.body)
        body = body[: len(body) // 2] if half else body
        await self.send({"type": "http.response.body", "body": body, "more_body": half})

    async def drop(self) -> None:
        """Close the connection as it is; return when it is closed."""
        self.scope["state"]["close_connection"]()
        await self.client_gone()

    async def client_gone(self) -> None:
        """Wait until the connection is closed by either side."""
        while (await self.receive())["type"] != "http.disconnect":
            pass


async def _first_of(*waits: Awaitable[object]) -> None:
    """Wait until one of these is done, and cancel the others."""
    waiting = [asyncio.ensure_future(wait) for wait in waits]
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for wait in waiting:
        wait.cancel()


def _canonical(raw_path: bytes) -> str:
    # Percent-encode each segment in one way, so that an encoded "/" does not make a new segment
    # and `%77orkspaces` is `workspaces`.
    path = raw_path.decode("latin-1")
    if "%" not in path:
        return path
    return "/".join(quote(unquote(segment), safe="") for segment in path.split("/"))
