"""The services that a program talks to: Pulumi's ResourceMonitor and Engine, over gRPC on loopback.

Requests become goals for the session and its answers become responses. What the offline engine does
not do is refused here, by name, before anything is done.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, NoReturn

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import (
    engine_pb2,
    engine_pb2_grpc,
    resource_pb2,
    resource_pb2_grpc,
)

from pulumi_openrouter.offline.errors import Diagnostic, Stopped
from pulumi_openrouter.offline.values import values
from pulumi_openrouter.offline.wire.provider import CHANNEL_OPTIONS
from pulumi_openrouter.offline.wire.requests import (
    UnsupportedError,
    read_goal,
    registration_goal,
)

if TYPE_CHECKING:
    from pulumi_openrouter.offline.running.operation import Session

_FEATURES = (
    resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES,
    resource_pb2.RESOURCE_MONITOR_FEATURE_OUTPUT_VALUES,
    resource_pb2.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_DELETED_WITH,
    # These are announced so that the program reaches the refusal in this module.
    resource_pb2.RESOURCE_MONITOR_FEATURE_REPLACE_WITH,
    resource_pb2.RESOURCE_MONITOR_FEATURE_REPLACEMENT_TRIGGER,
    resource_pb2.RESOURCE_MONITOR_FEATURE_TRANSFORMS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_INVOKE_TRANSFORMS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_PARAMETERIZATION,
    resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_HOOKS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_ERROR_HOOKS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_STATE_MIGRATIONS,
)
_FEATURE_IDS = frozenset(
    resource_pb2.ResourceMonitorFeature.Name(feature)
    .removeprefix("RESOURCE_MONITOR_FEATURE_")
    .title()
    .replace("_", "")
    for feature in _FEATURES
)
_SEVERITIES = {
    engine_pb2.INFO: "info",
    engine_pb2.WARNING: "warning",
    engine_pb2.ERROR: "error",
}
# The SDK logs this when a run has ended; the reason for that has been reported.
_ECHO = "Resource monitor has terminated"


class Monitor:
    """The server that one program run talks to."""

    def __init__(self, session: Session, *, workers: int) -> None:
        self._active = 0
        self._idle = threading.Condition()
        self._pool = ThreadPoolExecutor(max_workers=workers)
        self._server = grpc.server(self._pool, options=CHANNEL_OPTIONS)
        resource_pb2_grpc.add_ResourceMonitorServicer_to_server(
            _ResourceMonitor(session, self._working), self._server
        )
        engine_pb2_grpc.add_EngineServicer_to_server(_Engine(session), self._server)
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"

    def __enter__(self) -> Monitor:
        """Serve."""
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop serving."""
        self._server.stop(grace=None).wait()
        self._pool.shutdown()

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


class _ResourceMonitor(resource_pb2_grpc.ResourceMonitorServicer):
    def __init__(self, session: Session, working: Callable[[], Any]) -> None:
        self._session = session
        self._working = working

    @contextmanager
    def _answering(self, context: grpc.ServicerContext, urn: str = "") -> Iterator[None]:
        """Report a refusal as an error of the run, and end the program when the run has ended."""
        try:
            with self._working():
                try:
                    yield
                except UnsupportedError as error:
                    self._session.refuse(urn, str(error))
        except Stopped:
            # The SDK takes this for the end of the engine, and exits.
            context.abort(grpc.StatusCode.UNAVAILABLE, "the run has ended")

    def GetDeploymentInfo(  # noqa: N802  # gRPC's name
        self, _request: empty_pb2.Empty, _context: grpc.ServicerContext
    ) -> resource_pb2.DeploymentInfo:
        settings = self._session.settings
        return resource_pb2.DeploymentInfo(
            project=settings.project.name,
            stack=settings.stack,
            organization="organization",
            config={key: one.value for key, one in settings.config.items()},
            configSecretKeys=[key for key, one in settings.config.items() if one.secret],
            dryRun=settings.dry_run,
            parallel=settings.parallel,
            supportedFeatures=_FEATURES,
        )

    def SupportsFeature(  # noqa: N802  # gRPC's name
        self, request: resource_pb2.SupportsFeatureRequest, _context: grpc.ServicerContext
    ) -> resource_pb2.SupportsFeatureResponse:
        name = request.id[:1].upper() + request.id[1:]
        return resource_pb2.SupportsFeatureResponse(hasSupport=name in _FEATURE_IDS)

    def RegisterResource(  # noqa: N802  # gRPC's name
        self, request: resource_pb2.RegisterResourceRequest, context: grpc.ServicerContext
    ) -> resource_pb2.RegisterResourceResponse:
        with self._answering(context):
            goal = registration_goal(request, self._session.parent_goal(request.parent))
            resource = self._session.register(goal)
            # A component's outputs are still those of the last run; the program will set new ones.
            outputs = resource.outputs if resource.custom else {}
            return resource_pb2.RegisterResourceResponse(
                urn=resource.urn,
                id=resource.id,
                object=values.to_struct(outputs),
                result=resource_pb2.SUCCESS,
            )
        return resource_pb2.RegisterResourceResponse()

    def ReadResource(  # noqa: N802  # gRPC's name
        self, request: resource_pb2.ReadResourceRequest, context: grpc.ServicerContext
    ) -> resource_pb2.ReadResourceResponse:
        with self._answering(context):
            resource = self._session.read(read_goal(request))
            # An empty id means that nothing could be read yet.
            return resource_pb2.ReadResourceResponse(
                urn=resource.urn,
                id=resource.id,
                properties=values.to_struct(resource.outputs),
                result=resource_pb2.SUCCESS,
                unknown=not resource.id,
            )
        return resource_pb2.ReadResourceResponse()

    def RegisterResourceOutputs(  # noqa: N802  # gRPC's name
        self, request: resource_pb2.RegisterResourceOutputsRequest, context: grpc.ServicerContext
    ) -> empty_pb2.Empty:
        with self._answering(context, request.urn):
            self._session.set_outputs(request.urn, values.from_struct(request.outputs))
        return empty_pb2.Empty()

    def SignalAndWaitForShutdown(  # noqa: N802  # gRPC's name
        self, _request: empty_pb2.Empty, _context: grpc.ServicerContext
    ) -> empty_pb2.Empty:
        self._session.program_done()
        self._session.finished.wait()
        return empty_pb2.Empty()

    def Invoke(  # noqa: N802  # gRPC's name
        self, request: resource_pb2.ResourceInvokeRequest, context: grpc.ServicerContext
    ) -> NoReturn:
        self._refuse(context, f"the function {request.tok}: it needs a plugin")

    def Call(  # noqa: N802  # gRPC's name
        self, request: resource_pb2.ResourceCallRequest, context: grpc.ServicerContext
    ) -> NoReturn:
        self._refuse(context, f"the method {request.tok}: it needs a plugin")

    def ExistsResource(  # noqa: N802  # gRPC's name
        self, request: resource_pb2.ExistsResourceRequest, context: grpc.ServicerContext
    ) -> NoReturn:
        self._refuse(context, f"asking whether a resource exists ({request.type})")

    def RegisterPackage(  # noqa: N802  # gRPC's name
        self, request: resource_pb2.RegisterPackageRequest, context: grpc.ServicerContext
    ) -> NoReturn:
        self._refuse(context, f"the package {request.name}: it needs a plugin")

    def RegisterStackTransform(  # noqa: N802  # gRPC's name
        self, _request: Any, context: grpc.ServicerContext
    ) -> NoReturn:
        self._refuse(context, "transforms (register_resource_transform)")

    def RegisterStackInvokeTransform(  # noqa: N802  # gRPC's name
        self, _request: Any, context: grpc.ServicerContext
    ) -> NoReturn:
        self._refuse(context, "transforms (register_invoke_transform)")

    def RegisterResourceHook(  # noqa: N802  # gRPC's name
        self, request: resource_pb2.RegisterResourceHookRequest, context: grpc.ServicerContext
    ) -> NoReturn:
        self._refuse(context, f"resource hooks ({request.name})")

    def RegisterErrorHook(  # noqa: N802  # gRPC's name
        self, request: resource_pb2.RegisterErrorHookRequest, context: grpc.ServicerContext
    ) -> NoReturn:
        self._refuse(context, f"error hooks ({request.name})")

    def _refuse(self, context: grpc.ServicerContext, what: str) -> NoReturn:
        with self._answering(context):
            raise UnsupportedError(what)
        raise AssertionError


class _Engine(engine_pb2_grpc.EngineServicer):
    def __init__(self, session: Session) -> None:
        self._session = session
        self._root = ""

    def RequirePulumiVersion(  # noqa: N802  # gRPC's name
        self, _request: engine_pb2.RequirePulumiVersionRequest, context: grpc.ServicerContext
    ) -> NoReturn:
        message = str(UnsupportedError("require_pulumi_version"))
        with suppress(Stopped):
            self._session.refuse("", message)
        context.abort(grpc.StatusCode.UNAVAILABLE, message)
        raise AssertionError

    def Log(  # noqa: N802  # gRPC's name
        self, request: engine_pb2.LogRequest, _context: grpc.ServicerContext
    ) -> empty_pb2.Empty:
        severity = _SEVERITIES.get(request.severity)
        echo = self._session.executor.stopped.is_set() and request.message.startswith(_ECHO)
        if severity and not request.ephemeral and not echo:
            message = request.message.rstrip("\n")
            self._session.tell(Diagnostic(severity, request.urn, message))
        return empty_pb2.Empty()

    def GetRootResource(  # noqa: N802  # gRPC's name
        self, _request: engine_pb2.GetRootResourceRequest, _context: grpc.ServicerContext
    ) -> engine_pb2.GetRootResourceResponse:
        return engine_pb2.GetRootResourceResponse(urn=self._root)

    def SetRootResource(  # noqa: N802  # gRPC's name
        self, request: engine_pb2.SetRootResourceRequest, _context: grpc.ServicerContext
    ) -> engine_pb2.SetRootResourceResponse:
        self._root = request.urn
        return engine_pb2.SetRootResourceResponse()
