"""Random programs for the stateful test: up to three workspaces with limits and people in them.

A program never has two owners of one thing; everything else goes. Resources come, go, are renamed,
move between workspaces, turn exclusive and back, and name people by id or by email.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from hypothesis import strategies as st

from faults.declared import Declared, budget, membership, workspace
from pulumi_openrouter.sandbox.seed import PEOPLE

TEAM = "team"
"""A workspace that no program makes and every program may use."""

SLUGS = ("red", "green", "blue")
EMAILS = tuple(person.email for person in PEOPLE)
USER_IDS = {person.email: str(person.row()["id"]) for person in PEOPLE}

_FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "description": st.sampled_from(["Production", "Größe 北京 🚀\n\tand a tab"]),
        "default_provider_sort": st.sampled_from(["price", "latency"]),
        "io_logging_api_key_ids": st.sampled_from([[], [3], [3, 1]]),
        "disabled_server_tools": st.sampled_from(
            [["openrouter:web_search"], ["openrouter:shell", "openrouter:bash"]]
        ),
        "io_logging_sampling_rate": st.sampled_from([0.25, 1.0]),
        "is_observability_io_logging_enabled": st.booleans(),
        "adopt": st.just(True),
    },
)
# Any choice of these is a valid set: an order between two resources on one workspace is not theirs
# to find, and what one resource does within the rule has tests of its own.
LIMITS = {
    "daily": (0.5, 1, 0.75),
    "weekly": (10, 20.25, 15),
    "monthly": (100, 250, 200),
    "lifetime": (1000, 1e15, 5000),
}
_NAMES = st.permutations(["one", "two", "three", "four", "five"])


@st.composite
def programs(draw: st.DrawFn) -> list[Declared]:
    """Give a program."""
    program: list[Declared] = []
    for slug in SLUGS:
        # Under another name it is another resource, which takes the workspace over.
        name = draw(st.sampled_from([None, slug, slug, f"{slug}-renamed"]))
        if name is not None:
            program.append(workspace(name, slug=slug, **draw(_FIELDS)))
    places: list[dict[str, Any]] = [{"of": one.name} for one in program]
    places.append({"workspace": TEAM})
    budgets, memberships = iter(draw(_NAMES)), iter(draw(_NAMES))
    for place in places:
        program += _budgets(draw, place, budgets)
        program += _memberships(draw, place, memberships)
    return program


def _budgets(draw: st.DrawFn, place: dict[str, Any], names: Iterator[str]) -> Iterator[Declared]:
    alone = draw(st.booleans())
    shares = _shares(draw, draw(st.permutations(list(LIMITS))))
    for number, share in enumerate(shares[:1] if alone else shares):
        inputs: dict[str, Any] = {f"{i}_usd": draw(st.sampled_from(LIMITS[i][:2])) for i in share}
        if number == 0 and draw(st.booleans()):
            inputs["include_byok_in_budgets"] = draw(st.booleans())
        if alone and draw(st.booleans()):
            inputs["exclusive"] = True
        yield from _named(names, lambda name, inputs=inputs: budget(name, **place, **inputs))


def _memberships(
    draw: st.DrawFn, place: dict[str, Any], names: Iterator[str]
) -> Iterator[Declared]:
    shares = _shares(draw, draw(st.permutations(EMAILS)))
    alone = draw(st.booleans())
    for share in shares[:1] if alone else shares:
        by_email = draw(st.booleans())
        inputs: dict[str, Any] = (
            {"emails": [email.upper() for email in share]}
            if by_email
            else {"user_ids": [USER_IDS[email] for email in share]}
        )
        if alone and draw(st.booleans()):
            inputs["exclusive"] = True
        yield from _named(names, lambda name, inputs=inputs: membership(name, **place, **inputs))


def _shares(draw: st.DrawFn, things: Sequence[str]) -> list[list[str]]:
    """Deal some of the things out to at most two owners."""
    first = draw(st.integers(0, len(things)))
    second = draw(st.integers(first, len(things)))
    return [list(share) for share in (things[:first], things[first:second]) if share]


def _named(names: Iterator[str], make: Any) -> Iterator[Declared]:
    """Make a resource as long as there are names left."""
    for name in names:
        yield make(name)
        return
