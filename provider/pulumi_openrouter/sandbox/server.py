"""The sandbox as a context manager: uvicorn in a thread, on a port that is open when entered."""

import asyncio
import socket
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from .app import create_app
from .control import CONTROL_PREFIX
from .errors import SandboxError
from .gateway import API_PREFIX, Gateway
from .remote import Remote, not_running
from .seed import load_seed
from .store import Store
from .traffic import Record

DEFAULT_KEY = "sk-or-mgmt-sandbox-0000000000000000"

# Longer than any test waits between two requests, so that no client meets a closing connection.
KEEP_ALIVE_SECONDS = 600


class Sandbox(Remote):
    """OpenRouter's Workspaces API on this machine, from entering to leaving the `with` block.

    `port` 0 is any free port. `db` is a file that keeps the state (None: in memory). `seed` is a
    YAML file or a dict, see `seed`. `key` is the management key that clients must send.
    `on_answer` is called, in the server's thread, after each request to the API. SandboxError when
    the port is in use or the database or the seed is not usable.
    """

    _origin: str | None = None
    _thread: threading.Thread | None = None

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
        self.key = key or DEFAULT_KEY
        self._host, self._port = host, port
        self._db = db
        self._seed = seed
        self._on_answer = on_answer

    @property
    def url(self) -> str:
        """The base URL of the API, as in OPENROUTER_BASE_URL."""
        return self._base() + API_PREFIX

    @property
    def control_url(self) -> str:
        """The base URL of the control endpoints, for a Remote in another process."""
        return self._base() + CONTROL_PREFIX

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables that point a program at this sandbox."""
        return {"OPENROUTER_BASE_URL": self.url, "OPENROUTER_MANAGEMENT_KEY": self.key}

    def __enter__(self) -> "Sandbox":
        seed = load_seed(self._seed)
        self._store = Store(self._db)
        try:
            gateway = create_app(self._store, seed, self.key, self._on_answer)
            listener = _listen(self._host, self._port)
        except BaseException:
            self._store.close()
            raise
        self._origin = _origin(self._host, listener)
        self._server = _Server(gateway)
        self._thread = threading.Thread(
            target=self._server.run, args=([listener],), name="sandbox", daemon=True
        )
        self._thread.start()
        self._server.ready.wait()
        if not self._server.started:
            msg = f"the server at {self._origin} failed to start, see its traceback"
            raise SandboxError(msg)
        super().__init__(self.control_url)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join()
        self._store.close()

    def wait(self) -> None:
        """Block until the server ends, which it does by itself only when it fails."""
        if self._thread is None:
            raise not_running()
        while self._thread.is_alive():
            # In short waits, because on Windows an endless one cannot be interrupted.
            self._thread.join(1)

    def _base(self) -> str:
        if self._origin is None:
            raise not_running()
        return self._origin


class _Server(uvicorn.Server):
    def __init__(self, gateway: Gateway) -> None:
        config = uvicorn.Config(
            gateway,
            http=_Protocol,
            ws="none",
            interface="asgi3",
            lifespan="off",
            loop="asyncio",
            log_config=None,
            log_level="error",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
        )
        super().__init__(config)
        self.ready = threading.Event()
        self._gateway = gateway

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            super().run(sockets)
        finally:
            self.ready.set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._gateway.stop()
        await super().shutdown(sockets)


class _Protocol(H11Protocol):
    # ASGI has no way to leave a request without an answer, so this gives the application one.
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


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        msg = f"cannot listen on {host} port {port}: {reason}. Choose another with --port (0: any)."
        raise SandboxError(msg) from error


def _origin(host: str, listener: socket.socket) -> str:
    port = listener.getsockname()[1]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
