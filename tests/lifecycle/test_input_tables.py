"""Each input stands in every table that has to know it, and a difference in it is seen."""

import inspect
from collections.abc import Callable
from typing import Any

import pytest

import pulumi_openrouter as openrouter
from harness.organization import Somebody
from harness.process import UNKNOWN, Kind, Managed, ProviderProcess
from pulumi_openrouter.lifecycle.declaration import Change, Declaration
from pulumi_openrouter.registry import RESOURCES, declaration_of
from pulumi_openrouter.sandbox.seed import user_id

JANE, RAVI = "jane.doe@example.com", "ravi.patel@example.com"

DECLARATIONS: dict[Kind, Declaration] = {one.__name__: declaration_of(one) for one in RESOURCES}  # type: ignore[misc]
KINDS = [*DECLARATIONS]

# For each kind: what an existing one was made from.
BEFORE: dict[Kind, dict[str, Any]] = {
    "Workspace": {"name": "Acme", "slug": "acme"},
    "WorkspaceBudget": {"workspace": "theirs", "weekly_usd": 50},
    "WorkspaceMembership": {"workspace": "theirs", "user_ids": [user_id(JANE)]},
}
# For each input: what leads to another state, and what has to be done then.
CASES: dict[Kind, dict[str, tuple[Any, str]]] = {
    "Workspace": {
        "name": ("Other", "update"),
        "slug": ("other", "update"),
        "description": ("Production", "update"),
        "default_text_model": ("openai/gpt-4o", "update"),
        "default_image_model": ("openai/dall-e-3", "update"),
        "default_provider_sort": ("price", "update"),
        "is_observability_io_logging_enabled": (True, "update"),
        "is_observability_broadcast_enabled": (True, "update"),
        "is_data_discount_logging_enabled": (False, "update"),
        "io_logging_sampling_rate": (0.5, "update"),
        "io_logging_api_key_ids": ([7], "update"),
        "disabled_server_tools": (["openrouter:web_search"], "update"),
        "adopt": (True, "same"),
    },
    "WorkspaceBudget": {
        "workspace": ("other", "replace"),
        "daily_usd": (5, "update"),
        "weekly_usd": (60, "update"),
        "monthly_usd": (500, "update"),
        "lifetime_usd": (5000, "update"),
        "include_byok_in_budgets": (True, "update"),
        "exclusive": (True, "update"),
    },
    "WorkspaceMembership": {
        "workspace": ("other", "replace"),
        "user_ids": ([user_id(RAVI)], "update"),
        "emails": ([RAVI], "update"),
        "exclusive": (True, "update"),
        "skip_missing": (True, "same"),
    },
}


def keywords(kind: Kind) -> set[str]:
    """Name the inputs that a program can give."""
    parameters = inspect.signature(getattr(openrouter, kind).__init__).parameters.values()
    return {p.name for p in parameters if p.kind is p.KEYWORD_ONLY}


@pytest.fixture
def existing(process: ProviderProcess, somebody: Somebody) -> Callable[[Kind], Managed]:
    """Create a resource of a kind from BEFORE, with two workspaces that it can belong to."""

    def create(kind: Kind) -> Managed:
        for slug in ("theirs", "other"):
            somebody.creates(slug)
        resource = process.resource(kind)
        resource.up(**BEFORE[kind])
        return resource

    return create


@pytest.mark.parametrize("kind", KINDS)
def test_the_constructor_and_the_table_of_changes_name_the_same_inputs(kind: Kind) -> None:
    """An input that a program can give and no diff looks at would never change anything."""
    assert keywords(kind) == {one.name for one in DECLARATIONS[kind].inputs}


@pytest.mark.parametrize("kind", KINDS)
def test_the_constructor_and_the_cases_below_name_the_same_inputs(kind: Kind) -> None:
    """An input without a case of its own fails here."""
    assert keywords(kind) == set(CASES[kind])


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind in KINDS for name in CASES[kind]], ids=str
)
def test_a_difference_in_an_input_is_seen(
    existing: Callable[[Kind], Managed], kind: Kind, name: str
) -> None:
    """Each input leads to just the operation that the table of cases says, and passes check."""
    value, operation = CASES[kind][name]
    resource = existing(kind)
    inputs = {**BEFORE[kind], name: value}
    if name == "emails":
        del inputs["user_ids"]
    assert resource.diff(**BEFORE[kind]) == "same"
    assert resource.diff(**inputs) == operation


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (kind, one.name)
        for kind in KINDS
        for one in DECLARATIONS[kind].inputs
        if one.change is not Change.NONE
    ],
    ids=str,
)
def test_an_input_that_is_not_known_yet_counts_as_a_difference(
    existing: Callable[[Kind], Managed], kind: Kind, name: str
) -> None:
    """A preview never promises that nothing changes where it cannot know."""
    resource = existing(kind)
    inputs = {**BEFORE[kind], name: UNKNOWN}
    if name == "emails":
        del inputs["user_ids"]
    expected = "replace" if name == "workspace" else "update"
    assert resource.diff(**inputs) == expected


@pytest.mark.parametrize("kind", KINDS)
def test_the_outputs_that_a_program_sees_are_those_of_the_class(kind: Kind) -> None:
    """Every input but `adopt` can be read from the resource."""
    assert keywords(kind) - {"adopt"} <= {*DECLARATIONS[kind].state_outputs}
