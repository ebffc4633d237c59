"""A local copy of OpenRouter's Workspaces API, built on FastAPI and SQLite.

A request passes through `gateway` (log, latency, faults), `routes` (parsing and shaping), `rules`
(refusals in the API's words) and `store` (persistence). `server` runs all of it in a thread as the
context manager `Sandbox`, `command` runs it on the command line, and `control` lets a test steer it
over HTTP. The sandbox imports nothing from the rest of the package, so that a mistake in the client
cannot be repeated here and go unnoticed.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .server import Sandbox as Sandbox

__all__ = ["Sandbox"]


def __getattr__(name: str) -> object:
    """Import the server when `Sandbox` is first used: FastAPI takes a while to load."""
    if name != "Sandbox":
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    try:
        from .server import Sandbox
    except ModuleNotFoundError as error:
        msg = (
            f"the sandbox needs {error.name}, which is not installed: "
            "pip install 'pulumi-openrouter[sandbox]'"
        )
        raise ModuleNotFoundError(msg, name=error.name) from error
    return Sandbox
