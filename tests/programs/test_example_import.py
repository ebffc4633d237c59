"""The example of an import, run as a reader would run it."""

import os
import subprocess
import sys
from pathlib import Path

RUN = Path(__file__).parents[2] / "examples/14-import-organization/run"


def test_the_example_of_an_import_shows_one_changed_line() -> None:
    """Nothing is left to do after the import, and one changed limit is one line of a preview."""
    done = subprocess.run(
        [RUN],
        env={
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    *_, refreshed, updated, _, preview = done.stdout.split("\n$ ")
    assert refreshed.endswith("Resources:\n    9 unchanged\n")
    assert "9 unchanged" in updated
    assert preview.endswith(
        "Previewing update (prod):\n"
        " ~  pulumi-python:dynamic/openrouter:WorkspaceBudget chat-prod update\n"
        "      ~ monthly_usd: 5000 => 6000\n"
        "Resources:\n"
        "    ~ 1 to update\n"
        "    8 unchanged\n"
    )
