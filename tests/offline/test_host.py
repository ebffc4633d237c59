"""The process that runs a program, against an engine that speaks its protocol and nothing else."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, resource_pb2, resource_pb2_grpc

from pulumi_openrouter.offline.wire import host

HOST = str(Path(host.__file__))


class RefusingEngine(engine_pb2_grpc.EngineServicer, resource_pb2_grpc.ResourceMonitorServicer):
    """An engine that refuses each resource with one status, and keeps logged errors."""

    def __init__(self, status: grpc.StatusCode, details: str) -> None:
        self._status, self._details = status, details
        self.errors: list[str] = []

    def GetDeploymentInfo(self, request: Any, context: Any) -> Any:
        """Support nothing that a program may ask for."""
        return resource_pb2.DeploymentInfo()

    def RegisterResource(self, request: Any, context: Any) -> Any:
        """Refuse."""
        context.abort(self._status, self._details)

    def Log(self, request: Any, context: Any) -> Any:
        """Keep the message of an error."""
        if request.severity == engine_pb2.ERROR:
            self.errors.append(request.message)
        return Empty()


@pytest.fixture
def run_against(tmp_path: Path) -> Iterator[Any]:
    """Run a program of one component against an engine; returns its exit code and its output."""
    server = grpc.server(ThreadPoolExecutor(max_workers=4))
    program = tmp_path / "__main__.py"
    program.write_text('import pulumi\n\npulumi.ComponentResource("acme:index:Team", "team")\n')

    def run(engine: RefusingEngine) -> tuple[int, str]:
        engine_pb2_grpc.add_EngineServicer_to_server(engine, server)
        resource_pb2_grpc.add_ResourceMonitorServicer_to_server(engine, server)
        address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
        server.start()
        settings = {
            "project": "acme",
            "stack": "dev",
            "parallel": 4,
            "dry_run": False,
            "monitor": address,
            "engine": address,
            "organization": "acme",
            "root_directory": str(tmp_path),
        }
        with subprocess.Popen(
            [sys.executable, HOST, "program", str(program)],
            env={**os.environ, "PULUMI_OFFLINE_SETTINGS": json.dumps(settings)},
            cwd=tmp_path,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            assert process.stdout is not None
            output = process.stdout.read()
            return process.wait(), output

    yield run
    server.stop(None).wait()


def test_a_call_that_the_engine_cancels_is_no_error_of_the_program(run_against: Any) -> None:
    """The engine cancels what is under way when a run fails, and has said why it failed."""
    engine = RefusingEngine(grpc.StatusCode.CANCELLED, "context canceled")
    assert run_against(engine) == (host.EXPLAINED, "")
    assert engine.errors == []


def test_any_other_refusal_is_shown(run_against: Any) -> None:
    """A program that fails by itself says so."""
    engine = RefusingEngine(grpc.StatusCode.UNKNOWN, "the lights went out")
    assert run_against(engine) == (host.EXPLAINED, "")
    [message] = engine.errors
    assert message.endswith("Exception: the lights went out\n")
