"""Inputs as a program writes them, made into what Pulumi can carry.

Collections become lists and Decimals become floats. What is of no use in any case ends the program
with one line, before anything is registered; rules of values are the provider's, in `check`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from inspect import isawaitable
from typing import cast

import pulumi

_PLAIN = (str, int, float, bool, type(None))


def prepare(label: str, inputs: Mapping[str, object]) -> dict[str, object]:
    """Return the inputs of a resource in the types that Pulumi carries.

    A list with outputs in it becomes one output, so that the whole list is secret if one item is.

    Args:
        label: The resource as messages name it, such as `Workspace "chat"`.
        inputs: The inputs by name.

    Raises:
        pulumi.RunError: A value has a type that no input can have.
    """
    return {name: _prepared(f"{label}: {name}", value) for name, value in inputs.items()}


def label_of(kind: str, resource_name: object) -> str:
    """Return a resource as messages name it, such as `Workspace "chat"`.

    Raises:
        pulumi.RunError: The name is not a string.
    """
    if not isinstance(resource_name, str) or not resource_name:
        found = "an empty string" if resource_name == "" else f"{resource_name!r}"
        msg = f"{kind}: the first argument is the name of the resource, a string, not {found}"
        raise pulumi.RunError(msg)
    return f'{kind} "{resource_name}"'


def check_options(
    label: str, opts: object, *, reads: bool = False
) -> pulumi.ResourceOptions | None:
    """Return the options of a resource.

    Raises:
        pulumi.RunError: They are something else, or ask for an import.
    """
    if opts is None:
        return None
    if not isinstance(opts, pulumi.ResourceOptions):
        msg = (
            f"{label}: the second argument is pulumi.ResourceOptions, not {type(opts).__name__}; "
            "pass inputs by keyword, as in name=..."
        )
        raise pulumi.RunError(msg)
    if opts.import_ is not None and not reads:
        msg = (
            f"{label}: import_ does not work for dynamic resources. To take over what exists, run "
            "`pulumi-openrouter import` and `pulumi import --file`, or set adopt=True on the "
            "Workspace, or run once with OPENROUTER_ADOPT_EXISTING=1; budgets and memberships "
            "take over what they name."
        )
        raise pulumi.RunError(msg)
    return opts


def _refuse_what_does_not_travel(label: str, value: object) -> None:
    try:
        if isinstance(value, str):
            value.encode()
        elif isinstance(value, int) and float(value) != value:
            msg = f"{label} is too large to be exact: Pulumi carries numbers as 64-bit floats"
            raise pulumi.RunError(msg)
    except UnicodeEncodeError:
        msg = f"{label} contains half of a surrogate pair, which is no character; remove it"
        raise pulumi.RunError(msg) from None
    except OverflowError:
        msg = f"{label} is too large for a number; choose a smaller one"
        raise pulumi.RunError(msg) from None


def _prepared(label: str, value: object) -> object:
    if isinstance(value, pulumi.Resource):
        msg = f"{label} must not be a resource; pass one of its outputs"
        raise pulumi.RunError(msg)
    if isinstance(value, (*_PLAIN, pulumi.Output)):
        _refuse_what_does_not_travel(label, value)
        return value
    if isinstance(value, Decimal):
        if not value.is_finite():
            msg = f"{label} must be a number that is finite, not {value}"
            raise pulumi.RunError(msg)
        return float(value)
    if isawaitable(value):
        return pulumi.Output.from_input(cast("str", value))
    if isinstance(value, Iterable) and not isinstance(value, (Mapping, bytes)):
        items = [_prepared(f"{label}[{index}]", item) for index, item in enumerate(value)]
        if any(isinstance(item, pulumi.Output) for item in items):
            return pulumi.Output.all(*items)
        return items
    msg = f"{label} has a value of type {type(value).__name__}, which no input can have"
    raise pulumi.RunError(msg)
