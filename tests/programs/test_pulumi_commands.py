"""The commands of the Pulumi CLI that people use on a stack, each on the real engine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pulumi.dynamic.dynamic import serialize_provider

import pulumi_openrouter as openrouter
from harness import Engine, Failure, Project
from harness.project import pulumi_on_path
from pulumi_openrouter.sandbox import Sandbox

pytestmark = [
    pytest.mark.cli,
    pytest.mark.skipif(not pulumi_on_path(), reason="`pulumi` is not on PATH"),
]

PROGRAM = """
    config = pulumi.Config()
    chat = openrouter.Workspace("chat", description=config.get("description") or "Production")
    openrouter.WorkspaceBudget("chat", workspace=chat, monthly_usd=5000, daily_usd=300)
    openrouter.WorkspaceMembership("chat", workspace=chat, emails=["jane.doe@example.com"])
"""
YES = ("--yes", "--skip-preview")
WORKSPACE = "pulumi-python:dynamic/openrouter:Workspace"


@pytest.fixture
def cli(tmp_path: Path, sandbox: Sandbox) -> Project:
    """Set up a project on the real engine."""
    project = Project(tmp_path / "acme", Engine.CLI, sandbox.environment)
    project.program(PROGRAM)
    return project


def urn(name: str, type_: str = WORKSPACE) -> str:
    """Return the URN of a resource of the stack."""
    return f"urn:pulumi:dev::acme::{type_}::{name}"


def live(sandbox: Sandbox) -> dict[str, tuple[dict[str, float], int]]:
    """Return the limits and the number of people of each workspace but the default one."""
    return {
        one["slug"]: (one["budgets"], len(one["members"]))
        for one in sandbox.state()["workspaces"]
        if not one["is_default"]
    }


CHAT = {"chat-dev": ({"monthly": 5000, "daily": 300}, 1)}


def test_a_stack_lives_through_the_commands(cli: Project, sandbox: Sandbox) -> None:
    """Preview, up, refresh and destroy do what they say, and a second up changes nothing."""
    assert "4 to create" in cli.pulumi("preview")
    assert live(sandbox) == {}
    assert "4 created" in cli.pulumi("up", *YES)
    assert live(sandbox) == CHAT
    cli.pulumi("preview", "--expect-no-changes")
    assert "4 unchanged" in cli.pulumi("refresh", *YES)
    assert "4 deleted" in cli.pulumi("destroy", *YES)
    assert live(sandbox) == {}


def test_a_saved_plan_is_carried_out(cli: Project, sandbox: Sandbox) -> None:
    """`up --plan` does what `preview --save-plan` has written, and refuses anything else."""
    cli.pulumi("preview", "--save-plan", "plan.json")
    cli.pulumi("up", *YES, "--plan", "plan.json")
    assert live(sandbox) == CHAT
    cli.pulumi("preview", "--save-plan", "plan.json")
    cli.set_config("description", "Other")
    with pytest.raises(Failure, match="violates plan"):
        cli.pulumi("up", *YES, "--plan", "plan.json")


@pytest.mark.parametrize("how", ["replace", "taint"])
def test_a_workspace_is_replaced(cli: Project, sandbox: Sandbox, how: str) -> None:
    """A forced replacement deletes the workspace and creates it with its children again."""
    cli.up()
    before = {one["id"] for one in sandbox.state()["workspaces"]}
    if how == "taint":
        cli.pulumi("state", "taint", urn("chat"), "--yes")
        cli.pulumi("up", *YES)
    else:
        cli.pulumi("up", *YES, "--replace", urn("chat"))
    assert live(sandbox) == CHAT
    assert len({one["id"] for one in sandbox.state()["workspaces"]} - before) == 1
    cli.pulumi("preview", "--expect-no-changes")
    assert "4 unchanged" in cli.pulumi("refresh", *YES)


def test_a_target_is_changed_alone(cli: Project, sandbox: Sandbox) -> None:
    """`--target` creates and destroys what it names, and leaves the rest alone."""
    cli.pulumi("up", *YES, "--target", urn("chat"))
    assert live(sandbox) == {"chat-dev": ({}, 0)}
    cli.pulumi("up", *YES)
    budget = urn("chat", "pulumi-python:dynamic/openrouter:WorkspaceBudget")
    cli.pulumi("destroy", *YES, "--target", budget)
    assert live(sandbox) == {"chat-dev": ({}, 1)}


def test_a_workspace_is_imported_from_a_file(cli: Project, sandbox: Sandbox) -> None:
    """`import --file` takes a workspace over as it is, and the program then changes nothing."""
    cli.up()
    [workspace] = [one for one in cli.resources() if one["type"] == WORKSPACE]
    for one in cli.resources():
        cli.pulumi("state", "delete", one["urn"], "--yes", "--target-dependents")
        if one["type"] == WORKSPACE:
            break
    provider = {"__provider": serialize_provider(openrouter.WorkspaceProvider())}
    entry = {
        "type": WORKSPACE,
        "name": "chat",
        "id": workspace["id"],
        "inputs": {**workspace["inputs"], **provider},
        "outputs": {**workspace["outputs"], **provider},
    }
    (cli.folder / "import.json").write_text(json.dumps({"resources": [entry]}))
    cli.pulumi("import", "--file", "import.json", "--generate-code=false", *YES)
    sandbox.clear_requests()
    cli.pulumi("preview", "--expect-no-changes", "--refresh", "--target", urn("chat"))
    assert sandbox.requests(writes_only=True) == []


def test_a_program_in_yaml_runs(tmp_path: Path, sandbox: Sandbox) -> None:
    """The CLI runs a program in YAML, with a host of its own for that language."""
    project = Project(tmp_path / "yaml", Engine.CLI, sandbox.environment, name="greeting")
    (project.folder / "Pulumi.yaml").write_text(
        "name: greeting\nruntime: yaml\nvariables:\n  name: world\n"
        "outputs:\n  greeting: hello ${name}\n"
    )
    project.pulumi("up", *YES)
    assert project.pulumi("stack", "output", "greeting").strip() == "hello world"
