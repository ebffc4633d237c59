"""The command `pulumi-openrouter sandbox`: the sandbox until Ctrl-C."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pulumi_openrouter.sandbox.refusals import SandboxError

if TYPE_CHECKING:
    from pulumi_openrouter.sandbox.traffic import Record


@click.command(short_help="Serve OpenRouter's Workspaces API on this machine.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8787, show_default=True, help="Port to listen on; 0: any free one.")
@click.option(
    "--db",
    type=click.Path(dir_okay=False, path_type=Path),
    help="SQLite file that keeps the state; in memory without it.",
)
@click.option(
    "--seed",
    type=click.Path(dir_okay=False, path_type=Path),
    help="YAML file with what a new sandbox holds.",
)
@click.option("--key", help="Management key that clients must send.")
@click.option("--log", is_flag=True, help="Print a line for each request.")
def sandbox(  # noqa: PLR0917 - click passes the options by name
    host: str, port: int, db: Path | None, seed: Path | None, key: str | None, log: bool
) -> None:
    """Serve OpenRouter's Workspaces API on this machine, to try and to test against.

    It prints the variables that lead a program to it, and ends with Ctrl-C. Without --db it forgets
    everything then, while stacks still have it in their state: refresh them.

    Example:

    \b
        pulumi-openrouter sandbox --db acme.db --log
    """
    if not _is_loopback(host):
        click.echo(
            f"warning: {host} can be reached from other machines; programs that run there need "
            "https in front of it, because they accept plain http on their own machine only",
            err=True,
        )
    on_answer = _print_request if log else lambda _: None
    try:
        # Imported here because FastAPI takes a while to load and there are other commands.
        from pulumi_openrouter.sandbox import Sandbox

        with Sandbox(host, port, db, seed, key, on_answer=on_answer) as running:
            click.echo(f"OpenRouter sandbox at {running.url}, management key {running.key}")
            click.echo("Point a program at it with:")
            for name, value in running.environment.items():
                click.echo(f"export {name}={value}")
            running.wait()
    except (SandboxError, ModuleNotFoundError) as error:
        raise click.ClickException(str(error)) from error
    except KeyboardInterrupt:
        pass


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _print_request(record: Record) -> None:
    outcome = record.status or "lost"
    fault = f" ({record.fault})" if record.fault else ""
    query = f"?{record.query}" if record.query else ""
    click.echo(f"{record.method} {record.path}{query} {outcome}{fault}", err=True)
