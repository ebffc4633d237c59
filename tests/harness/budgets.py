"""A tiny model of what the API accepts of budgets, and sets of limits to try it with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from hypothesis import strategies as st

# From the narrowest to the broadest, as the API calls them.
INTERVALS = ("daily", "weekly", "monthly", "lifetime")

Limits = dict[str, float]


def is_valid(limits: Mapping[str, float]) -> bool:
    """Return whether limits strictly decrease from the lifetime to the daily one."""
    amounts = [limits[interval] for interval in INTERVALS if interval in limits]
    return all(narrow < broad for narrow, broad in pairwise(amounts))


def walk(
    start: Mapping[str, float], steps: Sequence[tuple[str, float | None]], goal: Mapping[str, float]
) -> Limits:
    """Take the steps (an interval and its limit, None to delete it) and give where they lead.

    Fails where the API would refuse one, where a limit that start and goal both have is missing on
    the way, and where one is neither its old nor its new value.
    """
    limits = dict(start)
    for interval, limit in steps:
        if limit is None:
            limits.pop(interval, None)
        else:
            limits[interval] = limit
        assert is_valid(limits), f"{steps} breaks the rule at {interval}: {limits}"
        for name in {*start} & {*goal}:
            assert limits.get(name) in {start[name], goal[name]}, f"{name} on the way: {limits}"
    return limits


def valid_limits(amounts: st.SearchStrategy[float], least: int = 0) -> st.SearchStrategy[Limits]:
    """Generate sets of limits that the API accepts."""
    intervals = st.sets(st.sampled_from(INTERVALS), min_size=least)

    def with_amounts(chosen: set[str]) -> st.SearchStrategy[Limits]:
        names = [interval for interval in INTERVALS if interval in chosen]
        size = len(names)
        values = st.lists(amounts, min_size=size, max_size=size, unique=True)
        return values.map(lambda found: dict(zip(names, sorted(found), strict=True)))

    return intervals.flatmap(with_amounts)


# Few amounts, so that limits of one set often equal or cross those of the other.
FEW_AMOUNTS = st.integers(1, 9).map(float)
ANY_AMOUNTS = st.floats(1e-9, 1e15)
