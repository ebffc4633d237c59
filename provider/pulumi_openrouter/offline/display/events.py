"""The events of an operation, for anything that watches it: a display, a test or a log."""

from dataclasses import dataclass
from typing import Literal

from rich.text import Text

from pulumi_openrouter.offline.exceptions import Diagnostic
from pulumi_openrouter.offline.planning.steps import Step


@dataclass(slots=True, frozen=True)
class StepEvent:
    """A step has begun, is done or has failed; `seconds` is how long it took."""

    phase: Literal["begun", "done", "failed"]
    step: Step
    seconds: float = 0.0


@dataclass(slots=True, frozen=True)
class OutputEvent:
    """A line that the program or the provider printed."""

    text: str


@dataclass(slots=True, frozen=True)
class LineEvent:
    """A line of the operation's output, in color."""

    line: Text


Event = StepEvent | OutputEvent | LineEvent | Diagnostic
