"""Pulumi's steps without its processes: one stack whose provider lives in the test's own process.

A `Stack` calls the three provider classes as the engine does: check, diff, create, update, then
deletes of what has gone, old outputs as olds, everything through Pulumi's own serialization. Each
operation gets a session and a client of its own, as each has a provider process of its own. Time
passes only in the client's sleeps, so no retry waits; those sleeps are kept.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any, Protocol

import httpx
from pulumi import dynamic
from pulumi.output import Unknown
from pulumi.runtime import rpc

from faults.declared import Declared, Key
from pulumi_openrouter import (
    OpenRouterError,
    WorkspaceBudgetProvider,
    WorkspaceMembershipProvider,
    WorkspaceProvider,
)
from pulumi_openrouter.api.client import Client
from pulumi_openrouter.api.transport import Transport
from pulumi_openrouter.lifecycle.session import Session
from pulumi_openrouter.sandbox import Sandbox
from pulumi_openrouter.settings import Settings

Props = dict[str, Any]


class Provider(Protocol):
    """The part of a provider class that the engine calls."""

    session: Session

    def check(self, olds: Props, news: Props) -> dynamic.CheckResult: ...  # noqa: D102
    def diff(self, _id: str, olds: Props, news: Props) -> dynamic.DiffResult: ...  # noqa: D102
    def create(self, props: Props) -> dynamic.CreateResult: ...  # noqa: D102
    def read(self, id_: str, props: Props) -> dynamic.ReadResult: ...  # noqa: D102
    def update(self, id_: str, olds: Props, news: Props) -> dynamic.UpdateResult: ...  # noqa: D102
    def delete(self, id_: str, props: Props) -> None: ...  # noqa: D102


_PROVIDERS: Mapping[str, type[Provider]] = {
    "Workspace": WorkspaceProvider,
    "WorkspaceBudget": WorkspaceBudgetProvider,
    "WorkspaceMembership": WorkspaceMembershipProvider,
}


@dataclass(frozen=True)
class Recorded:
    """A resource as the state holds it."""

    key: Key
    id: str
    inputs: Props
    outputs: Props
    deleted_with: Key | None


class CheckError(Exception):
    """The provider refused inputs; each failure reads `property: reason`."""


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
class Clock:
    """A clock that only sleeping moves."""

    time: float = 0.0
    slept: list[float] = field(default_factory=list)
    meanwhile: list[Callable[[], object]] = field(default_factory=list)
    """What happens elsewhere during the next sleeps, one each."""

    def __call__(self) -> float:
        """Tell the time in seconds."""
        return self.time

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.slept.append(seconds)
        if self.meanwhile:
            self.meanwhile.pop(0)()
        self.time += seconds


class Stack:
    """A stack of one program: its state, `resources`, and what was replaced but not yet deleted.

    All operations raise the OpenRouterError or CheckError of the first step that failed; what was
    done is in the state.
    """

    def __init__(self, sandbox: Sandbox, **settings: Any) -> None:
        given = {"timeout_seconds": 60.0, "max_retries": 5, **settings}
        self.settings = Settings(management_key=sandbox.key, base_url=sandbox.url, **given)
        self.resources: dict[Key, Recorded] = {}
        self.leaving: list[Recorded] = []
        self.clock = Clock()
        self.notes: list[str] = []
        self._http = httpx.Client(trust_env=False)
        self._wire = _Wire()

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
        self._http.close()
        self._wire.close()

    @contextmanager
    def providers(self, *, adopt: bool = False) -> Iterator[Mapping[str, Provider]]:
        """Offer the providers of a new process; connections alone are shared with earlier ones."""
        settings = replace(self.settings, adopt_existing=adopt)
        session = Session(settings)
        session.client = Client(
            settings,
            transport=Transport(
                settings,
                http=self._http,
                sleep=self.clock.sleep,
                monotonic=self.clock,
                notify=self.notes.append,
            ),
        )
        providers = {kind: provider() for kind, provider in _PROVIDERS.items()}
        for provider in providers.values():
            provider.session = session
        yield providers

    def up(
        self, program: Sequence[Declared], *, refresh: bool = False, adopt: bool = False
    ) -> Counter[str]:
        """Make the API equal to the program; tell how many steps of each kind that took."""
        with self.providers(adopt=adopt) as providers:
            if refresh:
                self._refresh(providers)
            steps: Counter[str] = Counter()
            late = len(self.leaving)
            errors: dict[Key, Exception] = {}
            for declared in program:
                # What does not depend on a failure was under way when that happened.
                if ("Workspace", declared.of) in errors:
                    continue
                try:
                    steps[self._apply(providers[declared.kind], declared)] += 1
                except (OpenRouterError, CheckError) as error:
                    errors[declared.key] = error
            if errors:
                raise next(iter(errors.values()))
            wanted = {declared.key for declared in program}
            deleted = [one for key, one in self.resources.items() if key not in wanted]
            steps["delete"] += len(deleted) + late
            self._delete(providers, [*deleted, *self.leaving])
            return +steps

    def preview(self, program: Sequence[Declared]) -> Counter[str]:
        """Tell the steps of `up`, changing nothing; ids of what is to be created are unknown."""
        with self.providers() as providers:
            steps = Counter(self._plan(providers[one.kind], one)[0] for one in program)
            wanted = {declared.key for declared in program}
            steps["delete"] += sum(key not in wanted for key in self.resources) + len(self.leaving)
            return +steps

    def refresh(self) -> list[Key]:
        """Take over the live state; name the resources that have changed or gone."""
        with self.providers() as providers:
            return self._refresh(providers)

    def destroy(self) -> None:
        """Delete everything."""
        with self.providers() as providers:
            self._delete(providers, [*self.resources.values(), *self.leaving])

    def _plan(self, provider: Provider, declared: Declared) -> tuple[str, Props, list[str]]:
        old = self.resources.get(declared.key)
        news = self._wire.inputs(dict(declared.inputs))
        if declared.of is not None:
            parent = self.resources.get(("Workspace", declared.of))
            news["workspace"] = parent.id if parent else Unknown()  # type: ignore[no-untyped-call]  # the SDK's
        checked = provider.check(dict(old.inputs) if old else {}, news)
        if checked.failures:
            raise CheckError("; ".join(f"{f.property}: {f.reason}" for f in checked.failures))
        if old is None:
            return "create", checked.inputs, []
        diff = provider.diff(old.id, dict(old.outputs), dict(checked.inputs))
        if diff.replaces:
            return "replace", checked.inputs, diff.replaces
        return ("update" if diff.changes else "same"), checked.inputs, []

    def _apply(self, provider: Provider, declared: Declared) -> str:
        operation, inputs, _ = self._plan(provider, declared)
        inputs = self._wire.inputs(inputs)
        old = self.resources.get(declared.key)
        with_parent = ("Workspace", declared.of) if declared.of else None
        if old is None or operation == "replace":
            made = provider.create(dict(inputs))
            outputs = self._wire.outputs(made.outs or {})
            if old is not None:
                self.leaving.append(old)
            self.resources[declared.key] = Recorded(
                declared.key, made.id, inputs, outputs, with_parent
            )
            return operation
        outputs = old.outputs
        if operation == "update":
            updated = provider.update(old.id, dict(old.outputs), dict(inputs))
            outputs = self._wire.outputs(updated.outs or {})
        self.resources[declared.key] = replace(
            old, inputs=inputs, outputs=outputs, deleted_with=with_parent
        )
        return operation

    def _refresh(self, providers: Mapping[str, Provider]) -> list[Key]:
        changed = []
        for key, old in [*self.resources.items()]:
            live = providers[key[0]].read(old.id, dict(old.outputs))
            if not live.id:
                del self.resources[key]
                changed.append(key)
                continue
            inputs = self._wire.inputs(live.inputs or {})
            outputs = self._wire.outputs(live.outs or {})
            kept = {name: old.inputs[name] for name in ("adopt",) if name in old.inputs}
            self.resources[key] = replace(old, inputs={**inputs, **kept}, outputs=outputs)
            # The live state against the inputs as they were: drift is what an `up` would undo.
            if providers[key[0]].diff(old.id, dict(outputs), dict(old.inputs)).changes:
                changed.append(key)
        return changed

    def _delete(self, providers: Mapping[str, Provider], goners: Sequence[Recorded]) -> None:
        """Delete, parts before their workspaces; what goes with its workspace needs no request."""
        going = {one.key for one in goners if self.resources.get(one.key) is one}
        for one in sorted(goners, key=lambda one: one.key[0] == "Workspace"):
            if one.deleted_with not in going:
                providers[one.key[0]].delete(one.id, dict(one.outputs))
            if self.resources.get(one.key) is one:
                del self.resources[one.key]
            else:
                self.leaving.remove(one)


class _Wire:
    """The way of properties between engine and provider: floats for numbers, no None."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()

    def close(self) -> None:
        self._loop.close()

    def inputs(self, props: Props) -> Props:
        """Give properties as the other side gets them, unknown values kept."""
        sent = self._loop.run_until_complete(rpc.serialize_properties(props, {}))
        received: Props = rpc.deserialize_properties(sent, True)
        return received

    outputs = inputs
