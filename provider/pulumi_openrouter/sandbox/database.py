"""The SQLite database below the store: its tables, opening a file safely, transactions.

In memory, or a file whose content survives a restart and a kill of the process.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import SandboxError

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


class Database:
    """An open database with the tables of `SCHEMA`; `is_new` says that they were just made."""

    def __init__(self, path: str | Path | None = None) -> None:
        # Made in the caller's thread and used in the server's, never in both at once.
        self._connection = sqlite3.connect(
            path or ":memory:", isolation_level=None, check_same_thread=False, timeout=0
        )
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
