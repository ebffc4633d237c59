"""What the constructors tell the provider beside the inputs: see `lifecycle.hints`."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Iterable, Iterator, Mapping
from typing import TypeVar

import pulumi
from pulumi import dynamic

from pulumi_openrouter.lifecycle.hints import TYPE_PREFIX

Value = TypeVar("Value")


def owner(
    kind: type[dynamic.Resource], resource_name: str, opts: pulumi.ResourceOptions | None
) -> pulumi.Input[str]:
    """Return the URN that a resource will have, after stack and project.

    Stacks are renamed and resources move between them; what is left names the resource in its
    program.
    """
    type_ = f"pulumi-python:{kind._resource_type_name}"
    if opts is None or opts.parent is None:
        return _short(f"{type_}::{resource_name}")
    urn = pulumi.create_urn(resource_name, type_, opts.parent)
    return _without_dependencies(urn.apply(_after_project))


def hints(
    own: pulumi.Input[str],
    resource_name: str,
    opts: pulumi.ResourceOptions | None,
    inputs: Mapping[str, object],
    left_out: Iterable[str] = (),
) -> dict[str, object]:
    """Return what the constructor of a resource with this owner tells the provider."""
    found: dict[str, object] = {"owner": own}
    if outputs := {name: one for name, one in inputs.items() if isinstance(one, pulumi.Output)}:
        found["secrets"] = known_later(_secret(outputs))
    if opts is not None and opts.delete_before_replace is True:
        found["deleted_first"] = True
    if names := [*left_out]:
        found["left_out"] = names
    if former := [*_former(own, resource_name, opts)]:
        found["former"] = former
    return found


def _former(
    owner: pulumi.Input[str], resource_name: str, opts: pulumi.ResourceOptions | None
) -> Iterator[pulumi.Input[str]]:
    """Yield the owners that aliases name: by URN, by name, or as a resource without a parent.

    The provider also finds them in the state, but not where Pulumi replaces a resource by force.
    """
    for alias in (opts.aliases if opts is not None else None) or ():
        if isinstance(alias, str):
            yield _after_project(alias)
        elif isinstance(alias, pulumi.Alias):
            name = alias.name if isinstance(alias.name, str) else resource_name
            at_root = alias.parent is None  # an omitted parent is the current one
            if isinstance(owner, str):
                yield _renamed(owner, name, at_root=at_root)
            elif isinstance(owner, pulumi.Output):
                rename = functools.partial(_renamed, name=name, at_root=at_root)
                yield _without_dependencies(owner.apply(rename))


def _renamed(owner: str, name: str, *, at_root: bool) -> str:
    type_ = owner.partition("::")[0]
    return f"{type_.rpartition('$')[2] if at_root else type_}::{name}"


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
