"""The commands of an engine: `pulumi` where it is on PATH, else `pulumi-openrouter offline`.

Their output is shown as it comes and handed back, for the demo to check what a person can see.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from harness.project import is_personal, pulumi_on_path
from pulumi_openrouter.testing.stack import cli_variables

ROOT = Path(__file__).parents[2]
BIN = Path(sys.prefix) / "bin"


class DemoError(Exception):
    """Something did not hold; the text says what."""


@dataclass(frozen=True)
class PropertyDiff:
    """One property that an operation changes, as its output shows it."""

    resource: str
    name: str


@dataclass(frozen=True)
class Engine:
    """One of the two engines, in the folder of a copy of the root project."""

    command: tuple[str, ...]
    options: tuple[str, ...]
    preview_options: tuple[str, ...]
    folder: Path
    environment: Mapping[str, str]
    show: Callable[[str], None]

    def up(self, stack: str, *options: str) -> str:
        """Bring a stack up and return what was printed."""
        return self.run("up", "--stack", stack, *self.options, *options)

    def preview(self, stack: str, *options: str) -> str:
        """Preview a stack with its property diffs and return what was printed."""
        return self.run("preview", "--stack", stack, *self.preview_options, *options)

    def destroy(self, stack: str) -> str:
        """Destroy a stack and return what was printed."""
        return self.run("destroy", "--stack", stack, *self.options)

    def import_organization(self) -> Engine:
        """Import what exists into a stack `prod` of a project of its own, and return its engine."""
        folder = self.folder / "imported"
        self._run("pulumi-openrouter", "import", "--out", str(folder))
        imported = replace(self, folder=folder)
        file = ("--file", "import.json")
        if self.command == ("pulumi",):
            imported.run("stack", "init", "prod")
            imported.run("import", *file, "--generate-code=false", "--stack", "prod", *self.options)
        else:
            imported.run("import", *file, "--stack", "prod")
        return imported

    def run(self, *arguments: str) -> str:
        """Run a command of the engine; DemoError unless it exits with 0."""
        return self._run(*self.command, *arguments)

    def _run(self, *command: str) -> str:
        self.show(f"$ {' '.join(command)}")
        program = shutil.which(command[0], path=self.environment["PATH"])
        assert program, f"{command[0]} is on PATH"
        lines = []
        with subprocess.Popen(
            [program, *command[1:]],
            cwd=self.folder,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        ) as process:
            assert process.stdout is not None
            for line in process.stdout:
                lines.append(line)
                if line.strip():
                    self.show(f"  {line.rstrip()}")
        if process.returncode:
            msg = f"`{' '.join(command)}` exited with {process.returncode}"
            raise DemoError(msg)
        return "".join(lines)


def choose_engine(
    name: str | None, folder: Path, environment: Mapping[str, str], show: Callable[[str], None]
) -> Engine:
    """Set up a project in `folder`, and return the engine named, or the best there is."""
    shutil.copy(ROOT / "Pulumi.yaml", folder)
    shutil.copytree(
        ROOT / "examples/environments",
        folder / "examples/environments",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    variables = _clean_environment() | dict(environment)
    if name == "offline" or (name is None and not pulumi_on_path()):
        show("The programs run on the offline engine (Pulumi is used where it is on PATH).")
        return Engine(("pulumi-openrouter", "offline"), ("--yes",), (), folder, variables, show)
    variables |= cli_variables(folder)
    quiet = ("--color", "never", "--suppress-progress")
    options = ("--yes", "--skip-preview", *quiet)
    show("The programs run on Pulumi, with a backend in a temporary folder.")
    engine = Engine(("pulumi",), options, ("--diff", *quiet), folder, variables, show)
    for stack in ("dev", "staging", "prod"):
        engine.run("stack", "init", stack)
    return engine


def updates(output: str) -> set[PropertyDiff]:
    """Return the properties that a preview's updates change, whichever engine printed it."""
    found = set()
    resource = None
    for line in output.splitlines():
        if heading := re.match(r"\s*~ +pulumi-python:dynamic/openrouter:(\w+)", line):
            is_update = re.search(r"\bupdate\)?$", line)
            resource = heading[1] if is_update else None
        elif resource and (change := re.match(r"\s*[~+-] (\w+)(?:\[\d+\])?\s*: ", line)):
            found.add(PropertyDiff(resource, change[1]))
    return found


def _clean_environment() -> dict[str, str]:
    """Return the environment without the user's own OpenRouter, Pulumi and proxies."""
    kept = {name: value for name, value in os.environ.items() if not is_personal(name)}
    return {**kept, "PATH": f"{BIN}{os.pathsep}{kept.get('PATH', '')}"}
