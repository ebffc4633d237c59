"""The floor: a dynamic provider that does nothing but wait as long as the real one's requests take.

A program of the bench imports it from its own folder. Three resources with the properties of the
real ones, of which each operation sleeps once for every request that the real operation sends. The
real provider lifts the limit of four calls at once, so this one does it too: else it would be no
floor. The module that does it is copied beside this one, which so loads nothing else of the
package.
"""

from __future__ import annotations

import itertools
import os
import threading
import time
from collections.abc import Sequence
from typing import Any

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
PAGE = 100

_reads = itertools.count()
_page = threading.Lock()
_numbers = itertools.count(1)


def request(times: int = 1) -> None:
    """Take as long as so many requests, one after the other."""
    for _ in range(times):
        if LATENCY_SECONDS:
            time.sleep(LATENCY_SECONDS)  # noqa: TID251 - the bench compares waiting with waiting


class IdleProvider(dynamic.ResourceProvider):
    """What the three providers of the floor share."""

    serialize_as_secret_always = False
    compared: tuple[str, ...] = ()
    creating = reading = deleting = 1

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
        """Compare the few inputs that the programs of the bench change."""
        changes = any(olds.get(name) != news.get(name) for name in self.compared)
        return dynamic.DiffResult(changes, [], None, False)

    def create(self, props: Any) -> dynamic.CreateResult:
        """Take the time of the writes."""
        request(self.creating)
        return dynamic.CreateResult(f"idle-{next(_numbers)}", self.outputs(props))

    def read(self, id_: str, props: Any) -> dynamic.ReadResult:
        """Take the time of the reads."""
        request(self.reading)
        return dynamic.ReadResult(id_, {**props})

    def update(self, _id: str, _olds: Any, news: Any) -> dynamic.UpdateResult:
        """Take the time of one write."""
        request()
        return dynamic.UpdateResult(self.outputs(news))

    def delete(self, _id: str, _props: Any) -> None:
        """Take the time of one write."""
        request(self.deleting)


class IdleWorkspaceProvider(IdleProvider):
    """A create, a page of a listing for each hundred reads, an update, a delete."""

    compared = ("description",)

    def outputs(self, props: Any) -> dict[str, Any]:
        """Return the whole workspace."""
        return {**props, **WORKSPACE_OUTPUTS}

    def read(self, id_: str, props: Any) -> dynamic.ReadResult:
        """Wait with all others for the page that this one is on."""
        with _page:
            if next(_reads) % PAGE == 0:
                request()
        return dynamic.ReadResult(id_, {**props})


class IdleBudgetProvider(IdleProvider):
    """Two writes, one read; goes with its workspace."""

    creating = 2

    def outputs(self, props: Any) -> dict[str, Any]:
        """Return the limits and the flag."""
        managed = ["daily_usd", "monthly_usd"]
        added = {"workspace_id": props["workspace"], FLAG: False, "managed_inputs": managed}
        return {**props, **added}


class IdleMembershipProvider(IdleProvider):
    """One write, one read; goes with its workspace."""

    def outputs(self, props: Any) -> dict[str, Any]:
        """Return the people as members."""
        people = props["user_ids"]
        at = WORKSPACE_OUTPUTS["created_at"]
        members = [{"user_id": person, "role": "member", "created_at": at} for person in people]
        names = dict.fromkeys(people, "")
        return {**props, "workspace_id": props["workspace"], "members": members, "people": names}


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
