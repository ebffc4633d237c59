"""The README and the guides, followed word by word on either engine."""

from pathlib import Path

import pytest

from harness import Engine
from harness.pages import Reader, blocks_of, uses_pulumi
from harness.project import pulumi_on_path
from pulumi_openrouter.sandbox import Sandbox

ROOT = Path(__file__).parents[2]
PAGES = {
    str(file.relative_to(ROOT)): file.read_text(encoding="utf-8")
    for file in [
        ROOT / "README.md",
        *sorted(ROOT.glob("docs/*.md")),
        *sorted(ROOT.glob("docs/guides/*.md")),
        *sorted(ROOT.glob("docs/reference/*.md")),
    ]
}
TO_FOLLOW = [name for name, text in PAGES.items() if any(True for _ in blocks_of(text))]
WITH_PULUMI = [name for name in TO_FOLLOW if uses_pulumi(PAGES[name])]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("page", TO_FOLLOW)
def test_a_page_works_word_by_word(page: str, tmp_path: Path, sandbox: Sandbox) -> None:
    """Each program comes up, each command succeeds, and each output is what is shown."""
    Reader(tmp_path / "acme", Engine.OFFLINE, sandbox).follow(PAGES[page])


@pytest.mark.cli
@pytest.mark.skipif(not pulumi_on_path(), reason="`pulumi` is not on PATH")
@pytest.mark.parametrize("page", WITH_PULUMI)
def test_a_page_works_word_by_word_on_the_pulumi_cli(
    page: str, tmp_path: Path, sandbox: Sandbox
) -> None:
    """The same, where the page has commands of the Pulumi CLI."""
    Reader(tmp_path / "acme", Engine.CLI, sandbox).follow(PAGES[page])
