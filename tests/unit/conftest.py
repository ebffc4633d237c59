"""What the unit tests of the API client share: a scripted API, and time that passes at will.

The API client is real down to httpx; a script stands at the far end of httpx's own MockTransport.
Time passes only when the client sleeps, so no test waits.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import httpx
import pytest

from pulumi_openrouter.api.client import Client
from pulumi_openrouter.api.clock import Clock
from pulumi_openrouter.api.transport import Transport
from pulumi_openrouter.settings import Settings

KEY = "sk-or-mgmt-correct-horse"
SETTINGS = Settings(management_key=KEY, base_url="https://api.example/api/v1")
Step = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]


@dataclass
class ScriptedApi(Clock):
    """Answers each request with the next step of a script, and keeps what it was asked."""

    script: list[Step] = field(default_factory=list)
    requests: list[httpx.Request] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    while_sleeping: list[Callable[[], object]] = field(default_factory=list)
    time: float = 1_790_000_000.0
    settings: Settings = SETTINGS

    def transport(self, **settings: object) -> Transport:
        """Return a transport that talks to the script, with changed settings."""
        self.settings = replace(self.settings, **settings)  # type: ignore[arg-type] # any of them
        return Transport(
            self.settings,
            http=httpx.Client(transport=httpx.MockTransport(self.answer)),
            clock=self,
            notify=self.notes.append,
        )

    def client(self, **settings: object) -> Client:
        """Return a client that talks to the script, with changed settings."""
        return Client(self.settings, transport=self.transport(**settings))

    def monotonic(self) -> float:
        """Return the time; it passes only in sleeps and where a test sets it."""
        return self.time

    def now(self) -> float:
        """Return the same time."""
        return self.time

    @property
    def asked(self) -> list[str]:
        """All requests as method and path below the base URL, as they went over the wire."""
        return [
            f"{request.method} {request.url.raw_path.decode().removeprefix('/api/v1')}"
            for request in self.requests
        ]

    @property
    def bodies(self) -> list[object]:
        """The JSON bodies of all requests; None where there was none."""
        return [json.loads(request.content or b"null") for request in self.requests]

    def sleep(self, seconds: float, wake: threading.Event) -> None:  # noqa: ARG002
        """Let time pass, after what a test wants to happen meanwhile."""
        self.slept.append(seconds)
        if self.while_sleeping:
            self.while_sleeping.pop(0)()
        self.time += seconds

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Answer with the next step of the script."""
        self.requests.append(request)
        assert self.script, f"nothing was to be asked any more, but: {request.method} {request.url}"
        step = self.script.pop(0)
        if isinstance(step, Exception):
            raise step
        return step(request) if callable(step) else step


@pytest.fixture
def api() -> ScriptedApi:
    """An API that expects no request until a test writes its script."""
    return ScriptedApi()
