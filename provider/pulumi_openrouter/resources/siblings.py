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
from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any

from pulumi.runtime import settings

from pulumi_openrouter.api.people import email_key
from pulumi_openrouter.resources.hints import known_later

PEOPLE = ("user_ids", "emails")
"""The inputs that are lists of people; all others are claimed by name."""


class _Program:
    """What the resources of one run claim: number, name and things, by kind and workspace."""

    def __init__(self) -> None:
        self.numbers = count()
        self.claims: defaultdict[tuple[object, object], dict[int, list[str]]] = defaultdict(dict)


_programs: weakref.WeakKeyDictionary[Any, _Program] = weakref.WeakKeyDictionary()


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
    # One for each run: the Automation API and tests with mocks run many programs in one process,
    # each with a connection of its own to its engine.
    program = _programs.setdefault(settings.get_monitor(), _Program())
    number = next(program.numbers)
    places = [program.claims[kind, key] for key in keys]
    for claims in places:
        claims[number] = [str(number), resource_name, *_things(claimed)]
    return {"token": str(number), "siblings": known_later(_others(places, number))}


async def _others(places: list[dict[int, list[str]]], own: int) -> list[list[str]]:
    found = {number: claim for claims in places for number, claim in claims.items()}
    return [found[number] for number in sorted(found) if number != own]


def _things(inputs: Mapping[str, object]) -> Iterator[str]:
    for name, value in inputs.items():
        if name not in PEOPLE:
            yield from () if value is None else (name,)
        elif isinstance(value, list):
            people = [item for item in value if isinstance(item, str)]
            yield from map(email_key, people) if name == "emails" else people
