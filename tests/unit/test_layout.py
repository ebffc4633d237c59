"""What lies where, and what must not be in it."""

import ast
import subprocess
from pathlib import Path

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

# In parts, because this file is looked through as well.
FORBIDDEN = [
    *("/".join(("", *parts)) for parts in (("work", "main"), ("work", "shared"), ("opt", "dev"))),
    *("/".join(("", *parts, "")) for parts in (("root",), ("home", "runner"))),
    *(".".join(parts) for parts in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"))),
]


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


def test_no_file_knows_a_machine_or_a_registry() -> None:
    """No committed file holds a path of somebody's machine or the name of a registry's host."""
    found = [
        f"{file.relative_to(ROOT)}: {word}"
        for file in committed()
        for word in FORBIDDEN
        if word.encode() in file.read_bytes()
    ]
    assert found == []
