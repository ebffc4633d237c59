"""The Python language host of the Pulumi CLI that `make pulumi` builds.

The CLI runs a program by asking a language host, a gRPC server of its own for each language. The
official one for Python is not available as a package, so the tests use this one. A CLI that a
user has installed brings the official host, and then that one is used.

It differs from the official host in what programs in this repository do not need:

- Only `virtualenv` of the runtime's options is supported. Without it, programs run by
  `PULUMI_PYTHON_CMD`, or `python3` on PATH. `toolchain` and `typechecker` are refused.
- It installs nothing, generates no code, attaches no debugger and runs no plugins but policy packs.
- It requires no plugins on behalf of a program's packages.
- After a `RunError` it reports that the error is on the screen already. The official host exits
  with 1, so that the CLI adds a line with the exit code.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import json_format
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

RUNNER = Path(__file__).parents[2] / "provider/pulumi_openrouter/offline/wire/host.py"
"""The script that runs a program in a process of its own; the offline engine uses it as well."""

EXPLAINED = 32
"""The exit code of a program whose error is on the screen already."""

SECONDS_TO_STOP = 5
"""How long an interrupted program may take to end before it is killed, as in the official host."""

MAX_MESSAGE = 400 * 1024 * 1024
"""The engine's own limit for one message."""


class OptionError(Exception):
    """An option of `runtime` in Pulumi.yaml cannot be used; the text says which and why."""


class LanguageHost(language_pb2_grpc.LanguageRuntimeServicer):
    """What the engine asks of a language: above all to run a program."""

    def __init__(self, engine: str) -> None:
        self._engine = engine
        self._programs: set[subprocess.Popen[bytes]] = set()
        self._canceled = threading.Event()

    def Handshake(self, request: Any, context: Any) -> Any:
        """Learn the engine's address."""
        self._engine = request.engine_address or self._engine
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        """Return the version of the SDK, as the host has none of its own."""
        return plugin_pb2.PluginInfo(version=importlib.metadata.version("pulumi"))

    def GetRequiredPackages(self, request: Any, context: Any) -> Any:
        """Return nothing: a dynamic provider is no plugin that could be downloaded."""
        return language_pb2.GetRequiredPackagesResponse()

    def GetRequiredPlugins(self, request: Any, context: Any) -> Any:
        """Return nothing, as for packages."""
        return language_pb2.GetRequiredPluginsResponse()

    def GetProgramDependencies(self, request: Any, context: Any) -> Any:
        """Return the distributions in the program's environment."""
        try:
            python = _python(request.info)
        except OptionError as error:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        listed = subprocess.run(
            [python, "-m", "pip", "list", "--format", "json", "--disable-pip-version-check"],
            check=True,
            capture_output=True,
        )
        return language_pb2.GetProgramDependenciesResponse(
            dependencies=[language_pb2.DependencyInfo(**one) for one in json.loads(listed.stdout)]
        )

    def About(self, request: Any, context: Any) -> Any:
        """Return which Python runs this host."""
        return language_pb2.AboutResponse(
            executable=sys.executable, version=platform.python_version()
        )

    def RuntimeOptionsPrompts(self, request: Any, context: Any) -> Any:
        """Return no question for `pulumi new` to ask."""
        return language_pb2.RuntimeOptionsResponse()

    def InstallDependencies(self, request: Any, context: Any) -> Iterator[Any]:
        """Install nothing: the environment of the tests is complete."""
        return iter(())

    def Run(self, request: Any, context: Any) -> Any:
        """Run a program until it ends, and return how it ended."""
        try:
            python = _python(request.info)
        except OptionError as error:
            return language_pb2.RunResponse(error=str(error))
        program = self._start(python, request)
        context.add_callback(lambda: self._stop(program))
        if self._canceled.is_set():
            self._stop(program)
        code = program.wait()
        self._programs.discard(program)
        if code == EXPLAINED:
            return language_pb2.RunResponse(bail=True)
        if code:
            return language_pb2.RunResponse(error=f"program exited with non-zero exit code: {code}")
        return language_pb2.RunResponse()

    def RunPlugin(self, request: Any, context: Any) -> Iterator[Any]:
        """Run a policy pack until the engine has no more use for it, and hand on what it prints."""
        try:
            python = _python(request.info)
        except OptionError as error:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        pack = subprocess.Popen(
            [python, "-u", "-m", "pulumi.policy", *request.args, request.info.program_directory],
            cwd=request.pwd,
            env=dict(variable.split("=", 1) for variable in request.env),
            stdout=subprocess.PIPE,
        )
        self._programs.add(pack)
        context.add_callback(lambda: self._stop(pack))
        assert pack.stdout is not None
        for line in pack.stdout:
            yield language_pb2.RunPluginResponse(stdout=line)
        self._programs.discard(pack)
        yield language_pb2.RunPluginResponse(exitcode=pack.wait())

    def Cancel(self, request: Any, context: Any) -> Any:
        """Interrupt what runs, and all that would still be started."""
        self._canceled.set()
        for program in [*self._programs]:
            self._stop(program)
        return Empty()

    def _start(self, python: str, request: Any) -> subprocess.Popen[bytes]:
        settings = {
            "monitor": request.monitor_address,
            "engine": self._engine,
            "project": request.project,
            "stack": request.stack,
            "parallel": request.parallel,
            "dry_run": request.dryRun,
            "organization": request.organization,
            "root_directory": request.info.root_directory,
        }
        environment = {
            **os.environ,
            "PULUMI_OFFLINE_SETTINGS": json.dumps(settings),
            "PULUMI_CONFIG": json.dumps(dict(request.config)),
            "PULUMI_CONFIG_SECRET_KEYS": json.dumps([*request.configSecretKeys]),
        }
        entry = Path(request.info.program_directory, request.info.entry_point)
        # Standard output and error are the host's own: the engine reads them line by line. The
        # open pipe tells the program that its engine is still there.
        program = subprocess.Popen(
            [python, "-u", str(RUNNER), "program", str(entry), *request.args],
            cwd=request.pwd or request.info.program_directory,
            env=environment,
            stdin=subprocess.PIPE,
        )
        self._programs.add(program)
        return program

    def _stop(self, program: subprocess.Popen[bytes]) -> None:
        """Interrupt a program, and kill it where that is not enough."""
        if program.poll() is not None:
            return
        program.send_signal(signal.SIGINT)
        killer = threading.Timer(SECONDS_TO_STOP, program.kill)
        killer.daemon = True
        killer.start()


def _python(info: Any) -> str:
    """Return the interpreter for a program; raises OptionError."""
    options: Mapping[str, Any] = json_format.MessageToDict(info.options)
    for name in ("toolchain", "typechecker"):
        if options.get(name, "pip") not in {"pip", "none"}:
            msg = f"runtime option {name}: {options[name]} is not supported by the host for tests"
            raise OptionError(msg)
    if not (virtualenv := options.get("virtualenv")):
        return os.environ.get("PULUMI_PYTHON_CMD", "python3")
    python = Path(info.root_directory, virtualenv, "bin", "python")
    if not python.exists():
        msg = f"runtime option virtualenv: {virtualenv} has no Python in it; create it first"
        raise OptionError(msg)
    return str(python)


def main() -> None:
    """Serve until the engine is gone; the engine reads the port from the first line."""
    # The engine ends a host with SIGINT, and waits five seconds for one that ignores it. A Ctrl-C
    # in a terminal does not come here, since plugins run in process groups of their own.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    positional = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
    limits = [
        ("grpc.max_receive_message_length", MAX_MESSAGE),
        ("grpc.max_send_message_length", MAX_MESSAGE),
    ]
    server = grpc.server(ThreadPoolExecutor(max_workers=8), options=limits)
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(
        LanguageHost(positional[-1] if positional else ""), server
    )
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)  # noqa: T201 - this is the protocol
    server.wait_for_termination()


if __name__ == "__main__":
    main()
