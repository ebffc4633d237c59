"""Collecting the events of an operation, for its display and for its result."""

from __future__ import annotations

import time
from collections.abc import Callable

from pulumi_openrouter.offline.display.events import Event
from pulumi_openrouter.offline.display.lines import Lines, error_lines
from pulumi_openrouter.offline.errors import Diagnostic, OperationError, StepRecord
from pulumi_openrouter.offline.results import Summary, output_map
from pulumi_openrouter.offline.state.model import Resource

# Operations that change nothing.
_QUIET = frozenset({"same", "read", "discard", "read-replacement"})

OnOutput = Callable[[str], None]
OnEvent = Callable[[Event], None]


class Recorder:
    """Collects the events of one operation, for its display and its result."""

    def __init__(
        self, kind: str, stack: str, on_output: OnOutput | None, on_event: OnEvent | None
    ) -> None:
        self.kind = kind
        self.changes: dict[str, int] = {}
        self.steps: list[StepRecord] = []
        self.failed = False
        self._diagnostics: list[Diagnostic] = []
        self._on_output = on_output
        self._on_event = on_event
        self._printed: list[str] = []
        self._started = time.monotonic()
        self._lines = Lines(kind, stack, self._print)

    def tell(self, event: Event) -> None:
        """Record an event and show it."""
        if isinstance(event, Diagnostic):
            self._diagnostics.append(event)
        self._lines.show(event)
        if self._on_event is not None:
            self._on_event(event)

    def finish(self, stack: Resource | None) -> None:
        """Show the summary."""
        seconds = time.monotonic() - self._started
        self._lines.summary(self.changes, self._diagnostics, output_map(stack), seconds)

    def result(
        self, expect_no_changes: bool
    ) -> tuple[str, Summary, list[StepRecord], list[Diagnostic]]:
        """Return the parts of the operation's result; raises OperationError when it failed."""
        changed = any(count for op, count in self.changes.items() if op not in _QUIET)
        if expect_no_changes and changed and not self.failed:
            self.failed = True
            message = "no changes were expected but changes were proposed"
            self._diagnostics.append(Diagnostic("error", "", message))
            self._print(f"error: {message}")
        stdout = "".join(self._printed)
        if self.failed:
            text = "\n".join(error_lines(self._diagnostics)) or f"{self.kind} failed"
            raise OperationError(text, self._diagnostics, self.changes, self.steps, stdout)
        summary = Summary(self.kind, "succeeded", self.changes)
        return stdout, summary, self.steps, self._diagnostics

    def _print(self, line: str) -> None:
        self._printed.append(line + "\n")
        if self._on_output is not None:
            self._on_output(line)
