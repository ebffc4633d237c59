"""The Python interface of the engine: a stack that can be previewed, updated and destroyed.

It has the shape of `pulumi.automation`, so that one test can drive either engine.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pulumi_openrouter.offline.display.lines import PREVIEWS, Lines, OnEvent, OnOutput, error_lines
from pulumi_openrouter.offline.exceptions import (
    Diagnostic,
    OfflineError,
    OperationError,
    ProjectError,
    StateError,
    StepRecord,
)
from pulumi_openrouter.offline.project import (
    ConfigValue,
    OperationOptions,
    Project,
    checked_stack_name,
    find_project,
    read_config,
)
from pulumi_openrouter.offline.running.operation import Operation
from pulumi_openrouter.offline.state.import_file import read_entries
from pulumi_openrouter.offline.state.model import STACK_TYPE, Resource
from pulumi_openrouter.offline.state.snapshot import Snapshot
from pulumi_openrouter.offline.state.store import (
    Journal,
    StateStore,
    UnwritableError,
    saved_stacks,
)
from pulumi_openrouter.offline.values import values

# Where the entries of an import are from, unless the caller knows better.
_LISTED = "the list of resources to import"
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


ImportResult = OperationResult
RefreshResult = OperationResult
DestroyResult = OperationResult


@dataclass(slots=True, frozen=True)
class Deployment:
    """A stack's state as a deployment document; `deployment` holds plain secrets."""

    version: int
    deployment: dict[str, Any]


@dataclass(slots=True, frozen=True)
class StackSummary:
    """A stack of a project: when it was last updated, if ever, and how many resources it has.

    The stack itself counts as a resource, as in the summary of an operation. `problem` is why the
    state cannot be read, and empty if it can.
    """

    name: str
    last_update: str | None
    resource_count: int
    problem: str = ""


@dataclass(slots=True, frozen=True)
class ResourceSummary:
    """A resource in the state; the parent is a URN, and empty for the stack itself."""

    urn: str
    type: str
    name: str
    id: str
    parent: str


def choose_stack(project: Project, name: str | None) -> str:
    """Return the stack to work on: the named one, or the only one that there is.

    Raises ProjectError if none is named and there are several, or none.
    """
    chosen = name or os.environ.get("PULUMI_STACK")
    if chosen:
        return chosen
    stacks = _known_stacks(project)
    if len(stacks) == 1:
        return stacks[0]
    known = f"one of {', '.join(stacks)}" if stacks else "any name, as there is no stack yet"
    msg = f"which stack? Name it with --stack or PULUMI_STACK: {known}"
    raise ProjectError(msg)


def _known_stacks(project: Project) -> list[str]:
    """Return the stacks that have a state or a configuration file."""
    return sorted({*project.stacks(), *saved_stacks(project.root, project.name)})


def list_stacks(work_dir: str | Path) -> list[StackSummary]:
    """Return the stacks that the project in a folder has a state or a configuration file for.

    Raises ProjectError when there is no usable project.
    """
    project = find_project(Path(work_dir))
    return [_summary(project, name) for name in _known_stacks(project)]


def _summary(project: Project, name: str) -> StackSummary:
    try:
        return StackSummary(name, *StateStore(project.root, project.name, name).summary())
    except StateError as error:
        return StackSummary(name, None, 0, str(error))


def _stack_outputs(resources: list[Resource]) -> values.PropertyMap:
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
    `Pulumi.<stack>.yaml`. Operations that take `target` work on these URNs only, in which `*` and
    `**` are wildcards; with `target_dependents`, also on what depends on them. All operations raise
    OperationError when anything failed, StateError when the state cannot be used, and ProjectError
    for a configuration that cannot be read.
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
        target: Iterable[str] = (),
        target_dependents: bool = False,
    ) -> PreviewResult:
        """Return what `up` would do, changing nothing.

        With `refresh`, compare with the live state; `replace` lists URNs of resources to replace.
        """
        done = self._perform(
            "preview",
            Operation.run_program,
            parallel,
            (on_output, on_event),
            refresh=refresh,
            expect_no_changes=expect_no_changes,
            replace=replace,
            target=target,
            target_dependents=target_dependents,
        )
        return PreviewResult(*done)

    def up(
        self,
        parallel: int | None = None,
        refresh: bool = False,
        expect_no_changes: bool = False,
        on_output: OnOutput | None = None,
        on_event: OnEvent | None = None,
        *,
        replace: Iterable[str] = (),
        target: Iterable[str] = (),
        target_dependents: bool = False,
    ) -> UpResult:
        """Create, update and delete resources to match the program.

        With `refresh`, read the live state first; `replace` lists URNs of resources to replace.
        """
        done = self._perform(
            "update",
            Operation.run_program,
            parallel,
            (on_output, on_event),
            refresh=refresh,
            expect_no_changes=expect_no_changes,
            replace=replace,
            target=target,
            target_dependents=target_dependents,
        )
        return UpResult(*done, outputs=self.outputs())

    def refresh(
        self,
        parallel: int | None = None,
        expect_no_changes: bool = False,
        on_output: OnOutput | None = None,
        on_event: OnEvent | None = None,
        clear_pending_creates: bool = False,
        *,
        target: Iterable[str] = (),
        target_dependents: bool = False,
    ) -> RefreshResult:
        """Update the saved state to match the live resources, which are only read.

        Creates that were cut off by a kill stay noted until `clear_pending_creates`.
        """
        done = self._perform(
            "refresh",
            Operation.refresh,
            parallel,
            (on_output, on_event),
            expect_no_changes=expect_no_changes,
            clear_pending_creates=clear_pending_creates,
            target=target,
            target_dependents=target_dependents,
        )
        return RefreshResult(*done)

    def destroy(
        self,
        parallel: int | None = None,
        refresh: bool = False,
        on_output: OnOutput | None = None,
        on_event: OnEvent | None = None,
        *,
        target: Iterable[str] = (),
        target_dependents: bool = False,
    ) -> DestroyResult:
        """Delete all resources of the stack.

        As with `pulumi.automation`, no preview comes first: a resource that is protected stays, and
        others are deleted all the same. `preview_destroy` shows that without deleting anything.
        """
        done = self._perform(
            "destroy",
            Operation.destroy,
            parallel,
            (on_output, on_event),
            refresh=refresh,
            target=target,
            target_dependents=target_dependents,
        )
        return DestroyResult(*done)

    def preview_destroy(
        self,
        parallel: int | None = None,
        refresh: bool = False,
        on_output: OnOutput | None = None,
        on_event: OnEvent | None = None,
        *,
        target: Iterable[str] = (),
        target_dependents: bool = False,
    ) -> PreviewResult:
        """Return what `destroy` would do, changing nothing; a protected resource is an error."""
        done = self._perform(
            "destroy preview",
            Operation.destroy,
            parallel,
            (on_output, on_event),
            refresh=refresh,
            target=target,
            target_dependents=target_dependents,
        )
        return PreviewResult(*done)

    def import_resources(
        self,
        resources: Iterable[Mapping[str, Any]],
        name_table: Mapping[str, str] | None = None,
        *,
        protect: bool = True,
        generate_code: bool = False,
        on_output: OnOutput | None = None,
        on_event: OnEvent | None = None,
        parallel: int | None = None,
        source: str = _LISTED,
    ) -> ImportResult:
        """Add resources that exist already to the state, which nothing else changes.

        `resources` has the entries of an import file: type, name, id, inputs, outputs, and perhaps
        the name of a parent. `name_table` maps names of parents outside the list to URNs. The
        resources are not read: the state gets the inputs and outputs of the entries. With
        `protect`, they cannot be deleted before the next `up` of a program that does not protect
        them. Errors name `source` as where the entries are from. No code is generated.

        As with `pulumi.automation`, no preview comes first. Raises StateError for entries that
        cannot be imported, before anything is done.
        """
        if generate_code:
            msg = "the offline engine generates no code for what it imports: leave generate_code"
            raise OfflineError(msg)
        wanted = self._entries(resources, name_table, source, protect=protect)
        done = self._perform("import", _importing(wanted), parallel, (on_output, on_event))
        return ImportResult(*done)

    def preview_import(
        self,
        resources: Iterable[Mapping[str, Any]],
        name_table: Mapping[str, str] | None = None,
        *,
        on_output: OnOutput | None = None,
        on_event: OnEvent | None = None,
        parallel: int | None = None,
        source: str = _LISTED,
    ) -> PreviewResult:
        """Return what `import_resources` would do, changing nothing."""
        wanted = self._entries(resources, name_table, source, protect=True)
        show = on_output, on_event
        return PreviewResult(*self._perform("import preview", _importing(wanted), parallel, show))

    def _entries(
        self,
        resources: Iterable[Mapping[str, Any]],
        name_table: Mapping[str, str] | None,
        source: str,
        *,
        protect: bool,
    ) -> list[Resource]:
        origin = self.name, self.project.name
        return read_entries(resources, name_table or {}, source, origin, protect=protect)

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

    def saved_outputs(self, name: str | None = None) -> OutputMap:
        """Return the outputs as `outputs` does, or the one that is named.

        Raises StateError if the stack has no state, or no such output.
        """
        self._require_state()
        found = self.outputs()
        if name is None:
            return found
        if name not in found:
            known = ", ".join(sorted(found)) or "none"
            msg = f"the stack {self.name!r} has no output {name!r}; its outputs: {known}"
            raise StateError(msg)
        return {name: found[name]}

    def _require_state(self) -> None:
        if not self._store.exists:
            msg = f"the stack {self.name!r} has no state in {self.project.root}: bring it up first"
            raise StateError(msg)

    def resources(self) -> list[ResourceSummary]:
        """Return what the stack has in its state: itself, components and resources.

        Left out are providers, and old resources that a replacement has not deleted yet. Raises
        StateError if the stack has no state.
        """
        self._require_state()
        return [
            ResourceSummary(one.urn, one.type, one.name, one.id, one.parent)
            for one in self._store.load().resources
            if not one.is_provider and not one.delete
        ]

    def export_stack(self) -> Deployment:
        """Return the state, as `pulumi stack export --show-secrets` does."""
        document = self._store.document(self._store.load())
        return Deployment(document["version"], document["deployment"])

    def import_stack(self, state: Deployment) -> None:
        """Replace the state with one that was exported from this or the real engine."""
        document = {"version": state.version, "deployment": state.deployment}
        snapshot = self._store.read_document(document, "the deployment to import")
        with self._store.locked():
            try:
                self._store.save(snapshot)
            except UnwritableError as error:
                msg = f"{error}; the state is as it was: {error.remedy}"
                raise StateError(msg) from error

    def _perform(
        self,
        kind: str,
        part: Callable[[Operation], None],
        parallel: int | None,
        show: tuple[OnOutput | None, OnEvent | None],
        *,
        refresh: bool = False,
        expect_no_changes: bool = False,
        replace: Iterable[str] = (),
        target: Iterable[str] = (),
        target_dependents: bool = False,
        clear_pending_creates: bool = False,
    ) -> tuple[str, Summary, list[StepRecord], list[Diagnostic]]:
        """Perform an operation: a refresh, if one is wanted, and then `part`."""
        self._canceled = canceled = threading.Event()
        lines = Lines(kind, self.name, *show)
        options = OperationOptions(
            self.project,
            self.name,
            self.get_all_config(),
            self._environment,
            parallel or default_parallel(),
            dry_run=kind in PREVIEWS,
            refresh_only=kind == "refresh",
            replace=frozenset(replace),
            targets=frozenset(target),
            target_dependents=target_dependents,
        )
        with self._opened(options, lines) as (snapshot, save):
            if clear_pending_creates:
                snapshot.pending.clear()
            with Operation(options, snapshot, lines.show) as operation:
                self._operation = operation
                if canceled.is_set():
                    operation.cancel()
                try:
                    _run(operation, part, refresh=refresh)
                finally:
                    self._operation = self._canceled = None
                if operation.canceled:
                    lines.show(Diagnostic("error", "", f"{kind} canceled"))
            unsaved = save(operation.executor.unrecorded)
            if unsaved:
                lines.show(Diagnostic("error", "", unsaved))
        changes, steps = dict(operation.executor.changes), operation.executor.records
        lines.summary(changes, _stack_outputs(snapshot.resources))
        failed = operation.failed or bool(unsaved)
        if expect_no_changes and not failed and not _QUIET.issuperset(changes):
            failed = True
            lines.error("no changes were expected but changes were proposed")
        stdout = "".join(lines.printed)
        if failed:
            text = "\n".join(error_lines(lines.diagnostics)) or f"{kind} failed"
            raise OperationError(text, lines.diagnostics, changes, steps, stdout)
        return stdout, Summary(kind, "succeeded", changes), steps, lines.diagnostics

    @contextmanager
    def _opened(
        self, options: OperationOptions, lines: Lines
    ) -> Iterator[tuple[Snapshot, Callable[[bool], str]]]:
        """Lock the state and load it; yield it, and what saves it at the end.

        Saving takes whether the journal lacks something that was done, and returns what went wrong,
        empty if nothing did. A preview only loads the state.
        """
        if options.dry_run:
            yield self._store.load(), lambda _: ""
            return
        with self._store.locked() as first:
            if first:
                folder = self._store.file.parent
                message = f"State is kept in {folder}, for your user only."
                lines.show(Diagnostic("info", "", message))
            snapshot = self._store.load()
            self._store.fold_journal(snapshot)
            with self._store.journal() as journal:
                snapshot.write_to(journal.write)
                yield snapshot, lambda unrecorded: self._save(snapshot, journal, unrecorded)

    def _save(self, snapshot: Snapshot, journal: Journal, unrecorded: bool) -> str:
        try:
            self._store.save(snapshot)
        except UnwritableError as error:
            if journal.is_complete() or not unrecorded:
                return (
                    f"{error}; nothing is lost: what was done stands in the journal beside it, and "
                    f"the next operation goes on from there; {error.remedy}"
                )
            return (
                f"{error}; it lacks what the errors above call not recorded: note the ids, import "
                "or delete by hand what was created, and let `refresh` find what was changed or "
                f"deleted; before that, {error.remedy.partition(',')[0]}"
            )
        return journal.failure and (
            "the state could be written in the end, and nothing is lost: it holds everything that "
            f"was done; {journal.failure}"
        )


def _importing(wanted: list[Resource]) -> Callable[[Operation], None]:
    return lambda operation: operation.import_resources(wanted)


def _run(operation: Operation, part: Callable[[Operation], None], *, refresh: bool) -> None:
    if refresh:
        operation.refresh()
    elif not operation.options.dry_run:
        _warn_of_pending(operation)
    if not operation.failed:
        part(operation)


def _warn_of_pending(operation: Operation) -> None:
    """Warn of operations that were cut off by a kill; only creates stay noted after that."""
    pending = operation.snapshot.pending
    if not pending:
        return
    listed = "".join(f"\n  * {one.urn}, interrupted while {kind}" for one, kind in pending.items())
    message = (
        f"an earlier operation was cut off with {len(pending)} pending operations:{listed}\n"
        "It is not known whether they were completed. `refresh` reads the resources in the state; "
        "a resource that was being created may exist without being in the state: look for it, and "
        "then clear the note with `refresh --clear-pending-creates`."
    )
    operation.emit(Diagnostic("warning", "", message))
    for one in [one for one, kind in pending.items() if kind != "creating"]:
        del pending[one]
