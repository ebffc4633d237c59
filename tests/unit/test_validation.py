"""The rules that inputs have to keep, and the one line that a user sees for each.

The engine prints resource, property and value in front of the reason.
"""

from typing import Any

import pytest

from harness.providers import PROVIDER_TYPES
from pulumi_openrouter.lifecycle.properties import UNKNOWN

ID = "6b9d5f54-96e1-4f6e-9c0f-1d1f4f1f0001"

Problems = list[tuple[str, str]]
Inputs = dict[str, Any]


def checked(kind: str, inputs: Inputs, before: Inputs | None = None) -> tuple[Inputs, Problems]:
    """Return inputs in the form of the state, and the problems as property and reason.

    Nothing is owned and nothing has to be read, so there is no session.
    """
    lifecycle = PROVIDER_TYPES[kind].lifecycle_type(session=None)  # type: ignore[arg-type]
    result = lifecycle.check(before or {}, inputs)
    return result.inputs, result.problems


def workspace(**inputs: Any) -> Problems:
    """Return the problems of a Workspace."""
    return checked("Workspace", {"name": "Acme", "slug": "acme", **inputs})[1]


def budget(**inputs: Any) -> Problems:
    """Return the problems of a WorkspaceBudget."""
    return checked("WorkspaceBudget", {"workspace": ID, **inputs})[1]


def membership(**inputs: Any) -> Problems:
    """Return the problems of a WorkspaceMembership."""
    return checked("WorkspaceMembership", {"workspace": ID, **inputs})[1]


SLUG = "a slug is 1 to 50 of a-z and 0-9 in parts joined by single hyphens; "
UUID_SLUG = "a UUID would be mistaken for the id of a workspace; choose a different slug"
NAME = "a name has 1 to 100 characters, not all blank; it has "
RATE = (
    "a sampling rate is from 0.0001 to 1 (every request); to log none, set "
    "is_observability_io_logging_enabled=False"
)
SORT = "a provider sort is one of price, throughput, latency, exacto; choose one, or omit it"
UNFIT = " is empty, or contains spaces or control characters; remove them"
WORKSPACE = (
    "a workspace is given by its id (a UUID) or its slug (1 to 50 of a-z and 0-9 in parts joined "
    "by single hyphens); pass the Workspace itself, or copy the id from its settings page"
)
LIMIT = "a limit must be more than 0 USD; omit it to have none"
ONE_LIST = "a WorkspaceMembership takes either user_ids or emails; "
EMPTY = (
    "the list is empty; name at least one person, remove the resource, or set exclusive=True to "
    "have nobody in the workspace"
)
FINITE = "must be a finite number"


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        pytest.param("", SLUG + 'write, for example, "acme-prod"', id="empty"),
        pytest.param("Acme Prod", SLUG + 'write "acme-prod"', id="blanks-and-case"),
        pytest.param("acme--prod", SLUG + 'write "acme-prod"', id="two-hyphens"),
        pytest.param("acme-", SLUG + 'write "acme"', id="hyphen-at-the-end"),
        pytest.param("acme\n", SLUG + 'write "acme"', id="newline"),
        pytest.param("../acme", SLUG + 'write "acme"', id="dots-and-slash"),
        pytest.param("a%2fb", SLUG + 'write "a-2fb"', id="encoded-slash"),
        pytest.param("6b9d5f54-96e1-4f6e-9c0f-1d1f4f1f0001", UUID_SLUG, id="an-id"),
        pytest.param("x" * 51, SLUG + f'write "{"x" * 50}"', id="51-characters"),
    ],
)
def test_a_bad_slug_is_refused_with_a_good_one(value: str, reason: str) -> None:
    """The reason says the rule and proposes the nearest slug."""
    assert workspace(slug=value) == [("slug", reason)]


@pytest.mark.parametrize(
    ("inputs", "name", "reason"),
    [
        pytest.param({"name": ""}, "name", NAME + "0", id="empty-name"),
        pytest.param({"name": "x" * 101}, "name", NAME + "101", id="long-name"),
        pytest.param({"name": "  "}, "name", NAME + "2", id="blank-name"),
        pytest.param(
            {"name": "a\x00b"},
            "name",
            "U+0000 is a control character; remove it",
            id="nul-in-a-name",
        ),
        pytest.param(
            {"name": "a\nb"},
            "name",
            "U+000A is a control character; remove it",
            id="newline-in-a-name",
        ),
        pytest.param(
            {"description": "x" * 501},
            "description",
            "a description has at most 500 characters; it has 501: shorten it",
            id="long-description",
        ),
        pytest.param(
            {"description": "a\x1bb"},
            "description",
            "U+001B is a control character; remove it",
            id="escape-in-a-description",
        ),
        pytest.param(
            {"default_provider_sort": "cheapest"}, "default_provider_sort", SORT, id="sort"
        ),
        pytest.param(
            {"default_text_model": "a b"},
            "default_text_model",
            "'a b'" + UNFIT,
            id="blank-in-model",
        ),
        pytest.param(
            {"default_image_model": ""}, "default_image_model", "''" + UNFIT, id="empty-model"
        ),
        pytest.param(
            {"io_logging_sampling_rate": 0}, "io_logging_sampling_rate", RATE, id="rate-0"
        ),
        pytest.param(
            {"io_logging_sampling_rate": 1.1}, "io_logging_sampling_rate", RATE, id="rate-1.1"
        ),
        pytest.param(
            {"io_logging_sampling_rate": float("nan")},
            "io_logging_sampling_rate",
            "must be a finite number",
            id="rate-nan",
        ),
        pytest.param(
            {"io_logging_api_key_ids": [1, 1]},
            "io_logging_api_key_ids",
            "1 is in the list more than once; remove the duplicates",
            id="key-twice",
        ),
        pytest.param(
            {"io_logging_api_key_ids": [1.5]},
            "io_logging_api_key_ids",
            "must be a whole number, not a number (an item of the list)",
            id="half-a-key",
        ),
        pytest.param(
            {"disabled_server_tools": ["a", "a"]},
            "disabled_server_tools",
            "a is in the list more than once; remove the duplicates",
            id="tool-twice",
        ),
        pytest.param(
            {"is_observability_io_logging_enabled": "yes"},
            "is_observability_io_logging_enabled",
            "must be True or False, not a string",
            id="text-for-a-switch",
        ),
        pytest.param(
            {"description": 7},
            "description",
            "must be a string, not a number",
            id="number",
        ),
    ],
)
def test_a_bad_input_of_a_workspace_is_refused(
    inputs: dict[str, Any], name: str, reason: str
) -> None:
    """One problem, of that property, with rule and way out on one line."""
    assert workspace(**inputs) == [(name, reason)]
    assert "\n" not in reason


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        pytest.param(0, LIMIT, id="zero"),
        pytest.param(-1, LIMIT, id="negative"),
        pytest.param(float("nan"), FINITE, id="nan"),
        pytest.param(float("inf"), FINITE, id="infinite"),
        pytest.param("5", "must be a number, not a string", id="text"),
        pytest.param(True, "must be a number, not True or False", id="switch"),
    ],
)
@pytest.mark.parametrize("name", ["daily_usd", "weekly_usd", "monthly_usd", "lifetime_usd"])
def test_a_bad_limit_is_refused(name: str, value: object, reason: str) -> None:
    """One problem, of that interval."""
    assert budget(**{name: value}) == [(name, reason)]


@pytest.mark.parametrize(
    ("limits", "name", "rule"),
    [
        pytest.param(
            {"daily_usd": 5, "weekly_usd": 5},
            "daily_usd",
            "daily_usd (5) is not less than weekly_usd (5); lower daily_usd or raise weekly_usd",
            id="equal",
        ),
        pytest.param(
            {"weekly_usd": 600, "monthly_usd": 500},
            "weekly_usd",
            "weekly_usd (600) is not less than monthly_usd (500); lower weekly_usd or raise "
            "monthly_usd",
            id="neighbours",
        ),
        pytest.param(
            {"daily_usd": 20, "lifetime_usd": 10.5},
            "daily_usd",
            "daily_usd (20) is not less than lifetime_usd (10.5); lower daily_usd or raise "
            "lifetime_usd",
            id="far-apart",
        ),
    ],
)
def test_limits_out_of_order_are_refused_by_name(
    limits: dict[str, float], name: str, rule: str
) -> None:
    """The reason names both limits with their values."""
    reason = f"limits strictly decrease from lifetime to daily, but {rule}"
    assert budget(**limits) == [(name, reason)]


def test_limits_that_differ_little_are_told_apart() -> None:
    """Values that print alike in six digits are printed in full."""
    [(_, reason)] = budget(daily_usd=1000000.2, weekly_usd=1000000.1)
    assert "1000000.2" in reason
    assert "1000000.1" in reason


def test_a_budget_sets_a_limit() -> None:
    """Without one it is refused, and the reason lists what there is."""
    [(name, reason)] = budget(include_byok_in_budgets=True)
    assert name == "monthly_usd"
    assert reason.endswith(
        "pass daily_usd, weekly_usd, monthly_usd or lifetime_usd, or remove the resource"
    )


@pytest.mark.parametrize(
    "value", ["", "Acme", "../acme", "a%2fb", "acme?x=1", "acme#x", "x" * 51, ID[:-1] + "\n"]
)
def test_a_bad_workspace_is_refused(value: str) -> None:
    """What is neither an id nor a slug is refused, path characters before all."""
    assert budget(workspace=value, daily_usd=1) == [("workspace", WORKSPACE)]
    assert membership(workspace=value, user_ids=["user_1"]) == [("workspace", WORKSPACE)]


@pytest.mark.parametrize(
    ("inputs", "name", "reason"),
    [
        pytest.param(
            {"user_ids": ["user_1", "user_1"]},
            "user_ids",
            "user_1 is in the list more than once; remove the duplicates",
            id="id-twice",
        ),
        pytest.param(
            {"emails": ["Jane@example.com", "jane@example.com"]},
            "emails",
            "jane@example.com is in the list more than once; remove the duplicates",
            id="email-twice-in-another-case",
        ),
        pytest.param(
            {"user_ids": ["jane@example.com"]},
            "user_ids",
            '"jane@example.com" is an email address; pass it in emails=[...] instead of user_ids',
            id="email-for-id",
        ),
        pytest.param(
            {"emails": ["user_1"]},
            "emails",
            '"user_1" is not an email address; pass user ids in user_ids=[...] instead of emails',
            id="id-for-email",
        ),
        pytest.param({"user_ids": ["user 1"]}, "user_ids", "'user 1'" + UNFIT, id="blank-in-id"),
        pytest.param({"user_ids": ["a@b\n"]}, "user_ids", "'a@b\\n'" + UNFIT, id="newline-in-id"),
        pytest.param({"user_ids": []}, "user_ids", EMPTY, id="nobody"),
        pytest.param(
            {"emails": [], "exclusive": False}, "emails", EMPTY, id="nobody-not-exclusive"
        ),
        pytest.param(
            {"user_ids": ["user_1"], "emails": ["jane@example.com"]},
            "emails",
            ONE_LIST + "remove one of the two lists",
            id="both-lists",
        ),
        pytest.param(
            {},
            "user_ids",
            ONE_LIST + "pass one of the two lists",
            id="no-list",
        ),
    ],
)
def test_a_bad_list_of_people_is_refused(inputs: dict[str, Any], name: str, reason: str) -> None:
    """One problem, of that list, naming who it is about."""
    assert membership(**inputs) == [(name, reason)]


def test_all_problems_come_at_once() -> None:
    """One check names every property that is wrong."""
    found = workspace(slug="A", name="", default_provider_sort="x", io_logging_sampling_rate=2)
    names = {"slug", "name", "default_provider_sort", "io_logging_sampling_rate"}
    assert {name for name, _ in found} == names


def test_an_input_of_an_item_is_named_by_its_list() -> None:
    """A problem's property is one that a program can give, never a place inside of it."""
    assert {name for name, _ in membership(user_ids=["a b", "c d"])} == {"user_ids"}


@pytest.mark.parametrize(
    "inputs",
    [
        {"name": "x" * 100, "description": "x" * 500},
        {"name": "Zoë 🚀 日本", "description": "line\nline\ttab"},
        {"description": ""},
        {"slug": "x" * 50},
        {"io_logging_sampling_rate": 0.0001},
        {"io_logging_sampling_rate": 1},
        {"io_logging_api_key_ids": []},
    ],
    ids=["longest", "unicode", "empty-description", "longest-slug", "least", "most", "no-keys"],
)
def test_what_the_api_allows_is_allowed(inputs: dict[str, Any]) -> None:
    """Values at their bounds pass as they are."""
    given = {"name": "Acme", "slug": "acme", **inputs}
    assert checked("Workspace", given) == (given, [])


@pytest.mark.parametrize("limit", [1e-9, 0.01, 1e15])
def test_any_positive_limit_is_allowed(limit: float) -> None:
    """There is no largest and no smallest one."""
    assert budget(daily_usd=limit) == []


def test_the_canonical_form() -> None:
    """Lists sorted, ids and emails in lower case, numbers whole, switches that are off left out."""
    assert checked(
        "Workspace",
        {"name": "A", "slug": "a", "io_logging_api_key_ids": [3, 1], "adopt": False},
    )[0] == {"name": "A", "slug": "a", "io_logging_api_key_ids": [1, 3]}
    assert checked(
        "WorkspaceMembership",
        {"workspace": ID.upper(), "emails": ["B@x.org", "a@x.org"], "exclusive": False},
    )[0] == {"workspace": ID, "emails": ["a@x.org", "b@x.org"]}


def test_what_a_preview_does_not_know_is_passed_through() -> None:
    """An unknown value is neither refused nor lost; a list known in part keeps its unknown part."""
    inputs, problems = checked(
        "WorkspaceMembership", {"workspace": UNKNOWN, "user_ids": ["user_1", UNKNOWN]}
    )
    assert problems == []
    assert inputs == {"workspace": UNKNOWN, "user_ids": ["user_1", UNKNOWN]}


@pytest.mark.parametrize(
    "problems",
    [
        pytest.param(
            budget(workspace=UNKNOWN, daily_usd=0), id="a-limit-beside-an-unknown-workspace"
        ),
        pytest.param(
            budget(daily_usd=5, weekly_usd=UNKNOWN, monthly_usd=4),
            id="limits-around-an-unknown-one",
        ),
        pytest.param(
            membership(user_ids=["user_1", UNKNOWN, "user_1"]),
            id="somebody-twice-around-an-unknown",
        ),
        pytest.param(workspace(slug="A", name=UNKNOWN), id="a-slug-beside-an-unknown-name"),
        pytest.param(membership(user_ids=UNKNOWN, emails=["a@x.org"]), id="two-lists-one-unknown"),
    ],
)
def test_what_is_known_is_validated_beside_what_is_not(problems: Problems) -> None:
    """A mistake is seen in the first preview that can see it."""
    assert len(problems) == 1


@pytest.mark.parametrize(
    "problems",
    [
        pytest.param(budget(daily_usd=UNKNOWN), id="a-limit"),
        pytest.param(membership(user_ids=UNKNOWN), id="a-list"),
        pytest.param(membership(user_ids=[], exclusive=UNKNOWN), id="exclusive"),
        pytest.param(membership(user_ids=[UNKNOWN]), id="the-only-person"),
    ],
)
def test_an_unknown_value_may_still_make_it_right(problems: Problems) -> None:
    """Nothing is refused that could turn out to be fine."""
    assert problems == []


def test_a_required_input_without_a_value_is_refused() -> None:
    """An output that turns out to be None is no workspace."""
    assert checked("WorkspaceBudget", {"daily_usd": 1})[1] == [("workspace", "a value is required")]
