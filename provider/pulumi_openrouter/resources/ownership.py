"""Who manages what in one program, so that no two resources fight over the same thing.

The constructors write down what each resource owns: a slug, an interval or the BYOK flag of a
workspace, a person in it. Two owners of one thing end the program with `pulumi.RunError`, one line
that names both. Most is seen before any id is known. What only shows once an id is known, or a
slug has to be compared with an id, is seen as soon as it can be, at the cost of a look-up.
"""

from __future__ import annotations

import weakref
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pulumi
from pulumi.runtime import settings

from pulumi_openrouter.resources.dynamic import as_output
from pulumi_openrouter.slugs import is_uuid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pulumi_openrouter.resources.workspace import Workspace


@dataclass(eq=False)
class Claim:
    """What one resource owns of one workspace."""

    owner: str
    """The resource, as `WorkspaceBudget "prod"`."""

    things: frozenset[str] = frozenset()
    """What it owns, in words: `the daily limit`."""

    exclusive: pulumi.Input[bool] | None = None
    """Whether it owns everything of its kind."""

    user_ids: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None
    emails: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None


@dataclass
class _Index:
    """The claims of one kind, by the names of the workspace that they are known under."""

    by_slug: dict[str, list[Claim]] = field(default_factory=dict)
    by_id: dict[str, list[Claim]] = field(default_factory=dict)
    unresolved: dict[str, list[Claim]] = field(default_factory=dict)
    """Claims under a slug that no Workspace of the program has given away the id of."""


class _Registry:
    """All claims of one run of a program."""

    def __init__(self) -> None:
        self.slugs: dict[str, str] = {}
        self.kinds: dict[str, _Index] = {}

    def claim_slug(self, owner: str, slug: str) -> None:
        other = self.slugs.setdefault(slug, owner)
        if other is not owner:
            msg = f'{other} and {owner} have the same slug "{slug}"; give one of them another.'
            raise pulumi.RunError(msg)

    def claim(self, kind: str, claim: Claim, workspace: Workspace | pulumi.Input[str]) -> None:
        index = self.kinds.setdefault(kind, _Index())
        if isinstance(workspace, str):
            self._claim_by_text(index, claim, workspace)
        elif isinstance(workspace, pulumi.Resource):
            if slug := workspace.slug_in_program:
                _add(index.by_slug, slug, claim)
            as_output(workspace.id_in_program).apply(
                lambda id_: self._claim_by_id(index, claim, id_)
            )
        else:
            as_output(workspace).apply(lambda text: self._claim_by_text(index, claim, text))

    def _claim_by_text(self, index: _Index, claim: Claim, text: str) -> None:
        if is_uuid(text):
            self._claim_by_id(index, claim, text.lower())
            return
        _add(index.by_slug, text, claim)
        index.unresolved.setdefault(text, []).append(claim)
        if any(_could_collide(claim, rival) for group in index.by_id.values() for rival in group):
            self._resolve(index, text)

    def _claim_by_id(self, index: _Index, claim: Claim, workspace_id: str) -> None:
        _add(index.by_id, workspace_id, claim)
        for slug, rivals in list(index.unresolved.items()):
            if any(_could_collide(claim, rival) for rival in rivals):
                self._resolve(index, slug)

    def _resolve(self, index: _Index, slug: str) -> None:
        """Look a slug up, where what is claimed under it could be claimed under an id as well."""
        claims = index.unresolved.pop(slug)
        if workspace_id := _look_up(slug):
            for claim in claims:
                _add(index.by_id, workspace_id, claim)


def claim_slug(owner: str, slug: pulumi.Input[str]) -> None:
    """Own a slug; raises `pulumi.RunError` where another Workspace of the program has it."""
    registry = _registry()
    if isinstance(slug, str):
        registry.claim_slug(owner, slug)
    else:
        as_output(slug).apply(lambda known: registry.claim_slug(owner, known))


def claim_budgets(
    owner: str,
    workspace: Workspace | pulumi.Input[str],
    things: Iterable[str],
    exclusive: pulumi.Input[bool] | None,
) -> None:
    """Own limits of a workspace, or its BYOK flag, or with `exclusive` all of them."""
    claim = Claim(owner, frozenset(things), exclusive=exclusive)
    _registry().claim("budgets", claim, workspace)


def claim_people(
    owner: str,
    workspace: Workspace | pulumi.Input[str],
    user_ids: pulumi.Input[Sequence[pulumi.Input[str]]] | None,
    emails: pulumi.Input[Sequence[pulumi.Input[str]]] | None,
    exclusive: pulumi.Input[bool] | None,
) -> None:
    """Own people in a workspace, or with `exclusive` everybody in it."""
    claim = Claim(owner, exclusive=exclusive, user_ids=user_ids, emails=emails)
    _registry().claim("people", claim, workspace)


_registries: weakref.WeakKeyDictionary[Any, _Registry] = weakref.WeakKeyDictionary()


def _registry() -> _Registry:
    # One a run: the Automation API runs many programs in one process.
    run = settings.get_root_resource() or settings.get_monitor()
    return _registries.setdefault(run, _Registry())


def _add(group: dict[str, list[Claim]], key: str, claim: Claim) -> None:
    claims = group.setdefault(key, [])
    for other in claims:
        if other is not claim:
            _compare(other, claim, key)
    if claim not in claims:
        claims.append(claim)


def _could_collide(one: Claim, other: Claim) -> bool:
    if one is other:
        return False
    people = one.user_ids or one.emails or other.user_ids or other.emails
    return bool(one.things & other.things or one.exclusive or other.exclusive or people)


def _compare(one: Claim, other: Claim, workspace: str) -> None:
    if common := sorted(one.things & other.things):
        _refuse(one, other, f"manage {common[0]} of", workspace)

    def exclusive(flags: Sequence[bool | None]) -> None:
        if any(flags):
            _refuse(one, other, "manage", workspace, ", one of them with exclusive=True")

    _when_known([one.exclusive, other.exclusive], exclusive)

    def people(lists: Sequence[Sequence[str] | None]) -> None:
        if common := _common_people(*[[*(people or [])] for people in lists]):
            _refuse(one, other, f"manage {common[0]} in", workspace)

    if not one.things:
        _when_known([one.user_ids, one.emails, other.user_ids, other.emails], people)


def _common_people(
    ids: list[str], emails: list[str], other_ids: list[str], other_emails: list[str]
) -> list[str]:
    emails, other_emails = ([e.lower() for e in some] for some in (emails, other_emails))
    if (ids and other_emails) or (other_ids and emails):
        by_email = _user_ids_by_email()
        ids = ids + [by_email[e] for e in emails if e in by_email]
        other_ids = other_ids + [by_email[e] for e in other_emails if e in by_email]
    return sorted({*ids} & {*other_ids} or {*emails} & {*other_emails})


def _refuse(one: Claim, other: Claim, verb: str, workspace: str, why: str = "") -> None:
    msg = (
        f'{one.owner} and {other.owner} both {verb} workspace "{workspace}"{why}; '
        "leave it to one of them."
    )
    raise pulumi.RunError(msg)


def _when_known(inputs: Sequence[Any], check: Callable[[Sequence[Any]], None]) -> None:
    """Check at once where all is plain, else as soon as Pulumi knows the values."""
    if any(_holds_outputs(value) for value in inputs):
        pulumi.Output.all(*inputs).apply(check)
    else:
        check(inputs)


def _holds_outputs(value: object) -> bool:
    if isinstance(value, (list, tuple)):
        return any(_holds_outputs(item) for item in value)
    return isinstance(value, pulumi.Output)


def _look_up(slug: str) -> str | None:
    # Deferred: only a program that mixes slugs and ids pays for the client.
    from pulumi_openrouter.lookups import find_workspace_id

    return find_workspace_id(slug)


def _user_ids_by_email() -> dict[str, str]:
    # Deferred for the same reason.
    from pulumi_openrouter.lookups import get_organization_members

    return {m.email.lower(): m.id for m in get_organization_members() if m.email}
