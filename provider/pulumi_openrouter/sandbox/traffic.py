"""The log of requests to the API, the counts that tests assert on, and what is in flight.

The gateway records each request when it arrives and completes the record when it is answered.
Neither the log nor the counts ever hold the key: headers are not kept.
"""

import json
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

# A sandbox that runs for days must not grow: older requests leave the log, never the counts.
LOG_LENGTH = 100_000

OPERATIONS = {
    ("GET", "keys"): "list",
    ("GET", "organization/members"): "listOrganizationMembers",
    ("GET", "workspaces"): "listWorkspaces",
    ("POST", "workspaces"): "createWorkspace",
    ("GET", "workspaces/{id}"): "getWorkspace",
    ("PATCH", "workspaces/{id}"): "updateWorkspace",
    ("DELETE", "workspaces/{id}"): "deleteWorkspace",
    ("GET", "workspaces/{id}/budgets"): "listWorkspaceBudgets",
    ("GET", "workspaces/{id}/budgets/{interval}"): "getWorkspaceBudget",
    ("PUT", "workspaces/{id}/budgets/{interval}"): "upsertWorkspaceBudget",
    ("DELETE", "workspaces/{id}/budgets/{interval}"): "deleteWorkspaceBudget",
    ("GET", "workspaces/{id}/members"): "listWorkspaceMembers",
    ("POST", "workspaces/{id}/members/add"): "bulkAddWorkspaceMembers",
    ("POST", "workspaces/{id}/members/remove"): "bulkRemoveWorkspaceMembers",
}


def operation_id(method: str, segments: Sequence[str]) -> str:
    """Return the API's name of an operation, or "unknown"."""
    return OPERATIONS.get((method, _shape(segments)), "unknown")


def allowed_methods(segments: Sequence[str]) -> list[str]:
    """Return the methods that the API has for a path, sorted."""
    shape = _shape(segments)
    return sorted(method for method, known in OPERATIONS if known == shape)


def _shape(segments: Sequence[str]) -> str:
    shape = list(segments)
    if shape[:1] == ["workspaces"]:
        shape[1:2] = ["{id}"] * len(shape[1:2])
        if shape[2:3] == ["budgets"]:
            shape[3:4] = ["{interval}"] * len(shape[3:4])
    return "/".join(shape)


@dataclass
class Record:
    """One request: `path` is below /api/v1 and percent-encoded; `status` is None when lost."""

    number: int
    method: str
    path: str
    query: str
    body: bytes
    status: int | None = None
    fault: str | None = None

    @property
    def writes(self) -> bool:
        """Whether the method is one that changes something."""
        return self.method not in ("GET", "HEAD", "OPTIONS", "TRACE")

    def describe(self) -> dict[str, Any]:
        """Return the record for JSON, the body parsed (None where it is empty or not JSON)."""
        try:
            body = json.loads(self.body)
            json.dumps(body, allow_nan=False)
        except (ValueError, RecursionError):
            body = None
        return {**vars(self), "body": body}


class Traffic:
    """The requests since the last `clear`."""

    def __init__(self) -> None:
        self._in_flight = 0
        self.clear()

    def clear(self) -> None:
        """Forget log and counts; what is in flight stays in flight."""
        self._records: deque[Record] = deque(maxlen=LOG_LENGTH)
        self._operations: Counter[str] = Counter()
        self._total = self._writes = 0
        self._max_in_flight = self._in_flight

    def arrive(self, method: str, segments: Sequence[str], path: str, query: str) -> Record:
        """Record a request whose head has arrived."""
        self._total += 1
        record = Record(self._total, method, path, query, b"")
        self._records.append(record)
        self._writes += record.writes
        self._operations[operation_id(method, segments)] += 1
        self._in_flight += 1
        self._max_in_flight = max(self._max_in_flight, self._in_flight)
        return record

    def leave(self) -> None:
        """Note that a request is answered, or lost."""
        self._in_flight -= 1

    def requests(self, writes_only: bool) -> list[dict[str, Any]]:
        """Return the log, oldest first."""
        return [record.describe() for record in self._records if record.writes or not writes_only]

    def counts(self) -> dict[str, Any]:
        """Return the number of requests, of writes, of each operation, and the peak in flight."""
        return {
            "total": self._total,
            "writes": self._writes,
            "by_operation": dict(sorted(self._operations.items())),
            "max_in_flight": self._max_in_flight,
        }
