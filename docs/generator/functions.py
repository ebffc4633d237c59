"""The page of the lookups, from their docstrings and the fields of what they return."""

from __future__ import annotations

import dataclasses
import inspect
from typing import Any

import pulumi_openrouter as openrouter
from generator.markdown import block, code, entries, page, read_docstring, table

INTRO = """Lookups read what exists at OpenRouter while the program runs. They use the settings of
the stack, and work in previews. Each has a second form that takes and returns outputs: use that one
if an argument is an output. A program that looks something up needs the key in every preview.

To look up a resource with all its outputs, see `get` on the page of the resource."""

EXAMPLE = """
import pulumi
import pulumi_openrouter as openrouter

default = openrouter.get_workspace("default")
admins = [m.id for m in openrouter.get_organization_members() if m.role == "org:admin"]
incidents = openrouter.Workspace("incidents", description="For whoever is on call")
openrouter.WorkspaceMembership("incidents", workspace=incidents, user_ids=admins)
pulumi.export("default", default.created_at)
"""


def functions_page() -> str:
    """Return the page of the lookups, and of the classes of what they return."""
    exported = {name: getattr(openrouter, name) for name in openrouter.__all__}
    functions = {n: one for n, one in exported.items() if inspect.isfunction(one)}
    plain = {n: one for n, one in functions.items() if not n.endswith("_output")}
    results = {n: one for n, one in exported.items() if dataclasses.is_dataclass(one)}
    return page(
        "Functions",
        INTRO,
        block("python", EXAMPLE),
        *(function_text(name, one, functions) for name, one in plain.items()),
        *(result_text(name, one) for name, one in results.items()),
    )


def function_text(name: str, function: Any, functions: dict[str, Any]) -> str:
    """Return the section of a function, with its second form."""
    documented = read_docstring(function)
    parts = [f"## `{name}`", block("text", signature(name, function)), documented.text]
    for title in ("Args", "Raises"):
        if title in documented.sections:
            label = "Arguments" if title == "Args" else title
            parts.append(f"{label}:\n\n{entries(documented.sections[title])}")
    with_outputs = f"{name}_output"
    if with_outputs in functions:
        form = signature(with_outputs, functions[with_outputs])
        parts.append(f"With outputs:\n\n{block('text', form)}")
    return "\n\n".join(parts)


def signature(name: str, function: Any) -> str:
    """Return a function's signature on one line, or with a line for each argument."""
    text = f"{name}{inspect.signature(function)}".replace("'", "")
    if len(text) <= 88:
        return text
    parameters = ",\n    ".join(str(p) for p in inspect.signature(function).parameters.values())
    returned = inspect.signature(function).return_annotation
    return f"{name}(\n    {parameters},\n) -> {returned}".replace("'", "")


def result_text(name: str, result: Any) -> str:
    """Return the section of a class, with a table of its fields."""
    documented = read_docstring(result)
    meanings = documented.sections["Attributes"]
    rows = [
        (code(field.name), code(str(field.type)), meanings[field.name])
        for field in dataclasses.fields(result)
    ]
    return "\n\n".join([f"## `{name}`", documented.text, table(["Field", "Type", "Meaning"], rows)])
