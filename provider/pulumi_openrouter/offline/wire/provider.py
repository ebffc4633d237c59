"""The calls to the provider, which is `python -m pulumi.dynamic` in a process of its own.

A dynamic provider knows neither secret marks nor previews. This module makes up for that in the
same way as the real engine.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import grpc
from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from pulumi_openrouter.offline.exceptions import OfflineError
from pulumi_openrouter.offline.state.model import PROVIDER_TYPE, STACK_REFERENCE_TYPE, Resource
from pulumi_openrouter.offline.values import paths, values
from pulumi_openrouter.offline.values.diffs import compare
from pulumi_openrouter.offline.values.values import PropertyMap
from pulumi_openrouter.offline.wire.process import Child

# gRPC would use an http proxy of the environment even between two processes of one machine.
CHANNEL_OPTIONS = [*_GRPC_CHANNEL_OPTIONS, ("grpc.enable_http_proxy", 0)]


class ProviderError(Exception):
    """The provider refused or could not do what was asked; the text is for the user."""


@dataclass(slots=True)
class DiffResult:
    """Whether anything changes, and whether that requires a replacement."""

    changes: bool
    replaces: bool = False
    delete_before_replace: bool = False
    # Paths that changed, where the engine compared by itself.
    changed: list[list[str | int]] = field(default_factory=list)


class Provider:
    """The dynamic provider process of one operation. The first call waits until it serves.

    Stack references have no provider; `read_stack` reads them.
    """

    def __init__(
        self, child: Child, config: PropertyMap, read_stack: Callable[[str], PropertyMap]
    ) -> None:
        self._child = child
        self._read_stack = read_stack
        self._config = config
        self._lock = threading.Lock()
        self._stub: provider_pb2_grpc.ResourceProviderStub | None = None
        self._channel: grpc.Channel | None = None

    def check(
        self, resource: Resource, olds: PropertyMap, news: PropertyMap, *, dry_run: bool
    ) -> tuple[PropertyMap, list[tuple[str, str]]]:
        """Validate inputs and fill in defaults.

        Return the inputs, and the failures: a property, or nothing, and the reason.
        """
        response = self._call("Check", resource, dry_run, olds=olds, news=news)
        failures = [(one.property, one.reason) for one in response.failures]
        return _answered(response.inputs, news), failures

    def diff(
        self, old: Resource, news: PropertyMap, ignore_changes: list[str], *, dry_run: bool
    ) -> DiffResult:
        """Compare the last inputs and outputs of a resource with new inputs.

        The inputs are compared key by key if the provider does not say what changes.
        """
        response = self._call(
            "Diff",
            old,
            dry_run,
            id=old.id,
            old_inputs=old.inputs,
            olds=old.outputs,
            news=news,
            ignoreChanges=ignore_changes,
        )
        result = DiffResult(
            changes=response.changes == provider_pb2.DiffResponse.DIFF_SOME,
            replaces=bool(response.replaces),
            delete_before_replace=response.deleteBeforeReplace,
        )
        if response.changes == provider_pb2.DiffResponse.DIFF_UNKNOWN:
            kept, _ = paths.put_back(ignore_changes, old.inputs, news)
            result.changed = [one.path for one in compare(old.inputs, kept)]
            result.changes = bool(result.changed)
        return result

    def create(self, new: Resource) -> tuple[str, PropertyMap]:
        """Create a resource; return its id and outputs."""
        timeout = new.custom_timeouts.get("create", 0)
        response = self._call("Create", new, properties=new.inputs, timeout=timeout)
        if not response.id:
            msg = f"plugin returned empty resource.ID from create '{new.urn}'"
            raise ProviderError(msg)
        return response.id, _answered(response.properties, new.inputs)

    def read(
        self, resource: Resource, last: PropertyMap
    ) -> tuple[str, PropertyMap | None, PropertyMap]:
        """Read the live state of a resource; `last` is what is known of its outputs.

        Return the id, which is empty for a resource that is gone, the inputs, if the provider
        knows them, and the outputs.
        """
        if resource.type == STACK_REFERENCE_TYPE:
            try:
                return resource.id, None, self._read_stack(resource.id)
            except OfflineError as error:
                raise ProviderError(str(error)) from error
        inputs, timeout = resource.inputs, resource.custom_timeouts.get("read", 0)
        response = self._call(
            "Read", resource, id=resource.id, properties=last, inputs=inputs, timeout=timeout
        )
        live = _answered(response.inputs, inputs) if response.HasField("inputs") else None
        return response.id, live, _answered(response.properties, last)

    def update(self, old: Resource, new: Resource, ignore_changes: list[str]) -> PropertyMap:
        """Change a resource in place; return its new outputs."""
        response = self._call(
            "Update",
            new,
            id=old.id,
            old_inputs=old.inputs,
            olds=old.outputs,
            news=new.inputs,
            timeout=new.custom_timeouts.get("update", 0),
            ignoreChanges=ignore_changes,
        )
        return _answered(response.properties, new.inputs)

    def delete(self, old: Resource) -> None:
        """Delete a resource."""
        self._call(
            "Delete",
            old,
            id=old.id,
            properties=old.outputs,
            old_inputs=old.inputs,
            timeout=old.custom_timeouts.get("delete", 0),
        )

    def close(self) -> None:
        """End the process. No call may be running."""
        if self._channel is not None:
            self._channel.close()
        self._child.end()

    def _call(
        self, method: str, resource: Resource, keep_unknowns: bool = False, **fields: Any
    ) -> Any:
        """Call a method of the provider. Properties among the fields are sent as structs."""
        for name, value in fields.items():
            if isinstance(value, dict):
                sent = values.for_provider(value, keep_unknowns=keep_unknowns)
                fields[name] = values.to_struct(sent)
        request = getattr(provider_pb2, f"{method}Request")(
            urn=resource.urn, name=resource.name, type=resource.type, **fields
        )
        try:
            return getattr(self._connected(), method)(request)
        except grpc.RpcError as error:
            msg = str(error.details()).strip()
            if error.code() == grpc.StatusCode.UNAVAILABLE:
                msg = (
                    f"the provider process ended while it was to {method.lower()} "
                    f"{resource.name!r}: it is not known whether that was done; run again to see"
                )
            raise ProviderError(msg) from error

    def _connected(self) -> provider_pb2_grpc.ResourceProviderStub:
        with self._lock:
            if self._stub is None:
                port = self._child.first_line.result().strip()
                if not port.isdigit():
                    code = self._child.wait()
                    msg = (
                        f"the provider process (python -m pulumi.dynamic) ended with code {code} "
                        "before it could serve; its own output is above"
                    )
                    raise ProviderError(msg)
                self._channel = grpc.insecure_channel(f"127.0.0.1:{port}", CHANNEL_OPTIONS)
                self._stub = provider_pb2_grpc.ResourceProviderStub(self._channel)
                self._configure(self._stub)
            return self._stub

    def _configure(self, stub: provider_pb2_grpc.ResourceProviderStub) -> None:
        prefix = "pulumi-python:config:"
        variables = {prefix + key: values.unwrap(value)[0] for key, value in self._config.items()}
        request = provider_pb2.ConfigureRequest(
            variables=variables,
            args=values.to_struct(self._config),
            acceptSecrets=True,
            acceptResources=True,
            type=PROVIDER_TYPE,
        )
        try:
            stub.Configure(request)
        except grpc.RpcError as error:
            msg = f"configuring the provider: {error.details()}"
            raise ProviderError(msg) from error


def _answered(struct: Any, given: PropertyMap) -> PropertyMap:
    answer = values.from_struct(struct)
    values.annotate_secrets(answer, given)
    return answer
