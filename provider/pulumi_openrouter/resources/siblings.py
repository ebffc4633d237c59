"""What else a program manages in the same workspace.

The provider learns what a resource claims when Pulumi checks it. That is late for whoever is
checked before, and never happens to a resource that `--target` leaves out: a limit that moves from
one budget to another would be deleted by the first, for a moment or for good. So each resource is
sent what its siblings claim, as far as the program says it in plain values.

Pulumi registers resources after a program has run through, so the list is complete by then. What a
program creates later, inside of `apply`, is known to the provider from its own check.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pulumi.runtime import settings

from pulumi_openrouter.api.people import email_key
from pulumi_openrouter.resources.hints import known_later

PEOPLE = ("user_ids", "emails")
"""The inputs that are lists of people; all others are claimed by name."""


@dataclass(frozen=True, eq=False)
class _Sibling:
    kind: object
    name: str
    token: str
    keys: frozenset[object]
    things: tuple[str, ...]


_programs: weakref.WeakKeyDictionary[Any, list[_Sibling]] = weakref.WeakKeyDictionary()


def sibling_hints(
    kind: object, resource_name: str, keys: frozenset[object], claimed: Mapping[str, object]
) -> dict[str, object]:
    """Enter what a resource claims; return what it is called, and what the others claim.

    A resource is called by a token and not by its owner: the owner of a resource in a component is
    known only with the component's URN, and the component may wait for this resource.

    Args:
        kind: The kind of the resource, the same for subclasses.
        resource_name: Its name.
        keys: What its reference to the workspace has in common with others to the same one.
        claimed: The inputs that claim something: a thing of that name, or the people in a list.
    """
    # One list for each run: the Automation API and tests with mocks run many programs in one
    # process, each with a connection of its own to its engine.
    program = _programs.setdefault(settings.get_monitor(), [])
    token = str(len(program))
    own = _Sibling(kind, resource_name, token, keys, tuple(_things(claimed)))
    program.append(own)
    return {"token": token, "siblings": known_later(_others(program, own))}


async def _others(program: list[_Sibling], own: _Sibling) -> list[list[str]]:
    return [
        [one.token, one.name, *one.things]
        for one in program
        if one is not own and one.kind is own.kind and not own.keys.isdisjoint(one.keys)
    ]


def _things(inputs: Mapping[str, object]) -> Iterator[str]:
    for name, value in inputs.items():
        if name not in PEOPLE:
            yield from () if value is None else (name,)
        elif isinstance(value, list):
            people = [item for item in value if isinstance(item, str)]
            yield from map(email_key, people) if name == "emails" else people
