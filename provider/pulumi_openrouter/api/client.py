"""The client that lifecycles and lookups share: one REST noun per attribute."""

from __future__ import annotations

from collections.abc import Callable

from pulumi_openrouter.api.budgets import Budgets
from pulumi_openrouter.api.keys import Keys
from pulumi_openrouter.api.members import Members, Organization
from pulumi_openrouter.api.snapshots import Snapshots
from pulumi_openrouter.api.transport import Transport
from pulumi_openrouter.api.workspaces import Workspaces
from pulumi_openrouter.settings import Settings


class Client:
    """OpenRouter's Workspaces API with one key; safe to share between threads.

    Args:
        settings: Where to, with which key, how long, how often.
        transport: The way out, instead of one made from the settings.
        slug_of: Returns the slug of a workspace id for messages, or None where it is not known.

    Attributes:
        workspaces: List, get, create, update, delete.
        budgets: List, put, delete.
        members: List, add, remove.
        organization: Its members.
        keys: The active ones of a workspace.
        snapshots: Reads that callers of one process share.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        transport: Transport | None = None,
        slug_of: Callable[[str], str | None] = lambda _: None,
    ) -> None:
        self._transport = transport or Transport(settings)
        self._slug_of = slug_of
        self.workspaces = Workspaces(self._transport, self.named)
        self.budgets = Budgets(self._transport, self.named, self.workspaces.mark_changed)
        self.members = Members(self._transport, self.named)
        self.organization = Organization(self._transport)
        self.keys = Keys(self._transport, self.named)
        self.snapshots = Snapshots(self.workspaces, self.organization, self._transport.clock)

    def named(self, id_or_slug: str) -> str:
        """Return a workspace as messages name it: by its slug, where that is known."""
        return f'workspace "{self._slug_of(id_or_slug) or id_or_slug}"'

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()
