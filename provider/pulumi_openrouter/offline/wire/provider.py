"""The provider's side: `python -m pulumi.dynamic` in a process of its own, and the calls to it.

The planner asks it to check and diff, the executor to create, read, update and delete. A dynamic
provider takes no secret marks and no preview, which this module evens out as the real engine does.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import grpc
from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from pulumi_openrouter.offline.state.model import PROVIDER_TYPE, urn_name, urn_type
from pulumi_openrouter.offline.values import values
from pulumi_openrouter.offline.values.values import PropertyMap
from pulumi_openrouter.offline.wire.process import Child

# An http proxy of the environment has no business between two processes of one machine.
CHANNEL_OPTIONS = [*_GRPC_CHANNEL_OPTIONS, ("grpc.enable_http_proxy", 0)]


class ProviderError(Exception):
    """The provider refused or could not do what was asked; the text is for the user."""


@dataclass(slots=True)
class CheckResult:
    """Inputs as the provider wants them, and failures: property (or empty) and reason."""

    inputs: PropertyMap
    failures: list[tuple[str, str]]


@dataclass(slots=True)
class DiffResult:
    """Whether anything changes (None: the provider does not say), and what makes a replacement."""

    changes: bool | None
    replace_keys: list[str] = field(default_factory=list)
    delete_before_replace: bool = False
    # Paths that changed, where the engine compared by itself.
    changed: list[list[str | int]] = field(default_factory=list)


@dataclass(slots=True)
class ReadResult:
    """The live state; an empty id says that there is none. Inputs are None when not given."""

    id: str
    inputs: PropertyMap | None
    outputs: PropertyMap


class Provider:
    """The dynamic provider process of one operation; it is waited for at its first use."""

    def __init__(self, child: Child, config: Mapping[str, Any]) -> None:
        self._child = child
        self._config = config
        self._lock = threading.Lock()
        self._stub: provider_pb2_grpc.ResourceProviderStub | None = None
        self._channel: grpc.Channel | None = None

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._child.process.pid

    def check(
        self, urn: str, olds: PropertyMap, news: PropertyMap, *, dry_run: bool
    ) -> CheckResult:
        """Validate inputs and fill in defaults."""
        request = provider_pb2.CheckRequest(
            urn=urn,
            name=urn_name(urn),
            type=urn_type(urn),
            olds=_sent(olds, keep_unknowns=dry_run),
            news=_sent(news, keep_unknowns=dry_run),
        )
        response = self._call("Check", urn, request)
        inputs = values.from_struct(response.inputs)
        values.annotate_secrets(inputs, news)
        return CheckResult(inputs, [(one.property, one.reason) for one in response.failures])

    def diff(
        self,
        urn: str,
        id_: str,
        old: tuple[PropertyMap, PropertyMap],
        news: PropertyMap,
        *,
        dry_run: bool,
        ignore_changes: list[str],
    ) -> DiffResult:
        """Compare a resource's last inputs and outputs, `old`, with new inputs."""
        request = provider_pb2.DiffRequest(
            id=id_,
            urn=urn,
            name=urn_name(urn),
            type=urn_type(urn),
            old_inputs=_sent(old[0], keep_unknowns=dry_run),
            olds=_sent(old[1], keep_unknowns=dry_run),
            news=_sent(news, keep_unknowns=dry_run),
            ignoreChanges=ignore_changes,
        )
        response = self._call("Diff", urn, request)
        known = {
            provider_pb2.DiffResponse.DIFF_NONE: False,
            provider_pb2.DiffResponse.DIFF_SOME: True,
        }
        return DiffResult(
            changes=known.get(response.changes),
            replace_keys=list(response.replaces),
            delete_before_replace=response.deleteBeforeReplace,
        )

    def create(self, urn: str, inputs: PropertyMap, timeout: float) -> tuple[str, PropertyMap]:
        """Create a resource; return its id and outputs."""
        request = provider_pb2.CreateRequest(
            urn=urn,
            name=urn_name(urn),
            type=urn_type(urn),
            properties=_sent(inputs),
            timeout=timeout,
        )
        response = self._call("Create", urn, request)
        if not response.id:
            msg = f"plugin returned empty resource.ID from create '{urn}'"
            raise ProviderError(msg)
        return response.id, _answered(response.properties, inputs)

    def read(
        self, urn: str, id_: str, inputs: PropertyMap, state: PropertyMap, timeout: float
    ) -> ReadResult:
        """Read the live state of a resource."""
        request = provider_pb2.ReadRequest(
            id=id_,
            urn=urn,
            name=urn_name(urn),
            type=urn_type(urn),
            properties=_sent(state),
            inputs=_sent(inputs),
            timeout=timeout,
        )
        response = self._call("Read", urn, request)
        live = _answered(response.inputs, inputs) if response.HasField("inputs") else None
        return ReadResult(response.id, live, _answered(response.properties, state))

    def update(
        self,
        urn: str,
        id_: str,
        old: tuple[PropertyMap, PropertyMap],
        news: PropertyMap,
        *,
        timeout: float,
        ignore_changes: list[str],
    ) -> PropertyMap:
        """Change a resource in place; return its new outputs."""
        request = provider_pb2.UpdateRequest(
            id=id_,
            urn=urn,
            name=urn_name(urn),
            type=urn_type(urn),
            old_inputs=_sent(old[0]),
            olds=_sent(old[1]),
            news=_sent(news),
            timeout=timeout,
            ignoreChanges=ignore_changes,
        )
        return _answered(self._call("Update", urn, request).properties, news)

    def delete(
        self, urn: str, id_: str, inputs: PropertyMap, outputs: PropertyMap, timeout: float
    ) -> None:
        """Delete a resource."""
        request = provider_pb2.DeleteRequest(
            id=id_,
            urn=urn,
            name=urn_name(urn),
            type=urn_type(urn),
            properties=_sent(outputs),
            old_inputs=_sent(inputs),
            timeout=timeout,
        )
        self._call("Delete", urn, request)

    def close(self) -> None:
        """End the process. Nothing may be under way."""
        if self._channel is not None:
            self._channel.close()
        self._child.end()

    def _call(self, method: str, urn: str, request: Any) -> Any:
        stub = self._connected()
        call: Callable[[Any], Any] = getattr(stub, method)
        try:
            return call(request)
        except grpc.RpcError as error:
            msg = self._explain(error, method, urn)
            raise ProviderError(msg) from error

    def _explain(self, error: grpc.RpcError, method: str, urn: str) -> str:
        if error.code() == grpc.StatusCode.UNAVAILABLE:
            return (
                f"the provider process ended while it was to {method.lower()} {urn_name(urn)!r}: "
                "it is not known whether that was done; run again to see"
            )
        return str(error.details()).strip()

    def _connected(self) -> provider_pb2_grpc.ResourceProviderStub:
        with self._lock:
            if self._stub is None:
                port = self._child.first_line.result().strip()
                if not port.isdigit():
                    code = self._child.wait()
                    msg = (
                        f"the provider process (python -m pulumi.dynamic) ended with code {code} "
                        "before it could serve; its own words stand above"
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


def _sent(properties: PropertyMap, *, keep_unknowns: bool = False) -> Any:
    return values.to_struct(values.for_provider(properties, keep_unknowns=keep_unknowns))


def _answered(struct: Any, given: PropertyMap) -> PropertyMap:
    answer = values.from_struct(struct)
    values.annotate_secrets(answer, given)
    return answer
