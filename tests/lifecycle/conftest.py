"""What the lifecycle tests share: provider processes, and the sandbox seen from their side."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest

from harness import organization
from harness.organization import Somebody
from harness.process import Managed, ProviderProcess
from pulumi_openrouter.sandbox import Sandbox

NewProcess = Callable[..., ProviderProcess]


@pytest.fixture
def start(sandbox: Sandbox) -> Iterator[NewProcess]:
    """Start provider processes, with settings of the stack config as arguments."""
    with ExitStack() as processes:

        def new(**config: str) -> ProviderProcess:
            return processes.enter_context(closing(ProviderProcess(sandbox.environment, **config)))

        yield new


@pytest.fixture
def process(start: NewProcess) -> ProviderProcess:
    """Start one provider process."""
    return start()


@pytest.fixture
def workspace(somebody: Somebody, sandbox: Sandbox) -> str:
    """Return the id of a workspace with the slug `acme` that no resource of the test manages."""
    id_ = somebody.creates("acme")
    sandbox.clear_requests()
    return id_


@pytest.fixture
def people(sandbox: Sandbox) -> list[str]:
    """Return the ids of the organization's members, sorted."""
    return sorted(organization.people(sandbox))


@pytest.fixture
def acme(process: ProviderProcess) -> Managed:
    """Return a Workspace that does not exist yet."""
    return process.resource("Workspace", "acme")


@pytest.fixture
def budget(process: ProviderProcess) -> Managed:
    """Return a WorkspaceBudget that does not exist yet."""
    return process.resource("WorkspaceBudget")


@pytest.fixture
def membership(process: ProviderProcess) -> Managed:
    """Return a WorkspaceMembership that does not exist yet."""
    return process.resource("WorkspaceMembership")


def requests_of(sandbox: Sandbox) -> list[dict[str, Any]]:
    """Return the requests since the last call."""
    log = sandbox.requests()
    sandbox.clear_requests()
    return log


def sent(sandbox: Sandbox) -> list[tuple[str, Any]]:
    """Return the requests since the last call: the method and the body, if there was one."""
    return [(request["method"], request["body"]) for request in requests_of(sandbox)]


def sent_budgets(sandbox: Sandbox) -> list[str]:
    """Return the requests since the last call, as `PUT monthly 100 byok=True` or `GET`."""
    lines = []
    for request in requests_of(sandbox):
        interval = request["path"].partition("/budgets")[2].strip("/")
        body = request["body"] or {}
        flag = body.get("include_byok_in_budgets")
        words = [request["method"], interval, f"{body['limit_usd']:g}" if body else ""]
        words.append("" if flag is None else f"byok={flag}")
        lines.append(" ".join(word for word in words if word))
    return lines


def sent_members(sandbox: Sandbox) -> list[tuple[str, Any]]:
    """Return the requests since the last call: ("add", who), ("remove", who) or ("GET", path)."""
    return [
        (request["path"].rpartition("/")[2], request["body"]["user_ids"])
        if request["body"]
        else (request["method"], request["path"])
        for request in requests_of(sandbox)
    ]
