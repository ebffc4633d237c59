"""The provider classes in this process, called as Pulumi calls them in theirs.

The two wrappers that call providers without an engine share what is here: `harness.process` for one
resource at a time, and `faults.driver` for whole programs and random lives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pulumi.runtime import rpc

import pulumi_openrouter as openrouter
from pulumi_openrouter.api.transport import Transport
from pulumi_openrouter.lifecycle.session import Session
from pulumi_openrouter.registry import RESOURCES
from pulumi_openrouter.resources.provider import DynamicProvider
from pulumi_openrouter.settings import Settings

Properties = dict[str, Any]
Providers = Mapping[str, DynamicProvider]

PROVIDER_TYPES: Mapping[str, type[DynamicProvider]] = {
    resource.__name__: getattr(openrouter, f"{resource.__name__}Provider") for resource in RESOURCES
}
"""The provider class of each kind of resource."""


def open_providers(
    settings: Settings,
    transport: Transport,
    notify: Callable[[str], None],
    more: Iterable[type[DynamicProvider]] = (),
) -> Providers:
    """Return the providers of a new process by kind; they share a session, as they do in one."""
    session = Session(settings, notify, transport)
    providers = {kind: provider_type() for kind, provider_type in PROVIDER_TYPES.items()}
    providers |= {one.lifecycle_type.declaration.name: one() for one in more}
    for provider in providers.values():
        provider.lifecycle = provider.lifecycle_type(session)
    return providers


def travel(properties: Mapping[str, Any]) -> Properties:
    """Return properties as the other side of the wire gets them: floats for numbers, no None.

    Unknown values stay unknown.
    """
    # Nothing in a bag of plain values has to be waited for, so no event loop is needed.
    serialization = rpc.serialize_properties(dict(properties), {})
    try:
        serialization.send(None)
    except StopIteration as done:
        received: Properties = rpc.deserialize_properties(done.value, keep_unknowns=True)
        return received
    msg = f"only plain values travel here, not {properties}"
    raise TypeError(msg)
