"""The commands that only look at states: `offline stacks`, `resources` and `outputs`."""

import json
import re
from pathlib import Path

import pytest

from pulumi_openrouter.offline import list_stacks

from .test_commands import project as project  # a fixture
from .test_commands import run

NO_STATE = "error: the stack 'dev' has no state in {}: bring it up first\n"


def test_stacks_are_listed_with_their_last_update_and_size(project: Path) -> None:
    """A stack counts itself and its resources, and one that only has a configuration is shown."""
    (project / "Pulumi.prod.yaml").touch()
    run(project, "up", "--stack", "dev")
    printed = run(project, "stacks").stdout
    time = r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ"
    assert re.fullmatch(
        rf"NAME  LAST UPDATE           RESOURCES\ndev   {time}  2\nprod  never                 0\n",
        printed,
    )
    dev, prod = json.loads(run(project, "stacks", "--json").stdout)
    assert (dev["name"], dev["resourceCount"]) == ("dev", 2)
    assert re.fullmatch(time, dev["lastUpdate"])
    assert prod == {"name": "prod", "lastUpdate": None, "resourceCount": 0}
    assert [one.name for one in list_stacks(project)] == ["dev", "prod"]


def test_a_damaged_state_hides_no_other_stack(project: Path) -> None:
    """The others are listed, and of the damaged one it is said that it is."""
    run(project, "up", "--stack", "dev")
    damaged = project / ".pulumi-offline" / "toy" / "prod.json"
    damaged.write_text("{")
    result = run(project, "stacks")
    _title, dev, prod = result.stdout.splitlines()
    assert dev.startswith("dev   20")
    assert prod.split() == ["prod", "unreadable", "-"]
    assert result.returncode == 1
    assert result.stderr.startswith(f"error: {damaged} is damaged, it is not JSON")
    assert result.stderr.count("\n") == 1
    of_dev, of_prod = json.loads(run(project, "stacks", "--json").stdout)
    assert of_dev["resourceCount"] == 2
    assert of_prod["name"] == "prod"
    assert "is damaged" in of_prod["error"]


def test_outputs_are_printed_by_name_and_one_by_one(project: Path) -> None:
    """All outputs are lines or one JSON object; a single one is its bare value."""
    run(project, "up")
    assert run(project, "outputs").stdout == "size: 1\ntoken: token of a-1\n"
    assert json.loads(run(project, "outputs", "--json").stdout) == {
        "size": 1,
        "token": "token of a-1",
    }
    assert run(project, "outputs", "token").stdout == "token of a-1\n"
    assert run(project, "outputs", "token", "--json").stdout == '"token of a-1"\n'


def test_secret_outputs_are_hidden_unless_asked_for(project: Path) -> None:
    """A secret is `[secret]`, also inside an object, and --show-secrets prints its value."""
    run(project, "up", variant="secrets")
    hidden = run(project, "outputs").stdout.splitlines()
    assert hidden == ["detail: [secret]", "label: [secret]", "plain: b", "token: [secret]"]
    shown = run(project, "outputs", "--show-secrets", "--json").stdout
    assert json.loads(shown) == {
        "detail": {"closed": {"deep": [1, "two"]}, "open": 1},
        "label": "hush",
        "plain": "b",
        "token": "token of a-1",
    }


def test_resources_are_a_tree(project: Path) -> None:
    """Children stand below their components, and --show-urns adds what --target takes."""
    run(project, "up", "--parallel", "1", variant="pair_in_group")
    thing = "pulumi-python:dynamic/toy:Thing"
    assert run(project, "resources").stdout.splitlines() == [
        "pulumi:pulumi:Stack toy-dev",
        f"├─ {thing} c",
        "├─ toy:index:Group g",
        f"│  └─ {thing} g-child",
        f"└─ {thing} after",
    ]
    child = f"urn:pulumi:dev::toy::toy:index:Group${thing}::g-child"
    shown = run(project, "resources", "--show-urns").stdout.splitlines()
    assert shown[3] == f"│  └─ {thing} g-child  {child}"
    listed = json.loads(run(project, "resources", "--json").stdout)
    assert listed[3] == {
        "urn": child,
        "type": thing,
        "name": "g-child",
        "id": "g-child-1",
        "parent": "urn:pulumi:dev::toy::toy:index:Group::g",
    }


@pytest.mark.parametrize(
    "arguments",
    [("outputs",), ("outputs", "token"), ("outputs", "--json"), ("resources",)],
)
def test_a_stack_without_a_state_is_an_error(project: Path, arguments: tuple[str, ...]) -> None:
    """A stack that was never brought up is told from one without outputs."""
    refused = run(project, *arguments)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == NO_STATE.format(project)


def test_an_output_that_is_not_there_is_an_error(project: Path) -> None:
    """The line names the outputs that there are."""
    run(project, "up")
    refused = run(project, "outputs", "tokn")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == (
        "error: the stack 'dev' has no output 'tokn'; its outputs: size, token\n"
    )
