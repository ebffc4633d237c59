"""The README against the code: programs run, tables name what there is, commands exist."""

import dataclasses
import inspect
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path

import click
import pytest
import yaml

import pulumi_openrouter as openrouter
from harness import Engine, Project
from pulumi_openrouter import settings
from pulumi_openrouter.cli import COMMANDS
from pulumi_openrouter.registry import RESOURCES, declaration_of
from pulumi_openrouter.resources.resource import OpenRouterResource
from pulumi_openrouter.sandbox import Sandbox
from pulumi_openrouter.sandbox.command import sandbox as serve

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = [
    ROOT / "README.md",
    ROOT / ".github/CONTRIBUTING.md",
    ROOT / ".github/SECURITY.md",
    ROOT / "examples/README.md",
    *sorted(ROOT.glob("examples/*/README.md")),
]
CHANGES = {"REPLACE": "replaces", "UPDATE": "updates", "NONE": "nothing"}

Rows = list[list[str]]


def blocks(language: str, text: str = README) -> list[str]:
    """Return the code blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def section(title: str) -> str:
    """Return what stands under a heading, up to the next one of its level."""
    [level] = re.findall(rf"^(#+) {title}$", README, re.MULTILINE)
    _, _, rest = README.partition(f"\n{level} {title}\n")
    return re.split(rf"^#{{1,{len(level)}}} ", rest, flags=re.MULTILINE)[0]


def tables(text: str) -> dict[str, Rows]:
    """Return the rows of each table, without the backticks of their first cells, by its heading."""
    found: dict[str, Rows] = {}
    for table in re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE):
        rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.split("\n")]
        found[rows[0][0]] = [[row[0].strip("`"), *row[1:]] for row in rows[2:] if any(row)]
    return found


class Recorder(Mapping[str, str]):
    """A source of settings that has a key only, and remembers what it was asked for."""

    def __init__(self, **values: str) -> None:
        self.values_ = values
        self.asked: list[str] = []

    def __getitem__(self, name: str) -> str:
        self.asked.append(name)
        return self.values_[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.values_)

    def __len__(self) -> int:
        return len(self.values_)


def test_programs_run(tmp_path: Path, sandbox: Sandbox) -> None:
    """The README's programs, one after the other as one program, come up as they stand."""
    programs = [block for block in blocks("python") if is_program(block)]
    project = Project(tmp_path, Engine.OFFLINE, sandbox.environment, stack="prod")
    (tmp_path / "__main__.py").write_text("\n".join(programs))
    up = project.up()
    assert up.outputs["slug"] == "chat-prod"
    assert project.up().is_empty


def test_the_first_program_prints_what_the_readme_shows() -> None:
    """The first program is at most 15 lines long, and the output below it names its resources."""
    program, output = blocks("python")[0], blocks("console")[0]
    assert len(program.splitlines()) <= 15
    assert re.findall(r"openrouter:(\w+) (\w+) created", output) == re.findall(
        r'openrouter\.(\w+)\(\s*"(\w+)"', program
    )


def test_the_sandbox_starts_in_python() -> None:
    """The one script that is no Pulumi program starts a sandbox and prints how to reach it."""
    scripts = [block for block in blocks("python") if not (is_program(block) or is_test(block))]
    [script] = scripts
    ran = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)
    assert b"OPENROUTER_BASE_URL" in ran.stdout


def test_the_tests_of_a_program_pass(tmp_path: Path) -> None:
    """The tests that are shown pass beside the first program."""
    [tests] = [block for block in blocks("python") if is_test(block)]
    (tmp_path / "Pulumi.yaml").write_text("name: acme\nruntime: python\n")
    (tmp_path / "__main__.py").write_text(blocks("python")[0])
    (tmp_path / "test_program.py").write_text(tests)
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q"],
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
    )
    assert "2 passed" in ran.stdout, ran.stdout


def test_the_way_to_the_sandbox_is_right(sandbox: Sandbox) -> None:
    """The variables shown lead to a sandbox on its default port, with its default key."""
    shown_variables = dict(re.findall(r"(OPENROUTER_\w+)=(\S+)", section("Try it offline")))
    assert shown_variables["OPENROUTER_MANAGEMENT_KEY"] == sandbox.key
    [port] = [option.default for option in serve.params if option.name == "port"]
    assert shown_variables["OPENROUTER_BASE_URL"] == f"http://127.0.0.1:{port}/api/v1"


@pytest.mark.parametrize("text", blocks("yaml"))
def test_yaml_is_yaml(text: str) -> None:
    """A block of YAML can be read, and is a mapping."""
    assert isinstance(yaml.safe_load(text), dict)


def test_settings_are_all_there() -> None:
    """The table has each setting with its variables, in the order in which they are read."""
    environ = Recorder(OPENROUTER_API_KEY="sk-or-mgmt-readme")
    asked: dict[str, list[str]] = {}

    def get(name: str) -> None:
        asked[f"openrouter:{name}"] = environ.asked = []

    loaded = settings.Settings.load(get, environ)
    rows = tables(section("Configure"))["Config"]
    assert {row[0]: re.findall(r"`(\w+)`", row[1]) for row in rows} == asked
    defaults = {camel(f.name): getattr(loaded, f.name) for f in dataclasses.fields(loaded)}
    for key, _, default, is_secret, _ in rows:
        name = key.partition(":")[2]
        is_key = name == "managementKey"
        assert is_secret == ("yes" if is_key else "no")
        assert default == ("required" if is_key else shown(defaults[name]))


def test_lookups_are_all_there() -> None:
    """The table names each lookup, and each field of what it returns."""
    rows = tables(section("Lookups"))["Lookup"]
    functions = [re.findall(r"(\w+)\(", row[0]) for row in rows]
    shown_fields = [re.findall(r"`(\w+)`", row[1]) for row in rows]
    assert functions == [["get_workspace", "list_workspaces"], ["get_organization_members"]]
    for found, result in zip(
        shown_fields,
        (openrouter.WorkspaceResult, openrouter.OrganizationMemberResult),
        strict=True,
    ):
        assert found == [one.name for one in dataclasses.fields(result)]


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.__name__)
def test_inputs_are_all_there(resource: type[OpenRouterResource]) -> None:
    """A resource's table has each keyword of its constructor, in its order, and what it changes."""
    signature = inspect.signature(resource)
    inputs = [p.name for p in signature.parameters.values() if p.kind is p.KEYWORD_ONLY]
    rows = tables(section(resource.__name__))["Input"]
    assert [row[0] for row in rows] == inputs
    assert {row[0]: row[3] for row in rows} == {
        one.name: CHANGES[one.change.name] for one in declaration_of(resource).inputs
    }
    for name, _, left_out, _ in rows:
        is_required = signature.parameters[name].default is inspect.Parameter.empty
        assert is_required == (left_out == "required")


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.__name__)
def test_outputs_are_all_there(resource: type[OpenRouterResource]) -> None:
    """A resource's table has each output that is no input; only `adopt` is an input alone."""
    found = tables(section(resource.__name__))
    inputs = {row[0] for row in found["Input"]}
    outputs = {one.name for one in declaration_of(resource).outputs}
    assert {row[0] for row in found["Output"]} == outputs - inputs
    assert inputs - outputs <= {"adopt"}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_commands_exist(document: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each command in a shell block, and each that a text quotes, is one that there is."""
    monkeypatch.chdir(ROOT)  # the folders that commands name are from there
    text = document.read_text(encoding="utf-8")
    quoted = re.findall(r"`((?:make|pulumi-openrouter) [^`…|]*)`", " ".join(text.split()))
    lines = [line for block in blocks("shell", text) for line in block.splitlines()]
    for command in lines + quoted:
        for part in re.split(r"&&|&$", command):
            if part.strip():
                check_command(part)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: str(file.relative_to(ROOT)))
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
        assert not anchor or anchor in [title.lower().replace(" ", "-") for title in headings]


def is_program(block: str) -> bool:
    """Return whether Python is a Pulumi program."""
    return "import pulumi\n" in block and not is_test(block)


def is_test(block: str) -> bool:
    """Return whether Python is made of tests."""
    return "def test_" in block


def check_command(command: str) -> None:
    """Fail unless make or the package's command line knows a command; Pulumi's are its own."""
    words = [word for word in shlex.split(command) if not re.match(r"[A-Z_]+=", word)]
    if words[0] == "make":
        makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
        for target in words[1:]:
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), command
    elif words[0] == "pulumi-openrouter":
        check_arguments(words[1:])
    else:
        is_ours = os.access(ROOT / words[0], os.X_OK)
        assert is_ours or words[0] in {"pip", "pulumi", "source"}, command


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


def camel(name: str) -> str:
    """Turn snake_case into camelCase."""
    first, *others = name.split("_")
    return first + "".join(other.title() for other in others)


def shown(value: object) -> str:
    """Write a default as the README does."""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"
