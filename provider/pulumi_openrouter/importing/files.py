"""The files that an import writes: all of them, or none."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Set
from pathlib import Path
from typing import Any

import yaml
from pulumi.dynamic.dynamic import PROVIDER_KEY

from pulumi_openrouter.errors import OpenRouterError
from pulumi_openrouter.importing.planning import Plan, Resource
from pulumi_openrouter.importing.program import program_text
from pulumi_openrouter.lifecycle.hints import TYPE_PREFIX
from pulumi_openrouter.registry import RESOURCES, declaration_of
from pulumi_openrouter.resources.resource import pickled
from pulumi_openrouter.slugs import project_name

PROGRAM = "__main__.py"
IMPORT_FILE = "import.json"
PROJECT = "Pulumi.yaml"
OTHER_PROJECTS = ("Pulumi.yml", "Pulumi.json")

OLDEST_CLI = (3, 254)
"""The first version of the Pulumi CLI whose import files have inputs and outputs."""


def import_document(found: Iterable[Resource]) -> dict[str, Any]:
    """Return what `pulumi import --file` reads.

    With outputs in it, Pulumi asks the provider for nothing: what the file says is the state.
    """
    providers = {declaration_of(one).name: pickled(one._provider_type) for one in RESOURCES}
    resources = []
    for one in found:
        provider = {PROVIDER_KEY: providers[one.type]}
        resources.append(
            {
                "type": f"{TYPE_PREFIX}{one.type}",
                "name": one.name,
                "id": one.id,
                "inputs": {**one.inputs, **provider},
                "outputs": {**one.outputs, **provider},
            }
        )
    return {"resources": resources}


def project_text(folder: Path) -> str:
    """Return a Pulumi.yaml for a program in this folder, which names the project."""
    name = project_name(folder.resolve().name, "openrouter")
    quoted = name if yaml.safe_load(f"name: {name}") == {"name": name} else json.dumps(name)
    major, minor = OLDEST_CLI
    return (
        f"name: {quoted}\n"
        "description: OpenRouter workspaces, budgets and memberships\n"
        "runtime: python\n"
        f'requiredPulumiVersion: ">={major}.{minor}.0"\n'
    )


def check_folder(folder: Path, *, force: bool) -> None:
    """Raise OpenRouterError where the files of an import have no place in a folder."""
    try:
        _check_folder(folder, force=force)
    except (OSError, RuntimeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        msg = f"{folder} cannot be used: {reason}; name another folder with --out"
        raise OpenRouterError(msg) from None


def _check_folder(folder: Path, *, force: bool) -> None:
    if os.path.lexists(folder) and not folder.is_dir():
        msg = f"{folder} is not a folder; name another one with --out"
        raise OpenRouterError(msg)
    for file in (folder / PROGRAM, folder / IMPORT_FILE):
        file.exists()  # raises where that cannot be seen
        if not os.path.lexists(file):
            continue
        if not file.is_file():
            msg = f"{file} is not a file; name another folder with --out"
            raise OpenRouterError(msg)
        if not force:
            msg = (
                f"{file} exists already; name another folder with --out, or replace it, with all "
                "that was changed in it, with --force"
            )
            raise OpenRouterError(msg)


def check_successor(
    folder: Path, found: Iterable[Resource], *, partial: bool, ids: Set[str]
) -> None:
    """Raise OpenRouterError where a stack of an earlier import would lose something by this one.

    The program that is replaced may be that of a stack. What the new one does not have, or calls
    differently, the next `up` of that stack would delete or change.

    Args:
        folder: The folder with the import file of before, if there was one.
        found: What the new program has.
        partial: Whether the new program leaves out what was not asked for.
        ids: The ids of all workspaces that there are.
    """
    names = {(f"{TYPE_PREFIX}{one.type}", one.name): one.id for one in found}
    for type_, name, id_ in _earlier(folder / IMPORT_FILE):
        workspace_id, _, part = id_.partition("/")
        # A workspace may have lost its limits or its members since, but not a partial program.
        emptied = bool(part) and workspace_id in names.values() and not partial
        if names.get((type_, name)) == id_ or workspace_id not in ids:
            continue
        if (type_, name) in names or id_ in names.values() or not emptied:
            msg = (
                f'{folder} has an import of {type_.removeprefix(TYPE_PREFIX)} "{name}" ({id_}), '
                "which the new program would not have under that name. In a stack that manages it, "
                "the next `pulumi up` would delete or change it. Name another folder with --out; "
                f"if no stack manages it, remove {IMPORT_FILE} and {PROGRAM} first"
            )
            raise OpenRouterError(msg)


def _earlier(file: Path) -> Iterator[tuple[str, str, str]]:
    """Yield type, name and id of what an import file of ours has."""
    with contextlib.suppress(OSError, ValueError, AttributeError, KeyError, TypeError):
        for one in json.loads(file.read_text(encoding="utf-8"))["resources"]:
            yield one["type"], one["name"], one["id"]


def write_files(folder: Path, planned: Plan, *, force: bool) -> list[Path]:
    """Write the program, the import file and, if there is none, the project; return their paths.

    Raises:
        OpenRouterError: They cannot be written; then the folder is as it was.
    """
    document = json.dumps(import_document(planned.resources), indent=2, ensure_ascii=False)
    contents = {IMPORT_FILE: document + "\n", PROGRAM: program_text(planned.blocks)}
    if not any(os.path.lexists(folder / name) for name in (PROJECT, *OTHER_PROJECTS)):
        contents[PROJECT] = project_text(folder)
    made = [one for one in (folder, *folder.parents) if not one.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Once more: somebody may have written a program while the organization was read.
        check_folder(folder, force=force)
        _write(folder, contents)
    except OSError as error:
        for one in made:
            with contextlib.suppress(OSError):
                one.rmdir()
        msg = f"{error.filename or folder} cannot be written: {error.strerror}; nothing was written"
        raise OpenRouterError(msg) from None
    return [folder / name for name in (PROGRAM, IMPORT_FILE, PROJECT) if name in contents]


def _write(folder: Path, contents: Mapping[str, str]) -> None:
    """Write all files beside their places, and only then put them there; undo what fails."""
    with tempfile.TemporaryDirectory(dir=folder, prefix=".import-") as place:
        for name, text in contents.items():
            Path(place, name).write_text(text, encoding="utf-8", newline="\n")
        before: dict[Path, bytes | None] = {}
        try:
            for name in contents:
                target = folder / name
                before[target] = target.read_bytes() if target.exists() else None
                Path(place, name).replace(target)
        except OSError:
            for target, content in before.items():
                with contextlib.suppress(OSError):
                    target.unlink() if content is None else target.write_bytes(content)
            raise
