"""The troubleshooting page against the messages that the code has."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/guides/troubleshooting.md").read_text(encoding="utf-8")
HEADINGS = re.findall(r"^### `(.+)`$", PAGE, re.MULTILINE)
OTHERS = {
    "Resource monitor has terminated": "Pulumi's SDK prints it",
    "certificate verify failed": "Python's ssl prints it",
    "failed to load checkpoint: EOF": "the Pulumi CLI prints it",
}
"""Messages that come from somewhere else."""


def templates() -> Iterator[str]:
    """Yield each text in the package's code; what it fills in is a `\\0`."""
    for file in sorted((ROOT / "provider").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                parts = (p.value if isinstance(p, ast.Constant) else "\0" for p in node.values)
                yield "".join(map(str, parts))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


TEMPLATES = [*templates()]


@pytest.mark.parametrize("heading", HEADINGS)
def test_the_code_has_the_message(heading: str) -> None:
    """Each heading is a part of a message; `…` and numbers are what the message fills in."""
    if heading in OTHERS:
        return
    # Behind the status are the words of the API.
    parts = heading.split(": ") if "answered" in heading else [heading]
    for part in parts:
        pattern = ".*".join(re.escape(one) for one in re.split(r"…|\b\d{3}\b", part))
        assert any(re.search(pattern, one, re.DOTALL) for one in TEMPLATES), part


def test_the_page_has_messages() -> None:
    """The page is not empty, and no message stands there twice."""
    assert len(HEADINGS) == len({*HEADINGS}) > 30
