"""One HTTP exchange: a call in, its outcome out.

The transport makes calls, repeats them and turns the last outcome into an answer or an error.
Here is all contact with httpx. A failure stays plain data: httpx's exceptions may hold headers,
and so the key, and must not end up in the chain of ours.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from http import HTTPStatus
from typing import Generic, TypeVar

from pydantic import ValidationError

from pulumi_openrouter.api import answers
from pulumi_openrouter.api.clock import Clock
from pulumi_openrouter.api.http import httpx
from pulumi_openrouter.api.models import ApiModel
from pulumi_openrouter.errors import (
    ApiError,
    AuthenticationError,
    ConfigurationError,
    ConnectionFailedError,
    MalformedAnswerError,
)
from pulumi_openrouter.settings import Settings
from pulumi_openrouter.text import fold, redact

Model = TypeVar("Model", bound=ApiModel)
# Looks whether a change of unknown outcome was made: the answer if so, None if it was not.
Settle = Callable[[ApiError], "Model | None"]

# Below the 5 s after which common servers close an idle connection: reusing one just then fails.
KEEPALIVE_SECONDS = 4.0
# A page of 100 objects is about 0.1 MB; more than this is not this API.
MAX_ANSWER_BYTES = 16 * 1024 * 1024

# Failures before anything was sent: safe to repeat whatever the request was.
_UNREACHABLE = (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError)
_UNSENT = (*_UNREACHABLE, httpx.PoolTimeout, httpx.UnsupportedProtocol, httpx.InvalidURL)
_TRUST = (
    "Set SSL_CERT_FILE to a file that holds the certificate authority of the server, or of the "
    "proxy in front of it, and check openrouter:baseUrl."
)


@dataclass(frozen=True)
class Call(Generic[Model]):
    """One request."""

    action: str
    method: str
    path: str
    query: Mapping[str, int | str] | None
    content: bytes | None
    model: type[Model]
    settle: Settle[Model] | None
    about_object: bool


@dataclass(frozen=True)
class Outcome(Generic[Model]):
    """How one attempt ended: a value, or a failure that is not an exception yet.

    Attributes:
        value: The answer, or None for a failure.
        error_class: Class of the failure.
        status: HTTP status, or None without an answer.
        words: What was said, as it came: neither folded nor redacted.
        retry: Whether another attempt may end otherwise.
        may_be_done: Whether the API may have carried out this attempt, or one before it.
        retry_after: Seconds that the API asks to wait.
        sent: When the API sent the answer (Unix time), if it said so.
        unreachable: Whether not even a connection to the API was made.
        next_step: Advice that fits better than that of the class.
        cause: The failure that all requests share, because of which this one was not sent.
    """

    value: Model | None = None
    error_class: type[ApiError] = ApiError
    status: int | None = None
    words: str = ""
    retry: bool = False
    may_be_done: bool = False
    retry_after: float | None = None
    sent: float | None = None
    unreachable: bool = False
    next_step: str | None = None
    cause: ApiError | None = None

    @property
    def concerns_all(self) -> bool:
        """Whether other requests would fail for the same cause."""
        return self.unreachable or self.error_class is AuthenticationError

    @property
    def throttled(self) -> bool:
        """Whether the API asks everyone to slow down."""
        overloaded = self.status == HTTPStatus.SERVICE_UNAVAILABLE and self.retry_after is not None
        return overloaded or self.status == HTTPStatus.TOO_MANY_REQUESTS


class Exchange:
    """Sends single requests to the base URL; knows the key and the timeout."""

    def __init__(
        self, settings: Settings, user_agent: str, http: httpx.Client | None, clock: Clock
    ) -> None:
        self._http = http or _http_client(settings)
        self._base_url = settings.base_url
        self._patience = settings.timeout_seconds
        self._timeout = {"timeout": httpx.Timeout(self._patience).as_dict()}
        self._clock = clock
        self._headers = {
            "Authorization": f"Bearer {settings.management_key}",
            "Accept": "application/json",
            "Accept-Encoding": "gzip, deflate",
            "Content-Type": "application/json",
            "User-Agent": user_agent,
        }

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def send(self, call: Call[Model]) -> Outcome[Model]:
        """Send the call once and judge what came back; raises nothing of httpx."""
        try:
            response, content = self._receive(call)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return _unanswered(error)
        if response.is_success:
            return _understood(call, response, content)
        return self._failed(call, response, content)

    def _receive(self, call: Call[Model]) -> tuple[httpx.Response, bytes]:
        give_up = self._clock.monotonic() + self._patience
        content = bytearray()
        # Not built by the client, which would send back the cookies of earlier answers.
        request = httpx.Request(
            call.method,
            self._base_url + call.path,
            params=call.query,
            content=call.content,
            headers=self._headers,
            extensions=self._timeout,
        )
        with closing(self._http.send(request, stream=True, follow_redirects=False)) as response:
            for chunk in response.iter_bytes():
                content += chunk
                if len(content) > MAX_ANSWER_BYTES:
                    msg = f"the answer is longer than {MAX_ANSWER_BYTES} bytes"
                    raise httpx.ReadError(msg)
                if self._clock.monotonic() > give_up:
                    msg = f"the answer was not complete after {self._patience:g} s"
                    raise httpx.ReadTimeout(msg)
        return response, bytes(content)

    def _failed(
        self, call: Call[Model], response: httpx.Response, content: bytes
    ) -> Outcome[Model]:
        status, headers = response.status_code, response.headers
        server_side = status >= HTTPStatus.INTERNAL_SERVER_ERROR
        return Outcome(
            error_class=answers.error_class(status, content, about_object=call.about_object),
            status=status,
            words=answers.error_text(status, headers, content),
            retry=status in answers.TRANSIENT,
            may_be_done=server_side or status == HTTPStatus.REQUEST_TIMEOUT,
            retry_after=answers.retry_after(headers, self._clock.now()),
            sent=answers.sent_at(headers),
        )


def _understood(call: Call[Model], response: httpx.Response, content: bytes) -> Outcome[Model]:
    empty = response.status_code == HTTPStatus.NO_CONTENT
    try:
        value = call.model.model_validate_json(b"{}" if empty else content)
    except ValidationError as error:
        return Outcome(
            error_class=MalformedAnswerError,
            status=response.status_code,
            words=answers.validation_error_text(error, content),
            retry=True,
            may_be_done=True,
        )
    return Outcome(value=value, status=response.status_code, sent=answers.sent_at(response.headers))


def _unanswered(error: httpx.HTTPError | httpx.InvalidURL) -> Outcome[Model]:
    # Neither a certificate nor a URL gets better by asking again.
    untrusted = _caused_by(error, ssl.SSLCertVerificationError)
    hopeless = untrusted or isinstance(error, (httpx.UnsupportedProtocol, httpx.InvalidURL))
    return Outcome(
        error_class=ConnectionFailedError,
        words=f"{type(error).__name__}: {error}".removesuffix(": "),
        retry=not hopeless,
        may_be_done=not isinstance(error, _UNSENT),
        unreachable=isinstance(error, _UNREACHABLE),
        next_step=_TRUST if untrusted else None,
    )


def _caused_by(error: BaseException | None, kind: type[BaseException]) -> bool:
    while error is not None and not isinstance(error, kind):
        error = error.__cause__ or error.__context__
    return error is not None


def _http_client(settings: Settings) -> httpx.Client:
    """Return a client that takes proxies and certificates from the environment."""
    limits = httpx.Limits(
        max_connections=None,  # the throttle limits the requests in flight
        max_keepalive_connections=settings.max_concurrency,
        keepalive_expiry=KEEPALIVE_SECONDS,
    )
    # Plain http, which is for this machine only, needs no certificates, and loading them takes
    # 20 ms (httpx 0.28): this context trusts nobody.
    plain = settings.base_url.startswith("http:")
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if plain else httpx.create_ssl_context()
        return httpx.Client(limits=limits, verify=context)
    except (OSError, ValueError, ImportError, httpx.InvalidURL) as error:
        problem = fold(redact(str(error)))
    # Raised here, outside of the handler, so that httpx's exception is not in the chain.
    msg = (
        f"The environment's proxy or certificate settings cannot be used: {problem}. Check "
        "HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, SSL_CERT_FILE and SSL_CERT_DIR."
    )
    raise ConfigurationError(msg)
