"""What the SDK wants of a dynamic resource before it is one."""

from __future__ import annotations

from typing import cast

import pulumi
from pulumi.runtime.config import get_config, is_config_secret

from pulumi_openrouter.slugs import is_uuid

_KEY = "openrouter:managementKey"


def refuse_plain_key() -> None:
    """Raise `pulumi.RunError` where the stack's config has the management key in plain text.

    The engine copies the config of a stack into its state, and hides only what it knows as secret.
    """
    if get_config(_KEY) and not is_config_secret(_KEY):
        msg = (
            f"{_KEY} stands in the stack's config as plain text, and so would in its state. Run "
            f"`pulumi config set --secret {_KEY}`, or `pulumi config rm {_KEY}` and export "
            "OPENROUTER_MANAGEMENT_KEY; then replace the key, for others may have read it."
        )
        raise pulumi.RunError(msg)


def with_outputs(cls: type[pulumi.Resource], inputs: dict[str, object]) -> pulumi.Inputs:
    """Add the outputs: the SDK gives a dynamic resource only the attributes that it is passed."""
    outputs = [name for name in cls.__annotations__ if not name.startswith("_")]
    return cast("pulumi.Inputs", {**dict.fromkeys(outputs), **inputs})


def as_output(value: pulumi.Input[str]) -> pulumi.Output[str]:
    """Return a text input as an output; the SDK's own signature leaves out awaitables."""
    return pulumi.Output.from_input(cast("str", value))


def resolve_id(id_or_slug: pulumi.Input[str]) -> pulumi.Input[str]:
    """Return the id of a workspace; a slug is looked up here, for the engine keeps what it gets."""
    if isinstance(id_or_slug, str):
        return id_or_slug.lower() if is_uuid(id_or_slug) else _look_up(id_or_slug)
    return as_output(id_or_slug).apply(resolve_id)


def part_id(workspace: pulumi.Input[str], part: str) -> pulumi.Output[str]:
    """Return the Pulumi id of a part of a workspace: `<workspace UUID>/<part>`."""
    return as_output(resolve_id(workspace)).apply(lambda found: f"{found}/{part}")


def _look_up(slug: str) -> str:
    # Deferred: only a program that reads by slug pays for the client.
    from pulumi_openrouter.lookups import get_workspace

    return get_workspace(slug).id
