"""What a provider tells the user beside errors.

Pulumi shows what a provider writes to standard error below the plan, in a preview as well as in an
update, so a notice is part of the plan: it says what an `up` takes over, overwrites or removes.
"""

from __future__ import annotations

import json
import sys
import threading

MOST_CHARACTERS = 120
"""Where a long value, such as a description, is cut."""


class Notices:
    """The notices of one run, each printed once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._printed: set[str] = set()

    def add(self, text: str) -> None:
        """Print a notice, unless it has been printed in this run."""
        with self._lock:
            if text in self._printed:
                return
            self._printed.add(text)
            print(text, file=sys.stderr, flush=True)  # noqa: T201 - Pulumi shows it to the user


def shown(value: object, *, secret: bool = False) -> str:
    """Return a value as a notice shows it: quoted text, `nothing` for null, secrets hidden."""
    if secret:
        return "[secret]"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(shown(item) for item in value)}]"
    if value is None:
        return "nothing"
    text = json.dumps(value, ensure_ascii=False).removesuffix(".0")
    return text if len(text) <= MOST_CHARACTERS else f"{text[: MOST_CHARACTERS - 1]}…"
