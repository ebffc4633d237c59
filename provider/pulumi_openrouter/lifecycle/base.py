"""What the lifecycles of all resources share: `check`, `diff`, and who owns what.

A lifecycle answers an engine about the resources of one kind. It takes and returns property bags
(`properties`) and knows neither `pulumi.dynamic` nor gRPC: a skin translates, as
`resources.provider` does for dynamic providers. Old properties are the outputs that the last
operation returned; `check` gets the old inputs instead.
"""

from __future__ import annotations

import secrets
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from pulumi_openrouter.errors import OpenRouterError
from pulumi_openrouter.lifecycle.declaration import Change, Declaration, Input, LeftOut
from pulumi_openrouter.lifecycle.hints import (
    INCARNATION,
    MANAGED,
    OWNER,
    Hints,
    hidden,
    managed,
)
from pulumi_openrouter.lifecycle.properties import Properties, is_get, is_unknown, user_inputs
from pulumi_openrouter.lifecycle.register import Claim, Kind
from pulumi_openrouter.lifecycle.words import owner_text, shown

if TYPE_CHECKING:
    from pulumi_openrouter.lifecycle.session import Session

Problem = tuple[str, str]
"""What is wrong with an input: its name and the reason."""


@dataclass(frozen=True)
class Checked:
    """The inputs in the form that is compared and stored, or what is wrong with them."""

    inputs: Properties
    problems: list[Problem]


@dataclass(frozen=True)
class Difference:
    """What of a resource differs.

    Attributes:
        names: Inputs, and words for what only the state has to learn.
        replaces: The inputs among them for which the resource has to be replaced.
    """

    names: list[str]
    replaces: list[str]


@dataclass(frozen=True)
class Created:
    """A resource that has just been created."""

    id: str
    outputs: Properties


@dataclass(frozen=True)
class Live:
    """A resource as it is now: its outputs, and the inputs that would have made it so."""

    outputs: Properties
    inputs: Properties


class Lifecycle(ABC):
    """The base of all lifecycles; every method may be called from any thread."""

    declaration: ClassVar[Declaration]

    kind: ClassVar[Kind] = Kind.NOTHING
    """What the resource claims."""

    def __init__(self, session: Session) -> None:
        self.session = session

    # What every resource has to say for itself.

    @abstractmethod
    def place(self, id_: str, outputs: Properties) -> str:
        """Return the id of the workspace that a resource is, or belongs to."""

    @abstractmethod
    def create(self, props: Properties) -> Created:
        """Create the resource, or raise an error and leave nothing behind."""

    @abstractmethod
    def read(self, id_: str, olds: Properties) -> Live | None:
        """Return what is live, or None where the object is gone.

        Without old outputs, the read is of something that the stack does not manage: then a missing
        object raises NotFoundError.
        """

    @abstractmethod
    def update(self, id_: str, olds: Properties, news: Properties) -> Properties:
        """Send what differs and return the outputs."""

    @abstractmethod
    def delete(self, id_: str, olds: Properties) -> None:
        """Delete what the resource owns; what is gone already is fine."""

    # What some resources have to say.

    def claim(self, inputs: Properties, hints: Hints) -> Claim:  # noqa: ARG002
        """Return what the resource claims. A claim also carries the hints through the run."""
        return Claim(self.kind, hints, None)

    def blamed(self, inputs: Properties, thing: str | None) -> str:
        """Return the input that a collision over a thing is about."""
        raise NotImplementedError  # a resource that claims nothing collides with none

    def conflicts(
        self,
        inputs: Properties,  # noqa: ARG002
        unknown: Collection[str],  # noqa: ARG002
        before: Properties,  # noqa: ARG002
    ) -> Iterator[Problem]:
        """Yield what is wrong between inputs.

        Args:
            inputs: The inputs, each valid by itself.
            unknown: The names of those that a preview does not know, in whole or in part.
            before: The inputs of the last run, empty for a resource that is new.
        """
        return iter(())

    def look(
        self,
        before: Properties,  # noqa: ARG002
        inputs: Properties,  # noqa: ARG002
        hints: Hints,  # noqa: ARG002
    ) -> Iterator[Problem]:
        """Announce what the resource will take over; yield what makes that impossible."""
        return iter(())

    def things(
        self,
        olds: Properties,  # noqa: ARG002
        news: Properties,  # noqa: ARG002
    ) -> Iterable[str]:
        """Return more names of what the resource claims, which only its outputs know."""
        return ()

    # What the engine asks.

    def check(self, olds: Properties, news: Properties) -> Checked:
        """Validate the inputs, enter what the resource claims, and look at what it takes over.

        A resource without old inputs is new, or is created again by a replacement. Only then, and
        for people who are new in a list, is anything read from the API.
        """
        # Imported here because only the provider process needs pydantic; programs start faster.
        from pulumi_openrouter.lifecycle.validation import validate

        before = user_inputs(olds)
        hints = Hints.of(news)
        inputs, problems = validate(self.declaration, user_inputs(news))
        if not problems:
            unknown = {name for name, value in inputs.items() if is_unknown(value)}
            problems = [*self.conflicts(inputs, unknown, before)]
        if not problems and hints.owner:
            inputs[OWNER] = hints.owner
            problems = [*self._collisions(before, inputs, hints)]
            problems = problems or [*self.look(before, inputs, hints)]
        return Checked(inputs, problems)

    def diff(self, id_: str, olds: Properties, news: Properties) -> Difference:
        """Compare what the program manages, and note in the register what is there already."""
        names = self.differences(id_, olds, news)
        changes = {one.name: one.change for one in self.declaration.inputs}
        replaces = [name for name in names if changes.get(name) is Change.REPLACE]
        if owner := news.get(OWNER):
            self._note(id_, owner, olds, news, replaced=bool(replaces))
            if not replaces:
                self._announce_hidden(owner, names, olds, news)
        return Difference(names, replaces)

    def differences(self, id_: str, olds: Properties, news: Properties) -> list[str]:  # noqa: ARG002
        """Return the inputs that differ from the old outputs; unknown ones among them.

        What comes under management, or leaves it, differs even where its value does not: the
        state has to know of it.
        """
        was_managed = managed(olds)
        return [
            one.name
            for one in self.declaration.inputs
            if one.change is not Change.NONE
            and (
                (one.tracked and (one.name in news) != (one.name in was_managed))
                or (
                    (one.name in news or one.left_out is not LeftOut.UNCHANGED)
                    and _has_other_value(one, olds, news)
                )
            )
        ]

    # What lifecycles need.

    def hints(self, props: Properties) -> Hints:
        """Return what the program says of a resource that `check` has seen in this run."""
        claim = self.own_claim(props)
        return Hints.of(props) if claim is None else claim.hints

    def own_claim(self, props: Properties) -> Claim | None:
        """Return what a resource claims in this run; None where it takes no part in it."""
        return self.session.register.claim_of(self.kind, props.get(OWNER, ""))

    def born(self, props: Properties, workspace_id: str) -> Properties:
        """Return the hidden outputs of a resource that has just been created."""
        incarnation = secrets.token_hex(4)
        hints = self.hints(props)
        self.session.register.is_alive(self.kind, hints.owner, workspace_id, incarnation)
        leaves_with = self.leaves_with({}, hints, workspace_id)
        return self._marks(props) | hints.outputs(leaves_with, incarnation)

    def carried(self, olds: Properties, news: Properties, workspace_id: str) -> Properties:
        """Return the hidden outputs of a resource that has just been updated."""
        hints = self.hints(news)
        if not hints.told:
            return self._marks(news) | hidden(olds)
        incarnation = olds.get(INCARNATION)
        self.session.register.is_alive(self.kind, hints.owner, workspace_id, incarnation)
        leaves_with = self.leaves_with(olds, hints, workspace_id)
        return self._marks(news) | hints.outputs(leaves_with, incarnation)

    def leaves_with(self, olds: Properties, hints: Hints, workspace_id: str) -> str | None:  # noqa: ARG002
        """Return the owner of the Workspace that leaves the program with the resource, if any."""
        return None

    def found(self, olds: Properties, outputs: Properties) -> Live:
        """Return what a read has found: the inputs are the live values of what is managed."""
        tracked = self.declaration.tracked
        managed_now = tracked if is_get(olds) else managed(olds)
        inputs = {
            one.name: outputs[one.name]
            for one in self.declaration.inputs
            if one.name in outputs
            and (one.left_out is not LeftOut.UNCHANGED or one.name in managed_now)
            and not (one.left_out is LeftOut.FALSE and outputs[one.name] is False)
        }
        if OWNER in olds:
            inputs[OWNER] = olds[OWNER]
        marks = {MANAGED: " ".join(managed_now)} if managed_now else {}
        return Live(outputs | marks | hidden(olds), inputs)

    def _marks(self, inputs: Properties) -> Properties:
        names = [name for name in self.declaration.tracked if name in inputs]
        return {MANAGED: " ".join(names)} if names else {}

    def _collisions(
        self, before: Properties, inputs: Properties, hints: Hints
    ) -> Iterator[Problem]:
        claim = replace(self.claim(inputs, hints), before=before, inputs=inputs)
        for found in self.session.register.claim(claim):
            yield self.blamed(inputs, found.thing), str(found)

    def _note(
        self, id_: str, owner: str, olds: Properties, news: Properties, *, replaced: bool
    ) -> None:
        register = self.session.register
        if former := olds.get(OWNER):
            register.are_same(former, owner)
        if replaced:
            register.is_replaced(self.kind, owner)
            return
        place = self.place(id_, olds)
        register.is_alive(self.kind, owner, place, olds.get(INCARNATION))
        self.identify(owner, place, self.things(olds, news))

    def identify(self, owner: str, workspace_id: str, things: Iterable[str] = ()) -> None:
        """Add to a claim what is known now; raise OpenRouterError if it collides with another."""
        collisions = self.session.register.identify(self.kind, owner, workspace_id, things)
        if collisions:
            raise OpenRouterError(str(collisions[0]))

    def _announce_hidden(
        self, owner: str, names: Iterable[str], olds: Properties, news: Properties
    ) -> None:
        """Announce changes that Pulumi does not show, because it compares the inputs of two runs.

        After an adoption, the state knows values that the program has never given.
        """
        claim = self.own_claim(news)
        if claim is None or not claim.before:
            return
        inputs = {one.name for one in self.declaration.inputs}
        changes = [
            f"{name}: {shown(olds.get(name))} -> {shown(news.get(name))}"
            for name in names
            if name in inputs
            and news.get(name) == claim.before.get(name)
            and news.get(name) != olds.get(name)
            and not (claim.hints.hides(name) or Hints.of(olds).hides(name))
        ]
        if changes:
            self.session.notices.add(f"{owner_text(owner)} also changes {'; '.join(changes)}.")


def _has_other_value(one: Input, olds: Properties, news: Properties) -> bool:
    default = False if one.left_out is LeftOut.FALSE else None
    new = news.get(one.name, default)
    return is_unknown(new) or new != olds.get(one.name, default)
