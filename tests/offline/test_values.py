"""Values on their way between program, provider and state, and the paths into them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_openrouter.offline.values import paths, values
from pulumi_openrouter.offline.values.values import UNKNOWN, secret

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text("abc.[", max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)
VALUES = st.recursive(
    PLAIN,
    lambda inner: st.builds(secret, inner) | st.lists(inner, max_size=3),
    max_leaves=4,
)
MAPS = st.dictionaries(st.text("abcd", min_size=1, max_size=2), VALUES, max_size=4)


@given(MAPS)
def test_values_survive_grpc(properties: dict[str, Any]) -> None:
    """What is sent over gRPC arrives as it was."""
    assert values.from_struct(values.to_struct(properties)) == properties


@given(MAPS)
def test_values_survive_the_state(properties: dict[str, Any]) -> None:
    """What is saved comes back as it was, secrets as secrets."""
    assert values.from_state(values.to_state(properties)) == properties


@given(MAPS)
def test_nothing_shown_has_a_secret_in_it(properties: dict[str, Any]) -> None:
    """A redacted value holds no secret mark, so nothing that one protected."""
    assert not values.contains_secret(values.redacted(properties))


@given(MAPS)
def test_a_provider_s_answer_gets_its_secret_marks_back(properties: dict[str, Any]) -> None:
    """Whatever property had a secret inside has one again after the provider echoed it bare."""
    answer = values.for_provider(properties, keep_unknowns=True)
    assert not values.contains_secret(answer)
    values.annotate_secrets(answer, properties)
    for key, value in properties.items():
        assert values.contains_secret(answer[key]) == values.contains_secret(value)
    assert values.plain(answer) == values.plain(properties)


def test_whole_numbers_are_ints_as_far_as_doubles_are_exact() -> None:
    """5.0 becomes 5; what a double cannot hold to the last digit stays a float."""
    numbers = values.from_struct(values.to_struct({"a": 5.0, "b": 2.0**60, "c": 0.5}))
    assert [type(one) for one in numbers.values()].count(int) == 1
    assert numbers == {"a": 5, "b": 2.0**60, "c": 0.5}


def test_unknowns_are_for_previews_only() -> None:
    """Outside a preview a property with an unknown inside is left out, as the real engine does."""
    properties = {"known": 1, "not": UNKNOWN, "inside": {"list": [UNKNOWN]}}
    assert values.for_provider(properties, keep_unknowns=True) == properties
    assert values.for_provider(properties, keep_unknowns=False) == {"known": 1}


def test_a_reference_to_a_resource_is_its_id_to_a_provider() -> None:
    """A dynamic provider takes no references: it gets the id, or the URN of what has none."""
    reference = {values.SIGNATURE: values.RESOURCE_REFERENCE, "urn": "urn:x", "id": secret("i-1")}
    component = {values.SIGNATURE: values.RESOURCE_REFERENCE, "urn": "urn:y"}
    sent = values.for_provider({"one": reference, "two": [component]}, keep_unknowns=False)
    assert sent == {"one": "i-1", "two": ["urn:y"]}


PATHS = {
    "a": ["a"],
    "a.b": ["a", "b"],
    "a[0].b": ["a", 0, "b"],
    'a["b.c"]': ["a", "b.c"],
    '["a\\"b"]': ['a"b'],
    "*": ["*"],
    "a[*].b": ["a", "*", "b"],
    "a[-1]": ["a", -1],
    ".a": None,
    "a[": None,
    "a.": None,
    "a[x]": None,
}


@pytest.mark.parametrize(("text", "expected"), PATHS.items(), ids=[repr(one) for one in PATHS])
def test_paths_are_read(text: str, expected: paths.PropertyPath | None) -> None:
    """A path's text gives its keys and indexes; what is no path gives none."""
    assert paths.parse(text) == expected


COVERED = {
    "itself": ("a.b", "a.b", True),
    "what is below": ("a", "a.b[0]", True),
    "not what is above": ("a.b", "a", False),
    "any key": ("*.b", "a.b", True),
    "any index": ("a[*].b", "a[3].b", True),
    "not a sibling": ("a.b", "a.c", False),
    "not a key for an index": ("a[1]", 'a["1"]', False),
}


@pytest.mark.parametrize(("path", "other", "expected"), COVERED.values(), ids=COVERED)
def test_a_path_covers(path: str, other: str, expected: bool) -> None:
    """A path covers itself and all below it; a star stands for any key or index."""
    mine, theirs = paths.parse(path), paths.parse(other)
    assert mine
    assert theirs
    assert paths.covers(mine, theirs) is expected


RESETS: dict[str, tuple[str, Any, Any, Any, bool]] = {
    "a value": ("a", {"a": 1}, {"a": 2}, {"a": 1}, True),
    "a removed value": ("a", {"a": 1}, {}, {"a": 1}, True),
    "an added value": ("a", {}, {"a": 2}, {}, True),
    "an inner value": ("a.b", {"a": {"b": 1}}, {"a": {"b": 2}}, {"a": {"b": 1}}, True),
    "an inner value of something that went": ("a.b", {"a": {"b": 1}}, {}, {}, False),
    "an inner value of something that came": ("a.b", {}, {"a": {"b": 1}}, {"a": {}}, True),
    "an inner value of nothing": ("a.b", {}, {}, {}, True),
    "an element": ("a[1]", {"a": [1, 2]}, {"a": [3, 4]}, {"a": [3, 2]}, True),
    "an element that came": ("a[1]", {"a": [1]}, {"a": [3, 4]}, {"a": [3, 4]}, False),
    "an element of nothing": ("a[1]", {"a": 1}, {"a": 2}, {"a": 2}, True),
    "everything": ("*", {"a": 1}, {"a": 2, "b": 3}, {"a": 1}, True),
    "every element": ("a[*]", {"a": [1, 2]}, {"a": [3, 4]}, {"a": [1, 2]}, True),
    "every element of a longer list": ("a[*]", {"a": [1]}, {"a": [3, 4]}, {"a": [1, 4]}, False),
    "a key of every element": (
        "a[*].b",
        {"a": [{"b": 1}, {"b": 2}]},
        {"a": [{"b": 3}, {"b": 4}]},
        {"a": [{"b": 1}, {"b": 2}]},
        True,
    ),
    "a secret": ("a", {"a": secret(1)}, {"a": 2}, {"a": secret(1)}, True),
    "a value inside a secret": (
        "a.b",
        {"a": secret({"b": 1})},
        {"a": {"b": 2}},
        {"a": {"b": secret(1)}},
        True,
    ),
    "a value between two secrets": (
        "a.b",
        {"a": secret({"b": 1})},
        {"a": secret({"b": 2})},
        {"a": secret({"b": 1})},
        True,
    ),
}


@pytest.mark.parametrize(("path", "old", "new", "expected", "done"), RESETS.values(), ids=RESETS)
def test_a_path_is_put_back(path: str, old: Any, new: Any, expected: Any, done: bool) -> None:
    """Resetting a path puts its old value back, or says that there is no place for it."""
    parsed = paths.parse(path)
    assert parsed
    assert paths.reset(parsed, old, new) is done
    assert new == expected
