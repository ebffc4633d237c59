"""The project on disk: `Pulumi.yaml`, `Pulumi.<stack>.yaml`, and the configuration they give.

The first thing that an operation reads. Keys always come out with their namespace (`project:key`),
values as the text that programs and providers get: JSON for anything that is not a plain value.
"""

import json
import os
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from pulumi_openrouter.offline.errors import ProjectError

_FILES = ("Pulumi.yaml", "Pulumi.yml")
_VARIABLE_PREFIX = "PULUMI_OFFLINE_CONFIG_"


class _Loader(yaml.SafeLoader):
    """YAML as Pulumi reads it: `yes` and dates are text."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in resolvers if not tag.endswith((":bool", ":timestamp"))]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)


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
        """List the stacks that have a configuration file."""
        files = [*self.config_dir.glob("Pulumi.*.yaml"), *self.config_dir.glob("Pulumi.*.yml")]
        return sorted({file.name.split(".", 1)[1].rpartition(".")[0] for file in files})

    def qualify(self, key: str) -> str:
        """Give a key its namespace: the project's name, unless it has one."""
        return key if ":" in key else f"{self.name}:{key}"


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
    document = _read_yaml(file)
    name = document.get("name")
    if not isinstance(name, str) or not name:
        msg = f"{file}: `name` is missing"
        raise ProjectError(msg)
    declared = document.get("config") or {}
    # The folder of the stack files was once called `config`.
    config_dir = document.get("stackConfigDir") or (declared if isinstance(declared, str) else ".")
    program = file.parent / document.get("main", ".")
    if not program.exists():
        msg = f"{file}: `main` is {document['main']!r}, and there is no such file or folder"
        raise ProjectError(msg)
    return Project(
        root=file.parent,
        name=name,
        program_dir=program if program.is_dir() else program.parent,
        program="." if program.is_dir() else program.name,
        python=_interpreter(file, document.get("runtime")),
        config_dir=file.parent / config_dir,
        declared_config=declared if isinstance(declared, dict) else {},
    )


def _read_yaml(file: Path) -> dict[str, Any]:
    try:
        document = yaml.load(file.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506  # a SafeLoader
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        msg = f"{file} is not YAML: {error}"
        raise ProjectError(msg) from error
    if document is None:
        return {}
    if not isinstance(document, dict):
        msg = f"{file} does not hold a mapping"
        raise ProjectError(msg)
    return document


def _interpreter(file: Path, runtime: Any) -> str:
    options: Any = {}
    if isinstance(runtime, dict):
        runtime, options = runtime.get("name"), runtime.get("options") or {}
    if runtime != "python":
        msg = f"{file}: `runtime` is {runtime!r}; the offline engine runs Python programs only"
        raise ProjectError(msg)
    if not (virtualenv := options.get("virtualenv")):
        return sys.executable
    folder = "Scripts" if os.name == "nt" else "bin"
    python = file.parent / virtualenv / folder / Path(sys.executable).name
    if not python.exists():
        python = python.with_name("python.exe" if os.name == "nt" else "python")
    if not python.exists():
        msg = f"{file}: `virtualenv` is {virtualenv!r}, and there is no interpreter {python}"
        raise ProjectError(msg)
    return str(python)


def choose_stack(project: Project, name: str | None) -> str:
    """Give the stack to work on: the one named, or the one there is."""
    chosen = name or os.environ.get("PULUMI_STACK")
    stacks = project.stacks()
    if chosen:
        return chosen
    if len(stacks) == 1:
        return stacks[0]
    known = (
        f"one of {', '.join(stacks)}" if stacks else "any name, as there is no Pulumi.<stack>.yaml"
    )
    msg = f"which stack? Name it with --stack or PULUMI_STACK: {known}"
    raise ProjectError(msg)


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
    document = _read_yaml(file)
    if document.get("environment"):
        msg = f"{file}: `environment` (Pulumi ESC) needs Pulumi Cloud; the offline engine has none"
        raise ProjectError(msg)
    config: dict[str, ConfigValue] = {}
    for short, value in (document.get("config") or {}).items():
        key = project.qualify(str(short))
        if not _is_encrypted(value):
            config[key] = ConfigValue(as_text(value))
            continue
        variable = variable_name(key)
        if variable in environment:
            config[key] = ConfigValue(environment[variable], secret=True)
        elif key not in overridden:
            msg = (
                f"{file}: {key} is encrypted, and the offline engine has no key for it; "
                f"set the variable {variable} to its value"
            )
            raise ProjectError(msg)
    return config


def variable_name(key: str) -> str:
    """Name the environment variable that stands in for an encrypted value."""
    return _VARIABLE_PREFIX + re.sub(r"[^A-Za-z0-9]", "_", key).upper()


def _is_encrypted(value: Any) -> bool:
    if isinstance(value, dict):
        return set(value) == {"secure"} or any(_is_encrypted(item) for item in value.values())
    return isinstance(value, list) and any(_is_encrypted(item) for item in value)


def as_text(value: Any) -> str:
    """Write a configuration value as programs get it."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str, int, float, bool),
    "integer": (int,),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}


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
            f"{project.config_dir}: in stack {stack!r}, {key} is {config[key].value!r}; "
            f"Pulumi.yaml declares its type as {expected}"
        )
        raise ProjectError(msg)


def _matches(text: str, expected: str) -> bool:
    if expected == "string":
        return True
    try:
        value = json.loads(text)
    except ValueError:
        return False
    if isinstance(value, bool) and expected != "boolean":
        return False
    return isinstance(value, _TYPES.get(expected, (object,)))
