"""The files that an import writes: all of them, or none."""

from __future__ import annotations

import contextlib
import json
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pulumi.dynamic.dynamic import PROVIDER_KEY

from pulumi_openrouter.errors import OpenRouterError
from pulumi_openrouter.importing.planning import Block
from pulumi_openrouter.importing.program import program_text
from pulumi_openrouter.lifecycle.hints import TYPE_PREFIX
from pulumi_openrouter.registry import RESOURCES, declaration_of
from pulumi_openrouter.resources.resource import pickled

PROGRAM = "__main__.py"
IMPORT_FILE = "import.json"
PROJECT = "Pulumi.yaml"

OLDEST_CLI = "3.254.0"
"""The first version of the Pulumi CLI whose import files have inputs and outputs."""


def import_document(blocks: Sequence[Block]) -> dict[str, Any]:
    """Return what `pulumi import --file` reads.

    With outputs in it, Pulumi asks the provider for nothing: what the file says is the state.
    """
    providers = {declaration_of(one).name: pickled(one._provider_type) for one in RESOURCES}
    resources = []
    for block in blocks:
        for one in block.resources:
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
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", folder.resolve().name).strip("-.") or "openrouter"
    return (
        f"name: {name}\n"
        "description: OpenRouter workspaces, budgets and memberships\n"
        "runtime: python\n"
        f'requiredPulumiVersion: ">={OLDEST_CLI}"\n'
    )


def check_folder(folder: Path, *, force: bool) -> None:
    """Raise OpenRouterError where the files of an import have no place in a folder."""
    if folder.exists() and not folder.is_dir():
        msg = f"{folder} is not a folder; name another one with --out"
        raise OpenRouterError(msg)
    for name in (PROGRAM, IMPORT_FILE):
        file = folder / name
        if os.path.lexists(file) and not (force and file.is_file()):
            msg = (
                f"{file} exists already; name another folder with --out, or replace it with --force"
            )
            if not file.is_file():
                msg = f"{file} is not a file; name another folder with --out"
            raise OpenRouterError(msg)


def write_files(folder: Path, blocks: Sequence[Block]) -> list[Path]:
    """Write the program, the import file and, if there is none, the project; return their paths.

    Raises:
        OpenRouterError: They cannot be written; then the folder is as it was.
    """
    document = json.dumps(import_document(blocks), indent=2, ensure_ascii=False)
    contents = {IMPORT_FILE: document + "\n", PROGRAM: program_text(blocks)}
    if not os.path.lexists(folder / PROJECT):
        contents[PROJECT] = project_text(folder)
    made = [one for one in (folder, *folder.parents) if not one.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder, contents)
    except OSError as error:
        for one in made:
            with contextlib.suppress(OSError):
                one.rmdir()
        msg = f"{error.filename or folder} cannot be written: {error.strerror}; nothing was written"
        raise OpenRouterError(msg) from None
    return [folder / name for name in (PROGRAM, IMPORT_FILE, PROJECT) if name in contents]


def _write(folder: Path, contents: Mapping[str, str]) -> None:
    """Write all files beside their places, and only then put them there."""
    with contextlib.ExitStack() as stack:
        written = {}
        for name, text in contents.items():
            descriptor, path = tempfile.mkstemp(dir=folder, prefix=f".{name}.")
            stack.callback(Path(path).unlink, missing_ok=True)
            with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
            # A temporary file is for its owner alone.
            Path(path).chmod(0o666 & ~_umask())
            written[name] = path
        for name, path in written.items():
            Path(path).replace(folder / name)


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
