"""The page of the sandbox: what a test, or a person with curl, can tell it."""

from __future__ import annotations

import inspect
import re
from typing import Any

from generator.markdown import block, code, one_line, page, read_docstring, table
from pulumi_openrouter.sandbox import Sandbox, seed
from pulumi_openrouter.sandbox.control import CONTROL_PREFIX, ROUTES
from pulumi_openrouter.sandbox.faults import Fault
from pulumi_openrouter.sandbox.schemas import Options

INTRO = """The sandbox is OpenRouter's Workspaces API on this machine, with the API's rules and
error messages. It runs as the command `pulumi-openrouter sandbox`, or as a context manager in
Python. Both take the same commands: a method of `Sandbox`, or a request without a key below
`/_sandbox`."""

EXAMPLE = """
from pulumi_openrouter.sandbox import Sandbox

with Sandbox() as sandbox:
    print(sandbox.environment)  # the variables that point a program at it
    lee = sandbox.add_person("lee@example.com")
    key = sandbox.add_key("default", name="CI", creator_user_id=lee)
    sandbox.change_person(lee, email="lee.ng@example.com", role="org:admin")
    sandbox.remove_person(lee)
    sandbox.delete_key(key)
    # The next create succeeds, but its answer is lost. Every other request is refused.
    sandbox.add_fault(method="POST", path="/workspaces", lose="answer")
    sandbox.add_fault(status=403, times=None)
"""


def sandbox_page() -> str:
    """Return the page of the sandbox."""
    methods = {
        name: one
        for name, one in vars(Sandbox).items()
        if inspect.isfunction(one) and not name.startswith("_")
    }
    properties = {n: one for n, one in vars(Sandbox).items() if isinstance(one, property)}
    return page(
        "Sandbox",
        INTRO,
        block("python", EXAMPLE),
        f"## Start it\n\n{start_text()}",
        table(
            ["Attribute", "Meaning"],
            [
                ("`key`", "The management key that clients must send."),
                *(
                    (code(name), one_line(inspect.getdoc(one) or ""))
                    for name, one in properties.items()
                    if not name.startswith("_")
                ),
            ],
        ),
        f"## Seed\n\n{seed_text()}",
        "## Methods",
        *(method_text(name, one) for name, one in methods.items()),
        f"## Faults\n\n{inspect.getdoc(Fault)}",
        f"## Options of the account\n\n{inspect.getdoc(Options)}",
    )


def start_text() -> str:
    """Return how the context manager is called."""
    text = inspect.getdoc(Sandbox) or ""
    return f"{block('text', call_of('Sandbox', Sandbox))}\n\n{text}"


def seed_text() -> str:
    """Return what a seed holds, from the documentation of its module."""
    text, _, example = (inspect.getdoc(seed) or "").partition("\n\n    ")
    first, _, rest = text.partition("\n\n")
    shown = inspect.cleandoc("    " + example)
    return f"{first}\n\n{rest}\n\n{block('yaml', shown)}"


def method_text(name: str, method: Any) -> str:
    """Return the section of a method, with the request that does the same."""
    if method.__name__ != name:
        return f"### `{name}`\n\nThe same as `{method.__name__}`."
    documented = read_docstring(method)
    parts = [f"### `{name}`", block("text", call_of(name, method)), documented.text]
    routes = [one for one in ROUTES if one.name == name]
    parts += [
        f"Over HTTP: `{next(iter((one.methods or set()) - {'HEAD'}))} {CONTROL_PREFIX}"
        f"{one.path.removeprefix(CONTROL_PREFIX)}`"
        for one in routes
    ]
    return "\n\n".join(parts)


def call_of(name: str, called: Any) -> str:
    """Return how something is called: its arguments with their defaults, without types."""
    found = []
    for parameter in inspect.signature(called).parameters.values():
        if parameter.name in {"self", "control"}:
            continue
        if parameter.kind is parameter.VAR_KEYWORD:
            found.append(f"**{parameter.name}")
        elif parameter.default is parameter.empty:
            found.append(parameter.name)
        else:
            default = "..." if callable(parameter.default) else repr(parameter.default)
            found.append(f"{parameter.name}={default}")
        if parameter.kind is parameter.KEYWORD_ONLY and "*" not in found:
            found.insert(-1, "*")
    return re.sub(r"\(\*, \*\*", "(**", f"{name}({', '.join(found)})")
