"""The dynamic skin: lifecycles as providers of Pulumi's dynamic resources.

Pulumi starts one provider process for an operation, unpickles a provider of each class there, calls
`configure` once, and then `check`, `diff`, `create`, `read`, `update` and `delete` from a pool of
threads. This module is all that the provider process knows of `pulumi.dynamic`.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

from pulumi import dynamic
from pulumi.output import UNKNOWN as PULUMI_UNKNOWN
from pulumi.output import Unknown

from pulumi_openrouter.errors import OpenRouterError
from pulumi_openrouter.lifecycle.base import Lifecycle
from pulumi_openrouter.lifecycle.hints import OWNER, Hints
from pulumi_openrouter.lifecycle.properties import UNKNOWN, Properties, is_unknown
from pulumi_openrouter.lifecycle.words import without_secrets
from pulumi_openrouter.resources.pool import widen_pool
from pulumi_openrouter.settings import Settings

if TYPE_CHECKING:
    from pulumi_openrouter.lifecycle.session import Session


class DynamicProvider(dynamic.ResourceProvider):
    """The base of the dynamic providers, of which each has one lifecycle.

    An instance holds nothing before `configure`: it is pickled by reference to its class into
    every user's state, and neither the key nor any setting may be in there.
    """

    # Nothing secret is captured, and a secret provider would make every diff unreadable.
    serialize_as_secret_always: bool = False

    lifecycle_type: ClassVar[type[Lifecycle]]

    lifecycle: Lifecycle

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Make the package the module of each provider.

        A provider's module and name stand in every user's state, inside its pickle, and files may
        move.
        """
        super().__init_subclass__(**kwargs)
        cls.__module__ = __name__.partition(".")[0]

    def configure(self, req: dynamic.ConfigureRequest) -> None:
        """Read the settings from the stack's config and the environment, and open the session.

        Raises `ConfigurationError` for a setting that is missing or out of its range.
        """
        # The dynamic server sends `traceback.format_exc()`: this leaves the error's own line of it.
        sys.tracebacklimit = 0
        settings = Settings.load(
            lambda name: req.config.get(f"openrouter:{name}"),
            os.environ,
            # The SDK has no public list of the keys; without this one, typos are not noticed.
            getattr(req.config, "_props", ()),
        )
        if settings.debug:
            sys.tracebacklimit = 1000
        self.lifecycle = self.lifecycle_type(open_session(settings))
        widen_pool(settings.max_concurrency)

    def check(self, olds: Properties, news: Properties) -> dynamic.CheckResult:
        """Validate inputs."""
        given = _received(news)
        with self._in_plain_words("check", given):
            checked = self.lifecycle.check(_received(olds), given)
        failures = [
            dynamic.CheckFailure(name, without_secrets(reason, given, Hints.of(given)))
            for name, reason in checked.problems
        ]
        return dynamic.CheckResult(news if failures else _sent(checked.inputs), failures)

    def diff(self, id_: str, olds: Properties, news: Properties) -> dynamic.DiffResult:
        """Compare the state with inputs."""
        olds, news = _received(olds), _received(news)
        with self._in_plain_words("diff", olds, news):
            found = self.lifecycle.diff(id_, olds, news)
        return dynamic.DiffResult(
            changes=bool(found.names), replaces=found.replaces, delete_before_replace=False
        )

    def create(self, props: Properties) -> dynamic.CreateResult:
        """Create a resource."""
        props = _received(props)
        with self._in_plain_words("create", props):
            created = self.lifecycle.create(props)
        return dynamic.CreateResult(created.id, created.outputs)

    def read(self, id_: str, props: Properties) -> dynamic.ReadResult:
        """Read a resource; one that is gone has no id."""
        props = _received(props)
        with self._in_plain_words("read", props):
            live = self.lifecycle.read(id_, props)
        if live is None:
            return dynamic.ReadResult(None, {})
        return dynamic.ReadResult(id_, live.outputs, live.inputs)

    def update(self, id_: str, olds: Properties, news: Properties) -> dynamic.UpdateResult:
        """Update a resource."""
        olds, news = _received(olds), _received(news)
        with self._in_plain_words("update", olds, news):
            return dynamic.UpdateResult(self.lifecycle.update(id_, olds, news))

    def delete(self, id_: str, props: Properties) -> None:
        """Delete a resource."""
        props = _received(props)
        with self._in_plain_words("delete", props):
            self.lifecycle.delete(id_, props)

    @contextmanager
    def _in_plain_words(self, operation: str, *bags: Properties) -> Iterator[None]:
        """Let a user see what went wrong, and not where in our code it did."""
        try:
            yield
        except Exception as error:
            if self.lifecycle.session.settings.debug:
                raise
            text = str(error)
            if not isinstance(error, OpenRouterError):
                text = (
                    f"unexpected {type(error).__name__} in {type(self).__name__}.{operation}: "
                    f"{error}. This is a defect of pulumi-openrouter: run again with "
                    "OPENROUTER_DEBUG=1 and report the traceback."
                )
            for props in bags:
                if props.get(OWNER):
                    text = without_secrets(text, props, self.lifecycle.hints(props))
                    # What was secret in the last run may stand in the state and at the API still.
                    text = without_secrets(text, props, Hints.of(props))
            # From None: the server would print as well what the error was raised from.
            raise (error if text == str(error) else OpenRouterError(text)) from None


@functools.cache
def open_session(settings: Settings) -> Session:
    """Return the session of this process for these settings; the providers share it."""
    # Imported here because only the provider process needs it; programs start faster.
    from pulumi_openrouter.lifecycle.session import Session

    return Session(settings, _give_notice)


def _give_notice(text: str) -> None:
    """Print a notice: Pulumi shows what a provider writes to standard error below the plan."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - meant for the user


def _received(props: Properties) -> Properties:
    return {name: _from_pulumi(value) for name, value in props.items()}


def _from_pulumi(value: Any) -> Any:
    """Return a value as lifecycles have it: every number has traveled as a float."""
    if isinstance(value, Unknown):
        return UNKNOWN
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_from_pulumi(item) for item in value]
    if isinstance(value, dict):
        return {name: _from_pulumi(item) for name, item in value.items()}
    return value


def _sent(props: Properties) -> Properties:
    """Return properties as Pulumi has them; only whole values and items can be unknown."""
    return {
        name: [_to_pulumi(item) for item in value] if isinstance(value, list) else _to_pulumi(value)
        for name, value in props.items()
    }


def _to_pulumi(value: Any) -> Any:
    return PULUMI_UNKNOWN if is_unknown(value) else value
