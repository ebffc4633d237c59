"""What the lifecycles of one provider process know together.

A run of Pulumi is one process: the client with its connections, the reads shared between
resources, the workspaces made a moment ago and what the resources of this run hold on to all live
here, and end with it.
"""

from __future__ import annotations

import contextlib
import functools
import threading
from collections import defaultdict
from typing import TYPE_CHECKING

from pulumi_openrouter.errors import NotFoundError
from pulumi_openrouter.slugs import is_uuid

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pulumi_openrouter.api.client import Client
    from pulumi_openrouter.settings import Settings


class Claims:
    """What the resources of this run hold on to: workspaces, intervals and people.

    Renaming a resource makes Pulumi create the new one and then delete the old one; the delete
    leaves alone what is claimed here. The workspace of a claim made in a check may be a slug,
    because a check asks nobody.

    An update may come before the check of the resource that holds what it lets go of. So what goes
    is noted before the claims are looked at: whoever's check comes later finds it in `released`.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[str, set[tuple[str, str]]] = {}
        self._released: defaultdict[tuple[str, str], set[str]] = defaultdict(set)

    def add(self, kind: str, workspace: str, things: Iterable[str]) -> None:
        """Hold on to things of a kind in a workspace (an id or a slug)."""
        with self._lock:
            self._held.setdefault(workspace, set()).update((kind, thing) for thing in things)

    def held(self, kind: str, workspace: str) -> set[str]:
        """Return what of a kind is held under this very id or slug."""
        with self._lock:
            held = self._held.get(workspace, set())
            return {thing for of_kind, thing in held if of_kind == kind}

    def release(self, kind: str, workspace_id: str, things: Iterable[str]) -> None:
        """Note that a resource lets go of things."""
        with self._lock:
            self._released[kind, workspace_id].update(things)

    def released(self, kind: str, workspace_id: str) -> set[str]:
        """Return what of a kind resources of this run have let go of, or are about to."""
        with self._lock:
            return set(self._released.get((kind, workspace_id), ()))

    def slugs(self, kind: str) -> list[str]:
        """Return the slugs, as opposed to ids, under which things of a kind are held."""
        with self._lock:
            return [
                workspace
                for workspace, held in self._held.items()
                if not is_uuid(workspace) and any(of_kind == kind for of_kind, _ in held)
            ]


class Session:
    """One provider process's view of OpenRouter."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.claims = Claims()
        # Workspaces made by this run, with their BYOK flag. Nobody else has put anything into these
        # yet: their children are written without a look.
        self.made: dict[str, bool | None] = {}
        self._slugs: dict[str, tuple[object, str]] = {}
        self._looking_up: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._changing: defaultdict[tuple[str, str], threading.Lock] = defaultdict(threading.Lock)

    @functools.cached_property
    def client(self) -> Client:
        """The client of this process."""
        # Deferred: a run that sends no request pays for no httpx.
        from pulumi_openrouter.api.client import shared_client

        return shared_client(self.settings)

    def changing(self, part: str, workspace_id: str) -> threading.Lock:
        """Return the lock of a part of a workspace, for whoever changes it."""
        return self._changing[part, workspace_id]

    def workspace_id(self, id_or_slug: str) -> str:
        """Return the id of a workspace; a slug costs one look-up, until a workspace changes."""
        if is_uuid(id_or_slug):
            return id_or_slug.lower()
        with self._looking_up[id_or_slug]:
            version, found = self._slugs.get(id_or_slug, (None, ""))
            if version is not self.client.workspaces.version:
                version = self.client.workspaces.version
                found = self.client.snapshots.workspace_by_slug(id_or_slug).id
                self._slugs[id_or_slug] = version, found
        return found

    def let_go(self, kind: str, workspace_id: str, things: Iterable[str]) -> set[str]:
        """Note that a resource lets go of things, and return what of the kind others hold."""
        # In this order: a claim that this look misses is of a check whose diff will see the note.
        self.claims.release(kind, workspace_id, things)
        return self.claimed(kind, workspace_id)

    def claimed(self, kind: str, workspace_id: str) -> set[str]:
        """Return what of a kind the resources of this run hold in a workspace.

        A claim may stand under the workspace's slug: where there are slugs, one look-up tells.
        """
        held = self.claims.held(kind, workspace_id)
        if not self.claims.slugs(kind):
            return held
        slugs = {slug for slug, (_, found) in self._slugs.items() if found == workspace_id}
        with contextlib.suppress(NotFoundError):
            slugs.add(self.client.workspaces.get(workspace_id).slug or "")
        return held.union(*(self.claims.held(kind, slug) for slug in slugs))


@functools.cache
def open_session(settings: Settings) -> Session:
    """Return the session of this process for these settings; the three providers share it."""
    return Session(settings)
