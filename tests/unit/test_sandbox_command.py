"""The command `sandbox`, run as its users do: in a process of its own, ended by Ctrl-C."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from pulumi_openrouter.sandbox import Sandbox
from pulumi_openrouter.settings import Settings

# A test run in the background of a shell ignores Ctrl-C, and hands that down.
START = """
import signal
from pulumi_openrouter.sandbox.command import sandbox
signal.signal(signal.SIGINT, signal.default_int_handler)
sandbox()
"""


@contextmanager
def running(*arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """Run the command until the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", START, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def exports(process: "subprocess.Popen[str]") -> dict[str, str]:
    """Read what the command prints, up to the last export line."""
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(4)]
    assert lines[0].startswith("OpenRouter sandbox at http://127.0.0.1:")
    pairs = [line.removeprefix("export ").strip().split("=") for line in lines[2:]]
    return {name: value for name, value in pairs}


def test_command_serves_until_ctrl_c() -> None:
    """It prints where it is and the key, is quiet afterwards, and Ctrl-C ends it with code 0."""
    with running("--port", "0") as process:
        environment = exports(process)
        headers = {"Authorization": f"Bearer {environment['OPENROUTER_MANAGEMENT_KEY']}"}
        url = f"{environment['OPENROUTER_BASE_URL']}/workspaces"
        assert httpx.get(url, headers=headers).status_code == 200
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=120)
        assert (process.returncode, output, errors) == (0, "", "")


def test_log_prints_a_line_for_each_request() -> None:
    """With --log each request to the API is a line on standard error."""
    with running("--port", "0", "--log") as process:
        environment = exports(process)
        httpx.get(f"{environment['OPENROUTER_BASE_URL']}/workspaces?limit=1")
        assert process.stderr is not None
        assert process.stderr.readline() == "GET /workspaces?limit=1 401\n"
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=120)[1] == ""


def test_state_survives_a_kill(tmp_path: Path) -> None:
    """What the API has answered is in the database file, however the process ends."""
    db = str(tmp_path / "sandbox.db")
    with running("--port", "0", "--db", db, "--key", "sk-or-mgmt-mine") as process:
        url = f"{exports(process)['OPENROUTER_BASE_URL']}/workspaces"
        headers = {"Authorization": "Bearer sk-or-mgmt-mine"}
        httpx.post(url, json={"name": "Acme", "slug": "acme"}, headers=headers).raise_for_status()
        process.kill()
    with Sandbox(db=db) as sandbox:
        assert [one["slug"] for one in sandbox.state()["workspaces"]] == ["default", "acme"]


def test_port_in_use_is_one_line_of_error() -> None:
    """A port that is taken ends the command with one line that names --port."""
    with Sandbox() as sandbox:
        port = httpx.URL(sandbox.url).port
        with running("--port", str(port)) as process:
            output, errors = process.communicate(timeout=120)
    assert (process.returncode, output) == (1, "")
    assert errors.startswith(f"Error: cannot listen on 127.0.0.1 port {port}: ")
    assert errors.count("\n") == 1
    assert "--port" in errors


def test_other_than_loopback_is_warned_of() -> None:
    """Other machines are warned of, and the exports lead a program of this one to the sandbox."""
    with running("--port", "0", "--host", "0.0.0.0") as process:  # noqa: S104 - the case meant
        assert process.stderr is not None
        assert process.stderr.readline() == (
            "warning: 0.0.0.0 can be reached from other machines; programs that run there need "
            "https in front of it, because they accept plain http on their own machine only\n"
        )
        environment = exports(process)
        settings = Settings.load(lambda _: None, environment)
        headers = {"Authorization": f"Bearer {settings.management_key}"}
        assert httpx.get(f"{settings.base_url}/workspaces", headers=headers).status_code == 200


@pytest.mark.parametrize("key", ["a b", "ü", "line\nbreak"])
def test_a_key_that_no_client_can_send_is_refused(key: str) -> None:
    """The command does not start with a key that no header can carry."""
    with running("--port", "0", "--key", key) as process:
        output, errors = process.communicate(timeout=120)
    assert (process.returncode, output) == (1, "")
    assert errors == (
        "Error: the sandbox's key holds a space, a control character or a character outside ASCII, "
        "so no client can send it. Choose another with --key.\n"
    )


def test_a_database_that_cannot_be_used_is_one_line_of_error(tmp_path: Path) -> None:
    """A database in a folder that is not there ends the command with one line that names it."""
    db = tmp_path / "nowhere" / "x.db"
    with running("--port", "0", "--db", str(db)) as process:
        output, errors = process.communicate(timeout=120)
    assert (process.returncode, output) == (1, "")
    assert errors == (
        f"Error: the database {db} cannot be used: unable to open database file. Name another "
        "file, or a new one.\n"
    )


def test_missing_extra_is_named() -> None:
    """Without FastAPI the error says which extra has it."""
    without = "import sys; sys.modules['fastapi'] = None; "
    command = [sys.executable, "-c", without + START, "--port", "0"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert run.stderr == (
        "Error: the sandbox needs fastapi, which is not installed: "
        "pip install 'pulumi-openrouter[sandbox]'\n"
    )
