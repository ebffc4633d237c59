"""Property bags: what travels between the engine and a lifecycle.

A bag holds JSON values by name, and in a preview `UNKNOWN` where a value, or an item of a list, is
not known yet. Null stands nowhere in a bag: what has no value is left out. Names that begin with
two underscores are Pulumi's own or ours, and never an input of the user (`hints`).
"""

from __future__ import annotations

from typing import Any

Properties = dict[str, Any]


class Unknown:
    """A value that a preview does not know yet."""


UNKNOWN = Unknown()


def is_unknown(value: object) -> bool:
    """Return whether a preview does not know this value, or a part of it, yet."""
    if isinstance(value, list):
        return any(is_unknown(item) for item in value)
    return isinstance(value, Unknown)


def known_items(value: object) -> list[Any]:
    """Return the items of a list that a preview knows; none of a list that is unknown itself."""
    items = value if isinstance(value, list) else []
    return [item for item in items if not is_unknown(item)]


def user_inputs(props: Properties) -> Properties:
    """Return the properties without Pulumi's own and ours."""
    return {name: value for name, value in props.items() if not name.startswith("__")}


def is_get(props: Properties) -> bool:
    """Return whether a read is of something that the stack does not manage.

    Such a read has no old outputs, while a refresh always has some.
    """
    return not user_inputs(props)
