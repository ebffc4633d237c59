"""What the inputs of a Workspace have to keep, and the one line that says so.

The engine prints resource, property and value in front of the reason.
"""

from typing import Any

import pytest

from harness.checking import checked

Problems = list[tuple[str, str]]


def workspace(**inputs: Any) -> Problems:
    """Give the problems of a Workspace."""
    return checked("Workspace", {"name": "Acme", "slug": "acme", **inputs})[1]


SLUG = "a slug is 1 to 50 of a-z and 0-9 in parts joined by single hyphens; "
UUID_SLUG = "a UUID would be mistaken for the id of a workspace; choose a different slug"
NAME = "a name has 1 to 100 characters, not all blank; it has "
RATE = (
    "a sampling rate is from 0.0001 to 1 (every request); to log none, set "
    "is_observability_io_logging_enabled=False"
)
SORT = "a provider sort is one of price, throughput, latency, exacto; choose one, or omit it"
UNFIT = " is empty, or contains spaces or control characters; remove them"


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
