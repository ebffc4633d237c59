"""The data that the parts of the engine exchange: URNs, the state of resources, and goals."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timezone
from typing import Any

from pulumi_openrouter.offline.values import values

STACK_TYPE = "pulumi:pulumi:Stack"
# What the type of every dynamic resource begins with.
DYNAMIC = "pulumi-python:dynamic"
PROVIDER_TYPE = "pulumi:providers:pulumi-python"
STACK_REFERENCE_TYPE = "pulumi:pulumi:StackReference"
# The provider of stack references, which is part of the engine.
OWN_PROVIDER_TYPE = "pulumi:providers:pulumi"


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


@dataclass(slots=True, eq=False)
class Resource:
    """The state of one resource. Two resources can share a URN while one replaces the other.

    A deployment file holds these fields under the same names in camel case, which are Pulumi's own
    (version 3), so that both engines read what the other wrote.
    """

    urn: str
    type: str
    custom: bool = False
    id: str = ""
    inputs: values.PropertyMap = field(default_factory=dict)
    outputs: values.PropertyMap = field(default_factory=dict)
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
    # Any value; the resource is replaced when it changes.
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
        """Return the URNs that must exist before this one, but for its parent and its provider."""
        found = [*self.dependencies]
        for urns in self.property_dependencies.values():
            found += urns
        if self.deleted_with:
            found.append(self.deleted_with)
        return found

    def copy(self, **changes: Any) -> Resource:
        """Return a copy with some fields changed."""
        return replace(self, **changes)

    def to_json(self) -> dict[str, Any]:
        """Return the entry of a deployment file, which leaves out what is false or empty."""
        entry: dict[str, Any] = {}
        for name, key in _KEYS.items():
            value = getattr(self, name)
            if name in _PROPERTIES:
                value = values.to_state(value)
            if value or name == "custom" or (name == "replacement_trigger" and value is not None):
                entry[key] = value
        return entry | self.extra

    @classmethod
    def from_json(cls, entry: dict[str, Any]) -> Resource:
        """Read the entry of a deployment file."""
        known = {
            name: values.from_state(entry[key]) if name in _PROPERTIES else entry[key]
            for name, key in _KEYS.items()
            if name in _REQUIRED or entry.get(key) is not None
        }
        own = _KEYS.values()
        return cls(**known, extra={key: one for key, one in entry.items() if key not in own})


def _camel_case(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


_KEYS = {one.name: _camel_case(one.name) for one in fields(Resource) if one.name != "extra"}
_PROPERTIES = ("inputs", "outputs", "replacement_trigger")
_REQUIRED = ("urn", "type")


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
    """A resource as the program asks for it. The planner adds the URN to the wanted state."""

    name: str
    wanted: Resource
    aliases: list[Alias] = field(default_factory=list)
    delete_before_replace: bool | None = None
