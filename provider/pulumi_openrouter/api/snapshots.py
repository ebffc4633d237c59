"""Reads that the resources of one process share.

A refresh reads every workspace of a stack by itself, from many threads. Here those reads become
one listing, read page by page as far as its readers need it. Pulumi starts a provider process for
each operation, so a listing is never older than the operation. It stays right by two rules: a write
to any workspace ends it, and it serves each workspace once, so that a second look at the same one
is a request of its own. What is not in the listing is asked for by itself before anyone calls it
gone.
"""

from __future__ import annotations

import math
import threading
from concurrent.futures import Future
from dataclasses import dataclass, field

from pulumi_openrouter.api.clock import Clock
from pulumi_openrouter.api.members import Organization
from pulumi_openrouter.api.models import OrganizationMember, Page, Workspace
from pulumi_openrouter.api.paging import PAGE_LIMIT, read_pages
from pulumi_openrouter.api.workspaces import Workspaces
from pulumi_openrouter.errors import ApiError

# Up to so many pages are read on at once. Beyond, in an organization much larger than the stack,
# readers ask for their workspaces singly until that has cost as much as the rest of the listing.
FEW_PAGES = 5


class Snapshots:
    """Shared reads; all methods may be called from any thread.

    Callers that come while a read is under way wait for it; if it fails, it fails for all of them.
    """

    def __init__(self, workspaces: Workspaces, organization: Organization, clock: Clock) -> None:
        self._workspaces = workspaces
        self._organization = organization
        self._clock = clock
        self._lock = threading.Lock()
        self._listing: _Listing | None = None
        self._members: _Reading | None = None

    def workspace(self, workspace_id: str) -> Workspace:
        """Return a workspace by its id, as it was at some moment of the running operation.

        Raises:
            NotFoundError: Its own GET says so too.
        """
        key = workspace_id.lower()
        with self._lock:
            listing = self._current_listing()
            if listing is None:
                listing = self._listing = _Listing(self._workspaces)
            again = listing.has_served(key)
            listing.readers += not again
        found = None if again else listing.find(key)
        return self._workspaces.get(workspace_id) if found is None else found

    def workspace_by_slug(self, slug: str) -> Workspace:
        """Return a workspace by its slug, from the listing of the running operation if it can."""
        with self._lock:
            listing = self._current_listing()
        found = None if listing is None else listing.unserved(slug)
        return self._workspaces.get(slug) if found is None else found

    def organization_members(
        self, max_age_seconds: float = math.inf
    ) -> tuple[OrganizationMember, ...]:
        """Return the organization's members, read once per process.

        Args:
            max_age_seconds: Read again if the last reading began longer ago; for when someone is
                missing from it.
        """
        with self._lock:
            now = self._clock.monotonic()
            reading = self._members
            leads = reading is None or reading.failed or now - reading.began > max_age_seconds
            if leads or reading is None:
                reading = self._members = _Reading(now)
        if leads:
            return reading.read(self._organization)
        return reading.shared()

    def _current_listing(self) -> _Listing | None:
        listing = self._listing
        if listing is None or listing.failure is not None:
            return None
        return listing if listing.generation == self._workspaces.generation else None


class _Listing:
    """One listing of the workspaces, read as far as its readers needed it."""

    def __init__(self, workspaces: Workspaces) -> None:
        # Before the first request: a write after this line makes the listing stale.
        self.generation = workspaces.generation
        self.readers = 0
        self.failure: ApiError | None = None
        self._served: set[str] = set()
        self._by_id: dict[str, Workspace] = {}
        self._by_slug: dict[str, Workspace] = {}
        self._total = 0
        self._workspaces = workspaces
        self._pages = read_pages(self._page, lambda workspace: workspace.id)
        self._turn = threading.Lock()

    def has_served(self, workspace_id: str) -> bool:
        """Return whether somebody has read this workspace already."""
        return workspace_id in self._served

    def find(self, workspace_id: str) -> Workspace | None:
        """Return the workspace, reading on to it; None if there is none or that costs too much."""
        if workspace_id not in self._by_id:
            with self._turn:
                self._read_on(workspace_id)
        found = self._by_id.get(workspace_id)
        if found is not None:
            self._served.add(workspace_id)
        return found

    def unserved(self, slug: str) -> Workspace | None:
        """Return a workspace by its slug, if it is there and nobody has read it yet."""
        found = self._by_slug.get(slug)
        return None if found is None or found.id.lower() in self._served else found

    def _read_on(self, workspace_id: str) -> None:
        if self.failure is not None:
            raise self.failure.for_another(
                action=f"reading {self._workspaces.named(workspace_id)}",
                method="GET",
                path=f"/workspaces/{workspace_id}",
            )
        while workspace_id not in self._by_id and not self._single_is_cheaper():
            try:
                page = next(self._pages, None)
            except ApiError as error:
                self.failure = error
                raise
            if page is None:
                return
            self._by_id.update((workspace.id.lower(), workspace) for workspace in page)
            self._by_slug.update(
                (workspace.slug, workspace) for workspace in page if workspace.slug
            )

    def _page(self, offset: int) -> Page[Workspace]:
        page = self._workspaces.page(offset)
        self._total = page.total_count or 0
        return page

    def _single_is_cheaper(self) -> bool:
        pages_left = math.ceil((self._total - len(self._by_id)) / PAGE_LIMIT)
        return pages_left > max(FEW_PAGES, self.readers)


@dataclass(frozen=True)
class _Reading:
    """One reading of the organization's members, under way or done."""

    began: float
    result: Future[tuple[OrganizationMember, ...]] = field(default_factory=Future)

    @property
    def failed(self) -> bool:
        return self.result.done() and self.result.exception() is not None

    def read(self, organization: Organization) -> tuple[OrganizationMember, ...]:
        try:
            self.result.set_result(tuple(organization.members()))
        except BaseException as error:
            self.result.set_exception(error)
            raise
        return self.result.result()

    def shared(self) -> tuple[OrganizationMember, ...]:
        """Return what another caller reads; this one gets a failure of it in short."""
        error = self.result.exception()
        if isinstance(error, ApiError):
            raise error.for_another(action=error.action, method=error.method, path=error.path)
        return self.result.result()
