"""The template for `pulumi new`: what it asks for, and the project that comes of it."""

import sys
from pathlib import Path

import pytest
import yaml

from harness import Engine, Project
from harness.examples import EXAMPLES, copied, on_the_cli, variables
from harness.organization import emails_of, live, live_members
from pulumi_openrouter.sandbox import Sandbox

TEMPLATE = EXAMPLES / "13-template/openrouter-python"
MEMBERS = ["jane.doe@example.com", "ravi.patel@example.com"]


def asked_for() -> dict[str, dict[str, str]]:
    """Return the values that the template asks for."""
    project = yaml.safe_load((TEMPLATE / "Pulumi.yaml").read_text(encoding="utf-8"))
    found: dict[str, dict[str, str]] = project["template"]["config"]
    return found


def test_each_value_is_explained_and_used() -> None:
    """The template explains each value that it asks for, and its program reads that one."""
    program = (TEMPLATE / "__main__.py").read_text(encoding="utf-8")
    for name, value in asked_for().items():
        assert value["description"]
        assert f'"{name}"' in program


@pytest.mark.parametrize(
    ("answers", "limits", "members"),
    [
        pytest.param({"members": ", ".join(MEMBERS)}, {"monthly": 100}, MEMBERS, id="members"),
        pytest.param({"monthlyUsd": "0"}, {}, [], id="no budget and nobody"),
    ],
)
def test_an_instance_runs(
    answers: dict[str, str],
    limits: dict[str, float],
    members: list[str],
    tmp_path: Path,
    sandbox: Sandbox,
) -> None:
    """A project made from the template comes up with the answers, and settles."""
    folder = copied("13-template/openrouter-python", tmp_path / "chat")
    for file in (folder / "Pulumi.yaml", folder / "README.md"):
        text = file.read_text(encoding="utf-8")
        text = text.replace("${PROJECT}", "chat").replace("${DESCRIPTION}", "Workspaces of chat")
        assert "${" not in text
        file.write_text(text, encoding="utf-8")
    (folder / "venv").symlink_to(sys.prefix)
    project = Project(folder, Engine.OFFLINE, sandbox.environment, stack="prod")
    defaults = {name: value["default"] for name, value in asked_for().items() if "default" in value}
    for name, value in (defaults | answers).items():
        project.set_config(name, value)
    assert project.up().outputs == {"slug": "chat-prod"}
    assert live(sandbox, "chat-prod")["budgets"] == limits
    assert sorted(emails_of(sandbox, live_members(sandbox, "chat-prod"))) == members
    project.settle()


@on_the_cli
def test_pulumi_new_makes_a_project_that_runs(tmp_path: Path, sandbox: Sandbox) -> None:
    """`pulumi new` takes the template, and what it makes comes up and settles."""
    maker = Project(tmp_path / "maker", Engine.CLI, variables(sandbox.environment), stack="prod")
    folder = tmp_path / "chat"
    maker.program("")
    arguments = ["--dir", str(folder), "--name", "chat", "--yes", "--generate-only"]
    maker.pulumi("new", str(TEMPLATE), *arguments)
    assert not (folder / "Pulumi.prod.yaml").exists()
    text = "".join(file.read_text(encoding="utf-8") for file in folder.iterdir())
    assert "${" not in text
    (folder / "venv").symlink_to(sys.prefix)
    project = Project(folder, Engine.CLI, maker.environment, stack="prod")
    project.set_config("name", "chat")
    project.set_config("monthlyUsd", "100")
    project.set_config("members", ",".join(MEMBERS))
    assert project.up().outputs == {"slug": "chat-prod"}
    assert sorted(emails_of(sandbox, live_members(sandbox, "chat-prod"))) == MEMBERS
    project.settle()
