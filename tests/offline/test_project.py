"""Projects and their configuration, as they stand on disk."""

import os
import sys
from pathlib import Path

import pytest

from pulumi_openrouter.offline.errors import ProjectError
from pulumi_openrouter.offline.project import (
    ConfigValue,
    Project,
    choose_stack,
    find_project,
    read_config,
)


def project(folder: Path, text: str = "name: toy\nruntime: python\n", **stacks: str) -> Project:
    """Write a project and read it."""
    (folder / "Pulumi.yaml").write_text(text)
    for stack, config in stacks.items():
        (folder / f"Pulumi.{stack}.yaml").write_text(config)
    return find_project(folder)


def test_a_project_is_found_from_a_folder_below_it(tmp_path: Path) -> None:
    """The nearest Pulumi.yaml above counts, as with the Pulumi CLI."""
    project(tmp_path)
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    assert find_project(below).root == tmp_path


def test_main_names_the_program(tmp_path: Path) -> None:
    """`main` may be a folder, which is run, or a file, which is run in its folder."""
    (tmp_path / "infra").mkdir()
    (tmp_path / "infra" / "prog.py").touch()
    folder = project(tmp_path, "name: toy\nruntime: python\nmain: infra\n")
    assert (folder.program_dir, folder.program) == (tmp_path / "infra", ".")
    file = project(tmp_path, "name: toy\nruntime: python\nmain: infra/prog.py\n")
    assert (file.program_dir, file.program) == (tmp_path / "infra", "prog.py")


def test_the_interpreter_is_the_running_one_unless_named(tmp_path: Path) -> None:
    """Without a virtualenv the program runs where the engine does; with one, in it."""
    assert project(tmp_path).python == sys.executable
    python = tmp_path / ".venv" / ("Scripts" if os.name == "nt" else "bin") / "python"
    python.parent.mkdir(parents=True)
    python.touch()
    text = "name: toy\nruntime: {name: python, options: {virtualenv: .venv}}\n"
    assert Path(project(tmp_path, text).python).parent == python.parent


REFUSED = {
    "no name": ("runtime: python", "`name` is missing"),
    "another language": (
        "name: toy\nruntime: nodejs",
        "`runtime` is 'nodejs'; the offline engine runs Python programs only",
    ),
    "a missing program": (
        "name: toy\nruntime: python\nmain: nowhere",
        "`main` is 'nowhere', and there is no such file or folder",
    ),
    "a missing virtualenv": (
        "name: toy\nruntime: {name: python, options: {virtualenv: gone}}",
        "`virtualenv` is 'gone', and there is no interpreter",
    ),
    "no YAML": ("name: [", "is not YAML"),
    "no mapping": ("- name", "does not hold a mapping"),
}


@pytest.mark.parametrize(("text", "reason"), REFUSED.values(), ids=REFUSED)
def test_a_project_that_cannot_be_run_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    """The error names the file and what is wrong in it."""
    with pytest.raises(ProjectError) as refusal:
        project(tmp_path, text)
    assert str(refusal.value).startswith(str(tmp_path / "Pulumi.yaml"))
    assert reason in str(refusal.value)


def test_a_folder_without_a_project_is_refused(tmp_path: Path) -> None:
    """The error says where was looked, and what to do."""
    with pytest.raises(ProjectError, match=f"no Pulumi.yaml in {tmp_path} or in any folder above"):
        find_project(tmp_path)


def test_the_stack_is_named_or_the_only_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An option comes before PULUMI_STACK, that before the only configuration file."""
    monkeypatch.delenv("PULUMI_STACK", raising=False)
    one = project(tmp_path, dev="config: {}")
    assert choose_stack(one, None) == "dev"
    assert choose_stack(one, "other") == "other"
    monkeypatch.setenv("PULUMI_STACK", "environment")
    assert choose_stack(one, None) == "environment"
    assert choose_stack(one, "other") == "other"


def test_a_choice_between_stacks_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With several stacks and none named, the error lists them."""
    monkeypatch.delenv("PULUMI_STACK", raising=False)
    with pytest.raises(ProjectError, match="one of dev, prod"):
        choose_stack(project(tmp_path, dev="", prod=""), None)


def test_config_values_arrive_as_text(tmp_path: Path) -> None:
    """Plain values arrive as they stand, structured ones as JSON, keys with their namespace."""
    values = """
config:
  toy:text: hello
  toy:number: 5
  toy:fraction: 0.5
  toy:flag: true
  toy:not-a-flag: yes
  toy:date: 2026-01-02
  toy:list: [x, {y: 1}]
  other:key: there
  bare: here
"""
    config = read_config(project(tmp_path, dev=values), "dev", {})
    assert {key: one.value for key, one in config.items()} == {
        "toy:text": "hello",
        "toy:number": "5",
        "toy:fraction": "0.5",
        "toy:flag": "true",
        "toy:not-a-flag": "yes",
        "toy:date": "2026-01-02",
        "toy:list": '["x",{"y":1}]',
        "other:key": "there",
        "toy:bare": "here",
    }


def test_stack_files_may_have_a_folder_of_their_own(tmp_path: Path) -> None:
    """`stackConfigDir` is where stacks are looked for."""
    stacks = tmp_path / "stacks"
    stacks.mkdir()
    (stacks / "Pulumi.dev.yaml").write_text("config: {toy:key: value}")
    one = project(tmp_path, "name: toy\nruntime: python\nstackConfigDir: stacks\n")
    assert one.stacks() == ["dev"]
    assert read_config(one, "dev", {}) == {"toy:key": ConfigValue("value")}


ENCRYPTED = "config:\n  toy:apiKey:\n    secure: v1:abc\n"


def test_an_encrypted_value_is_refused_with_its_variable(tmp_path: Path) -> None:
    """The error names the key, and the variable that replaces it."""
    with pytest.raises(ProjectError, match="toy:apiKey is encrypted") as refusal:
        read_config(project(tmp_path, dev=ENCRYPTED), "dev", {})
    assert "set the variable PULUMI_OFFLINE_CONFIG_TOY_APIKEY" in str(refusal.value)


def test_a_variable_replaces_an_encrypted_value(tmp_path: Path) -> None:
    """The value of the variable is a secret, as the encrypted one was."""
    one = project(tmp_path, dev=ENCRYPTED)
    config = read_config(one, "dev", {"PULUMI_OFFLINE_CONFIG_TOY_APIKEY": "hush"})
    assert config == {"toy:apiKey": ConfigValue("hush", secret=True)}


def test_an_encrypted_value_that_is_set_otherwise_is_not_missed(tmp_path: Path) -> None:
    """A key that the caller sets needs no variable."""
    assert read_config(project(tmp_path, dev=ENCRYPTED), "dev", {}, ["apiKey"]) == {}


DECLARED = """
name: toy
runtime: python
config:
  size: {type: integer, default: 3}
  names: {type: array, default: [a]}
  other:plain: {value: text}
  short: word
"""


def test_the_project_s_defaults_stand_where_a_stack_has_none(tmp_path: Path) -> None:
    """Defaults of Pulumi.yaml count for keys that the stack leaves out."""
    one = project(tmp_path, DECLARED, dev="config: {toy:size: 4}")
    config = read_config(one, "dev", {})
    assert {key: value.value for key, value in config.items()} == {
        "toy:size": "4",
        "toy:names": '["a"]',
        "other:plain": "text",
        "toy:short": "word",
    }


WRONG = {
    "a text for a number": ("toy:size: many", "toy:size is 'many'; Pulumi.yaml declares"),
    "a flag for a number": ("toy:size: true", "its type as integer"),
    "a number for a list": ("toy:names: 1", "its type as array"),
}


@pytest.mark.parametrize(("line", "reason"), WRONG.values(), ids=WRONG)
def test_a_value_of_the_wrong_type_is_refused(tmp_path: Path, line: str, reason: str) -> None:
    """The error names key, value and declared type."""
    with pytest.raises(ProjectError, match=reason):
        read_config(project(tmp_path, DECLARED, dev=f"config: {{{line}}}"), "dev", {})


def test_a_declared_value_without_a_default_is_needed(tmp_path: Path) -> None:
    """A missing one is named, with the stack that misses it."""
    one = project(tmp_path, "name: toy\nruntime: python\nconfig: {size: {type: integer}}")
    with pytest.raises(ProjectError, match="stack 'dev' is missing configuration value 'toy:size'"):
        read_config(one, "dev", {})


def test_pulumi_cloud_s_environments_are_refused(tmp_path: Path) -> None:
    """An `environment` of ESC cannot be opened offline."""
    one = project(tmp_path, dev="environment: [base]")
    with pytest.raises(ProjectError, match=r"`environment` \(Pulumi ESC\) needs Pulumi Cloud"):
        read_config(one, "dev", {})
