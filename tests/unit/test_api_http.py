"""The HTTP library is loaded without its command line, which stays there for others."""

from __future__ import annotations

import subprocess
import sys


def test_the_command_line_of_httpx_can_still_be_imported() -> None:
    """A program that uses the API client may import all parts of httpx itself."""
    program = (
        "import sys, pulumi_openrouter.api.client; print('httpx._main' in sys.modules); "
        "import httpx._main; print(callable(httpx._main.main))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert run.stdout.decode().split() == ["False", "True"]
