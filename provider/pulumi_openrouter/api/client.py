"""The client that lifecycles and lookups share: one REST noun per attribute."""

from __future__ import annotations

from pulumi_openrouter.api.budgets import Budgets
from pulumi_openrouter.api.keys import Keys
from pulumi_openrouter.api.members import Members, Organization
from pulumi_openrouter.api.snapshots import Snapshots
from pulumi_openrouter.api.transport import Transport
from pulumi_openrouter.api.workspaces import Workspaces
from pulumi_openrouter.settings import Settings


class Client:
    """OpenRouter's Workspaces API with one key; safe to share between threads.

    Attributes:
        workspaces: List, get, create, update, delete.
        budgets: List, put, delete.
        members: List, add, remove.
        organization: Its members.
        keys: The active ones of a workspace.
        snapshots: Reads that callers of one process share.
    """

    def __init__(self, settings: Settings, *, transport: Transport | None = None) -> None:
        self._transport = transport or Transport(settings)
        self.workspaces = Workspaces(self._transport)
        self.budgets = Budgets(self._transport, self.workspaces.mark_changed)
        self.members = Members(self._transport)
        self.organization = Organization(self._transport)
        self.keys = Keys(self._transport)
        self.snapshots = Snapshots(self.workspaces, self.organization, self._transport.clock)

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()
