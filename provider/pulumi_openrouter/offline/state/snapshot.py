"""The state of a stack while an operation changes it.

Resources that this run has dealt with come first, then those that it has not met, so that each
resource comes after what it depends on. The journal refers to resources by number: those of the
saved file count from 0, and new ones go on from there.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any

from pulumi_openrouter.offline.state.model import (
    STACK_TYPE,
    Resource,
    provider_urn,
    qualified_type,
    reparented,
)


class Snapshot:
    """Resources, and the operations on them that have begun and not ended."""

    def __init__(
        self,
        resources: Iterable[Resource],
        pending: Iterable[tuple[Resource, str]],
        extra: dict[str, Any] | None = None,
    ) -> None:
        self.pending: dict[Resource, str] = dict(pending)
        # What else a deployment holds, such as the secrets provider of a stack of the Pulumi CLI.
        self.extra = extra if extra is not None else {"metadata": {}}
        # Operations of a journal that is being replayed, by number.
        self._begun: dict[int, Resource] = {}
        self._write: Callable[[dict[str, Any]], None] = lambda _record: None
        self._lock = threading.Lock()
        self._start_over(list(resources))

    def _start_over(self, resources: list[Resource]) -> None:
        self.base = resources
        self._news: dict[int, Resource] = {}
        self._olds = dict(enumerate(resources))
        self._numbers = {one: number for number, one in self._olds.items()}

    @property
    def resources(self) -> list[Resource]:
        """All resources, in the order of the file."""
        with self._lock:
            return [*self._news.values(), *self._olds.values()]

    def write_to(self, write: Callable[[dict[str, Any]], None]) -> None:
        """Pass a record of every change from now on to `write`."""
        self._write = write

    def begin(self, resource: Resource, kind: str) -> None:
        """Note that an operation (creating, updating, deleting or reading) is about to begin."""
        with self._lock:
            self.pending[resource] = kind
            entry = {"type": kind, "resource": resource.to_json()}
            self._write({"begin": self._number(resource), **entry})

    def finish(
        self, settled: Resource, *, drop: Iterable[Resource] = (), put: Iterable[Resource] = ()
    ) -> None:
        """End an operation: some resources are gone, others are there or have changed."""
        with self._lock:
            record: dict[str, Any] = {}
            if self.pending.pop(settled, None) is not None:
                record["end"] = self._number(settled)
            if dropped := [self._number(one) for one in drop]:
                record["drop"] = dropped
                self._drop(dropped)
            if placed := {self._number(one): one for one in put}:
                self._put(placed)
                record["put"] = [[number, one.to_json()] for number, one in placed.items()]
            if record:
                self._write(record)

    def rebase(self, resources: list[Resource]) -> None:
        """Start over from other resources, which a refresh has read."""
        with self._lock:
            self._start_over(resources)
            self._write({"base": [one.to_json() for one in resources]})

    def replay(self, record: dict[str, Any]) -> None:
        """Repeat a change that a journal holds."""
        if isinstance(base := record.get("base"), list):
            self._start_over([Resource.from_json(one) for one in base])
        if "begin" in record:
            resource = Resource.from_json(record["resource"])
            self._begun[record["begin"]] = resource
            self.pending[resource] = record["type"]
        if "end" in record:
            self.pending.pop(self._begun.pop(record["end"]))
        self._drop(record.get("drop", []))
        self._put({number: Resource.from_json(one) for number, one in record.get("put", [])})

    def normalized(self) -> list[Resource]:
        """Return all resources with each former URN replaced by the present one."""
        resources = self.resources
        aliased: dict[str, str] = {}
        for one in resources:
            aliased.update(dict.fromkeys(one.aliases, one.urn))
            parent = aliased.get(one.parent)
            if parent and qualified_type(parent) != STACK_TYPE:
                aliased[one.urn] = reparented(one.urn, parent)
        return [_renamed(one, aliased) for one in resources] if aliased else resources

    def _number(self, resource: Resource) -> int:
        return self._numbers.setdefault(resource, len(self._numbers))

    def _drop(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            self._olds.pop(number, None)
            self._news.pop(number, None)

    def _put(self, placed: dict[int, Resource]) -> None:
        for number, resource in placed.items():
            if number in self._olds:
                self._olds[number] = resource
            else:
                self._news[number] = resource


def _renamed(resource: Resource, aliased: dict[str, str]) -> Resource:
    def now(urn: str) -> str:
        return aliased.get(urn, urn)

    owner = provider_urn(resource.provider)
    return resource.copy(
        urn=now(resource.urn),
        parent=now(resource.parent),
        dependencies=[now(urn) for urn in resource.dependencies],
        property_dependencies={
            key: [now(urn) for urn in urns] for key, urns in resource.property_dependencies.items()
        },
        deleted_with=now(resource.deleted_with),
        provider=resource.provider.replace(owner, now(owner), 1) if owner else "",
        aliases=[],
    )
