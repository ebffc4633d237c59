"""The log of requests to the API, the counts that tests assert on, and what is in flight.

The gateway records each request when it arrives and completes the record when it is answered.
Neither the log nor the counts ever hold the key, because headers are not kept.
"""

from __future__ import annotations

import json
from collections import Counter, deque
from dataclasses import dataclass
from typing import Any

# A sandbox may run for days, so older requests leave the log. The counts still include them.
LOG_LENGTH = 100_000


@dataclass
class Record:
    """One request: `path` is below /api/v1 and percent-encoded; `status` is None when lost."""

    number: int
    method: str
    path: str
    query: str
    body: bytes = b""
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

    def arrive(self, operation: str, method: str, path: str, query: str) -> Record:
        """Record a request whose head has arrived."""
        self._total += 1
        record = Record(self._total, method, path, query)
        self._records.append(record)
        self._writes += record.writes
        self._operations[operation] += 1
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
