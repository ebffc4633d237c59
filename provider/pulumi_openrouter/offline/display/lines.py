"""Showing an operation as plain lines, in the words and signs of the Pulumi CLI.

The stack feeds it every event; each line goes to the caller's output and into the result's text.
Errors come last, a line each that begins with `error:`, so that they are found at the end of a log.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from pulumi_openrouter.offline.display.events import Event, OutputEvent, StepEvent
from pulumi_openrouter.offline.errors import Diagnostic
from pulumi_openrouter.offline.planning.steps import Op, Step
from pulumi_openrouter.offline.results import OutputMap
from pulumi_openrouter.offline.state.model import urn_name, urn_type
from pulumi_openrouter.offline.values import values
from pulumi_openrouter.offline.values.diffs import Change, compare
from pulumi_openrouter.offline.values.paths import Path

_TITLES = {
    "preview": "Previewing update",
    "destroy preview": "Previewing destroy",
    "update": "Updating",
    "refresh": "Refreshing",
    "destroy": "Destroying",
}
_PREVIEWS = frozenset({"preview", "destroy preview"})
_SIGNS = {
    Op.CREATE: "+",
    Op.UPDATE: "~",
    Op.DELETE: "-",
    Op.REPLACE: "+-",
    Op.CREATE_REPLACEMENT: "++",
    Op.DELETE_REPLACED: "--",
    Op.READ: ">",
    Op.READ_REPLACEMENT: ">~",
    Op.DISCARD: "<",
    Op.DISCARD_REPLACED: "<<",
    Op.REMOVE_PENDING_REPLACE: "~",
}
# How to say what a step will do, has done, and failed to do.
_WORDS = {
    Op.CREATE: ("create", "created", "creating"),
    Op.UPDATE: ("update", "updated", "updating"),
    Op.DELETE: ("delete", "deleted", "deleting"),
    Op.REPLACE: ("replace", "replaced", "replacing"),
    Op.CREATE_REPLACEMENT: ("create replacement", "created replacement", "creating replacement"),
    Op.DELETE_REPLACED: ("delete original", "deleted original", "deleting original"),
    Op.READ: ("read", "read", "reading"),
    Op.READ_REPLACEMENT: ("read for replacement", "read for replacement", "reading"),
    Op.REFRESH: ("refresh", "refreshed", "refreshing"),
    Op.DISCARD: ("discard", "discarded", "discarding"),
    Op.DISCARD_REPLACED: ("discard original", "discarded original", "discarding original"),
    Op.REMOVE_PENDING_REPLACE: ("complete replace", "completed replace", "completing replace"),
}
_UNTOLD = frozenset({Op.SAME})


class Lines:
    """Prints events as they come, and a summary at the end."""

    def __init__(self, kind: str, stack: str, write: Callable[[str], None]) -> None:
        self._kind = kind
        self._write = write
        write(f"{_TITLES[kind]} ({stack}):")

    def show(self, event: Event) -> None:
        """Print an event; errors are printed at the end."""
        if isinstance(event, OutputEvent):
            self._write(event.text)
        elif isinstance(event, StepEvent):
            self._step(event)
        elif event.severity == "info":
            self._write(event.message)
        elif event.severity == "warning":
            self._write(f"warning: {event.message}")

    def _step(self, event: StepEvent) -> None:
        step = event.step
        op = step.result or step.op
        if event.phase == "begun" or op in _UNTOLD or step.internal:
            return
        planned, done, doing = _WORDS[op]
        if step.op is Op.REFRESH and self._kind != "refresh":
            # As part of another operation, a refresh has only read the resource.
            planned = done = "refresh"
        if event.phase == "failed":
            words = f"**{doing} failed**"
        elif self._kind in _PREVIEWS:
            words = planned
        else:
            words = f"{done} ({event.seconds:.2f}s)"
        self._write(f" {_SIGNS.get(op, '~'):<2} {urn_type(step.urn)} {urn_name(step.urn)} {words}")
        for line in diff_lines(step):
            self._write(f"      {line}")

    def summary(
        self,
        changes: Mapping[str, int],
        diagnostics: list[Diagnostic],
        outputs: OutputMap,
        seconds: float,
    ) -> None:
        """Print the outputs, the number of changes, the duration and the errors."""
        if outputs and self._kind == "update":
            self._write("Outputs:")
            for key in sorted(outputs):
                one = outputs[key]
                shown = values.REDACTED if one.secret else show_value(one.value)
                self._write(f"    {key}: {shown}")
        if changes:
            self._write("Resources:")
            for line in _counted(changes, planned=self._kind in _PREVIEWS):
                self._write(f"    {line}")
        if self._kind not in _PREVIEWS:
            self._write(f"Duration: {round(seconds)}s")
        for line in error_lines(diagnostics):
            self._write(line)


def diff_lines(step: Step) -> list[str]:
    """Return the property changes that a step makes, or has found, one per line."""
    op = step.result or step.op
    if op not in (Op.UPDATE, Op.REPLACE) or step.old is None or step.new is None:
        return []
    found = step.op is Op.REFRESH
    changes = compare(step.old.outputs, step.new.outputs) if found else []
    changes = changes or compare(step.old.inputs, step.new.inputs)
    return [show_change(change) for change in changes if not _hidden(change.path)]


def _hidden(path: Path) -> bool:
    """Return whether a property is internal to its provider; the CLI does not show those."""
    return any(isinstance(key, str) and key.startswith("__") for key in path)


def show_change(change: Change) -> str:
    """Write a change, such as `~ monthly_usd: 500 => 600`."""
    shown = {"+": change.new, "-": change.old}
    if change.kind == "~":
        text = f"{show_value(change.old)} => {show_value(change.new)}"
    else:
        text = show_value(shown[change.kind])
    return f"{change.kind} {show_path(change.path)}: {text}"


def show_path(path: Path) -> str:
    """Write a property path."""
    text = ""
    for key in path:
        if isinstance(key, int):
            text += f"[{key}]"
        elif key.isidentifier():
            text += f".{key}" if text else key
        else:
            text += f"[{json.dumps(key, ensure_ascii=False)}]"
    return text


def show_value(value: Any) -> str:
    """Write a value in one line; never a secret."""
    if values.is_secret(value):
        return values.REDACTED
    if value == values.UNKNOWN:
        return "[unknown]"
    if isinstance(value, dict):
        shown = [f"{key}: {show_value(value[key])}" for key in sorted(value) if not _hidden([key])]
        return "{" + ", ".join(shown) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(show_value(one) for one in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def error_lines(diagnostics: list[Diagnostic]) -> list[str]:
    """Return the errors, each naming the resource that it is about."""
    lines = []
    for one in diagnostics:
        if one.severity != "error":
            continue
        subject = f"{urn_type(one.urn)} ({urn_name(one.urn)}): " if one.urn else ""
        # The stack needs no name, and the failure of a check names its resource itself.
        if one.urn and (
            one.message.startswith(urn_type(one.urn)) or urn_type(one.urn) == "pulumi:pulumi:Stack"
        ):
            subject = ""
        line = f"error: {subject}{one.message}"
        if line not in lines:
            lines.append(line)
    return lines


def _counted(changes: Mapping[str, int], *, planned: bool) -> list[str]:
    lines, total = [], 0
    for op in _WORDS:
        if count := changes.get(op.value, 0):
            words = _WORDS[op]
            lines.append(f"{_SIGNS[op]:<2}{count} {'to ' + words[0] if planned else words[1]}")
            total += count
    same = changes.get(Op.SAME.value, 0)
    parts = [f"{total} changes"] if len(lines) > 1 else []
    if same:
        parts.append(f"{same} unchanged")
    return [*lines, ". ".join(parts)] if parts else lines
