"""The way into the API: every request below /api/v1 passes here before FastAPI sees it.

In order: the request log, the faults that a test has planned, the check of the key, the API, the
latency. An answer is gathered whole before it is sent, so that a fault can change it, cut it or
hold it back. All of this runs in one event loop, so counting and matching need no lock.
"""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .answers import Answer, error_response
from .faults import Fault, Faults
from .rules import Refusal, authenticate
from .traffic import Record, Traffic

API_PREFIX = "/api/v1"


class Holds:
    """The requests that are held, each until it is released, dropped or its client goes away."""

    def __init__(self) -> None:
        self._held: dict[int, tuple[Record, asyncio.Future[bool]]] = {}
        self._arrival = asyncio.Event()

    async def hold(self, record: Record, gone: Coroutine[Any, Any, None]) -> bool:
        """Wait; return whether the request goes on."""
        released: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._held[id(record)] = (record, released)
        self._arrival.set()
        watcher = asyncio.ensure_future(gone)
        await asyncio.wait((released, watcher), return_when=asyncio.FIRST_COMPLETED)
        watcher.cancel()
        del self._held[id(record)]
        return released.done() and released.result()

    def free(self, *, go_on: bool) -> int:
        """Let all held requests go on, or drop them; return how many there were."""
        waiting = [released for _, released in self._held.values() if not released.done()]
        for released in waiting:
            released.set_result(go_on)
        return len(waiting)

    async def wait(self, timeout: float) -> list[dict[str, Any]]:
        """Return the held requests as soon as there are any, or none after `timeout` seconds."""
        if not self._held:
            self._arrival.clear()
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._arrival.wait(), timeout)
        return [record.describe() for record, _ in self._held.values()]


class Gateway:
    """The ASGI application in front of the API; requests to other paths pass through unchanged.

    The server puts `close_connection` into the state of each request: what ends its connection
    without (the rest of) an answer.
    """

    def __init__(self, app: ASGIApp, key: str, on_answer: Callable[[Record], None]) -> None:
        self.traffic = Traffic()
        self.faults = Faults()
        self.holds = Holds()
        self.latency = 0.0
        self._app = app
        self._key = key
        self._on_answer = on_answer
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Let go of every request that is delayed, stalled or held: the server stops."""
        self._stopping.set()
        self.holds.free(go_on=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        path = scope["path"] = _canonical(scope["raw_path"])
        if path != API_PREFIX and not path.startswith(f"{API_PREFIX}/"):
            await self._app(scope, receive, send)
            return
        path = path.removeprefix(API_PREFIX)
        method, segments = scope["method"], [unquote(part) for part in path.split("/")[1:]]
        record = self.traffic.arrive(method, segments, path, scope["query_string"].decode())
        fault = self.faults.take(method, segments)
        exchange = Exchange(scope, receive, send, record)
        try:
            record.body = await exchange.read()
            await self._serve(exchange, fault)
        finally:
            self.traffic.leave()
            self._on_answer(record)

    async def _serve(self, exchange: "Exchange", fault: Fault | None) -> None:
        if fault is None:
            answer = await self._handle(exchange)
            await self._delay()
            await exchange.answer(answer)
        else:
            exchange.record.fault = fault.description
            await self._disturb(exchange, fault)

    async def _disturb(self, exchange: "Exchange", fault: Fault) -> None:
        if fault.lose == "request" or (fault.hold is True and not await self._hold(exchange)):
            await exchange.drop()
            return
        answer = fault.rewrite(None if fault.comes_first else await self._handle(exchange))
        await self._delay()
        if fault.lose == "answer" or (fault.hold == "answer" and not await self._hold(exchange)):
            await exchange.drop()
        elif fault.truncate or fault.stall:
            await self._cut(exchange, answer, fault)
        else:
            await exchange.answer(answer)

    async def _hold(self, exchange: "Exchange") -> bool:
        if self._stopping.is_set():
            return False
        return await self.holds.hold(exchange.record, exchange.client_gone())

    async def _handle(self, exchange: "Exchange") -> Answer:
        try:
            authenticate(exchange.header(b"authorization"), self._key)
        except Refusal as refusal:
            response = error_response(refusal.status, refusal.message)
            return Answer(response.status_code, response.raw_headers, bytes(response.body))
        return await exchange.ask(self._app)

    async def _delay(self) -> None:
        if self.latency > 0 and not self._stopping.is_set():
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), self.latency)

    async def _cut(self, exchange: "Exchange", answer: Answer, fault: Fault) -> None:
        if fault.stall != "answer":
            await exchange.answer_half(answer)
        if fault.stall and not self._stopping.is_set():
            gone = asyncio.ensure_future(exchange.client_gone())
            stopping = asyncio.ensure_future(self._stopping.wait())
            await asyncio.wait((gone, stopping), return_when=asyncio.FIRST_COMPLETED)
            gone.cancel()
            stopping.cancel()
        await exchange.drop()


@dataclass
class Exchange:
    """One request and what becomes of it on the wire."""

    scope: Scope
    receive: Receive
    send: Send
    record: Record
    body: bytes = b""

    def header(self, name: bytes) -> str | None:
        """Return a header of the request."""
        values = (value for key, value in self.scope["headers"] if key == name)
        value = next(values, None)
        return None if value is None else value.decode("latin-1")

    async def read(self) -> bytes:
        """Read the whole body."""
        more = True
        while more:
            message = await self.receive()
            self.body += message.get("body", b"")
            more = message.get("more_body", False)
        return self.body

    async def ask(self, app: ASGIApp) -> Answer:
        """Hand the request to the API and gather its answer."""
        messages: list[Message] = []

        async def replay() -> Message:
            return {"type": "http.request", "body": self.body, "more_body": False}

        async def gather(message: Message) -> None:
            messages.append(message)

        await app(self.scope, replay, gather)
        start, *parts = messages
        body = b"".join(part.get("body", b"") for part in parts)
        return Answer(start["status"], start["headers"], body)

    async def answer(self, answer: Answer) -> None:
        """Send an answer."""
        await self._start(answer)
        await self.send({"type": "http.response.body", "body": answer.body})

    async def answer_half(self, answer: Answer) -> None:
        """Send the head of an answer and half of the body that it announces."""
        await self._start(answer)
        half = answer.body[: len(answer.body) // 2]
        await self.send({"type": "http.response.body", "body": half, "more_body": True})

    async def drop(self) -> None:
        """Close the connection as it is; return when it is closed."""
        self.scope["state"]["close_connection"]()
        await self.client_gone()

    async def client_gone(self) -> None:
        """Wait until the connection is closed by either side."""
        while (await self.receive())["type"] != "http.disconnect":
            pass

    async def _start(self, answer: Answer) -> None:
        self.record.status = answer.status
        await self.send(
            {"type": "http.response.start", "status": answer.status, "headers": answer.headers}
        )


def _canonical(raw_path: bytes) -> str:
    # Each segment percent-encoded in one way, so that an encoded "/" does not make a new segment
    # and `%77orkspaces` is `workspaces`.
    path = raw_path.decode("latin-1")
    if "%" not in path:
        return path
    return "/".join(quote(unquote(segment), safe="") for segment in path.split("/"))
