"""The floor: a dynamic provider that does nothing but wait as long as the real one's requests take.

A program of the bench imports it from its own folder. Three resources of the shape of the real
ones, of which each operation sleeps once for every request that the real operation sends. The real
provider lifts the limit of four calls at once, so this one does it too: else it would be no floor.
The module that does it is copied beside this one, which so loads nothing else of the package.
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
        return dynamic.CreateResult(f"idle-{next(_numbers)}", {**props})

    def read(self, id_: str, props: Any) -> dynamic.ReadResult:
        """Take the time of the reads."""
        request(self.reading)
        return dynamic.ReadResult(id_, {**props})

    def update(self, _id: str, _olds: Any, news: Any) -> dynamic.UpdateResult:
        """Take the time of one write."""
        request()
        return dynamic.UpdateResult({**news})

    def delete(self, _id: str, _props: Any) -> None:
        """Take the time of one write."""
        request(self.deleting)


class IdleWorkspaceProvider(IdleProvider):
    """A create, a page of a listing for each hundred reads, an update, a delete."""

    compared = ("description",)

    def read(self, id_: str, props: Any) -> dynamic.ReadResult:
        """Wait with all others for the page that this one is on."""
        with _page:
            if next(_reads) % PAGE == 0:
                request()
        return dynamic.ReadResult(id_, {**props})


class IdleBudgetProvider(IdleProvider):
    """Two writes, one read; goes with its workspace."""

    creating = 2


class IdleMembershipProvider(IdleProvider):
    """One write, one read; goes with its workspace."""


for _provider in (IdleWorkspaceProvider, IdleBudgetProvider, IdleMembershipProvider):
    # As with the real ones: by this name the pickle finds them.
    _provider.__module__ = "idle"


class Workspace(dynamic.Resource, module="idle", name="Workspace"):
    """Stands for a Workspace."""

    def __init__(self, name: str, *, description: str) -> None:
        inputs = {"name": name, "slug": f"{name}-dev", "description": description}
        super().__init__(IdleWorkspaceProvider(), name, {**inputs, "created_at": None})


class WorkspaceBudget(dynamic.Resource, module="idle", name="WorkspaceBudget"):
    """Stands for a WorkspaceBudget."""

    def __init__(
        self, name: str, *, workspace: Workspace, monthly_usd: float, daily_usd: float
    ) -> None:
        inputs = {"workspace": workspace.id, "monthly_usd": monthly_usd, "daily_usd": daily_usd}
        opts = pulumi.ResourceOptions(deleted_with=workspace)
        super().__init__(IdleBudgetProvider(), name, {**inputs, "workspace_id": None}, opts)


class WorkspaceMembership(dynamic.Resource, module="idle", name="WorkspaceMembership"):
    """Stands for a WorkspaceMembership."""

    def __init__(self, name: str, *, workspace: Workspace, user_ids: Sequence[str]) -> None:
        inputs = {"workspace": workspace.id, "user_ids": [*user_ids]}
        opts = pulumi.ResourceOptions(deleted_with=workspace)
        super().__init__(IdleMembershipProvider(), name, {**inputs, "members": None}, opts)
