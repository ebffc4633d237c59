"""Starting the two processes of an operation: the user's program, and the provider.

Both run host.py with the project's interpreter in the program's folder. Their standard input is a
pipe that ends with the engine, for the reason that host.py gives.
"""

import json
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import IO

from pulumi_openrouter.offline.project import OperationOptions, Project

_HOST = str(Path(__file__).with_name("host.py"))

OnLine = Callable[[str], None]


class Child:
    """A process and the threads that pass its output on."""

    def __init__(
        self,
        project: Project,
        arguments: list[str],
        environment: Mapping[str, str],
        on_line: OnLine,
    ) -> None:
        self.process = subprocess.Popen(  # noqa: S603  # the interpreter that the project names
            [project.python, "-u", _HOST, *arguments],
            cwd=project.program_dir,
            # gRPC would send even loopback through an http proxy of the environment.
            env={**os.environ, "no_grpc_proxy": "127.0.0.1,localhost", **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            # Only the engine gets Ctrl-C, so that it can let running steps finish.
            start_new_session=True,
        )
        self.first_line: Future[str] = Future()
        self._muted = threading.Event()
        self._pumps = [
            threading.Thread(target=self._pump, args=(stream, on_line, head), daemon=True)
            for stream, head in (
                (self.process.stdout, "provider" in arguments[:1]),
                (self.process.stderr, False),
            )
        ]
        for pump in self._pumps:
            pump.start()

    def _pump(self, stream: IO[str], on_line: OnLine, head: bool) -> None:
        if head:
            self.first_line.set_result(stream.readline())
        for line in stream:
            if not self._muted.is_set():
                on_line(line.rstrip("\n"))
        stream.close()

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait for the process and the rest of its output; return None if it takes longer."""
        try:
            code = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            return None
        for pump in self._pumps:
            # A process that the program started may hold the pipe open for ever.
            pump.join(timeout=5)
        if self.process.stdin is not None:
            self.process.stdin.close()
        return code

    def interrupt(self) -> None:
        """Ask the process to end, like Ctrl-C; its output is no longer passed on."""
        self._muted.set()
        if os.name == "nt":
            self.process.kill()
        else:
            self.process.send_signal(signal.SIGINT)

    def end(self) -> None:
        """Kill the process; whatever it still prints is dropped."""
        self._muted.set()
        self.process.kill()
        self.wait()


def start_program(options: OperationOptions, address: str, on_line: OnLine) -> Child:
    """Start the user's program, which talks to the monitor at this address."""
    project, config = options.project, options.config
    settings = {
        "monitor": address,
        "engine": address,
        "project": project.name,
        "stack": options.stack,
        "parallel": options.parallel,
        "dry_run": options.dry_run,
        "organization": "organization",
        "root_directory": str(project.root),
    }
    environment = {
        **options.environment,
        "PULUMI_CONFIG": json.dumps({key: one.value for key, one in config.items()}),
        "PULUMI_CONFIG_SECRET_KEYS": json.dumps([key for key, one in config.items() if one.secret]),
        "PULUMI_OFFLINE_SETTINGS": json.dumps(settings),
    }
    return Child(project, ["program", project.program], environment, on_line)


def start_provider(options: OperationOptions, on_line: OnLine) -> Child:
    """Start the dynamic provider; its first line is the port that it serves on."""
    environment = {**options.environment, "PULUMI_PROJECT": options.project.name}
    return Child(options.project, ["provider"], environment, on_line)
