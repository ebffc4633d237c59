"""Pulumi's steps without its processes: one stack whose provider lives in the test's own process.

A `Stack` calls the three provider classes as the engine does, in the order in which the real one
does it: check, diff, then the steps that follow from them, deletes of what has gone at the end, old
outputs as olds, everything through Pulumi's own serialization. Each operation gets a session and a
client of its own, as each has a provider process of its own. Time passes only in the client's
sleeps, so no retry waits; those sleeps are kept.
"""

from __future__ import annotations

import random
import ssl
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from types import TracebackType
from typing import Any, Protocol

import httpx
from pulumi import dynamic
from pulumi.output import Unknown

from faults.at_hand import SandboxAtHand
from faults.declared import Declared, Key, Options, effective_options, hidden, parent_of
from harness.providers import Properties, Providers, open_providers, travel
from pulumi_openrouter import OpenRouterError
from pulumi_openrouter.api.clock import Clock
from pulumi_openrouter.api.transport import Transport
from pulumi_openrouter.sandbox import Sandbox
from pulumi_openrouter.settings import Settings


class AnyStack(Protocol):
    """What a life does with a stack, whichever engine runs its programs."""

    resources: dict[Key, Recorded]
    leaving: list[Recorded]
    notices: list[str]

    @property
    def up(self) -> Callable[..., Counter[str]]: ...  # noqa: D102
    @property
    def preview(self) -> Callable[..., Counter[str]]: ...  # noqa: D102
    @property
    def destroy(self) -> Callable[..., None]: ...  # noqa: D102
    def refresh(self) -> list[Key]: ...  # noqa: D102
    def close(self) -> None: ...  # noqa: D102


_numbers = count()


@dataclass(frozen=True, eq=False)
class Recorded:
    """A resource as the state holds it.

    Attributes:
        key: Which resource it is.
        id: Its Pulumi id; empty in a preview of what is to be created.
        inputs: The inputs that the last check or read returned.
        outputs: What the last create, update or read returned.
        depends_on: The Workspace of the program that it is part of.
        options: Its options as the last run that reached it had them.
        stated: The inputs that the program passed then, with what it ignores put back.
        created: The number of its creation, which sets it apart from its predecessors.
        to_recreate: Whether it is deleted already and waits for its replacement.
    """

    key: Key
    id: str
    inputs: Properties
    outputs: Properties
    depends_on: Key | None = None
    options: Options = field(default_factory=Options)
    stated: Mapping[str, Any] = field(default_factory=dict)
    created: int = 0
    to_recreate: bool = False


class CheckError(Exception):
    """The provider refused inputs; each failure reads `property: reason`."""


class EngineError(Exception):
    """The engine itself refuses a step, as that of a protected resource."""


class KilledError(BaseException):
    """The run is cut off: nothing of ours may catch this, as nothing survives a kill."""


_FAILURES = (OpenRouterError, CheckError, EngineError)


def failure(run: Callable[[], object]) -> OpenRouterError | None:
    """Return what a run fails with, in one line as a user wants it; None if it does not fail."""
    try:
        run()
    except OpenRouterError as error:
        if len(str(error).splitlines()) == 1:
            return error
        raise
    return None


@dataclass
class FakeClock(Clock):
    """A clock that only sleeping moves, beside the real one for dates."""

    time: float = 0.0
    slept: list[float] = field(default_factory=list)
    meanwhile: list[Callable[[], object]] = field(default_factory=list)
    """What happens elsewhere during the next sleeps, one each."""

    def monotonic(self) -> float:
        """Return the time in seconds."""
        return self.time

    def sleep(self, seconds: float, wake: threading.Event) -> None:  # noqa: ARG002
        """Let time pass."""
        self.slept.append(seconds)
        if self.meanwhile:
            self.meanwhile.pop(0)()
        self.time += seconds


class Stack:
    """A stack of one program: its state, `resources`, and what was replaced but not yet deleted.

    All operations raise the OpenRouterError, CheckError or EngineError of the first step that
    failed; what was done is in the state. What the provider told the user is in `notices`.
    """

    def __init__(
        self,
        sandbox: Sandbox | SandboxAtHand,
        *,
        transport: httpx.BaseTransport | None = None,
        **settings: Any,
    ) -> None:
        given = {"timeout_seconds": 60.0, "max_retries": 5, **settings}
        self.settings = Settings(management_key=sandbox.key, base_url=sandbox.url, **given)
        self.resources: dict[Key, Recorded] = {}
        self.leaving: list[Recorded] = []
        self.clock = FakeClock()
        self.notes: list[str] = []
        self.notices: list[str] = []
        # Plain http needs no certificates, and loading them takes longer than a whole run.
        trust_nobody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._http = httpx.Client(trust_env=False, verify=trust_nobody, transport=transport)

    def __enter__(self) -> Stack:
        """Offer itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connections."""
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    @contextmanager
    def providers(
        self, *, adopt: bool = False, cut_after: int | None = None
    ) -> Iterator[Providers]:
        """Offer the providers of a new process; connections alone are shared with earlier ones.

        With `cut_after` the process is killed as soon as so many requests have been answered.
        """
        settings = replace(self.settings, adopt_existing=adopt)
        notices: list[str] = []
        transport = Transport(settings, http=self._http, clock=self.clock, notify=self.notes.append)
        providers = open_providers(settings, transport, notices.append)
        hooks = self._http.event_hooks
        self._http.event_hooks = {"response": [_kill_after(cut_after)] if cut_after else []}
        try:
            yield providers
        finally:
            self._http.event_hooks = hooks
            self.notices = notices

    def up(
        self,
        program: Sequence[Declared],
        *,
        refresh: bool = False,
        adopt: bool = False,
        replacing: Sequence[Key] = (),
        targets: Sequence[Key] | None = None,
        order: int = 0,
        cut_after: int | None = None,
    ) -> Counter[str]:
        """Make the API equal to the program; return how many steps of each kind that took.

        Args:
            program: The program.
            refresh: Whether to read the live state first.
            adopt: The setting `adoptExisting`.
            replacing: The resources that `--replace` names.
            targets: The resources that `--target` names.
            order: Which of the orders that the engine may take; 0 is that of the program.
            cut_after: After how many requests the run is killed; raises KilledError.
        """
        with self.providers(adopt=adopt, cut_after=cut_after) as providers:
            if refresh:
                self._refresh(providers, targets)
            run = _Run(self, providers, program, replacing, targets, order)
            return run.up()

    def preview(
        self,
        program: Sequence[Declared],
        *,
        adopt: bool = False,
        replacing: Sequence[Key] = (),
        targets: Sequence[Key] | None = None,
        order: int = 0,
    ) -> Counter[str]:
        """Return the steps of `up`, changing nothing; ids of what is to be created are unknown."""
        with self.providers(adopt=adopt) as providers:
            run = _Run(self, providers, program, replacing, targets, order, dry=True)
            return run.up()

    def refresh(self) -> list[Key]:
        """Take over the live state; name the resources that have changed or gone."""
        with self.providers() as providers:
            return self._refresh(providers, None)

    def destroy(self, *, order: int = 0, cut_after: int | None = None) -> None:
        """Delete everything, without a preview before."""
        with self.providers(cut_after=cut_after) as providers:
            _Run(self, providers, [], (), None, order).delete()

    def _refresh(self, providers: Providers, targets: Sequence[Key] | None) -> list[Key]:
        changed = []
        everything = [*self.resources.values(), *self.leaving]
        for old in everything:
            if old.to_recreate or (targets is not None and old.key not in targets):
                continue
            live = providers[old.key[0]].read(old.id, dict(old.outputs))
            new = None
            if live.id:
                inputs = old.inputs if live.inputs is None else travel(live.inputs)
                new = replace(old, inputs=inputs, outputs=travel(live.outs or {}))
            self._put(old, new)
            # The live state against the inputs as they were: drift is what an `up` would undo.
            provider = providers[old.key[0]]
            if new is None or provider.diff(old.id, dict(new.outputs), dict(old.inputs)).changes:
                changed.append(old.key)
        return changed

    def _put(self, old: Recorded, new: Recorded | None) -> None:
        if old in self.leaving:
            place = next(i for i, one in enumerate(self.leaving) if one is old)
            self.leaving[place : place + 1] = [new] if new else []
        elif new is None:
            del self.resources[old.key]
        else:
            self.resources[old.key] = new


class _Run:
    """One `up`, preview or destroy: what the engine's step generator and executor do."""

    def __init__(
        self,
        stack: Stack,
        providers: Providers,
        program: Sequence[Declared],
        replacing: Sequence[Key],
        targets: Sequence[Key] | None,
        order: int,
        *,
        dry: bool = False,
    ) -> None:
        self._resources = dict(stack.resources) if dry else stack.resources
        self._leaving = [*stack.leaving] if dry else stack.leaving
        self._providers = providers
        self._program = program
        self._replacing = replacing
        self._targets = targets
        self._order = random.Random(order) if order else None  # noqa: S311 - not a secret
        self._dry = dry
        self._steps: Counter[str] = Counter()
        # By key in the state: what was met, what was deleted so that something else could be.
        self._met: set[Key] = set()
        self._deleted: set[Key] = set()
        self._replaced: set[Key] = set()
        self._skipped: set[Key] = set()
        self._late = [*self._leaving]

    def up(self) -> Counter[str]:
        """Register the whole program, then delete what has gone."""
        errors = self._register_all()
        if errors:
            raise errors[0]
        goners = self._goners()
        # What a replacement of this run leaves behind is part of its own step.
        deletes = [one for one in goners if one in self._late or one not in self._leaving]
        self._steps["delete"] += len(deletes)
        self._delete_all(goners)
        return +self._steps

    def delete(self) -> None:
        """Delete whatever the state has, as no program was run."""
        self._delete_all(self._goners())

    # Registrations. Each is planned at once and applied later, and others come in between.

    def _register_all(self) -> list[Exception]:
        waiting = list(self._program)
        planned: list[tuple[Declared, Iterator[None]]] = []
        done: set[Key] = set()
        errors: list[Exception] = []
        patient = self._order is None or self._order.random() < 0.5
        while planned or waiting:
            # What does not depend on a failure may be under way when that happens.
            goes_on = patient or not errors
            ready = [one for one in waiting if goes_on and self._is_ready(one, done)]
            choice = self._choose(len(planned) + len(ready))
            if choice is None:
                break
            try:
                if choice < len(planned):
                    declared, steps = planned.pop(choice)
                    next(steps, None)
                    done.add(declared.key)
                else:
                    declared = ready[choice - len(planned)]
                    waiting.remove(declared)
                    steps = self._register(declared)
                    next(steps)
                    planned.append((declared, steps))
            except _FAILURES as error:
                errors.append(error)
        return errors

    def _choose(self, number: int) -> int | None:
        if not number:
            return None
        return self._order.randrange(number) if self._order else 0

    def _parent(self, declared: Declared) -> Declared | None:
        return parent_of(declared, self._program)

    def _is_ready(self, declared: Declared, done: set[Key]) -> bool:
        """Whether the Workspace that a resource is part of is done, and no delete of it is due."""
        parent = self._parent(declared)
        old = self._resources.get(self._former(declared))
        due = old is not None and old.key in self._deleted and not old.to_recreate
        return not due and (parent is None or parent.key in done)

    def _register(self, declared: Declared) -> Iterator[None]:
        """Plan a resource, and at the second call apply the plan."""
        former = self._former(declared)
        old = self._resources.get(former)
        if self._targets is not None and declared.key not in self._targets:
            self._leave_alone(declared, former, old)
            return iter((None,))
        parent = self._parent(declared)
        if parent is not None and parent.key in self._skipped:
            msg = f"{declared.key} depends on {parent.key}, which --target left out"
            raise EngineError(msg)
        if old is None or former in self._deleted:
            return self._make(declared, parent, former, old)
        return self._change(declared, parent, former, old)

    def _make(
        self, declared: Declared, parent: Declared | None, former: Key, old: Recorded | None
    ) -> Iterator[None]:
        """Create what is new, or what had to be deleted so that its workspace could be replaced."""
        new = self._checked(declared, parent, None, dict(declared.inputs))
        if old is not None:
            self._deleted.discard(former)
            self._replaced.add(declared.key)
            self._met.add(former)
        yield
        self._create(new, None if old is None else former)
        self._steps["create" if old is None else "replace"] += 1

    def _change(
        self, declared: Declared, parent: Declared | None, former: Key, old: Recorded
    ) -> Iterator[None]:
        """Update or replace what is there, or leave it as it is."""
        stated = dict(declared.inputs)
        replaces = changes = forced = declared.key in self._replacing
        if forced:
            new = self._checked(declared, parent, None, stated)
        else:
            new = self._checked(declared, parent, old, _put_back(declared, old, stated))
            diff = self._diff(old, new.inputs)
            changes, replaces = bool(diff.changes), bool(diff.replaces) or old.to_recreate
            if replaces:
                new = self._checked(declared, parent, None, stated)
        steps: list[Callable[[], None]] = []
        if replaces:
            steps = self._plan_replacement(declared, former, old, new)
        self._met.add(former)
        yield
        if not replaces:
            self._update(old, new, former, changes=changes)
        for step in steps:
            step()
        self._steps["replace" if replaces else "update" if changes else "same"] += 1

    def _former(self, declared: Declared) -> Key:
        keys = (declared.key, *declared.options.aliases)
        return next((key for key in keys if key in self._resources), declared.key)

    def _leave_alone(self, declared: Declared, former: Key, old: Recorded | None) -> None:
        if old is None:
            self._skipped.add(declared.key)
            return
        self._met.add(former)
        self._steps["same"] += 1

    def _checked(
        self, declared: Declared, parent: Declared | None, old: Recorded | None, stated: Properties
    ) -> Recorded:
        """Return what the state is to hold, with the inputs as the check returns them."""
        passed = {**stated, **hidden(declared, self._program)}
        if parent is not None:
            found = self._resources.get(self._former(parent))
            passed["workspace"] = found.id if found and found.id else _unknown()
        olds = dict(old.inputs) if old else {}
        result = self._providers[declared.kind].check(olds, travel(passed))
        if result.failures:
            raise CheckError("; ".join(f"{f.property}: {f.reason}" for f in result.failures))
        return Recorded(
            declared.key,
            "",
            travel(dict(result.inputs)),
            {},
            parent.key if parent else None,
            effective_options(declared, parent),
            stated,
        )

    def _diff(self, old: Recorded, inputs: Properties) -> dynamic.DiffResult:
        provider = self._providers[old.key[0]]
        return provider.diff(old.id, dict(old.outputs), dict(inputs))

    def _create(self, new: Recorded, former: Key | None) -> None:
        if not self._dry:
            made = self._providers[new.key[0]].create(dict(new.inputs))
            outputs = travel(made.outs or {})
            new = replace(new, id=made.id, outputs=outputs, created=next(_numbers))
        if former is not None:
            self._resources.pop(former, None)
        self._resources[new.key] = new
        self._met.add(new.key)

    def _update(self, old: Recorded, new: Recorded, former: Key, *, changes: bool) -> None:
        outputs = old.outputs
        if changes and not self._dry:
            provider = self._providers[new.key[0]]
            updated = provider.update(old.id, dict(old.outputs), dict(new.inputs))
            outputs = travel(updated.outs or {})
        del self._resources[former]
        self._resources[new.key] = replace(new, id=old.id, outputs=outputs, created=old.created)
        self._met.add(new.key)

    # Replacements.

    def _plan_replacement(
        self, declared: Declared, former: Key, old: Recorded, new: Recorded
    ) -> list[Callable[[], None]]:
        if new.options.protect and old.options.protect:
            msg = f"{old.key} is protected and cannot be replaced"
            raise EngineError(msg)
        self._replaced.add(declared.key)
        if not declared.deletes_first:
            return [lambda: self._create_first(old, new, former)]
        steps: list[Callable[[], None]] = []
        for dependent in reversed(self._condemned(old)):
            if dependent.options.protect and dependent not in self._leaving:
                msg = f"{dependent.key} is protected and cannot be replaced with {old.key}"
                raise EngineError(msg)
            self._deleted.add(dependent.key)
            steps.append(lambda one=dependent: self._delete_early(one))  # type: ignore[misc]
        if not old.to_recreate:
            self._deleted.add(former)
            steps.append(lambda: self._delete_early(old))
        return [*steps, lambda: self._create(new, former)]

    def _create_first(self, old: Recorded, new: Recorded, former: Key) -> None:
        self._create(new, former)
        if not old.to_recreate:
            self._leaving.append(old)

    def _condemned(self, root: Recorded) -> list[Recorded]:
        """Return what must go before a workspace does: what its unknown id would replace."""
        met = self._met | self._deleted
        parts = [one for one in self._all() if one.depends_on == root.key and one.key not in met]
        return [
            part
            for part in parts
            if not part.to_recreate
            and self._diff(part, {**part.inputs, "workspace": _unknown()}).replaces
        ]

    def _delete_early(self, one: Recorded) -> None:
        late = one in self._leaving
        self._delete_one(one, replacing=True)
        if late:
            self._leaving.remove(one)
        else:
            self._resources[one.key] = replace(one, to_recreate=True)

    # Deletes.

    def _all(self) -> list[Recorded]:
        return [*self._resources.values(), *self._leaving]

    def _goners(self) -> list[Recorded]:
        gone = [one for one in self._resources.values() if one.key not in self._met]
        goners = [*gone, *self._leaving]
        if self._targets is None:
            return goners
        named = [one for one in goners if one.key in self._targets]
        keys = {one.key for one in named}
        if stray := [one for one in goners if one.depends_on in keys and one.key not in keys]:
            msg = f"{stray[0].key} would be deleted, and --target does not name it"
            raise EngineError(msg)
        return named

    def _delete_all(self, goners: Sequence[Recorded]) -> None:
        """Delete, parts before their workspaces; a failure ends the run with its group."""
        keys = {one.key for one in goners}
        parts = [one for one in goners if one.depends_on in keys]
        for group in (parts, [one for one in goners if one.depends_on not in keys]):
            self._delete_group(group)

    def _delete_group(self, group: list[Recorded]) -> None:
        if self._order:
            self._order.shuffle(group)
        errors: list[Exception] = []
        for one in group:
            if errors and self._order and self._order.random() < 0.5:
                break
            try:
                if not one.to_recreate:
                    self._delete_one(one, replacing=one in self._leaving)
            except _FAILURES as error:
                errors.append(error)
            else:
                self._forget(one)
        if errors:
            raise errors[0]

    def _delete_one(self, one: Recorded, *, replacing: bool) -> None:
        if one.options.protect and not replacing:
            msg = f"{one.key} is protected and cannot be deleted"
            raise EngineError(msg)
        if not (self._dry or one.options.retain):
            self._providers[one.key[0]].delete(one.id, dict(one.outputs))

    def _forget(self, one: Recorded) -> None:
        if self._resources.get(one.key) is one:
            del self._resources[one.key]
        else:
            self._leaving.remove(one)


def _put_back(declared: Declared, old: Recorded, stated: Properties) -> Properties:
    """Return the inputs with those that the program ignores as they were."""
    kept = dict(stated)
    for name in declared.options.ignore:
        kept.pop(name, None)
        if name in old.inputs:
            kept[name] = old.inputs[name]
    return kept


def _unknown() -> Unknown:
    return Unknown()  # type: ignore[no-untyped-call]  # the SDK's


def _kill_after(requests: int) -> Callable[[httpx.Response], None]:
    answered = count(1)

    def kill(response: httpx.Response) -> None:
        if next(answered) >= requests:
            response.close()
            raise KilledError

    return kill
