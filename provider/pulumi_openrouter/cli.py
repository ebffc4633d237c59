"""The command `pulumi-openrouter`: hands over to the subcommand that is named.

Nothing but the standard library is imported before it is known what is wanted: the plain install
has none of the command line's libraries, and each subcommand only those it needs. What is missing
is named in one line, as is every other error.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    import click

COMMANDS = {
    "offline": "pulumi_openrouter.offline.commands",
    "sandbox": "pulumi_openrouter.sandbox.command",
}
"""The module of each subcommand; the command in it has the subcommand's name."""

EXTRA = frozenset({"click", "fastapi", "rich", "starlette", "uvicorn", "yaml"})
"""The modules that the extra `sandbox` brings."""


def main() -> None:
    """Run the command line and exit: 0 if all went well, 1 if not, 2 for wrong usage."""
    try:
        sys.exit(_run())
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in EXTRA:
            raise
    print(  # noqa: T201 - click may be what is missing
        f"error: pulumi-openrouter's commands need {missing}, which is not installed; "
        "run: pip install 'pulumi-openrouter[sandbox]'",
        file=sys.stderr,
    )
    sys.exit(1)


def _run() -> int:
    import click

    try:
        return int(_command_line().main(prog_name="pulumi-openrouter", standalone_mode=False) or 0)
    except click.ClickException as error:
        if isinstance(error, click.UsageError) and error.ctx is not None:
            click.echo(error.ctx.get_usage(), err=True)
        click.echo(f"error: {error.format_message()}", err=True)
        return error.exit_code
    except click.Abort:
        return 130
    except BrokenPipeError:
        # The reader has gone, as with `| head`; what is flushed at exit has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _command_line() -> click.Group:
    import click

    class CommandLine(click.Group):
        """A group that imports a subcommand when it is asked for."""

        def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
            return sorted(COMMANDS)

        def get_command(
            self,
            ctx: click.Context,  # noqa: ARG002 - click's signature
            cmd_name: str,
        ) -> click.Command | None:
            if cmd_name not in COMMANDS:
                return None
            return cast("click.Command", getattr(import_module(COMMANDS[cmd_name]), cmd_name))

    group = CommandLine(help="Tools for Pulumi programs that manage OpenRouter workspaces.")
    return click.version_option(package_name="pulumi-openrouter")(group)
