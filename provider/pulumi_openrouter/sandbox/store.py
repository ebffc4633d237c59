"""The data of the sandbox: an SQLite database and every query on it.

Rows are returned in order of creation and in the shape of the API's objects. Nothing is refused
here, because `routes` asks `refusals` first. All calls come from the server's event loop, one after
the other, so no other request sees the work of a route half done. The database is in memory, or in
a file whose content survives a restart and a kill of the process.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4, uuid5

from pulumi_openrouter.sandbox.refusals import SandboxError

Json = dict[str, Any]

SCHEMA_VERSION = 2

# Foreign keys cascade: deleting a workspace deletes its budgets, members and keys, and deleting a
# person takes them out of every workspace. The keys that a person created belong to the workspace
# and stay. A NUMERIC limit comes back as the API writes it: 500, not 500.0.
SCHEMA = """
CREATE TABLE people (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,
    email TEXT NOT NULL, email_key TEXT NOT NULL UNIQUE, first_name TEXT, last_name TEXT,
    role TEXT NOT NULL, scim_managed INTEGER NOT NULL DEFAULT 0);
CREATE TABLE workspaces (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, slug TEXT NOT NULL UNIQUE,
    is_default INTEGER NOT NULL, document TEXT NOT NULL);
CREATE TABLE budgets (
    number INTEGER PRIMARY KEY,
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    interval TEXT NOT NULL, id TEXT NOT NULL, limit_usd NUMERIC NOT NULL,
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL, UNIQUE (workspace_id, interval));
CREATE TABLE members (
    number INTEGER PRIMARY KEY,
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    id TEXT NOT NULL, created_at TEXT NOT NULL, UNIQUE (workspace_id, user_id));
CREATE TABLE keys (
    number INTEGER PRIMARY KEY, hash TEXT NOT NULL UNIQUE,
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    creator_user_id TEXT, name TEXT NOT NULL, label TEXT NOT NULL, disabled INTEGER NOT NULL,
    created_at TEXT NOT NULL, updated_at TEXT);
"""

PEOPLE = "SELECT id, email, first_name, last_name, role FROM people"
WORKSPACES = "SELECT id, is_default, document FROM workspaces"
BUDGETS = (
    "SELECT id, workspace_id, limit_usd, nullif(interval, 'lifetime') AS reset_interval,"
    " created_at, updated_at FROM budgets"
)
MEMBERS = (
    "SELECT members.id, workspace_id, user_id, replace(role, 'org:', '') AS role,"
    " members.created_at FROM members JOIN people ON people.id = user_id"
)
KEYS = (
    "SELECT hash, name, label, disabled, workspace_id, creator_user_id, created_at, updated_at"
    " FROM keys"
)

# What the API also shows of a key, of one without a limit that nobody has used.
USAGES = ("usage", "usage_daily", "usage_weekly", "usage_monthly")
UNUSED_KEY: Json = {
    **dict.fromkeys(USAGES, 0),
    **dict.fromkeys([f"byok_{usage}" for usage in USAGES], 0),
    **dict.fromkeys(["limit", "limit_remaining", "limit_reset"]),
    "include_byok_in_limit": False,
    **dict.fromkeys(["external_user", "last_used_at", "expires_at"]),
}


@dataclass(frozen=True)
class Workspace:
    """A workspace as the API shows it (`document`), and what the API does not show."""

    id: str
    is_default: bool
    document: Json


def timestamp() -> str:
    """Return the time now in the API's form: ISO 8601, UTC, milliseconds."""
    now = datetime.now(timezone.utc)
    return now.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def email_key(email: str) -> str:
    """Return the form in which two spellings of one email are equal."""
    return email.casefold()


class Store:
    """The organization's people and workspaces, their budgets, members and keys.

    `is_new` is whether the database was just made.
    """

    def __init__(self, path: str | Path | None = None) -> None:
        # The caller's thread opens the connection and the server's uses it, never both at once.
        self._connection = sqlite3.connect(
            path or ":memory:", isolation_level=None, check_same_thread=False, timeout=0
        )
        self._connection.row_factory = sqlite3.Row
        try:
            self.is_new = self._open()
        except sqlite3.DatabaseError as error:
            self._connection.close()
            msg = f"the database {path} cannot be used: {error}. Name another file, or a new one."
            raise SandboxError(msg) from error

    def _open(self) -> bool:
        # EXCLUSIVE keeps a second sandbox off the file. WAL survives a kill without an fsync for
        # each commit.
        for pragma in ("foreign_keys = ON", "locking_mode = EXCLUSIVE", "synchronous = NORMAL"):
            self._connection.execute(f"PRAGMA {pragma}")
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        if version == SCHEMA_VERSION:
            self._connection.execute("PRAGMA journal_mode = WAL")
            return False
        if version or self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            msg = "file is a database, but not of this version of the sandbox"
            raise sqlite3.DatabaseError(msg)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.executescript(SCHEMA)
        self._connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        return True

    def close(self) -> None:
        """Close the database."""
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make the writes inside all or nothing, a kill included."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def clear(self) -> None:
        """Delete everything."""
        for table in ("workspaces", "people"):
            self._connection.execute(f"DELETE FROM {table}")  # noqa: S608 - a name from the line above

    def _write(self, query: str, *parameters: object) -> None:
        self._connection.execute(query, parameters)

    def _rows(self, query: str, *parameters: object) -> list[Json]:
        return [dict(row) for row in self._connection.execute(query, parameters)]

    def _row(self, query: str, *parameters: object) -> Json | None:
        row = self._connection.execute(query, parameters).fetchone()
        return dict(row) if row else None

    def _column(self, query: str, *parameters: object) -> list[Any]:
        return [row[0] for row in self._connection.execute(query, parameters)]

    def _count(self, query: str, *parameters: object) -> int:
        [count] = self._column(query, *parameters)
        return int(count)

    # People: the members of the organization.

    def add_people(self, people: Iterable[Json]) -> None:
        """Add people with `id`, `email`, `first_name`, `last_name` and `role`."""
        self._connection.executemany(
            "INSERT INTO people (id, email, email_key, first_name, last_name, role)"
            " VALUES (:id, :email, :email_key, :first_name, :last_name, :role)",
            ({**person, "email_key": email_key(person["email"])} for person in people),
        )

    def change_person(
        self, user_id: str, *, email: str | None, role: str | None, scim_managed: bool | None
    ) -> None:
        """Change a person; None leaves the email, the role or the mark as it is.

        `scim_managed` is whether an identity provider manages them: the API refuses to remove
        such people from a workspace.
        """
        self._write(
            "UPDATE people SET email = coalesce(?, email), email_key = coalesce(?, email_key),"
            " role = coalesce(?, role), scim_managed = coalesce(?, scim_managed) WHERE id = ?",
            *(email, email and email_key(email), role, scim_managed, user_id),
        )

    def remove_person(self, user_id: str) -> None:
        """Take a person out of the organization and of every workspace."""
        self._write("DELETE FROM people WHERE id = ?", user_id)

    def list_people(self, offset: int = 0, limit: int = -1) -> list[Json]:
        """Return a page of people (-1 = all)."""
        return self._rows(f"{PEOPLE} ORDER BY number LIMIT ? OFFSET ?", limit, offset)

    def count_people(self) -> int:
        """Return how many people the organization has."""
        return self._count("SELECT count(*) FROM people")

    def known_people(self, user_ids: Sequence[str]) -> set[str]:
        """Return which of these ids are people of the organization."""
        marks = ", ".join("?" * len(user_ids))
        query = f"SELECT id FROM people WHERE id IN ({marks})"  # noqa: S608 - only "?" go in
        return set(self._column(query, *user_ids))

    def email_owner(self, email: str) -> str | None:
        """Return the id of the person with this email, in any spelling."""
        found = self._row("SELECT id FROM people WHERE email_key = ?", email_key(email))
        return found["id"] if found else None

    def scim_managed(self) -> set[str]:
        """Return whom an identity provider manages."""
        return set(self._column("SELECT id FROM people WHERE scim_managed"))

    # Workspaces.

    def create_workspace(
        self, fields: Mapping[str, object], *, id: str | None = None, is_default: bool = False
    ) -> Workspace:
        """Create a workspace of these API fields (`name` and `slug` among them)."""
        id = id or str(uuid4())
        creator = self._row("SELECT id FROM people ORDER BY number LIMIT 1")
        document = {
            "id": id,
            # Fixed by the workspace's id, as the API says of it.
            "default_guardrail_id": str(uuid5(UUID(id), "default_guardrail")),
            **fields,
            "include_byok_in_budgets": fields.get("include_byok_in_budgets", False),
            "created_at": timestamp(),
            "updated_at": None,
            "created_by": creator["id"] if creator else None,
        }
        self._write(
            "INSERT INTO workspaces (id, slug, is_default, document) VALUES (?, ?, ?, ?)",
            *(id, fields["slug"], is_default, json.dumps(document)),
        )
        return Workspace(id, is_default, document)

    def find_workspace(self, ref: str) -> Workspace | None:
        """Return the workspace with this id (in any case) or slug; an id goes before a slug."""
        id = ref.lower()
        query = f"{WORKSPACES} WHERE id = ? OR slug = ? ORDER BY id = ? DESC LIMIT 1"
        return next(self._workspaces(query, id, ref, id), None)

    def default_workspace(self) -> Workspace | None:
        """Return the default workspace, if the organization has one."""
        return next(self._workspaces(f"{WORKSPACES} WHERE is_default"), None)

    def slug_exists(self, slug: str) -> bool:
        """Return whether a workspace has this slug."""
        return bool(self._count("SELECT count(*) FROM workspaces WHERE slug = ?", slug))

    def list_workspaces(self, offset: int = 0, limit: int = -1) -> list[Workspace]:
        """Return a page of workspaces (-1 = all)."""
        query = f"{WORKSPACES} ORDER BY number LIMIT ? OFFSET ?"
        return list(self._workspaces(query, limit, offset))

    def count_workspaces(self) -> int:
        """Return how many workspaces the organization has."""
        return self._count("SELECT count(*) FROM workspaces")

    def update_workspace(self, workspace: Workspace, fields: Mapping[str, object]) -> Workspace:
        """Change these API fields of a workspace."""
        document = {**workspace.document, **fields, "updated_at": timestamp()}
        self._write(
            "UPDATE workspaces SET slug = ?, document = ? WHERE id = ?",
            *(document["slug"], json.dumps(document), workspace.id),
        )
        return Workspace(workspace.id, workspace.is_default, document)

    def delete_workspace(self, id: str) -> None:
        """Delete a workspace and all it holds."""
        self._write("DELETE FROM workspaces WHERE id = ?", id)

    def _workspaces(self, query: str, *parameters: object) -> Iterator[Workspace]:
        for row in self._rows(query, *parameters):
            yield Workspace(row["id"], bool(row["is_default"]), json.loads(row["document"]))

    # Budgets: at most one of each interval.

    def list_budgets(self, workspace_id: str) -> list[Json]:
        """Return the budgets of a workspace."""
        return self._rows(f"{BUDGETS} WHERE workspace_id = ? ORDER BY number", workspace_id)

    def budget_limits(self, workspace_id: str) -> dict[str, float]:
        """Return the limits of a workspace in USD, by interval."""
        query = "SELECT interval, limit_usd FROM budgets WHERE workspace_id = ? ORDER BY number"
        return {row["interval"]: row["limit_usd"] for row in self._rows(query, workspace_id)}

    def find_budget(self, workspace_id: str, interval: str) -> Json | None:
        """Return the budget of one interval."""
        query = f"{BUDGETS} WHERE workspace_id = ? AND interval = ?"
        return self._row(query, workspace_id, interval)

    def put_budget(self, workspace_id: str, interval: str, limit_usd: float) -> None:
        """Create the budget of an interval, or change its limit (USD)."""
        now = timestamp()
        self._write(
            "INSERT INTO budgets (workspace_id, interval, id, limit_usd, created_at, updated_at)"
            " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (workspace_id, interval)"
            " DO UPDATE SET limit_usd = excluded.limit_usd, updated_at = excluded.updated_at",
            *(workspace_id, interval, str(uuid4()), limit_usd, now, now),
        )

    def delete_budget(self, workspace_id: str, interval: str) -> None:
        """Delete the budget of an interval, if there is one."""
        query = "DELETE FROM budgets WHERE workspace_id = ? AND interval = ?"
        self._write(query, workspace_id, interval)

    # Members of a workspace. Everyone is in the default workspace, without a row.

    def list_members(self, workspace: Workspace, offset: int = 0, limit: int = -1) -> list[Json]:
        """Return a page of a workspace's members (-1 = all)."""
        if workspace.is_default:
            return [_implicit(workspace, person) for person in self.list_people(offset, limit)]
        query = f"{MEMBERS} WHERE workspace_id = ? ORDER BY members.number LIMIT ? OFFSET ?"
        return self._rows(query, workspace.id, limit, offset)

    def count_members(self, workspace: Workspace) -> int:
        """Return how many members a workspace has."""
        if workspace.is_default:
            return self.count_people()
        return self._count("SELECT count(*) FROM members WHERE workspace_id = ?", workspace.id)

    def add_members(self, workspace_id: str, user_ids: Sequence[str]) -> None:
        """Add people of the organization; existing members stay unchanged."""
        now = timestamp()
        self._connection.executemany(
            "INSERT INTO members (workspace_id, user_id, id, created_at) VALUES (?, ?, ?, ?)"
            " ON CONFLICT DO NOTHING",
            [(workspace_id, user_id, str(uuid4()), now) for user_id in user_ids],
        )

    def find_members(self, workspace_id: str, user_ids: Sequence[str]) -> list[Json]:
        """Return those of these people who are members, in the order of the ids."""
        marks = ", ".join("?" * len(user_ids))
        query = f"{MEMBERS} WHERE workspace_id = ? AND user_id IN ({marks})"
        rows = self._rows(query, workspace_id, *user_ids)
        return sorted(rows, key=lambda member: user_ids.index(member["user_id"]))

    def remove_members(self, workspace_id: str, user_ids: Sequence[str]) -> None:
        """Remove these people from a workspace."""
        self._connection.executemany(
            "DELETE FROM members WHERE workspace_id = ? AND user_id = ?",
            [(workspace_id, user_id) for user_id in user_ids],
        )

    # API keys.

    def add_key(
        self,
        workspace_id: str,
        *,
        name: str = "Key",
        label: str | None = None,
        creator_user_id: str | None = None,
        disabled: bool = False,
    ) -> str:
        """Create an API key and return its hash.

        A key without a label gets one in the form of OpenRouter's own.
        """
        hash = secrets.token_hex(32)
        label = label or f"sk-or-v1-{hash[:3]}...{hash[-3:]}"
        self._write(
            "INSERT INTO keys"
            " (hash, name, label, disabled, workspace_id, creator_user_id, created_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            *(hash, name, label, disabled, workspace_id, creator_user_id, timestamp()),
        )
        return hash

    def find_key(self, hash: str) -> Json | None:
        """Return the key with this hash."""
        return next(self._keys(f"{KEYS} WHERE hash = ?", hash), None)

    def disable_key(self, hash: str, disabled: bool) -> None:
        """Disable a key, or enable it again."""
        query = "UPDATE keys SET disabled = ?, updated_at = ? WHERE hash = ?"
        self._write(query, disabled, timestamp(), hash)

    def delete_key(self, hash: str) -> None:
        """Delete a key."""
        self._write("DELETE FROM keys WHERE hash = ?", hash)

    def list_all_keys(self) -> list[Json]:
        """Return the keys of every workspace, disabled ones included."""
        return list(self._keys(f"{KEYS} ORDER BY number"))

    def list_keys(
        self, workspace_id: str, offset: int, limit: int, *, include_disabled: bool
    ) -> list[Json]:
        """Return a page of the keys of a workspace."""
        query = f"{KEYS} WHERE workspace_id = ? AND disabled <= ? ORDER BY number LIMIT ? OFFSET ?"
        return list(self._keys(query, workspace_id, include_disabled, limit, offset))

    def set_key_holder(self, user_id: str, workspace_ids: Iterable[str]) -> None:
        """Replace the keys that this person created by one in each of these workspaces."""
        self._write("DELETE FROM keys WHERE creator_user_id = ?", user_id)
        for workspace_id in workspace_ids:
            self.add_key(workspace_id, creator_user_id=user_id)

    def set_unowned_key(self, workspace_id: str, active: bool) -> None:
        """Replace the keys of a workspace that have no creator by one, or by none."""
        query = "DELETE FROM keys WHERE workspace_id = ? AND creator_user_id IS NULL"
        self._write(query, workspace_id)
        if active:
            self.add_key(workspace_id)

    def active_keys(self, workspace_id: str) -> list[str | None]:
        """Return the creator of each key of a workspace that is not disabled."""
        query = "SELECT creator_user_id FROM keys WHERE workspace_id = ? AND NOT disabled"
        return self._column(query, workspace_id)

    def _keys(self, query: str, *parameters: object) -> Iterator[Json]:
        for row in self._rows(query, *parameters):
            yield {**row, "disabled": bool(row["disabled"]), **UNUSED_KEY}


def _implicit(workspace: Workspace, person: Json) -> Json:
    return {
        "id": str(uuid5(UUID(workspace.id), person["id"])),
        "workspace_id": workspace.id,
        "user_id": person["id"],
        "role": person["role"].removeprefix("org:"),
        "created_at": workspace.document["created_at"],
    }
