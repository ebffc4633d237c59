"""The order in which one set of spending limits becomes another.

OpenRouter checks on every single request that limits strictly decrease from the lifetime to the
daily one, so a change of several limits is only accepted in the right order. This module is pure:
two sets in, the requests between them out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from typing import NamedTuple

from pulumi_openrouter.lifecycle.words import usd

INTERVALS = {
    "daily_usd": "daily",
    "weekly_usd": "weekly",
    "monthly_usd": "monthly",
    "lifetime_usd": "lifetime",
}
"""Each limit, from the narrowest to the broadest, and the API's name of its interval."""

BYOK = "include_byok_in_budgets"
"""The flag of a workspace that all its limits share."""


@dataclass(frozen=True)
class LimitSet:
    """Limits in USD by the name of their input, and the workspace's flag where it is known."""

    limits: Mapping[str, float]
    byok: bool | None = None

    def only(self, names: Collection[str]) -> LimitSet:
        """Return the set without the limits that are not named, with the same flag."""
        return replace(self, limits={n: v for n, v in self.limits.items() if n in names})

    def __str__(self) -> str:
        """Return the limits as messages name them."""
        return ", ".join(f"{n}={usd(limit)}" for n, limit in self.limits.items()) or "no limits"


def out_of_order(limits: Mapping[str, float]) -> tuple[str, str] | None:
    """Return a narrow limit that is not less than a broad one, and that broad one, if any."""
    named = [name for name in INTERVALS if name in limits]
    return next((p for p in combinations(named, 2) if limits[p[0]] >= limits[p[1]]), None)


@dataclass(frozen=True)
class BudgetChange:
    """The limits that one budget has set, and those that it is to set."""

    before: Mapping[str, float]
    after: Mapping[str, float]

    def fits_before(self, other: BudgetChange) -> bool:
        """Return whether OpenRouter takes this change while the other one is not made yet."""
        released = {*self.before} - {*self.after, *other.after}
        there = {**self.before, **other.before}
        kept = {name: limit for name, limit in there.items() if name not in released}
        return out_of_order({**kept, **self.after}) is None


class BudgetStep(NamedTuple):
    """One request: set a limit, or delete it where it is None, and set the flag where it is not."""

    name: str
    limit_usd: float | None
    byok: bool | None = None


def steps_between(before: LimitSet, wanted: LimitSet) -> list[BudgetStep]:
    """Return the requests that turn one valid set of limits into another.

    Each limit is touched once at most, so none is ever missing on the way and none is higher than
    both its old and its new value. What goes is deleted first, since a limit less never breaks the
    rule; then the broadest is raised first and the narrowest lowered first, so that each moves into
    room that is already there; what is new comes last, between final neighbors.
    """
    current, target = before.limits, wanted.limits
    broadest_first = [*INTERVALS][::-1]
    gone = [BudgetStep(n, None) for n in broadest_first if n in current and n not in target]
    both = [n for n in broadest_first if n in current and n in target]
    raised = [BudgetStep(n, target[n]) for n in both if target[n] > current[n]]
    lowered = [BudgetStep(n, target[n]) for n in reversed(both) if target[n] < current[n]]
    added = [BudgetStep(n, target[n]) for n in broadest_first if n in target and n not in current]
    steps = gone + raised + lowered + added
    return steps if wanted.byok in {None, before.byok} else _with_flag(steps, before, wanted)


def _with_flag(steps: list[BudgetStep], before: LimitSet, wanted: LimitSet) -> list[BudgetStep]:
    """Let the flag travel with the first limit that is set, for it cannot travel alone.

    Where none is set, it travels with one that stays, else with one that goes right after.
    """
    limits = wanted.limits or before.limits
    if limits and all(step.limit_usd is None for step in steps):
        broadest = [name for name in INTERVALS if name in limits][-1]
        steps = [BudgetStep(broadest, limits[broadest]), *steps]
    first = next((step for step in steps if step.limit_usd is not None), None)
    return [step._replace(byok=wanted.byok) if step is first else step for step in steps]
