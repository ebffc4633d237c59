"""Comparing two sets of properties, path by path.

The planner compares inputs by itself where a provider does not say whether anything changed; the
display shows what changed and how.
"""

from dataclasses import dataclass
from typing import Any, Literal

from pulumi_openrouter.offline.values.paths import Path
from pulumi_openrouter.offline.values.values import PropertyMap, is_object, plain, unwrap

Kind = Literal["+", "-", "~"]

_ABSENT = object()


@dataclass(slots=True, frozen=True)
class Change:
    """A value that was added, removed or changed; secrets among them keep their marks."""

    path: Path
    kind: Kind
    old: Any = None
    new: Any = None


def compare(old: PropertyMap, new: PropertyMap) -> list[Change]:
    """Return the differences, each at the deepest path that contains all of it."""
    changes: list[Change] = []
    _compare([], old, new, changes)
    return changes


def _compare(path: Path, old: Any, new: Any, changes: list[Change]) -> None:
    if old is _ABSENT:
        changes.append(Change(path, "+", new=new))
    elif new is _ABSENT:
        changes.append(Change(path, "-", old=old))
    elif _both(is_object, old, new):
        for key in sorted({*old, *new}):
            _compare([*path, key], old.get(key, _ABSENT), new.get(key, _ABSENT), changes)
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            before = old[index] if index < len(old) else _ABSENT
            after = new[index] if index < len(new) else _ABSENT
            _compare([*path, index], before, after, changes)
    elif plain(old) != plain(new) or isinstance(unwrap(old)[0], bool) != isinstance(
        unwrap(new)[0], bool
    ):
        # True equals 1 in Python, but not in Pulumi.
        changes.append(Change(path, "~", old, new))


def _both(test: Any, old: Any, new: Any) -> bool:
    return bool(test(old) and test(new))
