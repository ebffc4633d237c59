"""Comparing two sets of properties, path by path."""

from dataclasses import dataclass
from typing import Any, Literal

from pulumi_openrouter.offline.values.paths import PropertyPath
from pulumi_openrouter.offline.values.values import PropertyMap, is_object, plain, unwrap

_ABSENT = object()


@dataclass(slots=True, frozen=True)
class Difference:
    """A value that was added (`+`), removed (`-`) or changed (`~`); secrets keep their marks."""

    path: PropertyPath
    kind: Literal["+", "-", "~"]
    old: Any = None
    new: Any = None


def compare(old: PropertyMap, new: PropertyMap) -> list[Difference]:
    """Return the differences, each at the deepest path that contains all of it."""
    return _compare([], old, new)


def _compare(path: PropertyPath, old: Any, new: Any) -> list[Difference]:
    if old is _ABSENT:
        return [Difference(path, "+", new=new)]
    if new is _ABSENT:
        return [Difference(path, "-", old=old)]
    if is_object(old) and is_object(new):
        befores, afters, keys = old, new, sorted({*old, *new})
    elif isinstance(old, list) and isinstance(new, list):
        befores, afters = dict(enumerate(old)), dict(enumerate(new))
        keys = sorted({*befores, *afters})
    else:
        return [] if _equal(old, new) else [Difference(path, "~", old, new)]
    return [
        one
        for key in keys
        for one in _compare([*path, key], befores.get(key, _ABSENT), afters.get(key, _ABSENT))
    ]


def _equal(old: Any, new: Any) -> bool:
    # True equals 1 in Python, but not in Pulumi.
    same_kind = isinstance(unwrap(old)[0], bool) == isinstance(unwrap(new)[0], bool)
    return bool(same_kind and plain(old) == plain(new))
