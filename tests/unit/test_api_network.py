"""The real network stack on loopback: proxies, certificates, lost connections, encoded paths."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from pulumi_openrouter.api.client import Client
from pulumi_openrouter.api.clock import Clock
from pulumi_openrouter.api.transport import Transport
from pulumi_openrouter.errors import ConfigurationError, ConnectionFailedError
from pulumi_openrouter.settings import Settings

# For localhost and 127.0.0.1, signed by itself, valid for a hundred years.
CERTIFICATE = Path(__file__).parent / "certificates" / "localhost.pem"
VARIABLES = [
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
    *("http_proxy", "https_proxy", "all_proxy", "no_proxy"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR"),
]


class Server(ThreadingHTTPServer):
    """Answers every GET with a workspace, and keeps the lines that it was asked with."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.lines: list[str] = []
        self.hang_up = 0

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self.server_address[1])


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: Server

    def do_GET(self) -> None:
        """Answer with a workspace, or hang up in the middle of it."""
        self.server.lines.append(self.requestline)
        body = json.dumps({"data": {"id": "ws-1"}}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.server.hang_up:
            self.server.hang_up -= 1
            body = body[:5]
            self.close_connection = True
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def running(server: Server) -> Iterator[Server]:
    """Serve while the block runs."""
    thread = threading.Thread(target=server.serve_forever, args=[0.01])
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


@pytest.fixture
def server() -> Iterator[Server]:
    """A plain HTTP server."""
    with running(Server()) as plain:
        yield plain


@pytest.fixture
def tls_server() -> Iterator[Server]:
    """A server with a certificate that nobody knows."""
    secure = Server()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    secure.socket = context.wrap_socket(secure.socket, server_side=True)
    secure.handle_error = lambda *_: None  # type: ignore[method-assign] # refused handshakes
    with running(secure):
        yield secure


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy and no certificate from outside."""
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)


class Impatient(Clock):
    """The clocks of this machine, and sleeps that do not last."""

    def __init__(self, waits: list[float]) -> None:
        self.waits = waits

    def sleep(self, seconds: float, wake: threading.Event) -> None:  # noqa: ARG002
        """Note the sleep."""
        self.waits.append(seconds)


@contextmanager
def client(base_url: str) -> Iterator[tuple[Client, list[float]]]:
    """A client with httpx's own stack that does not wait between attempts, and its waits."""
    settings = Settings(management_key="k", base_url=base_url, timeout_seconds=5.0)
    waits: list[float] = []
    subject = Client(settings, transport=Transport(settings, clock=Impatient(waits)))
    try:
        yield subject, waits
    finally:
        subject.close()


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("../../keys", "/api/v1/workspaces/..%2F..%2Fkeys"),
        ("%2e%2e", "/api/v1/workspaces/%252e%252e"),
        ("a?b#c", "/api/v1/workspaces/a%3Fb%23c"),
        ("\u00e4", "/api/v1/workspaces/%C3%A4"),
    ],
)
def test_an_id_reaches_the_wire_as_one_segment(server: Server, name: str, path: str) -> None:
    """No layer between us and the socket turns an encoded character back."""
    with client(f"http://127.0.0.1:{server.port}/api/v1") as (subject, _):
        subject.workspaces.get(name)
    assert server.lines == [f"GET {path} HTTP/1.1"]


def test_a_proxy_of_the_environment_is_used(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """HTTP_PROXY counts as for any httpx user: the proxy gets the request with its whole URL."""
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{server.port}")
    with client("http://localhost:9/api/v1") as (subject, _):
        subject.workspaces.get("acme")
    assert server.lines == ["GET http://localhost:9/api/v1/workspaces/acme HTTP/1.1"]


def test_no_proxy_of_the_environment_is_kept(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """NO_PROXY keeps requests away from the proxy."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "localhost,127.0.0.1")
    with client(f"http://127.0.0.1:{server.port}") as (subject, _):
        assert subject.workspaces.get("acme").id == "ws-1"


def test_an_unknown_certificate_is_refused_at_once(tls_server: Server) -> None:
    """A server that cannot prove who it is gets no request and no second chance."""
    with (
        client(f"https://localhost:{tls_server.port}") as (subject, waits),
        pytest.raises(ConnectionFailedError, match="CERTIFICATE_VERIFY_FAILED") as failure,
    ):
        subject.workspaces.get("acme")
    assert (tls_server.lines, waits) == ([], [])
    assert "Set SSL_CERT_FILE to a file that holds the certificate authority" in str(failure.value)


def test_a_certificate_of_the_environment_is_trusted(
    tls_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SSL_CERT_FILE names an authority of one's own."""
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    with client(f"https://localhost:{tls_server.port}") as (subject, _):
        assert subject.workspaces.get("acme").id == "ws-1"


def test_the_first_of_many_that_cannot_connect_ends_the_others() -> None:
    """With nobody listening, one request reports the cause, and the waits of the others end."""
    closed = Server()
    closed.server_close()
    settings = Settings(
        management_key="k",
        base_url=f"http://127.0.0.1:{closed.port}",
        max_retries=2,
        max_retry_delay_seconds=600.0,
    )
    notes: list[str] = []
    subject = Client(settings, transport=Transport(settings, notify=notes.append))
    with closing(subject), ThreadPoolExecutor(25) as pool:
        reads = [pool.submit(subject.workspaces.get, f"w{number}") for number in range(25)]
        texts = [str(read.exception()) for read in reads]
    short = [text for text in texts if "same cause as the first error (ConnectError: " in text]
    whole = [text for text in texts if "Check the network, the proxy variables" in text]
    assert (len(whole), len(short)) == (1, 24)
    # The waits of 25 requests before their last attempts overlap, if not to the millisecond.
    assert 1 <= len(notes) <= 3
    assert notes[0].startswith(f"{settings.base_url}: ConnectError: ")


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        pytest.param("SSL_CERT_FILE", "nowhere.pem", id="no such certificate"),
        pytest.param("HTTPS_PROXY", "gopher://proxy.example", id="no such proxy scheme"),
    ],
)
def test_an_environment_that_cannot_be_used_is_named(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    """A variable that httpx cannot use is a configuration error, not a traceback."""
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigurationError, match="proxy or certificate settings cannot be used"):
        Transport(Settings(management_key="k"))


def test_a_body_that_breaks_off_is_asked_for_again(server: Server) -> None:
    """A connection lost in the middle of the answer costs one more request."""
    server.hang_up = 1
    with client(f"http://127.0.0.1:{server.port}") as (subject, waits):
        assert subject.workspaces.get("acme").id == "ws-1"
    assert (len(server.lines), len(waits)) == (2, 1)


def test_no_connection_is_an_error_that_says_so() -> None:
    """Where nobody answers, the retries are used up and the error names the cause."""
    closed = Server()
    closed.server_close()
    with (
        client(f"http://127.0.0.1:{closed.port}") as (subject, waits),
        pytest.raises(ConnectionFailedError, match="got no answer: ConnectError: "),
    ):
        subject.workspaces.get("acme")
    assert len(waits) == 5
