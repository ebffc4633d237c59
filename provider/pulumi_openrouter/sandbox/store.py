"""The data of the sandbox: the people, workspaces and API keys of one organization.

They are plain objects in memory, in order of creation, and the values are in the shape in which the
API shows them. A value that was shown is never changed, but replaced, so whoever holds it sees the
past. Nothing is refused here but a workspace that does not exist, because `routes` asks `refusals`
first. All calls come from the server's event loop, one after the other, so no request sees the work
of another half done.

With a database file, `save` writes everything to one row of it.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4, uuid5

from pulumi_openrouter.sandbox.refusals import Refusal, SandboxError
from pulumi_openrouter.sandbox.schemas import Options

Json = dict[str, Any]

SCHEMA_VERSION = 3
SCHEMA = f"""
CREATE TABLE organization (number INTEGER PRIMARY KEY, content TEXT NOT NULL);
PRAGMA user_version = {SCHEMA_VERSION};
"""

# What the API also shows of a key, of one without a limit that nobody has used.
USAGES = ("usage", "usage_daily", "usage_weekly", "usage_monthly")
UNUSED_KEY: Json = {
    **dict.fromkeys(USAGES, 0),
    **dict.fromkeys([f"byok_{usage}" for usage in USAGES], 0),
    **dict.fromkeys(["limit", "limit_remaining", "limit_reset"]),
    "include_byok_in_limit": False,
    **dict.fromkeys(["external_user", "last_used_at", "expires_at"]),
}


@dataclass
class Workspace:
    """A workspace, and what it holds.

    `document` is the workspace as the API shows it. `budgets` are by interval. `members` are the id
    and the creation time of each membership, by user id; the default workspace has none, because
    everyone is in it.
    """

    document: Json
    is_default: bool = False
    budgets: dict[str, Json] = field(default_factory=dict)
    members: dict[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The id of the workspace."""
        return str(self.document["id"])

    @property
    def limits(self) -> dict[str, float]:
        """The limits of the workspace in USD, by interval."""
        return {interval: budget["limit_usd"] for interval, budget in self.budgets.items()}

    def update(self, fields: Mapping[str, object]) -> None:
        """Change these API fields."""
        self.document = {**self.document, **fields, "updated_at": timestamp()}

    def put_budget(self, interval: str, limit_usd: float) -> None:
        """Create the budget of an interval, or change its limit (USD)."""
        now = timestamp()
        before = self.budgets.get(interval, {"id": str(uuid4()), "created_at": now})
        self.budgets[interval] = {
            "id": before["id"],
            "workspace_id": self.id,
            "limit_usd": limit_usd,
            "reset_interval": None if interval == "lifetime" else interval,
            "created_at": before["created_at"],
            "updated_at": now,
        }

    def add_members(self, user_ids: Iterable[str]) -> None:
        """Add people of the organization; existing members stay unchanged."""
        now = timestamp()
        for user_id in user_ids:
            self.members.setdefault(user_id, (str(uuid4()), now))


def timestamp() -> str:
    """Return the time now in the API's form: ISO 8601, UTC, milliseconds."""
    now = datetime.now(timezone.utc)
    return now.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def email_key(email: str) -> str:
    """Return the form in which two spellings of one email are equal."""
    return email.casefold()


class Store:
    """The organization: people by user id, workspaces by id, API keys by hash.

    `scim_managed` are the people whom an identity provider manages. `is_new` is whether there was
    no content to begin with.
    """

    def __init__(self, path: str | Path | None = None) -> None:
        self.options = Options()
        self.people: dict[str, Json] = {}
        self.scim_managed: set[str] = set()
        self.workspaces: dict[str, Workspace] = {}
        self.keys: dict[str, Json] = {}
        self._file = _File(path) if path else None
        content = self._file.read() if self._file else None
        self.is_new = content is None
        if content is not None:
            saved = json.loads(content)
            self.people, self.keys = saved["people"], saved["keys"]
            self.scim_managed.update(saved["scim_managed"])
            self.workspaces = {id: Workspace(**one) for id, one in saved["workspaces"].items()}

    def clear(self) -> None:
        """Delete everything."""
        for part in (self.people, self.scim_managed, self.workspaces, self.keys):
            part.clear()

    def save(self) -> None:
        """Write everything to the database file, if there is one."""
        if self._file is not None:
            content = {
                "people": self.people,
                "scim_managed": sorted(self.scim_managed),
                "workspaces": {id: asdict(one) for id, one in self.workspaces.items()},
                "keys": self.keys,
            }
            self._file.write(json.dumps(content))

    def close(self) -> None:
        """Close the database file."""
        if self._file is not None:
            self._file.close()

    def email_owner(self, email: str) -> str | None:
        """Return the id of the person with this email, in any spelling."""
        key = email_key(email)
        owners = (id for id, person in self.people.items() if email_key(person["email"]) == key)
        return next(owners, None)

    def remove_person(self, user_id: str) -> None:
        """Take a person out of the organization and of every workspace; their keys stay."""
        del self.people[user_id]
        self.scim_managed.discard(user_id)
        for workspace in self.workspaces.values():
            workspace.members.pop(user_id, None)

    def create_workspace(
        self, fields: Mapping[str, object], *, id: str | None = None, is_default: bool = False
    ) -> Workspace:
        """Create a workspace of these API fields (`name` and `slug` among them)."""
        id = id or str(uuid4())
        document = {
            "id": id,
            # Fixed by the workspace's id, as the API says of it.
            "default_guardrail_id": str(uuid5(UUID(id), "default_guardrail")),
            "include_byok_in_budgets": False,
            **fields,
            "created_at": timestamp(),
            "updated_at": None,
            "created_by": next(iter(self.people), None),
        }
        self.workspaces[id] = Workspace(document, is_default)
        return self.workspaces[id]

    def workspace(self, ref: str) -> Workspace:
        """Return the workspace with this id (in any case) or slug; an id goes before a slug."""
        found = self.workspaces.get(ref.lower()) or self.workspace_with_slug(ref)
        if found is None:
            raise Refusal(404, "Workspace not found")
        return found

    def workspace_with_slug(self, slug: str) -> Workspace | None:
        """Return the workspace with this slug."""
        found = (one for one in self.workspaces.values() if one.document["slug"] == slug)
        return next(found, None)

    def default_workspace(self) -> Workspace | None:
        """Return the default workspace, if the organization has one."""
        return next((one for one in self.workspaces.values() if one.is_default), None)

    def delete_workspace(self, id: str) -> None:
        """Delete a workspace and its keys."""
        del self.workspaces[id]
        self.delete_keys(workspace_id=id)

    def member_ids(self, workspace: Workspace) -> list[str]:
        """Return the user ids of a workspace's members."""
        return list(self.people if workspace.is_default else workspace.members)

    def member(self, workspace: Workspace, user_id: str) -> Json:
        """Return a member of a workspace as the API shows them."""
        if workspace.is_default:
            id, created_at = (
                str(uuid5(UUID(workspace.id), user_id)),
                workspace.document["created_at"],
            )
        else:
            id, created_at = workspace.members[user_id]
        return {
            "id": id,
            "workspace_id": workspace.id,
            "user_id": user_id,
            "role": self.people[user_id]["role"].removeprefix("org:"),
            "created_at": created_at,
        }

    def add_key(
        self,
        workspace_id: str,
        creator_user_id: str | None = None,
        name: str = "Key",
        label: str | None = None,
        disabled: bool = False,
    ) -> str:
        """Create an API key and return its hash.

        A key without a label gets one in the form of OpenRouter's own.
        """
        hash = secrets.token_hex(32)
        self.keys[hash] = {
            "hash": hash,
            "name": name,
            "label": label or f"sk-or-v1-{hash[:3]}...{hash[-3:]}",
            "disabled": disabled,
            "workspace_id": workspace_id,
            "creator_user_id": creator_user_id,
            "created_at": timestamp(),
            "updated_at": None,
            **UNUSED_KEY,
        }
        return hash

    def keys_of(self, workspace_id: str, *, include_disabled: bool = False) -> list[Json]:
        """Return the keys of a workspace."""
        return [
            key
            for key in self.keys.values()
            if key["workspace_id"] == workspace_id and (include_disabled or not key["disabled"])
        ]

    def delete_keys(self, **fields: str | None) -> None:
        """Delete the keys of which all these fields have these values."""
        for hash, key in list(self.keys.items()):
            if all(key[name] == value for name, value in fields.items()):
                del self.keys[hash]


class _File:
    """An SQLite database with one row of text, which survives a kill of the process."""

    def __init__(self, path: str | Path) -> None:
        # The caller's thread opens the connection and the server's uses it, never both at once.
        connection: sqlite3.Connection | None = None
        try:
            connection = sqlite3.connect(
                path, isolation_level=None, check_same_thread=False, timeout=0
            )
            self._connection = connection
            self._open()
        except sqlite3.DatabaseError as error:
            if connection is not None:
                connection.close()
            msg = f"the database {path} cannot be used: {error}. Name another file, or a new one."
            raise SandboxError(msg) from error

    def _open(self) -> None:
        # EXCLUSIVE keeps a second sandbox off the file. WAL survives a kill without an fsync for
        # each commit.
        for pragma in ("locking_mode = EXCLUSIVE", "synchronous = NORMAL"):
            self._connection.execute(f"PRAGMA {pragma}")
        [version] = self._connection.execute("PRAGMA user_version").fetchone()
        [tables] = self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if version != SCHEMA_VERSION and (version or tables):
            msg = "file is a database, but not of this version of the sandbox"
            raise sqlite3.DatabaseError(msg)
        self._connection.execute("PRAGMA journal_mode = WAL")
        if not tables:
            self._connection.executescript(SCHEMA)
        # A file that can only be read is refused now, and not with the first request that writes.
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.execute("COMMIT")

    def read(self) -> str | None:
        """Return the text that was written last."""
        row = self._connection.execute("SELECT content FROM organization").fetchone()
        return row and str(row[0])

    def write(self, text: str) -> None:
        """Replace the text."""
        self._connection.execute("INSERT OR REPLACE INTO organization VALUES (1, ?)", (text,))

    def close(self) -> None:
        """Close the database."""
        self._connection.close()
