"""The data of the sandbox: every query on its database.

Rows are returned in order of creation and in the shape of the API's objects. Nothing is refused
here, because `routes` asks `rules` first. All calls come from the server's event loop, one after
the other, so no other request sees the work of a route half done.
"""

import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any
from uuid import UUID, uuid4, uuid5

from .database import Database

Json = dict[str, Any]

WORKSPACES = "SELECT id, is_default, document FROM workspaces"
BUDGETS = "SELECT id, workspace_id, interval, limit_usd, created_at, updated_at FROM budgets"
MEMBERS = (
    "SELECT members.id, workspace_id, user_id, role, members.created_at"
    " FROM members JOIN people ON people.id = user_id"
)
KEYS = (
    "SELECT hash, name, label, disabled, workspace_id, creator_user_id, created_at, updated_at"
    " FROM keys"
)

# What the API also shows of a key, of one without a limit that nobody has used.
UNUSED_KEY: Json = {
    "usage": 0,
    "usage_daily": 0,
    "usage_weekly": 0,
    "usage_monthly": 0,
    "byok_usage": 0,
    "byok_usage_daily": 0,
    "byok_usage_weekly": 0,
    "byok_usage_monthly": 0,
    "limit": None,
    "limit_remaining": None,
    "limit_reset": None,
    "include_byok_in_limit": False,
    "external_user": None,
    "last_used_at": None,
    "expires_at": None,
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


class Store(Database):
    """The organization's people and workspaces, their budgets, members and keys."""

    def clear(self) -> None:
        """Delete everything."""
        for table in ("workspaces", "people"):
            self._connection.execute(f"DELETE FROM {table}")  # noqa: S608 - a name from the line above

    # People: the members of the organization.

    def add_people(self, people: Iterable[Json]) -> None:
        """Add people with `id`, `email`, `first_name`, `last_name` and `role`."""
        self._connection.executemany(
            "INSERT INTO people (id, email, email_key, first_name, last_name, role)"
            " VALUES (:id, :email, :email_key, :first_name, :last_name, :role)",
            ({**person, "email_key": email_key(person["email"])} for person in people),
        )

    def change_person(self, user_id: str, *, email: str | None, role: str | None) -> None:
        """Change the email or the role of a person; None leaves it as it is."""
        self._connection.execute(
            "UPDATE people SET email = coalesce(:email, email),"
            " email_key = coalesce(:email_key, email_key), role = coalesce(:role, role)"
            " WHERE id = :id",
            {"id": user_id, "email": email, "email_key": email and email_key(email), "role": role},
        )

    def remove_person(self, user_id: str) -> None:
        """Take a person out of the organization and of every workspace."""
        self._connection.execute("DELETE FROM people WHERE id = ?", (user_id,))

    def list_people(self, offset: int = 0, limit: int = -1) -> list[Json]:
        """Return a page of people (-1 = all)."""
        rows = self._connection.execute(
            "SELECT id, email, first_name, last_name, role FROM people"
            " ORDER BY number LIMIT ? OFFSET ?",
            (limit, offset),
        )
        names = ("id", "email", "first_name", "last_name", "role")
        return [dict(zip(names, row, strict=True)) for row in rows]

    def count_people(self) -> int:
        """Return how many people the organization has."""
        return self._count("SELECT count(*) FROM people")

    def known_people(self, user_ids: Sequence[str]) -> set[str]:
        """Return which of these ids are people of the organization."""
        marks = ", ".join("?" * len(user_ids))
        query = f"SELECT id FROM people WHERE id IN ({marks})"  # noqa: S608 - only "?" go in
        return {row[0] for row in self._connection.execute(query, user_ids)}

    def email_owner(self, email: str) -> str | None:
        """Return the id of the person with this email, in any spelling."""
        query = "SELECT id FROM people WHERE email_key = ?"
        row = self._connection.execute(query, (email_key(email),)).fetchone()
        return row[0] if row else None

    # Workspaces.

    def create_workspace(
        self, fields: Mapping[str, object], *, id: str | None = None, is_default: bool = False
    ) -> Workspace:
        """Create a workspace of these API fields (`name` and `slug` among them)."""
        id = id or str(uuid4())
        creator = self._connection.execute(
            "SELECT id FROM people ORDER BY number LIMIT 1"
        ).fetchone()
        document = {
            "id": id,
            # Fixed by the workspace's id, as the API says of it.
            "default_guardrail_id": str(uuid5(UUID(id), "default_guardrail")),
            **fields,
            "include_byok_in_budgets": fields.get("include_byok_in_budgets", False),
            "created_at": timestamp(),
            "updated_at": None,
            "created_by": creator[0] if creator else None,
        }
        self._connection.execute(
            "INSERT INTO workspaces (id, slug, is_default, document) VALUES (?, ?, ?, ?)",
            (id, fields["slug"], is_default, json.dumps(document)),
        )
        return Workspace(id, is_default, document)

    def find_workspace(self, ref: str) -> Workspace | None:
        """Return the workspace with this id (in any case) or slug; an id goes before a slug."""
        row = self._connection.execute(
            f"{WORKSPACES} WHERE id = :id OR slug = :slug ORDER BY id = :id DESC LIMIT 1",
            {"id": ref.lower(), "slug": ref},
        ).fetchone()
        return _workspace(row) if row else None

    def default_workspace(self) -> Workspace | None:
        """Return the default workspace, if the organization has one."""
        row = self._connection.execute(f"{WORKSPACES} WHERE is_default").fetchone()
        return _workspace(row) if row else None

    def slug_exists(self, slug: str) -> bool:
        """Return whether a workspace has this slug."""
        return bool(self._count("SELECT count(*) FROM workspaces WHERE slug = ?", slug))

    def list_workspaces(self, offset: int = 0, limit: int = -1) -> list[Workspace]:
        """Return a page of workspaces (-1 = all)."""
        rows = self._connection.execute(
            f"{WORKSPACES} ORDER BY number LIMIT ? OFFSET ?", (limit, offset)
        )
        return [_workspace(row) for row in rows]

    def count_workspaces(self) -> int:
        """Return how many workspaces the organization has."""
        return self._count("SELECT count(*) FROM workspaces")

    def update_workspace(self, workspace: Workspace, fields: Mapping[str, object]) -> Workspace:
        """Change these API fields of a workspace."""
        document = {**workspace.document, **fields, "updated_at": timestamp()}
        self._connection.execute(
            "UPDATE workspaces SET slug = ?, document = ? WHERE id = ?",
            (document["slug"], json.dumps(document), workspace.id),
        )
        return Workspace(workspace.id, workspace.is_default, document)

    def delete_workspace(self, id: str) -> None:
        """Delete a workspace and all it holds."""
        self._connection.execute("DELETE FROM workspaces WHERE id = ?", (id,))

    # Budgets: at most one of each interval.

    def list_budgets(self, workspace_id: str) -> list[Json]:
        """Return the budgets of a workspace."""
        rows = self._connection.execute(
            f"{BUDGETS} WHERE workspace_id = ? ORDER BY number", (workspace_id,)
        )
        return [_budget(row) for row in rows]

    def budget_limits(self, workspace_id: str) -> dict[str, float]:
        """Return the limits of a workspace in USD, by interval."""
        query = "SELECT interval, limit_usd FROM budgets WHERE workspace_id = ? ORDER BY number"
        return dict(self._connection.execute(query, (workspace_id,)).fetchall())

    def find_budget(self, workspace_id: str, interval: str) -> Json | None:
        """Return the budget of one interval."""
        row = self._connection.execute(
            f"{BUDGETS} WHERE workspace_id = ? AND interval = ?", (workspace_id, interval)
        ).fetchone()
        return _budget(row) if row else None

    def put_budget(self, workspace_id: str, interval: str, limit_usd: float) -> None:
        """Create the budget of an interval, or change its limit (USD)."""
        now = timestamp()
        self._connection.execute(
            "INSERT INTO budgets (workspace_id, interval, id, limit_usd, created_at, updated_at)"
            " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (workspace_id, interval)"
            " DO UPDATE SET limit_usd = excluded.limit_usd, updated_at = excluded.updated_at",
            (workspace_id, interval, str(uuid4()), limit_usd, now, now),
        )

    def delete_budget(self, workspace_id: str, interval: str) -> None:
        """Delete the budget of an interval, if there is one."""
        self._connection.execute(
            "DELETE FROM budgets WHERE workspace_id = ? AND interval = ?", (workspace_id, interval)
        )

    # Members of a workspace; everyone is in the default workspace, without a row.

    def list_members(self, workspace: Workspace, offset: int = 0, limit: int = -1) -> list[Json]:
        """Return a page of a workspace's members (-1 = all)."""
        if workspace.is_default:
            return [_implicit(workspace, person) for person in self.list_people(offset, limit)]
        rows = self._connection.execute(
            f"{MEMBERS} WHERE workspace_id = ? ORDER BY members.number LIMIT ? OFFSET ?",
            (workspace.id, limit, offset),
        )
        return [_member(row) for row in rows]

    def count_members(self, workspace: Workspace) -> int:
        """Return how many members a workspace has."""
        if workspace.is_default:
            return self.count_people()
        return self._count("SELECT count(*) FROM members WHERE workspace_id = ?", workspace.id)

    def add_members(self, workspace_id: str, user_ids: Sequence[str]) -> None:
        """Add people of the organization; who is in already stays as they are."""
        now = timestamp()
        self._connection.executemany(
            "INSERT INTO members (workspace_id, user_id, id, created_at) VALUES (?, ?, ?, ?)"
            " ON CONFLICT DO NOTHING",
            [(workspace_id, user_id, str(uuid4()), now) for user_id in user_ids],
        )

    def find_members(self, workspace_id: str, user_ids: Sequence[str]) -> list[Json]:
        """Return those of these people who are members, in the order of the ids."""
        marks = ", ".join("?" * len(user_ids))
        rows = self._connection.execute(
            f"{MEMBERS} WHERE workspace_id = ? AND user_id IN ({marks})", (workspace_id, *user_ids)
        )
        members = {member["user_id"]: member for member in map(_member, rows)}
        return [members[user_id] for user_id in user_ids if user_id in members]

    def remove_members(self, workspace_id: str, user_ids: Sequence[str]) -> None:
        """Take these people out of a workspace."""
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
    ) -> Json:
        """Create an API key; without a label it gets one in the form of OpenRouter's own."""
        hash = secrets.token_hex(32)
        label = label or f"sk-or-v1-{hash[:3]}...{hash[-3:]}"
        self._connection.execute(
            "INSERT INTO keys"
            " (hash, name, label, disabled, workspace_id, creator_user_id, created_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (hash, name, label, disabled, workspace_id, creator_user_id, timestamp()),
        )
        return _key(self._connection.execute(f"{KEYS} WHERE hash = ?", (hash,)).fetchone())

    def has_key(self, hash: str) -> bool:
        """Return whether there is a key with this hash."""
        return bool(self._count("SELECT count(*) FROM keys WHERE hash = ?", hash))

    def disable_key(self, hash: str, disabled: bool) -> None:
        """Disable a key, or enable it again."""
        self._connection.execute(
            "UPDATE keys SET disabled = ?, updated_at = ? WHERE hash = ?",
            (disabled, timestamp(), hash),
        )

    def delete_key(self, hash: str) -> None:
        """Delete a key."""
        self._connection.execute("DELETE FROM keys WHERE hash = ?", (hash,))

    def list_all_keys(self) -> list[Json]:
        """Return the keys of every workspace, disabled ones included."""
        return [_key(row) for row in self._connection.execute(f"{KEYS} ORDER BY number")]

    def list_keys(
        self, workspace_id: str, offset: int, limit: int, *, include_disabled: bool
    ) -> list[Json]:
        """Return a page of the keys of a workspace."""
        rows = self._connection.execute(
            f"{KEYS} WHERE workspace_id = ? AND disabled <= ? ORDER BY number LIMIT ? OFFSET ?",
            (workspace_id, include_disabled, limit, offset),
        )
        return [_key(row) for row in rows]

    def set_key_holder(self, user_id: str, workspace_ids: Iterable[str]) -> None:
        """Replace the keys that this person created by one in each of these workspaces."""
        self._connection.execute("DELETE FROM keys WHERE creator_user_id = ?", (user_id,))
        for workspace_id in workspace_ids:
            self.add_key(workspace_id, creator_user_id=user_id)

    def set_unowned_key(self, workspace_id: str, active: bool) -> None:
        """Replace the keys of a workspace that have no creator by one, or by none."""
        query = "DELETE FROM keys WHERE workspace_id = ? AND creator_user_id IS NULL"
        self._connection.execute(query, (workspace_id,))
        if active:
            self.add_key(workspace_id)

    def has_active_keys(self, workspace_id: str) -> bool:
        """Return whether a workspace has a key that is not disabled."""
        query = "SELECT count(*) FROM keys WHERE workspace_id = ? AND NOT disabled"
        return bool(self._count(query, workspace_id))

    def key_holders(self, workspace_id: str) -> set[str]:
        """Return who has active API keys in a workspace."""
        query = "SELECT creator_user_id FROM keys WHERE workspace_id = ? AND NOT disabled"
        return {row[0] for row in self._connection.execute(query, (workspace_id,))}

    # People that an identity provider manages: the API refuses to remove them.

    def mark_scim_managed(self, user_id: str, managed: bool) -> None:
        """Set whether an identity provider manages this person."""
        self._connection.execute(
            "UPDATE people SET scim_managed = ? WHERE id = ?", (managed, user_id)
        )

    def scim_managed(self) -> set[str]:
        """Return whom an identity provider manages."""
        query = "SELECT id FROM people WHERE scim_managed"
        return {row[0] for row in self._connection.execute(query)}

    def _count(self, query: str, *parameters: str) -> int:
        (count,) = self._connection.execute(query, parameters).fetchone()
        return int(count)


def _workspace(row: Sequence[Any]) -> Workspace:
    id, is_default, document = row
    return Workspace(id, bool(is_default), json.loads(document))


def _key(row: Sequence[Any]) -> Json:
    names = ("hash", "name", "label", "disabled", "workspace_id", "creator_user_id")
    key = dict(zip((*names, "created_at", "updated_at"), row, strict=True))
    return {**key, "disabled": bool(key["disabled"]), **UNUSED_KEY}


def _budget(row: Sequence[Any]) -> Json:
    id, workspace_id, interval, limit_usd, created_at, updated_at = row
    return {
        "id": id,
        "workspace_id": workspace_id,
        "limit_usd": limit_usd,
        "reset_interval": None if interval == "lifetime" else interval,
        "created_at": created_at,
        "updated_at": updated_at,
    }


def _member(row: Sequence[Any]) -> Json:
    id, workspace_id, user_id, role, created_at = row
    return {
        "id": id,
        "workspace_id": workspace_id,
        "user_id": user_id,
        "role": role.removeprefix("org:"),
        "created_at": created_at,
    }


def _implicit(workspace: Workspace, person: Json) -> Json:
    id = str(uuid5(UUID(workspace.id), person["id"]))
    created_at = workspace.document["created_at"]
    return _member((id, workspace.id, person["id"], person["role"], created_at))
