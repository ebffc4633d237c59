"""The sandbox as a context manager: uvicorn in a thread, on a port that is open when entered."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import socket
import threading
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import CancelledError, Future
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from pulumi_openrouter.sandbox.app import create_app
from pulumi_openrouter.sandbox.control import CONTROL_PREFIX, Control
from pulumi_openrouter.sandbox.gateway import API_PREFIX
from pulumi_openrouter.sandbox.refusals import SandboxError
from pulumi_openrouter.sandbox.seed import load_seed
from pulumi_openrouter.sandbox.store import Store
from pulumi_openrouter.sandbox.traffic import Record

DEFAULT_KEY = "sk-or-mgmt-sandbox-0000000000000000"

# Longer than any test waits between two requests, so that no client meets a closing connection.
KEEP_ALIVE_SECONDS = 600

P = ParamSpec("P")
R = TypeVar("R")


def _delegate(
    method: Callable[Concatenate[Control, P], R],
) -> Callable[Concatenate[Sandbox, P], R]:
    """Return a method of `Sandbox` that calls a method of `Control` in the server's thread."""

    @functools.wraps(method)
    def call(self: Sandbox, /, *args: P.args, **kwargs: P.kwargs) -> R:
        async def run(control: Control) -> R:
            return method(control, *args, **kwargs)

        return self._server.call(run)

    return call


class Sandbox:
    """OpenRouter's Workspaces API on this machine, from entering to leaving the `with` block.

    `port` 0 is any free port. `db` is a file that keeps the state (None: in memory). `seed` is a
    YAML file or a dict, see `seed`. `key` is the management key that clients must send.
    `on_answer` is called, in the server's thread, after each request to the API. SandboxError when
    the port is in use, when the database, the seed or the key is not usable, and when the sandbox
    is used outside of the block.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        db: str | Path | None = None,
        seed: str | Path | Mapping[str, Any] | None = None,
        key: str | None = None,
        *,
        on_answer: Callable[[Record], None] = lambda _: None,
    ) -> None:
        self.key = _checked_key(key or DEFAULT_KEY)
        self._host, self._port = host, port
        self._db = db
        self._seed = seed
        self._on_answer = on_answer
        self._running: _Server | None = None

    def __enter__(self) -> Sandbox:
        seed = load_seed(self._seed)
        store = Store(self._db)
        try:
            control = create_app(store, seed, self.key, self._on_answer)
            listener = _listen(self._host, self._port)
        except BaseException:
            store.close()
            raise
        host, port = _loopback(self._host), listener.getsockname()[1]
        origin = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        self._running = _Server(origin, control, listener)
        return self

    def __exit__(self, *_: object) -> None:
        server, self._running = self._running, None
        if server is not None:
            server.stop()

    @property
    def url(self) -> str:
        """The base URL of the API, as in OPENROUTER_BASE_URL."""
        return self._server.origin + API_PREFIX

    @property
    def control_url(self) -> str:
        """The base URL of the control endpoints, for clients in other processes."""
        return self._server.origin + CONTROL_PREFIX

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables that point a program at this sandbox."""
        return {"OPENROUTER_BASE_URL": self.url, "OPENROUTER_MANAGEMENT_KEY": self.key}

    def wait(self) -> None:
        """Block until the server ends, which it does by itself only when it fails."""
        thread = self._server.thread
        while thread.is_alive():
            # In short waits, because on Windows an endless one cannot be interrupted.
            thread.join(1)

    reset = _delegate(Control.reset)
    state = _delegate(Control.state)
    requests = _delegate(Control.requests)
    clear_requests = _delegate(Control.clear_requests)
    counts = _delegate(Control.counts)
    set_latency = _delegate(Control.set_latency)
    add_fault = _delegate(Control.add_fault)
    faults = _delegate(Control.faults)
    clear_faults = _delegate(Control.clear_faults)
    release = _delegate(Control.release)
    add_organization_members = _delegate(Control.add_organization_members)
    add_person = _delegate(Control.add_person)
    change_person = _delegate(Control.change_person)
    remove_person = _delegate(Control.remove_person)
    add_key = _delegate(Control.add_key)
    disable_key = _delegate(Control.disable_key)
    delete_key = _delegate(Control.delete_key)
    mark_member = _delegate(Control.mark_member)
    mark_workspace = _delegate(Control.mark_workspace)
    set_options = _delegate(Control.set_options)

    def wait_until_held(self, timeout: float = 60) -> list[dict[str, Any]]:
        """Return the held requests as soon as there is one; TimeoutError after `timeout` s."""
        held = self._server.call(lambda control: control.held(timeout))
        if not held:
            msg = f"no request was held within {timeout:g} s"
            raise TimeoutError(msg)
        return held

    @property
    def _server(self) -> _Server:
        if self._running is None or not self._running.thread.is_alive():
            raise _not_running()
        return self._running


def _not_running() -> SandboxError:
    return SandboxError(
        "the sandbox is not running: use it inside `with Sandbox() as sandbox:`, "
        "which starts it and stops it"
    )


class _Server:
    """A server that runs in a thread of its own, from when it is made until it is stopped."""

    def __init__(self, origin: str, control: Control, listener: socket.socket) -> None:
        self.origin = origin
        self._control = control
        config = uvicorn.Config(
            control.gateway,
            http=_Protocol,
            ws="none",
            interface="asgi3",
            lifespan="off",
            log_config=None,
            log_level="error",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
        )
        self._uvicorn = uvicorn.Server(config)
        self._loop: Future[asyncio.AbstractEventLoop] = Future()
        # The listener is open already, so a client that comes before uvicorn waits for it.
        serve = functools.partial(asyncio.run, self._serve(listener))
        self.thread = threading.Thread(target=serve, name="sandbox", daemon=True)
        self.thread.start()

    async def _serve(self, listener: socket.socket) -> None:
        self._loop.set_result(asyncio.get_running_loop())
        await self._uvicorn.serve([listener])

    def call(self, use: Callable[[Control], Coroutine[Any, Any, R]]) -> R:
        """Use the control in the thread of the server, and return the result."""
        waiting = asyncio.run_coroutine_threadsafe(use(self._control), self._loop.result())
        try:
            return waiting.result()
        except CancelledError:
            # Another thread has left the block meanwhile.
            raise _not_running() from None

    def stop(self) -> None:
        """End the server and all that its requests wait for; return when it has ended."""
        # A server that has failed has ended already, and closed its loop.
        with contextlib.suppress(RuntimeError):
            self._loop.result().call_soon_threadsafe(self._control.gateway.stop)
        self._uvicorn.should_exit = True
        self.thread.join()
        self._control.store.close()


class _Protocol(H11Protocol):
    # The faults have to close a connection without an answer. ASGI has no way to do so, so this
    # puts one into the state of each request. uvicorn does not document its protocol classes: this
    # was written against version 0.54, and tests/contract/test_faults.py fails where another
    # version uses `connection_made` or `app` differently.
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        super().connection_made(transport)
        # asyncio leaves Nagle's algorithm on for a listener made by socket.create_server, and with
        # it head and body of an answer would be 40 ms apart.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        app = self.app

        async def with_close(scope: Scope, receive: Receive, send: Send) -> None:
            scope["state"]["close_connection"] = transport.close
            await app(scope, receive, send)

        self.app = with_close


def _loopback(host: str) -> str:
    """Return where this machine reaches an address: all interfaces are no address to connect to."""
    return {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104


def _checked_key(key: str) -> str:
    if not (key.isascii() and key.isprintable() and " " not in key):
        msg = (
            "the sandbox's key holds a space, a control character or a character outside ASCII, so "
            "no client can send it. Choose another with --key."
        )
        raise SandboxError(msg)
    return key


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        msg = f"cannot listen on {host} port {port}: {reason}. Choose another with --port (0: any)."
        raise SandboxError(msg) from error
