"""Programs as plain data, for runs without a program's process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Key = tuple[str, str]
"""Kind and name: what makes a resource the same one in the next run."""


@dataclass(frozen=True)
class Declared:
    """A resource as a program states it; `of` names the program's Workspace that it is part of."""

    kind: str
    name: str
    inputs: Mapping[str, Any]
    of: str | None = None

    @property
    def key(self) -> Key:
        """What makes it the same resource in the next run."""
        return self.kind, self.name


def workspace(name: str, /, **inputs: Any) -> Declared:
    """State a Workspace whose name and slug are `name` unless told otherwise."""
    return Declared("Workspace", name, {"name": name, "slug": name, **inputs})


def budget(name: str, /, of: str | None = None, **inputs: Any) -> Declared:
    """State a WorkspaceBudget of the program's Workspace `of`, or of `workspace=`."""
    return Declared("WorkspaceBudget", name, inputs, of)


def membership(name: str, /, of: str | None = None, **inputs: Any) -> Declared:
    """State a WorkspaceMembership of the program's Workspace `of`, or of `workspace=`."""
    return Declared("WorkspaceMembership", name, inputs, of)
