"""How many requests may be in flight, and from when on: one throttle for all threads of a process.

The transport sends every request inside it. When the API says "too many requests", the throttle
shuts for everyone until the moment the API named, then lets half as many through at once and
grows back with each success. Requests pass in the order in which they came, and one that the API
turned away comes anew. So the requests that wait do not use up their retries on each other.
"""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from pulumi_openrouter.api.clock import Clock


class Throttle:
    """Admits requests one after the other.

    Args:
        most: How many requests may be in flight at once.
        clock: The time, and waiting.
        hurry: While it is set, nobody waits for an opening, because nothing is sent anyway.
    """

    def __init__(self, most: int, clock: Clock, hurry: threading.Event) -> None:
        self._most = most
        self._clock = clock
        self._hurry = hurry
        self._allowed = float(most)
        self._in_flight = 0
        self._opens_at = -math.inf
        self._line: deque[object] = deque()
        self._changed = threading.Condition()

    @contextmanager
    def admission(self) -> Iterator[None]:
        """Wait until a request may be sent; it is in flight until the block ends."""
        self._stand_in_line()
        try:
            yield
        finally:
            with self._changed:
                self._in_flight -= 1
                self._changed.notify_all()

    def _stand_in_line(self) -> None:
        place = object()
        with self._changed:
            self._line.append(place)
        try:
            while (delay := self._take_turn(place)) > 0:
                self._clock.sleep(delay, self._hurry)
        except BaseException:
            with self._changed:
                self._line.remove(place)
                self._changed.notify_all()
            raise

    def _take_turn(self, place: object) -> float:
        """Wait to be first in line, then return 0 to go, or the seconds until the opening."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._line[0] is place and self._in_flight < int(self._allowed)
            )
            delay = self._opens_at - self._clock.monotonic()
            if delay > 0 and not self._hurry.is_set():
                return delay
            self._line.popleft()
            self._in_flight += 1
            self._changed.notify_all()
            return 0

    def shut(self, seconds: float) -> bool:
        """Let nothing through for `seconds`; return whether it was open until now."""
        with self._changed:
            now = self._clock.monotonic()
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
