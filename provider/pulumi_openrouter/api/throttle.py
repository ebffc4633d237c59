"""How many requests may be in flight, and from when on: one throttle for all threads of a process.

The transport sends every request inside it. When the API says "too many requests", the throttle
shuts for everyone until the moment the API named, then lets half as many through at once and
grows back with each success. Whoever has to ask again stands in line behind those who have not
asked yet. So the requests that wait do not use up their retries on each other.
"""

from __future__ import annotations

import math
import random
import threading
from collections import deque
from collections.abc import Callable
from types import TracebackType

# Spreads what waited for the same moment, here and in other processes, in seconds.
SPREAD_SECONDS = 0.5


class Throttle:
    """A context manager around one request; blocks until the request may be sent."""

    def __init__(
        self, most: int, *, sleep: Callable[[float], None], monotonic: Callable[[], float]
    ) -> None:
        self._most = most
        self._allowed = float(most)
        self._in_flight = 0
        self._opens_at = -math.inf
        self._line: deque[object] = deque()
        self._changed = threading.Condition()
        self._sleep = sleep
        self._monotonic = monotonic

    def __enter__(self) -> None:
        place = object()
        with self._changed:
            self._line.append(place)
        try:
            while (delay := self._take_turn(place)) > 0:
                self._sleep(delay + spread())
        except BaseException:
            with self._changed:
                self._line.remove(place)
                self._changed.notify_all()
            raise

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._changed:
            self._in_flight -= 1
            self._changed.notify_all()

    def _take_turn(self, place: object) -> float:
        """Wait to be first in line, then return 0 to go, or the seconds until the opening."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._line[0] is place and self._in_flight < int(self._allowed)
            )
            delay = max(0.0, self._opens_at - self._monotonic())
            if delay == 0:
                self._line.popleft()
                self._in_flight += 1
                self._changed.notify_all()
            return delay

    def shut(self, seconds: float) -> bool:
        """Let nothing through for `seconds`; True when it was open until now."""
        with self._changed:
            now = self._monotonic()
            was_open = self._opens_at <= now
            self._opens_at = max(self._opens_at, now + seconds)
            if was_open:
                self._allowed = max(1.0, self._allowed / 2)
            return was_open

    def succeeded(self) -> None:
        """Note a success: one more may be in flight after as many as are allowed now."""
        with self._changed:
            self._allowed = min(float(self._most), self._allowed + 1 / self._allowed)
            self._changed.notify_all()


def spread() -> float:
    """Return a random part of the spread, in seconds."""
    return random.uniform(0, SPREAD_SECONDS)  # noqa: S311 - spreads load, guards nothing
