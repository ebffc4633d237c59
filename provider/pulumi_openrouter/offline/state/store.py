"""A stack's state on disk: the deployment file, its journal and its lock.

`.pulumi-offline/<project>/<stack>.json` is what `pulumi stack export` would print, with secrets
encrypted by the key beside it (`encryption`). While an operation runs, each step appends a line to
the journal beside it; the journal is folded into the file at the end, or by the next operation when
this one was killed. Folders are 0700, files 0600, and git ignores them.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from pulumi_openrouter.offline.exceptions import StateError
from pulumi_openrouter.offline.state.encryption import Encryption
from pulumi_openrouter.offline.state.model import DYNAMIC, STACK_REFERENCE_TYPE, Resource, now
from pulumi_openrouter.offline.state.snapshot import Snapshot
from pulumi_openrouter.offline.values.values import EncryptedValueError

FOLDER = ".pulumi-offline"
_VERSION = 3
_OWN = frozenset({"manifest", "resources", "pending_operations"})
_ENGINE = "v3.0.0-offline"


# A lock belongs to the open file and ends with the process, however that ends, so none goes stale.
# The functions return False if another process holds the lock.
if os.name == "nt":
    import msvcrt

    def _lock(file: IO[bytes]) -> bool:
        try:
            # Lock a place after the text, which another process must be able to read.
            file.seek(1 << 20)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]  # Windows
        except OSError:
            return False
        finally:
            file.seek(0)
        return True

else:
    import fcntl

    def _lock(file: IO[bytes]) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def saved_stacks(root: Path, project: str) -> list[str]:
    """Return the names of the stacks that a project has a state of."""
    folder = root / FOLDER / project
    # A first operation that was killed has left its journal only.
    return sorted({file.stem for kind in ("json", "journal") for file in folder.glob(f"*.{kind}")})


class StateStore:
    """Where the state of one stack is kept."""

    def __init__(self, root: Path, project: str, stack: str) -> None:
        self.project = project
        self.stack = stack
        self._folder = root / FOLDER / project
        self.file = self._folder / f"{stack}.json"
        self._journal_file = self._folder / f"{stack}.journal"
        self._lock_file = self._folder / f"{stack}.lock"
        self._encryption = Encryption(self._folder / f"{stack}.key")

    @contextmanager
    def locked(self) -> Iterator[bool]:
        """Hold the lock of the stack; return whether this is the first state in the project folder.

        Raises StateError when another operation has it, naming the holder, or when nothing can be
        written here.
        """
        first = not self._folder.parent.exists()
        with self._begins(self._folder):
            self._make_folder()
            file = open(  # noqa: SIM115  # closed below, after the operation
                os.open(self._lock_file, os.O_RDWR | os.O_CREAT, 0o600), "r+b", buffering=0
            )
        with file:
            if not _lock(file):
                holder = file.read().decode(errors="replace").strip() or "another process"
                msg = (
                    f"stack {self.stack!r} is in use by {holder}; "
                    "wait until it is done, or end that process"
                )
                raise StateError(msg)
            started = datetime.now().astimezone().isoformat(timespec="seconds")
            with self._begins(self._lock_file):
                file.truncate(0)
                file.write(f"process {os.getpid()}, since {started}\n".encode())
            with self._begins(self._encryption.file):
                self._encryption.prepare(map(self._read, (self.file, self._journal_file)))
            try:
                yield first
            finally:
                # A holder that is named wrongly is no reason to fail.
                with suppress(OSError):
                    file.truncate(0)

    def _make_folder(self) -> None:
        for folder in (self._folder.parent, self._folder):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not (ignored := self._folder.parent / ".gitignore").exists():
            # A state and its key together show secrets, and neither belongs in a repository.
            try:
                ignored.write_text("*\n", encoding="utf-8")
            except OSError:
                # An empty one would let git see the state, and would never be written again.
                ignored.unlink(missing_ok=True)
                raise

    @contextmanager
    def _begins(self, file: Path) -> Iterator[None]:
        """Make one line of an OSError that comes before anything is done."""
        try:
            yield
        except OSError as error:
            msg = f"{self._not_written(file, error)}; nothing was done: {remedy(error)}"
            raise StateError(msg) from error

    def _not_written(self, file: Path, error: OSError) -> str:
        where = error.filename or file
        return f"the state of stack {self.stack!r} cannot be written: {where}: {error.strerror}"

    def load(self) -> Snapshot:
        """Read the state, with what the journal of a killed operation adds to it.

        Raises StateError for a file that is damaged or not this stack's; it stays as it is.
        """
        text = self._read(self.file)
        snapshot = self._parse(text) if text is not None else Snapshot([], [])
        for record in self._journal_records(text):
            snapshot.replay(record)
        return Snapshot(snapshot.resources, snapshot.pending.items(), snapshot.extra)

    @property
    def exists(self) -> bool:
        """Whether the stack has a state, be it from an operation that was killed."""
        return self.file.exists() or self._journal_file.exists()

    def summary(self) -> tuple[str | None, int]:
        """Return when the state was saved, if ever, and the number of resources in it."""
        resources = self.load().resources
        text = self._read(self.file)
        saved = json.loads(text)["deployment"].get("manifest", {}).get("time") if text else None
        # To the second, as in all other places where people read it.
        time = f"{saved[:19]}Z" if saved else None
        return time, len([one for one in resources if not one.is_provider])

    def save(self, snapshot: Snapshot) -> None:
        """Replace the file atomically with this state, and remove the journal.

        Raises StateError if it cannot be written; file and journal are then as they were.
        """
        temporary = self.file.with_suffix(".new")
        document = self._encryption.dumps(self.document(snapshot), indent=4) + "\n"
        try:
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with open(descriptor, "w", encoding="utf-8") as file:
                file.write(document)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self.file)
            self._journal_file.unlink(missing_ok=True)
        except OSError as error:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise UnwritableError(self._not_written(temporary, error), remedy(error)) from error

    @contextmanager
    def journal(self) -> Iterator[Journal]:
        """Open an empty journal on top of the saved state."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        with self._begins(self._journal_file):
            descriptor = os.open(self._journal_file, flags, 0o600)
        try:
            journal = Journal(
                descriptor,
                self._encryption,
                lambda error: self._not_written(self._journal_file, error),
            )
            with self._begins(self._journal_file):
                journal.append({"base": _fingerprint(self._read(self.file))})
            yield journal
        finally:
            with suppress(OSError):
                os.close(descriptor)

    def fold_journal(self, snapshot: Snapshot) -> None:
        """Save a state that was loaded, if a journal adds to it, so that a new one may begin."""
        if self._journal_file.exists():
            try:
                self.save(snapshot)
            except UnwritableError as error:
                msg = f"{error}; nothing was done: {error.remedy}"
                raise StateError(msg) from error

    def document(self, snapshot: Snapshot) -> dict[str, Any]:
        """Return the state as `pulumi stack export` would, and `pulumi stack import` takes it."""
        deployment: dict[str, Any] = {
            "manifest": {
                "time": now(),
                "magic": hashlib.sha256(_ENGINE.encode()).hexdigest(),
                "version": _ENGINE,
            },
            **snapshot.extra,
            "resources": [resource.to_json() for resource in snapshot.normalized()],
        }
        if pending := snapshot.pending:
            deployment["pending_operations"] = [
                {"resource": resource.to_json(), "type": kind} for resource, kind in pending.items()
            ]
        return {"version": _VERSION, "deployment": deployment}

    def read_document(self, document: Any, source: str) -> Snapshot:
        """Read a deployment; `source` names where it is from in errors."""
        if not isinstance(document, dict) or not isinstance(document.get("deployment"), dict):
            msg = f"{source} is not a Pulumi deployment"
            raise StateError(msg)
        if (version := document.get("version")) != _VERSION:
            msg = f"{source} has deployment version {version!r}; this engine reads {_VERSION}"
            raise StateError(msg)
        deployment = document["deployment"]
        try:
            resources = [Resource.from_json(one) for one in deployment.get("resources") or []]
            pending = [
                (Resource.from_json(one["resource"]), str(one["type"]))
                for one in deployment.get("pending_operations") or []
            ]
        except EncryptedValueError as error:
            msg = f"{source} holds encrypted secrets; export it with --show-secrets"
            raise StateError(msg) from error
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            msg = f"{source} holds an entry that is no resource ({error!r})"
            raise StateError(msg) from error
        for resource in resources:
            self._check(resource, source)
        extra = {key: value for key, value in deployment.items() if key not in _OWN}
        return Snapshot(resources, pending, extra)

    def _check(self, resource: Resource, source: str) -> None:
        """Refuse a resource of another stack, or one that only a plugin can read or delete."""
        if not resource.urn.startswith(f"urn:pulumi:{self.stack}::{self.project}::"):
            msg = (
                f"{source} belongs to something else: {resource.urn} is not of stack "
                f"{self.stack!r} of project {self.project!r}"
            )
            raise StateError(msg)
        known = resource.is_provider or resource.type.startswith((DYNAMIC, STACK_REFERENCE_TYPE))
        if resource.custom and not known:
            msg = (
                f"{source} holds {resource.urn}, which needs a plugin: the offline engine runs "
                "Python dynamic resources and components; use the Pulumi CLI for it"
            )
            raise StateError(msg)

    def _parse(self, text: str) -> Snapshot:
        try:
            document = self._encryption.loads(text)
        except ValueError as error:
            msg = f"{self.file} is damaged, it is not JSON ({error}); put back a good copy of it"
            raise StateError(msg) from error
        return self.read_document(document, str(self.file))

    def _journal_records(self, base: str | None) -> list[dict[str, Any]]:
        text = self._read(self._journal_file)
        if not text:
            return []
        # A kill can cut the last line short; the step then counts as still pending.
        lines = text.split("\n")[:-1]
        try:
            head, *records = [self._encryption.loads(line) for line in lines]
        except ValueError:
            if not lines:
                return []
            msg = f"{self._journal_file} is damaged; remove it to go on from {self.file} alone"
            raise StateError(msg) from None
        # A journal of another base has been applied already, and only its removal is missing.
        return records if head.get("base") == _fingerprint(base) else []

    @staticmethod
    def _read(file: Path) -> str | None:
        try:
            return file.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not in UTF-8"
            msg = (
                f"{file} cannot be read: {reason}; put back a good copy of it, or make it readable"
            )
            raise StateError(msg) from error


class UnwritableError(StateError):
    """The state, or its journal, cannot be written; `remedy` is what to do about it."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.remedy = remedy


class Journal:
    """The open journal of an operation.

    What could not be written is kept, and written before anything else as soon as that works, so
    the file never has a line with a part missing.
    """

    def __init__(
        self, descriptor: int, encryption: Encryption, describe: Callable[[OSError], str]
    ) -> None:
        self._descriptor = descriptor
        self._encryption = encryption
        self._describe = describe
        self._left = b""
        # What to do about the first line that could not be written at once; empty if all could.
        self.failure = ""

    def write(self, record: dict[str, Any]) -> None:
        """Append a line, before the next step of the operation begins; raises UnwritableError."""
        try:
            self.append(record)
        except OSError as error:
            self.failure = self.failure or remedy(error)
            raise UnwritableError(self._describe(error), remedy(error)) from error

    def append(self, record: dict[str, Any]) -> None:
        """Append a line; raises OSError."""
        line = self._encryption.dumps(record, separators=(",", ":")) + "\n"
        self._left += line.encode()
        self._flush()

    def is_complete(self) -> bool:
        """Return whether everything is written, now that there may be room again."""
        with suppress(OSError):
            self._flush()
        return not self._left

    def _flush(self) -> None:
        while self._left:
            self._left = self._left[os.write(self._descriptor, self._left) :]


def remedy(error: OSError) -> str:
    """Return what to do about a file that cannot be written."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return "free some space there, and run the command again"
    return "make that folder writable for your user, and run the command again"


def _fingerprint(text: str | None) -> str:
    return hashlib.sha256((text or "").encode()).hexdigest()
