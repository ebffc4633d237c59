"""The reference pages, made from the code that they describe.

`python -m generator` (what `make docs` runs first) writes them into docs/reference. They are
committed, so that they can be read in the repository as well as on the site, and a test compares
them with what would be written now.
"""

from __future__ import annotations

from pathlib import Path

from generator.command_line import command_line_page
from generator.examples import examples_page
from generator.functions import functions_page
from generator.resources import resource_pages
from generator.sandbox import sandbox_page
from generator.settings import settings_page

REFERENCE = Path(__file__).parents[1] / "reference"


def pages() -> dict[str, str]:
    """Return the text of each page by the name of its file."""
    return {
        **resource_pages(),
        "functions.md": functions_page(),
        "settings.md": settings_page(),
        "command-line.md": command_line_page(),
        "sandbox.md": sandbox_page(),
        "examples.md": examples_page(),
    }
