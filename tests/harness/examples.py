"""The examples, each copied into a folder of its own before it runs."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import ParamSpec

import pytest

from harness.project import Engine, Project, pulumi_on_path
from pulumi_openrouter.sandbox import Sandbox

EXAMPLES = Path(__file__).parents[2] / "examples"

P = ParamSpec("P")


def copy(source: Path, target: Path) -> None:
    """Copy a project, less what an earlier run of it has left."""
    leftovers = shutil.ignore_patterns("__pycache__", ".pulumi-offline", ".venv")
    shutil.copytree(source, target, ignore=leftovers, dirs_exist_ok=True)


def copied(name: str, target: Path) -> Path:
    """Copy an example and return the folder of the copy."""
    copy(EXAMPLES / name, target)
    return target


def variables(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment in which, as for a user, the Python that runs programs is on PATH."""
    path = f"{Path(sys.prefix) / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return {**environment, "PATH": path}


def project_in(folder: Path, engine: Engine, sandbox: Sandbox, stack: str = "dev") -> Project:
    """Open a copied project, set up for a sandbox."""
    return Project(folder, engine, variables(sandbox.environment), stack=stack)


def slugs(sandbox: Sandbox) -> list[str]:
    """List the workspaces that there are."""
    return sorted(workspace["slug"] for workspace in sandbox.state()["workspaces"])


def module(file: Path) -> ModuleType:
    """Import a script of an example, to call its functions."""
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    # Dataclasses look their module up by name.
    sys.modules[file.stem] = found
    spec.loader.exec_module(found)
    return found


def on_the_cli(test: Callable[P, None]) -> Callable[P, None]:
    """Mark a test that runs on the real engine only, and is skipped where there is none."""
    skip = pytest.mark.skipif(not pulumi_on_path(), reason="`pulumi` is not on PATH")
    return pytest.mark.cli(skip(test))
