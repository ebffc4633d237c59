"""People: members of a workspace, and members of the organization."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pulumi_openrouter.api.models import (
    AddedMembers,
    OrganizationMember,
    Page,
    RemovedMembers,
    WorkspaceMember,
)
from pulumi_openrouter.api.paging import PAGE_LIMIT, read_all
from pulumi_openrouter.api.transport import Transport

# The API's own limit for one request.
MAX_BATCH = 100


class Members:
    """Members by workspace (id or slug). Adding and removing may be repeated without harm."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self, workspace_id: str) -> Iterator[WorkspaceMember]:
        """Return all members; of the default workspace that is the whole organization."""

        def page(offset: int) -> Page[WorkspaceMember]:
            return self._transport.request(
                "GET",
                ["workspaces", workspace_id, "members"],
                Page[WorkspaceMember],
                action=f'reading the members of workspace "{workspace_id}"',
                query={"offset": offset, "limit": PAGE_LIMIT},
            )

        return read_all(page, lambda member: member.user_id)

    def add(self, workspace_id: str, user_ids: Sequence[str]) -> tuple[WorkspaceMember, ...]:
        """Add 1 to 100 people, all or none; who is in already stays.

        Raises:
            ValueError: Another number of people.
        """
        answer = self._transport.request(
            "POST",
            ["workspaces", workspace_id, "members", "add"],
            AddedMembers,
            action=f'adding {_people(user_ids)} to workspace "{workspace_id}"',
            body={"user_ids": _batch(user_ids)},
        )
        return answer.data

    def remove(self, workspace_id: str, user_ids: Sequence[str]) -> int:
        """Remove 1 to 100 people, all or none.

        Returns how many were members at the request that got the answer; after a lost answer that
        is the repeated one, and the count is then too low.

        Raises:
            ValueError: Another number of people.
        """
        answer = self._transport.request(
            "POST",
            ["workspaces", workspace_id, "members", "remove"],
            RemovedMembers,
            action=f'removing {_people(user_ids)} from workspace "{workspace_id}"',
            body={"user_ids": _batch(user_ids)},
        )
        return answer.removed_count


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
        )


def _batch(user_ids: Sequence[str]) -> Sequence[str]:
    if not 1 <= len(user_ids) <= MAX_BATCH:
        msg = f"One request takes 1 to {MAX_BATCH} user ids, not {len(user_ids)}."
        raise ValueError(msg)
    return list(user_ids)


def _people(user_ids: Sequence[str]) -> str:
    return user_ids[0] if len(user_ids) == 1 else f"{len(user_ids)} members"
