"""The services that a program talks to: Pulumi's ResourceMonitor and Engine, over gRPC on loopback.

What the offline engine does not do is refused here, by name, before anything is done.
"""

# ruff: noqa: D102, N802  # the protocol names and describes the methods

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, NoReturn, Protocol

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import (
    callback_pb2,
    engine_pb2,
    engine_pb2_grpc,
    resource_pb2,
    resource_pb2_grpc,
)

from pulumi_openrouter.offline.exceptions import Diagnostic, Stopped
from pulumi_openrouter.offline.project import OperationOptions
from pulumi_openrouter.offline.state.model import Goal, Resource
from pulumi_openrouter.offline.values import values
from pulumi_openrouter.offline.wire.provider import CHANNEL_OPTIONS
from pulumi_openrouter.offline.wire.requests import UnsupportedError, read_goal, registration_goal
from pulumi_openrouter.offline.wire.transforms import TransformError, Transforms

_FEATURES = {
    *("SECRETS", "RESOURCE_REFERENCES", "OUTPUT_VALUES", "ALIAS_SPECS", "DELETED_WITH"),
    *("REPLACEMENT_TRIGGER", "TRANSFORMS"),
    # These are announced so that the program reaches the refusal in this module.
    *("REPLACE_WITH", "INVOKE_TRANSFORMS", "PARAMETERIZATION", "RESOURCE_HOOKS"),
    *("ERROR_HOOKS", "STATE_MIGRATIONS"),
}
_RUN_ENDED = "the run has ended"
# Parts of what a program logs when a run has ended, the reason of which has already been reported.
_ECHOES = ("Resource monitor has terminated", _RUN_ENDED)


class _Operation(Protocol):
    """What the services ask of the operation that runs the program."""

    program_done: threading.Event
    finished: threading.Event

    @property
    def stopped(self) -> bool: ...
    def register(self, goal: Goal) -> Resource: ...
    def read(self, goal: Goal) -> Resource: ...
    def registered(self, urn: str) -> Resource | None: ...
    def set_outputs(self, urn: str, outputs: values.PropertyMap) -> None: ...
    def refuse(self, urn: str, message: str) -> None: ...
    def emit(self, event: Diagnostic, /) -> None: ...


class Monitor(resource_pb2_grpc.ResourceMonitorServicer, engine_pb2_grpc.EngineServicer):
    """The server that one run of a program talks to."""

    def __init__(self, operation: _Operation, options: OperationOptions) -> None:
        self._operation = operation
        self._options = options
        self._root = ""
        self._active = 0
        self._transforms = Transforms()
        self._idle = threading.Condition()
        self._pool = ThreadPoolExecutor(max_workers=options.parallel * 4 + 16)
        self._server = grpc.server(self._pool, options=CHANNEL_OPTIONS)
        resource_pb2_grpc.add_ResourceMonitorServicer_to_server(self, self._server)
        engine_pb2_grpc.add_EngineServicer_to_server(self, self._server)
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"

    def __enter__(self) -> Monitor:
        """Serve."""
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop serving."""
        self._server.stop(grace=None).wait()
        self._pool.shutdown()

    def release_program(self) -> None:
        """Let go of the program, before it ends."""
        self._transforms.close()

    def settle(self) -> None:
        """Wait until no request is being worked on."""
        with self._idle:
            self._idle.wait_for(lambda: self._active == 0)

    @contextmanager
    def _working(self) -> Iterator[None]:
        with self._idle:
            self._active += 1
        try:
            yield
        finally:
            with self._idle:
                self._active -= 1
                self._idle.notify_all()

    @contextmanager
    def _answering(self, context: grpc.ServicerContext, urn: str = "") -> Iterator[None]:
        """Report a refusal as an error of the run, and end the program when the run has ended."""
        try:
            with self._working():
                try:
                    yield
                except (UnsupportedError, TransformError) as error:
                    self._operation.refuse(urn, str(error))
        except Stopped:
            # With this status, the SDK assumes that the engine has ended, and exits.
            context.abort(grpc.StatusCode.UNAVAILABLE, _RUN_ENDED)

    def GetDeploymentInfo(
        self, _request: empty_pb2.Empty, _context: grpc.ServicerContext
    ) -> resource_pb2.DeploymentInfo:
        config = self._options.config
        return resource_pb2.DeploymentInfo(
            project=self._options.project.name,
            stack=self._options.stack,
            organization="organization",
            config={key: one.value for key, one in config.items()},
            configSecretKeys=[key for key, one in config.items() if one.secret],
            dryRun=self._options.dry_run,
            parallel=self._options.parallel,
            supportedFeatures=[
                resource_pb2.ResourceMonitorFeature.Value(f"RESOURCE_MONITOR_FEATURE_{name}")
                for name in sorted(_FEATURES)
            ],
        )

    def SupportsFeature(
        self, request: resource_pb2.SupportsFeatureRequest, _context: grpc.ServicerContext
    ) -> resource_pb2.SupportsFeatureResponse:
        # Programs ask for these names in camel case.
        name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", request.id).upper()
        return resource_pb2.SupportsFeatureResponse(hasSupport=name in _FEATURES)

    def RegisterResource(
        self, request: resource_pb2.RegisterResourceRequest, context: grpc.ServicerContext
    ) -> resource_pb2.RegisterResourceResponse:
        with self._answering(context):
            changed = self._transforms.apply(request)
            goal = registration_goal(changed, self._operation.registered(request.parent))
            resource = self._operation.register(goal)
            self._transforms.note(resource.urn, request)
            # A component's outputs are still those of the last run; the program will set new ones.
            outputs = resource.outputs if resource.custom else {}
            return resource_pb2.RegisterResourceResponse(
                urn=resource.urn,
                id=resource.id,
                object=values.to_struct(outputs),
                result=resource_pb2.SUCCESS,
                # Outside of a preview, what has no id was left out by --target.
                unknown=resource.custom and not resource.id,
            )
        return resource_pb2.RegisterResourceResponse()

    def ReadResource(
        self, request: resource_pb2.ReadResourceRequest, context: grpc.ServicerContext
    ) -> resource_pb2.ReadResourceResponse:
        with self._answering(context):
            resource = self._operation.read(read_goal(request))
            # An empty id means that nothing could be read yet.
            return resource_pb2.ReadResourceResponse(
                urn=resource.urn,
                id=resource.id,
                properties=values.to_struct(resource.outputs),
                result=resource_pb2.SUCCESS,
                unknown=not resource.id,
            )
        return resource_pb2.ReadResourceResponse()

    def RegisterResourceOutputs(
        self, request: resource_pb2.RegisterResourceOutputsRequest, context: grpc.ServicerContext
    ) -> empty_pb2.Empty:
        with self._answering(context, request.urn):
            self._operation.set_outputs(request.urn, values.from_struct(request.outputs))
        return empty_pb2.Empty()

    def SignalAndWaitForShutdown(
        self, _request: empty_pb2.Empty, _context: grpc.ServicerContext
    ) -> empty_pb2.Empty:
        self._operation.program_done.set()
        self._operation.finished.wait()
        return empty_pb2.Empty()

    def Log(
        self, request: engine_pb2.LogRequest, _context: grpc.ServicerContext
    ) -> empty_pb2.Empty:
        severity = engine_pb2.LogSeverity.Name(request.severity).lower()
        echo = self._operation.stopped and any(one in request.message for one in _ECHOES)
        if severity != "debug" and not request.ephemeral and not echo:
            message = request.message.rstrip("\n")
            self._operation.emit(Diagnostic(severity, request.urn, message))
        return empty_pb2.Empty()

    def GetRootResource(
        self, _request: engine_pb2.GetRootResourceRequest, _context: grpc.ServicerContext
    ) -> engine_pb2.GetRootResourceResponse:
        return engine_pb2.GetRootResourceResponse(urn=self._root)

    def SetRootResource(
        self, request: engine_pb2.SetRootResourceRequest, _context: grpc.ServicerContext
    ) -> engine_pb2.SetRootResourceResponse:
        self._root = request.urn
        return engine_pb2.SetRootResourceResponse()

    def RegisterStackTransform(
        self, request: callback_pb2.Callback, _context: grpc.ServicerContext
    ) -> empty_pb2.Empty:
        self._transforms.add_to_stack(request)
        return empty_pb2.Empty()

    # These methods refuse what the offline engine does not do.

    def Invoke(self, request: Any, context: grpc.ServicerContext) -> NoReturn:
        self._refuse(context, f"the function {request.tok}: it needs a plugin")

    def Call(self, request: Any, context: grpc.ServicerContext) -> NoReturn:
        self._refuse(context, f"the method {request.tok}: it needs a plugin")

    def ExistsResource(self, request: Any, context: grpc.ServicerContext) -> NoReturn:
        self._refuse(context, f"asking whether a resource exists ({request.type})")

    def RegisterPackage(self, request: Any, context: grpc.ServicerContext) -> NoReturn:
        self._refuse(context, f"the package {request.name}: it needs a plugin")

    def RegisterStackInvokeTransform(
        self, _request: Any, context: grpc.ServicerContext
    ) -> NoReturn:
        self._refuse(context, "transforms (register_invoke_transform)")

    def RegisterResourceHook(self, request: Any, context: grpc.ServicerContext) -> NoReturn:
        self._refuse(context, f"resource hooks ({request.name})")

    def RegisterErrorHook(self, request: Any, context: grpc.ServicerContext) -> NoReturn:
        self._refuse(context, f"error hooks ({request.name})")

    def RequirePulumiVersion(self, _request: Any, context: grpc.ServicerContext) -> NoReturn:
        self._refuse(context, "require_pulumi_version")

    def _refuse(self, context: grpc.ServicerContext, what: str) -> NoReturn:
        with self._answering(context):
            raise UnsupportedError(what)
        raise AssertionError
