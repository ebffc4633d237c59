"""Workspaces: list, get, create, update, delete.

A create is the one request that must not simply be repeated: `create` settles a lost answer by
looking whether the workspace is there, is what was sent, and is as young as this call.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping

from pulumi_openrouter.api import answers
from pulumi_openrouter.api.models import Answer, Deleted, Page, Workspace
from pulumi_openrouter.api.paging import PAGE_LIMIT, read_all
from pulumi_openrouter.api.transport import Transport
from pulumi_openrouter.errors import AmbiguousError, ApiError, InvalidRequestError, NotFoundError

# `Date` has whole seconds, and the two clocks of one service may differ a little.
CLOCK_TOLERANCE_SECONDS = 2.0


class Workspaces:
    """The workspaces of the key's organization. Every method takes an id or a slug."""

    def __init__(self, transport: Transport, named: Callable[[str], str]) -> None:
        self._transport = transport
        self.named = named
        self._generations = itertools.count(1)
        # Another number after each write: whoever read under another one may hold old values.
        self.generation = 0

    def mark_changed(self) -> None:
        """Note that what readers hold may be out of date."""
        self.generation = next(self._generations)

    def list(self) -> Iterator[Workspace]:
        """Return all workspaces, the default one included."""
        return read_all(self.page, lambda workspace: workspace.id)

    def page(self, offset: int) -> Page[Workspace]:
        """Return the up to 100 workspaces from `offset` on."""
        return self._transport.request(
            "GET",
            ["workspaces"],
            Page[Workspace],
            action="listing the workspaces",
            query={"offset": offset, "limit": PAGE_LIMIT},
            about_object=False,
        )

    def get(self, id_or_slug: str) -> Workspace:
        """Return one workspace; raises NotFoundError where there is none."""
        answer = self._transport.request(
            "GET",
            ["workspaces", id_or_slug],
            Answer[Workspace],
            action=f"reading {self.named(id_or_slug)}",
        )
        return answer.data

    def create(self, fields: Mapping[str, object]) -> Workspace:
        """Create a workspace from the API's fields, `name` and `slug` among them.

        Raises:
            InvalidRequestError: The API refuses a value, or the slug is taken.
            AmbiguousError: An answer was lost, and nobody knows whether what is there is ours.
        """
        began = self._transport.clock.now()
        try:
            answer = self._transport.request(
                "POST",
                ["workspaces"],
                Answer[Workspace],
                action=f'creating workspace "{fields.get("slug")}"',
                body=fields,
                settle=lambda failure: self._settle(fields, began, failure),
                about_object=False,
            )
        finally:
            self.mark_changed()
        return answer.data

    def update(self, id_or_slug: str, fields: Mapping[str, object]) -> Workspace:
        """Set just the given fields."""
        try:
            answer = self._transport.request(
                "PATCH",
                ["workspaces", id_or_slug],
                Answer[Workspace],
                action=f"updating {self.named(id_or_slug)}",
                body=fields,
            )
        finally:
            self.mark_changed()
        return answer.data

    def delete(self, id_or_slug: str) -> None:
        """Delete a workspace with all it holds; raises NotFoundError where there is none.

        After a lost answer the repeated request may find that the first one did it: also a
        NotFoundError.
        """
        try:
            self._transport.request(
                "DELETE",
                ["workspaces", id_or_slug],
                Deleted,
                action=f"deleting {self.named(id_or_slug)}",
            )
        finally:
            self.mark_changed()

    def _settle(
        self, sent: Mapping[str, object], began: float, failure: ApiError
    ) -> Answer[Workspace] | None:
        """Return whether the create was carried out: the workspace, None, or an error if unsure."""
        try:
            found = self.get(str(sent["slug"]))
        except NotFoundError:
            return None
        except ApiError as error:
            doubt = f"{failure.words}; and the look whether it is there failed: {error.words}"
            raise _ambiguous(failure, doubt) from None
        earliest = self._transport.server_time(began) - CLOCK_TOLERANCE_SECONDS
        created = answers.iso_time(found.created_at)
        differing = [n for n, value in sent.items() if not _same(value, getattr(found, n, None))]
        if created is not None and created >= earliest and not differing:
            return Answer[Workspace](data=found)
        if isinstance(failure, InvalidRequestError):
            raise failure
        what = f"differs in {', '.join(differing)}" if differing else f"is of {found.created_at}"
        raise _ambiguous(failure, f"{failure.words}; a workspace with that slug exists, but {what}")


def _ambiguous(failure: ApiError, words: str) -> AmbiguousError:
    return AmbiguousError(
        action=failure.action,
        method=failure.method,
        path=failure.path,
        status=failure.status,
        words=words,
    )


def _same(sent: object, found: object) -> bool:
    """Compare as the API means it: the lists have no order, and an empty one is null."""
    if isinstance(sent, (list, tuple)) or isinstance(found, tuple):
        return _members(sent) == _members(found)
    return sent == found


def _members(value: object) -> set[object]:
    return set(value) if isinstance(value, (list, tuple)) else set()
