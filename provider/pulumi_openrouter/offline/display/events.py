"""The events of an operation, for anything that watches it: a display, a test or a log."""

from dataclasses import dataclass
from typing import Literal

from pulumi_openrouter.offline.errors import Diagnostic
from pulumi_openrouter.offline.planning.steps import Step

Phase = Literal["begun", "done", "failed"]


@dataclass(slots=True, frozen=True)
class StepEvent:
    """A step has begun, is done or has failed; `seconds` is how long it took."""

    phase: Phase
    step: Step
    seconds: float = 0.0


@dataclass(slots=True, frozen=True)
class OutputEvent:
    """A line that the program or the provider printed."""

    text: str


Event = StepEvent | OutputEvent | Diagnostic
