"""The Python interface of the engine: a stack that can be previewed, updated and destroyed.

It has the shape of `pulumi.automation`, so that one test can drive either engine.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.text import Text

from pulumi_openrouter.offline.display.events import Event, LineEvent
from pulumi_openrouter.offline.display.lines import Lines, error_lines
from pulumi_openrouter.offline.exceptions import Diagnostic, OperationError, StepRecord
from pulumi_openrouter.offline.project import (
    ConfigValue,
    OperationOptions,
    checked_stack_name,
    find_project,
    read_config,
)
from pulumi_openrouter.offline.running.operation import Operation
from pulumi_openrouter.offline.state.model import STACK_TYPE, Resource
from pulumi_openrouter.offline.state.store import StateStore
from pulumi_openrouter.offline.values import values
from pulumi_openrouter.offline.values.values import PropertyMap

OnOutput = Callable[[str], None]
OnEvent = Callable[[Event], None]

# Operations that change nothing.
_QUIET = frozenset({"same", "read", "discard", "read-replacement"})


@dataclass(slots=True, frozen=True)
class OutputValue:
    """A stack output; `secret` is true if the value is a secret or has one inside."""

    value: Any
    secret: bool


OutputMap = dict[str, OutputValue]


@dataclass(slots=True, frozen=True)
class Summary:
    """The outcome of an operation.

    `resource_changes` counts by Pulumi's names of operations: create, same, update, replace,
    delete and so on; the stack itself counts too.
    """

    kind: str
    result: str
    resource_changes: dict[str, int]


@dataclass(slots=True, frozen=True)
class OperationResult:
    """The result of an operation: its output, summary, steps and messages."""

    stdout: str
    summary: Summary
    steps: list[StepRecord] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)


@dataclass(slots=True, frozen=True)
class UpResult(OperationResult):
    """The result of `up`, with the outputs of the stack."""

    outputs: OutputMap = field(default_factory=dict)


@dataclass(slots=True, frozen=True)
class PreviewResult(OperationResult):
    """The result of a preview."""

    @property
    def change_summary(self) -> dict[str, int]:
        """The number of resources that would change, by operation."""
        return self.summary.resource_changes


RefreshResult = OperationResult
DestroyResult = OperationResult


@dataclass(slots=True, frozen=True)
class Deployment:
    """A stack's state as a deployment document; `deployment` holds plain secrets."""

    version: int
    deployment: dict[str, Any]


class _Recorder:
    """Collects the events of one operation, for its display and its result."""

    def __init__(
        self, kind: str, stack: str, on_output: OnOutput | None, on_event: OnEvent | None
    ) -> None:
        self.kind = kind
        self.changes: dict[str, int] = {}
        self.steps: list[StepRecord] = []
        self.failed = False
        self._diagnostics: list[Diagnostic] = []
        self._on_output = on_output
        self._on_event = on_event
        self._printed: list[str] = []
        self._started = time.monotonic()
        self._lines = Lines(kind, stack, self._print)

    def _print(self, line: Text) -> None:
        self._printed.append(line.plain + "\n")
        if self._on_output is not None:
            self._on_output(line.plain)
        if self._on_event is not None:
            self._on_event(LineEvent(line))

    def tell(self, event: Event) -> None:
        """Record an event and show it."""
        if isinstance(event, Diagnostic):
            self._diagnostics.append(event)
        self._lines.show(event)
        if self._on_event is not None:
            self._on_event(event)

    def finish(self, operation: Operation) -> None:
        """Take over what the operation has counted, and show the summary."""
        self.changes = dict(operation.executor.changes)
        self.steps = operation.executor.records
        self.failed = operation.failed
        outputs = _stack_outputs(operation.snapshot.resources)
        seconds = time.monotonic() - self._started
        self._lines.summary(self.changes, self._diagnostics, outputs, seconds)

    def result(
        self, expect_no_changes: bool = False
    ) -> tuple[str, Summary, list[StepRecord], list[Diagnostic]]:
        """Return the parts of the operation's result; raises OperationError when it failed."""
        changed = any(count for op, count in self.changes.items() if op not in _QUIET)
        if expect_no_changes and changed and not self.failed:
            self.failed = True
            message = "no changes were expected but changes were proposed"
            self._diagnostics.append(Diagnostic("error", "", message))
            self._lines.error(f"error: {message}")
        stdout = "".join(self._printed)
        if self.failed:
            text = "\n".join(error_lines(self._diagnostics)) or f"{self.kind} failed"
            raise OperationError(text, self._diagnostics, self.changes, self.steps, stdout)
        summary = Summary(self.kind, "succeeded", self.changes)
        return stdout, summary, self.steps, self._diagnostics


def _stack_outputs(resources: list[Resource]) -> PropertyMap:
    return next((one.outputs for one in resources if one.type == STACK_TYPE), {})


def create_or_select_stack(
    stack_name: str, work_dir: str | Path, environment: Mapping[str, str] | None = None
) -> Stack:
    """Return the stack of the project in `work_dir`, or in a folder above it.

    `environment` is added to that of the program and the provider. Raises ProjectError when there
    is no usable project.
    """
    return Stack(stack_name, work_dir, environment)


def default_parallel() -> int:
    """Return how many resources to work on at once: 4 for each processor, like the Pulumi CLI."""
    with suppress(AttributeError):
        return len(os.sched_getaffinity(0)) * 4
    return (os.cpu_count() or 1) * 4


class Stack:
    """One stack of one project, with its state under `.pulumi-offline` in the project folder.

    Configuration that is set here lasts as long as the object, and comes before that of
    `Pulumi.<stack>.yaml`. All operations raise OperationError when anything failed, StateError when
    the state cannot be used, and ProjectError for a configuration that cannot be read.
    """

    def __init__(
        self, name: str, work_dir: str | Path, environment: Mapping[str, str] | None = None
    ) -> None:
        self.project = find_project(Path(work_dir))
        self.name = checked_stack_name(self.project, name)
        self._environment = dict(environment or {})
        self._config: dict[str, ConfigValue] = {}
        self._store = StateStore(self.project.root, self.project.name, self.name)
        self._operation: Operation | None = None
        # Set by `cancel`, also while the processes of an operation are still starting.
        self._canceled: threading.Event | None = None

    # Configuration.

    def set_config(self, key: str, value: str | ConfigValue) -> None:
        """Set a configuration value; a key without a namespace gets the project's."""
        one = value if isinstance(value, str) else ConfigValue(value.value, bool(value.secret))
        self._config[self.project.qualify(key)] = ConfigValue(one) if isinstance(one, str) else one

    def set_all_config(self, config: Mapping[str, str | ConfigValue]) -> None:
        """Set several configuration values."""
        for key, value in config.items():
            self.set_config(key, value)

    def get_all_config(self) -> dict[str, ConfigValue]:
        """Return the configuration that the next operation has."""
        environment = {**os.environ, **self._environment}
        return read_config(self.project, self.name, environment, self._config) | self._config

    # Operations.

    def preview(
        self,
        parallel: int | None = None,
        refresh: bool = False,
        expect_no_changes: bool = False,
        on_output: OnOutput | None = None,
        on_event: OnEvent | None = None,
        *,
        replace: Iterable[str] = (),
    ) -> PreviewResult:
        """Return what `up` would do, changing nothing.

        With `refresh`, compare with the live state; `replace` lists URNs of resources to replace.
        """
        run = _Recorder("preview", self.name, on_output, on_event)
        with self._running(run, parallel, dry_run=True, replace=replace) as operation:
            _run(operation, operation.run_program, refresh=refresh)
        return PreviewResult(*run.result(expect_no_changes))

    def up(
        self,
        parallel: int | None = None,
        refresh: bool = False,
        expect_no_changes: bool = False,
        on_output: OnOutput | None = None,
        on_event: OnEvent | None = None,
        *,
        replace: Iterable[str] = (),
    ) -> UpResult:
        """Create, update and delete resources to match the program.

        With `refresh`, read the live state first; `replace` lists URNs of resources to replace.
        """
        run = _Recorder("update", self.name, on_output, on_event)
        with self._running(run, parallel, replace=replace) as operation:
            _run(operation, operation.run_program, refresh=refresh)
        return UpResult(*run.result(expect_no_changes), outputs=self.outputs())

    def refresh(
        self,
        parallel: int | None = None,
        expect_no_changes: bool = False,
        on_output: OnOutput | None = None,
        on_event: OnEvent | None = None,
        clear_pending_creates: bool = False,
    ) -> RefreshResult:
        """Update the saved state to match the live resources, which are only read.

        Creates that were cut off by a kill stay noted until `clear_pending_creates`.
        """
        run = _Recorder("refresh", self.name, on_output, on_event)
        with self._running(run, parallel) as operation:
            if clear_pending_creates:
                operation.snapshot.pending.clear()
            else:
                _warn_of_pending(operation)
            operation.refresh()
        return RefreshResult(*run.result(expect_no_changes))

    def destroy(
        self,
        parallel: int | None = None,
        refresh: bool = False,
        on_output: OnOutput | None = None,
        on_event: OnEvent | None = None,
    ) -> DestroyResult:
        """Delete all resources of the stack.

        As with `pulumi.automation`, no preview comes first: a resource that is protected stays, and
        others are deleted all the same. `preview_destroy` shows that without deleting anything.
        """
        run = _Recorder("destroy", self.name, on_output, on_event)
        with self._running(run, parallel) as operation:
            _run(operation, operation.delete, refresh=refresh)
        return DestroyResult(*run.result())

    def preview_destroy(
        self,
        parallel: int | None = None,
        refresh: bool = False,
        on_output: OnOutput | None = None,
        on_event: OnEvent | None = None,
    ) -> PreviewResult:
        """Return what `destroy` would do, changing nothing; a protected resource is an error."""
        run = _Recorder("destroy preview", self.name, on_output, on_event)
        with self._running(run, parallel, dry_run=True) as operation:
            _run(operation, operation.delete, refresh=refresh)
        return PreviewResult(*run.result())

    def cancel(self) -> None:
        """Cancel the running operation, from any thread: running steps are finished and saved.

        Without one it does nothing, and later operations run as usual.
        """
        if (canceled := self._canceled) is not None:
            canceled.set()
        if (operation := self._operation) is not None:
            operation.cancel()

    # State.

    def outputs(self) -> OutputMap:
        """Return the stack's outputs as the last operation left them."""
        return {
            key: OutputValue(values.plain(value), values.contains_secret(value))
            for key, value in _stack_outputs(self._store.load().resources).items()
        }

    def export_stack(self) -> Deployment:
        """Return the state, as `pulumi stack export --show-secrets` does."""
        document = self._store.document(self._store.load())
        return Deployment(document["version"], document["deployment"])

    def import_stack(self, state: Deployment) -> None:
        """Replace the state with one that was exported from this or the real engine."""
        document = {"version": state.version, "deployment": state.deployment}
        snapshot = self._store.read_document(document, "the deployment to import")
        with self._store.locked():
            self._store.save(snapshot)

    @contextmanager
    def _running(
        self,
        run: _Recorder,
        parallel: int | None,
        *,
        dry_run: bool = False,
        replace: Iterable[str] = (),
    ) -> Iterator[Operation]:
        self._canceled = canceled = threading.Event()
        options = OperationOptions(
            self.project,
            self.name,
            self.get_all_config(),
            self._environment,
            parallel or default_parallel(),
            dry_run,
            refresh_only=run.kind == "refresh",
            replace=frozenset(replace),
        )
        with ExitStack() as cleanup:
            if not dry_run and cleanup.enter_context(self._store.locked()):
                folder = self._store.file.parent
                message = f"State is kept in {folder}, unencrypted and for your user only."
                run.tell(Diagnostic("info", "", message))
            snapshot = self._store.load()
            if not dry_run:
                snapshot.write_to(cleanup.enter_context(self._store.journal()))
            operation = cleanup.enter_context(Operation(options, snapshot, run.tell))
            self._operation = operation
            if canceled.is_set():
                operation.cancel()
            try:
                yield operation
            finally:
                self._operation = self._canceled = None
            if operation.canceled:
                run.tell(Diagnostic("error", "", f"{run.kind} canceled"))
            if not dry_run:
                self._store.save(snapshot)
            run.finish(operation)


def _run(operation: Operation, part: Callable[[], None], *, refresh: bool) -> None:
    """Run the program or the deletes, after a refresh if one is wanted."""
    if refresh:
        operation.refresh()
    elif not operation.options.dry_run:
        _warn_of_pending(operation)
    if not operation.failed:
        part()


def _warn_of_pending(operation: Operation) -> None:
    """Warn of operations that a kill cut off, and keep only what a refresh cannot clear up."""
    pending = operation.snapshot.pending
    if not pending:
        return
    listed = "".join(f"\n  * {one.urn}, interrupted while {kind}" for one, kind in pending.items())
    message = (
        f"an earlier operation was cut off with {len(pending)} pending operations:{listed}\n"
        "Whether these were done is not known. `refresh` reads what the state knows of; a resource "
        "that was being created may exist without being known: look for it, then forget about it "
        "with `refresh --clear-pending-creates`."
    )
    operation.tell(Diagnostic("warning", "", message))
    for one in [one for one, kind in pending.items() if kind != "creating"]:
        del pending[one]
