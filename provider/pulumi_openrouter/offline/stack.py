"""The Python interface of the engine: a stack that can be previewed, updated and destroyed.

It has the shape of `pulumi.automation.Stack`, so that one test can drive either. Configuration set
here lasts as long as the object and comes before that of `Pulumi.<stack>.yaml`.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from pulumi_openrouter.offline.errors import Diagnostic
from pulumi_openrouter.offline.project import (
    ConfigValue,
    checked_stack_name,
    find_project,
    read_config,
)
from pulumi_openrouter.offline.recorder import OnEvent, OnOutput, Recorder
from pulumi_openrouter.offline.results import (
    Deployment,
    DestroyResult,
    OutputMap,
    PreviewResult,
    RefreshResult,
    UpResult,
    output_map,
)
from pulumi_openrouter.offline.running.operation import Session, Settings
from pulumi_openrouter.offline.state.model import STACK_TYPE, Resource
from pulumi_openrouter.offline.state.store import StateStore


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

    All operations raise OperationError when anything failed, StateError when the state cannot be
    used, and ProjectError for a configuration that cannot be read.
    """

    def __init__(
        self, name: str, work_dir: str | Path, environment: Mapping[str, str] | None = None
    ) -> None:
        self.project = find_project(Path(work_dir))
        self.name = checked_stack_name(self.project, name)
        self._environment = dict(environment or {})
        self._config: dict[str, ConfigValue] = {}
        self._store = StateStore(self.project.root, self.project.name, self.name)
        self._session: Session | None = None
        # Set by `cancel`; each operation has its own, from before its session is there.
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
        run = Recorder("preview", self.name, on_output, on_event)
        with self._operation(run, parallel, dry_run=True, replace=replace) as session:
            self._update(session, run, refresh=refresh)
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
        run = Recorder("update", self.name, on_output, on_event)
        with self._operation(run, parallel, replace=replace) as session:
            self._update(session, run, refresh=refresh)
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
        run = Recorder("refresh", self.name, on_output, on_event)
        with self._operation(run, parallel) as session:
            if clear_pending_creates:
                session.snapshot.pending.clear()
            else:
                _warn_of_pending(session)
            session.refresh()
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
        run = Recorder("destroy", self.name, on_output, on_event)
        with self._operation(run, parallel) as session:
            _destroy(session, refresh=refresh)
        return DestroyResult(*run.result(expect_no_changes=False))

    def preview_destroy(
        self,
        parallel: int | None = None,
        refresh: bool = False,
        on_output: OnOutput | None = None,
        on_event: OnEvent | None = None,
    ) -> PreviewResult:
        """Return what `destroy` would do, changing nothing; a protected resource is an error."""
        run = Recorder("destroy preview", self.name, on_output, on_event)
        with self._operation(run, parallel, dry_run=True) as session:
            _destroy(session, refresh=refresh)
        return PreviewResult(*run.result(expect_no_changes=False))

    def cancel(self) -> None:
        """Cancel the running operation, from any thread: running steps are finished and saved.

        Without one it does nothing, and later operations run as usual.
        """
        if (canceled := self._canceled) is not None:
            canceled.set()
        if (session := self._session) is not None:
            session.cancel()

    # State.

    def outputs(self) -> OutputMap:
        """Return the stack's outputs as the last operation left them."""
        return output_map(_stack_resource(self._store.load().resources))

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

    def _update(self, session: Session, run: Recorder, *, refresh: bool) -> None:
        if refresh:
            session.refresh()
        elif run.kind == "update":
            _warn_of_pending(session)
        if not session.failed:
            session.run_program()

    @contextmanager
    def _operation(
        self,
        run: Recorder,
        parallel: int | None,
        *,
        dry_run: bool = False,
        replace: Iterable[str] = (),
    ) -> Iterator[Session]:
        self._canceled = canceled = threading.Event()
        config = self.get_all_config()
        settings = Settings(
            self.project,
            self.name,
            config,
            self._environment,
            parallel or default_parallel(),
            dry_run,
            refresh_only=run.kind == "refresh",
            replace=frozenset(replace),
        )
        with ExitStack() as cleanup:
            if not dry_run and cleanup.enter_context(self._store.locked()):
                run.tell(
                    Diagnostic(
                        "info",
                        "",
                        f"State is kept in {self._store.file.parent}, "
                        "unencrypted and for your user only.",
                    )
                )
            snapshot = self._store.load()
            if not dry_run:
                snapshot.write_to(cleanup.enter_context(self._store.journal()))
            session = cleanup.enter_context(Session(settings, snapshot, run.tell))
            self._session = session
            if canceled.is_set():
                session.cancel()
            try:
                yield session
            finally:
                self._session = self._canceled = None
            if session.canceled:
                run.tell(Diagnostic("error", "", f"{run.kind} canceled"))
            run.changes = dict(session.executor.changes)
            run.steps = session.executor.records
            run.failed = session.failed
            if not dry_run:
                self._store.save(snapshot)
            run.finish(_stack_resource(snapshot.resources))


def _stack_resource(resources: list[Resource]) -> Resource | None:
    return next((one for one in resources if one.type == STACK_TYPE), None)


def _destroy(session: Session, *, refresh: bool) -> None:
    if refresh:
        session.refresh()
    elif not session.settings.dry_run:
        _warn_of_pending(session)
    if not session.failed:
        session.delete()


def _warn_of_pending(session: Session) -> None:
    """Warn of operations that a kill cut off, and keep only what a refresh cannot clear up."""
    pending = session.snapshot.pending
    if not pending:
        return
    listed = "".join(f"\n  * {one.urn}, interrupted while {kind}" for one, kind in pending.items())
    message = (
        f"an earlier operation was cut off with {len(pending)} pending operations:{listed}\n"
        "Whether these were done is not known. `refresh` reads what the state knows of; a resource "
        "that was being created may exist without being known: look for it, then forget about it "
        "with `refresh --clear-pending-creates`."
    )
    session.tell(Diagnostic("warning", "", message))
    for one in [one for one, kind in pending.items() if kind != "creating"]:
        del pending[one]
