"""Showing an operation as lines, in the words and signs of the Pulumi CLI.

Errors come last, a line each that begins with `error:`, so that they are found at the end of a log.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from rich.text import Text

from pulumi_openrouter.offline.display.events import Event, LineEvent, OutputEvent, StepEvent
from pulumi_openrouter.offline.exceptions import Diagnostic
from pulumi_openrouter.offline.planning.steps import Op, Step
from pulumi_openrouter.offline.state.model import STACK_TYPE, urn_name, urn_type
from pulumi_openrouter.offline.values import values
from pulumi_openrouter.offline.values.diffs import Difference, compare
from pulumi_openrouter.offline.values.paths import PropertyPath

OnOutput = Callable[[str], None]
OnEvent = Callable[[Event], None]

_TITLES = {
    "preview": "Previewing update",
    "destroy preview": "Previewing destroy",
    "update": "Updating",
    "refresh": "Refreshing",
    "destroy": "Destroying",
    "import preview": "Previewing import",
    "import": "Importing",
}
PREVIEWS = frozenset({"preview", "destroy preview", "import preview"})


class _Look(NamedTuple):
    """How to show a step, and how to say what it will do, has done, and failed to do."""

    sign: str
    style: str
    planned: str
    done: str
    doing: str


_LOOKS = {
    Op.CREATE: _Look("+", "green", "create", "created", "creating"),
    Op.UPDATE: _Look("~", "yellow", "update", "updated", "updating"),
    Op.DELETE: _Look("-", "red", "delete", "deleted", "deleting"),
    Op.REPLACE: _Look("+-", "magenta", "replace", "replaced", "replacing"),
    Op.CREATE_REPLACEMENT: _Look(
        "++", "green", "create replacement", "created replacement", "creating replacement"
    ),
    Op.DELETE_REPLACED: _Look(
        "--", "red", "delete original", "deleted original", "deleting original"
    ),
    Op.IMPORT: _Look("=", "green", "import", "imported", "importing"),
    Op.READ: _Look(">", "", "read", "read", "reading"),
    Op.READ_REPLACEMENT: _Look(">~", "", "read for replacement", "read for replacement", "reading"),
    Op.REFRESH: _Look("~", "yellow", "refresh", "refreshed", "refreshing"),
    Op.DISCARD: _Look("<", "", "discard", "discarded", "discarding"),
    Op.DISCARD_REPLACED: _Look(
        "<<", "", "discard original", "discarded original", "discarding original"
    ),
    Op.REMOVE_PENDING_REPLACE: _Look(
        "~", "yellow", "complete replace", "completed replace", "completing replace"
    ),
}
_ERROR_STYLE = "bold red"
_STYLES = {"+": "green", "~": "yellow", "-": "red"}


class Lines:
    """Writes a line for each event as it comes, and a summary at the end.

    Lines go to `on_output` as plain text. `on_event` gets them in color, and the events themselves.
    """

    def __init__(
        self, kind: str, stack: str, on_output: OnOutput | None, on_event: OnEvent | None
    ) -> None:
        self.printed: list[str] = []
        self.diagnostics: list[Diagnostic] = []
        self._kind = kind
        self._on_output = on_output or (lambda _line: None)
        self._on_event = on_event or (lambda _event: None)
        self._started = time.monotonic()
        self._write(f"{_TITLES[kind]} ({stack}):")

    def _write(self, line: str, style: str = "") -> None:
        self.printed.append(line + "\n")
        self._on_output(line)
        self._on_event(LineEvent(Text(line, style)))

    def show(self, event: Event) -> None:
        """Write the line of an event; errors are written at the end."""
        if isinstance(event, OutputEvent):
            self._write(event.text)
        elif isinstance(event, StepEvent):
            self._step(event)
        elif isinstance(event, Diagnostic):
            self.diagnostics.append(event)
            if event.severity == "info":
                self._write(event.message)
            elif event.severity == "warning":
                self._write(f"warning: {event.message}", "yellow")
        self._on_event(event)

    def _step(self, event: StepEvent) -> None:
        step = event.step
        op = step.result or step.op
        if event.phase == "begun" or op is Op.SAME or step.internal:
            return
        sign, style, planned, done, doing = _LOOKS[op]
        if step.op is Op.REFRESH and self._kind != "refresh":
            # As part of another operation, a refresh has only read the resource.
            planned = done = "refresh"
        if event.phase == "failed":
            words = f"**{doing} failed**"
        elif self._kind in PREVIEWS:
            words = planned
        else:
            words = f"{done} ({event.seconds:.2f}s)"
        if op in (Op.DELETE, Op.DELETE_REPLACED) and step.op is op and step.before.retain_on_delete:
            words += "[retain]"
        self._write(f" {sign:<2} {step.resource.type} {step.resource.name} {words}", style)
        for line in diff_lines(step):
            self._write(f"      {line}", _STYLES[line[0]])

    def summary(self, changes: Mapping[str, int], outputs: values.PropertyMap) -> None:
        """Write the outputs, the number of changes, the duration and the errors."""
        if outputs and self._kind == "update":
            self._write("Outputs:")
            for key, value in sorted(outputs.items()):
                hidden = values.contains_secret(value)
                self._write(f"    {key}: {values.REDACTED if hidden else _shown(value)}")
        if changes:
            self._write("Resources:")
            for line in _counted(changes, planned=self._kind in PREVIEWS):
                self._write(f"    {line}")
        if self._kind not in PREVIEWS:
            self._write(f"Duration: {round(time.monotonic() - self._started)}s")
        for line in error_lines(self.diagnostics):
            self._write(line, _ERROR_STYLE)

    def error(self, message: str) -> None:
        """Write an error that is only known after the summary."""
        self.diagnostics.append(Diagnostic("error", "", message))
        self._write(f"error: {message}", _ERROR_STYLE)


def diff_lines(step: Step) -> list[str]:
    """Return the property changes that a step makes, or has found, one per line."""
    op = step.result or step.op
    if op not in (Op.UPDATE, Op.REPLACE) or step.old is None or step.new is None:
        return []
    found = step.op is Op.REFRESH
    differences = compare(step.old.outputs, step.new.outputs) if found else []
    differences = differences or compare(step.old.inputs, step.new.inputs)
    return [_difference(one) for one in differences if not _hidden(one.path)]


def _hidden(path: PropertyPath) -> bool:
    """Return whether a property is internal to its provider; the CLI does not show those."""
    return any(isinstance(key, str) and key.startswith("__") for key in path)


def _difference(one: Difference) -> str:
    """Return the line of a difference, such as `~ monthly_usd: 500 => 600`."""
    if one.kind == "~":
        text = f"{_shown(one.old)} => {_shown(one.new)}"
    else:
        text = _shown(one.new if one.kind == "+" else one.old)
    return f"{one.kind} {_path(one.path)}: {text}"


def _path(path: PropertyPath) -> str:
    text = ""
    for key in path:
        if isinstance(key, int):
            text += f"[{key}]"
        elif key.isidentifier():
            text += f".{key}" if text else key
        else:
            text += f"[{json.dumps(key, ensure_ascii=False)}]"
    return text


def _shown(value: Any) -> str:
    """Return a value in one line; never a secret."""
    if values.is_secret(value):
        return values.REDACTED
    if value == values.UNKNOWN:
        return "[unknown]"
    if isinstance(value, dict):
        items = (f"{key}: {_shown(value[key])}" for key in sorted(value) if not _hidden([key]))
        return "{" + ", ".join(items) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_shown(one) for one in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def error_lines(diagnostics: list[Diagnostic]) -> list[str]:
    """Return the errors without repetitions, each naming the resource that it is about."""
    lines = []
    for one in diagnostics:
        if one.severity != "error":
            continue
        type_ = urn_type(one.urn) if one.urn else ""
        # The stack needs no name, and the failure of a check names its resource itself.
        named = type_ in ("", STACK_TYPE) or one.message.startswith(type_)
        subject = "" if named else f"{type_} ({urn_name(one.urn)}): "
        lines.append(f"error: {subject}{one.message}")
    return list(dict.fromkeys(lines))


def _counted(changes: Mapping[str, int], *, planned: bool) -> list[str]:
    lines, total = [], 0
    for op, look in _LOOKS.items():
        if count := changes.get(op.value, 0):
            words = f"to {look.planned}" if planned else look.done
            lines.append(f"{look.sign:<2}{count} {words}")
            total += count
    parts = [f"{total} changes"] if len(lines) > 1 else []
    if same := changes.get(Op.SAME.value, 0):
        parts.append(f"{same} unchanged")
    return [*lines, ". ".join(parts)] if parts else lines
