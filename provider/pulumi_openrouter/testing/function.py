"""Calls a function of a test file as a Pulumi program, in the process of the program."""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import sys
from collections.abc import Sequence
from functools import reduce
from pathlib import Path
from types import ModuleType

import pulumi


def call(module: str, file: str, name: str, path: Sequence[str]) -> None:
    """Import the module of a function anew and call the function.

    What an async function has left to do, Pulumi awaits once the program has been run.

    Args:
        module: The name of the module in the process of the test.
        file: Its file, for a module that cannot be imported by its name.
        name: The qualified name of the function.
        path: Where the process of the test imports from.
    """
    sys.path += [folder for folder in path if folder not in sys.path]
    function = reduce(getattr, name.split("."), _module(module, Path(file)))
    result = function()  # type: ignore[operator]  # the test process has looked that it is one
    if asyncio.iscoroutine(result):

        async def rest() -> None:
            await result

        pulumi.run(rest)


def _module(name: str, file: Path) -> object:
    if _is_at(name, file):
        return importlib.import_module(name)
    _import_package(name.rpartition(".")[0], file.parent)
    return _load(name, file)


def _import_package(name: str, folder: Path) -> None:
    """Import a package of the tests from its folder, so that relative imports find it.

    With `--import-mode=importlib`, pytest imports it from a folder that is not in `sys.path`.
    """
    if not name:
        return
    _import_package(name.rpartition(".")[0], folder.parent)
    file = folder / "__init__.py"
    if file.is_file():
        _load(name, file)
    else:
        package = ModuleType(name)
        package.__path__ = [str(folder)]
        sys.modules[name] = package


def _load(name: str, file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        msg = f"{file} is not a Python file"
        raise ImportError(msg)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _is_at(name: str, file: Path) -> bool:
    """Return whether importing a module by its name would import this file."""
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return False
    return spec is not None and spec.origin is not None and Path(spec.origin) == file
