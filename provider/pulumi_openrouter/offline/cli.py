"""The command `pulumi-openrouter offline`, which runs the operations of a stack from a shell.

With `--json`, lines go to standard error, and standard output gets one object.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache, wraps
from pathlib import Path
from types import FrameType
from typing import Any, Concatenate, NoReturn, ParamSpec, TextIO

import click
from rich.console import Console

from pulumi_openrouter.offline.display.lines import OnEvent
from pulumi_openrouter.offline.display.live import live_display
from pulumi_openrouter.offline.display.tree import resource_tree
from pulumi_openrouter.offline.exceptions import (
    Diagnostic,
    OfflineError,
    OperationError,
    StateError,
)
from pulumi_openrouter.offline.project import find_project
from pulumi_openrouter.offline.stack import (
    OperationResult,
    OutputMap,
    Stack,
    StackSummary,
    choose_stack,
    create_or_select_stack,
    list_stacks,
)
from pulumi_openrouter.offline.state.import_file import read_import_file
from pulumi_openrouter.offline.values import values

P = ParamSpec("P")


_cwd = click.option(
    "--cwd",
    default=".",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The project's folder, or a folder inside it.",
)
_stack = click.option("-s", "--stack", help="The stack to work on; default: PULUMI_STACK.")
_config = click.option(
    "-c",
    "--config",
    multiple=True,
    metavar="KEY=VALUE",
    help="Set a configuration value for this run only; may be repeated.",
)
_as_json = click.option(
    "--json", "as_json", is_flag=True, help="Print the result as one JSON document on stdout."
)


def _operation(command: Callable[Concatenate[_Invocation, P], None]) -> Callable[..., None]:
    """Add the options that all operations have."""

    @_cwd
    @_stack
    @_config
    @click.option(
        "-p",
        "--parallel",
        type=click.IntRange(min=1),
        help="How many resources to work on at once.",
    )
    @_as_json
    @wraps(command)
    def invoke(
        cwd: Path,
        stack: str | None,
        config: tuple[str, ...],
        parallel: int | None,
        as_json: bool,
        *args: P.args,
        **own: P.kwargs,
    ) -> None:
        command(_Invocation(cwd, stack, config, parallel, as_json), *args, **own)

    return invoke


def _open(cwd: Path, name: str | None, config: tuple[str, ...]) -> Stack:
    stack = create_or_select_stack(choose_stack(find_project(cwd), name), cwd)
    for number, setting in enumerate(config, start=1):
        key, equals, value = setting.partition("=")
        if not (equals and all(part.strip() for part in key.split(":"))):
            # What is there instead may be a value that is secret, so it is not shown.
            lacks = "name before its =" if equals else "= between name and value"
            msg = f"--config number {number} has no {lacks}: write it as --config KEY=VALUE"
            raise click.UsageError(msg)
        stack.set_config(key, value)
    return stack


# An option of the commands that ask nothing; commands for the Pulumi CLI work with it unchanged.
_yes = click.option(
    "-y",
    "--yes",
    is_flag=True,
    expose_value=False,
    help="Accepted and not needed: only `destroy` asks.",
)
_expect_no_changes = click.option(
    "--expect-no-changes", is_flag=True, help="Fail if anything would change."
)
_refresh = click.option("-r", "--refresh", is_flag=True, help="Refresh the state first.")
_replace = click.option(
    "--replace", multiple=True, metavar="URN", help="Replace this resource; may be repeated."
)


@dataclass(frozen=True)
class _Targets:
    """The options that restrict an operation to some resources."""

    target: tuple[str, ...]
    target_dependents: bool


def _targeted(
    command: Callable[Concatenate[_Invocation, _Targets, P], None],
) -> Callable[..., None]:
    """Add the options that restrict an operation to some resources."""

    @click.option(
        "-t",
        "--target",
        multiple=True,
        metavar="URN",
        help="Work on this resource only; may be repeated. `*` and `**` are wildcards, and "
        "`resources --show-urns` prints the URNs.",
    )
    @click.option(
        "--target-dependents",
        is_flag=True,
        help="Take along the resources that depend on a target.",
    )
    @wraps(command)
    def invoke(
        run: _Invocation,
        target: tuple[str, ...],
        target_dependents: bool,
        *args: P.args,
        **own: P.kwargs,
    ) -> None:
        command(run, _Targets(target, target_dependents), *args, **own)

    return invoke


@click.group(short_help="Run Pulumi programs without the Pulumi CLI.")
def offline() -> None:
    """Preview, update, refresh and destroy Pulumi stacks without the Pulumi CLI.

    This runs the project's Python program and its dynamic resources. The state is kept in
    .pulumi-offline in the project folder; `export` prints it for `pulumi stack import`. A stack is
    named with --stack and begins with its first `up` or `import`:

    \b
        pulumi-openrouter offline preview --stack dev
        pulumi-openrouter offline up --stack dev
        pulumi-openrouter offline destroy --stack dev
    """


@offline.command()
@_operation
@_targeted
@_yes
@_expect_no_changes
@_refresh
@_replace
def preview(
    run: _Invocation,
    only: _Targets,
    expect_no_changes: bool,
    refresh: bool,
    replace: tuple[str, ...],
) -> None:
    """Show what `up` would do, changing nothing.

    With --refresh, compare the program with what is really there:

    \b
        pulumi-openrouter offline preview --refresh --stack dev
    """
    run(
        lambda stack, show: stack.preview(
            run.parallel,
            refresh,
            expect_no_changes,
            on_event=show,
            replace=replace,
            **asdict(only),
        )
    )


@offline.command()
@_operation
@_targeted
@_yes
@_expect_no_changes
@_refresh
@_replace
def up(
    run: _Invocation,
    only: _Targets,
    expect_no_changes: bool,
    refresh: bool,
    replace: tuple[str, ...],
) -> None:
    """Create, update and delete resources to match the program.

    With a configuration value for this run only:

    \b
        pulumi-openrouter offline up --stack dev --config team=blue
    """
    run(
        lambda stack, show: stack.up(
            run.parallel,
            refresh,
            expect_no_changes,
            on_event=show,
            replace=replace,
            **asdict(only),
        ),
        outputs=Stack.outputs,
    )


@offline.command()
@_operation
@_targeted
@_yes
@_expect_no_changes
@click.option(
    "--clear-pending-creates",
    is_flag=True,
    help="Drop creates that were interrupted from the state.",
)
def refresh(
    run: _Invocation, only: _Targets, expect_no_changes: bool, clear_pending_creates: bool
) -> None:
    """Update the saved state to match the live resources.

    The resources are only read:

    \b
        pulumi-openrouter offline refresh --stack dev
    """
    run(
        lambda stack, show: stack.refresh(
            run.parallel,
            expect_no_changes,
            on_event=show,
            clear_pending_creates=clear_pending_creates,
            **asdict(only),
        )
    )


@offline.command()
@_operation
@_targeted
@_refresh
@click.option(
    "-y",
    "--yes",
    is_flag=True,
    envvar="PULUMI_SKIP_CONFIRMATIONS",
    help="Do not ask; required where there is no terminal.",
)
@click.option(
    "-f",
    "--skip-preview",
    is_flag=True,
    help="Do not ask, and delete what can be deleted even if a resource is protected.",
)
def destroy(run: _Invocation, only: _Targets, refresh: bool, yes: bool, skip_preview: bool) -> None:
    """Delete all resources of the stack, or the targets.

    On a terminal, this shows what will be deleted and asks first. If a resource is protected,
    nothing is deleted, as with `pulumi destroy`, whose preview fails. In a script:

    \b
        pulumi-openrouter offline destroy --yes --stack dev
    """
    targets: Any = asdict(only)
    run(
        lambda stack, show: stack.destroy(run.parallel, refresh, on_event=show, **targets),
        first=None
        if skip_preview
        else lambda stack, show: stack.preview_destroy(
            run.parallel, refresh, on_event=show, **targets
        ),
        asks=not (yes or skip_preview),
    )


@offline.command(name="import")
@_operation
@_yes
@click.option(
    "--file",
    "file",
    required=True,
    type=click.File(encoding="utf-8"),
    help="The import file, as `pulumi import --file` takes it.",
)
@click.option(
    "--protect",
    type=bool,
    default=True,
    show_default=True,
    metavar="BOOLEAN",
    help="Protect what is imported until the next `up` of a program that does not protect it.",
)
def import_(run: _Invocation, file: TextIO, protect: bool) -> None:
    """Add resources that exist already to the state.

    Nothing is read or changed: the state gets the inputs and outputs of the import file. What is
    in the state already stays as it is, so the same file can be imported again. Then let `preview
    --refresh` compare the program with what is there:

    \b
        pulumi-openrouter offline import --file import.json --stack prod
        pulumi-openrouter offline preview --refresh --stack prod
    """

    entries = cache(lambda: read_import_file(file))
    run(
        lambda stack, show: stack.import_resources(
            *entries(), protect=protect, parallel=run.parallel, source=file.name, on_event=show
        ),
        first=lambda stack, show: stack.preview_import(
            *entries(), parallel=run.parallel, source=file.name, on_event=show
        ),
    )


@offline.command()
@_cwd
@_as_json
def stacks(cwd: Path, as_json: bool) -> None:
    """List the project's stacks.

    Each has the time of its last update and the number of its resources. A stack that has a
    configuration file and no state yet is listed as well. If the state of a stack cannot be read,
    an error says why, and the exit code is 1.

    \b
        pulumi-openrouter offline stacks
    """
    with _errors_in_one_line():
        found = list_stacks(cwd)
    if as_json:
        click.echo(json.dumps([_row(one) for one in found], indent=2))
    else:
        width = max([len("NAME"), *(len(one.name) for one in found)])
        click.echo(f"{'NAME':<{width}}  {'LAST UPDATE':<20}  RESOURCES")
        for one in found:
            time, count = one.last_update or "never", str(one.resource_count)
            time, count = ("unreadable", "-") if one.problem else (time, count)
            click.echo(f"{one.name:<{width}}  {time:<20}  {count}")
    problems = [one.problem for one in found if one.problem]
    for problem in problems:
        click.echo(f"error: {problem}", err=True)
    sys.exit(int(bool(problems)))


def _row(stack: StackSummary) -> dict[str, Any]:
    if stack.problem:
        return {"name": stack.name, "error": stack.problem}
    return {
        "name": stack.name,
        "lastUpdate": stack.last_update,
        "resourceCount": stack.resource_count,
    }


@offline.command()
@_cwd
@_stack
@_as_json
@click.option("--show-urns", is_flag=True, help="Print the URNs too, which --target takes.")
def resources(cwd: Path, stack: str | None, as_json: bool, show_urns: bool) -> None:
    """Show the resources in the state as a tree.

    Children stand below their components.

    \b
        pulumi-openrouter offline resources --show-urns --stack dev
    """
    with _errors_in_one_line():
        found = _open(cwd, stack, ()).resources()
    if as_json:
        click.echo(json.dumps([asdict(one) for one in found], indent=2))
        return
    for branch, one in resource_tree(found):
        click.echo(f"{branch}{one.type} {one.name}" + (f"  {one.urn}" if show_urns else ""))


@offline.command()
@_cwd
@_stack
@click.argument("name", required=False)
@_as_json
@click.option("--show-secrets", is_flag=True, help="Print secrets in plain text.")
def outputs(
    cwd: Path, stack: str | None, name: str | None, as_json: bool, show_secrets: bool
) -> None:
    """Print the outputs of the stack, or one of them.

    The value of the output NAME is printed as it is, for use in scripts:

    \b
        slug=$(pulumi-openrouter offline outputs slug --stack dev)
    """
    with _errors_in_one_line():
        found = _open(cwd, stack, ()).saved_outputs(name)
    shown = {
        key: values.REDACTED if one.secret and not show_secrets else one.value
        for key, one in sorted(found.items())
    }
    if as_json:
        content = shown if name is None else shown[name]
        click.echo(json.dumps(content, indent=2, ensure_ascii=False))
        return
    for key, value in shown.items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        click.echo(text if name is not None else f"{key}: {text}")


@contextmanager
def _errors_in_one_line() -> Iterator[None]:
    """Print an error of the engine in one line, and exit with 1."""
    try:
        yield
    except OfflineError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(1)


@offline.command()
@_cwd
@_stack
@click.option(
    "--for",
    "taker",
    type=click.File(encoding="utf-8"),
    help="The output of `pulumi stack export` for the stack that will import the state.",
)
@click.option("--show-secrets", is_flag=True, help="Print secrets in plain text.")
def export(cwd: Path, stack: str | None, taker: TextIO | None, show_secrets: bool) -> None:
    """Print the state, for `pulumi stack import`.

    Pulumi imports secrets only together with the secrets provider that will encrypt them. So a
    state that has any needs --for, and is printed with its secrets in plain text.

    \b
        pulumi stack export --stack prod > empty.json
        pulumi-openrouter offline export --stack prod --for empty.json | pulumi stack import
    """
    with _errors_in_one_line():
        document = asdict(_open(cwd, stack, ()).export_stack())
        if taker is not None:
            document["deployment"]["secrets_providers"] = _secrets_providers(taker)
        text = json.dumps(document, indent=4)
        if '"plaintext":' in text and not (taker or show_secrets):
            msg = (
                "the state holds secrets, which Pulumi imports only with --for; pass it a file "
                "with the output of `pulumi stack export` for the stack that will import them, or "
                "use --show-secrets to print them"
            )
            raise StateError(msg)
    click.echo(text)


def _secrets_providers(taker: TextIO) -> Any:
    try:
        return json.load(taker)["deployment"]["secrets_providers"]
    except (ValueError, KeyError, TypeError) as error:
        msg = f"{taker.name} names no secrets provider: it is not what `pulumi stack export` prints"
        raise StateError(msg) from error


@dataclass(frozen=True)
class _Invocation:
    """One run of a command that is an operation."""

    cwd: Path
    stack: str | None
    config: tuple[str, ...]
    parallel: int | None
    as_json: bool

    def __call__(
        self,
        operation: Callable[[Stack, OnEvent], OperationResult],
        *,
        first: Callable[[Stack, OnEvent], OperationResult] | None = None,
        asks: bool = False,
        outputs: Callable[[Stack], OutputMap] = lambda _: {},
    ) -> NoReturn:
        """Run an operation, show it and exit.

        `first` is a preview that must succeed before it, and `asks` whether to ask after that.
        """
        console = Console(stderr=self.as_json, highlight=False)
        interruption = _Interruption(console)
        result: OperationResult | OperationError
        try:
            stack = _open(self.cwd, self.stack, self.config)
            if asks:
                _require_terminal(console, stack)
            try:
                if first is not None:
                    with interruption.cancels(stack), _shown(console, quiet=not asks) as show:
                        first(stack, show)
                interruption.check()
                if asks:
                    _confirm(stack)
                with interruption.cancels(stack), live_display(console) as show:
                    result = operation(stack, show)
            except OperationError as error:
                result = error
            document = _document(result, outputs(stack))
        except OfflineError as error:
            click.echo(f"error: {error}", err=True)
            document = _document(_not_begun(str(error)), {})
        if self.as_json:
            click.echo(json.dumps(document, ensure_ascii=False))
        sys.exit(interruption.code or int(document["result"] == "failed"))


def _require_terminal(console: Console, stack: Stack) -> None:
    """Refuse to go on where nobody can be asked."""
    if not (sys.stdin.isatty() and console.file.isatty()):
        msg = (
            f"this would destroy resources of the stack {stack.name!r}, and there is no terminal "
            "to ask on; pass --yes to go on"
        )
        raise OfflineError(msg)


def _confirm(stack: Stack) -> None:
    if not click.confirm(f"Destroy all of this in the stack {stack.name!r}?", err=True):
        msg = "nothing was destroyed, as that was not confirmed"
        raise OfflineError(msg)


@contextmanager
def _shown(console: Console, *, quiet: bool) -> Iterator[OnEvent]:
    """Show a preview; with `quiet`, only if it fails."""
    if not quiet:
        with live_display(console) as show:
            yield show
        return
    try:
        yield lambda _event: None
    except OperationError as error:
        console.out(error.stdout, end="", highlight=False)
        raise


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
    return OperationError(message, [Diagnostic("error", "", message)])


class _Interruption:
    """Ends a run gently at the first Ctrl-C (or SIGTERM), and at once at the second.

    `code` is then the exit code of a program that was ended by that signal, as shells have it.
    """

    def __init__(self, console: Console) -> None:
        self.console = console
        self.code = 0

    @contextmanager
    def cancels(self, stack: Stack) -> Iterator[None]:
        """Let the two signals cancel the running operation of this stack."""

        def stop(number: int, _frame: FrameType | None) -> None:
            if self.code:
                self._leave()
            self.code = 128 + number
            message = "running steps are finished and saved; repeat to stop at once"
            self.console.print(f"canceling: {message}")
            stack.cancel()

        before = {one: signal.signal(one, stop) for one in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)

    def check(self) -> None:
        """Raise OperationError if the user has interrupted the preview, or what came after it."""
        if self.code:
            message = f"{click.get_current_context().info_name} canceled"
            raise _not_begun(message)

    def _leave(self) -> NoReturn:
        """End this process at once; the processes that it started then end by themselves."""
        if self.console.is_terminal:
            # The display has hidden the cursor and cannot show it again. Write to the terminal
            # directly, because the console may be in the middle of writing.
            os.write(self.console.file.fileno(), b"\x1b[?25h\n")
        os._exit(self.code)
