"""The command `pulumi-openrouter offline`, which runs the operations of a stack from a shell.

Lines go to a terminal in colour with what runs below them, to anything else as they are. With
`--json` they go to standard error, and standard output gets one object.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn, TextIO, TypeVar

import click
from rich.console import Console

from pulumi_openrouter.offline.display.live import LiveDisplay
from pulumi_openrouter.offline.errors import (
    Diagnostic,
    OfflineError,
    OperationError,
    StateError,
)
from pulumi_openrouter.offline.project import choose_stack, find_project
from pulumi_openrouter.offline.results import OperationResult, OutputMap
from pulumi_openrouter.offline.stack import Stack, create_or_select_stack
from pulumi_openrouter.offline.values import values

Command = TypeVar("Command", bound=Callable[..., Any])

_COMMON = (
    click.option(
        "--cwd",
        default=".",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        help="The project's folder, or a folder inside it.",
    ),
    click.option(
        "-s", "--stack", "stack_name", help="The stack to work on; default: PULUMI_STACK."
    ),
    click.option(
        "-c",
        "--config",
        multiple=True,
        metavar="KEY=VALUE",
        help="Set a configuration value for this run only; may be repeated.",
    ),
)
_RUNNING = (
    *_COMMON,
    click.option(
        "-p",
        "--parallel",
        type=click.IntRange(min=1),
        help="How many resources to work on at once.",
    ),
    click.option(
        "--json", "as_json", is_flag=True, help="Print the result as one JSON object on stdout."
    ),
    click.option(
        "-y", "--yes", is_flag=True, help="Accepted for compatibility: nothing is ever asked."
    ),
)
_EXPECT = click.option("--expect-no-changes", is_flag=True, help="Fail if anything would change.")
_REPLACE = click.option(
    "--replace", multiple=True, metavar="URN", help="Replace this resource; may be repeated."
)
_REFRESH = click.option("-r", "--refresh", is_flag=True, help="Refresh the state first.")


def _with(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    def decorate(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


@click.group()
def offline() -> None:
    """Preview, update, refresh and destroy Pulumi stacks without the Pulumi CLI.

    This runs the project's Python program and its dynamic resources. The state is kept in
    .pulumi-offline in the project folder, unencrypted; `export` prints it for `pulumi stack
    import`.
    """


@offline.command()
@_with(*_RUNNING, _EXPECT, _REFRESH, _REPLACE)
def preview(**options: Any) -> None:
    """Show what `up` would do."""
    _operate("preview", options)


@offline.command()
@_with(*_RUNNING, _EXPECT, _REFRESH, _REPLACE)
def up(**options: Any) -> None:
    """Create, update and delete resources to match the program."""
    _operate("up", options)


@offline.command()
@_with(
    *_RUNNING,
    _EXPECT,
    click.option(
        "--clear-pending-creates",
        is_flag=True,
        help="Drop creates that were interrupted from the state.",
    ),
)
def refresh(**options: Any) -> None:
    """Update the saved state to match the live resources."""
    _operate("refresh", options)


@offline.command()
@_with(
    *_RUNNING,
    _REFRESH,
    click.option(
        "-f",
        "--skip-preview",
        is_flag=True,
        help="Delete what can be deleted, even if a resource is protected.",
    ),
)
def destroy(skip_preview: bool, **options: Any) -> None:
    """Delete all resources of the stack.

    If a resource is protected, nothing is deleted, as with `pulumi destroy`, whose preview fails.
    """
    _operate("destroy", options, first=None if skip_preview else "preview_destroy")


@offline.command()
@_with(
    *_COMMON,
    click.option(
        "--for",
        "taker",
        type=click.File(encoding="utf-8"),
        help="The output of `pulumi stack export` for the stack that will import the state.",
    ),
)
def export(taker: TextIO | None, **options: Any) -> None:
    """Print the state, including secrets, for `pulumi stack import`.

    Pulumi imports secrets only together with the secrets provider that will encrypt them: use --for
    if the state has any.
    """
    with _explained():
        document = asdict(_stack(options).export_stack())
        if taker is not None:
            document["deployment"]["secrets_providers"] = _secrets_providers(taker)
        text = json.dumps(document, indent=4)
        if '"plaintext":' in text and "secrets_providers" not in document["deployment"]:
            msg = (
                "warning: the state holds secrets, which Pulumi takes only with --for: give it a "
                "file with what `pulumi stack export` prints of the stack that is to take them"
            )
            click.echo(msg, err=True)
        click.echo(text)


def _secrets_providers(taker: TextIO) -> Any:
    try:
        return json.load(taker)["deployment"]["secrets_providers"]
    except (ValueError, KeyError, TypeError) as error:
        msg = f"{taker.name} names no secrets provider: it is not what `pulumi stack export` prints"
        raise StateError(msg) from error


def _operate(operation: str, options: dict[str, Any], first: str | None = None) -> None:
    """Run an operation, show it and exit. `first` names another that must succeed before it."""
    as_json = options.pop("as_json")
    options.pop("yes")
    console = Console(stderr=as_json, highlight=False)
    interruption = _Interruption(console)
    try:
        stack = _stack(options)
        with interruption.cancels(stack):
            result = _run(stack, operation, first, options, interruption)
        document = _document(result, stack.outputs() if operation == "up" else {})
    except OfflineError as error:
        click.echo(f"error: {error}", err=True)
        document = _document(_not_begun(str(error)), {})
    if as_json:
        click.echo(json.dumps(document, ensure_ascii=False))
    sys.exit(interruption.code or int(document["result"] == "failed"))


def _run(
    stack: Stack,
    operation: str,
    first: str | None,
    options: dict[str, Any],
    interruption: _Interruption,
) -> OperationResult | OperationError:
    """Run an operation and return what came of it; an OperationError has been shown already."""
    try:
        if first is not None:
            _previewed(getattr(stack, first), options, interruption.console)
        if interruption.code:
            return _not_begun(f"{operation} canceled")
        return _shown(getattr(stack, operation), options, interruption.console)
    except OperationError as error:
        return error


def _previewed(
    method: Callable[..., OperationResult], options: dict[str, Any], console: Console
) -> None:
    """Run a preview that is shown only where it fails."""
    try:
        method(**options)
    except OperationError as error:
        console.out(error.stdout, end="", highlight=False)
        raise


def _shown(
    method: Callable[..., OperationResult], options: dict[str, Any], console: Console
) -> OperationResult:
    if not console.is_terminal:
        stream = console.file

        def write(line: str) -> None:
            stream.write(line + "\n")
            stream.flush()

        return method(on_output=write, **options)
    with LiveDisplay(console) as display:
        return method(on_output=display.write, on_event=display.follow, **options)


def _stack(options: dict[str, Any]) -> Stack:
    folder, name = options.pop("cwd"), options.pop("stack_name")
    stack = create_or_select_stack(choose_stack(find_project(folder), name), folder)
    for setting in options.pop("config"):
        key, equals, value = setting.partition("=")
        if not equals:
            msg = f"--config {setting!r}: expected KEY=VALUE"
            raise click.UsageError(msg)
        stack.set_config(key, value)
    return stack


def _document(result: OperationResult | OperationError, outputs: OutputMap) -> dict[str, Any]:
    if isinstance(result, OperationError):
        outcome, changes = "failed", result.resource_changes
    else:
        outcome, changes = result.summary.result, result.summary.resource_changes
    return {
        "result": outcome,
        "summary": {"resource_changes": changes},
        "steps": [asdict(one) for one in result.steps],
        "outputs": {
            key: values.REDACTED if one.secret else one.value for key, one in outputs.items()
        },
        "diagnostics": [asdict(one) for one in result.diagnostics],
    }


def _not_begun(message: str) -> OperationError:
    """Return the error of an operation that could not even begin."""
    return OperationError(message, [Diagnostic("error", "", message)], {}, [], "")


@contextmanager
def _explained() -> Iterator[None]:
    """Print an error as one line and exit with code 1."""
    try:
        yield
    except OfflineError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(1)


class _Interruption:
    """Ends a run gently at the first Ctrl-C (or TERM), at once at the second.

    `code` is then what a shell expects of a program that a signal has ended.
    """

    def __init__(self, console: Console) -> None:
        self.console = console
        self.code = 0

    @contextmanager
    def cancels(self, stack: Stack) -> Iterator[None]:
        """Have the signals cancel the operation of this stack."""

        def stop(number: int, _frame: FrameType | None) -> None:
            if self.code:
                self._leave()
            self.code = 128 + number
            self.console.print("canceling: what runs is finished and saved; once more to kill it")
            stack.cancel()

        before = {one: signal.signal(one, stop) for one in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)

    def _leave(self) -> NoReturn:
        """End at once. The processes that were started end with this one."""
        if self.console.is_terminal:
            # The display hides the cursor, and has no chance to show it again. The console may be
            # in the middle of writing, so this goes past it.
            os.write(self.console.file.fileno(), b"\x1b[?25h\n")
        os._exit(self.code)
