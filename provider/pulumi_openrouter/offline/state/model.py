"""The data that the parts of the engine exchange: URNs, the state of resources, and goals.

`Goal` comes in from the program, `Resource` is what the deployment file holds for it. Field names
of the file's JSON are Pulumi's own (version 3), so that both engines read what the other wrote.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import Any

from pulumi_openrouter.offline.values import values
from pulumi_openrouter.offline.values.values import PropertyMap

STACK_TYPE = "pulumi:pulumi:Stack"
# What the type of every dynamic resource begins with.
DYNAMIC = "pulumi-python:dynamic"
PROVIDER_TYPE = "pulumi:providers:pulumi-python"


def urn_type(urn: str) -> str:
    """Return the type of a resource from its URN, without the types of its parents."""
    return qualified_type(urn).rpartition("$")[2]


def qualified_type(urn: str) -> str:
    """Return the type as it is in a URN: after the types of its parents, joined by `$`."""
    return urn.split("::", 3)[2]


def urn_name(urn: str) -> str:
    """Return the name that the program gave."""
    return urn.split("::", 3)[3]


def make_urn(stack: str, project: str, parent: str, type_: str, name: str) -> str:
    """Build a URN; `parent` is a URN or empty, and the stack itself does not count as one."""
    if parent and qualified_type(parent) != STACK_TYPE:
        type_ = f"{qualified_type(parent)}${type_}"
    return f"urn:pulumi:{stack}::{project}::{type_}::{name}"


def reparented(urn: str, parent: str) -> str:
    """Return the URN that a resource has below another parent."""
    origin, project = urn.split("::", 2)[:2]
    return make_urn(origin.rpartition(":")[2], project, parent, urn_type(urn), urn_name(urn))


def provider_urn(reference: str) -> str:
    """Return the provider's URN out of a reference, which is `<URN>::<id>`."""
    return reference.rpartition("::")[0]


def now() -> str:
    """Return the time in the form of the deployment file."""
    return datetime.now(timezone.utc).isoformat().replace("+00:00", "Z")


@dataclass(slots=True)
class Alias:
    """Another identity that a resource may have had: a URN, or the parts that differ."""

    urn: str = ""
    name: str = ""
    type: str = ""
    parent: str = ""
    no_parent: bool = False
    project: str = ""
    stack: str = ""


@dataclass(slots=True)
class Goal:
    """A resource as the program asks for it."""

    type: str
    name: str
    custom: bool
    parent: str = ""
    properties: PropertyMap = field(default_factory=dict)
    dependencies: list[str] = field(default_factory=list)
    property_dependencies: dict[str, list[str]] = field(default_factory=dict)
    provider: str = ""
    protect: bool | None = None
    retain_on_delete: bool | None = None
    deleted_with: str = ""
    delete_before_replace: bool | None = None
    ignore_changes: list[str] = field(default_factory=list)
    replace_on_changes: list[str] = field(default_factory=list)
    additional_secret_outputs: list[str] = field(default_factory=list)
    aliases: list[Alias] = field(default_factory=list)
    custom_timeouts: dict[str, float] = field(default_factory=dict)
    # Any value; the resource is replaced when it changes.
    replacement_trigger: Any = None
    # Set for a resource that is read and not managed.
    read_id: str = ""


# Fields of the file, and where they stand; False, empty and null ones are left out of the file.
_JSON_NAMES = {
    "delete": "delete",
    "taint": "taint",
    "parent": "parent",
    "protect": "protect",
    "external": "external",
    "dependencies": "dependencies",
    "provider": "provider",
    "property_dependencies": "propertyDependencies",
    "pending_replacement": "pendingReplacement",
    "additional_secret_outputs": "additionalSecretOutputs",
    "aliases": "aliases",
    "custom_timeouts": "customTimeouts",
    "retain_on_delete": "retainOnDelete",
    "deleted_with": "deletedWith",
    "created": "created",
    "modified": "modified",
    "ignore_changes": "ignoreChanges",
    "replace_on_changes": "replaceOnChanges",
}
_TRIGGER = "replacementTrigger"
_OWN = frozenset(_JSON_NAMES.values()) | {
    *("urn", "type", "custom", "id", "inputs", "outputs"),
    _TRIGGER,
}


@dataclass(slots=True, eq=False)
class Resource:
    """The state of one resource. Two resources can share a URN while one replaces the other."""

    urn: str
    type: str
    custom: bool
    id: str = ""
    inputs: PropertyMap = field(default_factory=dict)
    outputs: PropertyMap = field(default_factory=dict)
    delete: bool = False
    # `pulumi state taint` asks for a replacement by the next run.
    taint: bool = False
    parent: str = ""
    protect: bool = False
    external: bool = False
    dependencies: list[str] = field(default_factory=list)
    provider: str = ""
    property_dependencies: dict[str, list[str]] = field(default_factory=dict)
    pending_replacement: bool = False
    additional_secret_outputs: list[str] = field(default_factory=list)
    aliases: list[str] = field(default_factory=list)
    custom_timeouts: dict[str, float] = field(default_factory=dict)
    retain_on_delete: bool = False
    deleted_with: str = ""
    created: str = ""
    modified: str = ""
    ignore_changes: list[str] = field(default_factory=list)
    replace_on_changes: list[str] = field(default_factory=list)
    replacement_trigger: Any = None
    # Fields of the real engine that this one does not use, kept for the next save.
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name that the program gave."""
        return urn_name(self.urn)

    @property
    def is_provider(self) -> bool:
        """Whether this is the entry of a provider and not of something that it manages."""
        return self.type.startswith("pulumi:providers:")

    def references(self) -> list[str]:
        """List the URNs that must exist before this one, but for its parent and its provider."""
        found = [*self.dependencies]
        for urns in self.property_dependencies.values():
            found += urns
        if self.deleted_with:
            found.append(self.deleted_with)
        return found

    def copy(self, **changes: Any) -> Resource:
        """Copy the state, changing some fields."""
        return replace(self, **changes)

    def to_json(self) -> dict[str, Any]:
        """Write the entry of a deployment file."""
        entry: dict[str, Any] = {"urn": self.urn, "custom": self.custom}
        if self.id:
            entry["id"] = self.id
        entry["type"] = self.type
        if self.inputs:
            entry["inputs"] = values.to_state(self.inputs)
        if self.outputs:
            entry["outputs"] = values.to_state(self.outputs)
        for attribute, key in _JSON_NAMES.items():
            if value := getattr(self, attribute):
                entry[key] = value
        if self.replacement_trigger is not None:
            entry[_TRIGGER] = values.to_state(self.replacement_trigger)
        return entry | self.extra

    @classmethod
    def from_json(cls, entry: dict[str, Any]) -> Resource:
        """Read the entry of a deployment file."""
        known = {attribute: entry[key] for attribute, key in _JSON_NAMES.items() if entry.get(key)}
        return cls(
            urn=entry["urn"],
            type=entry["type"],
            custom=entry.get("custom", False),
            id=entry.get("id", ""),
            inputs=values.from_state(entry.get("inputs", {})),
            outputs=values.from_state(entry.get("outputs", {})),
            replacement_trigger=values.from_state(entry.get(_TRIGGER)),
            extra={key: value for key, value in entry.items() if key not in _OWN},
            **known,
        )
