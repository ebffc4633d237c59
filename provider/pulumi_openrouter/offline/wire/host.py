"""The script that runs the user's program, or the dynamic provider, in a process of its own.

The engine starts it with the project's interpreter, so it imports nothing but `pulumi`. Standard
input is a pipe that only the engine holds. When the engine is gone, for whatever reason, the pipe
ends and so does this process, before it changes anything that nobody would record.

    host.py program <directory or file> [argument ...]
                                           settings as JSON in PULUMI_OFFLINE_SETTINGS
    host.py provider                       prints the port that it serves on
"""

import asyncio
import json
import logging
import os
import runpy
import signal
import sys
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor

# The exit code for a program that has already reported its error.
EXPLAINED = 32
# The exit code that shells report for a program that was ended by Ctrl-C.
INTERRUPTED = 130


def _end_with_engine() -> None:
    # Not sys.stdin: a thread inside it would keep the interpreter from shutting down.
    while os.read(0, 4096):
        pass
    os._exit(1)


def _main_file(program: str) -> str:
    """Return the file to run of a program, or the folder that lacks it.

    If Python runs a folder, it caches the program by its size and by the second in which it was
    changed, and so misses an edit within that second.
    """
    main = os.path.join(os.path.abspath(program), "__main__.py")
    return main if os.path.isfile(main) else os.path.abspath(program)


def _program_traceback(error: BaseException, main: str) -> str:
    """Format an error from the first line of the user's own code on."""
    frames = traceback.extract_tb(error.__traceback__)
    for depth, frame in enumerate(frames):
        if os.path.abspath(frame.filename) == main:
            return "".join(traceback.format_exception(error, limit=depth - len(frames)))
    return "".join(traceback.format_exception(error))


def _is_canceled(error: Exception) -> bool:
    """Return whether the engine canceled a call of the program.

    It does so to what is under way when the run fails for another reason, which it has reported.
    Mostly it is gone by then, and the SDK has an error of its own for that.
    """
    import grpc

    cause = error.__context__
    return isinstance(cause, grpc.RpcError) and cause.code() == grpc.StatusCode.CANCELLED


def _run_program(program: str, *arguments: str) -> int:
    import pulumi
    import pulumi.runtime

    settings = json.loads(os.environ.pop("PULUMI_OFFLINE_SETTINGS"))
    pulumi.runtime.set_all_config(
        pulumi.runtime.get_config_env(), pulumi.runtime.get_config_secret_keys_env()
    )
    pulumi.runtime.configure(pulumi.runtime.Settings(**settings))
    sys.argv = [program, *arguments]
    main = _main_file(program)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    # As many calls to the engine may wait as under the Pulumi CLI.
    executor = ThreadPoolExecutor(max_workers=settings["parallel"] * 4)
    loop.set_default_executor(executor)
    # Unfinished futures are expected after a failed run, and would only confuse the user.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    try:
        run = pulumi.runtime.run_in_stack(
            lambda: _ignore(runpy.run_path(main, run_name="__main__"))
        )
        loop.run_until_complete(run)
    except pulumi.RunError as error:
        pulumi.log.error(str(error))
        return EXPLAINED
    except Exception as error:  # the boundary of the user's code: shown, not handled
        if _is_canceled(error):
            return EXPLAINED
        text = _program_traceback(error, main)
        pulumi.log.error(f"Program failed with an unhandled exception:\n{text}")
        return EXPLAINED
    finally:
        executor.shutdown(wait=True)
        loop.close()
    return 0


def _ignore(_module: object) -> None:
    """Drop the globals of the program, because the SDK would await them."""


def main() -> int:
    """Run what the command line names."""
    # A shell makes background jobs ignore Ctrl-C, and child processes inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Thread(target=_end_with_engine, daemon=True).start()
    kind, *arguments = sys.argv[1:]
    # Python has put this file's folder first; programs and pickles import from their own folder.
    sys.path[0] = os.getcwd()
    if kind == "provider":
        sys.argv = ["pulumi.dynamic"]
        runpy.run_module("pulumi.dynamic", run_name="__main__", alter_sys=True)
        return 0
    try:
        return _run_program(*arguments)
    except KeyboardInterrupt:
        # The engine interrupts a program once the run has failed, and has reported the reason.
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
