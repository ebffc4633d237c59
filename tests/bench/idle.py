"""The floors: a dynamic provider that does nothing but wait for what the real one sends.

A program of the bench imports it from its own folder. Three resources with the properties of the
real ones, of which each operation waits once for every request that the real operation sends: it
sleeps as long as the API takes, or, with `BENCH_BARE_REQUESTS=1`, it sends the request over a
connection of its thread and takes the answer as it comes. The real provider lifts the limit of four
calls at once, so this one does it too: else it would be no floor. The module that does it is copied
beside this one, which so loads nothing else of the package.
"""

from __future__ import annotations

import functools
import itertools
import json
import os
import threading
import time
from collections.abc import Mapping, Sequence
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pulumi
from pool import widen_pool  # type: ignore[import-not-found]  # a copy of lifecycle/pool.py
from pulumi import dynamic

# What the API answers for the programs of the bench: an engine's work grows with it.
FLAG = "include_byok_in_budgets"
WORKSPACE_OUTPUTS = {
    "created_at": "2026-01-01T00:00:00.000Z",
    "created_by": "user_86e0b9e56c17cc4d12387e1949b",
    "default_guardrail_id": "ff23d370-bc8c-5990-9f29-cb8e02ba1ac6",
    FLAG: False,
    "io_logging_sampling_rate": 1,
    "is_data_discount_logging_enabled": True,
    "is_observability_broadcast_enabled": False,
    "is_observability_io_logging_enabled": False,
    "managed_inputs": [],
}
WORKSPACE_NULLS = (
    "adopt",
    "default_text_model",
    "default_image_model",
    "default_provider_sort",
    "io_logging_api_key_ids",
    "disabled_server_tools",
)
LATENCY_SECONDS = float(os.environ["BENCH_LATENCY_SECONDS"])
BARE_REQUESTS = os.environ["BENCH_BARE_REQUESTS"] == "1"
PAGE = 100

_reads = itertools.count()
_page = threading.Lock()
_numbers = itertools.count(1)


def request(method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Wait as long as the request takes, or send it; return the answer, if there is one."""
    if BARE_REQUESTS:
        return _exchange(method, path, body)
    if LATENCY_SECONDS:
        time.sleep(LATENCY_SECONDS)  # noqa: TID251 - the bench compares waiting with waiting
    return {}


_of_thread = threading.local()


def _exchange(method: str, path: str, body: Mapping[str, Any] | None) -> dict[str, Any]:
    base, headers = _api()
    if not hasattr(_of_thread, "connection"):
        _of_thread.connection = HTTPConnection(base.netloc)
    content = None if body is None else json.dumps(body)
    _of_thread.connection.request(method, base.path + path, content, headers)
    response = _of_thread.connection.getresponse()
    answer: dict[str, Any] = json.loads(response.read())
    if not 200 <= response.status < 300:
        msg = f"{method} {path}: {response.status} {answer}"
        raise RuntimeError(msg)
    return answer


@functools.cache
def _api() -> tuple[Any, dict[str, str]]:
    key = os.environ["OPENROUTER_MANAGEMENT_KEY"]
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    return urlsplit(os.environ["OPENROUTER_BASE_URL"]), headers


class IdleProvider(dynamic.ResourceProvider):
    """What the three providers of the floor share."""

    serialize_as_secret_always = False

    def outputs(self, props: Any) -> dict[str, Any]:
        """Return what the real provider would: the inputs, and what the API adds to them."""
        return {**props}

    def configure(self, _req: dynamic.ConfigureRequest) -> None:
        """Let as many calls run at once as the real provider does."""
        widen_pool(32, debug=False)

    def check(self, _olds: Any, news: Any) -> dynamic.CheckResult:
        """Find nothing wrong."""
        return dynamic.CheckResult(news, [])

    def diff(self, _id: str, olds: Any, news: Any) -> dynamic.DiffResult:
        """Compare the one input that the programs of the bench change."""
        changes = olds.get("description") != news.get("description")
        return dynamic.DiffResult(changes, [], None, False)


class IdleWorkspaceProvider(IdleProvider):
    """A create, a page of a listing for each hundred reads, an update, a delete."""

    def outputs(self, props: Any) -> dict[str, Any]:
        """Return the whole workspace."""
        return {**props, **WORKSPACE_OUTPUTS}

    def create(self, props: Any) -> dynamic.CreateResult:
        """Wait for the write."""
        fields = {name: props[name] for name in ("name", "slug", "description")}
        answer = request("POST", "/workspaces", fields)
        id_ = answer["data"]["id"] if answer else f"idle-{next(_numbers)}"
        return dynamic.CreateResult(id_, self.outputs(props))

    def read(self, id_: str, props: Any) -> dynamic.ReadResult:
        """Wait with all others for the page that this one is on."""
        with _page:
            number = next(_reads)
            if number % PAGE == 0:
                request("GET", f"/workspaces?offset={number}&limit={PAGE}")
        return dynamic.ReadResult(id_, {**props})

    def update(self, id_: str, _olds: Any, news: Any) -> dynamic.UpdateResult:
        """Wait for the write."""
        request("PATCH", f"/workspaces/{id_}", {"description": news["description"]})
        return dynamic.UpdateResult(self.outputs(news))

    def delete(self, id_: str, _props: Any) -> None:
        """Wait for the write; the children go with it."""
        request("DELETE", f"/workspaces/{id_}")


class IdleBudgetProvider(IdleProvider):
    """Two writes, one read; goes with its workspace."""

    def outputs(self, props: Any) -> dict[str, Any]:
        """Return the limits and the flag."""
        managed = ["daily_usd", "monthly_usd"]
        added = {"workspace_id": props["workspace"], FLAG: False, "managed_inputs": managed}
        return {**props, **added}

    def create(self, props: Any) -> dynamic.CreateResult:
        """Wait for the writes, the broader limit first."""
        for interval in ("monthly", "daily"):
            limit = {"limit_usd": props[f"{interval}_usd"]}
            request("PUT", f"/workspaces/{props['workspace']}/budgets/{interval}", limit)
        return dynamic.CreateResult(props["workspace"], self.outputs(props))

    def read(self, id_: str, props: Any) -> dynamic.ReadResult:
        """Wait for the list."""
        request("GET", f"/workspaces/{id_}/budgets")
        return dynamic.ReadResult(id_, {**props})


class IdleMembershipProvider(IdleProvider):
    """One write, one read; goes with its workspace."""

    def outputs(self, props: Any) -> dict[str, Any]:
        """Return the people as members."""
        people = props["user_ids"]
        at = WORKSPACE_OUTPUTS["created_at"]
        members = [{"user_id": person, "role": "member", "created_at": at} for person in people]
        names = dict.fromkeys(people, "")
        return {**props, "workspace_id": props["workspace"], "members": members, "people": names}

    def create(self, props: Any) -> dynamic.CreateResult:
        """Wait for the write."""
        people = {"user_ids": props["user_ids"]}
        request("POST", f"/workspaces/{props['workspace']}/members/add", people)
        return dynamic.CreateResult(props["workspace"], self.outputs(props))

    def read(self, id_: str, props: Any) -> dynamic.ReadResult:
        """Wait for the page."""
        request("GET", f"/workspaces/{id_}/members?offset=0&limit={PAGE}")
        return dynamic.ReadResult(id_, {**props})


for _provider in (IdleWorkspaceProvider, IdleBudgetProvider, IdleMembershipProvider):
    # As with the real ones: by this name the pickle finds them.
    _provider.__module__ = "idle"


class Workspace(dynamic.Resource, module="idle", name="Workspace"):
    """Stands for a Workspace."""

    def __init__(self, name: str, *, description: str) -> None:
        inputs = {"name": name, "slug": f"{name}-dev", "description": description}
        absent = dict.fromkeys([*WORKSPACE_OUTPUTS, *WORKSPACE_NULLS])
        super().__init__(IdleWorkspaceProvider(), name, {**absent, **inputs})


class WorkspaceBudget(dynamic.Resource, module="idle", name="WorkspaceBudget"):
    """Stands for a WorkspaceBudget."""

    def __init__(
        self, name: str, *, workspace: Workspace, monthly_usd: float, daily_usd: float
    ) -> None:
        inputs = {"workspace": workspace.id, "monthly_usd": monthly_usd, "daily_usd": daily_usd}
        opts = pulumi.ResourceOptions(deleted_with=workspace)
        others = ("weekly_usd", "lifetime_usd", "exclusive", FLAG, "workspace_id", "managed_inputs")
        super().__init__(IdleBudgetProvider(), name, {**dict.fromkeys(others), **inputs}, opts)


class WorkspaceMembership(dynamic.Resource, module="idle", name="WorkspaceMembership"):
    """Stands for a WorkspaceMembership."""

    def __init__(self, name: str, *, workspace: Workspace, user_ids: Sequence[str]) -> None:
        inputs = {"workspace": workspace.id, "user_ids": [*user_ids]}
        opts = pulumi.ResourceOptions(deleted_with=workspace)
        others = ("workspace_id", "members", "emails", "exclusive", "people")
        super().__init__(IdleMembershipProvider(), name, {**dict.fromkeys(others), **inputs}, opts)
