"""A page of the documentation, followed word by word by somebody with a folder and a sandbox.

Blocks are followed in the order of the page:

- `python` with tests runs under pytest; a Pulumi program is written to `__main__.py` and brought
  up, by the command that follows it or at the end; anything else runs as a script.
- `yaml` is written to the file that its comment in the first line names.
- `shell` runs, and so does each line of a `console` block that begins with `$ `. The lines below it
  have to be what the command prints; `...` stands for any text, and alone for any lines.
- A comment `<!-- test: ... -->`, which no reader sees, is Python with `sandbox`, `somebody` and
  `reader`: what somebody else does meanwhile, or a check. `<!-- test: skip REASON -->` keeps the
  next block from running.

Commands of the Pulumi CLI run on it where it is the engine. Otherwise the offline engine does what
it can do of them, and the others are passed over.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from harness.organization import Somebody
from harness.project import Engine
from pulumi_openrouter.sandbox import Sandbox
from pulumi_openrouter.testing.stack import cli_variables

_BLOCK = re.compile(
    r"^(?P<indent> *)```(?P<kind>\w+)\n(?P<text>.*?)^(?P=indent)```$"
    r"|^ *<!-- test: (?P<aside>.*?) -->$",
    re.MULTILINE | re.DOTALL,
)
_NOT_HERE = {"pip", "source", "make", "git", "python", "curl", "docker", "brew"}
"""Commands that set up a machine, or that need another one."""
_CREATES_A_STACK = re.compile(r"pulumi stack (?:init|select --create)")
_OPERATIONS = {"preview", "up", "refresh", "destroy", "import"}
_ASKING = {"up", "refresh", "destroy", "import"}
_OFFLINE_FLAGS = {"--refresh", "--expect-no-changes", "--yes", "--replace", "--stack", "--file"}
_VARYING = [
    (re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "<id>"),
    (re.compile(r"\d+(?:\.\d+)?m?s\b"), "<time>"),
    (re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z"), "<moment>"),
    (re.compile(r"\buser_\w+"), "<user>"),
    (re.compile(r"(?<=State is kept in )\S+,"), "<folder>"),
    (re.compile(r"http://127\.0\.0\.1:\d+"), "<sandbox>"),
]


@dataclass(frozen=True)
class Block:
    """A part of a page that can be followed: what kind it is, its text, and where it begins."""

    kind: str
    text: str
    line: int

    @property
    def is_test(self) -> bool:
        """Return whether it is Python with tests."""
        return "def test_" in self.text

    @property
    def is_program(self) -> bool:
        """Return whether it is a Pulumi program."""
        return "import pulumi_openrouter as openrouter\n" in self.text and not self.is_test


def blocks_of(text: str) -> Iterator[Block]:
    """Yield the blocks of a page in their order; one that is not to be run is not among them."""
    skipped = False
    for found in _BLOCK.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        aside = found["aside"]
        if aside is not None:
            skipped = aside.startswith("skip ")
            if not skipped:
                yield Block("test", aside, line)
            continue
        if not skipped:
            indent = len(found["indent"])
            text_ = "".join(one[indent:] for one in found["text"].splitlines(keepends=True))
            yield Block(found["kind"], text_, line)
        skipped = False


def uses_pulumi(text: str) -> bool:
    """Return whether a page has commands of the Pulumi CLI."""
    commands = (b.text for b in blocks_of(text) if b.kind in {"console", "shell"})
    return any(
        re.search(r"^(?:\$ )?(?:[A-Z_]+=\S+ )*pulumi ", one, re.MULTILINE) for one in commands
    )


class Reader:
    """Somebody who follows a page."""

    def __init__(self, folder: Path, engine: Engine, sandbox: Sandbox, stack: str = "prod") -> None:
        self.folder = folder
        self.engine = engine
        self.sandbox = sandbox
        path = f"{Path(sys.prefix) / 'bin'}{os.pathsep}{os.environ['PATH']}"
        self.environment = {
            **os.environ,
            **cli_variables(folder.parent / "of-pulumi"),
            "PATH": path,
            "PULUMI_STACK": stack,
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        self.place = folder
        self._program_waits = False
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "Pulumi.yaml").write_text("name: acme\nruntime: python\n")
        self._initialized = False
        self._engine_of_page = "pulumi"

    def follow(self, text: str) -> None:
        """Follow a page from its first block to its last."""
        blocks = [*blocks_of(text)]
        self._initialized = any(_CREATES_A_STACK.search(block.text) for block in blocks)
        self._engine_of_page = "pulumi" if uses_pulumi(text) else "pulumi-openrouter offline"
        for block in blocks:
            try:
                getattr(self, f"_follow_{block.kind}", self._read)(block)
            except Exception as error:
                # The page is what has to be mended, so name its line and not ours.
                pytest.fail(f"line {block.line}:\n{block.text}\n{error}", pytrace=False)
        self._bring_up()

    def fails(self, command: str, message: str) -> None:
        """Run a command that has to fail, and to print a message."""
        with pytest.raises(AssertionError, match=re.escape(message)):
            self._do(command)

    def _read(self, block: Block) -> None:
        """Leave a block that is there to be read."""
        assert block.kind in {"text", "json", "toml"}, f"nothing is known of {block.kind}"

    def _follow_test(self, block: Block) -> None:
        self._bring_up()
        with Somebody(self.sandbox) as somebody:
            names = {"sandbox": self.sandbox, "somebody": somebody, "reader": self}
            exec(block.text, names)  # noqa: S102 - a page of this repository

    def _follow_python(self, block: Block) -> None:
        if block.is_test:
            (self.place / "test_program.py").write_text(block.text)
            self._run("python -m pytest -q -p no:cacheprovider")
        elif block.is_program:
            self._bring_up()
            (self.place / "__main__.py").write_text(block.text)
            self._program_waits = True
        else:
            (self.place / "script.py").write_text(block.text)
            self._run("python script.py")

    def _follow_yaml(self, block: Block) -> None:
        assert isinstance(yaml.safe_load(block.text), (dict, list))
        named = re.match(r"# ([\w.-]+\.ya?ml)\b", block.text)
        if named:
            (self.place / named[1]).write_text(block.text)

    def _follow_shell(self, block: Block) -> None:
        for command in _commands(block.text):
            self._do(command)

    def _follow_console(self, block: Block) -> None:
        for found in re.finditer(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block.text, re.MULTILINE):
            command, expected = found.groups()
            printed = self._do(command, may_fail="error: " in expected)
            if printed is not None and expected:
                _compare(printed, expected)

    def _bring_up(self) -> None:
        if self._program_waits:
            self._do(f"{self._engine_of_page} up --yes")

    def _do(self, command: str, *, may_fail: bool = False) -> str | None:
        """Run a command of a page; return what it printed, unless its output is not the page's."""
        words = [one for one in shlex.split(command, comments=True) if not _is_setting(one)]
        if not words or words[0] in _NOT_HERE or words[:2] == ["pulumi-openrouter", "sandbox"]:
            return None
        if words[0] == "pulumi" or "offline" in words[:2]:
            self._program_waits = False
        if words[0] == "pulumi" and self.engine is Engine.OFFLINE:
            self._do_offline(command, words, may_fail)
            return None
        if words[0] == "pulumi":
            self._initialize()
            command += " --yes" if words[1] in _ASKING and "--yes" not in words else ""
        return self._run(command, may_fail=may_fail)

    def _do_offline(self, command: str, words: list[str], may_fail: bool) -> None:
        if words[1:3] == ["stack", "init"] or words[1:3] == ["stack", "select"]:
            [self.environment["PULUMI_STACK"]] = (one for one in words[3:] if one[0] != "-")
        elif words[1:3] == ["config", "set"] and "--secret" not in words:
            self._set_config(*words[3:5])
        elif words[1:3] == ["stack", "export"]:
            exported = command.replace("pulumi stack export", "pulumi-openrouter offline export")
            self._run(exported.replace("--show-secrets", ""))
        elif words[1] in _OPERATIONS:
            settings = [one for one in shlex.split(command) if _is_setting(one)]
            kept = list(_kept(words[2:]))
            if words[1] in _ASKING and "--yes" not in kept:
                kept.append("--yes")
            self._run(
                shlex.join([*settings, "pulumi-openrouter", "offline", words[1], *kept]),
                may_fail=may_fail,
            )

    def _set_config(self, key: str, value: str) -> None:
        file = self.place / f"Pulumi.{self.environment['PULUMI_STACK']}.yaml"
        document = yaml.safe_load(file.read_text()) if file.exists() else {}
        full = key if ":" in key else f"acme:{key}"
        document.setdefault("config", {})[full] = value
        file.write_text(yaml.safe_dump(document))

    def _initialize(self) -> None:
        if not self._initialized:
            self._initialized = True
            self._run(f"pulumi stack init {self.environment['PULUMI_STACK']}")

    def _run(self, command: str, *, may_fail: bool = False) -> str:
        """Run a command in bash, and keep its folder and variables for the next one."""
        command = command.replace("http://127.0.0.1:8787/api/v1", self.sandbox.url)
        after = self.folder.parent / "after"
        script = f"{command}\ncode=$?; pwd > {after}; env -0 >> {after}; exit $code"
        done = subprocess.run(
            ["bash", "-c", script],  # noqa: S607 - the shell of whoever runs the tests
            cwd=self.place,
            env={**self.environment, **self.sandbox.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert may_fail or done.returncode == 0, f"{command}\n{done.stdout}"
        if after.exists():
            place, _, variables = after.read_text().partition("\n")
            self.place = Path(place)
            pairs = (one.partition("=")[::2] for one in variables.split("\0") if one)
            self.environment = dict(pairs)
            after.unlink()
        return done.stdout


def _commands(text: str) -> Iterator[str]:
    yield from (one for one in re.sub(r"\\\n *", "", text).splitlines() if one.strip())


def _is_setting(word: str) -> bool:
    return re.match(r"[A-Z][A-Z_]*=", word) is not None


def _kept(words: list[str]) -> Iterator[str]:
    """Yield the options that the offline engine has as well, with their values."""
    keeps = False
    for word in words:
        if word.startswith("-"):
            keeps = word in _OFFLINE_FLAGS
        if keeps:
            yield word


def _compare(printed: str, expected: str) -> None:
    """Fail unless a command printed what the page shows, in whatever order steps were done."""
    left = list(_lines(printed))
    missing = []
    shown = list(_lines(expected))
    for line in sorted(shown, key=lambda one: "..." in one):
        pattern = ".*".join(map(re.escape, line.split("...")))
        found = next((one for one in left if re.fullmatch(pattern, one)), None)
        if found is not None:
            left.remove(found)
        elif line != "...":
            missing.append(line)
    extra = [] if "..." in shown else left
    differences = f"not printed: {missing}\nnot shown: {extra}"
    assert not missing + extra, f"{differences}\nprinted was:\n{printed}"


def _lines(text: str) -> Iterator[str]:
    for pattern, word in _VARYING:
        text = pattern.sub(word, text)
    for line in text.splitlines():
        if line.strip():
            yield line.strip()
