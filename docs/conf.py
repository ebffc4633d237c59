"""How Sphinx builds the site: without the internet, and with every warning an error.

Furo brings no fonts or scripts from elsewhere, and its search works on files. The pages are plain
Markdown that can be read in the repository as well. What a link there reaches outside of this
folder is copied into the site.
"""

from __future__ import annotations

import os.path
import re
from importlib.metadata import version as version_of
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

DOCS = Path(__file__).parent

project = "pulumi-openrouter"
release = version_of(project)
project_copyright = "the authors of pulumi-openrouter"

extensions = ["myst_parser"]
exclude_patterns = ["_build", "generator"]
nitpicky = True
# Messages and commands are copied, so their quotes stay as they are.
smartquotes = False
myst_heading_anchors = 3

html_theme = "furo"
html_title = f"{project} {release}"
html_show_sourcelink = False
html_copy_source = False


def setup(app: Sphinx) -> None:
    """Let Sphinx change each page before it is parsed."""
    app.connect("source-read", read)


def read(_app: Sphinx, name: str, source: list[str]) -> None:
    """Bring into the site what a page of the repository has beside it."""
    here = (DOCS / name).parent

    def link(found: re.Match[str]) -> str:
        text, target = found.groups()
        file = Path(os.path.normpath(here / target))
        if file.is_relative_to(DOCS):
            return found[0]
        if file == DOCS.parent / "README.md":
            return f"[{text}](/index.md)"
        return text if file.is_dir() else f"[{text}](<path:{target}>)"

    shown = re.sub(r"^\[[^\]]+\]\((\.\.[^)]+)\):$", with_file, source[0], flags=re.MULTILINE)
    changed = re.sub(r"\[([^\]]+)\]\((?!\w+:|#)([^)#\s]+)(?:#[^)\s]*)?\)", link, shown)
    if name == "reference/examples":
        changed = re.sub(r"^`(examples/[\w-]+)`: .*$", with_program, changed, flags=re.MULTILINE)
    source[0] = changed


def with_file(found: re.Match[str]) -> str:
    """Show a whole file below the link to it, where the link is a line that ends with a colon."""
    language = {".yml": "yaml", ".yaml": "yaml", ".py": "python"}[Path(found[1]).suffix]
    return f"{found[0]}\n\n```{{literalinclude}} {found[1]}\n:language: {language}\n```"


def with_program(found: re.Match[str]) -> str:
    """Show the program of an example below the links to its files, if it has one."""
    folder = DOCS.parent / found[1]
    programs = [*folder.glob("__main__.py"), *folder.glob("*.py")]
    if not programs:
        return found[0]
    return f"{found[0]}\n\n```{{literalinclude}} ../../{found[1]}/{programs[0].name}\n```"
