"""A Pulumi project in a folder of its own, run by the offline engine or by the Pulumi CLI.

Both engines have the shape of `pulumi.automation.Stack`, so a test is written once. The CLI gets
a backend of its own in the same folder, and nothing of the user's.
"""

from __future__ import annotations

import enum
import os
import re
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pulumi import automation

from pulumi_openrouter import offline
from pulumi_openrouter.testing.stack import cli_variables

Changes = dict[str, int]
"""How many resources an operation touched, by Pulumi's name of it; the stack included."""


MONITOR_GONE = "Resource monitor has terminated, shutting down"
"""What the SDK adds where the CLI has ended a run before the program was done."""


class Engine(enum.Enum):
    """Who runs the program."""

    OFFLINE = "offline"
    CLI = "cli"


class Failure(Exception):  # noqa: N818 - a test reads `raises(Failure)`
    """An operation failed; the text is all that the engine printed of it."""

    @property
    def errors(self) -> list[str]:
        """What the engine printed as errors, each once; of one of several lines the first."""
        found = (line.partition("error: ") for line in str(self).splitlines())
        return [*dict.fromkeys(text for _, error, text in found if error and text != MONITOR_GONE)]

    @property
    def shows_our_code(self) -> bool:
        """Return whether a traceback through this package is in it."""
        return re.search(r'File ".*pulumi_openrouter', str(self)) is not None


@dataclass(frozen=True)
class Outcome:
    """What an operation that succeeded did."""

    changes: Changes
    stdout: str
    outputs: Mapping[str, Any]

    @property
    def is_empty(self) -> bool:
        """Return whether nothing was created, updated, replaced or deleted."""
        return {op for op, count in self.changes.items() if count} <= {"same", "read"}


class Project:
    """A program and one stack of it.

    Args:
        folder: Where the program is, or will be.
        engine: Who runs it.
        environment: Variables for the program and the engine.
        name: The name of the project, if the folder has none yet.
        stack: The name of the stack.
        home: Where the CLI keeps its backend; the folder itself by default.
    """

    def __init__(
        self,
        folder: Path,
        engine: Engine,
        environment: Mapping[str, str],
        *,
        name: str = "acme",
        stack: str = "dev",
        home: Path | None = None,
    ) -> None:
        self.folder = folder
        self._home = home or folder
        self.engine = engine
        self.name = name
        self.stack_name = stack
        self.environment = dict(environment)
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "Pulumi.yaml").exists():
            (folder / "Pulumi.yaml").write_text(
                f"name: {name}\nruntime:\n  name: python\n  options:\n"
                f"    virtualenv: {sys.prefix}\n"
            )
        self._stack: Any = None

    def program(self, text: str) -> None:
        """Write the program; `pulumi` and `pulumi_openrouter as openrouter` are imported."""
        head = "import pulumi\nimport pulumi_openrouter as openrouter\n\n"
        (self.folder / "__main__.py").write_text(head + textwrap.dedent(text))

    @property
    def stack(self) -> Any:
        """The stack itself, for what is not wrapped here."""
        if self._stack is None:
            self._stack = self._open()
        return self._stack

    def reopen(self) -> None:
        """Forget the stack object, so that a changed `environment` counts."""
        self._stack = None

    def set_config(self, key: str, value: str, *, secret: bool = False) -> None:
        """Set a value of the stack's config; a key without a namespace gets the project's."""
        kind = automation.ConfigValue if self.engine is Engine.CLI else offline.ConfigValue
        self.stack.set_config(key, kind(value, secret))

    def preview(self, **options: Any) -> Outcome:
        """Plan; raises Failure."""
        return self._run("preview", **options)

    def up(self, **options: Any) -> Outcome:
        """Bring the stack up; raises Failure."""
        return self._run("up", **options)

    def refresh(self, **options: Any) -> Outcome:
        """Take over the live state; raises Failure."""
        return self._run("refresh", **options)

    def destroy(self, **options: Any) -> Outcome:
        """Delete everything; raises Failure."""
        return self._run("destroy", **options)

    def settle(self) -> None:
        """End as every run of a program has to end: nothing left to do, nothing left over."""
        assert self.up().is_empty, "a second up found something to do"
        assert self.refresh().is_empty, "a refresh found drift"
        assert self.up().is_empty, "an up after a refresh found something to do"
        self.destroy()
        assert not self.resources(), "destroy left something in the state"

    def resources(self) -> list[dict[str, Any]]:
        """Return what the state holds, less the stack itself and providers."""
        deployment = self.stack.export_stack().deployment
        return [
            resource
            for resource in deployment.get("resources") or []
            if not resource["type"].startswith("pulumi:")
        ]

    def files_with(self, text: str, below: str = ".") -> list[str]:
        """Return the names of the files in the folder, or below one in it, that hold a text."""
        files = [file for file in (self.folder / below).rglob("*") if file.is_file()]
        return [file.name for file in files if text.encode() in file.read_bytes()]

    def pulumi(self, *arguments: str) -> str:
        """Run a command of the Pulumi CLI on this stack and return what it prints.

        Raises Failure, with all that it printed, where the command fails.
        """
        assert self.stack is not None, "the stack is created before a command needs it"
        done = subprocess.run(
            ["pulumi", *arguments, "--color", "never"],  # noqa: S607
            cwd=self.folder,
            env={**os.environ, **self._variables(), "PULUMI_STACK": self.stack_name},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode:
            raise Failure(done.stdout)
        return done.stdout

    def _variables(self) -> dict[str, str]:
        return {**cli_variables(self._home), **self.environment}

    def _open(self) -> Any:
        if self.engine is Engine.OFFLINE:
            return offline.create_or_select_stack(self.stack_name, self.folder, self.environment)
        return automation.create_or_select_stack(
            self.stack_name,
            work_dir=str(self.folder),
            opts=automation.LocalWorkspaceOptions(env_vars=self._variables()),
        )

    def _run(self, operation: str, **options: Any) -> Outcome:
        try:
            result = getattr(self.stack, operation)(**options)
        except (automation.CommandError, offline.OfflineError) as error:
            raise Failure(str(error)) from error
        changes = getattr(result, "change_summary", None)
        if changes is None:
            changes = result.summary.resource_changes or {}
        outputs = getattr(result, "outputs", None) or {}
        return Outcome(
            {getattr(op, "value", op): count for op, count in changes.items()},
            result.stdout,
            {name: output.value for name, output in outputs.items()},
        )


def is_personal(variable: str) -> bool:
    """Return whether an environment variable is a setting or a proxy of whoever runs this."""
    return variable.startswith(("OPENROUTER_", "PULUMI_")) or variable.lower().endswith("_proxy")


def pulumi_version() -> str:
    """Return the version of the CLI on PATH."""
    printed = subprocess.run(
        ["pulumi", "version"],  # noqa: S607 - the CLI under test
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return printed.strip().removeprefix("v")


def pulumi_on_path() -> bool:
    """Return whether the real engine can be used: the CLI and its Python host."""
    return shutil.which("pulumi", path=os.environ.get("PATH")) is not None
