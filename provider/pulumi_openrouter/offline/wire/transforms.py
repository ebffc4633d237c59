"""Resource transforms, which the program carries out in its own process when the engine asks.

A resource is transformed by its own transforms first, then by those of its parents, and then by
those of the stack.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any

import grpc
from pulumi.runtime.proto import callback_pb2, callback_pb2_grpc, resource_pb2

from pulumi_openrouter.offline.exceptions import Stopped
from pulumi_openrouter.offline.values import values
from pulumi_openrouter.offline.wire.provider import CHANNEL_OPTIONS

_OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
# The fields of a transform's options, and what they are called in a registration.
_OPTIONS = {
    "depends_on": "dependencies",
    "protect": "protect",
    "ignore_changes": "ignoreChanges",
    "replace_on_changes": "replaceOnChanges",
    "version": "version",
    "aliases": "aliases",
    "provider": "provider",
    "custom_timeouts": "customTimeouts",
    "plugin_download_url": "pluginDownloadURL",
    "retain_on_delete": "retainOnDelete",
    "deleted_with": "deletedWith",
    "delete_before_replace": "deleteBeforeReplace",
    "additional_secret_outputs": "additionalSecretOutputs",
    "providers": "providers",
    "plugin_checksums": "pluginChecksums",
    "hooks": "hooks",
    "import": "importId",
    "hide_diff": "hideDiffs",
    "replace_with": "replace_with",
    "replacement_trigger": "replacement_trigger",
}
# The program has ended, and with it its transforms.
_GONE = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED)

Registration = resource_pb2.RegisterResourceRequest
Options = resource_pb2.TransformResourceOptions


class TransformError(Exception):
    """A transform of the program failed; the text is for the user."""


class Transforms:
    """The transforms of one run."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._of_stack: list[callback_pb2.Callback] = []
        # For each registered resource, its parent and its own transforms.
        self._of_resources: dict[str, tuple[str, list[callback_pb2.Callback]]] = {}
        self._channels: dict[str, grpc.Channel] = {}
        self._closed = False

    def add_to_stack(self, transform: callback_pb2.Callback) -> None:
        """Apply a transform to every resource that is registered from now on."""
        with self._lock:
            self._of_stack.append(transform)

    def note(self, urn: str, request: Registration) -> None:
        """Note a registered resource, whose children are transformed as well."""
        with self._lock:
            self._of_resources[urn] = request.parent, list(request.transforms)

    def apply(self, request: Registration) -> Registration:
        """Return a registration as all transforms leave it."""
        transforms = self._all_for(request)
        if not transforms:
            return request
        properties, options = values.from_struct(request.object), _options_of(request)
        if request.transforms:
            properties = _with_dependencies(properties, request)
        for one in transforms:
            answer = self._invoke(one, request, properties, options)
            if answer.HasField("properties"):
                properties = values.from_struct(answer.properties)
            if answer.HasField("options"):
                options = answer.options
        return _changed(request, properties, options)

    def close(self) -> None:
        """Close the connections to the program, which must not have ended yet.

        When it has, gRPC logs on the standard error of this process that it is gone.
        """
        with self._lock:
            self._closed = True
            for channel in self._channels.values():
                channel.close()

    def _all_for(self, request: Registration) -> list[callback_pb2.Callback]:
        with self._lock:
            found, parent = list(request.transforms), request.parent
            while parent in self._of_resources:
                parent, inherited = self._of_resources[parent]
                found += inherited
            return found + self._of_stack

    def _invoke(
        self,
        transform: callback_pb2.Callback,
        request: Registration,
        properties: values.PropertyMap,
        options: Options,
    ) -> resource_pb2.TransformResponse:
        content = resource_pb2.TransformRequest(
            type=request.type,
            name=request.name,
            custom=request.custom,
            parent=request.parent,
            properties=values.to_struct(properties),
            options=options,
        )
        call = callback_pb2.CallbackInvokeRequest(
            token=transform.token, request=content.SerializeToString()
        )
        try:
            answer = self._program(transform.target).Invoke(call)
        except grpc.RpcError as error:
            if error.code() in _GONE:
                raise Stopped from error
            reason = str(error.details()).rpartition(f"{transform.token} error: ")[2].rstrip()
            msg = f"a transform of {request.type} '{request.name}' failed: {reason}"
            raise TransformError(msg) from error
        except ValueError as error:
            # The connection was closed between the two calls in the line above.
            raise Stopped from error
        return resource_pb2.TransformResponse.FromString(answer.response)

    def _program(self, target: str) -> callback_pb2_grpc.CallbacksStub:
        with self._lock:
            if self._closed:
                raise Stopped
            if target not in self._channels:
                self._channels[target] = grpc.insecure_channel(target, CHANNEL_OPTIONS)
            return callback_pb2_grpc.CallbacksStub(self._channels[target])


def _options_of(request: Registration) -> Options:
    options = Options()
    for name, theirs in _OPTIONS.items():
        _copy(request, theirs, options, name)
    if not (request.deleteBeforeReplaceDefined or request.deleteBeforeReplace):
        options.ClearField("delete_before_replace")
    for urn in request.aliasURNs:
        options.aliases.add(urn=urn)
    return options


def _changed(
    request: Registration, properties: values.PropertyMap, options: Options
) -> Registration:
    """Return a registration with other properties and options, and the dependencies in these."""
    changed = Registration()
    changed.CopyFrom(request)
    for name, theirs in _OPTIONS.items():
        _copy(options, name, changed, theirs)
    changed.deleteBeforeReplaceDefined = options.HasField("delete_before_replace")
    changed.ClearField("aliasURNs")
    if request.transforms:
        changed.ClearField("propertyDependencies")
    plain: values.PropertyMap = {}
    for key, value in properties.items():
        needed: set[str] = set()
        plain[key] = _without_dependencies(value, needed)
        urns = changed.propertyDependencies[key].urns
        urns.extend(sorted(needed.difference(urns)))
    changed.object.CopyFrom(values.to_struct(plain))
    return changed


def _copy(source: Any, name: str, target: Any, other: str) -> None:
    """Set a field of one message to what a field of another one holds."""
    target.ClearField(other)
    value = getattr(source, name)
    field = source.DESCRIPTOR.fields_by_name[name]
    if field.has_presence and not source.HasField(name):
        return
    if hasattr(value, "MergeFrom"):
        getattr(target, other).MergeFrom(value)
    else:
        setattr(target, other, value)


def _with_dependencies(properties: values.PropertyMap, request: Registration) -> values.PropertyMap:
    """Return properties as outputs that carry what each of them depends on."""
    given = {key: list(one.urns) for key, one in request.propertyDependencies.items()}
    return {
        key: _output(value, given.get(key, []) if given else list(request.dependencies))
        for key, value in properties.items()
    }


def _output(value: Any, dependencies: Iterable[str]) -> values.PropertyMap:
    bare, is_secret = values.unwrap(value)
    output: values.PropertyMap = {values.SIGNATURE: _OUTPUT, "dependencies": list(dependencies)}
    if bare != values.UNKNOWN:
        output["value"] = bare
    if is_secret:
        output["secret"] = True
    return output


def _without_dependencies(value: Any, found: set[str]) -> Any:
    """Return a value without outputs in it, whose dependencies are added to `found`."""
    if isinstance(value, list):
        return [_without_dependencies(one, found) for one in value]
    if not isinstance(value, dict):
        return value
    if value.get(values.SIGNATURE) != _OUTPUT:
        return {key: _without_dependencies(one, found) for key, one in value.items()}
    found.update(value.get("dependencies") or [])
    bare = _without_dependencies(value["value"], found) if "value" in value else values.UNKNOWN
    return values.secret(bare) if value.get("secret") else bare
