"""What the lifecycles of one provider process know together.

A run of Pulumi is one process: the client with its connections, the reads shared between resources,
the workspaces created a moment ago and the register of owners all live here, and end with it.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from typing import TYPE_CHECKING

from pulumi_openrouter.api.people import OrganizationDirectory
from pulumi_openrouter.errors import ApiError, NotFoundError
from pulumi_openrouter.lifecycle.notices import Notices
from pulumi_openrouter.lifecycle.register import Claim, Kind, Register
from pulumi_openrouter.slugs import is_uuid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pulumi_openrouter.api.client import Client
    from pulumi_openrouter.api.models import ApiKey, OrganizationMember
    from pulumi_openrouter.api.transport import Transport
    from pulumi_openrouter.settings import Settings

_NOT_SHOWN = (403, 404)


class Session:
    """One provider process's view of OpenRouter.

    Args:
        settings: The settings of the stack.
        give_notice: Shows a notice to the user.
        transport: What sends the requests; a new one by default.
    """

    def __init__(
        self,
        settings: Settings,
        give_notice: Callable[[str], None],
        transport: Transport | None = None,
    ) -> None:
        self.settings = settings
        self._transport = transport
        self._client: Client | None = None
        self._creating_client = threading.Lock()
        self.register = Register()
        self.notices = Notices(give_notice)
        self.created: dict[str, bool | None] = {}
        """Workspaces created by this run, with their BYOK flag.

        Nobody else has put anything into these yet, so their children are written without a look.
        """
        self.replaced: set[str] = set()
        """Workspaces that Pulumi replaces in this run."""
        self.moves: set[tuple[object, object]] = set()
        """The slugs that workspaces of this run leave, each with the one that they get."""
        self._slugs: dict[str, tuple[int, str]] = {}
        self._looking_up: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._changing: defaultdict[tuple[Kind, str], threading.Lock] = defaultdict(threading.Lock)
        self._people: tuple[object, OrganizationDirectory] = None, OrganizationDirectory([])
        self._keys: dict[str, list[ApiKey]] = {}
        self._reading_keys: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    @property
    def client(self) -> Client:
        """The client of this process.

        One client means one limit of requests in flight, one wait when the API says to wait, and
        one reading of what several resources need.
        """
        # Imported here because a run that sends no request needs no HTTP client.
        from pulumi_openrouter.api.client import Client

        with self._creating_client:
            if self._client is None:
                self._client = Client(
                    self.settings, transport=self._transport, slug_of=self._slug_of
                )
            return self._client

    def _slug_of(self, workspace_id: str) -> str | None:
        """Return the slug that the program gives a workspace, unless it marks it as secret."""
        claims = self.register.claims_of(Kind.WORKSPACE, workspace_id)
        return next((one.workspace for one in claims if not one.hints.hides("slug")), None)

    def changing(self, kind: Kind, workspace_id: str) -> threading.Lock:
        """Return the lock for changes of one kind in a workspace."""
        return self._changing[kind, workspace_id]

    def workspace_id(self, id_or_slug: str) -> str:
        """Return the id of a workspace.

        A slug costs one look-up until a workspace changes, and none where a Workspace of the same
        run has that slug or is about to get it.
        """
        if is_uuid(id_or_slug):
            return id_or_slug.lower()
        if own := self.register.workspace_id(id_or_slug):
            return own
        with self._looking_up[id_or_slug]:
            generation, found = self._slugs.get(id_or_slug, (None, ""))
            if generation != self.client.workspaces.generation:
                generation = self.client.workspaces.generation
                found = self.client.snapshots.workspace_by_slug(id_or_slug).id
                self._slugs[id_or_slug] = generation, found
        return found

    def is_gone(self, workspace_id: str) -> bool:
        """Return whether a workspace is gone, when something of it was not found.

        It is if the organization's list of workspaces does not have it. Where there is no such list
        either, the base URL is wrong, and this raises.
        """
        try:
            self.client.snapshots.workspace(workspace_id)
        except NotFoundError:
            return True
        return False

    def people(self, *, known: Iterable[str] = ()) -> OrganizationDirectory:
        """Return the people of the organization, read once in a run.

        It is read again if one of the `known` email addresses is missing, because somebody may
        have been invited since the run began.
        """
        directory = self._directory(self.client.snapshots.organization_members())
        if any(directory.user_id(email) is None for email in known):
            newer = self.client.snapshots.organization_members(max_age_seconds=5)
            directory = self._directory(newer)
        return directory

    def _directory(self, members: tuple[OrganizationMember, ...]) -> OrganizationDirectory:
        read, directory = self._people
        if read is not members:
            directory = OrganizationDirectory(members)
            self._people = members, directory
        return directory

    def active_keys(self, workspace_id: str) -> list[ApiKey]:
        """Return the active API keys of a workspace, read once in a run.

        Where the API does not show keys to this management key, there are none to know of.
        """
        with self._reading_keys[workspace_id]:
            if workspace_id not in self._keys:
                try:
                    self._keys[workspace_id] = self.client.keys.active(workspace_id)
                except ApiError as error:
                    if error.status not in _NOT_SHOWN:
                        raise
                    self._keys[workspace_id] = []
            return self._keys[workspace_id]

    def holders(
        self, kind: Kind, workspace_id: str, owner: str | None, incarnation: str | None
    ) -> list[Claim]:
        """Return the claims in a workspace that a delete by this owner has to leave alone.

        A claim may stand under the workspace's slug where its resource has not met the id yet.
        """
        for slug in self.register.unidentified(kind):
            if not is_uuid(slug):
                self._identify(kind, slug)
        return self.register.holders(kind, workspace_id, owner, incarnation)

    def let_go(
        self,
        kind: Kind,
        workspace_id: str,
        things: Iterable[str],
        owner: str | None,
        incarnation: str | None,
    ) -> list[Claim]:
        """Note that a resource lets go of things, and return the claims that hold some of them."""
        # Release before looking: a resource that is checked after this look finds the release in
        # its own diff.
        self.register.release(kind, workspace_id, things)
        return self.holders(kind, workspace_id, owner, incarnation)

    def _identify(self, kind: Kind, slug: str) -> None:
        try:
            workspace_id = self.workspace_id(slug)
        except NotFoundError:
            return
        for claim in self.register.claims_of(kind, slug):
            self.register.identify(kind, claim.owner, workspace_id)
