"""What a program tells the provider beside the inputs of a resource.

A dynamic provider is not told the URN of a resource, nor what the program has marked as secret. The
constructors put that into hidden inputs: keys that begin with two underscores, which Pulumi leaves
out of previews and diffs. `check` takes them out of the inputs again, and only the owner stays,
since `create` and `update` have to know it. What a `delete` has to know stands in the outputs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

OWNER = "__owner"
"""The URN of the resource after stack and project: `<parent types>$<type>::<name>`."""

WORKSPACE = "__workspace"
"""The owner of the Workspace of the same program that a child belongs to."""

RETAINED = "__retained"
"""Whether that Workspace stays when it leaves the program, by `retain_on_delete`."""

SECRETS = "__secrets"
"""The names of the inputs that the program marks as secret."""

LEFT_OUT = "__left_out"
"""The names of the inputs whose value is a default of the constructor."""

SIBLINGS = "__siblings"
"""What the program's other resources of this kind claim in the workspace, as owner and things."""

FORMER = "__former"
"""The owners that the resource was known as, by the aliases that the program gives it."""

INCARNATION = "__incarnation"
"""Which `create` has made the resource; only among the outputs."""

_TYPE_PREFIX = "pulumi-python:dynamic/openrouter:"


@dataclass(frozen=True)
class Hints:
    """What the program says of one resource."""

    owner: str
    workspace: str | None = None
    retained: bool = False
    secrets: frozenset[str] = frozenset()
    left_out: frozenset[str] = frozenset()
    siblings: tuple[tuple[str, frozenset[str]], ...] = ()
    former: tuple[str, ...] = ()

    @classmethod
    def of(cls, props: Mapping[str, Any]) -> Hints:
        """Read the hints out of a property bag. The owner is empty where there is none."""
        workspace = props.get(WORKSPACE)
        return cls(
            _text(props.get(OWNER)) or "",
            _text(workspace),
            props.get(RETAINED) is True,
            frozenset(map(str, props.get(SECRETS) or ())),
            frozenset(map(str, props.get(LEFT_OUT) or ())),
            tuple((one[0], frozenset(one[1:])) for one in props.get(SIBLINGS) or ()),
            tuple(one for one in props.get(FORMER) or () if isinstance(one, str)),
        )

    def hides(self, *names: str) -> bool:
        """Return whether one of these inputs is secret."""
        return not self.secrets.isdisjoint(names)

    @property
    def leaves_with(self) -> str | None:
        """The owner of the Workspace that is deleted where it leaves the program with its child."""
        return None if self.retained else self.workspace

    def outputs(self, incarnation: str | None) -> dict[str, Any]:
        """Return what a later delete has to know, for the outputs."""
        found = {OWNER: self.owner, WORKSPACE: self.leaves_with, INCARNATION: incarnation}
        return {name: value for name, value in found.items() if value}


def is_hidden(name: str) -> bool:
    """Return whether a property is Pulumi's own or ours, and not the user's."""
    return name.startswith("__")


def hidden(props: Mapping[str, Any]) -> dict[str, Any]:
    """Return the hidden properties that outputs carry along, without Pulumi's own."""
    return {name: props[name] for name in (OWNER, WORKSPACE, INCARNATION) if name in props}


def owner_text(owner: str) -> str:
    """Return an owner as a user knows it: `WorkspaceBudget "prod" in acme:teams:Team`."""
    types, _, name = owner.partition("::")
    *parents, own = types.split("$")
    place = f" in {' in '.join(reversed(parents))}" if parents else ""
    return f'{own.removeprefix(_TYPE_PREFIX)} "{name}"{place}'


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
