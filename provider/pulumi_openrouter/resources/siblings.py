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

import pulumi
from pulumi.runtime import settings

from pulumi_openrouter.api.people import email_key
from pulumi_openrouter.resources.hints import known_later, later

PEOPLE = ("user_ids", "emails")
"""The inputs that are lists of people; all others are claimed by name."""


@dataclass(frozen=True, eq=False)
class _Sibling:
    kind: type[pulumi.Resource]
    owner: pulumi.Input[str]
    parent: pulumi.Resource | None
    keys: frozenset[object]
    things: tuple[str, ...]


_programs: weakref.WeakKeyDictionary[Any, list[_Sibling]] = weakref.WeakKeyDictionary()


def siblings(
    resource: pulumi.Resource,
    owner: pulumi.Input[str],
    opts: pulumi.ResourceOptions | None,
    keys: frozenset[object],
    inputs: Mapping[str, object],
) -> pulumi.Output[list[list[str]]]:
    """Enter what a resource claims; return what the others claim, each as owner and things.

    Args:
        resource: The resource.
        owner: How it is known in claims.
        opts: Its options.
        keys: What its reference to the workspace has in common with others to the same one.
        inputs: Its inputs: each claims a thing of its name, and lists of people claim the people.
    """
    # One list for each run: the Automation API and tests with mocks run many programs in one
    # process, each with a connection of its own to its engine.
    program = _programs.setdefault(settings.get_monitor(), [])
    parent = opts.parent if opts is not None else None
    own = _Sibling(type(resource), owner, parent, keys, tuple(_things(inputs)))
    program.append(own)
    return known_later(_others(program, own))


async def _others(program: list[_Sibling], own: _Sibling) -> list[list[str]]:
    found = []
    for one in program:
        # The owner of a resource in another component is not waited for: that component may wait
        # for this resource.
        near = one.parent is None or one.parent is own.parent
        if one is own or one.kind is not own.kind or not near or own.keys.isdisjoint(one.keys):
            continue
        found.append([await later(one.owner), *one.things])
    return found


def _things(inputs: Mapping[str, object]) -> Iterator[str]:
    for name, value in inputs.items():
        if name not in PEOPLE:
            yield from () if value is None else (name,)
        elif isinstance(value, list):
            people = [item for item in value if isinstance(item, str)]
            yield from map(email_key, people) if name == "emails" else people
