"""The sandbox in a process of its own, so that it shares no interpreter with what is measured."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from pulumi_openrouter.sandbox import Sandbox


@dataclass(frozen=True)
class Remote:
    """Steers a sandbox in another process, over its control endpoints."""

    http: httpx.Client

    def reset(self) -> None:
        """Go back to the seed, without latency, faults and log."""
        self.http.post("/reset").raise_for_status()

    def state(self) -> dict[str, Any]:
        """Return everything that the API could show."""
        return dict(self.http.get("/state").raise_for_status().json())

    def clear_requests(self) -> None:
        """Forget the request log and the counts."""
        self.http.delete("/requests").raise_for_status()

    def counts(self) -> dict[str, Any]:
        """Return how many requests there were since the last clear."""
        return dict(self.http.get("/counts").raise_for_status().json())

    def set_latency(self, seconds: float) -> None:
        """Delay every answer of the API."""
        self.http.put("/latency", json={"seconds": seconds}).raise_for_status()


@dataclass(frozen=True)
class Server:
    """A running sandbox: how to steer it, and what points a program at it."""

    remote: Remote
    control_url: str
    environment: dict[str, str]

    def people(self, count: int, field: str = "id") -> list[str]:
        """Return the user ids of so many people of the organization, or another field of theirs."""
        return [person[field] for person in self.remote.state()["organization_members"][:count]]


@contextmanager
def running() -> Iterator[Server]:
    """Run a sandbox until the block ends."""
    command = [sys.executable, "-m", __spec__.name]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        url, control_url, key = process.stdout.readline().split()
        environment = {"OPENROUTER_BASE_URL": url, "OPENROUTER_MANAGEMENT_KEY": key}
        with steered(control_url, environment) as server:
            yield server
        process.stdin.close()


@contextmanager
def steered(control_url: str, environment: dict[str, str]) -> Iterator[Server]:
    """Steer a sandbox that runs already."""
    # A proxy of the environment has no business between the bench and its sandbox.
    with httpx.Client(base_url=control_url, trust_env=False, timeout=60) as http:
        yield Server(Remote(http), control_url, environment)


def _serve() -> None:
    with Sandbox() as sandbox:
        print(sandbox.url, sandbox.control_url, sandbox.key, flush=True)  # noqa: T201 - read by `running`
        sys.stdin.read()


if __name__ == "__main__":
    _serve()
