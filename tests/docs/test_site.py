"""The site: Sphinx builds it without a warning, and it needs nothing from the internet."""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"

pytestmark = pytest.mark.skipif(
    sys.version_info < (3, 11), reason="Sphinx and MyST need Python 3.11"
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site into a folder of its own."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "--fail-on-warning", "--keep-going", "--quiet"]
    done = subprocess.run(
        [*command, "--builder", "html", str(DOCS), str(folder)],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return folder


class Resources(HTMLParser):
    """What a browser loads to show a page, and where the links of the page lead."""

    LOADED = ("src", "srcset", "data", "poster")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what the attributes of an element name."""
        for name, value in attrs:
            if name in self.LOADED or (tag, name) == ("link", "href"):
                self.loaded.append(value or "")
            elif (tag, name) == ("a", "href"):
                self.links.append(value or "")


class Words(HTMLParser):
    """What somebody reads on a page, with its line breaks."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = ""
        self.feed(text)

    def handle_data(self, data: str) -> None:
        """Note a part of the text."""
        self.text += data


def test_no_page_asks_the_network(site: Path) -> None:
    """Whatever a page, a style sheet or a script of the site loads lies in the site."""
    pages = [*site.rglob("*.html")]
    assert len(pages) > 20
    for page in pages:
        for target in Resources(page.read_text(encoding="utf-8")).loaded:
            file = (page.parent / target.partition("?")[0].partition("#")[0]).resolve()
            assert file.is_relative_to(site), f"{page.name} loads {target}"
            assert file.exists(), f"{page.name} loads {target}"
    for sheet in site.rglob("*.css"):
        text = sheet.read_text(encoding="utf-8")
        assert not re.search(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//", text), sheet.name
    for script in site.rglob("*.js"):
        text = script.read_text(encoding="utf-8")
        assert not re.search(r"(?:fetch|import|open)\(\s*[\"'`](?:https?:)?//", text), script.name


def test_links_between_pages_lead_to_pages_of_the_site(site: Path) -> None:
    """A link within the site works on files: it names a file that is there."""
    for page in site.rglob("*.html"):
        for target in Resources(page.read_text(encoding="utf-8")).links:
            if not re.match(r"https://|#|mailto:", target) and target:
                file = page.parent / target.partition("#")[0]
                assert file.is_file(), f"{page.name} links to {target}"


def test_the_guide_to_ci_shows_the_pipelines_whole(site: Path) -> None:
    """Whoever reads the site can copy each pipeline from the page, and need not look for it."""
    page = Words((site / "guides/ci.html").read_text(encoding="utf-8")).text
    for pipeline in (".github/workflows/openrouter.yml", ".gitlab-ci.yml"):
        assert (DOCS.parent / "examples/12-ci" / pipeline).read_text(encoding="utf-8") in page


def test_the_search_has_its_words_at_hand(site: Path) -> None:
    """The search works on files: its index is a script, and it knows the inputs."""
    index = (site / "searchindex.js").read_text(encoding="utf-8")
    assert index.startswith("Search.setIndex(")
    assert "skip_missing" in index
