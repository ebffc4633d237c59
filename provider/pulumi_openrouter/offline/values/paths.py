"""Property paths, as `ignore_changes` and `replace_on_changes` name them.

A path is written `a.b`, `a[0]` or `a["b.c"]`, with `*` for every key or index. The rules, also
those about secrets, are Pulumi's.
"""

import copy
import re
from typing import Any

from pulumi_openrouter.offline.values.values import (
    PropertyMap,
    is_object,
    is_secret,
    secret,
    unwrap,
)

Key = str | int
PropertyPath = list[Key]

_SEGMENT = re.compile(r'\.?\[(?:"((?:[^"\\]|\\.)*)"|(\*)|(-?\d+))\]|\.?([^.\[]+)')


def parse(text: str) -> PropertyPath | None:
    """Return the keys and indexes of a path, or None where the text is not one."""
    path: PropertyPath = []
    position = 0
    while position < len(text):
        match = _SEGMENT.match(text, position)
        if match is None or (position == 0 and text[0] == "."):
            return None
        quoted, star, index, name = match.groups()
        if index is not None:
            path.append(int(index))
        elif quoted is not None:
            path.append(quoted.replace('\\"', '"'))
        else:
            path.append(star or name)
        position = match.end()
    return path


def covers(path: PropertyPath, other: PropertyPath) -> bool:
    """Return whether `other` is at or below `path`."""
    return len(path) <= len(other) and all(
        mine in ("*", theirs) for mine, theirs in zip(path, other, strict=False)
    )


def reset(path: PropertyPath, old: PropertyMap, new: PropertyMap) -> bool:
    """Put the value of `old` at this path back into `new`, which is changed in place.

    Return False where that cannot be done, because one side has no such element.
    """
    return bool(path) and _reset(path, old, new, old_secret=False, new_secret=False)


def put_back(
    ignored: list[str], old: PropertyMap, new: PropertyMap
) -> tuple[PropertyMap, list[str]]:
    """Return a copy of `new` with old values at the ignored paths, and where this is impossible."""
    result = copy.deepcopy(new)
    parsed = [(text, parse(text)) for text in ignored]
    return result, [text for text, path in parsed if path and not reset(path, old, result)]


def _reset(path: PropertyPath, old: Any, new: Any, *, old_secret: bool, new_secret: bool) -> bool:
    old, marked = unwrap(old)
    old_secret = old_secret or marked
    new, marked = unwrap(new)
    new_secret = new_secret or marked
    hide = old_secret and not new_secret
    key, rest = path[0], path[1:]
    if key == "*":
        if rest:
            return _reset_each(rest, old, new, old_secret=old_secret, new_secret=new_secret)
        return _restore_all(old, new, hide=hide)
    if not rest:
        return _restore(key, old, new, hide=hide)
    if _has(new, key) and (_has(old, key) or (is_object(old) and is_object(new))):
        before = old[key] if _has(old, key) else None
        return _reset(rest, before, new[key], old_secret=old_secret, new_secret=new_secret)
    return _absent(key, old, new)


def _absent(key: Key, old: Any, new: Any) -> bool:
    """Return whether neither side has anything at this key, and nothing is to be put back."""
    if isinstance(key, int):
        return not isinstance(old, list) and not isinstance(new, list)
    if is_object(old) and is_object(new):
        return key not in old
    return not is_object(old) and not is_object(new)


def _has(container: Any, key: Key) -> bool:
    if isinstance(key, int):
        return isinstance(container, list) and 0 <= key < len(container)
    return is_object(container) and key in container


def _copied(value: Any, *, hide: bool) -> Any:
    return secret(value) if hide and not is_secret(value) else value


def _restore(key: Key, old: Any, new: Any, *, hide: bool) -> bool:
    there = _has(old, key)
    possible = there == _has(new, key) if isinstance(key, int) else is_object(new)
    if possible and there:
        new[key] = _copied(old[key], hide=hide)
    elif possible and not isinstance(key, int):
        new.pop(key, None)
    return possible or not (there or isinstance(key, int))


def _restore_all(old: Any, new: Any, *, hide: bool) -> bool:
    if is_object(new):
        if is_object(old):
            new.clear()
            new.update({key: _copied(value, hide=hide) for key, value in old.items()})
        return True
    if not isinstance(new, list):
        return False
    if not isinstance(old, list):
        return True
    for index, value in enumerate(old[: len(new)]):
        new[index] = _copied(value, hide=hide)
    return len(old) == len(new)


def _reset_each(
    rest: PropertyPath, old: Any, new: Any, *, old_secret: bool, new_secret: bool
) -> bool:
    if is_object(old) and is_object(new):
        pairs = [(value, new.get(key)) for key, value in old.items()]
        complete = set(old) <= set(new)
    elif isinstance(old, list) and isinstance(new, list):
        pairs = list(zip(old, new, strict=False))
        complete = len(old) == len(new)
    else:
        return False
    done = all(
        _reset(rest, before, after, old_secret=old_secret, new_secret=new_secret)
        for before, after in pairs
    )
    return done and complete
