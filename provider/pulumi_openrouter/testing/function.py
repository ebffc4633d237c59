"""Calls a function of a test file as a Pulumi program, in the process of the program."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Sequence
from functools import reduce
from pathlib import Path
from types import ModuleType


def call(module: str, file: str, name: str, path: Sequence[str]) -> object:
    """Import the module of a function anew and call the function.

    Args:
        module: The name of the module in the process of the test.
        file: Its file, for a module that cannot be imported by its name.
        name: The qualified name of the function.
        path: Where the process of the test imports from.
    """
    sys.path += [folder for folder in path if folder not in sys.path]
    function = reduce(getattr, name.split("."), _module(module, Path(file)))
    return function()  # type: ignore[operator]  # the test process has looked that it is one


def _module(name: str, file: Path) -> object:
    if _is_at(name, file):
        return importlib.import_module(name)
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        msg = f"{file} is not a Python file"
        raise ImportError(msg)
    module: ModuleType = importlib.util.module_from_spec(spec)
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
