"""One operation from its first process to its last line of state.

A session owns the provider process, the planner and the executor, runs the program against the
monitor, and ends with the deletes and the stack's outputs. What may go wrong is told as events;
`failed` says whether anything did.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulumi_openrouter.offline.display.events import Event, OutputEvent
from pulumi_openrouter.offline.errors import Diagnostic, PlanError, Stopped
from pulumi_openrouter.offline.planning.planner import Planner
from pulumi_openrouter.offline.planning.steps import Op, Step
from pulumi_openrouter.offline.running.executor import Executor
from pulumi_openrouter.offline.running.refresh import rebuilt
from pulumi_openrouter.offline.state.model import STACK_TYPE, Goal, Resource, make_urn
from pulumi_openrouter.offline.values import values
from pulumi_openrouter.offline.wire.monitor import Monitor
from pulumi_openrouter.offline.wire.process import Child, start_program, start_provider
from pulumi_openrouter.offline.wire.provider import Provider, ProviderError

if TYPE_CHECKING:
    from pulumi_openrouter.offline.project import ConfigValue, Project
    from pulumi_openrouter.offline.state.snapshot import Snapshot
    from pulumi_openrouter.offline.values.values import PropertyMap

# The exit code of a program that has shown its error itself; host.py uses it.
_EXPLAINED = 32
# As long as the Pulumi CLI waits for a program that it interrupts.
_GRACE_SECONDS = 5


@dataclass(slots=True)
class Settings:
    """What an operation works on and how."""

    project: Project
    stack: str
    config: Mapping[str, ConfigValue]
    environment: Mapping[str, str]
    parallel: int
    dry_run: bool
    # Whether what a refresh finds is all that is counted.
    refresh_only: bool
    # URNs of resources to replace.
    replace: frozenset[str] = frozenset()


class Session:
    """One operation on one stack. Use it as a context manager: it owns processes."""

    def __init__(
        self, settings: Settings, snapshot: Snapshot, listener: Callable[[Event], None]
    ) -> None:
        self.settings = settings
        self.snapshot = snapshot
        self._listener = listener
        self._telling = threading.Lock()
        config = {
            key: values.secret(one.value) if one.secret else one.value
            for key, one in settings.config.items()
        }
        child = start_provider(settings.project, settings.environment, self._output)
        self._provider = Provider(child, config)
        self.executor = Executor(
            self._provider,
            snapshot,
            self.tell,
            parallel=settings.parallel,
            dry_run=settings.dry_run,
            refresh_only=settings.refresh_only,
        )
        self._planner = self._new_planner()
        self._planning = threading.Lock()
        self._provider_reference = ""
        self._goals: dict[str, Goal] = {}
        self._stack_outputs: PropertyMap | None = None
        self._program_done = threading.Event()
        self.finished = threading.Event()
        self.canceled = False

    def __enter__(self) -> Session:
        """Start; the processes are there since the session is."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the processes."""
        self.finished.set()
        self._provider.close()

    @property
    def failed(self) -> bool:
        """Whether anything went wrong."""
        return self.executor.errored or self.canceled

    @property
    def stack_urn(self) -> str:
        """The URN of the stack itself."""
        project = self.settings.project.name
        name = f"{project}-{self.settings.stack}"
        return make_urn(self.settings.stack, project, "", STACK_TYPE, name)

    def tell(self, event: Event) -> None:
        """Pass an event on, one at a time."""
        with self._telling:
            self._listener(event)
        if self.executor.stopped.is_set():
            self._program_done.set()

    def cancel(self) -> None:
        """Let running steps finish and start nothing new; safe to call from a signal handler."""
        self.canceled = True
        self.executor.stopped.set()
        self._program_done.set()

    # The operation, part by part.

    def refresh(self) -> None:
        """Read every resource and update the state."""
        steps = [Step(Op.REFRESH, old) for old in self.snapshot.base]
        self.executor.run_all(steps, set())
        resources = rebuilt(self.snapshot.base, [step for step in steps if step.result])
        if self.settings.dry_run:
            self.snapshot.base = resources
        else:
            self.snapshot.rebase(resources)
        self._planner = self._new_planner()

    def run_program(self) -> None:
        """Run the program, and create, update and delete resources as it asks."""
        known = {one.urn for one in self.snapshot.base}
        for urn in sorted(self.settings.replace - known):
            message = f"the stack has no resource {urn!r}, which is to be replaced"
            self.executor.fail("", f"{message}; `export` prints the URNs that there are")
        if self.failed:
            return
        with Monitor(self, workers=self.settings.parallel * 4 + 16) as monitor:
            child = self._start_program(monitor.address)
            try:
                threading.Thread(target=self._watch, args=(child,), daemon=True).start()
                self._program_done.wait()
                monitor.settle()
                if not self.executor.stopped.is_set():
                    self.delete()
                self._finish_outputs()
            finally:
                self.finished.set()
                self._end_program(child)

    def delete(self) -> None:
        """Delete every resource that the program did not register; all of them if none ran."""
        steps = self._planner.deletes()
        groups = self._planner.order(steps)
        self.executor.delete_all(groups, self._planner.seen.deletes, self._planner.graph)

    # What the program asks for, by way of the monitor.

    def register(self, goal: Goal) -> Resource:
        """Plan and apply a registration; raises Stopped when the run ends before that."""
        return self._decide(goal, lambda: self._planner.register(goal))

    def read(self, goal: Goal) -> Resource:
        """Read a resource that is not managed here."""
        return self._decide(goal, lambda: self._planner.read(goal))

    def set_outputs(self, urn: str, outputs: PropertyMap) -> None:
        """Set a component's outputs. The stack's wait for the end: a failure keeps old ones."""
        if urn == self.stack_urn:
            self._stack_outputs = outputs
        elif not self.executor.set_outputs(urn, outputs):
            self.refuse(urn, f"cannot complete a resource '{urn}' whose registration isn't pending")

    def parent_goal(self, urn: str) -> Goal | None:
        """Return the goal of a registered resource, whose options its children inherit."""
        return self._goals.get(urn)

    def refuse(self, urn: str, message: str) -> None:
        """End the run with an error, where the program asks for what cannot be done."""
        self.executor.fail(urn, message)
        raise Stopped

    def program_done(self) -> None:
        """Note that the program will register nothing more."""
        self._program_done.set()

    def _decide(self, goal: Goal, plan: Callable[[], list[Step]]) -> Resource:
        with self._planning:
            self._check_running()
            try:
                if goal.custom and not goal.provider:
                    goal.provider = self._reference()
                chain = plan()
            except ProviderError as error:
                project = self.settings.project.name
                urn = make_urn(self.settings.stack, project, goal.parent, goal.type, goal.name)
                self.executor.fail(urn, str(error))
                raise Stopped from error
            except PlanError as error:
                self.executor.stopped.set()
                self._program_done.set()
                raise Stopped from error
        self.executor.run(chain)
        resource = chain[-1].after
        self._goals[resource.urn] = goal
        return resource

    def _report(self, diagnostic: Diagnostic) -> None:
        if diagnostic.severity == "error":
            self.executor.errored = True
        self.tell(diagnostic)

    def _check_running(self) -> None:
        if self.executor.stopped.is_set():
            raise Stopped

    def _reference(self) -> str:
        if not self._provider_reference:
            # Secret configuration is only sent to the provider, and not stored in the state.
            config = {key: one.value for key, one in self.settings.config.items() if not one.secret}
            step = self._planner.default_provider(config)
            self.executor.run([step])
            self._provider_reference = f"{step.urn}::{step.after.id}"
        return self._provider_reference

    def _new_planner(self) -> Planner:
        return Planner(
            self.settings.stack,
            self.settings.project.name,
            self.snapshot.base,
            self._provider,
            self._report,
            dry_run=self.settings.dry_run,
            replace=self.settings.replace,
        )

    def _finish_outputs(self) -> None:
        if self._stack_outputs is None:
            return
        outputs = self._stack_outputs
        old = self._planner.olds.get(self.stack_urn)
        if self.failed and old is not None:
            outputs = {**old.outputs, **outputs}
        self.executor.set_outputs(self.stack_urn, outputs)

    # The program's process.

    def _start_program(self, address: str) -> Child:
        settings = {
            "monitor": address,
            "engine": address,
            "project": self.settings.project.name,
            "stack": self.settings.stack,
            "parallel": self.settings.parallel,
            "dry_run": self.settings.dry_run,
            "organization": "organization",
            "root_directory": str(self.settings.project.root),
        }
        return start_program(
            self.settings.project,
            settings,
            self.settings.config,
            self.settings.environment,
            self._output,
        )

    def _watch(self, child: Child) -> None:
        code = child.wait()
        if self.finished.is_set() or self.executor.stopped.is_set():
            return
        if code == _EXPLAINED:
            self.executor.errored = True
            self.executor.stopped.set()
        elif code and code < 0:
            self.executor.fail(self.stack_urn, f"the program was ended by signal {-code}")
        elif code:
            message = f"the program ended with exit code {code}"
            self.executor.fail(self.stack_urn, message)
        self._program_done.set()

    def _end_program(self, child: Child) -> None:
        if self.executor.stopped.is_set():
            child.interrupt()
        if child.wait(_GRACE_SECONDS) is None:
            child.end()

    def _output(self, line: str) -> None:
        self.tell(OutputEvent(line.rstrip("\n")))
