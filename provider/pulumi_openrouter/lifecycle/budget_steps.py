"""The order in which one set of spending limits becomes another.

OpenRouter checks on every single request that limits strictly decrease from the lifetime to the
daily one, so a change of several limits is only accepted in the right order. This module is pure:
two sets in, the requests between them out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

INTERVALS = ("daily", "weekly", "monthly", "lifetime")
"""The intervals of the API, from the narrowest to the broadest."""


class BudgetStep(NamedTuple):
    """One request: set the limit of an interval, or delete it where the limit is None."""

    interval: str
    limit_usd: float | None


def usd(amount: float) -> str:
    """Write an amount with all its digits: two that differ never look alike."""
    return repr(float(amount)).removesuffix(".0")


def steps_between(current: Mapping[str, float], target: Mapping[str, float]) -> list[BudgetStep]:
    """Return the requests that turn one valid set of limits (USD by interval) into another.

    Each interval is touched once at most, so none is ever missing on the way and none is higher
    than both its old and its new limit. What goes is deleted first, since a limit less never
    breaks the rule; then the broadest is raised first and the narrowest lowered first, so that
    each moves into room that is already there; what is new comes last, between final neighbours.
    """
    broadest_first = INTERVALS[::-1]
    gone = [BudgetStep(i, None) for i in broadest_first if i in current and i not in target]
    both = [i for i in broadest_first if i in current and i in target]
    raised = [BudgetStep(i, target[i]) for i in both if target[i] > current[i]]
    lowered = [BudgetStep(i, target[i]) for i in reversed(both) if target[i] < current[i]]
    added = [BudgetStep(i, target[i]) for i in broadest_first if i in target and i not in current]
    return gone + raised + lowered + added
