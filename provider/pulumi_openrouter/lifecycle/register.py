"""Who owns what in one run: the register of owners.

Every object at OpenRouter that a program manages (a workspace, a limit, the BYOK flag, a person in
a workspace) has one owner: a resource of the program, known by its URN. `check` enters what a
resource claims, before anything is sent, and `diff`, `create` and `update` add the ids that only
they know. So two resources that claim one thing are refused in the preview, and a `delete` can tell
the things that another resource holds by now from those that go.

The same resource may exist twice for a while: Pulumi replaces it, in either order, or a run that
was cut off has left its predecessor behind. Each `create` therefore marks what it makes with a new
incarnation, which stands in the outputs. A `delete` that carries another incarnation than the one
that is alive is the delete of a predecessor, and what the live one holds stays.
"""

from __future__ import annotations

import enum
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from pulumi_openrouter.lifecycle.hints import Hints
from pulumi_openrouter.lifecycle.words import owner_text


class Kind(enum.Enum):
    """What a claim is about."""

    WORKSPACE = "workspace"
    LIMITS = "limits"
    PEOPLE = "people"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Claim:
    """What one resource of this run manages."""

    kind: Kind
    hints: Hints

    workspace: str | None
    """The workspace as the program names it, by id or slug; None while a preview does not know."""

    things: frozenset[str] = frozenset()
    """Inputs that are limits or the flag; user ids and email addresses."""

    exclusive: bool = False
    """Whether nobody else may manage anything of this kind in the workspace."""

    keys: frozenset[str] = frozenset()
    """Under what the workspace is known: ids, slugs, the owner of its own resource."""

    alive_at: str | None = None
    """The id of the workspace in which the resource is known to exist and to stay."""

    incarnation: str | None = None
    """Which `create` has made what is alive."""

    before: Mapping[str, object] = field(default_factory=dict, compare=False, hash=False)
    """The inputs of the last run, empty for a resource that is new."""

    inputs: Mapping[str, object] = field(default_factory=dict, compare=False, hash=False)
    """The inputs of this run, empty for what only a sibling has announced."""

    @property
    def owner(self) -> str:
        """The resource that claims."""
        return self.hints.owner


@dataclass(frozen=True)
class Collision:
    """A thing that two resources of a program claim."""

    one: Claim
    other: Claim
    thing: str | None
    """The thing, or None where one of the two is exclusive, or it is the workspace itself."""

    def __str__(self) -> str:
        # Sorted, because the order in which Pulumi checks two resources is not always the same.
        owners = " and ".join(sorted(owner_text(one.owner) for one in (self.one, self.other)))
        if self.one.kind is Kind.WORKSPACE:
            slugs = {self.one.workspace, self.other.workspace}
            if len(slugs) == 1:
                return f'{owners} have the same slug "{self.one.workspace}"; rename one of them.'
            return f"{owners} both manage one workspace; leave it to one of them."
        where = self._place()
        if self.thing is None:
            return f"{owners} both manage {where}, one of them with exclusive=True; merge them."
        return f"{owners} both manage {self._words()} {where}; leave it to one of them."

    def _place(self) -> str:
        """Return the workspace: a new one has no id in a preview, but a name in the program."""
        sides = (self.one, self.other)
        if place := next((one.workspace for one in sides if one.workspace), None):
            return f'workspace "{place}"'
        parent = next((one.hints.workspace for one in sides if one.hints.workspace), None)
        return owner_text(parent) if parent else "the same workspace"

    def _words(self) -> str:
        if self.one.kind is Kind.PEOPLE:
            secret = self.one.hints.hides("emails", "user_ids")
            return "the same person in" if secret else f"{self.thing} in"
        interval = str(self.thing).removesuffix("_usd")
        return f"{self.thing} of" if interval == self.thing else f"the {interval} limit of"


class Register:
    """All claims of one run. Every method may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._claims: dict[tuple[Kind, str], Claim] = {}
        self._places: defaultdict[tuple[Kind, str], set[str]] = defaultdict(set)
        self._same: dict[str, str] = {}
        self._checked: set[str] = set()
        self._met: set[str] = set()
        self._announced: dict[tuple[Kind, str], str] = {}
        self._wanting: defaultdict[str, set[str]] = defaultdict(set)
        self._released: defaultdict[tuple[Kind, str], set[str]] = defaultdict(set)

    def claim(self, claim: Claim) -> list[Collision]:
        """Enter what a resource claims, in place of what it claimed before.

        Returns the claims of other resources that it collides with.
        """
        with self._lock:
            self._checked.add(claim.owner)
            self._withdraw(claim.kind, claim.hints.token)
            for former in claim.hints.former:
                self.are_same(former, claim.owner)
            self._announce(claim)
            old = self._claims.get((claim.kind, claim.owner))
            if old is not None:
                claim = replace(claim, alive_at=old.alive_at, incarnation=old.incarnation)
                self._remove(old)
            return self._enter(replace(claim, keys=self._keys(claim)))

    def _announce(self, claim: Claim) -> None:
        """Enter what siblings claim that are not checked yet, or are left out by `--target`."""
        for token, name, things in claim.hints.siblings:
            owner = f"{claim.owner.partition('::')[0].rpartition('$')[2]}::{name}#{token}"
            if token not in self._met and (claim.kind, owner) not in self._claims:
                self._announced[claim.kind, token] = owner
                hints = Hints(owner, claim.hints.workspace)
                sibling = Claim(claim.kind, hints, claim.workspace, things)
                self._enter(replace(sibling, keys=self._keys(sibling)))

    def _withdraw(self, kind: Kind, token: str) -> None:
        """Forget what others have said of a resource that now speaks for itself."""
        self._met.add(token)
        owner = self._announced.pop((kind, token), None)
        if owner is not None:
            self._remove(self._claims.pop((kind, owner)))

    def _keys(self, claim: Claim) -> frozenset[str]:
        keys = {claim.workspace} if claim.workspace else set()
        if parent := claim.hints.workspace:
            keys.add(parent)
            own = self._claims.get((Kind.WORKSPACE, self.canonical(parent)))
            keys |= own.keys if own is not None else set()
        return frozenset(keys)

    def identify(
        self, kind: Kind, owner: str, workspace_id: str | None, things: Iterable[str] = ()
    ) -> list[Collision]:
        """Add the workspace's id, where it is known, and more names of the same things to a claim.

        Returns the claims of other resources that it now collides with.
        """
        with self._lock:
            claim = self._claims.get((kind, owner))
            if claim is None:
                return []
            self._remove(claim)
            keys = claim.keys | ({workspace_id} if workspace_id else set())
            return self._enter(replace(claim, keys=keys, things=claim.things | frozenset(things)))

    def is_alive(self, kind: Kind, owner: str, workspace_id: str, incarnation: str | None) -> None:
        """Note that a resource exists in a workspace and stays there."""
        self._set_alive(kind, owner, workspace_id, incarnation)

    def is_replaced(self, kind: Kind, owner: str) -> None:
        """Note that a resource does not stay: Pulumi replaces it."""
        self._set_alive(kind, owner, None, None)

    def _set_alive(
        self, kind: Kind, owner: str, workspace_id: str | None, incarnation: str | None
    ) -> None:
        with self._lock:
            if (claim := self._claims.get((kind, owner))) is not None:
                self._claims[kind, owner] = replace(
                    claim, alive_at=workspace_id, incarnation=incarnation
                )

    def are_same(self, former: str, owner: str) -> None:
        """Note that an owner in a state is this resource under a former name, by an alias."""
        with self._lock:
            if former != owner:
                self._same[former] = owner

    def canonical(self, owner: str) -> str:
        """Return the name that an owner has in this run, where a state has a former one.

        An alias leaves the former name in the outputs, and by now another resource may have it.
        """
        return owner if owner in self._checked else self._same.get(owner, owner)

    def was_checked(self, owner: str) -> bool:
        """Return whether a resource takes part in this run."""
        with self._lock:
            return self.canonical(owner) in self._checked

    def claim_of(self, kind: Kind, owner: str) -> Claim | None:
        """Return what a resource claims."""
        with self._lock:
            return self._claims.get((kind, self.canonical(owner)))

    def workspace_id(self, slug: str) -> str | None:
        """Return the id of the workspace that a Workspace of this run gives a slug, once known."""
        with self._lock:
            claims = [self._claims[Kind.WORKSPACE, one] for one in self._wanting[slug]]
        return next((one.alive_at for one in claims if one.alive_at), None)

    def holders(
        self, kind: Kind, workspace: str, owner: str | None, incarnation: str | None
    ) -> list[Claim]:
        """Return the claims in a workspace that a delete by this owner has to leave alone.

        Args:
            kind: What the delete is about.
            workspace: An id or slug of the workspace.
            owner: Whose delete it is. None: the state is older than owners, and a claim counts
                where its resource is known to be alive.
            incarnation: Which `create` has made what is to be deleted.
        """
        with self._lock:
            deleter = None if owner is None else self.canonical(owner)
        claims = self.claims_of(kind, workspace)
        return [one for one in claims if _holds(one, workspace, deleter, incarnation)]

    def claims_of(self, kind: Kind, workspace: str) -> list[Claim]:
        """Return all claims in a workspace that is known by this id or slug."""
        with self._lock:
            return [self._claims[kind, one] for one in self._places[kind, workspace]]

    def unidentified(self, kind: Kind) -> set[str]:
        """Return the slugs of claims of a kind whose workspace's id is not known yet."""
        with self._lock:
            return {
                claim.workspace
                for (of_kind, _), claim in self._claims.items()
                if of_kind is kind and claim.workspace and claim.keys == {claim.workspace}
            }

    def release(self, kind: Kind, workspace_id: str, things: Iterable[str]) -> None:
        """Note that a resource lets go of things, or is about to."""
        with self._lock:
            self._released[kind, workspace_id].update(things)

    def released(self, kind: Kind, workspace_id: str) -> set[str]:
        """Return what resources of this run have let go of, or are about to."""
        with self._lock:
            return set(self._released.get((kind, workspace_id), ()))

    def _remove(self, claim: Claim) -> None:
        if claim.kind is Kind.WORKSPACE and claim.workspace:
            self._wanting[claim.workspace].discard(claim.owner)
        for key in claim.keys:
            self._places[claim.kind, key].discard(claim.owner)

    def _enter(self, claim: Claim) -> list[Collision]:
        self._claims[claim.kind, claim.owner] = claim
        if claim.kind is Kind.WORKSPACE and claim.workspace:
            self._wanting[claim.workspace].add(claim.owner)
        others = {owner for key in claim.keys for owner in self._places[claim.kind, key]}
        for key in claim.keys:
            self._places[claim.kind, key].add(claim.owner)
        rivals = (self._claims[claim.kind, owner] for owner in sorted(others - {claim.owner}))
        return [found for rival in rivals for found in _collisions(claim, rival)]


def _collisions(one: Claim, other: Claim) -> Iterator[Collision]:
    common = sorted(one.things & other.things)
    if common:
        yield Collision(one, other, common[0])
    elif one.kind is Kind.WORKSPACE or one.exclusive or other.exclusive:
        yield Collision(one, other, None)


def _holds(claim: Claim, workspace: str, deleter: str | None, incarnation: str | None) -> bool:
    if deleter is None:
        return claim.alive_at == workspace
    if claim.owner != deleter:
        return True
    return claim.alive_at == workspace and claim.incarnation != incarnation
