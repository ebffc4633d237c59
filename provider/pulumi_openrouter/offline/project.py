"""The project on disk: `Pulumi.yaml`, `Pulumi.<stack>.yaml`, and the configuration in them.

Keys always have their namespace here (`project:key`). Values are the text that programs and
providers get, which is JSON for anything that is not a plain value.
"""

import json
import os
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pulumi_openrouter.offline.exceptions import ProjectError
from pulumi_openrouter.offline.values.documents import as_text, kind, read_document

_FILES = ("Pulumi.yaml", "Pulumi.yml")
_VARIABLE_PREFIX = "PULUMI_OFFLINE_CONFIG_"


# What the Pulumi CLI allows in the names of projects and stacks.
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}")
_NAME_RULE = "1 to 100 letters, digits, hyphens, underscores and periods"


@dataclass(slots=True)
class ConfigValue:
    """One configuration value."""

    value: str
    secret: bool = False


@dataclass(slots=True)
class Project:
    """A project folder.

    `program` is what `python` is to run: a file in `program_dir`, or `.` for the folder itself.
    """

    root: Path
    name: str
    program_dir: Path
    program: str
    python: str
    config_dir: Path
    declared_config: dict[str, Any] = field(default_factory=dict)

    def stacks(self) -> list[str]:
        """Return the stacks that have a configuration file."""
        files = [*self.config_dir.glob("Pulumi.*.yaml"), *self.config_dir.glob("Pulumi.*.yml")]
        return sorted({file.name.split(".", 1)[1].rpartition(".")[0] for file in files})

    def qualify(self, key: str) -> str:
        """Return a key with its namespace: the project's name, unless it has one."""
        parts = key.split(":")
        if len(parts) == 1:
            return f"{self.name}:{key}"
        # Pulumi's first versions wrote `<namespace>:config:<name>`.
        if len(parts) == 3 and parts[1] == "config":
            return f"{parts[0]}:{parts[2]}"
        if len(parts) > 2:
            # A value may have ended up in the key: `namespace:name:value`, without a space.
            msg = (
                f"the configuration key '{parts[0]}:{parts[1]}:…' is not of the form "
                "<namespace>:<name>; write a value after a colon and a space"
            )
            raise ProjectError(msg)
        return key


@dataclass(slots=True)
class OperationOptions:
    """What an operation works on, and how."""

    project: Project
    stack: str
    config: Mapping[str, ConfigValue]
    environment: Mapping[str, str]
    parallel: int
    dry_run: bool
    # A refresh on its own counts what it finds; as part of another operation it does not.
    refresh_only: bool
    # URNs of resources to replace.
    replace: frozenset[str]
    # URNs, or patterns for some, of the resources to which the operation is restricted.
    targets: frozenset[str]
    target_dependents: bool


def _in(file: Path, problem: str) -> ProjectError:
    return ProjectError(f"{file}: {problem}")


def find_project(start: Path) -> Project:
    """Read the project of a folder, or of the nearest one above it that is a project."""
    start = start.resolve()
    for folder in (start, *start.parents):
        for name in _FILES:
            if (folder / name).is_file():
                return _read_project(folder / name)
    msg = f"no Pulumi.yaml in {start} or in any folder above it; start in a project, or use --cwd"
    raise ProjectError(msg)


def _read_project(file: Path) -> Project:
    document = read_document(file)
    name = _text(file, document, "name")
    if not name:
        raise _in(file, "`name` is missing")
    # The name is used as the name of a folder, so it must not point to another one.
    if not _NAME.fullmatch(name) or name in (".", ".."):
        raise _in(file, f"`name` is {name!r}; a project's name has {_NAME_RULE}")
    declared = document.get("config") or {}
    # The folder of the stack files was once called `config`.
    former = declared if isinstance(declared, str) else "."
    main = _text(file, document, "main") or "."
    program = file.parent / main
    if not program.exists():
        raise _in(file, f"`main` is {main!r}, and there is no such file or folder")
    return Project(
        root=file.parent,
        name=name,
        program_dir=program if program.is_dir() else program.parent,
        program="." if program.is_dir() else program.name,
        python=_interpreter(file, document.get("runtime")),
        config_dir=file.parent / (_text(file, document, "stackConfigDir") or former),
        declared_config=declared if isinstance(declared, dict) else {},
    )


def _text(file: Path, document: Mapping[str, Any], key: str) -> str:
    value = document.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _in(file, f"`{key}` is {kind(value)}; it must be text")
    return value


def _interpreter(file: Path, runtime: Any) -> str:
    options: Any = {}
    if isinstance(runtime, dict):
        runtime, options = runtime.get("name"), runtime.get("options") or {}
    if runtime != "python":
        shown = repr(runtime) if isinstance(runtime, str) else kind(runtime)
        raise _in(file, f"`runtime` is {shown}; the offline engine runs Python programs only")
    if not isinstance(options, dict):
        raise _in(file, f"the options of `runtime` are {kind(options)}; they must be a mapping")
    virtualenv = _text(file, options, "virtualenv") or _toolchain_virtualenv(file, options)
    if not virtualenv:
        return sys.executable
    folder = "Scripts" if os.name == "nt" else "bin"
    python = file.parent / virtualenv / folder / Path(sys.executable).name
    if not python.exists():
        python = python.with_name("python.exe" if os.name == "nt" else "python")
    if not python.exists():
        raise _in(
            file,
            f"the virtual environment is {virtualenv!r}, and there is no interpreter "
            f"{python}; create it, with `pulumi install` for example",
        )
    return str(python)


def _toolchain_virtualenv(file: Path, options: Mapping[str, Any]) -> str:
    """Return where a toolchain keeps the virtual environment; empty to use the running Python."""
    toolchain = _text(file, options, "toolchain")
    if toolchain in ("", "pip"):
        return ""
    if toolchain == "uv":
        folders = (file.parent, *file.parent.parents)
        for name in ("uv.lock", "pyproject.toml"):
            for folder in folders:
                if (folder / name).is_file():
                    return str(folder / ".venv")
        return ".venv"
    if toolchain == "poetry":
        raise _in(
            file,
            "`toolchain` is 'poetry', and the offline engine does not ask Poetry where "
            "its environment is; set the option `virtualenv` to what `poetry env info --path` "
            "prints",
        )
    raise _in(file, f"`toolchain` is {toolchain!r}; it must be pip, poetry or uv")


def checked_stack_name(project: Project, reference: str) -> str:
    """Return the bare name of a stack that is named as for a Pulumi backend without a cloud.

    That is `<stack>`, `organization/<stack>` or `organization/<project>/<stack>`. Raises
    ProjectError for anything else, so that no name leads out of the folder of the state.
    """
    *qualifiers, name = reference.split("/")
    if qualifiers not in ([], ["organization"], ["organization", project.name]):
        msg = (
            f"the stack {reference!r} is not one of this project: name it as <stack>, or as "
            f"organization/{project.name}/<stack>"
        )
        raise ProjectError(msg)
    if not _NAME.fullmatch(name):
        msg = f"the stack name {name!r} is not allowed: a stack's name has {_NAME_RULE}"
        raise ProjectError(msg)
    return name


def read_config(
    project: Project, stack: str, environment: Mapping[str, str], given: Iterable[str] = ()
) -> dict[str, ConfigValue]:
    """Read a stack's configuration, with the project's defaults where it has none.

    Keys in `given` need no value: the caller replaces theirs. Raises ProjectError for a value that
    is encrypted and not replaced by its variable, of the wrong type, or missing.
    """
    overridden = {project.qualify(key) for key in given}
    config: dict[str, ConfigValue] = {}
    for file in (project.config_dir / f"Pulumi.{stack}{ending}" for ending in (".yaml", ".yml")):
        if file.is_file():
            config |= _read_stack_file(project, file, environment, overridden)
    for short, declaration in project.declared_config.items():
        key = project.qualify(short)
        _apply_declaration(project, stack, config, key, declaration, needed=key not in overridden)
    return config


def _read_stack_file(
    project: Project, file: Path, environment: Mapping[str, str], overridden: set[str]
) -> dict[str, ConfigValue]:
    document = read_document(file)
    if document.get("environment"):
        raise _in(file, "`environment` (Pulumi ESC) needs Pulumi Cloud, which is not used here")
    given = document.get("config") or {}
    if not isinstance(given, dict):
        raise _in(file, f"`config` is {kind(given)}; it must be a mapping")
    config: dict[str, ConfigValue] = {}
    for short, value in given.items():
        key = project.qualify(short)
        if not _is_encrypted(value):
            config[key] = ConfigValue(as_text(value))
            continue
        variable = variable_name(key)
        if variable in environment:
            config[key] = ConfigValue(environment[variable], secret=True)
        elif key not in overridden:
            raise _in(
                file,
                f"{key} is encrypted, and the offline engine has no key for it; "
                f"set the variable {variable} to its value",
            )
    return config


def variable_name(key: str) -> str:
    """Return the environment variable that stands in for an encrypted value."""
    return _VARIABLE_PREFIX + re.sub(r"[^A-Za-z0-9]", "_", key).upper()


def _is_encrypted(value: Any) -> bool:
    if isinstance(value, dict):
        sealed = set(value) == {"secure"} and isinstance(value["secure"], str)
        return sealed or any(_is_encrypted(item) for item in value.values())
    return isinstance(value, list) and any(_is_encrypted(item) for item in value)


_TYPES = {"integer": int, "boolean": bool, "array": list, "object": dict}


def _apply_declaration(
    project: Project,
    stack: str,
    config: dict[str, ConfigValue],
    key: str,
    declaration: Any,
    *,
    needed: bool,
) -> None:
    if not isinstance(declaration, dict):
        declaration = {"default": declaration}
    default = declaration.get("value", declaration.get("default"))
    if key not in config:
        if default is not None:
            config[key] = ConfigValue(as_text(default), secret=bool(declaration.get("secret")))
        elif "type" in declaration and needed:
            msg = f"stack {stack!r} is missing configuration value {key!r}, declared in Pulumi.yaml"
            raise ProjectError(msg)
        return
    expected = declaration.get("type", "string")
    if not _matches(config[key].value, expected):
        msg = (
            f"{project.config_dir}: in stack {stack!r}, the value of {key} is not of the type "
            f"{expected}, which Pulumi.yaml declares; correct the value, which is not shown here"
        )
        raise ProjectError(msg)


def _matches(text: str, expected: str) -> bool:
    if expected == "string":
        return True
    try:
        value = json.loads(text)
    except ValueError:
        return False
    if isinstance(value, bool):
        return expected == "boolean"
    return isinstance(value, _TYPES.get(expected, object))
