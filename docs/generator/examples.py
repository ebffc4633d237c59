"""The page of the examples: each with what its README says first."""

from __future__ import annotations

import os.path
import re
from pathlib import Path

from generator.markdown import page

EXAMPLES = Path(__file__).parents[2] / "examples"

INTRO = """Each example is a project of its own that you can run against the sandbox. The tests of
this package run all of them."""


def examples_page() -> str:
    """Return the page of the examples, in the order of their folders."""
    readmes = sorted(EXAMPLES.glob("*/README.md"))
    return page("Examples", INTRO, *(example_text(readme) for readme in readmes))


def example_text(readme: Path) -> str:
    """Return the section of an example: its title, its first paragraph and where it is."""
    title, first = readme.read_text(encoding="utf-8").split("\n\n")[:2]
    folder = readme.parent.name

    def link(found: re.Match[str]) -> str:
        # Links of the README are relative to its own folder.
        return f"]({os.path.normpath(Path('../../examples', folder, found[1]))}"

    first = re.sub(r"\]\((?!https?:)([^)#]+)", link, first)
    files = sorted(one.name for one in readme.parent.iterdir() if one.is_file())
    links = ", ".join(f"[`{one}`](../../examples/{folder}/{one})" for one in files)
    return f"##{title.removeprefix('#')}\n\n{first}\n\n`examples/{folder}`: {links}"
