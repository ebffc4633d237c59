"""What the SDK wants of a dynamic resource before it is one."""

from __future__ import annotations

import inspect
from inspect import isawaitable
from typing import TypeVar, cast

import pulumi
from pulumi.runtime.config import get_config, is_config_secret

from pulumi_openrouter.slugs import is_uuid

_KEY = "openrouter:managementKey"

Resource = TypeVar("Resource", bound=pulumi.Resource)


def refuse_plain_key() -> None:
    """Raise `pulumi.RunError` where the stack's config has the management key in plain text.

    The engine copies the config of a stack into its state, and hides only what it knows as secret.
    """
    if get_config(_KEY) and not is_config_secret(_KEY):
        msg = (
            f"{_KEY} is in the stack config as plain text, and would be in the state as well. Run "
            f"`pulumi config set --secret {_KEY}`, or `pulumi config rm {_KEY}` and export "
            "OPENROUTER_MANAGEMENT_KEY; then replace the key, because others may have read it."
        )
        raise pulumi.RunError(msg)


class _OutputGetter(property):
    """A property that stands for an output."""


def resource_type(cls: type[Resource]) -> type[Resource]:
    """Turn the annotated outputs of a resource into getters, as `pulumi.output_type` does.

    The SDK evaluates the annotations of a class anew for every resource, those of getters once.
    """
    for name, kind in inspect.get_annotations(cls, eval_str=True).items():
        if not name.startswith("_"):
            setattr(cls, name, _output_getter(name, kind))
    cls.__annotations__ = {}
    return cls


def _output_getter(name: str, kind: object) -> _OutputGetter:
    def get(resource: pulumi.Resource) -> object:
        return cast("object", pulumi.get(resource, name))

    get.__annotations__ = {"return": kind}
    return _OutputGetter(pulumi.getter(name=name)(get))


def output_names(cls: type[pulumi.Resource]) -> tuple[str, ...]:
    """Name the outputs of a resource, in the order of its class."""
    members = (member for base in reversed(cls.__mro__) for member in vars(base).items())
    return tuple(name for name, member in members if isinstance(member, _OutputGetter))


def with_outputs(cls: type[pulumi.Resource], inputs: dict[str, object]) -> pulumi.Inputs:
    """Add the outputs: the SDK gives a dynamic resource only the attributes that it is passed."""
    return cast("pulumi.Inputs", {**dict.fromkeys(output_names(cls)), **inputs})


def as_output(value: pulumi.Input[str]) -> pulumi.Output[str]:
    """Return a text input as an output; the SDK's own signature leaves out awaitables."""
    return pulumi.Output.from_input(cast("str", value))


def resolve_id(label: str, id_or_slug: pulumi.Input[str]) -> pulumi.Input[str]:
    """Return the id of a workspace; a slug is looked up here, for the engine keeps what it gets.

    Raises:
        pulumi.RunError: It is no text, or an output that resolves to none.
    """
    if isinstance(id_or_slug, str) and id_or_slug:
        return id_or_slug.lower() if is_uuid(id_or_slug) else _look_up(id_or_slug)
    if not isinstance(id_or_slug, str) and _is_later(id_or_slug):
        return as_output(id_or_slug).apply(lambda known: resolve_id(label, known))
    found = "nothing" if id_or_slug in {None, ""} else type(id_or_slug).__name__
    msg = f"{label}: the id or slug of a workspace is required, but {found} was passed"
    raise pulumi.RunError(msg)


def part_id(label: str, workspace: pulumi.Input[str], part: str) -> pulumi.Output[str]:
    """Return the Pulumi id of a part of a workspace: `<workspace UUID>/<part>`."""
    return as_output(resolve_id(label, workspace)).apply(lambda found: f"{found}/{part}")


def _is_later(value: object) -> bool:
    return isinstance(value, pulumi.Output) or isawaitable(value)


def _look_up(slug: str) -> str:
    # Imported here because only a program that reads by slug needs the client.
    from pulumi_openrouter.lookups import get_workspace

    return get_workspace(slug).id
