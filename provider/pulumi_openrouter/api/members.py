"""People: members of a workspace, and members of the organization."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from pulumi_openrouter.api.models import (
    AddedMembers,
    OrganizationMember,
    Page,
    RemovedMembers,
    WorkspaceMember,
)
from pulumi_openrouter.api.paging import PAGE_LIMIT, read_all
from pulumi_openrouter.api.transport import Transport

# How many people the API takes in one request.
MAX_BATCH = 100


class Members:
    """Members by workspace (id or slug). Adding and removing may be repeated without harm."""

    def __init__(self, transport: Transport, named: Callable[[str], str]) -> None:
        self._transport = transport
        self._named = named

    def list(self, workspace_id: str) -> Iterator[WorkspaceMember]:
        """Return all members; of the default workspace that is the whole organization."""

        def page(offset: int) -> Page[WorkspaceMember]:
            return self._transport.request(
                "GET",
                ["workspaces", workspace_id, "members"],
                Page[WorkspaceMember],
                action=f"reading the members of {self._named(workspace_id)}",
                query={"offset": offset, "limit": PAGE_LIMIT},
            )

        return read_all(page, lambda member: member.user_id)

    def add_in_batches(
        self, workspace_id: str, user_ids: Sequence[str]
    ) -> Iterator[tuple[WorkspaceMember, ...]]:
        """Add any number of people, and yield those of each request once it has succeeded.

        A request adds all of its people or none; who is in already stays. Each is sent when its
        answer is asked for, so that a caller knows who is in when a later one fails.
        """
        for batch in _batches(user_ids):
            answer = self._transport.request(
                "POST",
                ["workspaces", workspace_id, "members", "add"],
                AddedMembers,
                action=f"adding {_people(batch)} to {self._named(workspace_id)}",
                body={"user_ids": batch},
            )
            yield answer.data

    def remove(self, workspace_id: str, user_ids: Sequence[str]) -> None:
        """Remove any number of people; a request removes all of its people or none."""
        for batch in _batches(user_ids):
            self._transport.request(
                "POST",
                ["workspaces", workspace_id, "members", "remove"],
                RemovedMembers,
                action=f"removing {_people(batch)} from {self._named(workspace_id)}",
                body={"user_ids": batch},
            )


class Organization:
    """The organization that the key belongs to."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def members(self) -> Iterator[OrganizationMember]:
        """Return all members of the organization."""
        return read_all(self._page, lambda member: member.id)

    def _page(self, offset: int) -> Page[OrganizationMember]:
        return self._transport.request(
            "GET",
            ["organization", "members"],
            Page[OrganizationMember],
            action="reading the members of the organization",
            query={"offset": offset, "limit": PAGE_LIMIT},
            about_object=False,
        )


def _batches(user_ids: Sequence[str]) -> Iterator[list[str]]:
    for start in range(0, len(user_ids), MAX_BATCH):
        yield [*user_ids[start : start + MAX_BATCH]]


def _people(user_ids: Sequence[str]) -> str:
    return user_ids[0] if len(user_ids) == 1 else f"{len(user_ids)} members"
