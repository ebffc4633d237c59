"""Which requests a fault means, and how a patch is merged into an answer."""

import pytest

from pulumi_openrouter.sandbox.faults import Fault, deep_merge


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("/workspaces", "/workspaces", True),
        ("/workspaces", "/workspaces/acme", False),
        ("/workspaces/*", "/workspaces/acme", True),
        ("/workspaces/*", "/workspaces", False),
        ("/workspaces/*", "/workspaces/acme/budgets", False),
        ("/workspaces/*/members/add", "/workspaces/acme/members/add", True),
        ("/workspaces/**", "/workspaces/acme/members/add", True),
        ("/workspaces/**", "/workspaces", True),
        ("/workspaces/**", "/organization/members", False),
        ("/**", "/anything/at/all", True),
        ("/workspaces/a b", "/workspaces/a b", True),
    ],
)
def test_path_pattern_matches_segments(pattern: str, path: str, expected: bool) -> None:
    """`*` stands for one segment, `**` at the end for any rest."""
    fault = Fault(path=pattern, status=500)
    assert fault.matches("GET", path.split("/")[1:]) is expected


@pytest.mark.parametrize(("method", "expected"), [("*", True), ("GET", True), ("POST", False)])
def test_method_matches_itself_or_any(method: str, expected: bool) -> None:
    """A fault means one method, or with `*` any."""
    assert Fault(method=method, status=500).matches("GET", ["workspaces"]) is expected


@pytest.mark.parametrize(
    ("value", "patch", "merged"),
    [
        ({"a": 1, "b": 2}, {"b": 3, "c": 4}, {"a": 1, "b": 3, "c": 4}),
        ({"a": {"x": 1}}, {"a": {"y": 2}}, {"a": {"x": 1, "y": 2}}),
        ({"a": [{"x": 1}, {"x": 2}]}, {"a": {"x": 0}}, {"a": [{"x": 0}, {"x": 0}]}),
        ({"a": [1]}, {"a": [2, 3]}, {"a": [2, 3]}),
        ({"a": {"x": 1}}, {"a": None}, {"a": None}),
    ],
    ids=["objects", "nested objects", "each item of a list", "list for list", "null"],
)
def test_merge_follows_the_shape(value: object, patch: object, merged: object) -> None:
    """Objects merge, an object is merged into each item of a list, all else is replaced."""
    assert deep_merge(value, patch) == merged
