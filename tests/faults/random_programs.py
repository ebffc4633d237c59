"""Random lives as plain data: programs, how they are run, and what others do meanwhile.

A program has up to three workspaces with limits and people in them. It never has two owners of one
thing; everything else goes. Resources come, go, are renamed with and without aliases, move between
workspaces and components, turn exclusive and back, are protected, retained or replaced, ignore
changes, take over what is there, and name people by id or by email. A second stack shares the
workspaces of the first and one that belongs to neither; what each of them manages there is fixed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from hypothesis import strategies as st

from faults.declared import Brief, Declared, Key, Options, budget, membership, workspace
from faults.story import REQUESTS
from pulumi_openrouter.sandbox.seed import PEOPLE

TEAM = "team"
"""A workspace that no program makes and every program may use."""

SLUGS = ("red", "green", "blue")
EMAILS = tuple(person.email for person in PEOPLE)
USER_IDS = {person.email: str(person.row()["id"]) for person in PEOPLE}
NEW_HIRE = "noor.khan@example.com"
"""Somebody whom the organization may not have yet."""

# Any choice of these is a valid set: an order between two resources on one workspace is not theirs
# to find, and what one resource does within the rule has tests of its own.
LIMITS = {
    "daily": (0.5, 1, 0.75),
    "weekly": (10, 20.25, 15),
    "monthly": (100, 250, 200),
    "lifetime": (1000, 1e15, 5000),
}

# What each stack manages, wherever both have something: its share of the limits and of the people.
OURS = (("daily", "monthly", "lifetime"), EMAILS[:4])
THEIRS = (("weekly",), EMAILS[4:])

COMPONENTS = ("", "", "acme:teams:Team", "acme:teams:Squad")

_FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "description": st.sampled_from(["Production", "Größe 北京 🚀\n\tand a tab"]),
        "default_provider_sort": st.sampled_from(["price", "latency"]),
        "io_logging_api_key_ids": st.sampled_from([[], [3], [3, 1]]),
        "disabled_server_tools": st.sampled_from(
            [["openrouter:web_search"], ["openrouter:web_fetch", "openrouter:bash"]]
        ),
        "io_logging_sampling_rate": st.sampled_from([0.25, 1.0]),
        "is_observability_io_logging_enabled": st.booleans(),
    },
)
_CHILD_NAMES = ("one", "two", "three", "four", "five")
_NAMES = st.permutations(_CHILD_NAMES)


def rarely() -> st.SearchStrategy[bool]:
    """Draw true in about one of six."""
    return st.sampled_from([False] * 5 + [True])


@dataclass(frozen=True, repr=False)
class Up(Brief):
    """Run `up`.

    Attributes:
        program: The program.
        theirs: Whether the other stack runs it.
        refresh: Whether to refresh first even where nobody has changed anything by hand.
        trusting: Whether not to refresh first although somebody has.
        adopt: Whether to set `adoptExisting`.
        replacing: Which resources `--replace` names, as numbers of the program's.
        targets: Which resources `--target` names, as numbers of the program's and the state's.
        order: Which of the engine's orders.
        cut_after: After how many requests the run is killed.
        faults: What goes wrong at the API.
    """

    program: Sequence[Declared]
    theirs: bool = False
    refresh: bool = False
    trusting: bool = False
    adopt: bool = False
    replacing: Sequence[int] = ()
    targets: Sequence[int] | None = None
    order: int = 0
    cut_after: int | None = None
    faults: Sequence[dict[str, Any]] = ()


@dataclass(frozen=True, repr=False)
class Destroy(Brief):
    """Run `destroy` without a preview, as the Automation API does."""

    theirs: bool = False
    order: int = 0
    cut_after: int | None = None


@dataclass(frozen=True, repr=False)
class ByHand(Brief):
    """Somebody else's change: a method of `Somebody` or of the sandbox, and its arguments."""

    what: str
    slug: str = ""
    given: dict[str, Any] = field(default_factory=dict)


Step: TypeAlias = Up | Destroy | ByHand


@st.composite
def programs(draw: st.DrawFn) -> list[Declared]:
    """Draw a program of the first stack."""
    program: list[Declared] = []
    # Now and then workspaces change slugs with each other.
    slugs = draw(st.permutations(SLUGS)) if draw(rarely()) else SLUGS
    for place, slug in zip(SLUGS, slugs, strict=True):
        # Under another name it is another resource, unless an alias says that it is the same.
        name = draw(st.sampled_from([None, place, place, place, f"{place}-renamed"]))
        if name is None:
            continue
        inputs = draw(_FIELDS)
        if draw(st.booleans()):
            inputs["adopt"] = True
        if draw(rarely()):
            inputs["name"] = f"The {place} one"
        options = draw(_options(("description", "default_provider_sort", "name"), protect=True))
        within = draw(st.sampled_from(COMPONENTS))
        one = workspace(name, slug=slug, **inputs)
        program.append(replace(one, within=within, options=options))
    places: list[dict[str, Any]] = [{"of": one.name} for one in program]
    places.append({"workspace": TEAM})
    budgets, memberships = iter(draw(_NAMES)), iter(draw(_NAMES))
    for where in places:
        program += _budgets(draw, where, budgets)
        program += _memberships(draw, where, memberships)
    return _with_aliases(draw, program)


@st.composite
def _options(draw: st.DrawFn, ignorable: Sequence[str], *, protect: bool = False) -> Options:
    ignored = draw(st.sampled_from(ignorable)) if draw(rarely()) else None
    return Options(
        protect=protect and draw(rarely()),
        retain=draw(rarely()),
        delete_first=draw(st.sampled_from([None, None, None, False, True])),
        ignore=(ignored,) if ignored else (),
    )


def _with_aliases(draw: st.DrawFn, program: list[Declared]) -> list[Declared]:
    """Give some resources the aliases that keep them the same under another name."""
    if not draw(st.booleans()):
        return program
    taken = {one.key for one in program}
    aliased = []
    for one in program:
        aliases = tuple(key for key in _other_keys(one) if key not in taken)
        taken |= {*aliases}
        options = replace(one.options, aliases=aliases)
        aliased.append(replace(one, options=options))
    return aliased


def _other_keys(one: Declared) -> Iterator[Key]:
    """Yield what the resource may have been called before: in another place, or another name."""
    base = one.name.removesuffix("-renamed")
    names = [one.name, base, f"{base}-renamed"] if one.kind == "Workspace" else [one.name]
    for name in dict.fromkeys(names):
        for within in dict.fromkeys(COMPONENTS):
            key = (one.kind, name, within) if within else (one.kind, name)
            if key != one.key:
                yield key


def _budgets(draw: st.DrawFn, place: dict[str, Any], names: Iterator[str]) -> Iterator[Declared]:
    alone = draw(st.booleans())
    shares = _shares(draw, draw(st.permutations(OURS[0] if "of" not in place else list(LIMITS))))
    for number, share in enumerate(shares[:1] if alone else shares):
        inputs: dict[str, Any] = {f"{i}_usd": draw(st.sampled_from(LIMITS[i][:2])) for i in share}
        if number == 0 and draw(st.booleans()):
            inputs["include_byok_in_budgets"] = draw(st.booleans())
        if alone and draw(st.booleans()):
            inputs["exclusive"] = True
        for name in names:
            yield _child(draw, budget, name, place, inputs, [*inputs])
            break


def _memberships(
    draw: st.DrawFn, place: dict[str, Any], names: Iterator[str]
) -> Iterator[Declared]:
    shares = _shares(draw, draw(st.permutations(OURS[1] if "of" not in place else EMAILS)))
    alone = draw(st.booleans())
    for number, share in enumerate(shares[:1] if alone else shares):
        by_email = draw(st.booleans())
        inputs: dict[str, Any] = (
            {"emails": [email.upper() for email in share]}
            if by_email
            else {"user_ids": [USER_IDS[email] for email in share]}
        )
        if by_email and draw(st.booleans()):
            inputs["skip_missing"] = True
            if number == 0 and draw(st.booleans()):
                inputs["emails"] = [*inputs["emails"], NEW_HIRE]
        if alone and draw(st.booleans()):
            inputs["exclusive"] = True
        for name in names:
            yield _child(draw, membership, name, place, inputs, ["emails", "user_ids"])
            break


def _child(
    draw: st.DrawFn,
    make: Any,
    name: str,
    place: dict[str, Any],
    inputs: dict[str, Any],
    ignorable: Sequence[str],
) -> Declared:
    options = draw(_options(ignorable))
    within = draw(st.sampled_from(COMPONENTS))
    made: Declared = make(name, **place, **inputs)
    return replace(made, within=within, options=options)


def _shares(draw: st.DrawFn, things: Sequence[str]) -> list[list[str]]:
    """Deal some of the things out to at most two owners."""
    first = draw(st.integers(0, len(things)))
    second = draw(st.integers(first, len(things)))
    return [list(share) for share in (things[:first], things[first:second]) if share]


@st.composite
def guest_programs(draw: st.DrawFn) -> list[Declared]:
    """Draw a program of the second stack, which makes no workspace."""
    program: list[Declared] = []
    for slug in draw(st.lists(st.sampled_from([TEAM, *SLUGS]), unique=True, max_size=3)):
        if draw(st.booleans()):
            limit = draw(st.sampled_from(LIMITS["weekly"][:2]))
            program.append(budget(f"guest-{slug}", workspace=slug, weekly_usd=limit))
        people = draw(st.lists(st.sampled_from(THEIRS[1]), unique=True, min_size=1))
        if draw(st.booleans()):
            program.append(membership(f"guest-{slug}", workspace=slug, emails=people))
    return program


FAULTS = st.fixed_dictionaries(
    {
        "request": st.sampled_from(sorted(REQUESTS.values())),
        "times": st.integers(1, 4),
        "skip": st.integers(0, 2),
        "action": st.sampled_from(
            [
                {"status": 500},
                {"status": 429},
                {"status": 504, "handled": True},
                {"lose": "request"},
                {"lose": "answer"},
                {"truncate": True},
                {"body": "<html>"},
            ]
        ),
    }
)
_ORDERS = st.one_of(st.just(0), st.integers(1, 1000))
_NUMBERS = st.lists(st.integers(0, 11), min_size=1, max_size=3, unique=True)
_PLAIN: dict[str, Any] = {
    "program": programs(),
    "refresh": st.booleans(),
    "trusting": rarely(),
    "adopt": rarely(),
    "order": _ORDERS,
}
_UPS = st.one_of(
    st.builds(Up, **_PLAIN),
    st.builds(Up, **_PLAIN),
    st.builds(Up, **_PLAIN, replacing=_NUMBERS),
    st.builds(Up, **_PLAIN, targets=_NUMBERS),
    st.builds(Up, **_PLAIN, cut_after=st.integers(1, 12)),
    st.builds(Up, **_PLAIN, cut_after=st.integers(1, 12), replacing=_NUMBERS),
    st.builds(Up, **_PLAIN, faults=st.lists(FAULTS, min_size=1, max_size=3)),
    st.builds(Up, program=guest_programs(), theirs=st.just(True), order=_ORDERS),
)
_DESTROYS = st.builds(
    Destroy,
    theirs=rarely(),
    order=_ORDERS,
    cut_after=st.one_of(st.none(), st.none(), st.integers(1, 12)),
)
_ANYWHERE = st.sampled_from([*SLUGS, TEAM])
_KEYS = ("makes_a_key", "makes_a_key", "ends_the_keys")
_HANDS = st.one_of(
    st.builds(
        ByHand,
        st.just("sets"),
        _ANYWHERE,
        st.sampled_from(
            [
                {interval: limit}
                for interval, limits in LIMITS.items()
                for limit in (limits[2], None)
            ]
        ),
    ),
    st.builds(
        ByHand,
        st.sampled_from(["adds", "removes"]),
        _ANYWHERE,
        st.sampled_from([{"user_id": USER_IDS[email]} for email in EMAILS]),
    ),
    st.builds(
        ByHand,
        st.just("changes"),
        st.sampled_from(SLUGS),
        st.sampled_from(
            [
                {"description": "By hand"},
                {"name": "By hand"},
                {"io_logging_sampling_rate": 0.125},
                {"default_text_model": "a/b"},
                {"slug": "by-hand"},
                *({"slug": slug} for slug in SLUGS),
            ]
        ),
    ),
    st.builds(ByHand, st.just("deletes"), st.sampled_from(SLUGS)),
    st.builds(
        ByHand,
        st.just("creates"),
        st.sampled_from(SLUGS),
        st.just({"description": "By hand", "default_text_model": "a/b"}),
    ),
    *[st.builds(ByHand, st.sampled_from(_KEYS), st.sampled_from(SLUGS))] * 3,
    *[
        st.builds(
            ByHand,
            st.just("changes"),
            st.sampled_from(SLUGS),
            st.sampled_from([{"slug": slug} for slug in SLUGS]),
        )
    ]
    * 3,
    st.builds(
        ByHand,
        st.sampled_from(["joins", "leaves", "changes_email"]),
        st.just(""),
        st.sampled_from([{"email": email} for email in (*EMAILS[:2], NEW_HIRE, NEW_HIRE)]),
    ),
)
_STEPS: st.SearchStrategy[Step] = st.one_of(_UPS, _UPS, _UPS, _HANDS, _HANDS, _DESTROYS)


def lives(steps: int = 8) -> st.SearchStrategy[list[Step]]:
    """Draw a life of so many steps at most."""
    return st.lists(_STEPS, min_size=1, max_size=steps)
