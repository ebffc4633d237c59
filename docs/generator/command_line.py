"""The page of the command line, from the commands themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from inspect import cleandoc
from textwrap import dedent

import click

from generator.markdown import block, code, one_line, page, table
from pulumi_openrouter.cli import command_line

PROGRAM = "pulumi-openrouter"

INTRO = """The extra `sandbox` brings the command: `pip install 'pulumi-openrouter[sandbox]'`.
Every command exits with 0 if all went well, 1 if it failed, and 2 for wrong usage."""

COMPLETION = """## Shell completion

Completion comes from the command itself. Add the line of your shell to its startup file:

```text
eval "$(_PULUMI_OPENROUTER_COMPLETE=bash_source pulumi-openrouter)"   # ~/.bashrc
eval "$(_PULUMI_OPENROUTER_COMPLETE=zsh_source pulumi-openrouter)"    # ~/.zshrc
_PULUMI_OPENROUTER_COMPLETE=fish_source pulumi-openrouter | source    # ~/.config/fish/config.fish
```

In zsh, `autoload -Uz compinit && compinit` has to come before it."""


def command_line_page() -> str:
    """Return the page of all commands."""
    root = click.Context(command_line, info_name=PROGRAM)
    return page("Command line", INTRO, *sections(command_line, root), COMPLETION)


def sections(command: click.Command, context: click.Context) -> Iterator[str]:
    """Yield the section of a command, and those of the commands in it."""
    if context.parent is not None:
        yield command_text(command, context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            if found is not None and not found.hidden:
                yield from sections(found, click.Context(found, info_name=name, parent=context))


def command_text(command: click.Command, context: click.Context) -> str:
    """Return the section of one command: usage, help and options."""
    usage = f"{context.command_path} {' '.join(command.collect_usage_pieces(context))}"
    level = "##" if context.parent is not None and context.parent.parent is None else "###"
    parts = [f"{level} `{context.command_path}`", block("text", usage), help_text(command)]
    rows = [
        record(parameter, context)
        for parameter in command.get_params(context)
        if isinstance(parameter, click.Option) and not parameter.hidden
    ]
    own = [row for row in rows if row[0] != "`--help`"]
    if own:
        parts.append(table(["Option", "Meaning", "Default"], own))
    return "\n\n".join(parts)


def help_text(command: click.Command) -> str:
    """Return the help of a command; a paragraph that click keeps as it is becomes a block."""
    paragraphs = re.split(r"\n{2,}", cleandoc(command.help or ""))
    return "\n\n".join(
        block("text", dedent(one.removeprefix("\b\n"))) if one.startswith("\b") else one_line(one)
        for one in paragraphs
    )


def record(option: click.Option, context: click.Context) -> tuple[str, str, str]:
    """Return the row of an option."""
    names = ", ".join(code(one) for one in (*option.opts, *option.secondary_opts))
    if not option.is_flag and not option.count:
        names += f" {code(option.make_metavar(context))}"
    default = option.to_info_dict()["default"]
    shown = code(str(default)) if isinstance(default, (int, str)) and not option.is_flag else ""
    return names, one_line(option.help or ""), "required" if option.required else shown
