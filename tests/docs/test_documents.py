"""All documents of the repository: their commands and their links lead to what there is."""

import os
import re
import shlex
from importlib import import_module
from pathlib import Path

import click
import pytest

from pulumi_openrouter.cli import COMMANDS
from pulumi_openrouter.sandbox import Sandbox
from pulumi_openrouter.sandbox.command import sandbox as serve

ROOT = Path(__file__).parents[2]
DOCUMENTS = [
    ROOT / "README.md",
    ROOT / ".github/CONTRIBUTING.md",
    ROOT / ".github/SECURITY.md",
    ROOT / "examples/README.md",
    *sorted(ROOT.glob("examples/*/README.md")),
    *sorted(ROOT.glob("docs/*.md")),
    *sorted(ROOT.glob("docs/guides/*.md")),
    *sorted(ROOT.glob("docs/reference/*.md")),
]
by_document = pytest.mark.parametrize(
    "document", DOCUMENTS, ids=lambda file: str(file.relative_to(ROOT))
)


@by_document
def test_commands_exist(document: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each command in a shell block, and each that a text quotes, is one that there is."""
    monkeypatch.chdir(ROOT)  # the folders that commands name are from there
    text = document.read_text(encoding="utf-8")
    quoted = re.findall(r"`((?:make|pulumi-openrouter) [^`…|]*)`", " ".join(text.split()))
    # Pages are followed word by word, where the files that they name are at hand.
    is_followed = document.is_relative_to(ROOT / "docs") or document.parent == ROOT
    shell = r"^ *```shell\n(.*?)^ *```$"
    found = [] if is_followed else re.findall(shell, text, re.MULTILINE | re.DOTALL)
    lines = [line for block in found for line in block.splitlines()]
    for command in lines + quoted:
        for part in re.split(r"&&|&$", command):
            if part.strip():
                check_command(part)


@by_document
def test_links_lead_somewhere(document: Path) -> None:
    """Each link to a file of the repository leads to one, and to a heading where it names one."""
    text = document.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)]+)\)", text):
        if target.startswith("https://"):
            continue
        file, _, anchor = target.partition("#")
        found = (document.parent / file).resolve() if file else document
        assert found.exists(), target
        headings = re.findall(r"^#+ (.+)$", found.read_text(), re.MULTILINE) if anchor else []
        assert not anchor or anchor in map(anchor_of, headings), target


@pytest.mark.parametrize("page", ["README.md", "docs/index.md", "docs/guides/first-stack.md"])
def test_the_way_to_the_sandbox_is_right(page: str, sandbox: Sandbox) -> None:
    """The variables shown lead to a sandbox on its default port, with its default key."""
    text = (ROOT / page).read_text(encoding="utf-8")
    variables = re.findall(r"(OPENROUTER_\w+)=(\S*(?:http://|sandbox)\S*)", text)
    [port] = [option.default for option in serve.params if option.name == "port"]
    assert dict(variables) == {
        "OPENROUTER_BASE_URL": f"http://127.0.0.1:{port}/api/v1",
        "OPENROUTER_MANAGEMENT_KEY": sandbox.key,
    }


def anchor_of(heading: str) -> str:
    """Return the anchor that GitHub and Sphinx make of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def check_command(command: str) -> None:
    """Fail unless whose command it is knows it."""
    words = [w for w in shlex.split(command, comments=True) if not re.match(r"[A-Z_]+=", w)]
    if words[0] == "make":
        makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
        for target in words[1:]:
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), command
    elif words[0] == "pulumi-openrouter":
        check_arguments(words[1:])
    elif not os.access(ROOT / words[0], os.X_OK):
        assert words[0] in {"pip", "pulumi", "source"}, command


def check_arguments(words: list[str]) -> None:
    """Parse arguments as the command line does, which looks for the files they name as well."""
    module, name = COMMANDS[words[0]]
    command: click.Command = getattr(import_module(module), name)
    rest = words[1:]
    if isinstance(command, click.Group) and rest:
        found = command.get_command(click.Context(command), rest.pop(0))
        assert found is not None, words
        command = found
    command.make_context(words[0], rest, resilient_parsing=not rest)
