"""What an organization has now: its workspaces with their limits and members, and its people.

Nothing is ever written: the transport sends no request but a GET. It also keeps what it has read,
so that the lifecycles can read the same objects once more without a request.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Set
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, cast

from pulumi_openrouter.api.client import Client
from pulumi_openrouter.api.exchange import Model
from pulumi_openrouter.api.models import Answer, Workspace, WorkspaceBudgets, WorkspaceMember
from pulumi_openrouter.api.people import OrganizationDirectory
from pulumi_openrouter.api.transport import Transport
from pulumi_openrouter.errors import ApiError, ForbiddenError, NotFoundError, OpenRouterError
from pulumi_openrouter.settings import Settings

DEFAULT_WORKSPACE = "default"
"""The slug of the workspace that everybody in the organization is in."""


class ReadOnlyTransport(Transport):
    """A transport that reads each object once and writes nothing.

    Attributes:
        sent: How many requests were sent, repeated ones not counted.
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.sent = 0
        self._answers: dict[tuple[object, ...], object] = {}
        self._counting = threading.Lock()

    def request(
        self,
        method: str,
        segments: Sequence[str],
        model: type[Model],
        *,
        query: Mapping[str, int | str] | None = None,
        **more: Any,
    ) -> Model:
        """Return the answer to a GET, from the first time that it was sent."""
        if method != "GET":
            msg = f"{method} {'/'.join(segments)} would change something, and this only reads"
            raise OpenRouterError(msg)
        known = (*segments, *sorted((query or {}).items()))
        if known not in self._answers:
            with self._counting:
                self.sent += 1
            self._answers[known] = super().request(method, segments, model, query=query, **more)
        return cast("Model", self._answers[known])

    def remember(self, workspace: Workspace) -> None:
        """Answer a GET of a workspace that the list of workspaces has shown."""
        self._answers["workspaces", workspace.id] = Answer[Workspace](data=workspace)


@dataclass(frozen=True)
class FoundWorkspace:
    """A workspace as it was read.

    Attributes:
        workspace: Its fields.
        budgets: Its limits and the flag; None where there are none.
        members: Who is in it, in the order of the API.
        is_default: Whether it is the workspace that everybody in the organization is in.
    """

    workspace: Workspace
    budgets: WorkspaceBudgets | None
    members: tuple[WorkspaceMember, ...]
    is_default: bool = False

    @property
    def slug(self) -> str:
        """The slug; a workspace without one has been left out."""
        return self.workspace.slug or ""


@dataclass(frozen=True)
class Organization:
    """What an organization has.

    Attributes:
        workspaces: The workspaces that were asked for, by slug.
        directory: Everybody in the organization.
        notes: What a reader of the result has to know, one sentence each.
    """

    workspaces: Sequence[FoundWorkspace]
    directory: OrganizationDirectory
    notes: list[str] = field(default_factory=list)


Progress = Callable[[int, int], None]
"""Takes how many workspaces were read, and how many there are."""


def read_organization(
    client: Client,
    transport: ReadOnlyTransport,
    *,
    only: Collection[str] = (),
    workers: int,
    progress: Progress = lambda _done, _total: None,
) -> Organization:
    """Return what the organization of a key has.

    Args:
        client: The client, which sends its requests through `transport`.
        transport: Takes note of the workspaces that the list has shown.
        only: The slugs of the workspaces to read; all by default.
        workers: How many workspaces are read at once.
        progress: Told after each workspace.

    Raises:
        OpenRouterError: A request has failed in the end, or there is no workspace of a slug.
    """
    reading = _Reading(client)
    listed: list[Workspace] = []
    with _pool(workers) as pool:
        people = pool.submit(lambda: [*client.organization.members()])
        reads = []
        for workspace in client.workspaces.list():
            # While the next page of the list is on its way, the workspaces of this one are read.
            listed.append(workspace)
            transport.remember(workspace)
            if not only or workspace.slug in only:
                reads.append(pool.submit(reading.read, workspace))
        _refuse_unknown({*only} - {one.slug for one in listed}, listed)
        found = [*_as_they_come(reads, progress)]
        directory = people.result()
    found.sort(key=lambda one: one.slug)
    return Organization(
        _with_default(found, listed, {person.id for person in directory}),
        OrganizationDirectory(directory),
        [*reading.notes(found)],
    )


def _refuse_unknown(unknown: Iterable[str], listed: Iterable[Workspace]) -> None:
    for slug in sorted(unknown):
        slugs = ", ".join(sorted(one.slug or "" for one in listed)) or "none"
        msg = f'no workspace has the slug "{slug}"; the slugs are: {slugs}'
        raise OpenRouterError(msg)


class _Reading:
    """Reads workspaces, each in a thread, and notes what cannot be read."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._vanished: list[str] = []
        self._without_budgets: dict[str, ApiError] = {}

    def read(self, workspace: Workspace) -> FoundWorkspace | None:
        """Return a workspace with what it holds, or None if it is gone since it was listed."""
        try:
            # The members last: without budgets, a workspace answers as one that is gone does.
            budgets = self._budgets(workspace)
            return FoundWorkspace(workspace, budgets, self._members(workspace))
        except NotFoundError:
            if not self._is_gone(workspace):
                raise
            self._vanished.append(workspace.slug or workspace.id)
            return None

    def _members(self, workspace: Workspace) -> tuple[WorkspaceMember, ...]:
        if workspace.slug == DEFAULT_WORKSPACE:
            return ()
        return tuple(self._client.members.list(workspace.id))

    def _budgets(self, workspace: Workspace) -> WorkspaceBudgets | None:
        try:
            return self._client.budgets.list(workspace.id)
        except (ForbiddenError, NotFoundError) as error:
            self._without_budgets[workspace.id] = error
            return None

    def _is_gone(self, workspace: Workspace) -> bool:
        try:
            self._client.workspaces.get(workspace.slug or workspace.id)
        except NotFoundError:
            return True
        return False

    def notes(self, found: Sequence[FoundWorkspace]) -> Iterator[str]:
        """Yield what could not be read; raise the refusal of budgets that others are shown."""
        for slug in sorted(self._vanished):
            yield f'Workspace "{slug}" was deleted while it was read, and is left out.'
        refusals = [self._without_budgets.get(one.workspace.id) for one in found]
        if None in refusals:
            # Others are shown, so a workspace whose budgets are forbidden is one that is missed.
            for refusal in refusals:
                if isinstance(refusal, ForbiddenError):
                    raise refusal
        elif refusals:
            answers = " or ".join(sorted({str(one.status) for one in refusals if one}))
            yield (
                f"OpenRouter answered {answers} to the budgets of every workspace, so the program "
                "has none. Budgets need OpenRouter's Enterprise plan."
            )


def _as_they_come(
    reads: Collection[Future[FoundWorkspace | None]], progress: Progress
) -> Iterator[FoundWorkspace]:
    """Yield what is there; the first error ends what has not begun yet."""
    progress(0, len(reads))
    for done, future in enumerate(as_completed(reads), 1):
        found = future.result()
        progress(done, len(reads))
        if found is not None:
            yield found


@contextmanager
def _pool(workers: int) -> Iterator[ThreadPoolExecutor]:
    """Offer threads; what has not begun when the block ends with an error never does."""
    pool = ThreadPoolExecutor(workers)
    try:
        yield pool
    except BaseException as error:
        pool.shutdown(wait=not isinstance(error, KeyboardInterrupt), cancel_futures=True)
        raise
    pool.shutdown()


def _with_default(
    found: Sequence[FoundWorkspace], listed: Sequence[Workspace], everybody: Set[str]
) -> list[FoundWorkspace]:
    """Mark the default workspace.

    The API does not say which one that is. It has the slug `default`, unless it was renamed: then
    it is the oldest workspace, and has everybody in it.
    """
    defaults = {one.id for one in listed if one.slug == DEFAULT_WORKSPACE}
    if not defaults and len(everybody) > 1:
        oldest = min((one.created_at or "" for one in listed), default="")
        defaults = {
            one.workspace.id
            for one in found
            if (one.workspace.created_at or "") == oldest
            and everybody <= {member.user_id for member in one.members}
        }
    return [replace(one, is_default=one.workspace.id in defaults) for one in found]
