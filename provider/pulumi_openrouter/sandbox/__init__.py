"""A local copy of OpenRouter's Workspaces API, built on FastAPI.

A request passes through `gateway` (log, latency, faults), `routes` (parsing and shaping),
`refusals` (in the API's words) and `store` (what the organization has). `control` is what a test
may tell the sandbox. `server` runs all of it in a thread as the context manager `Sandbox`, and
`command` runs it on the command line. The sandbox imports nothing from the rest of the package, so
that a mistake in the client cannot be repeated here and go unnoticed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_openrouter.sandbox.refusals import SandboxError

if TYPE_CHECKING:
    from pulumi_openrouter.sandbox.server import Sandbox as Sandbox

__all__ = ["Sandbox", "SandboxError"]


def __getattr__(name: str) -> object:
    """Import the server when `Sandbox` is first used, because FastAPI takes a while to load."""
    if name != "Sandbox":
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    try:
        from pulumi_openrouter.sandbox.server import Sandbox
    except ModuleNotFoundError as error:
        msg = (
            f"the sandbox needs {error.name}, which is not installed: "
            "pip install 'pulumi-openrouter[sandbox]'"
        )
        raise ModuleNotFoundError(msg, name=error.name) from error
    return Sandbox
