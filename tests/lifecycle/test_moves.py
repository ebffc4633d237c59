"""A limit or a person that moves from one resource to another, and a run that was cut off.

The taker's update was done, the giver's failed: the state says that both have it. In the next run
the giver lets go of it, and may come first.
"""

from itertools import permutations
from typing import Any

import pytest

from harness.organization import live, live_members
from harness.process import Managed, ProviderProcess
from pulumi_openrouter.sandbox import Sandbox

ORDERS = [
    pytest.param(order, id="-then-".join(order)) for order in permutations(("giver", "taker"))
]


def run(
    process: ProviderProcess, resources: dict[str, tuple[Managed, dict[str, Any]]], order: Any
) -> None:
    """Bring both up in one run, and then find nothing to do in the next."""
    with process.one_run():
        for name in order:
            resource, inputs = resources[name]
            resource.up(**inputs)
    for resource, inputs in resources.values():
        assert resource.up(**inputs) == "same"


@pytest.mark.parametrize("order", ORDERS)
def test_a_limit_that_two_states_have_stays(
    process: ProviderProcess, workspace: str, sandbox: Sandbox, order: tuple[str, ...]
) -> None:
    """The giver may delete it; the taker, which has it by its state, sets it again."""
    giver, taker = (process.resource("WorkspaceBudget") for _ in range(2))
    giver.up(workspace=workspace, monthly_usd=9, daily_usd=1)
    taker.up(workspace=workspace, weekly_usd=3, daily_usd=1)
    gives = {"workspace": workspace, "monthly_usd": 9}
    takes = {"workspace": workspace, "weekly_usd": 3, "daily_usd": 1}
    run(process, {"giver": (giver, gives), "taker": (taker, takes)}, order)
    assert live(sandbox)["budgets"] == {"daily": 1, "weekly": 3, "monthly": 9}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("form", ["user_ids", "emails"])
def test_a_person_whom_two_states_have_stays(
    process: ProviderProcess, workspace: str, sandbox: Sandbox, form: str, order: tuple[str, ...]
) -> None:
    """The giver may take them out; the taker, which has them by its state, puts them in again."""
    people = sandbox.state()["organization_members"][:3]
    jane, ravi, mei = (one["id" if form == "user_ids" else "email"] for one in people)
    giver, taker = (process.resource("WorkspaceMembership") for _ in range(2))
    giver.up(workspace=workspace, **{form: [jane, ravi]})
    taker.up(workspace=workspace, **{form: [ravi, mei]})
    gives = {"workspace": workspace, form: [jane]}
    takes = {"workspace": workspace, form: [ravi, mei]}
    run(process, {"giver": (giver, gives), "taker": (taker, takes)}, order)
    assert live_members(sandbox) == sorted(one["id"] for one in people)
