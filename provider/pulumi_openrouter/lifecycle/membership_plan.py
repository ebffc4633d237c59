"""Who is who in a membership, and who has to be added and removed.

This module is pure. It reads and writes the outputs of a membership, of which `members` stands
beside the list of names: an entry for each, without what the list says already, because a program
may have marked the list as secret.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Person:
    """Somebody in the list of a membership.

    Attributes:
        name: The email address or the user id, whichever the list is made of.
        user_id: The user id, empty for somebody who is not in the organization.
        role: The role in the organization.
        created_at: When the person was added to the workspace.
        managed: Whether the program names the person; only an exclusive list shows others.
    """

    name: str
    user_id: str = ""
    role: str | None = None
    created_at: str | None = None
    managed: bool = True

    def entry(self, form: str) -> dict[str, Any]:
        """Return what `members` has for the person: nothing for one who is missing."""
        if not self.user_id:
            return {}
        fields = {"role": self.role, "created_at": self.created_at}
        if form == "emails":
            fields["user_id"] = self.user_id
        entry: dict[str, Any] = {name: value for name, value in fields.items() if value is not None}
        # An entry without anything in it would read as somebody who is missing.
        return entry if self.managed and entry else {**entry, "managed": self.managed}

    @classmethod
    def of(cls, name: str, entry: Mapping[str, Any], form: str) -> Person:
        """Return the person whom an entry of `members` describes."""
        if not entry:
            return cls(name)
        return cls(
            name,
            str(entry.get("user_id", "")) if form == "emails" else name,
            entry.get("role"),
            entry.get("created_at"),
            entry.get("managed", True) is True,
        )


@dataclass(frozen=True)
class MembershipPlan:
    """Who has to be added to a workspace, and who has to be removed from it, as user ids."""

    add: list[str]
    remove: list[str]


def plan(
    wanted: Iterable[str],
    there: Collection[str],
    ours: Iterable[str] = (),
    held: Collection[str] = (),
) -> MembershipPlan:
    """Return what has to be done so that those who are wanted are in.

    Args:
        wanted: Whom the program names.
        there: Who is in the workspace, as far as it is known.
        ours: Who goes if the program does not name them.
        held: Who stays in any case, because another resource of the program names them.
    """
    wanted = [*wanted]
    return MembershipPlan(
        add=[user_id for user_id in wanted if user_id not in there],
        remove=[one for one in ours if one not in wanted and one not in held],
    )


def form_of(props: Mapping[str, Any]) -> str:
    """Return which of the two lists names the people."""
    return "emails" if "emails" in props else "user_ids"


def people_in(outputs: Mapping[str, Any]) -> list[Person]:
    """Return the people in the outputs of a membership."""
    entries = outputs.get("members") or []
    if "people" in outputs:
        return _people_of_0_1_0(outputs["people"], entries)
    form = form_of(outputs)
    names = outputs.get(form) or []
    return [Person.of(*one, form) for one in zip(names, entries, strict=False)]


def _people_of_0_1_0(names: Mapping[str, str], entries: list[Mapping[str, Any]]) -> list[Person]:
    """Return the people in outputs of version 0.1.0, which names them by user id."""
    return [
        Person(
            names.get(one["user_id"]) or one["user_id"],
            one["user_id"],
            one.get("role"),
            one.get("created_at"),
            one["user_id"] in names,
        )
        for one in entries
    ]
