"""What a lifecycle knows of a resource beside its inputs and outputs.

A dynamic provider is not told the URN of a resource, nor what the program has marked as secret. So
the constructors put that into one hidden input, `__hints`, whose name begins with two underscores:
Pulumi leaves such properties out of previews and diffs. `check` takes it out of the inputs again,
and only the owner stays, because `create` and `update` have to know it. What a later `diff` or
`delete` has to know stands in hidden outputs.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

HINTS = "__hints"
"""The hidden input with the fields of `Hints`."""

OWNER = "__owner"
"""The resource: its URN after stack and project, without what all our types begin with."""

WORKSPACE = "__workspace"
"""The owner of the Workspace of the same program that a child leaves the program with."""

INCARNATION = "__incarnation"
"""Which `create` has made the resource; only among the outputs."""

SECRETS = "__secrets"
"""The inputs that the program marks as secret, with spaces between them; only among the outputs."""

MANAGED = "__managed"
"""The tracked inputs that the program gives, with spaces between them; only among the outputs."""

TYPE_PREFIX = "pulumi-python:dynamic/openrouter:"


@dataclass(frozen=True)
class Hints:
    """What the program says of one resource.

    Attributes:
        owner: The resource itself, such as `acme:teams:Team$WorkspaceBudget::prod`.
        workspace: The owner of the Workspace of the same program that the resource belongs to.
        retained: Whether that Workspace, or the resource itself if it is one, stays when it leaves
            the program, by `retain_on_delete`.
        deleted_first: Whether a replacement deletes the old one before it creates the new one, by
            `delete_before_replace`.
        secrets: The inputs that the program marks as secret.
        left_out: The inputs whose value is a default of the constructor.
        token: What other resources of the same run call the resource, empty if they do not.
        siblings: What other resources of this kind claim in the workspace: token, name and things.
        former: The owners that the resource was known as, by its aliases.
        told: Whether the program says all this. It does not with `ignore_changes=["*"]`.
    """

    owner: str
    workspace: str | None = None
    retained: bool = False
    deleted_first: bool = False
    secrets: frozenset[str] = frozenset()
    left_out: frozenset[str] = frozenset()
    token: str = ""
    siblings: tuple[tuple[str, str, frozenset[str]], ...] = ()
    former: tuple[str, ...] = ()
    told: bool = False

    @classmethod
    def of(cls, props: Mapping[str, Any]) -> Hints:
        """Return the hints in a property bag. The owner is empty where there is none."""
        found = props.get(HINTS) or {}
        return cls(
            _text(found.get("owner")) or _text(props.get(OWNER)) or "",
            _text(found.get("workspace")),
            found.get("retained") is True,
            found.get("deleted_first") is True,
            frozenset(found["secrets"] if "secrets" in found else props.get(SECRETS, "").split()),
            frozenset(map(str, found.get("left_out") or ())),
            _text(found.get("token")) or "",
            tuple((one[0], one[1], frozenset(one[2:])) for one in found.get("siblings") or ()),
            tuple(one for one in found.get("former") or () if isinstance(one, str)),
            HINTS in props,
        )

    def hides(self, *names: str) -> bool:
        """Return whether one of these inputs is secret."""
        return not self.secrets.isdisjoint(names)

    @property
    def leaves_with(self) -> str | None:
        """The owner of the Workspace that is deleted where it leaves the program with its child."""
        return None if self.retained else self.workspace

    def outputs(self, workspace: str | None, incarnation: str | None) -> dict[str, Any]:
        """Return what a later operation has to know, for the outputs.

        Args:
            workspace: The owner of the Workspace that leaves the program with the resource.
            incarnation: Which `create` has made the resource.
        """
        found = {
            OWNER: self.owner,
            WORKSPACE: workspace,
            INCARNATION: incarnation,
            SECRETS: " ".join(sorted(self.secrets)),
        }
        return {name: value for name, value in found.items() if value}


def hidden(props: Mapping[str, Any]) -> dict[str, Any]:
    """Return the hidden outputs that the next outputs carry along."""
    names = (OWNER, WORKSPACE, INCARNATION, SECRETS)
    return {name: props[name] for name in names if name in props}


def managed(outputs: Mapping[str, Any]) -> Collection[str]:
    """Return which tracked inputs the program gave when it made these outputs."""
    if MANAGED in outputs:
        return str(outputs[MANAGED]).split()
    # As version 0.1.0 wrote it.
    return outputs.get("managed_inputs") or ()


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
