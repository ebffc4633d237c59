"""The command `pulumi-openrouter`: hands over to the subcommand that is named.

Each subcommand is imported when it is asked for, because it has libraries of its own to load. The
plain install has none of the command line's libraries; what is missing is named in one line.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import NoReturn, cast

COMMANDS = {
    "doctor": ("pulumi_openrouter.doctor", "doctor"),
    "import": ("pulumi_openrouter.importing.command", "import_"),
    "offline": ("pulumi_openrouter.offline.cli", "offline"),
    "sandbox": ("pulumi_openrouter.sandbox.command", "sandbox"),
}
"""The module of each subcommand, and the name of the command in it."""

EXTRA = frozenset(
    {"click", "cryptography", "fastapi", "rich", "ruamel", "starlette", "uvicorn", "yaml"}
)
"""The modules that the extra `sandbox` brings."""


def _exit_without(error: ModuleNotFoundError) -> NoReturn:
    missing = (error.name or "").partition(".")[0]
    if missing not in EXTRA:
        raise error
    sys.exit(
        f"error: pulumi-openrouter's commands need {missing}, which is not installed; "
        "run: pip install 'pulumi-openrouter[sandbox]'"
    )


try:
    import click
    from click.exceptions import NoArgsIsHelpError
except ModuleNotFoundError as error:
    _exit_without(error)


class CommandLine(click.Group):
    """A group that imports a subcommand when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names of the subcommands."""
        return sorted(COMMANDS)

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's signature
        cmd_name: str,
    ) -> click.Command | None:
        """Return a subcommand, or None if there is none of this name."""
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name]
        return cast("click.Command", getattr(import_module(module), name))


@click.group(cls=CommandLine, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="pulumi-openrouter")
def command_line() -> None:
    """Tools for Pulumi programs that manage OpenRouter workspaces."""


def main() -> None:
    """Run the command line and exit: 0 if all went well, 1 if not, 2 for wrong usage."""
    try:
        sys.exit(command_line.main(prog_name="pulumi-openrouter", standalone_mode=False) or 0)
    except ModuleNotFoundError as error:
        _exit_without(error)
    except click.ClickException as error:
        if isinstance(error, NoArgsIsHelpError):
            # Its message is the whole help.
            error.show()
            sys.exit(error.exit_code)
        if isinstance(error, click.UsageError) and error.ctx is not None:
            click.echo(error.ctx.get_usage(), err=True)
        click.echo(f"error: {error.format_message()}", err=True)
        sys.exit(error.exit_code)
    except click.Abort:
        sys.exit(130)
    except BrokenPipeError:
        # The reader has gone, as with `| head`; what is flushed at exit has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
