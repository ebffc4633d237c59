"""A provider process of Pulumi's, without the process: lifecycles driven as its server drives them.

Properties travel as over gRPC (None vanishes, a magic text becomes an `Unknown`), checks get old
inputs, all else gets old outputs, and what an operation returns is the next one's old state. That
makes a rule of one resource a matter of milliseconds; whole programs prove that engines agree.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from typing import Any, Literal

from pulumi.runtime import rpc

from harness.providers import Properties, open_providers, travel
from pulumi_openrouter.api.transport import Transport
from pulumi_openrouter.lifecycle.hints import HINTS
from pulumi_openrouter.resources.provider import DynamicProvider
from pulumi_openrouter.settings import Settings

UNKNOWN = rpc.UNKNOWN
"""How a value that a preview does not know travels."""

Kind = Literal["Workspace", "WorkspaceBudget", "WorkspaceMembership", "Token"]


class InputError(Exception):
    """A check refused inputs; the text has a line for each, `property: reason`."""


class ProviderProcess:
    """The providers with the settings of a stack's config, and one session a run.

    Each operation of a resource is a run of its own, as `pulumi up` with that resource alone
    would be, except inside `one_run`. The connections stay open.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        *more: type[DynamicProvider],
        **config: str,
    ) -> None:
        self._settings = Settings.load(config.get, environment)
        self._more = more
        self._transport = Transport(self._settings)
        self._in_one_run = False
        self._numbers = count()
        self.begin_run()

    @contextmanager
    def one_run(self) -> Iterator[None]:
        """Make all operations inside parts of one and the same run."""
        self.begin_run()
        self._in_one_run = True
        yield
        self._in_one_run = False

    def begin_run(self) -> None:
        """Forget what the session and the client of an earlier run knew."""
        if not self._in_one_run:
            self.providers = open_providers(self._settings, self._transport, _show, self._more)

    def resource(self, kind: Kind, name: str | None = None) -> Managed:
        """Return a resource that does not exist yet, under a name of its own unless given one."""
        return Managed(self, kind, name or f"resource-{next(self._numbers)}")

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()


class Managed:
    """One resource as an engine keeps it from operation to operation."""

    def __init__(self, process: ProviderProcess, kind: Kind, name: str) -> None:
        self.process = process
        self.kind: Kind = kind
        self.owner = f"{kind}::{name}"
        self.id = ""
        self.inputs: Properties = {}
        self.outputs: Properties = {}

    @property
    def provider(self) -> Any:
        """The provider of this resource in the process that runs now."""
        return self.process.providers[self.kind]

    def check(self, **inputs: Any) -> Properties:
        """Return the inputs in the form that the state keeps; raises InputError."""
        return self._check(self.inputs, inputs)

    def diff(self, **inputs: Any) -> str:
        """Return what an `up` would do: create, update, replace or same."""
        return self._planned(self.check(**inputs))

    def up(self, **inputs: Any) -> str:
        """Do what the diff says, and return it; the state stays as it was where that fails."""
        self.process.begin_run()
        news = self.check(**inputs)
        operation = self._planned(news)
        if operation == "update":
            result = self.provider.update(self.id, _travel(self.outputs), news)
            self.outputs = _travel(result.outs)
        elif operation != "same":
            old_id, old_outputs = self.id, self.outputs
            if old_id:
                # An engine checks a replacement once more, as the new resource that it is.
                news = self._check({}, inputs)
            created = self.provider.create(news)
            self.id, self.outputs = created.id, _travel(created.outs)
            if old_id:
                self.provider.delete(old_id, _travel(old_outputs))
        self.inputs = news
        return operation

    def _check(self, olds: Properties, news: Properties) -> Properties:
        result = self.provider.check(_travel(olds), _travel(self._with_hints(news)))
        if result.failures:
            raise InputError("\n".join(f"{f.property}: {f.reason}" for f in result.failures))
        return _travel(result.inputs)

    def _with_hints(self, news: Properties) -> Properties:
        """Return inputs as a constructor sends them; a hint is given as `__workspace=...`."""
        hints = {name[2:]: value for name, value in news.items() if name.startswith("__")}
        inputs = {name: value for name, value in news.items() if not name.startswith("__")}
        return {**inputs, HINTS: {"owner": self.owner, **hints}}

    def _planned(self, news: Properties) -> str:
        if not self.id:
            return "create"
        result = self.provider.diff(self.id, _travel(self.outputs), news)
        if result.replaces:
            return "replace"
        return "update" if result.changes else "same"

    def refresh(self) -> str:
        """Read, take over what is there, and say what that was: same, update or delete."""
        self.process.begin_run()
        result = self.provider.read(self.id, _travel(self.outputs))
        if not result.id:
            self.id, self.inputs, self.outputs = "", {}, {}
            return "delete"
        before = self.outputs
        self.inputs, self.outputs = _travel(result.inputs), _travel(result.outs)
        return "same" if self.outputs == before else "update"

    def get(self, id_: str) -> Properties:
        """Read something that this program does not manage."""
        result = self.provider.read(id_, _travel({}))
        return _travel(result.outs)

    def delete(self) -> None:
        """Delete."""
        self.process.begin_run()
        self.provider.delete(self.id, _travel(self.outputs))
        self.id, self.inputs, self.outputs = "", {}, {}


def _travel(properties: Mapping[str, Any]) -> Properties:
    """Return properties as they arrive, with the pickled provider that Pulumi puts among them."""
    return travel({**properties, "__provider": "a pickle"})


def _show(notice: str) -> None:
    print(notice, file=sys.stderr)  # noqa: T201 - where a provider's notices go
