"""What is left when a process dies, or is asked to end, in the middle of a run."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from pulumi_openrouter.offline import (
    OperationError,
    Stack,
    StateError,
    create_or_select_stack,
)

from .engines import new_world, read_world, take_calls

COMMAND = "from pulumi_openrouter.offline.cli import offline; offline()"


class World:
    """A toy project, the provider's objects, and the means to hold a call where it is."""

    def __init__(self, folder: Path) -> None:
        self.project, self.objects = new_world("offline", folder, "toy")
        self.use("chain")
        (self.project / "Pulumi.dev.yaml").write_text(f"config: {{toy:folder: {self.objects}}}\n")

    def use(self, variant: str) -> None:
        """Choose the program."""
        (self.project / "variant").write_text(variant)

    def stack(self) -> Stack:
        """Return the stack."""
        return create_or_select_stack("dev", self.project)

    def hold(self, call: str, key: str) -> Callable[[], int]:
        """Have the provider wait in a call; return a function that waits for it, and its pid."""
        (self.objects / f"hold-{call}-{key}").touch()
        waiting = self.objects / "waiting"
        waiting.unlink(missing_ok=True)

        def reached() -> int:
            until(lambda: waiting.exists() and waiting.read_text() != "")
            return int(waiting.read_text())

        return reached

    def release(self) -> None:
        """Let held calls go on."""
        for file in self.objects.glob("hold-*"):
            file.unlink()

    def run(self, *arguments: str, longest_file: int) -> "subprocess.CompletedProcess[str]":
        """Run the command where no file may be longer than this, as on a disk that gets full."""
        limit = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({longest_file},) * 2)"
        return subprocess.run(
            [sys.executable, "-c", f"{limit}; {COMMAND}", *arguments, "--cwd", str(self.project)],
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def state(self) -> Path:
        """The file of the state."""
        return self.project / ".pulumi-offline" / "toy" / "dev.json"

    def start(self, *arguments: str, terminal: int | None = None) -> "subprocess.Popen[str]":
        """Start the command in a process of its own, on a terminal if one is given."""
        return subprocess.Popen(
            [sys.executable, "-c", COMMAND, *arguments, "--cwd", str(self.project)],
            env={**os.environ, "TERM": "xterm"},
            stdout=subprocess.PIPE if terminal is None else terminal,
            stderr=subprocess.STDOUT,
            text=True,
        )


def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition that another process brings about."""
    tick = threading.Event()
    for _ in range(3000):
        if condition():
            return
        tick.wait(0.02)
    pytest.fail("it never came to pass")


def alive(pid: int) -> bool:
    """Return whether a process is there, and not just its entry."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A world of its own; nothing is held when it ends."""
    world = World(tmp_path)
    yield world
    world.release()


@pytest.fixture
def beside() -> Iterator[Callable[[Callable[[], object]], "Future[object]"]]:
    """Run something beside the test."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        yield pool.submit


def test_a_provider_that_is_killed_ends_the_run_by_name(
    world: World, beside: Callable[[Callable[[], object]], "Future[object]"]
) -> None:
    """The error names the call that was cut off; what was done is saved, the next run goes on."""
    reached = world.hold("create", "b")
    run = beside(world.stack().up)
    os.kill(reached(), signal.SIGKILL)
    with pytest.raises(OperationError) as failure:
        run.result()
    assert "the provider process ended while it was to create 'b'" in str(failure.value)
    assert failure.value.resource_changes == {"create": 2}
    assert "pending_operations" not in world.stack().export_stack().deployment
    world.release()
    assert world.stack().up().summary.resource_changes == {"same": 2, "create": 2}


def test_an_engine_that_is_killed_leaves_what_it_did(world: World) -> None:
    """Its provider ends with it; the next run knows what was done, and what was under way."""
    reached = world.hold("create", "b")
    engine = world.start("up")
    provider = reached()
    engine.kill()
    engine.communicate()
    until(lambda: not alive(provider))
    world.release()
    deployment = world.stack().export_stack().deployment
    (pending,) = deployment["pending_operations"]
    assert pending["type"] == "creating"
    assert pending["resource"]["urn"].endswith("::b")
    assert [one["id"] for one in deployment["resources"] if one["urn"].endswith("::a")] == ["a-1"]

    result = world.stack().up()
    assert result.summary.resource_changes == {"same": 2, "create": 2}
    assert "warning: an earlier operation was cut off with 1 pending operation" in result.stdout
    assert take_calls(world.objects) == ["create a-1", "create b-1", "create c-1"]
    # Nobody but a person knows whether that create was done, so it stays noted until cleared.
    assert "pending_operations" in world.stack().export_stack().deployment
    world.stack().refresh(clear_pending_creates=True)
    assert "pending_operations" not in world.stack().export_stack().deployment


def test_a_program_that_dies_ends_the_run(world: World) -> None:
    """The engine does not wait for a program that is gone, and deletes nothing."""
    world.stack().up()
    world.use("dies")
    with pytest.raises(OperationError, match="the program ended with exit code 3"):
        world.stack().up()
    assert sorted(read_world(world.objects)) == ["a-1", "b-1", "c-1"]


def test_ctrl_c_lets_what_runs_finish(world: World) -> None:
    """The call under way is finished and saved, nothing new begins, and the exit code is 130."""
    reached = world.hold("create", "a")
    with world.start("up", "--json") as engine:
        reached()
        engine.send_signal(signal.SIGINT)
        assert engine.stdout is not None
        printed: list[str] = []
        for line in engine.stdout:
            printed.append(line)
            if line.startswith("canceling:"):
                world.release()
    assert engine.returncode == 128 + signal.SIGINT
    result = json.loads(printed[-1])
    assert result["result"] == "failed"
    assert result["summary"]["resource_changes"] == {"create": 2}
    assert {"severity": "error", "urn": "", "message": "update canceled"} in result["diagnostics"]
    assert sorted(read_world(world.objects)) == ["a-1"]
    assert world.stack().up().summary.resource_changes == {"same": 2, "create": 2}


def test_a_second_ctrl_c_kills(world: World) -> None:
    """Whoever will not wait need not; what was under way is then noted as pending."""
    reached = world.hold("create", "a")
    engine = world.start("up")
    provider = reached()
    engine.send_signal(signal.SIGINT)
    assert engine.stdout is not None
    until(lambda: "canceling:" in (engine.stdout.readline() if engine.stdout else ""))
    engine.send_signal(signal.SIGINT)
    engine.communicate()
    assert engine.returncode == 128 + signal.SIGINT
    until(lambda: not alive(provider))
    assert "pending_operations" in world.stack().export_stack().deployment


@pytest.mark.skipif(os.name == "nt", reason="needs a pseudo-terminal")
def test_a_second_ctrl_c_shows_the_cursor_again(world: World) -> None:
    """On a terminal, the cursor that the display has hidden is there again after the kill."""
    reached = world.hold("create", "a")
    ours, theirs = os.openpty()
    with world.start("up", terminal=theirs) as engine:
        os.close(theirs)
        reached()
        engine.send_signal(signal.SIGINT)
        shown = b""
        while b"canceling:" not in shown:
            shown += os.read(ours, 4096)
        engine.send_signal(signal.SIGINT)
        with suppress(OSError):
            while chunk := os.read(ours, 4096):
                shown += chunk
    os.close(ours)
    assert engine.returncode == 128 + signal.SIGINT
    assert shown.rindex(b"\x1b[?25h") > shown.rindex(b"\x1b[?25l")


def test_cancel_ends_the_running_operation_only(
    world: World, beside: Callable[[Callable[[], object]], "Future[object]"]
) -> None:
    """A canceled operation fails, and the next one of the same object runs to its end."""
    stack = world.stack()
    stack.cancel()
    reached = world.hold("create", "a")
    run = beside(stack.up)
    reached()
    stack.cancel()
    world.release()
    with pytest.raises(OperationError, match="update canceled"):
        run.result()
    assert stack.up().summary.resource_changes == {"same": 2, "create": 2}


def test_a_second_run_on_a_stack_is_refused(world: World) -> None:
    """The error names the process that has the stack, and changes nothing."""
    reached = world.hold("create", "a")
    engine = world.start("up")
    reached()
    with pytest.raises(StateError, match=f"stack 'dev' is in use by process {engine.pid}, since"):
        world.stack().up()
    world.release()
    engine.communicate()
    assert engine.returncode == 0


@pytest.mark.parametrize("operation", ["up", "refresh", "destroy --skip-preview"])
def test_a_state_that_cannot_be_written_ends_the_run_before_it_begins(
    world: World, operation: str
) -> None:
    """Where the folder cannot be made, or the disk is full, one line says which file and why."""
    folder = world.state.parent
    folder.parent.touch()
    no_folder = world.run(*operation.split(), longest_file=1 << 20)
    folder.parent.unlink()
    no_room = world.run(*operation.split(), longest_file=10)
    assert no_folder.returncode == no_room.returncode == 1
    assert no_folder.stderr == (
        f"error: the state of stack 'dev' cannot be written: {folder.parent}: File exists; nothing "
        "was done: make that folder writable for your user, and run the command again\n"
    )
    assert no_room.stderr == (
        f"error: the state of stack 'dev' cannot be written: {folder}/dev.key: File too large; "
        "nothing was done: free some space there, and run the command again\n"
    )
    assert read_world(world.objects) == {}


def test_a_disk_that_gets_full_ends_the_run_in_an_orderly_way(world: World) -> None:
    """What is done and could not be recorded is named with its id; nothing new begins after it."""
    world.state.parent.mkdir(parents=True)
    world.state.with_suffix(".new").symlink_to("/dev/full")
    with pytest.raises(OperationError):
        world.stack().up()
    lines = world.state.with_suffix(".journal").read_text().splitlines(keepends=True)
    before = next(number for number, line in enumerate(lines) if '"id":"b-1"' in line)
    for file in (*world.state.parent.iterdir(), *world.objects.iterdir()):
        file.unlink()

    room = len("".join(lines[:before])) + len(lines[before]) // 2
    result = world.run("up", longest_file=room)
    assert result.returncode == 1
    assert result.stderr == ""
    unrecorded, unsaved = [one for one in result.stdout.splitlines() if one.startswith("error: ")]
    assert unrecorded == (
        "error: pulumi-python:dynamic/toy:Thing (b): creating it succeeded (id b-1), but that is "
        f"not recorded: the state of stack 'dev' cannot be written: {world.state.parent}/"
        "dev.journal: File too large"
    )
    assert "it lacks what the errors above call not recorded: note the ids" in unsaved
    assert "free some space there" in unsaved
    assert sorted(read_world(world.objects)) == ["a-1", "b-1"]
    # What was recorded is there, and the next run knows which create has no end.
    after = world.run("up", longest_file=1 << 20)
    assert after.returncode == 0
    assert "Thing::b, interrupted while creating" in after.stdout


def test_a_state_that_cannot_be_saved_is_in_the_journal(world: World) -> None:
    """If only the last write fails, nothing is lost: the next run goes on from the journal."""
    world.state.parent.mkdir(parents=True)
    world.state.with_suffix(".new").symlink_to("/dev/full")
    with pytest.raises(OperationError) as failure:
        world.stack().up()
    assert failure.value.resource_changes == {"create": 4}
    assert "dev.new: No space left on device; nothing is lost" in str(failure.value)
    assert world.stack().up().summary.resource_changes == {"same": 4}


def test_a_second_kill_loses_nothing_of_the_first_run(world: World) -> None:
    """What a killed run has recorded stays, whatever becomes of the next one."""
    for operation, call, held in (("up", "create", "c"), ("refresh", "read", "a")):
        reached = world.hold(call, held)
        engine = world.start(operation)
        provider = reached()
        engine.kill()
        engine.communicate()
        until(partial(lambda one: not alive(one), provider))
        world.release()
    deployment = world.stack().export_stack().deployment
    ids = [one["id"] for one in deployment["resources"] if one["urn"].count("Thing::")]
    assert sorted(ids) == ["a-1", "b-1"]
