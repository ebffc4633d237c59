"""The command `pulumi-openrouter import`."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import click

from pulumi_openrouter.errors import ConfigurationError, OpenRouterError
from pulumi_openrouter.importing.files import (
    IMPORT_FILE,
    check_folder,
    check_successor,
    write_files,
)
from pulumi_openrouter.importing.managed import read_states
from pulumi_openrouter.importing.planning import EMAILS, USER_IDS, Plan, plan
from pulumi_openrouter.importing.reading import Progress, ReadOnlyTransport, reading_organization
from pulumi_openrouter.lifecycle.session import Session
from pulumi_openrouter.registry import RESOURCES, declaration_of
from pulumi_openrouter.settings import KEY_VARIABLES, Settings
from pulumi_openrouter.text import counted

STACK = "prod"
"""The stack of the commands that are printed."""

PARTIAL = (
    "This program has only what you asked for, so give it a stack of its own: in a stack that "
    "manages more, `pulumi up` would delete the rest."
)

ENDING = (
    "The import sends no request to OpenRouter and protects each resource until the first `pulumi "
    "up`, which lifts the protection and changes nothing else. Later you can import again: that "
    "adds what is new, what the stack manages already stays as it is, and the preview shows where "
    "it differs. On a file backend, 750 resources take about a minute."
)


@click.command("import", short_help="Write a program for what the organization has.")
@click.option(
    "--out",
    "folder",
    required=True,
    type=click.Path(path_type=Path),
    help="The folder for the program, the import file and, if there is none, the project.",
)
@click.option(
    "--by",
    type=click.Choice(["emails", "user-ids"]),
    default="emails",
    show_default=True,
    help="How memberships name people.",
)
@click.option(
    "--only", multiple=True, metavar="SLUG", help="Read just this workspace; may be repeated."
)
@click.option(
    "--except-state",
    "states",
    multiple=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="Leave out what a stack manages: a file with the output of `pulumi stack export "
    "--show-secrets`; may be repeated.",
)
@click.option("--force", is_flag=True, help="Replace a program and an import file that exist.")
@click.option(
    "--json", "as_json", is_flag=True, help="Print the result as one JSON object on stdout."
)
def import_(  # noqa: PLR0917 - click passes the options by name
    folder: Path,
    by: str,
    only: tuple[str, ...],
    states: tuple[Path, ...],
    force: bool,
    as_json: bool,
) -> None:
    """Write the program and the import file for the workspaces that exist already.

    The command reads the organization of the management key in OPENROUTER_MANAGEMENT_KEY and
    changes nothing there. Then `pulumi import --file` brings the workspaces, their limits and their
    members under the management of a stack as they are.

    \b
    Examples:
        pulumi-openrouter import --out openrouter
        pulumi-openrouter import --out audit --except-state prod.json --json

    With --except-state for every stack of the organization, the result is what nobody manages.
    """
    try:
        check_folder(folder, force=force)
        managed = read_states(states)
        settings = _settings()
        with closing(ReadOnlyTransport(settings)) as transport:
            session = Session(settings, lambda _: None, transport)
            form = EMAILS if by == "emails" else USER_IDS
            with (
                _progress() as show,
                reading_organization(settings, transport, only=only, progress=show) as organization,
            ):
                planned = plan(organization, session, by=form, managed=managed)
            requests = transport.sent
        partial = bool(only or states)
        files = []
        if planned.blocks:
            check_successor(folder, planned.resources, partial=partial, ids=organization.ids)
            files = write_files(folder, planned, force=force)
    except OpenRouterError as error:
        raise click.ClickException(str(error)) from error
    except KeyboardInterrupt:
        # Requests that wait to be repeated would keep the process for minutes.
        os._exit(130)
    commands = _commands(folder) if files else []
    if as_json:
        document = _document(planned, files, commands, requests)
        click.echo(json.dumps(document, ensure_ascii=False))
    else:
        _print_summary(planned, files, commands, requests, partial=partial)
        if files and partial:
            _print_wrapped(PARTIAL)


def _settings() -> Settings:
    if not any(os.environ.get(name, "").strip() for name in KEY_VARIABLES):
        msg = (
            "No OpenRouter management key: this command reads no stack config. Export "
            f"{KEY_VARIABLES[0]}."
        )
        raise ConfigurationError(msg)
    return Settings.load(lambda _: None, os.environ)


@contextmanager
def _progress() -> Iterator[Progress]:
    """Show a bar on a terminal, and nothing anywhere else."""
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    # Imported here because it takes a while to load.
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("Reading workspaces"), BarColumn(), MofNCompleteColumn())
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("", total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)


def _commands(folder: Path) -> list[str]:
    """Return the next commands, which work in any folder."""
    place = f"--cwd {shlex.quote(str(folder.resolve()))}"
    stack = f"{place} --stack {STACK}"
    return [
        f"pulumi stack select --create {STACK} {place}",
        f"pulumi import --file {IMPORT_FILE} --generate-code=false --yes {stack}",
        f"pulumi preview --refresh --expect-no-changes {stack}",
        f"pulumi up {stack}",
    ]


def _counts(planned: Plan) -> dict[str, int]:
    names = [declaration_of(one).name for one in RESOURCES]
    return {name: planned.count(name) for name in names}


def _document(
    planned: Plan,
    files: Sequence[Path],
    commands: Sequence[str],
    requests: int,
) -> dict[str, Any]:
    return {
        "read": {"workspaces": planned.read, "requests": requests},
        "counts": _counts(planned),
        "resources": [
            {"type": one.type, "name": one.name, "id": one.id, "inputs": one.inputs}
            for one in planned.resources
        ],
        "notes": planned.notes,
        "files": [str(file) for file in files],
        "commands": [*commands],
    }


def _print_summary(
    planned: Plan,
    files: Sequence[Path],
    commands: Sequence[str],
    requests: int,
    *,
    partial: bool,
) -> None:
    click.echo(f"Read {counted(planned.read, 'workspace')} with {counted(requests, 'request')}.")
    for note in planned.notes:
        click.echo(f"Note: {_visible(note)}")
    if not files:
        click.echo("There is nothing to import, so no file was written.")
        return
    workspaces, budgets, memberships = _counts(planned).values()
    click.echo(
        f"The program has {counted(workspaces, 'workspace')}, {counted(budgets, 'budget')} and "
        f"{counted(memberships, 'membership')}."
    )
    if partial:
        for one in planned.resources:
            click.echo(f"    {one.type} {one.name}")
    for file in files:
        click.echo(f"Wrote {file}")
    click.echo("\nNext:\n")
    for command in commands:
        click.echo(f"    {command}")
    place = files[0].parent.resolve()
    click.echo("\nWithout the Pulumi CLI, the offline engine takes the same file:\n")
    click.echo(
        f"    pulumi-openrouter offline import --file {shlex.quote(str(place / IMPORT_FILE))} "
        f"--cwd {shlex.quote(str(place))} --stack {STACK}"
    )
    _print_wrapped(ENDING)


def _print_wrapped(text: str) -> None:
    click.echo(f"\n{click.wrap_text(text, min(shutil.get_terminal_size().columns, 100))}")


def _visible(text: str) -> str:
    """Return a text with characters that a terminal would not show, or would obey, escaped."""
    return "".join(one if one.isprintable() else repr(one)[1:-1] for one in text)
