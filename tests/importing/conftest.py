"""What the tests of the import share: the command, run against a sandbox."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from pulumi_openrouter.cli import command_line
from pulumi_openrouter.sandbox import Sandbox


@dataclass(frozen=True)
class Importing:
    """A folder to import into, and the command.

    Attributes:
        folder: The folder of `--out`, which the command makes.
        sandbox: The organization.
    """

    folder: Path
    sandbox: Sandbox

    def __call__(self, *options: str, code: int = 0) -> str:
        """Run the command, demand how it ends, and return what it prints."""
        arguments = ["import", "--out", str(self.folder), *options]
        result = CliRunner().invoke(command_line, arguments, env=self.sandbox.environment)
        assert result.exit_code == code, result.output
        return str(result.output)

    def report(self, *options: str) -> dict[str, Any]:
        """Run the command and return its result as data."""
        return dict(json.loads(self("--json", *options)))

    @property
    def program(self) -> str:
        """The program that was written."""
        return (self.folder / "__main__.py").read_text(encoding="utf-8")

    def entries(self) -> list[dict[str, Any]]:
        """Return the entries of the import file."""
        text = (self.folder / "import.json").read_text(encoding="utf-8")
        return list(json.loads(text)["resources"])

    def files(self) -> dict[str, str]:
        """Return the text of each file in the folder; empty where there is none."""
        found = self.folder.iterdir() if self.folder.is_dir() else ()
        return {one.name: one.read_text(encoding="utf-8") for one in found}


Starting = Callable[..., Importing]


@pytest.fixture
def importing_from(tmp_path: Path) -> Iterator[Starting]:
    """Start a sandbox with these workspaces, and offer the command against it.

    A workspace needs nothing but a slug; the rest of a seed may be given by name.
    """
    with ExitStack() as stack:

        def start(*workspaces: Mapping[str, Any], **seed: Any) -> Importing:
            named = [{"name": one["slug"], **one} for one in workspaces]
            whole = {"workspaces": named} | seed
            sandbox = stack.enter_context(Sandbox(seed=whole))
            return Importing(tmp_path / "org", sandbox)

        yield start
