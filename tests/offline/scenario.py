"""What a scenario is made of: steps that both engines go through.

It says what is run, not what to expect: that is what the real engine did, recorded/<scenario>.json.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Run:
    """Run an operation, on this variant of the program."""

    operation: str
    variant: str = "nothing"
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Edit:
    """Somebody else changes an object; without properties, removes it."""

    object: str
    properties: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Fail:
    """From now on the provider fails this call for things of this key; or no longer."""

    call: str
    key: str
    off: bool = False


@dataclass(frozen=True)
class Taint:
    """Somebody marks a resource, by its name, to be replaced by the next run."""

    name: str


@dataclass(frozen=True)
class Import:
    """Import what is there, from a file with these entries, after a preview unless skipped."""

    entries: tuple[Mapping[str, Any], ...]
    name_table: Mapping[str, str] = field(default_factory=dict)
    protect: bool = True
    skip_preview: bool = False


@dataclass(frozen=True)
class Scenario:
    """A stack's life. `fact` says what its record shows."""

    name: str
    fact: str
    steps: tuple[Run | Import | Edit | Fail | Taint, ...]
    config: Mapping[str, tuple[str, bool]] = field(default_factory=dict)
    # Calls to the provider are compared in their order.
    ordered: bool = True
    # Checks and diffs are compared too.
    everything: bool = False


def up(variant: str, **options: Any) -> Run:
    """Bring a variant up."""
    return Run("up", variant, options)


def preview(variant: str, **options: Any) -> Run:
    """Preview a variant."""
    return Run("preview", variant, options)


def urn(name: str) -> str:
    """Return the URN of a thing."""
    return f"urn:pulumi:dev::toy::pulumi-python:dynamic/toy:Thing::{name}"


REFRESH = Run("refresh")
DESTROY = Run("destroy")
PREVIEW_DESTROY = Run("preview_destroy")
