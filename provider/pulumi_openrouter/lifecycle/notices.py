"""What a provider tells the user beside errors.

A notice is part of the plan: it says what an `up` takes over, overwrites or removes. So a preview
gives the same notices as the `up` after it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable


class Notices:
    """The notices of one run, each given once.

    Args:
        give: Shows a notice to the user.
    """

    def __init__(self, give: Callable[[str], None]) -> None:
        self.give = give
        self._lock = threading.Lock()
        self._given: set[str] = set()

    def add(self, text: str) -> None:
        """Show a notice, unless it has been shown in this run."""
        with self._lock:
            if text in self._given:
                return
            self._given.add(text)
            self.give(text)
