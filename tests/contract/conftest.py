"""The API under contract: the sandbox, or with OPENROUTER_LIVE=1 the real one for what can be."""

import os
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest
from openrouter import OpenRouter

from pulumi_openrouter.sandbox import Sandbox

# Read here, because tests run without the user's own settings.
LIVE = os.environ.get("OPENROUTER_LIVE") == "1"
LIVE_URL = os.environ.get("OPENROUTER_BASE_URL", "https://openrouter.ai/api/v1")
LIVE_KEY = os.environ.get("OPENROUTER_MANAGEMENT_KEY", "")


ACME = {"name": "Acme", "slug": "acme"}


@dataclass(frozen=True)
class Endpoint:
    """Where an API is, and the management key for it."""

    url: str
    key: str


@pytest.fixture
def endpoint(request: pytest.FixtureRequest) -> Endpoint:
    """Offer the sandbox, or the real API when OPENROUTER_LIVE=1."""
    if LIVE:
        return Endpoint(LIVE_URL, LIVE_KEY)
    sandbox: Sandbox = request.getfixturevalue("sandbox")
    return Endpoint(sandbox.url, sandbox.key)


@pytest.fixture
def sdk(endpoint: Endpoint) -> Iterator[OpenRouter]:
    """Offer the official SDK, pointed at the endpoint and otherwise unchanged."""
    with OpenRouter(api_key=endpoint.key, server_url=endpoint.url) as client:
        yield client


@pytest.fixture(scope="session")
def http_client(sandbox_server: Sandbox) -> Iterator[httpx.Client]:
    """Keep one client for all tests, because making one takes longer than most tests."""
    headers = {"Authorization": f"Bearer {sandbox_server.key}"}
    with httpx.Client(base_url=sandbox_server.url, headers=headers, timeout=60) as client:
        yield client


@pytest.fixture
def http(http_client: httpx.Client, sandbox: Sandbox) -> httpx.Client:  # noqa: ARG001 - resets it
    """Offer a plain HTTP client of the API of a fresh sandbox."""
    return http_client


@pytest.fixture
def people(sandbox: Sandbox) -> list[str]:
    """Return the ids of the organization's members."""
    return [person["id"] for person in sandbox.state()["organization_members"]]


@pytest.fixture
def acme(http: httpx.Client) -> None:
    """Have a workspace `acme` with a weekly budget of 600 USD."""
    http.post("/workspaces", json=ACME).raise_for_status()
    http.put("/workspaces/acme/budgets/weekly", json={"limit_usd": 600}).raise_for_status()


@pytest.fixture
def unchanged(sandbox: Sandbox, acme: None) -> Iterator[None]:  # noqa: ARG001 - comes first
    """Check that the test changes nothing."""
    before = sandbox.state()
    yield
    assert sandbox.state() == before


def refuses(answer: httpx.Response, status: int, message: str) -> None:
    """Check the whole of an error answer."""
    assert answer.json() == {"error": {"code": status, "message": message}}
    assert answer.status_code == status
