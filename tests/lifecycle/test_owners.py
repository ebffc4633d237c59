"""One owner for each thing: the check of a second resource that manages it fails, naming both."""

from typing import Any

import pytest

from harness.organization import Somebody
from harness.process import UNKNOWN, InputError, Kind, Managed, ProviderProcess
from pulumi_openrouter.errors import OpenRouterError
from pulumi_openrouter.sandbox import Sandbox
from pulumi_openrouter.sandbox.seed import user_id

JANE, RAVI, MEI = "jane.doe@example.com", "ravi.patel@example.com", "mei.chen@example.com"
ACME = "Workspace::acme"
OTHER = "Workspace::other"

# How a program refers to a workspace: one that it creates has no id in a preview, but an owner.
NEW: dict[str, Any] = {"workspace": UNKNOWN, "__workspace": ACME}
NEW_TOO: dict[str, Any] = {"workspace": UNKNOWN, "__workspace": OTHER}
BY_SLUG = {"workspace": "theirs"}
BY_ID = {"workspace": "<id>"}

Inputs = dict[str, Any]


@pytest.fixture
def theirs(somebody: Somebody, sandbox: Sandbox) -> str:
    """The id of a workspace that no resource of the test manages."""
    id_ = somebody.creates("theirs")
    sandbox.clear_requests()
    return id_


def _pair(
    process: ProviderProcess, kind: Kind, theirs: str, one: Inputs, two: Inputs
) -> list[tuple[Managed, Inputs]]:
    """Return two new resources, each with its inputs."""
    found = []
    for name, inputs in (("one", one), ("two", two)):
        if inputs.get("workspace") == "<id>":
            inputs = {**inputs, "workspace": theirs}
        found.append((process.resource(kind, name), inputs))
    return found


def _preview(resources: list[tuple[Managed, Inputs]]) -> None:
    for resource, inputs in resources:
        resource.diff(**inputs)


COLLISIONS: dict[str, tuple[Kind, Inputs, Inputs, str, str]] = {
    "one-limit-of-a-new-workspace": (
        "WorkspaceBudget",
        {**NEW, "daily_usd": 1},
        {**NEW, "daily_usd": 2, "weekly_usd": 9},
        "daily_usd",
        'both manage the daily limit of Workspace "acme"; leave it to one of them.',
    ),
    "one-limit-by-slug": (
        "WorkspaceBudget",
        {**BY_SLUG, "monthly_usd": 1},
        {**BY_SLUG, "monthly_usd": 1},
        "monthly_usd",
        'both manage the monthly limit of workspace "theirs"; leave it to one of them.',
    ),
    "the-flag": (
        "WorkspaceBudget",
        {**NEW, "daily_usd": 1, "include_byok_in_budgets": True},
        {**NEW, "weekly_usd": 2, "include_byok_in_budgets": False},
        "include_byok_in_budgets",
        'both manage include_byok_in_budgets of Workspace "acme"; leave it to one of them.',
    ),
    "an-exclusive-budget": (
        "WorkspaceBudget",
        {**BY_ID, "weekly_usd": 2, "exclusive": True},
        {**BY_ID, "daily_usd": 1, "exclusive": True},
        "exclusive",
        'both manage workspace "<id>", one of them with exclusive=True; merge them.',
    ),
    "one-person-by-id": (
        "WorkspaceMembership",
        {**NEW, "user_ids": [user_id(JANE)]},
        {**NEW, "user_ids": [user_id(RAVI), user_id(JANE)]},
        "user_ids",
        f'both manage {user_id(JANE)} in Workspace "acme"; leave it to one of them.',
    ),
    "one-person-by-email-in-any-case": (
        "WorkspaceMembership",
        {**BY_SLUG, "emails": [JANE]},
        {**BY_SLUG, "emails": [JANE.title()]},
        "emails",
        f'both manage {JANE} in workspace "theirs"; leave it to one of them.',
    ),
    "a-person-whose-list-is-secret": (
        "WorkspaceMembership",
        {**NEW, "emails": [JANE], "__secrets": ["emails"]},
        {**NEW, "emails": [JANE], "__secrets": ["emails"]},
        "emails",
        'both manage the same person in Workspace "acme"; leave it to one of them.',
    ),
    "an-exclusive-membership": (
        "WorkspaceMembership",
        {**NEW, "user_ids": [user_id(JANE)], "exclusive": True},
        {**NEW, "user_ids": [user_id(RAVI)], "exclusive": True},
        "exclusive",
        'both manage Workspace "acme", one of them with exclusive=True; merge them.',
    ),
    "one-slug": (
        "Workspace",
        {"name": "One", "slug": "acme"},
        {"name": "Two", "slug": "acme"},
        "slug",
        'have the same slug "acme"; rename one of them.',
    ),
}


@pytest.mark.parametrize(
    ("kind", "one", "two", "blamed", "says"), COLLISIONS.values(), ids=COLLISIONS
)
@pytest.mark.parametrize("order", [1, -1], ids=["one-first", "two-first"])
def test_a_second_owner_is_refused_by_both_names(
    process: ProviderProcess,
    theirs: str,
    sandbox: Sandbox,
    kind: Kind,
    one: Inputs,
    two: Inputs,
    blamed: str,
    says: str,
    order: int,
) -> None:
    """Whichever is checked first, the check of the other one fails with the same line."""
    (first, given), (second, second_given) = _pair(process, kind, theirs, one, two)[::order]
    with process.one_run():
        first.check(**given)
        with pytest.raises(InputError) as failure:
            second.check(**second_given)
    assert str(failure.value) == (
        f'{blamed}: {kind} "one" and {kind} "two" {says.replace("<id>", theirs)}'
    )
    assert sandbox.requests(writes_only=True) == []


FORMS: dict[str, tuple[Kind, Inputs, Inputs, str]] = {
    "slug-and-id": (
        "WorkspaceBudget",
        {**BY_SLUG, "daily_usd": 1},
        {**BY_ID, "daily_usd": 1},
        "the daily limit of",
    ),
    "id-in-either-case": (
        "WorkspaceBudget",
        {**BY_ID, "daily_usd": 1},
        {"workspace": "<ID>", "daily_usd": 1},
        "the daily limit of",
    ),
    "email-and-user-id": (
        "WorkspaceMembership",
        {**BY_ID, "emails": [JANE]},
        {**BY_ID, "user_ids": [user_id(JANE)]},
        f"{user_id(JANE)} in",
    ),
}


@pytest.mark.parametrize(("kind", "one", "two", "says"), FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("order", [1, -1], ids=["one-first", "two-first"])
@pytest.mark.parametrize("exists", ["neither", "first", "second"])
def test_another_form_of_the_same_thing_is_seen_before_anything_is_written(
    process: ProviderProcess,
    theirs: str,
    sandbox: Sandbox,
    kind: Kind,
    one: Inputs,
    two: Inputs,
    says: str,
    order: int,
    exists: str,
) -> None:
    """What needs an id to be compared fails in check or diff, both of which a preview runs."""
    two = {**two, "workspace": theirs.upper()} if two["workspace"] == "<ID>" else two
    pair = _pair(process, kind, theirs, one, two)[::order]
    if exists != "neither":
        resource, given = pair[0 if exists == "first" else 1]
        resource.up(**given)
    sandbox.clear_requests()
    with process.one_run(), pytest.raises((InputError, OpenRouterError)) as failure:
        _preview(pair)
    assert f'{kind} "one" and {kind} "two" both manage {says}' in str(failure.value)
    assert sandbox.requests(writes_only=True) == []


APART: dict[str, tuple[Kind, Inputs, Inputs]] = {
    "two-limits": (
        "WorkspaceBudget",
        {**BY_SLUG, "daily_usd": 1},
        {**BY_ID, "weekly_usd": 2, "include_byok_in_budgets": True},
    ),
    "two-new-workspaces": (
        "WorkspaceBudget",
        {**NEW, "daily_usd": 1, "exclusive": True},
        {**NEW_TOO, "daily_usd": 1, "exclusive": True},
    ),
    "a-new-workspace-and-another": (
        "WorkspaceMembership",
        {**NEW, "emails": [JANE], "exclusive": True},
        {**BY_ID, "emails": [JANE], "exclusive": True},
    ),
    "two-people": (
        "WorkspaceMembership",
        {**BY_SLUG, "emails": [JANE]},
        {**BY_ID, "user_ids": [user_id(RAVI), user_id(MEI)]},
    ),
    "two-slugs": (
        "Workspace",
        {"name": "One", "slug": "one"},
        {"name": "One", "slug": "two"},
    ),
}


@pytest.mark.parametrize(("kind", "one", "two"), APART.values(), ids=APART)
def test_different_things_have_different_owners(
    process: ProviderProcess, theirs: str, kind: Kind, one: Inputs, two: Inputs
) -> None:
    """Two budgets share a workspace, and one person is in two workspaces, without a word."""
    with process.one_run():
        _preview(_pair(process, kind, theirs, one, two))


def test_a_resource_never_collides_with_itself(process: ProviderProcess, theirs: str) -> None:
    """Pulumi checks a resource again when it replaces it, and each check replaces the claim."""
    budget = process.resource("WorkspaceBudget")
    with process.one_run():
        budget.check(workspace=theirs, daily_usd=1, exclusive=True)
        budget.check(workspace=theirs, daily_usd=1)
        process.resource("WorkspaceBudget").check(workspace=theirs, weekly_usd=2)
