"""What stacks manage already, by the states that `pulumi stack export` prints."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pulumi.dynamic.dynamic import PROVIDER_KEY

from pulumi_openrouter.errors import OpenRouterError
from pulumi_openrouter.lifecycle.budget_plan import BYOK, INTERVALS
from pulumi_openrouter.lifecycle.hints import TYPE_PREFIX, managed
from pulumi_openrouter.lifecycle.membership_plan import people_in
from pulumi_openrouter.registry import RESOURCES, declaration_of
from pulumi_openrouter.resources.resource import pickled
from pulumi_openrouter.text import fold

_SIGNATURE = "4dabf18193072939515e22adb298388d"
"""The property that makes an object one of Pulumi's special values."""

_SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - what marks a secret, and none itself

_SUFFIX = "-unmanaged"

_NEEDED = frozenset({"members", "people", "emails", "user_ids", "exclusive"})
"""Outputs without which nobody can tell what a resource manages."""


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

    def free_name(self, type_: str, slug: str, slugs: Container[str] = ()) -> str:
        """Return a name for a resource that no other one of its type has.

        Args:
            type_: The type of the resource.
            slug: The slug of its workspace, which is its name where that is free.
            slugs: The slugs of all workspaces, whose resources may have them as their names.
        """
        name = slug
        while (type_, name) in self.names or (name != slug and name in slugs):
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
        deployment = _deployment(file)
        try:
            for type_, name, id_, outputs in _resources(file, deployment):
                found.add(type_, name, id_, outputs)
        except (AttributeError, KeyError, TypeError, ValueError):
            msg = f"{file} is no state of Pulumi's; pass what `pulumi stack export` prints"
            raise OpenRouterError(msg) from None
    return found


def _resources(
    file: Path, deployment: Mapping[str, Any]
) -> Iterator[tuple[str, str, str, Mapping[str, Any]]]:
    """Yield type, name, id and outputs of the resources that a stack manages.

    What a replacement has left to delete is still managed.
    """
    for one in deployment.get("resources") or ():
        outputs = one.get("outputs") or {}
        kind = _kind(str(one.get("type", "")), outputs)
        if kind and not one.get("external"):
            name = str(one.get("urn", "")).rpartition("::")[2]
            where = f'{kind} "{name}" in {file}'
            known = {key: _revealed(value, where, key) for key, value in outputs.items()}
            yield kind, name, str(one.get("id", "")), known


def _kind(type_: str, outputs: Mapping[str, Any]) -> str:
    """Return which of our resources a type is; a subclass shows it by its provider."""
    if type_.startswith(TYPE_PREFIX):
        return type_.removeprefix(TYPE_PREFIX)
    provider = outputs.get(PROVIDER_KEY)
    kinds = (
        declaration_of(one).name for one in RESOURCES if pickled(one._provider_type) == provider
    )
    return next(kinds, "")


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
    """Return a value of a state without what marks it, or a part of it, as secret."""
    if isinstance(value, list):
        return [_revealed(item, where, name) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get(_SIGNATURE) != _SECRET:
        return {key: _revealed(item, where, name) for key, item in value.items()}
    if "plaintext" in value:
        return json.loads(value["plaintext"])
    if name in _NEEDED:
        msg = f"{where}: {name} is encrypted; use `pulumi stack export --show-secrets` for the file"
        raise OpenRouterError(msg)
    return None
