"""The page of the examples, from the list that stands beside them."""

from __future__ import annotations

import os.path
import re
from pathlib import Path

from generator.markdown import page

EXAMPLES = Path(__file__).parents[2] / "examples"

LEFTOVERS = {".pulumi-offline", ".pulumi", ".venv", "__pycache__", ".pytest_cache", ".mypy_cache"}
"""Folders that a run, a test or a tool leaves in an example."""

ROW = re.compile(r"^\| \[([\w-]+)\]\([\w-]+\) \| (.+?) \| (.+?) \|$", re.MULTILINE)


def examples_page() -> str:
    """Return the page of the examples, in the order of the list."""
    text = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    _, intro, *_ = text.split("\n\n")
    return page("Examples", moved(intro), *(example_text(*row) for row in ROW.findall(text)))


def moved(text: str) -> str:
    """Return text of the folder of the examples with links that lead there from the reference."""

    def link(found: re.Match[str]) -> str:
        return f"]({os.path.normpath(Path('../../examples', found[1]))}"

    return re.sub(r"\]\((?!https?:)([^)#]+)", link, text)


def example_text(folder: str, shows: str, how: str) -> str:
    """Return the section of an example: what it shows, how to run it and where it is."""
    found = (one.relative_to(EXAMPLES / folder) for one in (EXAMPLES / folder).rglob("*"))
    files = sorted(
        one.as_posix()
        for one in found
        if not LEFTOVERS.intersection(one.parts) and (EXAMPLES / folder / one).is_file()
    )
    links = ", ".join(f"[`{one}`](../../examples/{folder}/{one})" for one in files)
    return f"## {folder}\n\n{shows}.\n\nRun it: {moved(how)}\n\n`examples/{folder}`: {links}"
