"""The floors: a dynamic provider that does nothing but wait for what the real one sends.

A program of the bench imports this module from its own folder. It has three resources with the
inputs of the real ones, and their outputs are these inputs and nothing else: the least that an
engine has to keep. Each operation waits once for every request that the real operation sends. It
sleeps as long as the API takes or, with `BENCH_BARE_REQUESTS=1`, sends the request over a
connection of its thread and takes the answer as it comes. The real provider lifts the limit of four
calls at once, so this one has to do it too. The module that does it is copied beside this one, so
that nothing else of the package is loaded.
"""

from __future__ import annotations

import functools
import itertools
import json
import os
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pulumi
from pool import widen_pool  # type: ignore[import-not-found]  # a copy of resources/pool.py
from pulumi import dynamic

# The outputs of the real resources that are not inputs of the programs of the bench. The SDK wants
# all of them when a resource is made, so the program's work is the same.
WORKSPACE_OTHERS = (
    "adopt",
    "created_at",
    "created_by",
    "default_guardrail_id",
    "default_image_model",
    "default_provider_sort",
    "default_text_model",
    "disabled_server_tools",
    "include_byok_in_budgets",
    "io_logging_api_key_ids",
    "io_logging_sampling_rate",
    "is_data_discount_logging_enabled",
    "is_observability_broadcast_enabled",
    "is_observability_io_logging_enabled",
)
BUDGET_OTHERS = (
    "exclusive",
    "include_byok_in_budgets",
    "lifetime_usd",
    "weekly_usd",
)
MEMBERSHIP_OTHERS = ("emails", "exclusive", "members", "skip_missing")
LATENCY_SECONDS = float(os.environ["BENCH_LATENCY_SECONDS"])
BARE_REQUESTS = os.environ["BENCH_BARE_REQUESTS"] == "1"
PAGE = 100

_reads = itertools.count()
_page = threading.Lock()
_looks: dict[str, threading.Lock] = {}
_looked: set[str] = set()


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


def look_at_keys(workspace_id: str) -> None:
    """Wait for the list of the workspace's keys, which its children share."""
    with _looks.setdefault(workspace_id, threading.Lock()):
        if workspace_id not in _looked:
            request("GET", f"/keys?workspace_id={workspace_id}")
            _looked.add(workspace_id)


class IdleProvider(dynamic.ResourceProvider):
    """What the three providers of the floor share."""

    serialize_as_secret_always = False

    def configure(self, _req: dynamic.ConfigureRequest) -> None:
        """Let as many calls run at once as the real provider does."""
        widen_pool(32)

    def check(self, _olds: Any, news: Any) -> dynamic.CheckResult:
        """Find nothing wrong."""
        return dynamic.CheckResult(news, [])

    def diff(self, _id: str, olds: Any, news: Any) -> dynamic.DiffResult:
        """Compare the one input that the programs of the bench change."""
        changes = olds.get("description") != news.get("description")
        return dynamic.DiffResult(changes, [], None, False)


class IdleWorkspaceProvider(IdleProvider):
    """A create, a page of a listing for each hundred reads, an update, a delete."""

    def create(self, props: Any) -> dynamic.CreateResult:
        """Wait for the write."""
        fields = {name: props[name] for name in ("name", "slug", "description")}
        answer = request("POST", "/workspaces", fields)
        id_ = answer["data"]["id"] if answer else str(uuid.uuid4())
        return dynamic.CreateResult(id_, props)

    def read(self, id_: str, props: Any) -> dynamic.ReadResult:
        """Wait with all others for the page that this one is on."""
        with _page:
            number = next(_reads)
            if number % PAGE == 0:
                request("GET", f"/workspaces?offset={number}&limit={PAGE}")
        return dynamic.ReadResult(id_, props)

    def update(self, id_: str, _olds: Any, news: Any) -> dynamic.UpdateResult:
        """Wait for the write."""
        request("PATCH", f"/workspaces/{id_}", {"description": news["description"]})
        return dynamic.UpdateResult(news)

    def delete(self, id_: str, _props: Any) -> None:
        """Wait for the write."""
        request("DELETE", f"/workspaces/{id_}")


class IdleBudgetProvider(IdleProvider):
    """Two writes, one read, two deletions."""

    def create(self, props: Any) -> dynamic.CreateResult:
        """Wait for the writes, the broader limit first."""
        for interval in ("monthly", "daily"):
            limit = {"limit_usd": props[f"{interval}_usd"]}
            request("PUT", f"/workspaces/{props['workspace']}/budgets/{interval}", limit)
        return dynamic.CreateResult(f"{props['workspace']}/budgets", props)

    def read(self, id_: str, props: Any) -> dynamic.ReadResult:
        """Wait for the list."""
        request("GET", f"/workspaces/{id_}")
        return dynamic.ReadResult(id_, props)

    def delete(self, id_: str, props: Any) -> None:
        """Wait for the look at the keys, then for the deletions."""
        look_at_keys(props["workspace"])
        for interval in ("daily", "monthly"):
            request("DELETE", f"/workspaces/{id_}/{interval}")


class IdleMembershipProvider(IdleProvider):
    """One write, one read, one deletion."""

    def create(self, props: Any) -> dynamic.CreateResult:
        """Wait for the write."""
        people = {"user_ids": props["user_ids"]}
        request("POST", f"/workspaces/{props['workspace']}/members/add", people)
        return dynamic.CreateResult(f"{props['workspace']}/members", props)

    def read(self, id_: str, props: Any) -> dynamic.ReadResult:
        """Wait for the page."""
        request("GET", f"/workspaces/{id_}?offset=0&limit={PAGE}")
        return dynamic.ReadResult(id_, props)

    def delete(self, id_: str, props: Any) -> None:
        """Wait for the look at the keys, then for the write."""
        look_at_keys(props["workspace"])
        request("POST", f"/workspaces/{id_}/remove", {"user_ids": props["user_ids"]})


for _provider in (IdleWorkspaceProvider, IdleBudgetProvider, IdleMembershipProvider):
    # As with the real ones: by this name the pickle finds them.
    _provider.__module__ = "idle"


class Workspace(dynamic.Resource, module="idle", name="Workspace"):
    """Stands for a Workspace."""

    def __init__(self, name: str, *, description: str) -> None:
        inputs = {"name": name, "slug": f"{name}-dev", "description": description}
        absent = dict.fromkeys(WORKSPACE_OTHERS)
        super().__init__(IdleWorkspaceProvider(), name, {**absent, **inputs})


class WorkspaceBudget(dynamic.Resource, module="idle", name="WorkspaceBudget"):
    """Stands for a WorkspaceBudget."""

    def __init__(
        self,
        name: str,
        opts: pulumi.ResourceOptions,
        *,
        workspace: Workspace,
        monthly_usd: float,
        daily_usd: float,
    ) -> None:
        inputs = {"workspace": workspace.id, "monthly_usd": monthly_usd, "daily_usd": daily_usd}
        absent = dict.fromkeys(BUDGET_OTHERS)
        super().__init__(IdleBudgetProvider(), name, {**absent, **inputs}, opts)


class WorkspaceMembership(dynamic.Resource, module="idle", name="WorkspaceMembership"):
    """Stands for a WorkspaceMembership."""

    def __init__(
        self,
        name: str,
        opts: pulumi.ResourceOptions,
        *,
        workspace: Workspace,
        user_ids: Sequence[str],
    ) -> None:
        inputs = {"workspace": workspace.id, "user_ids": sorted(user_ids)}
        absent = dict.fromkeys(MEMBERSHIP_OTHERS)
        super().__init__(IdleMembershipProvider(), name, {**absent, **inputs}, opts)
