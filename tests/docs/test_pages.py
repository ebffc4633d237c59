"""The README and the guides, followed word by word on either engine."""

from pathlib import Path

import pytest

from harness import Engine
from harness.pages import Reader, blocks_of
from pulumi_openrouter.sandbox import Sandbox

ROOT = Path(__file__).parents[2]
PAGES = [
    page
    for page in [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md"))]
    if "_build" not in page.parts and any(True for _ in blocks_of(page.read_text(encoding="utf-8")))
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_works_word_by_word(
    page: Path, tmp_path: Path, engine: Engine, sandbox: Sandbox
) -> None:
    """Each program comes up, each command succeeds, and each output is what is shown."""
    Reader(tmp_path / "acme", engine, sandbox).follow(page.read_text(encoding="utf-8"))
