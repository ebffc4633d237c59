"""One operation from its first process to its last line of state."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from pulumi_openrouter.offline.display.events import Event, OutputEvent
from pulumi_openrouter.offline.exceptions import Diagnostic, Stopped
from pulumi_openrouter.offline.planning.planner import Planner
from pulumi_openrouter.offline.planning.steps import Op, Step
from pulumi_openrouter.offline.project import OperationOptions
from pulumi_openrouter.offline.running.actions import rebuilt
from pulumi_openrouter.offline.running.executor import Executor
from pulumi_openrouter.offline.state.model import (
    OWN_PROVIDER_TYPE,
    PROVIDER_TYPE,
    STACK_REFERENCE_TYPE,
    STACK_TYPE,
    Goal,
    Resource,
    make_urn,
)
from pulumi_openrouter.offline.state.snapshot import Snapshot
from pulumi_openrouter.offline.values import values
from pulumi_openrouter.offline.wire.host import EXPLAINED
from pulumi_openrouter.offline.wire.monitor import Monitor
from pulumi_openrouter.offline.wire.process import Child, start_program, start_provider
from pulumi_openrouter.offline.wire.provider import Provider, ProviderError
from pulumi_openrouter.offline.wire.references import read_stack

# The Pulumi CLI waits as long for a program that it interrupts.
_GRACE_SECONDS = 5


class Operation:
    """One operation on one stack. Use it as a context manager: it owns processes.

    What goes wrong is passed to `listener` as events; `failed` says whether anything did.
    """

    def __init__(
        self, options: OperationOptions, snapshot: Snapshot, listener: Callable[[Event], None]
    ) -> None:
        self.options = options
        self.snapshot = snapshot
        self._listener = listener
        self._emitting = threading.Lock()
        config = {
            key: values.secret(one.value) if one.secret else one.value
            for key, one in options.config.items()
        }
        self._provider = Provider(
            start_provider(options, self._print), config, partial(read_stack, options.project)
        )
        self.executor = Executor(self._provider, snapshot, self.emit, options)
        self._planner = self._new_planner()
        self._planning = threading.Lock()
        # References to the default providers of this run, by their types.
        self._references: dict[str, str] = {}
        self._registered: dict[str, Resource] = {}
        self._stack_outputs: values.PropertyMap | None = None
        # Set when the program will register nothing more, and when the operation has ended.
        self.program_done = threading.Event()
        self.finished = threading.Event()
        self.canceled = False

    def __enter__(self) -> Operation:
        """Return the operation, whose provider process has been started already."""
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
    def stopped(self) -> bool:
        """Whether nothing new may begin."""
        return self.executor.stopped.is_set()

    @property
    def stack_urn(self) -> str:
        """The URN of the stack itself."""
        return self._urn("", STACK_TYPE, f"{self.options.project.name}-{self.options.stack}")

    def _urn(self, parent: str, type_: str, name: str) -> str:
        return make_urn(self.options.stack, self.options.project.name, parent, type_, name)

    def emit(self, event: Event) -> None:
        """Pass an event on, one at a time."""
        with self._emitting:
            self._listener(event)
        if self.stopped:
            self.program_done.set()

    def cancel(self) -> None:
        """Let running steps finish and start nothing new; safe to call from a signal handler."""
        self.canceled = True
        self._stop()

    def _stop(self) -> None:
        self.executor.stopped.set()
        self.program_done.set()

    # The operation, part by part.

    def refresh(self) -> None:
        """Read every resource, or the targets, and update the state."""
        self._planner.report_unknown_targets()
        if self.failed:
            return
        steps = self._planner.refreshes()
        self.executor.run_all(steps)
        resources = rebuilt(self.snapshot.base, [step for step in steps if step.result])
        if self.options.dry_run:
            self.snapshot.base = resources
        else:
            self.executor.rebase(resources)
        self._planner = self._new_planner()

    def run_program(self) -> None:
        """Run the program, and create, update and delete resources as it asks."""
        known = {one.urn for one in self.snapshot.base}
        for urn in sorted(self.options.replace - known):
            message = f"the stack has no resource {urn!r}, which is to be replaced"
            self.executor.fail("", f"{message}; `resources --show-urns` lists what there is")
        if self.failed:
            return
        with Monitor(self, self.options) as monitor:
            child = start_program(self.options, monitor.address, self._print)
            try:
                threading.Thread(target=self._watch, args=(child,), daemon=True).start()
                self.program_done.wait()
                monitor.settle()
                if not self.stopped:
                    # Only now is it known which resources the program has.
                    self._planner.report_unknown_targets()
                    self.delete()
                self._finish_outputs()
            finally:
                monitor.release_program()
                self.finished.set()
                self._end_program(child)

    def destroy(self) -> None:
        """Delete every resource, or the targets."""
        self._planner.report_unknown_targets()
        if not self.failed:
            self.delete()

    def delete(self) -> None:
        """Delete what the program did not register, as far as it is a target."""
        with suppress(Stopped):
            kept, condemned = self._planner.leaves(), self._planner.deletes()
            self.executor.run(kept)
            self.executor.delete_all(condemned, self._planner.graph)

    def import_resources(self, wanted: list[Resource]) -> None:
        """Add resources to the state that exist already; what is in it stays as it is."""
        with suppress(Stopped):
            self.executor.run(self._planner.keep_all())
            if self.stack_urn not in self._planner.olds:
                stack = Resource(self.stack_urn, STACK_TYPE)
                self.executor.run([Step(Op.CREATE, new=stack)])
            provider = ""
            if any(one.custom for one in wanted):
                provider = self._kept_reference() or self._reference(PROVIDER_TYPE)
            for one in wanted:
                one.parent = one.parent or self.stack_urn
                one.provider = provider if one.custom else ""
            for group in self._planner.imports(wanted):
                self.executor.run_all(group)

    def _kept_reference(self) -> str:
        """Return the reference to the provider in the state, whose configuration stays."""
        old = self._planner.olds.get(self._urn("", PROVIDER_TYPE, "default"))
        return f"{old.urn}::{old.id}" if old else ""

    # What the program asks for, by way of the monitor.

    def register(self, goal: Goal) -> Resource:
        """Plan and apply a registration; raises Stopped when the run ends before that."""
        return self._decide(goal, self._planner.register)

    def read(self, goal: Goal) -> Resource:
        """Read a resource that is not managed here."""
        return self._decide(goal, self._planner.read)

    def registered(self, urn: str) -> Resource | None:
        """Return a resource that the program has registered, whose children inherit options."""
        return self._registered.get(urn)

    def set_outputs(self, urn: str, outputs: values.PropertyMap) -> None:
        """Set a component's outputs. Those of the stack are set at the end of the run."""
        if urn == self.stack_urn:
            self._stack_outputs = outputs
        elif not self.executor.set_outputs(urn, outputs):
            self.refuse(urn, f"cannot complete a resource '{urn}' whose registration isn't pending")

    def refuse(self, urn: str, message: str) -> None:
        """End the run with an error, where the program asks for what cannot be done."""
        self.executor.fail(urn, message)
        raise Stopped

    def _decide(self, goal: Goal, plan: Callable[[Goal], list[Step]]) -> Resource:
        with self._planning:
            if self.stopped:
                raise Stopped
            try:
                if goal.wanted.custom:
                    goal.wanted.provider = self._reference(_provider_type(goal.wanted))
                chain = plan(goal)
            except ProviderError as error:
                urn = self._urn(goal.wanted.parent, goal.wanted.type, goal.name)
                self.executor.fail(urn, str(error))
                raise Stopped from error
            except Stopped:
                self._stop()
                raise
        self.executor.run(chain)
        resource = chain[-1].after
        self._registered[resource.urn] = resource
        return resource

    def _report(self, diagnostic: Diagnostic) -> None:
        if diagnostic.severity == "error":
            self.executor.errored = True
        self.emit(diagnostic)

    def _reference(self, type_: str) -> str:
        """Return the reference to a default provider, which is entered into the state first."""
        if type_ not in self._references:
            # Secret configuration is only sent to the provider, and not stored in the state.
            config = {key: one.value for key, one in self.options.config.items() if not one.secret}
            step = self._planner.default_provider(type_, config if type_ == PROVIDER_TYPE else {})
            self.executor.run([step])
            self._references[type_] = f"{step.urn}::{step.after.id}"
        return self._references[type_]

    def _new_planner(self) -> Planner:
        return Planner(self.options, self.snapshot.base, self._provider, self._report)

    def _finish_outputs(self) -> None:
        if self._stack_outputs is None:
            return
        outputs = self._stack_outputs
        old = self._planner.olds.get(self.stack_urn)
        if self.failed and old is not None:
            # What the program did not get to is still as the last run left it.
            outputs = {**old.outputs, **outputs}
        self.executor.set_outputs(self.stack_urn, outputs)

    # The program's process.

    def _watch(self, child: Child) -> None:
        code = child.wait()
        if self.finished.is_set() or self.stopped:
            return
        if code == EXPLAINED:
            self.executor.errored = True
            self.executor.stopped.set()
        elif code and code < 0:
            self.executor.fail(self.stack_urn, f"the program was ended by signal {-code}")
        elif code:
            self.executor.fail(self.stack_urn, f"the program ended with exit code {code}")
        self.program_done.set()

    def _end_program(self, child: Child) -> None:
        if self.stopped:
            child.interrupt()
        if child.wait(_GRACE_SECONDS) is None:
            child.end()

    def _print(self, line: str) -> None:
        self.emit(OutputEvent(line))


def _provider_type(resource: Resource) -> str:
    return OWN_PROVIDER_TYPE if resource.type == STACK_REFERENCE_TYPE else PROVIDER_TYPE
