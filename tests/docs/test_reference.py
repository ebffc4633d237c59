"""The reference pages against the code: they are what would be written now, and complete."""

import dataclasses
import inspect
import json
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

import pulumi_openrouter as openrouter
from pulumi_openrouter.cli import command_line
from pulumi_openrouter.registry import RESOURCES, declaration_of
from pulumi_openrouter.resources.resource import OpenRouterResource
from pulumi_openrouter.sandbox import Sandbox
from pulumi_openrouter.settings import NAMES

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs/reference"

by_resource = pytest.mark.parametrize("resource", RESOURCES, ids=lambda one: one.__name__)


def page(name: str) -> str:
    """Return the text of a reference page."""
    return (REFERENCE / f"{name}.md").read_text(encoding="utf-8")


def page_of(resource: type[OpenRouterResource]) -> str:
    """Return the text of a resource's page."""
    return page(re.sub(r"(?<=[a-z])(?=[A-Z])", "-", resource.__name__).lower())


def test_the_pages_are_up_to_date() -> None:
    """The pages in the repository are those that `make docs` writes; if not, run it and commit."""
    script = "import json, generator; print(json.dumps(generator.pages()))"
    written = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT / "docs",
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    committed = {file.name: file.read_text(encoding="utf-8") for file in REFERENCE.glob("*.md")}
    assert json.loads(written) == committed, "run `make docs`, and commit what it has written"


@by_resource
def test_each_input_has_an_entry(resource: type[OpenRouterResource]) -> None:
    """Each keyword of a constructor has an entry, in its order, with its type and its default."""
    parameters = inspect.signature(resource).parameters.values()
    keywords = [one.name for one in parameters if one.kind is one.KEYWORD_ONLY]
    text = page_of(resource).partition("\n## Outputs\n")[0]
    entries = dict(re.findall(r"^### `(\w+)`\n\n(.+)$", text, re.MULTILINE))
    assert [*entries] == keywords
    for name, facts in entries.items():
        is_required = inspect.signature(resource).parameters[name].default is inspect._empty
        assert re.match(r"`.+` · (default.*: .+|required) · a change \w+", facts), name
        assert ("· required ·" in facts) == is_required


@by_resource
def test_each_rule_is_shown_by_a_value_that_breaks_it(resource: type[OpenRouterResource]) -> None:
    """An input with a rule shows a value that is refused, and the reason."""
    text = page_of(resource)
    for one in declaration_of(resource).inputs:
        if one.rule is not None or one.item_rule is not None:
            assert re.search(rf"^`{one.name}=.+` is refused: \S.+\.$", text, re.MULTILINE), one.name


@by_resource
def test_each_output_has_a_row(resource: type[OpenRouterResource]) -> None:
    """Each output has a row, and so has the Pulumi id."""
    _, _, outputs = page_of(resource).partition("\n## Outputs\n")
    rows = re.findall(r"^\| `(\w+)` \|", re.split(r"\n##+ ", outputs)[0], re.MULTILINE)
    assert rows == ["id", *(one.name for one in declaration_of(resource).outputs)]


@by_resource
def test_each_type_of_a_dict_is_named(resource: type[OpenRouterResource]) -> None:
    """A page names each type of a dict that stands for the inputs of its resource."""
    types = [one for one in openrouter.__all__ if re.match(rf"{resource.__name__}(By|Args)", one)]
    assert types
    for name in types:
        assert f"`openrouter.{name}`" in page_of(resource), name


@pytest.mark.parametrize(
    "file", ["12-ci/.github/workflows/openrouter.yml", "10-policy-pack/policy/rules.py"]
)
def test_an_example_is_listed_with_the_files_of_its_folders(file: str) -> None:
    """Files in folders of an example have links too, also where the name begins with a dot."""
    assert f"(../../examples/{file})" in page("examples")


def test_each_setting_has_an_entry() -> None:
    """Each setting has an entry with its name in the stack config, and its default."""
    found = re.findall(r"^### `openrouter:(\w+)`\n\n(default: `|required)", page("settings"), re.M)
    assert [name for name, _ in found] == [*NAMES]
    assert [name for name, default in found if default == "required"] == ["managementKey"]


def test_each_lookup_and_each_field_is_there() -> None:
    """Each lookup has its two forms, and each class of results has its fields."""
    text = page("functions")
    for name in openrouter.__all__:
        one = getattr(openrouter, name)
        if inspect.isfunction(one):
            assert re.search(rf"^{name}\(", text, re.MULTILINE), name
        elif dataclasses.is_dataclass(one):
            _, _, section = text.partition(f"## `{name}`")
            rows = re.findall(r"^\| `(\w+)` \|", section.partition("\n## ")[0], re.MULTILINE)
            assert rows == [field.name for field in dataclasses.fields(one)]


def test_each_command_and_each_option_is_there() -> None:
    """Each command has a section with all that its help lists."""
    text = page("command-line")

    def check(command: click.Command, context: click.Context) -> None:
        if isinstance(command, click.Group):
            for name in command.list_commands(context):
                found = command.get_command(context, name)
                assert found is not None
                check(found, click.Context(found, info_name=name, parent=context))
            return
        _, _, section = text.partition(f"## `{context.command_path}`\n")
        assert section, context.command_path
        for option in command.params:
            for name in option.opts:
                if name.startswith("-"):
                    assert f"`{name}`" in section.partition("\n#")[0], context.command_path

    check(command_line, click.Context(command_line, info_name="pulumi-openrouter"))


def test_each_method_of_the_sandbox_is_there() -> None:
    """Each method that a test can call has an entry."""
    methods = {n for n, one in vars(Sandbox).items() if inspect.isfunction(one) and n[0] != "_"}
    assert {*re.findall(r"^### `(\w+)`$", page("sandbox"), re.MULTILINE)} == methods
