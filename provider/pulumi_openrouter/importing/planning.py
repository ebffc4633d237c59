"""Which resources a program needs to manage what an organization has, without a change to it.

This is pure but for the lifecycles: they read what was read already, so that what stands in the
import file is what a refresh would find.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pulumi.runtime.rpc import UNKNOWN

from pulumi_openrouter.api.models import WorkspaceMember
from pulumi_openrouter.importing.managed import Managed
from pulumi_openrouter.importing.reading import FoundWorkspace, Organization
from pulumi_openrouter.lifecycle.base import Lifecycle
from pulumi_openrouter.lifecycle.budget_plan import BYOK, INTERVALS
from pulumi_openrouter.lifecycle.declaration import LeftOut
from pulumi_openrouter.lifecycle.hints import MANAGED, OWNER, WORKSPACE
from pulumi_openrouter.lifecycle.membership_plan import Person
from pulumi_openrouter.lifecycle.properties import Properties
from pulumi_openrouter.lifecycle.rules import email as email_rule
from pulumi_openrouter.lifecycle.session import Session
from pulumi_openrouter.lifecycle.validation import validate
from pulumi_openrouter.lifecycle.words import shown
from pulumi_openrouter.lifecycle.workspace import WorkspaceLifecycle
from pulumi_openrouter.lifecycle.workspace_budget import WorkspaceBudgetLifecycle
from pulumi_openrouter.lifecycle.workspace_membership import (
    DEFAULT_WORKSPACE,
    WorkspaceMembershipLifecycle,
)

EMAILS = "emails"
USER_IDS = "user_ids"

USUAL: Mapping[str, object] = {
    "is_observability_io_logging_enabled": False,
    "is_observability_broadcast_enabled": False,
    "is_data_discount_logging_enabled": True,
    "io_logging_sampling_rate": 1,
    BYOK: False,
}
"""What a workspace has where nobody has set anything; a program leaves that out."""


_LARGEST = 2**53
"""Up to where every whole number is a 64-bit float."""


@dataclass(frozen=True)
class Resource:
    """A resource of the program.

    Attributes:
        type: The name of its class.
        name: Its name, the same in the program and in the state.
        id: Its Pulumi id.
        inputs: What the program passes, and what stands in the state as such.
        outputs: What a refresh finds.
    """

    type: str
    name: str
    id: str
    inputs: Properties
    outputs: Properties


@dataclass(frozen=True)
class Block:
    """What a program has of one workspace.

    Attributes:
        slug: The slug, which names the block and its resources.
        is_default: Whether this is the workspace that everybody is in, which cannot be deleted.
        workspace: The workspace itself, or None if it is managed elsewhere.
        parts: Its limits and its people.
        people: Whose user ids the program lists: email addresses by user id, where known.
    """

    slug: str
    is_default: bool
    workspace: Resource | None
    parts: Sequence[Resource]
    people: Mapping[str, str]

    @property
    def resources(self) -> list[Resource]:
        """All resources, the workspace first."""
        return [*([self.workspace] if self.workspace else []), *self.parts]


@dataclass(frozen=True)
class Plan:
    """What the program has, and what a reader has to know of what it does not have.

    Attributes:
        blocks: A block for each workspace, by slug.
        notes: One sentence each.
        read: How many workspaces were read.
    """

    blocks: list[Block]
    notes: list[str]
    read: int

    @property
    def resources(self) -> list[Resource]:
        """All resources, block by block."""
        return [one for block in self.blocks for one in block.resources]

    def count(self, type_: str) -> int:
        """Return how many resources of a type there are."""
        return sum(one.type == type_ for one in self.resources)


class _LeftOutError(Exception):
    """A workspace cannot be managed as it is; the text says why."""


def plan(
    organization: Organization, session: Session, *, by: str = EMAILS, managed: Managed
) -> Plan:
    """Return the resources for what was read and is not managed by a stack already.

    Args:
        organization: What was read.
        session: Reads through the transport that has read the organization.
        by: Whether memberships list `emails` or `user_ids`.
        managed: What stacks manage already.
    """
    blocks: list[Block] = []
    notes: list[tuple[str, str]] = []
    read = 0
    for found in organization.workspaces:
        read += 1
        planner = _Planner(organization, session, by, managed, found)
        try:
            block = planner.block()
        except _LeftOutError as reason:
            name = found.slug or found.workspace.id
            text = f'Workspace "{name}" is left out with its budget and members: {reason}'
            notes.append((name, text))
            continue
        notes.extend((found.slug, text) for text in planner.notes)
        if block.resources:
            blocks.append(block)
    blocks.sort(key=lambda one: one.slug)
    return Plan(blocks, [*organization.notes, *(text for _, text in sorted(notes))], read)


class _Planner:
    """Plans what a program has of one workspace."""

    def __init__(
        self,
        organization: Organization,
        session: Session,
        by: str,
        managed: Managed,
        found: FoundWorkspace,
    ) -> None:
        self._directory = organization.directory
        self._session = session
        self._by = by
        self._managed = managed
        self._found = found
        self._id = found.workspace.id.lower()
        self._slugs = organization.slugs
        self._elsewhere = self._id in managed.workspaces
        self.notes: list[str] = []

    def block(self) -> Block:
        """Return the block; raises _LeftOutError."""
        workspace = None if self._elsewhere else self._workspace()
        people = [one.user_id for one in self._unmanaged_members()]
        emails = {one: self._directory.email(one) for one in people}
        return Block(
            self._found.slug,
            self._found.is_default,
            workspace,
            [*self._budget(), *self._membership(people)],
            {user_id: email for user_id, email in emails.items() if email},
        )

    def _workspace(self) -> Resource:
        declaration = WorkspaceLifecycle.declaration
        fields = self._found.workspace
        inputs = {
            one.name: _plain(getattr(fields, one.name, None))
            for one in declaration.inputs
            if one.left_out is not LeftOut.FALSE
        }
        return self._resource(WorkspaceLifecycle(self._session), self._id, inputs)

    def _budget(self) -> Iterator[Resource]:
        budgets = self._found.budgets
        taken = self._managed.limits[self._id]
        limits = {
            name: _plain(budgets.limits[interval])
            for name, interval in INTERVALS.items()
            if budgets is not None and interval in budgets.limits and name not in taken
        }
        flag = budgets is not None and budgets.include_byok_in_budgets and BYOK not in taken
        self._note_unknown({*(budgets.limits if budgets else ())} - {*INTERVALS.values()})
        if limits:
            inputs = {**self._place(), **limits, BYOK: True if flag else None}
            lifecycle = WorkspaceBudgetLifecycle(self._session)
            yield self._resource(lifecycle, f"{self._id}/{lifecycle.part}", inputs)
        elif flag:
            self.notes.append(
                f'Workspace "{self._found.slug}" has {BYOK} and no limit of its own to manage; a '
                "WorkspaceBudget needs a limit, so the program does not manage the flag."
            )

    def _note_unknown(self, intervals: Iterable[str]) -> None:
        for interval in sorted(intervals):
            self.notes.append(
                f'Workspace "{self._found.slug}" has a budget of the interval {shown(interval)}, '
                "which this version does not know, so the program does not manage it."
            )

    def _membership(self, user_ids: Sequence[str]) -> Iterator[Resource]:
        if self._found.is_default:
            if self._found.slug != DEFAULT_WORKSPACE:
                self.notes.append(
                    f'Workspace "{self._found.slug}" is the oldest one and has everybody in the '
                    "organization in it, as the default workspace does. So the program keeps it "
                    "when you take it out (retain_on_delete), and does not list its members. If "
                    "it is an ordinary workspace, add a WorkspaceMembership."
                )
            return
        if not user_ids:
            return
        form, names = self._named(user_ids)
        inputs = {**self._place(), form: [*names]}
        known = {one.user_id: one for one in self._found.members}
        people = sorted(
            (
                Person(name, one, known[one].role, known[one].created_at)
                for name, one in names.items()
            ),
            key=lambda person: person.name,
        )
        lifecycle = WorkspaceMembershipLifecycle(self._session)
        yield self._resource(
            lifecycle,
            f"{self._id}/{lifecycle.part}",
            inputs,
            {"members": [one.entry(form) for one in people]},
        )

    def _unmanaged_members(self) -> Iterator[WorkspaceMember]:
        taken = self._managed.people[self._id]
        if self._id not in self._managed.everybody:
            yield from (one for one in self._found.members if one.user_id not in taken)

    def _named(self, user_ids: Sequence[str]) -> tuple[str, dict[str, str]]:
        """Return which list names the people, and their user ids by name."""
        if self._by == EMAILS:
            emails = {self._email(user_id): user_id for user_id in user_ids}
            if "" not in emails and len(emails) == len(user_ids):
                return EMAILS, emails
            self.notes.append(
                f'The members of workspace "{self._found.slug}" are listed by user id, because '
                "some of them have no email address, or share one."
            )
        return USER_IDS, {user_id: user_id for user_id in user_ids}

    def _email(self, user_id: str) -> str:
        """Return the email address that means this person and nobody else, or nothing."""
        email = self._directory.email(user_id) or ""
        try:
            email = email_rule(email)
        except ValueError:
            return ""
        return email if self._directory.user_id(email) == user_id else ""

    def _place(self) -> Properties:
        return {"workspace": self._found.slug if self._elsewhere else self._id}

    def _resource(
        self, lifecycle: Lifecycle, id_: str, found: Properties, olds: Properties | None = None
    ) -> Resource:
        """Return a resource; raises _LeftOutError where the program could not keep what it is."""
        declaration = lifecycle.declaration
        given = {
            name: value
            for name, value in found.items()
            if value is not None and USUAL.get(name) != value
        }
        inputs, problems = validate(declaration, given)
        problems = problems or [*lifecycle.conflicts(inputs, (), {})]
        problems = problems or [*_untransportable(given)]
        for name, reason in problems:
            msg = f"{name} is {shown(given.get(name))}, but {reason}."
            raise _LeftOutError(msg)
        name = self._managed.free_name(declaration.name, self._found.slug, self._slugs)
        outputs = self._outputs(lifecycle, id_, name, inputs, olds or {})
        for different in lifecycle.differences(id_, outputs, inputs):
            msg = (
                f"{different} is {shown(outputs.get(different))}, and a program could only set it "
                f"to {shown(inputs.get(different))}."
            )
            raise _LeftOutError(msg)
        return Resource(declaration.name, name, id_, inputs, outputs)

    def _outputs(
        self, lifecycle: Lifecycle, id_: str, name: str, inputs: Properties, olds: Properties
    ) -> Properties:
        """Return what a refresh would find of a resource that was created with these inputs."""
        marks = {OWNER: f"{lifecycle.declaration.name}::{name}"}
        given = [one for one in lifecycle.declaration.tracked if one in inputs]
        if given:
            marks[MANAGED] = " ".join(given)
        is_part = lifecycle.declaration.name != WorkspaceLifecycle.declaration.name
        if is_part and not (self._elsewhere or self._found.is_default):
            kind = WorkspaceLifecycle.declaration.name
            own = self._managed.free_name(kind, self._found.slug, self._slugs)
            marks[WORKSPACE] = f"{kind}::{own}"
        live = lifecycle.read(id_, {**inputs, **olds, **marks})
        if live is None:  # a transport that reads once finds again what it has found
            msg = f"{id_} is gone."
            raise _LeftOutError(msg)
        return live.outputs


def _untransportable(given: Properties) -> Iterator[tuple[str, str]]:
    """Yield which values Pulumi cannot carry, and why."""
    for name, value in given.items():
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, int) and abs(item) > _LARGEST:
                yield name, "Pulumi carries numbers as 64-bit floats, which are not exact there"
            elif item == UNKNOWN:
                yield name, "Pulumi takes that for a value that is not known yet"


def _plain(value: object) -> object:
    """Return a value in JSON's types: the API's models have tuples, and floats for all numbers."""
    if isinstance(value, tuple):
        return [*value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
