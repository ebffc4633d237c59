"""What the three lifecycles share; the only module that knows the ways of `pulumi.dynamic`.

Pulumi starts one provider process an operation, unpickles a provider of each class there, calls
`configure` once and then `check`, `diff`, `create`, `read`, `update` and `delete` from a pool of
threads. Old properties are the old outputs (in `check`: the old inputs), None vanishes on the way,
whole numbers arrive as floats, and what is not known yet in a preview is a `pulumi.output.Unknown`.
"""

from __future__ import annotations

import enum
import functools
import gc
import os
import re
import secrets
import sys
from abc import abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from pulumi import dynamic
from pulumi.output import Unknown

from pulumi_openrouter.errors import OpenRouterError
from pulumi_openrouter.lifecycle.budget_steps import usd
from pulumi_openrouter.lifecycle.hints import (
    INCARNATION,
    OWNER,
    Hints,
    hidden,
    is_hidden,
    owner_text,
)
from pulumi_openrouter.lifecycle.notices import shown
from pulumi_openrouter.lifecycle.pool import widen_pool
from pulumi_openrouter.lifecycle.register import Claim, Kind
from pulumi_openrouter.settings import Settings
from pulumi_openrouter.slugs import slugify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from pulumi_openrouter.lifecycle.session import Session

Problem = tuple[str, str]
"""What is wrong with an input: its name and the reason."""

Properties = dict[str, Any]
"""A property bag as Pulumi hands it over: JSON values, in previews with `Unknown` in them."""

_Method = TypeVar("_Method", bound="Callable[..., Any]")


class Change(enum.Enum):
    """What a difference in a property leads to."""

    UPDATE = "update in place"
    REPLACE = "create a new one, then delete the old one"
    NONE = "nothing"


class Lifecycle(dynamic.ResourceProvider):
    """The base of the three providers.

    An instance holds nothing before `configure`: it is pickled by reference to its class into
    every user's state, and neither the key nor any setting may be in there.
    """

    # Nothing secret is captured, and a secret provider would make every diff unreadable.
    serialize_as_secret_always: bool = False

    changes: ClassVar[Mapping[str, Change]]
    """Each input and what a difference in it leads to."""

    optional: ClassVar[tuple[str, ...]] = ()
    """Inputs that a program leaves out to leave the value at the API as it is."""

    manageable: ClassVar[tuple[str, ...]] = ()
    """Inputs of which `read` has to know whether the program gives them."""

    kind: ClassVar[Kind]
    """What the resource claims."""

    session: Session

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for name in ("check", "diff", "create", "read", "update", "delete"):
            if name in vars(cls):
                setattr(cls, name, _in_plain_words(vars(cls)[name]))

    def configure(self, req: dynamic.ConfigureRequest) -> None:
        """Read the settings from the stack's config and the environment, and open the session.

        Raises `ConfigurationError` for a setting that is missing or out of its range.
        """
        _hide_tracebacks()
        # Keep the garbage collector off the modules loaded so far: a full collection takes 100 ms.
        gc.freeze()
        settings = Settings.load(
            lambda name: req.config.get(f"openrouter:{name}"),
            os.environ,
            # The SDK has no public list of the keys; without this one, typos are not noticed.
            getattr(req.config, "_props", ()),
        )
        if settings.debug:
            _show_tracebacks()
        # Imported here because only the provider process needs them; programs start faster.
        from pulumi_openrouter.lifecycle.session import open_session

        self.session = open_session(settings)
        widen_pool(settings.max_concurrency, debug=settings.debug)

    def check(self, olds: Properties, news: Properties) -> dynamic.CheckResult:
        """Validate the inputs, enter what the resource claims, and look at what it takes over.

        A resource without old inputs is new, or is created again by a replacement. Only then, and
        for people who are new in a list, is anything read from the API.
        """
        # Imported here because only the provider process needs pydantic; programs start faster.
        from pulumi_openrouter.lifecycle.validation import validate

        before = user_inputs(olds)
        inputs, problems = validate(type(self).__name__, user_inputs(news), before)
        hints = Hints.of(news)
        if not problems and hints.owner:
            inputs[OWNER] = hints.owner
            problems = [*self.collisions(before, inputs, hints)]
            problems = problems or [*self.look(before, inputs, hints)]
        failures = [
            dynamic.CheckFailure(name, without_secrets(reason, news, hints))
            for name, reason in problems
        ]
        return dynamic.CheckResult(news if failures else inputs, failures)

    def collisions(self, before: Properties, inputs: Properties, hints: Hints) -> Iterator[Problem]:
        """Enter what the resource claims; yield what another resource claims as well."""
        claim = replace(self.claim(inputs, hints), before=before)
        for found in self.session.register.claim(claim):
            yield self.blamed(inputs, found.thing), str(found)

    @abstractmethod
    def claim(self, inputs: Properties, hints: Hints) -> Claim:
        """Return what the resource claims."""

    @abstractmethod
    def blamed(self, inputs: Properties, thing: str | None) -> str:
        """Return the input that a collision over a thing is about."""

    @abstractmethod
    def look(self, before: Properties, inputs: Properties, hints: Hints) -> Iterator[Problem]:
        """Announce what the resource will take over; yield what makes that impossible."""

    @abstractmethod
    def place(self, id_: str) -> str:
        """Return the id of the workspace that a Pulumi id is about."""

    def things(self, olds: Properties, news: Properties) -> Iterable[str]:  # noqa: ARG002
        """Return more names of what the resource claims, which only its outputs know."""
        return ()

    def diff(self, id_: str, olds: Properties, news: Properties) -> dynamic.DiffResult:
        """Compare what the program manages, and note in the register what is there already."""
        different = self.differences(olds, news)
        replaces = [name for name in different if self.changes.get(name) is Change.REPLACE]
        if owner := news.get(OWNER):
            self._note(id_, owner, olds, news, replaced=bool(replaces))
            if not replaces:
                self._announce_hidden(owner, different, olds, news)
        return dynamic.DiffResult(
            changes=bool(different), replaces=replaces, delete_before_replace=False
        )

    def _announce_hidden(
        self, owner: str, different: Iterable[str], olds: Properties, news: Properties
    ) -> None:
        """Announce changes that Pulumi does not show, because it compares the inputs of two runs.

        After an adoption, the state knows values that the program has never given.
        """
        claim = self.session.register.claim_of(self.kind, owner)
        if claim is None or not claim.before:
            return
        changes = [
            f"{name}: {shown(olds.get(name))} -> {shown(news.get(name))}"
            for name in different
            if name in self.changes
            and news.get(name) == claim.before.get(name)
            and news.get(name) != olds.get(name)
            and not claim.hints.hides(name)
        ]
        if changes:
            self.session.notices.add(f"{owner_text(owner)} also changes {'; '.join(changes)}.")

    def _note(
        self, id_: str, owner: str, olds: Properties, news: Properties, *, replaced: bool
    ) -> None:
        register = self.session.register
        if former := olds.get(OWNER):
            register.are_same(former, owner)
        if replaced:
            register.is_replaced(self.kind, owner)
            return
        register.is_alive(self.kind, owner, self.place(id_), olds.get(INCARNATION))
        collisions = register.identify(self.kind, owner, self.place(id_), self.things(olds, news))
        if collisions:
            raise OpenRouterError(str(collisions[0]))

    def hints(self, props: Properties) -> Hints:
        """Return what the program says of a resource that `check` has seen in this run."""
        claim = self.session.register.claim_of(self.kind, props.get(OWNER, ""))
        return Hints.of(props) if claim is None else claim.hints

    def born(self, props: Properties, workspace_id: str) -> Properties:
        """Return the hidden outputs of a resource that has just been created."""
        incarnation = secrets.token_hex(4)
        hints = self.hints(props)
        self.session.register.is_alive(self.kind, hints.owner, workspace_id, incarnation)
        return hints.outputs(incarnation)

    def carried(self, olds: Properties, news: Properties, workspace_id: str) -> Properties:
        """Return the hidden outputs of a resource that has just been updated."""
        hints = self.hints(news)
        if not hints.owner:
            return hidden(olds)
        incarnation = olds.get(INCARNATION)
        self.session.register.is_alive(self.kind, hints.owner, workspace_id, incarnation)
        return hints.outputs(incarnation)

    def differences(self, olds: Properties, news: Properties) -> list[str]:
        """Name the inputs that differ from the old outputs; unknown ones among them.

        What comes under management, or leaves it, differs even where its value does not: the
        state has to know of it.
        """
        was_managed = olds.get("managed_inputs", [])

        def changes_hands(name: str) -> bool:
            return name in self.manageable and (name in news) != (name in was_managed)

        def has_other_value(name: str) -> bool:
            if name in self.optional and name not in news:
                return False
            return is_unknown(news.get(name)) or news.get(name) != olds.get(name)

        return [
            name
            for name, change in self.changes.items()
            if change is not Change.NONE and (changes_hands(name) or has_other_value(name))
        ]

    def managed_inputs(self, props: Properties) -> list[str]:
        """Name what the program gives of what it may leave to others; kept in the outputs."""
        return [name for name in self.manageable if name in props]


def is_unknown(value: object) -> bool:
    """Return whether a preview does not know this value, or a part of it, yet."""
    if isinstance(value, list):
        return any(is_unknown(item) for item in value)
    return isinstance(value, Unknown)


def known_items(value: object) -> list[Any]:
    """Return the items of a list that a preview knows; none of a list that is unknown itself."""
    items = value if isinstance(value, list) else []
    return [item for item in items if not is_unknown(item)]


def user_inputs(props: Properties) -> Properties:
    """Return the properties less Pulumi's own and ours."""
    return {name: value for name, value in props.items() if not is_hidden(name)}


def is_get(props: Properties) -> bool:
    """Return whether a read is of something that the stack does not manage.

    Such a read has no old outputs, while a refresh always has some.
    """
    return not user_inputs(props)


def _in_plain_words(method: _Method) -> _Method:
    """Let a user see what went wrong, and not where in our code it did."""

    @functools.wraps(method)
    def call(self: Lifecycle, *args: Any) -> Any:
        try:
            return method(self, *args)
        except OpenRouterError as error:
            if self.session.settings.debug:
                raise
            raise _without_secrets_of(self, error, args) from None
        except Exception as error:
            if self.session.settings.debug:
                raise
            msg = (
                f"unexpected {type(error).__name__} in {type(self).__name__}.{method.__name__}: "
                f"{error}. This is a defect of pulumi-openrouter: run again with "
                "OPENROUTER_DEBUG=1 and report the traceback."
            )
            raise OpenRouterError(msg) from None

    return cast("_Method", call)


def without_secrets(text: str, props: Properties, hints: Hints) -> str:
    """Return a text without the values of inputs that the program marks as secret."""
    for name in hints.secrets:
        value = props.get(name)
        for item in value if isinstance(value, list) else [value]:
            for form in _forms(item):
                text = re.sub(rf"(?<![\w.]){re.escape(form)}(?![\w])", "[secret]", text)
    return text


def _forms(value: object) -> set[str]:
    """Return how a message may write a value: a slug is also proposed in its valid form."""
    if isinstance(value, str):
        return {form for form in (value, value.lower(), slugify(value)) if form}
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return {str(value), usd(value)}
    return set()


def _without_secrets_of(
    lifecycle: Lifecycle, error: OpenRouterError, args: Iterable[object]
) -> OpenRouterError:
    """Return the error of an operation, or one without the secrets that its text shows."""
    text = str(error)
    for props in args:
        if isinstance(props, dict) and props.get(OWNER):
            text = without_secrets(text, props, lifecycle.hints(props))
    return error if text == str(error) else OpenRouterError(text)


def _hide_tracebacks() -> None:
    # The dynamic server sends `traceback.format_exc()`: this leaves the error's own line of it.
    sys.tracebacklimit = 0


def _show_tracebacks() -> None:
    sys.tracebacklimit = 1000
