"""Projects and their configuration, as they stand on disk."""

import json
import os
import re
import sys
from pathlib import Path

import pytest

from pulumi_openrouter.offline import Deployment, create_or_select_stack
from pulumi_openrouter.offline.exceptions import ProjectError
from pulumi_openrouter.offline.project import (
    ConfigValue,
    Project,
    find_project,
    read_config,
)
from pulumi_openrouter.offline.stack import choose_stack

from .engines import RealEngine, has_cli


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


@pytest.mark.parametrize(
    ("file", "folder"), [("uv.lock", "."), ("pyproject.toml", "."), ("uv.lock", "..")]
)
def test_uv_keeps_the_interpreter_beside_its_files(tmp_path: Path, file: str, folder: str) -> None:
    """With `toolchain: uv` the environment is `.venv` beside the nearest uv.lock or pyproject."""
    root = tmp_path / "project"
    python = root / folder / ".venv" / ("Scripts" if os.name == "nt" else "bin") / "python"
    root.mkdir()
    python.parent.mkdir(parents=True)
    python.touch()
    (root / folder / file).touch()
    text = "name: toy\nruntime: {name: python, options: {toolchain: uv}}\n"
    assert Path(project(root, text).python).parent.resolve() == python.parent.resolve()


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
        "the virtual environment is 'gone', and there is no interpreter",
    ),
    "a name that leads elsewhere": ("name: ..\nruntime: python", "`name` is '..'"),
    "a name with a slash": ("name: a/b\nruntime: python", "`name` is 'a/b'; a project's name has"),
    "a name that is a number": ("name: 5\nruntime: python", "`name` is a number; it must be text"),
    "a list for the program": (
        "name: toy\nruntime: python\nmain: [a]",
        "`main` is a list; it must be text",
    ),
    "options that are none": (
        "name: toy\nruntime: {name: python, options: 5}",
        "the options of `runtime` are a number; they must be a mapping",
    ),
    "Poetry": (
        "name: toy\nruntime: {name: python, options: {toolchain: poetry}}",
        "set the option `virtualenv` to what `poetry env info --path` prints",
    ),
    "an unknown toolchain": (
        "name: toy\nruntime: {name: python, options: {toolchain: conda}}",
        "`toolchain` is 'conda'; it must be pip, poetry or uv",
    ),
    "a missing environment of uv": (
        "name: toy\nruntime: {name: python, options: {toolchain: uv}}",
        "create it, with `pulumi install` for example",
    ),
    "a key that is there twice": ("name: toy\nname: toy", "line 2, column 1: a key of this"),
    "a key that is a list": ("? [a]\n: 1", "a key must be a single value"),
    "an endless number": ("name: toy\nruntime: python\nx: .inf", "a number must be finite"),
    "no YAML": ("name: [", "is not YAML"),
    "an open quote": (
        'name: "toy\nruntime: python\n',
        "is not YAML: line 3, column 1: found unexpected end of stream, in what begins at line 1, "
        "column 7; correct it, and run the command again",
    ),
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


@pytest.mark.parametrize("name", ["dev", "organization/dev", "organization/toy/dev"])
def test_a_stack_may_be_named_in_full(tmp_path: Path, name: str) -> None:
    """A stack has the forms of name that a Pulumi backend without a cloud takes."""
    project(tmp_path)
    assert create_or_select_stack(name, tmp_path).name == "dev"


UNFIT = {
    "another organization": ("org/dev", "'org/dev' is not one of this project"),
    "another project": ("organization/other/dev", "organization/toy/<stack>"),
    "a way out": ("../../../escape", "'../../../escape' is not one of this project"),
    "a way out of one step": ("organization/..", None),
    "an absolute path": ("/escape", "'/escape' is not one of this project"),
    "nothing": ("", "the stack name '' is not allowed"),
    "a space": ("my dev", "1 to 100 letters, digits, hyphens, underscores and periods"),
    "a backslash": ("..\\escape", "the stack name '..\\\\escape' is not allowed"),
    "too long a name": ("a" * 101, "is not allowed"),
}


@pytest.mark.parametrize(("name", "reason"), UNFIT.values(), ids=UNFIT)
def test_no_stack_name_leads_out_of_the_state_s_folder(
    tmp_path: Path, name: str, reason: str | None
) -> None:
    """A name is refused in one line unless Pulumi allows it; state is written below the project."""
    root = tmp_path / "a" / "b" / "project"
    root.mkdir(parents=True)
    project(root)
    if reason is None:
        state = Deployment(3, {"resources": []})
        create_or_select_stack(name, root).import_stack(state)
    else:
        with pytest.raises(ProjectError) as refusal:
            create_or_select_stack(name, root)
        assert reason in str(refusal.value)
        assert "\n" not in str(refusal.value)
    assert {one.name for one in tmp_path.rglob("*.*")} <= {
        "Pulumi.yaml",
        ".pulumi-offline",
        ".gitignore",
        "...json",
        "...key",
        "...lock",
    }
    assert not [
        one for one in tmp_path.rglob("*.json") if root / ".pulumi-offline" not in one.parents
    ]


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
        "toy:list": '["x",{"y":1}]',
        "other:key": "there",
        "toy:bare": "here",
    }


# A value as it stands in a stack's file, and as Pulumi CLI 3.274.1 hands it to programs.
SPELLINGS = {
    "1e3": "1000",
    "5.0": "5",
    "1.50": "1.5",
    ".5": "0.5",
    "1e21": "1e+21",
    "1e-7": "1e-7",
    "0.000001": "0.000001",
    "22:00": "22:00",
    "190:20:30": "190:20:30",
    "0528": "528",
    "017": "15",
    "0o17": "15",
    "0x1F": "31",
    "0b11": "3",
    "1_000": "1000",
    "+5": "5",
    "-0": "0",
    "18446744073709551615": "18446744073709551615",
    "100000000000000000000": "100000000000000000000",
    "123456789012345678901234567890": "1.2345678901234568e+29",
    "=": "=",
    "<<": "<<",
    "yes": "yes",
    "on": "on",
    "True": "true",
    "~": "",
    "Null": "",
    "2026-01-02": "2026-01-02 00:00:00 +0000 UTC",
    "2026-01-02T03:04:05Z": "2026-01-02 03:04:05 +0000 UTC",
    '"5.0"': "5.0",
    "!!str 5.0": "5.0",
    "!!binary aGk=": "hi",
    "'0528'": "0528",
    "{x: 1e3, y: 22:00, z: 0528, a: '1e3'}": '{"a":"1e3","x":1000,"y":"22:00","z":528}',
    "[5.0, =, 2026-01-02]": '[5,"=","2026-01-02 00:00:00 +0000 UTC"]',
    "{1: a, true: b, 1.5: c, ~: d}": '{"1":"a","1.5":"c","\\u003cnil\\u003e":"d","true":"b"}',
    "{text: <a> & ü}": '{"text":"\\u003ca\\u003e \\u0026 ü"}',
}


def spelled(folder: Path) -> Project:
    """Write a project whose stack has every spelling."""
    lines = [f"  key{number}: {text}\n" for number, text in enumerate(SPELLINGS)]
    return project(folder, dev="config:\n" + "".join(lines))


def test_config_files_are_read_by_the_cli_s_rules(tmp_path: Path) -> None:
    """A value that is not quoted is the number, flag or text that the Pulumi CLI takes it for."""
    config = read_config(spelled(tmp_path), "dev", {})
    found = [config[f"toy:key{number}"].value for number in range(len(SPELLINGS))]
    assert dict(zip(SPELLINGS, found, strict=True)) == SPELLINGS


@pytest.mark.cli
@pytest.mark.skipif(not has_cli(), reason="the Pulumi CLI is not on PATH")
def test_the_cli_reads_config_files_the_same(tmp_path: Path) -> None:
    """`pulumi config` shows the values that the offline engine reads out of the same file."""
    work = tmp_path / "work"
    work.mkdir()
    spelled(work)
    real = RealEngine(work, tmp_path / "pulumi")
    shown = json.loads(real.pulumi("config", "--json"))
    found = [shown[f"toy:key{number}"]["value"] for number in range(len(SPELLINGS))]
    assert dict(zip(SPELLINGS, found, strict=True)) == SPELLINGS


def test_the_first_document_of_a_file_counts(tmp_path: Path) -> None:
    """As with the CLI, anchors are followed, mappings merged, and further documents not read."""
    text = "config:\n  a: &a {k: 1}\n  b: {<<: *a, j: 2}\n---\nconfig: {c: 3}\n"
    config = read_config(project(tmp_path, dev=text), "dev", {})
    assert {key: one.value for key, one in config.items()} == {
        "toy:a": '{"k":1}',
        "toy:b": '{"j":2,"k":1}',
    }


UNREADABLE = {
    "a number for the configuration": ("config: 5", "`config` is a number; it must be a mapping"),
    "a key of many parts": ("config: {a:b:c:d: 1}", "'a:b:…' is not of the form"),
    "a key that is there twice": ("config: {a: 1, a: 2}", "column 16: a key of this"),
}


@pytest.mark.parametrize(("text", "reason"), UNREADABLE.values(), ids=UNREADABLE)
def test_a_configuration_that_cannot_be_read_is_refused(
    tmp_path: Path, text: str, reason: str
) -> None:
    """The error says what is wrong, and is no traceback."""
    with pytest.raises(ProjectError, match=re.escape(reason)):
        read_config(project(tmp_path, dev=text), "dev", {})


def test_a_former_form_of_keys_is_read(tmp_path: Path) -> None:
    """`<namespace>:config:<name>` is `<namespace>:<name>`, as with the CLI."""
    one = project(tmp_path, dev="config: {toy:config:size: 4}")
    assert read_config(one, "dev", {}) == {"toy:size": ConfigValue("4")}


def test_a_mapping_named_like_a_secret_is_none(tmp_path: Path) -> None:
    """`secure` marks an encrypted value only where it holds text."""
    one = project(tmp_path, dev="config: {door: {secure: {bolts: 2}}}")
    assert read_config(one, "dev", {}) == {"toy:door": ConfigValue('{"secure":{"bolts":2}}')}


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
    "a text for a number": ("toy:size: many", "toy:size is not of the type integer, which Pu"),
    "a flag for a number": ("toy:size: true", "not of the type integer"),
    "a number for a list": ("toy:names: 1", "not of the type array"),
}


@pytest.mark.parametrize(("line", "reason"), WRONG.values(), ids=WRONG)
def test_a_value_of_the_wrong_type_is_refused(tmp_path: Path, line: str, reason: str) -> None:
    """The error names the key and the declared type; the value may be a secret."""
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
