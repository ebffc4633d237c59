"""Inputs as `check` of a lifecycle sees them, where nothing is owned and nothing has to be read."""

from __future__ import annotations

from typing import Any, Literal

from pulumi_openrouter.registry import RESOURCES

Problems = list[tuple[str, str]]


def checked(
    kind: Literal["Workspace", "WorkspaceBudget", "WorkspaceMembership"],
    inputs: dict[str, Any],
    before: dict[str, Any] | None = None,
) -> tuple[dict[str, Any], Problems]:
    """Return the inputs in the form of the state, and the problems as property and reason."""
    [resource] = (one for one in RESOURCES if one.__name__ == kind)
    lifecycle = resource._provider_type.lifecycle_type(session=None)  # type: ignore[arg-type]
    result = lifecycle.check(before or {}, inputs)
    return result.inputs, result.problems
