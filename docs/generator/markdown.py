"""What the pages share: how Markdown is put together, and how docstrings are taken apart."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

SECTIONS = ("Args", "Attributes", "Raises", "Returns")
NOTE = "<!-- Written by `make docs` from the code: change that, not this page. -->"


@dataclass(frozen=True)
class Documented:
    """A docstring in parts: the text in front of its sections, and the entries of each."""

    text: str
    sections: dict[str, dict[str, str]]


def read_docstring(documented: object) -> Documented:
    """Return the docstring of an object in parts; the lines of an entry become one."""
    text = inspect.getdoc(documented) or ""
    before, *rest = re.split(rf"^({'|'.join(SECTIONS)}):\n", text, flags=re.MULTILINE)
    sections = {}
    for title, body in zip(rest[::2], rest[1::2], strict=True):
        entries = re.findall(r"^ +([\w.]+): (.*(?:\n {5,}.*)*)", body, re.MULTILINE)
        sections[title] = {name: one_line(words) for name, words in entries}
    return Documented(before.strip(), sections)


def one_line(text: str) -> str:
    """Return a text without line breaks."""
    return " ".join(text.split())


def page(title: str, *parts: str) -> str:
    """Return a page: title, the note on where it comes from, and its parts."""
    return "\n\n".join([f"# {title}", NOTE, *(part.strip() for part in parts if part)]) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(
        f"| {' | '.join(one.replace('|', chr(92) + '|') for one in line)} |" for line in lines
    )


def code(text: str) -> str:
    """Return text as code within a line."""
    return f"`{text}`"


def block(language: str, text: str) -> str:
    """Return text as a block of code."""
    return f"```{language}\n{text.strip()}\n```"


def entries(found: dict[str, str]) -> str:
    """Return a list of names with what they mean."""
    return "\n".join(f"- {code(name)}: {words}" for name, words in found.items())


def anchor(heading: str) -> str:
    """Return the anchor of a heading, as GitHub makes it."""
    kept = re.sub(r"[^\w\- ]", "", heading.lower())
    return kept.replace(" ", "-")
