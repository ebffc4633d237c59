"""What lies where, and what must not be in it."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

TOP_LEVEL = {
    "CHANGELOG.md",
    "LICENSE",
    "Makefile",
    "Pulumi.yaml",
    "README.md",
    "docs",
    "examples",
    "provider",
    "pyproject.toml",
    "tests",
}

# As patterns, none of which finds itself in this file.
FORBIDDEN = {
    "a folder of somebody's machine": (
        rb"(?<![\w.~-])/(?:home|Users|root|work|workspace|mnt|srv|opt|tmp)/[\w.-]+"
    ),
    "a folder of somebody's Windows machine": rb"\b[A-Z]:\\+Users\\",
    "the host of a package registry": (
        rb"(?i)\b(?:pypi|pythonhosted|npmjs|yarnpkg|crates|proxy\.golang)\.(?:org|com|io)\b"
        rb"|\b(?:artifactory|registry|nexus)\.[a-z0-9-]+\.[a-z]"
    ),
    "an index of packages": rb"--(?:extra-)?index-url[ =]",
}


def committed() -> list[Path]:
    """Return the files that are under version control, or would be with the next commit."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],  # noqa: S607 - the user's git
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def sources() -> list[tuple[str, str]]:
    """Return the names and texts of the Python files among them."""
    return [
        (str(file.relative_to(ROOT)), file.read_text(encoding="utf-8"))
        for file in committed()
        if file.suffix == ".py"
    ]


def test_the_top_level_is_given() -> None:
    """Nothing lies at the top but what is listed here, and dot-folders."""
    found = {file.relative_to(ROOT).parts[0] for file in committed()}
    assert {name for name in found if not name.startswith(".")} == TOP_LEVEL


def test_source_files_say_what_they_are() -> None:
    """Each Python file that is not empty opens with a docstring."""
    assert [
        file for file, text in sources() if text and not ast.get_docstring(ast.parse(text))
    ] == []


@pytest.mark.parametrize("pattern", FORBIDDEN.values(), ids=FORBIDDEN)
def test_no_file_knows_a_machine_or_a_registry(pattern: bytes) -> None:
    """A committed file works wherever it is checked out, and names no place of its authors."""
    found = [
        f"{file.relative_to(ROOT)}: {match[0].decode()}"
        for file in committed()
        for match in re.finditer(pattern, file.read_bytes())
    ]
    assert found == []
