"""API keys of a workspace, of which only the active ones matter here: they block a deletion."""

from __future__ import annotations

from collections.abc import Callable

from pulumi_openrouter.api.models import ApiKey, Page
from pulumi_openrouter.api.paging import read_all
from pulumi_openrouter.api.transport import Transport


class Keys:
    """API keys by workspace; this package never creates, changes or deletes one."""

    def __init__(self, transport: Transport, named: Callable[[str], str]) -> None:
        self._transport = transport
        self._named = named

    def active(self, workspace_id: str) -> list[ApiKey]:
        """Return the keys of a workspace (its UUID, not its slug) that are not disabled.

        The listing has no total, so it is read until a page is shorter than 100. A key whose answer
        does not name its workspace counts as one of the workspace that was asked for.

        Raises:
            ForbiddenError: This key may not list the keys.
            NotFoundError: The API says that there is nothing to list.
        """

        def page(offset: int) -> Page[ApiKey]:
            return self._transport.request(
                "GET",
                ["keys"],
                Page[ApiKey],
                action=f"reading the API keys of {self._named(workspace_id)}",
                query={"workspace_id": workspace_id, "offset": offset},
            )

        return [
            key
            for key in read_all(page, lambda key: key.hash)
            if not key.disabled
            and (key.workspace_id or workspace_id).lower() == workspace_id.lower()
        ]
