"""What stacks manage already, by the states that `pulumi stack export` prints."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pulumi_openrouter.errors import OpenRouterError
from pulumi_openrouter.lifecycle.budget_plan import BYOK, INTERVALS
from pulumi_openrouter.lifecycle.hints import TYPE_PREFIX, managed
from pulumi_openrouter.lifecycle.membership_plan import people_in
from pulumi_openrouter.text import fold

_SIGNATURE = "4dabf18193072939515e22adb298388d"
"""The property that makes an object one of Pulumi's special values."""

_SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - what marks a secret, and none itself

_SUFFIX = "-unmanaged"


@dataclass
class Managed:
    """What stacks manage, by the ids of workspaces.

    Attributes:
        workspaces: The workspaces themselves.
        limits: The limits, and the flag of BYOK, by the names of their inputs.
        people: The members, by user id.
        everybody: Where a stack manages the whole membership.
        names: The types and names of all resources.
    """

    workspaces: set[str] = field(default_factory=set)
    limits: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    people: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    everybody: set[str] = field(default_factory=set)
    names: set[tuple[str, str]] = field(default_factory=set)

    def free_name(self, type_: str, name: str) -> str:
        """Return a name for a resource that no stack has given to another of its type."""
        while (type_, name) in self.names:
            name += _SUFFIX
        return name

    def add(self, type_: str, name: str, id_: str, outputs: Mapping[str, Any]) -> None:
        """Add a resource of a state."""
        self.names.add((type_, name))
        workspace_id = id_.partition("/")[0].lower()
        if type_ == "Workspace":
            self.workspaces.add(workspace_id)
        elif type_ == "WorkspaceBudget":
            whole = {*INTERVALS, BYOK} if outputs.get("exclusive") else ()
            self.limits[workspace_id] |= {*managed(outputs), *whole}
        elif type_ == "WorkspaceMembership":
            self.people[workspace_id] |= {one.user_id for one in people_in(outputs) if one.managed}
            if outputs.get("exclusive"):
                self.everybody.add(workspace_id)


def read_states(files: Iterable[Path]) -> Managed:
    """Return what the stacks in these files manage.

    Raises:
        OpenRouterError: A file cannot be read, is not what `pulumi stack export` prints, or hides
            who the people of a membership are.
    """
    found = Managed()
    for file in files:
        for type_, name, id_, outputs in _resources(file):
            found.add(type_, name, id_, outputs)
    return found


def _resources(file: Path) -> Iterator[tuple[str, str, str, Mapping[str, Any]]]:
    """Yield type, name, id and outputs of the resources that a stack manages."""
    for one in _deployment(file).get("resources") or ():
        type_ = str(one.get("type", ""))
        if not type_.startswith(TYPE_PREFIX) or one.get("delete") or one.get("external"):
            continue
        name = str(one.get("urn", "")).rpartition("::")[2]
        kind = type_.removeprefix(TYPE_PREFIX)
        outputs = one.get("outputs") or {}
        known = {
            key: _revealed(value, f'{kind} "{name}" in {file}', key)
            for key, value in outputs.items()
        }
        yield kind, name, str(one.get("id", "")), known


def _deployment(file: Path) -> Mapping[str, Any]:
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        msg = f"{file} cannot be read: {error.strerror}"
        raise OpenRouterError(msg) from None
    except ValueError as error:
        msg = f"{file} is not JSON ({fold(str(error))}); pass what `pulumi stack export` prints"
        raise OpenRouterError(msg) from None
    deployment = document.get("deployment") if isinstance(document, dict) else None
    if not isinstance(deployment, dict):
        msg = f"{file} has no deployment in it; pass what `pulumi stack export` prints"
        raise OpenRouterError(msg)
    return deployment


def _revealed(value: Any, where: str, name: str) -> Any:
    """Return a value of a state without what marks it as secret."""
    if not isinstance(value, dict) or value.get(_SIGNATURE) != _SECRET:
        return value
    if "plaintext" in value:
        return json.loads(value["plaintext"])
    if name in {"members", "emails", "user_ids"}:
        msg = f"{where}: {name} is encrypted; use `pulumi stack export --show-secrets` for the file"
        raise OpenRouterError(msg)
    return None
