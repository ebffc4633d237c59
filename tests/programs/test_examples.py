"""Every example, run as it stands: its own program, project file and stack config."""

import ast
import re
import shutil
from pathlib import Path

import pytest
import yaml

from harness import Engine
from harness.examples import EXAMPLES, copy, project_in, slugs
from pulumi_openrouter.sandbox import Sandbox

PROGRAMS = sorted(EXAMPLES.glob("*/__main__.py"))
ENVIRONMENTS = EXAMPLES / "environments"
LESSONS = [file.parent for file in PROGRAMS if file.parent != ENVIRONMENTS]
# These need more than a stack and a sandbox, and have tests of their own beside this file.
SPECIAL = {"08-self-service", "09-pulumi-esc", "12-ci"}
STACKS = sorted(file.name.split(".")[1] for file in ENVIRONMENTS.glob("stacks/Pulumi.*.yaml"))

MOST_LINES = 40


@pytest.mark.parametrize(
    "folder",
    [folder for folder in LESSONS if folder.name not in SPECIAL],
    ids=lambda folder: folder.name,
)
def test_a_lesson_runs_and_leaves_nothing(folder: Path, tmp_path: Path, engine: Engine) -> None:
    """A numbered example comes up, settles, and destroys all that it made."""
    seed = folder / "sandbox.yaml"
    with Sandbox(seed=seed if seed.is_file() else None) as sandbox:
        before = slugs(sandbox)
        copy(folder, tmp_path / "project")
        project = project_in(tmp_path / "project", engine, sandbox)
        assert project.up().outputs, "an example shows something"
        project.settle()
        assert slugs(sandbox) == before


@pytest.mark.parametrize("stack", STACKS)
def test_an_environment_runs_and_leaves_nothing(
    stack: str, tmp_path: Path, engine: Engine, sandbox: Sandbox
) -> None:
    """Each stack of the root project makes what its config says, settles and goes."""
    before = sandbox.state()
    shutil.copy(EXAMPLES.parent / "Pulumi.yaml", tmp_path)
    copy(ENVIRONMENTS, tmp_path / "examples/environments")
    project = project_in(tmp_path, engine, sandbox, stack)
    assert project.up().outputs["slug"] == f"acme-{stack}"
    config = yaml.safe_load((ENVIRONMENTS / f"stacks/Pulumi.{stack}.yaml").read_text())["config"]
    [made] = [w for w in sandbox.state()["workspaces"] if w["slug"] == f"acme-{stack}"]
    assert made.items() >= config["environments:settings"].items()
    assert len(made["members"]) == len(config["environments:members"])
    assert {
        f"{interval}_usd": limit for interval, limit in made["budgets"].items()
    }.items() <= config["environments:budgets"].items()
    project.settle()
    assert sandbox.state() == before


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.parent.name)
def test_an_example_is_short(program: Path) -> None:
    """A program is read at a glance: at most 40 lines, and opens by saying what it shows."""
    text = program.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MOST_LINES
    assert ast.get_docstring(ast.parse(text))


@pytest.mark.parametrize("folder", LESSONS, ids=lambda folder: folder.name)
def test_a_lesson_is_complete(folder: Path) -> None:
    """A lesson has a project file named as the lesson, and a README that names it."""
    project = yaml.safe_load((folder / "Pulumi.yaml").read_text(encoding="utf-8"))
    assert project["name"] == folder.name.partition("-")[2]
    readme = (folder / "README.md").read_text(encoding="utf-8")
    assert folder.name in readme


def test_the_list_of_examples_is_complete() -> None:
    """The table of examples/README.md has a row for each folder, in order, with a way to run it."""
    table = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \[(.+?)\]\((.+?)\) \| (.+?) \| (.+?) \|$", table, re.MULTILINE)
    folders = sorted(file.parent.name for file in EXAMPLES.glob("*/README.md"))
    assert [row[:2] for row in rows] == [(name, name) for name in folders]
    for name, _, _, how in rows:
        assert f"examples/{name}" in how or name in {"environments", "09-pulumi-esc", "12-ci"}


def test_no_run_has_left_its_salt() -> None:
    """No stack config holds the salt of a passphrase, without which nobody could run the stack."""
    configs = [*EXAMPLES.glob("*/Pulumi.*.yaml"), *EXAMPLES.glob("*/stacks/Pulumi.*.yaml")]
    assert configs
    assert [file for file in configs if "encryptionsalt" in file.read_text(encoding="utf-8")] == []
