"""What the constructors tell the provider beside the inputs: see `lifecycle.hints`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable, Mapping
from typing import TypeVar

import pulumi
from pulumi import dynamic
from pulumi.runtime.resource import all_aliases

from pulumi_openrouter.lifecycle.hints import TYPE_PREFIX

Value = TypeVar("Value")


def _owner(
    kind: type[dynamic.Resource], resource_name: str, opts: pulumi.ResourceOptions | None
) -> pulumi.Input[str]:
    """Return the URN that a resource will have, after stack and project.

    Stacks are renamed and resources move between them; what is left names the resource in its
    program.
    """
    type_ = _type_of(kind)
    if opts is None or opts.parent is None:
        return _short(f"{type_}::{resource_name}")
    urn = pulumi.create_urn(resource_name, type_, opts.parent)
    return _without_dependencies(urn.apply(_after_project))


def hints(
    kind: type[dynamic.Resource],
    resource_name: str,
    opts: pulumi.ResourceOptions | None,
    inputs: Mapping[str, object],
    left_out: Iterable[str] = (),
) -> dict[str, object]:
    """Return what the constructor of a resource tells the provider."""
    found: dict[str, object] = {"owner": _owner(kind, resource_name, opts)}
    if outputs := {name: one for name, one in inputs.items() if isinstance(one, pulumi.Output)}:
        found["secrets"] = known_later(_secret(outputs))
    if opts is not None and opts.delete_before_replace is True:
        found["deleted_first"] = True
    if names := [*left_out]:
        found["left_out"] = names
    if former := _former(kind, resource_name, opts):
        found["former"] = former
    return found


def _former(
    kind: type[dynamic.Resource], resource_name: str, opts: pulumi.ResourceOptions | None
) -> list[pulumi.Output[str]]:
    """Return the owners that aliases name, those of the parent among them.

    The provider also finds them in the state, but not where Pulumi replaces a resource by force.
    """
    if opts is None:
        return []
    urns = all_aliases(opts.aliases, resource_name, _type_of(kind), opts.parent)
    return [
        _without_dependencies(pulumi.Output.from_input(urn).apply(_after_project)) for urn in urns
    ]


def _type_of(kind: type[dynamic.Resource]) -> str:
    return f"pulumi-python:{kind._resource_type_name}"


def _after_project(urn: str) -> str:
    return _short(urn.split("::", 2)[-1].removeprefix("pulumi:pulumi:Stack$"))


def _short(owner: str) -> str:
    return owner.replace(TYPE_PREFIX, "")


def _without_dependencies(output: pulumi.Output[Value]) -> pulumi.Output[Value]:
    """Return an output that depends on no resource.

    The owner's URN contains the parent's, and a component is not complete before its children: with
    the dependency, a child would wait for its parent and the parent for the child.
    """
    return pulumi.Output(set(), output.future(with_unknowns=True), output.is_known())  # type: ignore[arg-type]


def known_later(value: Awaitable[Value]) -> pulumi.Output[Value]:
    """Return an output that is known in previews too, of something that has to be waited for."""
    known: asyncio.Future[bool] = asyncio.get_event_loop().create_future()
    known.set_result(True)
    return pulumi.Output(set(), value, known)


async def _secret(outputs: Mapping[str, pulumi.Output[object]]) -> list[str]:
    return [name for name, output in outputs.items() if await output.is_secret()]
