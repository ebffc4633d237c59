"""Start-up: what importing the package costs a program, and what its first call costs a provider.

The first call of a preview or an up is a check, that of a refresh a read. What does nothing is
`pulumi.dynamic.ResourceProvider` itself. Each is asked as the engine asks it, over gRPC.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

import grpc
from google.protobuf.struct_pb2 import Struct
from pulumi import dynamic
from pulumi.dynamic.dynamic import serialize_provider
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from bench.section import Section, Tick, table, verdict
from bench.server import Server
from pulumi_openrouter import WorkspaceProvider

IMPORT_LIMIT_MS = 60
FIRST_CALL_LIMIT_MS = 150
CALLS = {"check": "first call of a preview or an up", "read": "first call of a refresh"}
PROVIDERS = {"nothing": dynamic.ResourceProvider, "package": WorkspaceProvider}

IMPORTS = """
from time import process_time
began = process_time()
import pulumi
pulumi = process_time()
import pulumi_openrouter
print(began, pulumi, process_time())
"""


@dataclass(frozen=True)
class StartUp(Section):
    """Starts fresh interpreters."""

    repetitions: int
    title = "Start-up"

    def __len__(self) -> int:
        """One piece for each interpreter."""
        return self.repetitions * (1 + len(CALLS) * len(PROVIDERS))

    def run(self, server: Server, tick: Tick) -> list[str]:
        """Compare medians."""
        imports, calls = [], defaultdict(list)
        for _ in range(self.repetitions):
            imports.append(_imports())
            tick()
            for call in CALLS:
                for name, provider in PROVIDERS.items():
                    calls[call, name].append(_first_answer(provider(), call, server))
                    tick()
        pulumi, package = (median(column) for column in zip(*imports, strict=True))
        rows = [_row("`import`", pulumi, package, IMPORT_LIMIT_MS)]
        for call, what in CALLS.items():
            starts, answers = zip(*calls[call, "nothing"], strict=True)
            floor = median(answers)
            added = median(answer for _, answer in calls[call, "package"]) - floor
            rows.append(_row(what, median(starts) + floor, added, FIRST_CALL_LIMIT_MS))
        head = ["", "Pulumi alone (ms)", "The package adds (ms)", "Ratio", "At most (ms)", "Kept"]
        return [
            "`import` is the processor time of importing `pulumi`, and what `pulumi_openrouter` "
            "adds to it. A first call is that of a provider process that has just started: beside "
            "start and answer of one that does nothing, how much later the package's answer comes. "
            f"Medians of {self.repetitions}.",
            "",
            *table(head, rows),
        ]


def _row(what: str, floor: float, added: float, limit: float) -> list[object]:
    ratio = (floor + added) / floor
    return [what, f"{floor:.0f}", f"{added:.0f}", f"{ratio:.2f}", limit, verdict(added, limit)]


def _imports() -> tuple[float, float]:
    """Return the milliseconds of processor time for importing `pulumi`, and then the package."""
    command = [sys.executable, "-c", IMPORTS]
    report = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    began, pulumi, package = (float(seconds) * 1000 for seconds in report.split())
    return pulumi - began, package - pulumi


def _first_answer(
    provider: dynamic.ResourceProvider, call: str, server: Server
) -> tuple[float, float]:
    """Return the milliseconds that a provider process takes to start, and for its first call."""
    command = [sys.executable, "-u", "-m", "pulumi.dynamic"]
    environment = {**os.environ, **server.environment}
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        started = time.perf_counter()
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            stub = provider_pb2_grpc.ResourceProviderStub(channel)
            stub.Configure(provider_pb2.ConfigureRequest(args=_struct({})))
            workspace_id = server.remote.state()["workspaces"][0]["id"]
            inputs = {"name": "Acme", "slug": "acme", "__provider": serialize_provider(provider)}
            asked = time.perf_counter()
            if call == "check":
                stub.Check(provider_pb2.CheckRequest(urn="urn", news=_struct(inputs)))
            else:
                stub.Read(provider_pb2.ReadRequest(id=workspace_id, properties=_struct(inputs)))
            answered = time.perf_counter()
        process.kill()
    return (started - began) * 1000, (answered - asked) * 1000


def _struct(properties: Mapping[str, str]) -> Struct:
    struct = Struct()
    struct.update(properties)
    return struct
