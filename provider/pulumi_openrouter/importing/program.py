"""The program: Python as a person would write it, and as formatters leave it."""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Iterator, Mapping, Sequence

from pulumi_openrouter.importing.planning import USER_IDS, Block, Resource

WIDTH = 88
"""The length of a line that the usual formatters allow."""

_INDENT = " " * 4
_MODULES = ("pulumi", "openrouter")
_TAKEN = frozenset((*keyword.kwlist, *keyword.softkwlist, *dir(builtins), *_MODULES, "l"))
"""What a variable may not be called; an l looks like a 1."""

_HEAD = '"""The OpenRouter workspaces of the organization."""\n'

_KEPT = (
    "# Everybody in the organization is in the default workspace, which cannot be deleted:\n"
    "# retain_on_delete keeps it when it is taken out of this program.\n"
)
_KEPT_PART = "# It stays with the default workspace when it is taken out of this program.\n"


def program_text(blocks: Sequence[Block]) -> str:
    """Return the program that declares these resources."""
    retained = any(block.is_default and block.resources for block in blocks)
    imports = "import pulumi\n" * retained + "import pulumi_openrouter as openrouter\n"
    return "\n".join([_HEAD, imports, *(_block(block) for block in blocks)])


def variable(slug: str) -> str:
    """Return a name for a variable that no other slug has and that hides nothing.

    A slug begins and ends with a letter or a digit, and has no underscore in it.
    """
    name = slug.replace("-", "_")
    if name[0].isdigit():
        return f"_{name}"
    return f"{name}_" if name in _TAKEN else name


def _block(block: Block) -> str:
    return "".join(_statements(block))


def _statements(block: Block) -> Iterator[str]:
    options = ["opts=pulumi.ResourceOptions(retain_on_delete=True)"] if block.is_default else []
    workspace = block.workspace
    if workspace is not None:
        given = {k: v for k, v in workspace.inputs.items() if (k, v) != ("name", workspace.name)}
        target = f"{variable(block.slug)} = " if block.parts else ""
        yield _KEPT if block.is_default else ""
        yield target + _call(workspace, [*_arguments(given), *options])
    for part in block.parts:
        given = dict(part.inputs)
        place = given.pop("workspace")
        reference = _text(place) if workspace is None else variable(block.slug)
        yield _KEPT_PART if block.is_default and workspace is None else ""
        arguments = _arguments(given, block.people)
        yield _call(part, [f"workspace={reference}", *arguments, *options])


def _arguments(inputs: Mapping[str, object], people: Mapping[str, str] | None = None) -> list[str]:
    return [
        f"{name}={_list(value, people if name == USER_IDS else None)}"
        if isinstance(value, list)
        else f"{name}={_literal(value)}"
        for name, value in inputs.items()
    ]


def _call(resource: Resource, arguments: Sequence[str]) -> str:
    """Return a call with one argument on each line, which formatters leave as it is."""
    lines = [_text(resource.name), *arguments]
    body = "".join(f"{_INDENT}{line},\n" for line in lines)
    return f"openrouter.{resource.type}(\n{body})\n"


def _list(items: Sequence[object], people: Mapping[str, str] | None) -> str:
    """Return a list on one line if it is short, else with one item on each line.

    User ids say nothing to a reader, so each has the email address behind it.
    """
    if not items:
        return "[]"
    emails = {} if people is None else people
    lines = []
    for item in items:
        email = emails.get(str(item), "")
        comment = f"  # {email}" if email.isprintable() and email else ""
        lines.append(f"{_INDENT * 2}{_literal(item)},{comment}\n")
    short = f"[{', '.join(map(_literal, items))}]"
    # Formatters count the columns of wide characters, so a line with any is broken in any case.
    if len(items) == 1 and "  # " not in lines[0] and short.isascii() and len(short) < WIDTH // 2:
        return short
    return f"[\n{''.join(lines)}{_INDENT}]"


def _literal(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return _text(value) if isinstance(value, str) else repr(value)


def _text(value: str) -> str:
    """Return a string literal with the quotes that formatters choose: those with fewer escapes."""
    # With both kinds of quotes in it, repr() escapes the single ones and only those.
    body = repr(value + "'\"")[1:-4]
    if value.count('"') > value.count("'"):
        return f"'{body}'"
    return '"' + body.replace("\\'", "'").replace('"', '\\"') + '"'
