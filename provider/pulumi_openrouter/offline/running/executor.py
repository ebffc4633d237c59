"""Executing the steps that the planner decided on.

The state records the beginning and the end of each step, so that what was done is known whatever
comes next. The first failure stops the run: what is under way ends, and nothing new begins.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from pulumi_openrouter.offline.display.events import Event, StepEvent
from pulumi_openrouter.offline.display.lines import diff_lines
from pulumi_openrouter.offline.exceptions import Diagnostic, StateError, StepRecord, Stopped
from pulumi_openrouter.offline.planning.failures import failure_texts
from pulumi_openrouter.offline.planning.graph import DependencyGraph
from pulumi_openrouter.offline.planning.steps import CREATES, DELETES, READS, Op, Step
from pulumi_openrouter.offline.project import OperationOptions
from pulumi_openrouter.offline.running import actions
from pulumi_openrouter.offline.running.actions import ProtectedError
from pulumi_openrouter.offline.state.model import Resource
from pulumi_openrouter.offline.state.snapshot import Snapshot
from pulumi_openrouter.offline.values import values
from pulumi_openrouter.offline.wire.provider import Provider, ProviderError

# What the state calls a step that has begun and not ended.
_PENDING = {
    **dict.fromkeys(CREATES, "creating"),
    **dict.fromkeys(DELETES, "deleting"),
    **dict.fromkeys(READS, "reading"),
    Op.UPDATE: "updating",
}


class Executor:
    """Applies steps with a provider, and records each of them in the state."""

    def __init__(
        self,
        provider: Provider,
        snapshot: Snapshot,
        emit: Callable[[Event], None],
        options: OperationOptions,
    ) -> None:
        self._provider = provider
        self._snapshot = snapshot
        self._emit = emit
        self._options = options
        self._slots = threading.Semaphore(options.parallel)
        self._lock = threading.Lock()
        self.stopped = threading.Event()
        self.errored = False
        # Whether something was done that the state could not be told.
        self.unrecorded = False
        self.changes: Counter[str] = Counter()
        self.records: list[StepRecord] = []
        # Resources whose outputs the program may still set.
        self._open: dict[str, Step] = {}

    def run(self, chain: list[Step]) -> None:
        """Carry out the steps of one resource in order.

        Raises Stopped when the run ends before the last one.
        """
        with self._slots:
            for step in chain:
                if self.stopped.is_set() or not self._carry_out(step):
                    raise Stopped

    def run_all(self, steps: list[Step]) -> list[Step]:
        """Carry out steps of different resources side by side; return those that failed."""
        failed: list[Step] = []

        def one(step: Step) -> None:
            try:
                self.run([step])
            except Stopped:
                failed.append(step)

        with ThreadPoolExecutor(max_workers=self._options.parallel) as pool:
            list(pool.map(one, steps))
        return failed

    def delete_all(self, groups: list[list[Step]], graph: DependencyGraph) -> None:
        """Delete group by group. What a protected resource needs is kept with it."""
        kept: set[str] = set()
        for group in groups:
            failed = self.run_all([step for step in group if step.urn not in kept])
            if self.stopped.is_set():
                return
            for step in failed:
                kept |= graph.needed_by(step.before)

    def set_outputs(self, urn: str, outputs: values.PropertyMap) -> bool:
        """Set the outputs of a component or the stack; return False if it is not registered."""
        step = self._open.pop(urn, None)
        if step is None:
            return False
        resource = step.after
        changed = resource.outputs != outputs and not step.skipped
        resource.outputs = outputs
        if not self._options.dry_run and changed:
            self._record(urn, lambda: self._snapshot.finish(resource, put=[resource]))
        return True

    def rebase(self, resources: list[Resource]) -> None:
        """Record what a refresh has read."""
        self._record("", lambda: self._snapshot.rebase(resources))

    def _record(self, urn: str, record: Callable[[], None], done: str = "") -> bool:
        """Write to the state, and return whether that worked; if not, the run ends."""
        try:
            record()
        except StateError as error:
            self.unrecorded = self.unrecorded or bool(done)
            self.fail(urn, f"{done}{error}")
            return False
        return True

    def fail(self, urn: str, message: str) -> None:
        """Report an error that ends the run."""
        self.errored = True
        self.stopped.set()
        self._emit(Diagnostic("error", urn, message))

    def _carry_out(self, step: Step) -> bool:
        self._emit(StepEvent("begun", step))
        started = time.monotonic()
        if step.op in _PENDING and not self._options.dry_run and not self._begin(step):
            return False
        try:
            actions.apply(step, self._provider, dry_run=self._options.dry_run)
        except (ProviderError, ProtectedError) as error:
            self._failed(step, error, time.monotonic() - started)
            return False
        if step.new is not None and step.op is not Op.REPLACE:
            _hide_secrets(step.new)
        if step.failures:
            self._warn(step)
        # A step that is done and cannot be recorded is done all the same, and shown as such.
        recorded = self._options.dry_run or self._record(
            step.urn, lambda: self._end(step), _done_text(step)
        )
        self._count(step)
        self._emit(StepEvent("done", step, time.monotonic() - started))
        return recorded

    def _begin(self, step: Step) -> bool:
        """Record that a step begins; if that is impossible, it must not begin."""
        kind = _PENDING[step.op]
        if self._record(step.urn, lambda: self._snapshot.begin(step.resource, kind)):
            return True
        with suppress(StateError):
            self._snapshot.finish(step.resource)
        self._emit(StepEvent("failed", step, 0))
        return False

    def _failed(self, step: Step, error: Exception, seconds: float) -> None:
        if not self._options.dry_run:
            self._record(step.urn, lambda: self._snapshot.finish(step.resource))
        self._emit(StepEvent("failed", step, seconds))
        text = f"Preview failed: {error}" if self._options.dry_run else str(error)
        urn = "" if step.internal else step.urn
        if isinstance(error, ProtectedError) or step.op is Op.REFRESH:
            # Nothing was changed, so the others may go on, and all failures are reported at once.
            self.errored = True
            self._emit(Diagnostic("error", urn, text))
        else:
            self.fail(urn, text)

    def _warn(self, step: Step) -> None:
        """Warn of inputs in an import file that the provider's check refuses."""
        intro = (
            "the provider's check refuses inputs of the import file; they are imported all the "
            "same, and `preview` then shows what to correct in the program"
        )
        for text in (intro, *failure_texts(step.after, step.failures)):
            self._emit(Diagnostic("warning", step.urn, text))

    def _count(self, step: Step) -> None:
        with self._lock:
            if step.counted and step.new is not None:
                self._open[step.urn] = step
            op, counted = step.op, step.counted
            if self._options.refresh_only and step.result is not None:
                op, counted = step.result, True
            if step.op is Op.READ:
                counted = bool(step.old) and step.before.outputs != step.after.outputs
            if counted and not step.internal:
                self.changes[op.value] += 1
            if not step.internal:
                self.records.append(StepRecord(op.value, step.urn, diff_lines(step)))

    def _end(self, step: Step) -> None:
        """Record in the state what a step has done."""
        if step.op in (Op.REPLACE, Op.REFRESH) or step.skipped:
            return
        drop = [step.old] if step.old is not None else []
        put = [step.new] if step.new is not None else []
        if step.op in CREATES:
            put += drop if step.pending_delete else []
            drop = [one for one in drop if one.pending_replacement]
        elif step.op in DELETES and step.before.pending_replacement:
            drop, put = [], drop
        self._snapshot.finish(step.resource, drop=drop, put=put)


def _done_text(step: Step) -> str:
    """Return the beginning of the error about a step that is done and cannot be recorded."""
    kind = _PENDING.get(step.op)
    if kind is None or step.internal:
        return ""
    return f"{kind} it succeeded (id {step.resource.id or 'none'}), but that is not recorded: "


def _hide_secrets(resource: Resource) -> None:
    """Mark outputs that the program declared secret, or that echo a secret input."""
    for key, value in resource.outputs.items():
        hidden = key in resource.additional_secret_outputs or values.is_secret(
            resource.inputs.get(key)
        )
        if hidden and not values.is_secret(value):
            resource.outputs[key] = values.secret(value)
