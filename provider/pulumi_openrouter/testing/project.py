"""The project of a test: a program in a temporary folder, apart from whatever the user has.

Both engines write beside `Pulumi.yaml`: the offline engine its state, the CLI the stack's
configuration. So a test never runs a project where it lies.
"""

from __future__ import annotations

import inspect
import json
import os
import shutil
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from pulumi_openrouter.offline import ConfigValue, ProjectError
from pulumi_openrouter.offline.values.documents import read_document
from pulumi_openrouter.slugs import project_name

# A failure is shown where the test made the call, and not in here.
__tracebackhide__ = True

ProgramSource = str | Path | Callable[[], object]
"""A program: the folder of its project, or a function."""

ConfigInput = str | int | float | bool | Mapping[str, Any] | Sequence[Any] | ConfigValue
"""A value of the stack's configuration; what is no text is written as JSON."""

# The settings that would lead a program somewhere else than to the sandbox.
ELSEWHERE = frozenset({"openrouter:baseUrl", "openrouter:managementKey"})
_ENCRYPTION = ("encryptionsalt", "encryptedkey", "secretsprovider")
_SKIPPED = frozenset({"__pycache__", "node_modules"})


class ProgramError(Exception):
    """A test names a program that cannot be run; the text says why and what to do."""


def find_folder(program: str | Path | None, beside: Path, root: Path) -> Path:
    """Return the folder of a program.

    A relative path counts from the folder of the test file. None is the nearest project at or above
    it, up to pytest's root folder.
    """
    if program is None:
        folders = [one for one in (beside, *beside.parents) if one.is_relative_to(root)]
        for folder in folders or [beside]:
            if _project_file(folder):
                return folder
        msg = (
            f"there is no Pulumi.yaml in {beside}, nor in a folder above it up to {root}; name the "
            "program: the folder of a project, or a function"
        )
        raise ProgramError(msg)
    folder = (beside / program).resolve()
    if _project_file(folder) or (folder / "__main__.py").is_file():
        return folder
    msg = f"{folder} is no program: it has neither a Pulumi.yaml nor a __main__.py"
    raise ProgramError(msg)


def copy_folder(source: Path, target: Path, stack: str, given: Collection[str]) -> None:
    """Copy a project, less what is not its source, and make it one that a test can run.

    Args:
        source: The folder of the project.
        target: An empty folder, or one that does not exist yet.
        stack: The stack whose configuration is used.
        given: The keys of the configuration that the test sets.
    """

    def skipped(folder: str, names: list[str]) -> list[str]:
        return [name for name in names if _is_no_source(Path(folder, name), target)]

    shutil.copytree(
        source, target, ignore=skipped, dirs_exist_ok=True, ignore_dangling_symlinks=True
    )
    file = _project_file(target)
    if file is None:
        write_project(target, source.name)
    else:
        _adapt_project(file, stack, given)


def write_project(folder: Path, name: str) -> None:
    """Write the file of a project that has none."""
    file = folder / "Pulumi.yaml"
    YAML().dump({"name": project_name(name, "test")}, file)
    _adapt_project(file, "", ())


def write_call(folder: Path, function: Callable[[], object]) -> None:
    """Write a program that calls a function of a test file."""
    module, file, name = _importable(function)
    arguments = {"module": module, "file": file, "name": name, "path": [*_import_path()]}
    listed = "".join(f"    {key}={value!r},\n" for key, value in arguments.items())
    text = (
        '"""Calls a function of a test file."""\n\n'
        f"from pulumi_openrouter.testing.function import call\n\ncall(\n{listed})\n"
    )
    (folder / "__main__.py").write_text(text, encoding="utf-8")


def config_text(value: object) -> str:
    """Return a value of the configuration as a program gets it."""
    return value if isinstance(value, str) else json.dumps(value)


def refuse_generator(program: Callable[[], object]) -> None:
    """Raise ProgramError for a function with a `yield`, whose body would never run."""
    if inspect.isgeneratorfunction(program) or inspect.isasyncgenfunction(program):
        name = getattr(program, "__qualname__", repr(program))
        msg = (
            f"the program {name} is a generator, because it has a `yield`: calling it would not "
            "run it; remove the `yield`"
        )
        raise ProgramError(msg)


def checked_config(config: Mapping[str, ConfigInput] | None) -> Mapping[str, ConfigInput]:
    """Return the configuration of a test; raises TypeError for what is no mapping."""
    if config is None or isinstance(config, Mapping):
        return config or {}
    msg = (
        f"config is a {type(config).__name__}, and it must be a mapping of keys to values, such as "
        '{"limit": 500}'
    )
    raise TypeError(msg)


def _importable(function: Callable[[], object]) -> tuple[str, str, str]:
    """Return the module, the file and the name of a function, which the program imports anew."""
    if not inspect.isfunction(function):
        msg = f"a program is a folder or a function, not {function!r}"
        raise ProgramError(msg)
    refuse_generator(function)
    name = function.__qualname__
    if "<" in name:
        what = "a lambda" if name.endswith("<lambda>") else "defined inside of another function"
        msg = (
            f"the program {name} is {what}, and a program runs in a process of its own, which "
            "imports it by its name; define it at the top level of a file, and pass what differs "
            "from test to test by config="
        )
        raise ProgramError(msg)
    needed = [one.name for one in _required(function)]
    if needed:
        msg = f"the program {name} takes arguments ({', '.join(needed)}); pass values by config="
        raise ProgramError(msg)
    return function.__module__, str(Path(inspect.getfile(function)).resolve()), name


def _required(function: Callable[[], object]) -> Iterator[inspect.Parameter]:
    for one in inspect.signature(function).parameters.values():
        if one.default is one.empty and one.kind not in {one.VAR_POSITIONAL, one.VAR_KEYWORD}:
            yield one


def _import_path() -> Iterator[str]:
    for entry in sys.path:
        yield os.path.abspath(entry)


def _project_file(folder: Path) -> Path | None:
    files = (folder / name for name in ("Pulumi.yaml", "Pulumi.yml"))
    return next((file for file in files if file.is_file()), None)


def _is_no_source(path: Path, target: Path) -> bool:
    """Return whether a file or folder is no part of a program: caches, environments, history."""
    if not path.is_dir():
        return False
    hidden = path.name.startswith(".")
    return (
        hidden
        or path.name in _SKIPPED
        or (path / "pyvenv.cfg").is_file()
        or target.is_relative_to(path.resolve())
    )


def _adapt_project(file: Path, stack: str, given: Collection[str]) -> None:
    """Let the Python of the tests run the program, and the sandbox be the API."""
    yaml = YAML()
    document = _load(yaml, file)
    options = {"virtualenv": sys.prefix} if sys.prefix != sys.base_prefix else {}
    document["runtime"] = {"name": "python", "options": options}
    declared = document.get("config")
    if isinstance(declared, dict):
        for key in ELSEWHERE:
            declared.pop(key, None)
    yaml.dump(document, file)
    folder = document.get("stackConfigDir") or (declared if isinstance(declared, str) else ".")
    for ending in ("yaml", "yml"):
        stack_file = file.parent / folder / f"Pulumi.{stack}.{ending}"
        if stack_file.is_file():
            _adapt_stack(yaml, stack_file, document["name"], given)


def _adapt_stack(yaml: YAML, file: Path, project: str, given: Collection[str]) -> None:
    document = _load(yaml, file)
    for key in _ENCRYPTION:
        document.pop(key, None)
    config = document.get("config") or {}
    replaced = {_qualified(project, key) for key in given}
    for key in [*config]:
        full = _qualified(project, key)
        if full in ELSEWHERE:
            del config[key]
        elif _is_encrypted(config[key]):
            if full not in replaced:
                msg = (
                    f"{file.name}: {full} is encrypted, and a test has no key for it; pass a value "
                    f'for the test: config={{"{full}": "..."}}'
                )
                raise ProgramError(msg)
            del config[key]
    yaml.dump(document, file)


def _load(yaml: YAML, file: Path) -> Any:
    try:
        # This reads the file as the engines do, and its errors do not quote what may be a secret.
        read_document(file)
    except ProjectError as error:
        raise ProgramError(str(error)) from None
    return yaml.load(file) or {}


def _qualified(project: str, key: str) -> str:
    return key if ":" in key else f"{project}:{key}"


def _is_encrypted(value: Any) -> bool:
    if isinstance(value, dict):
        return "secure" in value or any(_is_encrypted(item) for item in value.values())
    return isinstance(value, list) and any(_is_encrypted(item) for item in value)
