"""What every part of the bench is: so many pieces of work, and a chapter of the report."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence

from bench.server import Server
from harness.project import Engine

Tick = Callable[[], None]
"""Called after each piece of work, for the progress bar."""

ENGINE_NAMES = {Engine.OFFLINE: "offline engine", Engine.CLI: "Pulumi CLI"}


class Section(ABC):
    """A chapter of the report, and the work that fills it."""

    title: str

    @property
    def anchor(self) -> str:
        """Return the title as a command line and a link name it."""
        return re.sub(r"\W+", "-", self.title.replace("'", "")).strip("-").lower()

    @abstractmethod
    def __len__(self) -> int:
        """Return how many pieces of work there are."""

    @abstractmethod
    def run(self, server: Server, tick: Tick) -> list[str]:
        """Do the work and return the lines of the chapter."""


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """Return a Markdown table; all columns but the first are numbers or verdicts."""
    rule = ["---", *["---:"] * (len(head) - 1)]
    return ["| " + " | ".join(str(cell) for cell in row) + " |" for row in (head, rule, *rows)]


def verdict(value: float, limit: float) -> str:
    """Return whether a value keeps its limit."""
    return "yes" if value <= limit else "**no**"
