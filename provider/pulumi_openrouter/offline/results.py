"""The results of operations, shaped like those of `pulumi.automation`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pulumi_openrouter.offline.errors import Diagnostic, StepRecord
from pulumi_openrouter.offline.state.model import Resource
from pulumi_openrouter.offline.values import values


@dataclass(slots=True, frozen=True)
class OutputValue:
    """A stack output; `secret` tells whether the value is one or has one inside."""

    value: Any
    secret: bool


OutputMap = dict[str, OutputValue]


@dataclass(slots=True, frozen=True)
class Summary:
    """The outcome of an operation.

    `resource_changes` counts by Pulumi's names of operations: create, same, update, replace,
    delete and so on; the stack itself counts too.
    """

    kind: str
    result: str
    resource_changes: dict[str, int]


@dataclass(slots=True, frozen=True)
class OperationResult:
    """The result of an operation: its output, summary, steps and messages."""

    stdout: str
    summary: Summary
    steps: list[StepRecord] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)


@dataclass(slots=True, frozen=True)
class UpResult(OperationResult):
    """The result of `up`, with the outputs of the stack."""

    outputs: OutputMap = field(default_factory=dict)


@dataclass(slots=True, frozen=True)
class PreviewResult(OperationResult):
    """The result of a preview."""

    @property
    def change_summary(self) -> dict[str, int]:
        """The number of resources that would change, by operation."""
        return self.summary.resource_changes


RefreshResult = OperationResult
DestroyResult = OperationResult


@dataclass(slots=True, frozen=True)
class Deployment:
    """A stack's state as a deployment document; `deployment` holds plain secrets."""

    version: int
    deployment: dict[str, Any]


def output_map(stack: Resource | None) -> OutputMap:
    """Return the outputs of a stack."""
    if stack is None:
        return {}
    return {
        key: OutputValue(values.plain(value), values.contains_secret(value))
        for key, value in stack.outputs.items()
    }
