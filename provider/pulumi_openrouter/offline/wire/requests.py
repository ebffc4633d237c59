"""Reading what a program asks for out of its gRPC requests."""

from __future__ import annotations

import re
from typing import Any

from pulumi.runtime.proto import alias_pb2, resource_pb2

from pulumi_openrouter.offline.state.model import (
    DYNAMIC,
    STACK_REFERENCE_TYPE,
    Alias,
    Goal,
    Resource,
)
from pulumi_openrouter.offline.values import values

_ASSETS = {
    "c44067f5952c0a294b673a41bacd8c17": "an Asset",
    "0def7320c3a5731c473e5ecbe6d01bc7": "an Archive",
}
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}


class UnsupportedError(Exception):
    """The program asks for something that the offline engine does not do."""

    def __init__(self, what: str, advice: str = "use the Pulumi CLI for it") -> None:
        super().__init__(f"the offline engine does not support {what}; {advice}")


def registration_goal(
    request: resource_pb2.RegisterResourceRequest, parent: Resource | None
) -> Goal:
    """Read a registration. Options that the program left open are those of the parent."""
    _refuse_unsupported(request)
    wanted = Resource(
        urn="",
        type=request.type,
        custom=request.custom,
        parent=request.parent,
        inputs=_properties(request.object, request.name),
        dependencies=list(request.dependencies),
        property_dependencies={
            key: list(one.urns) for key, one in request.propertyDependencies.items()
        },
        protect=request.protect,
        retain_on_delete=request.retainOnDelete,
        deleted_with=request.deletedWith,
        ignore_changes=list(request.ignoreChanges),
        replace_on_changes=list(request.replaceOnChanges),
        additional_secret_outputs=list(request.additionalSecretOutputs),
        custom_timeouts=_timeouts(request),
        replacement_trigger=values.from_value(request.replacement_trigger),
    )
    if parent is not None:
        wanted.deleted_with = wanted.deleted_with or parent.deleted_with
        if not request.HasField("protect"):
            wanted.protect = parent.protect
        if not request.HasField("retainOnDelete"):
            wanted.retain_on_delete = parent.retain_on_delete
    before_replace = request.deleteBeforeReplaceDefined or request.deleteBeforeReplace
    return Goal(
        request.name,
        wanted,
        aliases=[_alias(one) for one in request.aliases]
        + [Alias(urn=urn) for urn in request.aliasURNs],
        delete_before_replace=request.deleteBeforeReplace if before_replace else None,
    )


def read_goal(request: resource_pb2.ReadResourceRequest) -> Goal:
    """Read the request to read a resource that is not managed here."""
    if not request.type.startswith((DYNAMIC, STACK_REFERENCE_TYPE)):
        raise UnsupportedError(_foreign(request.type, request.name))
    wanted = Resource(
        urn="",
        type=request.type,
        custom=True,
        id=request.id,
        external=True,
        parent=request.parent,
        inputs=_properties(request.properties, request.name),
        dependencies=list(request.dependencies),
        additional_secret_outputs=list(request.additionalSecretOutputs),
    )
    return Goal(request.name, wanted)


def _refuse_unsupported(request: resource_pb2.RegisterResourceRequest) -> None:
    hooks = request.hooks
    subject = f"{request.type} '{request.name}'"
    if request.importId and request.type.startswith(DYNAMIC):
        msg = f"import_, on {subject}"
        advice = (
            "the Pulumi CLI does not either, for a dynamic resource: leave the option out, and use "
            "what the resource itself offers for taking over something that exists"
        )
        raise UnsupportedError(msg, advice)
    asked = {
        "import_": request.importId,
        "providers (ResourceOptions provider)": request.provider or request.providers,
        "remote components": request.remote,
        "hide_diffs": request.hideDiffs,
        "replace_with": request.replace_with,
        "state migrations": request.state_migrations,
        "resource hooks": any(list(getattr(hooks, one.name)) for one in hooks.DESCRIPTOR.fields),
    }
    for what, present in asked.items():
        if present:
            msg = f"{what}, on {subject}"
            raise UnsupportedError(msg)
    if request.custom and not request.type.startswith(DYNAMIC):
        raise UnsupportedError(_foreign(request.type, request.name))


def _foreign(type_: str, name: str) -> str:
    return (
        f"{type_} '{name}', which needs a plugin: it runs Python dynamic resources and components"
    )


def _properties(struct: Any, name: str) -> values.PropertyMap:
    properties = values.from_struct(struct)
    for key, value in properties.items():
        if what := _asset(value):
            msg = f"{what}, in property {key} of '{name}'"
            raise UnsupportedError(msg)
    return properties


def _asset(value: Any) -> str | None:
    known = _ASSETS.get(value.get(values.SIGNATURE, "")) if isinstance(value, dict) else None
    return known or next((what for one in values.items_of(value) if (what := _asset(one))), None)


def _alias(alias: alias_pb2.Alias) -> Alias:
    if alias.WhichOneof("alias") == "urn":
        return Alias(urn=alias.urn)
    spec = alias.spec
    return Alias(
        name=spec.name,
        type=spec.type,
        parent=spec.parentUrn,
        no_parent=spec.noParent,
        project=spec.project,
        stack=spec.stack,
    )


def _timeouts(request: resource_pb2.RegisterResourceRequest) -> dict[str, float]:
    given = request.customTimeouts
    names = [one.name for one in given.DESCRIPTOR.fields]
    return {name: _seconds(text) for name in names if (text := getattr(given, name))}


def _seconds(text: str) -> float:
    """Read a duration such as `1h30m`."""
    parts = re.findall(r"(\d+(?:\.\d+)?)(ms|s|m|h)", text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        what = f"the duration {text!r} in custom_timeouts"
        raise UnsupportedError(what)
    return values.whole(sum(float(number) * _SECONDS[unit] for number, unit in parts))
