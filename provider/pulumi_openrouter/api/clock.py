"""The time, and waiting. Tests pass a subclass whose time they control."""

from __future__ import annotations

import threading
import time


class Clock:
    """The clocks of this machine."""

    def monotonic(self) -> float:
        """Return seconds that only ever grow, for delays and deadlines."""
        return time.monotonic()

    def now(self) -> float:
        """Return the Unix time, to compare with dates that the API sends."""
        return time.time()

    def sleep(self, seconds: float, wake: threading.Event) -> None:
        """Wait, but no longer than until `wake` is set."""
        wake.wait(seconds)
