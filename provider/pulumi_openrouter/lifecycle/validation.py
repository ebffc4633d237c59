"""Inputs against the declaration of their resource, by a pydantic model made from it.

`check` sends every input through here before anything is planned, so a mistake is seen in the
preview. A reason says the rule and the way out; the Pulumi CLI prints resource, property and value
in front of it. What a preview does not know yet is left out and validated when it is known.
"""

from __future__ import annotations

import functools
from types import GenericAlias
from typing import Annotated, Any, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError, create_model

from pulumi_openrouter.lifecycle.declaration import Declaration, Input, LeftOut
from pulumi_openrouter.lifecycle.properties import Properties, is_unknown, known_items

_TYPES = {
    "string_type": "a string",
    "bool_type": "True or False",
    "float_type": "a number",
    "int_type": "a whole number",
    "list_type": "a list",
}
"""How a person calls the types that pydantic asks for."""

_KINDS = {
    "NoneType": "None",
    "bool": "True or False",
    "dict": "a mapping",
    "float": "a number",
    "int": "a number",
    "list": "a list",
    "str": "a string",
}
"""How a person calls the types that Pulumi carries."""


def validate(
    declaration: Declaration, news: Properties
) -> tuple[Properties, list[tuple[str, str]]]:
    """Return the inputs in the form that is compared and stored, or what is wrong with which.

    Unknown values are passed through; of a list that is known in part, the known part is validated.
    """
    unknown = {name: value for name, value in news.items() if is_unknown(value)}
    known = {name: value for name, value in news.items() if name not in unknown}
    known |= {name: items for name, value in unknown.items() if (items := known_items(value))}
    required = declaration.left_out_as(LeftOut.REQUIRED, LeftOut.DEFAULT)
    problems = [(name, "a value is required") for name in required if name not in news]
    try:
        model = _model(declaration).model_validate(known)
    except ValidationError as error:
        return {}, problems + [_problem(details) for details in error.errors(include_url=False)]
    inputs = model.model_dump(exclude_unset=True, exclude_none=True)
    # False is what a switch is when it is left out.
    switches = declaration.left_out_as(LeftOut.FALSE)
    inputs = {n: value for n, value in inputs.items() if not (n in switches and value is False)}
    return inputs | unknown, problems


@functools.cache
def _model(declaration: Declaration) -> type[BaseModel]:
    fields: Any = {one.name: (_annotation(one) | None, None) for one in declaration.inputs}
    config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
    return create_model(declaration.name, __config__=config, **fields)


def _annotation(one: Input) -> Any:
    kind: Any = one.type
    if one.item_rule is not None:
        item: Any = Annotated[get_args(kind)[0], AfterValidator(one.item_rule)]
        kind = GenericAlias(list, (item,))
    return kind if one.rule is None else Annotated[kind, AfterValidator(one.rule)]


def _problem(details: Any) -> tuple[str, str]:
    cause = details.get("ctx", {}).get("error")
    reason = str(cause) if isinstance(cause, ValueError) else _type_problem(details)
    return str(details["loc"][0]), reason


def _type_problem(details: Any) -> str:
    """Return what type a value must have and which it has; the value may be secret."""
    if details["type"] not in _TYPES:
        # The type is right, but the number is not finite.
        return str(details["msg"]).replace("Input should be", "must be", 1)
    wanted = _TYPES[details["type"]]
    found = type(details["input"]).__name__
    kind = _KINDS.get(found, found)
    item = " (an item of the list)" if len(details["loc"]) > 1 else ""
    return f"must be {wanted}, not {kind}{item}"
