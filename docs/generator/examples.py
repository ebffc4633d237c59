"""The page of the examples: each with what its README says first."""

from __future__ import annotations

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
    # Links of the README are relative to its own folder.
    first = re.sub(r"\]\((?!https?:)([^)#]+)", rf"](../../examples/{folder}/\1", first)
    files = sorted(one.name for one in readme.parent.iterdir() if one.suffix in {".py", ".md"})
    links = ", ".join(f"[`{one}`](../../examples/{folder}/{one})" for one in files)
    return f"##{title.removeprefix('#')}\n\n{first}\n\n`examples/{folder}`: {links}"
