"""The command, run as a user does: options, lines, the JSON object, and exit codes."""

import json
import os
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from pulumi_openrouter.offline.cli import offline

from .engines import new_world
from .test_interruptions import COMMAND

HIDDEN = "hush-hush"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A toy project with one stack."""
    project, objects = new_world("offline", tmp_path, "toy")
    (project / "Pulumi.dev.yaml").write_text(f"config:\n  toy:folder: {objects}\n")
    return project


def run(
    project: Path, *arguments: str, variant: str = "one", **environment: str
) -> "subprocess.CompletedProcess[str]":
    """Run the command."""
    (project / "variant").write_text(variant)
    outside = {key: one for key, one in os.environ.items() if not key.startswith("PULUMI_")}
    return subprocess.run(
        [sys.executable, "-c", COMMAND, *arguments],
        cwd=project,
        env={**outside, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def lines(result: "subprocess.CompletedProcess[str]") -> list[str]:
    """Return what was printed, without times."""
    return [
        re.sub(r" \(\d+\.\d\ds\)$", "", line)
        for line in result.stdout.splitlines()
        if not line.startswith("Duration")
    ]


def document(result: "subprocess.CompletedProcess[str]") -> Any:
    """Return the JSON object, which is all that is on standard output."""
    return json.loads(result.stdout)


def test_a_stack_s_life_in_lines(project: Path) -> None:
    """Each operation prints the steps, property changes, outputs and counts that Pulumi would."""
    assert lines(run(project, "preview")) == [
        "Previewing update (dev):",
        " +  pulumi:pulumi:Stack toy-dev create",
        " +  pulumi-python:dynamic/toy:Thing a create",
        "Resources:",
        "    + 2 to create",
    ]
    first = lines(run(project, "up", "--yes"))
    folder = project / ".pulumi-offline" / "toy"
    assert first == [
        "Updating (dev):",
        f"State is kept in {folder}, for your user only.",
        " +  pulumi:pulumi:Stack toy-dev created",
        " +  pulumi-python:dynamic/toy:Thing a created",
        "Outputs:",
        "    size: 1",
        '    token: "token of a-1"',
        "Resources:",
        "    + 2 created",
    ]
    assert lines(run(project, "up", "-p", "1", variant="one_larger")) == [
        "Updating (dev):",
        " ~  pulumi-python:dynamic/toy:Thing a updated",
        "      ~ size: 1 => 2",
        "Outputs:",
        "    size: 2",
        '    token: "token of a-1"',
        "Resources:",
        "    ~ 1 updated",
        "    1 unchanged",
    ]
    assert lines(run(project, "preview", variant="one_tagged")) == [
        "Previewing update (dev):",
        " ++ pulumi-python:dynamic/toy:Thing a create replacement",
        " +- pulumi-python:dynamic/toy:Thing a replace",
        "      ~ size: 2 => 1",
        '      + tag: "x"',
        " -- pulumi-python:dynamic/toy:Thing a delete original",
        "Resources:",
        "    +-1 to replace",
        "    1 unchanged",
    ]
    assert lines(run(project, "destroy", "--yes")) == [
        "Destroying (dev):",
        " -  pulumi-python:dynamic/toy:Thing a deleted",
        " -  pulumi:pulumi:Stack toy-dev deleted",
        "Resources:",
        "    - 2 deleted",
    ]


def on_terminal(project: Path, *arguments: str, typed: str = "") -> tuple[int, bytes]:
    """Run the command on a pseudo-terminal; return its exit code and what the user sees."""
    ours, theirs = os.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", COMMAND, *arguments],
        cwd=project,
        env={**os.environ, "TERM": "xterm-256color", "NO_COLOR": "", "COLUMNS": "120"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        os.write(ours, typed.encode())
        shown = b""
        with suppress(OSError):
            while chunk := os.read(ours, 4096):
                shown += chunk
    os.close(ours)
    return process.returncode, shown


needs_terminal = pytest.mark.skipif(os.name == "nt", reason="needs a pseudo-terminal")


@needs_terminal
def test_a_terminal_gets_colors(project: Path) -> None:
    """On a terminal, lines about steps are colored, and what a provider prints stays as it is."""
    (project.parent / "objects" / "chatter").touch()
    (project / "variant").write_text("one")
    _, shown = on_terminal(project, "preview")
    assert b"\x1b[32m +  pulumi-python:dynamic/toy:Thing a create\x1b[0m" in shown
    assert re.search(rb"(?<!m)check says hello", shown)


@needs_terminal
@pytest.mark.parametrize(
    ("typed", "left"), [("y\n", []), ("n\n", ["a-1.json"]), ("\n", ["a-1.json"])]
)
def test_destroy_asks_on_a_terminal(project: Path, typed: str, left: list[str]) -> None:
    """`destroy` shows what it would delete and asks; only a yes deletes anything."""
    run(project, "up")
    code, shown = on_terminal(project, "destroy", typed=typed)
    assert b"Previewing destroy (dev):" in shown
    assert b"Destroy all of this in the stack 'dev'? [y/N]:" in shown
    assert [one.name for one in (project.parent / "objects").glob("*.json")] == left
    assert code == (1 if left else 0)
    assert (b"error: nothing was destroyed, as that was not confirmed" in shown) == bool(left)


def test_destroy_needs_yes_where_nobody_can_be_asked(project: Path) -> None:
    """Without a terminal and without --yes, `destroy` fails in one line and deletes nothing."""
    run(project, "up")
    refused = run(project, "destroy")
    assert refused.returncode == 1
    assert (refused.stdout, refused.stderr) == (
        "",
        "error: this would destroy resources of the stack 'dev', and there is no terminal to ask "
        "on; pass --yes to go on\n",
    )
    assert document(run(project, "destroy", "--json"))["result"] == "failed"
    assert [one.name for one in (project.parent / "objects").glob("*.json")] == ["a-1.json"]
    assert run(project, "destroy", PULUMI_SKIP_CONFIRMATIONS="true").returncode == 0


def test_drift_is_shown_before_it_is_repaired(project: Path) -> None:
    """`preview --refresh` shows what others changed and what `up` would do; nothing is saved."""
    run(project, "up")
    (object_,) = (project.parent / "objects").glob("*.json")
    object_.write_text(json.dumps({**json.loads(object_.read_text()), "size": 9}))
    shown = lines(run(project, "preview", "--refresh"))
    assert shown == [
        "Previewing update (dev):",
        " ~  pulumi-python:dynamic/toy:Thing a refresh",
        "      ~ size: 1 => 9",
        " ~  pulumi-python:dynamic/toy:Thing a update",
        "      ~ size: 9 => 1",
        "Resources:",
        "    ~ 1 to update",
        "    1 unchanged",
    ]
    assert lines(run(project, "preview"))[-1] == "    2 unchanged"
    assert document(run(project, "refresh", "--json"))["summary"] == {
        "resource_changes": {"same": 1, "update": 1}
    }


def test_what_a_refresh_finds_is_not_called_written(project: Path) -> None:
    """`up --refresh` says "refresh" of what it reads, and "updated" of what it writes."""
    run(project, "up")
    (object_,) = (project.parent / "objects").glob("*.json")
    object_.write_text(json.dumps({**json.loads(object_.read_text()), "size": 9}))
    thing = "pulumi-python:dynamic/toy:Thing a"
    assert lines(run(project, "up", "--refresh"))[1:5] == [
        f" ~  {thing} refresh",
        "      ~ size: 1 => 9",
        f" ~  {thing} updated",
        "      ~ size: 9 => 1",
    ]
    object_.unlink()
    assert lines(run(project, "up", "--refresh"))[1:3] == [
        f" -  {thing} refresh",
        f" +  {thing} created",
    ]


def test_keys_of_the_provider_s_own_are_not_shown(project: Path) -> None:
    """Properties that begin with two underscores are in the state and in no line."""
    result = run(project, "up", "--json", variant="with_internal_keys")
    assert result.returncode == 0
    shown = run(project, "up", variant="with_internal_keys_changed").stdout
    assert "~ detail.open: 1 => 2" in shown
    assert "__" not in shown
    exported = json.loads(run(project, "export").stdout)["deployment"]["resources"]
    assert exported[-1]["inputs"]["__owner"] == "somebody else"


def test_a_destroy_that_is_bound_to_fail_removes_nothing(project: Path) -> None:
    """A protected resource fails the preview of `destroy`; --skip-preview deletes the others."""
    run(project, "up", variant="protected")
    objects = project.parent / "objects"
    there = sorted(one.name for one in objects.glob("*.json"))
    refused = run(project, "destroy", "--yes", "--json")
    assert refused.returncode == 1
    assert document(refused)["result"] == "failed"
    assert "because it is protected" in refused.stderr
    assert "Previewing destroy (dev):" in refused.stderr
    assert "Destroying" not in refused.stderr
    assert sorted(one.name for one in objects.glob("*.json")) == there
    assert run(project, "destroy", "--skip-preview").returncode == 1
    assert sorted(one.name for one in objects.glob("*.json")) == ["a-1.json", "b-1.json"]


def test_a_resource_is_replaced_on_demand(project: Path) -> None:
    """--replace takes URNs, and refuses one that the stack does not have."""
    run(project, "up")
    urn = "urn:pulumi:dev::toy::pulumi-python:dynamic/toy:Thing::"
    planned = document(run(project, "preview", "--json", "--replace", urn + "a"))
    assert planned["summary"]["resource_changes"] == {"same": 1, "replace": 1}
    assert run(project, "up", "--replace", urn + "a").returncode == 0
    assert [one.name for one in (project.parent / "objects").glob("*.json")] == ["a-2.json"]
    refused = run(project, "up", "--replace", urn + "b")
    assert refused.returncode == 1
    assert lines(refused)[-1] == (
        f"error: the stack has no resource '{urn}b', which is to be replaced; "
        "`resources --show-urns` lists what there is"
    )


@pytest.mark.parametrize("operation", ["preview", "up", "refresh", "destroy --yes"])
@pytest.mark.parametrize("fault", ["project", "stack", "state", "configuration"])
def test_json_is_printed_for_every_failure(project: Path, operation: str, fault: str) -> None:
    """Whatever cannot be used, standard output has an object of the usual shape."""
    state = project / ".pulumi-offline" / "toy" / "dev.json"
    arguments: tuple[str, ...] = ()
    if fault == "project":
        (project / "Pulumi.yaml").write_text("name: toy\nruntime: nodejs\n")
        reason = "`runtime` is 'nodejs'; the offline engine runs Python programs only"
    elif fault == "stack":
        arguments = ("--stack", "../../escape")
        reason = "the stack '../../escape' is not one of this project"
    elif fault == "state":
        state.parent.mkdir(parents=True)
        state.write_text("{")
        reason = f"{state} is damaged, it is not JSON"
    else:
        (project / "Pulumi.dev.yaml").write_text("config: 5\n")
        reason = "`config` is a number; it must be a mapping"
    result = run(project, *operation.split(), "--json", *arguments)
    assert result.returncode == 1
    shown = document(result)
    (diagnostic,) = shown.pop("diagnostics")
    assert shown == {
        "result": "failed",
        "summary": {"resource_changes": {}},
        "steps": [],
        "outputs": {},
    }
    assert reason in diagnostic["message"]
    assert diagnostic["severity"] == "error"
    assert f"error: {diagnostic['message']}" in result.stderr


def test_git_ignores_the_state(project: Path) -> None:
    """The folder of the state, which holds secrets in plain text, tells git to leave it alone."""
    run(project, "up")
    assert (project / ".pulumi-offline" / ".gitignore").read_text() == "*\n"


def test_secrets_are_never_printed(project: Path) -> None:
    """Secret inputs, outputs of the same names and declared secret outputs are in no line."""
    for arguments in (("preview",), ("up",), ("refresh",), ("up", "--json"), ("destroy", "-y")):
        result = run(project, *arguments, variant="secrets")
        assert result.returncode == 0
        printed = result.stdout + result.stderr
        assert not [one for one in ("hush", "token of a-1", "two") if one in printed]


def test_json_is_one_object(project: Path) -> None:
    """Standard output has the object alone, and the lines are on standard error."""
    result = run(project, "up", "--json")
    assert document(result) == {
        "result": "succeeded",
        "summary": {"resource_changes": {"create": 2}},
        "steps": [
            {
                "op": "create",
                "urn": "urn:pulumi:dev::toy::pulumi:pulumi:Stack::toy-dev",
                "diff": [],
            },
            {
                "op": "create",
                "urn": "urn:pulumi:dev::toy::pulumi-python:dynamic/toy:Thing::a",
                "diff": [],
            },
        ],
        "outputs": {"size": 1, "token": "token of a-1"},
        "diagnostics": [
            {
                "severity": "info",
                "urn": "",
                "message": f"State is kept in {project / '.pulumi-offline' / 'toy'}, "
                "for your user only.",
            }
        ],
    }
    assert "Updating (dev):" in result.stderr


def test_a_failed_check_says_what_is_wrong_with_which_property(project: Path) -> None:
    """The last line has resource, property, value and reason, in the real CLI's order."""
    result = run(project, "preview", variant="invalid")
    assert result.returncode == 1
    assert lines(result)[-1] == (
        "error: pulumi-python:dynamic/toy:Thing resource 'b': "
        "property size value {-5} has a problem: must not be negative"
    )
    assert document(run(project, "preview", "--json", variant="invalid"))["result"] == "failed"


def test_a_comparison_that_fails_is_one_line(project: Path) -> None:
    """An exception of `diff` fails the preview, and is reported with its resource, in one line."""
    run(project, "up")
    (project.parent / "objects" / "fail-diff-a").touch()
    result = run(project, "preview", "--json")
    assert result.returncode == 1
    (error,) = [one for one in document(result)["diagnostics"] if one["severity"] == "error"]
    assert error == {
        "severity": "error",
        "urn": "urn:pulumi:dev::toy::pulumi-python:dynamic/toy:Thing::a",
        "message": "RuntimeError: told to fail diff of a",
    }


def test_what_a_provider_prints_is_shown_once(project: Path) -> None:
    """Lines that a provider prints in `check` and `diff` are shown as they are, and no errors."""
    run(project, "up")
    (project.parent / "objects" / "chatter").touch()
    result = run(project, "preview")
    assert result.returncode == 0
    assert [one for one in lines(result) if "hello" in one] == [
        "check says hello",
        "diff says hello",
    ]


def test_a_failed_create_names_its_resource(project: Path) -> None:
    """The provider's words stand after type and name."""
    (project.parent / "objects" / "fail-create-a").touch()
    result = run(project, "up")
    assert result.returncode == 1
    assert lines(result)[-1] == (
        "error: pulumi-python:dynamic/toy:Thing (a): RuntimeError: told to fail create of a"
    )


def test_a_program_s_error_comes_with_its_traceback(project: Path) -> None:
    """A program's exception is shown from the program's own first line on."""
    result = run(project, "preview", variant="variant_that_is_not_there")
    assert result.returncode == 1
    start = result.stdout.index("error: Program failed with an unhandled exception:")
    shown = result.stdout[start:].splitlines()
    assert shown[1] == "Traceback (most recent call last):"
    assert shown[2].lstrip().startswith(f'File "{project}/')
    assert "__main__.py" in shown[2]
    assert shown[-1].startswith("AttributeError: module 'relations' has no attribute")


def test_no_changes_can_be_expected(project: Path) -> None:
    """--expect-no-changes fails for a change, and only then."""
    failed = run(project, "preview", "--expect-no-changes")
    assert failed.returncode == 1
    assert lines(failed)[-1] == "error: no changes were expected but changes were proposed"
    run(project, "up")
    assert run(project, "preview", "--expect-no-changes").returncode == 0


def test_configuration_is_given_for_one_run(project: Path) -> None:
    """-c sets a value for this run; a key without a namespace gets the project's."""
    given = ("-c", "text=hello", "-c", "toy:number=4", "-c", "hidden=x", "--json")
    outputs = document(run(project, "up", *given, variant="configured"))["outputs"]
    assert outputs["text"] == "hello"
    assert outputs["number"] == 4
    assert "hello" not in (project / "Pulumi.dev.yaml").read_text()


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        (HIDDEN, "--config number 2 has no = between name and value: write it as --config KEY=VA"),
        (
            f"={HIDDEN}",
            "--config number 2 has no name before its =: write it as --config KEY=VALUE",
        ),
        (f"toy:={HIDDEN}", "--config number 2 has no name before its ="),
    ],
)
def test_a_setting_without_a_name_or_a_value_is_refused(
    project: Path, setting: str, words: str
) -> None:
    """The error says which --config it is, and does not show what may be a secret."""
    refused = run(project, "up", "-c", "text=hello", "-c", setting)
    assert refused.returncode == 2
    assert words in refused.stderr
    assert HIDDEN not in refused.stdout + refused.stderr


BROKEN = {
    "an open quote": f'config:\n  toy:token: "{HIDDEN}\n',
    "two colons": f"config:\n  toy:token: {HIDDEN}: foo\n",
    "text for the configuration": f"config: {HIDDEN}\n",
    "a list for the configuration": f"config:\n  - {HIDDEN}\n",
    "an alias": f"config:\n  toy:token: *{HIDDEN}\n",
    "a tag": f"config:\n  toy:token: !{HIDDEN}!x y\n",
    "a truth value that is none": f"config:\n  toy:token: !!bool {HIDDEN}\n",
    "a key that is there twice": f"config: {{{HIDDEN}, {HIDDEN}}}\n",
    "a value in the key": f"config: {{toy:token:{HIDDEN}}}\n",
    "a value of the wrong type": f"config:\n  toy:size: {HIDDEN}\n",
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_a_broken_stack_file_is_never_quoted(project: Path, text: str) -> None:
    """A secret may stand anywhere in a file that cannot be read, so no command prints any of it."""
    with (project / "Pulumi.yaml").open("a") as file:
        file.write("config:\n  toy:size: {type: integer, default: 1}\n")
    (project / "Pulumi.dev.yaml").write_text(text)
    result = run(project, "preview", "--json")
    assert result.returncode == 1
    assert document(result)["result"] == "failed"
    title, error = result.stderr.splitlines()
    assert title == "Previewing update (dev):"
    assert error.startswith("error: ")
    assert HIDDEN not in result.stdout + result.stderr


@pytest.mark.parametrize("operation", ["up", "destroy --yes", "refresh"])
def test_a_broken_line_is_named_by_its_place(project: Path, operation: str) -> None:
    """The error of each operation says where the file cannot be read, and not what is there."""
    (project / "Pulumi.dev.yaml").write_text(BROKEN["two colons"])
    result = run(project, *operation.split())
    assert result.returncode == 1
    assert result.stderr == (
        f"error: {project / 'Pulumi.dev.yaml'} is not YAML: line 2, column 23: mapping values are "
        "not allowed here; correct it, and run the command again\n"
    )


def test_a_secret_of_the_configuration_is_never_printed(project: Path) -> None:
    """An encrypted value's stand-in is in no line, and in no state that did not ask for it."""
    with (project / "Pulumi.dev.yaml").open("a") as file:
        file.write("  toy:hidden: {secure: v1:abc}\n")
    refused = run(project, "up", variant="one")
    assert refused.returncode == 1
    assert "set the variable PULUMI_OFFLINE_CONFIG_TOY_HIDDEN to its value" in refused.stderr
    result = run(project, "up", "--json", PULUMI_OFFLINE_CONFIG_TOY_HIDDEN=HIDDEN)
    assert result.returncode == 0
    assert HIDDEN not in result.stdout + result.stderr
    assert HIDDEN not in run(project, "export").stdout


def test_export_prints_what_import_takes(project: Path) -> None:
    """The exported document has Pulumi's version and resources."""
    run(project, "up")
    exported = json.loads(run(project, "export").stdout)
    assert exported["version"] == 3
    urns = [one["urn"] for one in exported["deployment"]["resources"]]
    assert urns == [
        "urn:pulumi:dev::toy::pulumi:pulumi:Stack::toy-dev",
        "urn:pulumi:dev::toy::pulumi:providers:pulumi-python::default",
        "urn:pulumi:dev::toy::pulumi-python:dynamic/toy:Thing::a",
    ]


def test_an_edit_within_the_same_second_is_seen(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program of the same size and time as the last one is run as it stands."""
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    main = project / "__main__.py"
    for word in ("one", "two"):
        main.write_text(f"import pulumi\npulumi.export('word', '{word}')\n")
        os.utime(main, (1_000_000_000, 1_000_000_000))
        assert json.loads(run(project, "up", "--json").stdout)["outputs"] == {"word": word}


def test_secrets_are_exported_for_the_stack_that_takes_them(project: Path) -> None:
    """Its secrets provider goes with them; without one, or with another file, the user is told."""
    run(project, "up", variant="secrets")
    alone = run(project, "export")
    assert alone.returncode == 1
    assert alone.stderr.startswith("error: the state holds secrets, which Pulumi imports only with")
    assert alone.stdout == ""
    shown = run(project, "export", "--show-secrets")
    assert "plaintext" in shown.stdout
    assert "secrets_providers" not in json.loads(shown.stdout)["deployment"]

    providers = {"type": "passphrase", "state": {"salt": "v1:abc"}}
    taker = project / "taker.json"
    taker.write_text(json.dumps({"version": 3, "deployment": {"secrets_providers": providers}}))
    exported = run(project, "export", "--for", str(taker))
    assert exported.stderr == ""
    assert json.loads(exported.stdout)["deployment"]["secrets_providers"] == providers

    taker.write_text("{}")
    refused = run(project, "export", "--for", str(taker))
    assert refused.returncode == 1
    assert refused.stderr == (
        f"error: {taker} names no secrets provider: it is not what `pulumi stack export` prints\n"
    )


def test_a_stack_that_is_not_named_is_asked_for(project: Path) -> None:
    """With two stacks and none named, the error lists both; PULUMI_STACK names one."""
    (project / "Pulumi.prod.yaml").touch()
    refused = run(project, "preview")
    assert refused.returncode == 1
    assert refused.stderr == (
        "error: which stack? Name it with --stack or PULUMI_STACK: one of dev, prod\n"
    )
    assert run(project, "preview", PULUMI_STACK="dev").returncode == 0


def test_a_stack_without_a_file_is_asked_for_by_its_state(project: Path) -> None:
    """A stack that has been brought up is known, even if it has no configuration."""
    (project / "Pulumi.dev.yaml").rename(project / "Pulumi.prod.yaml")
    assert run(project, "up", "--stack", "prod").returncode == 0
    config = f"toy:folder={project}"
    assert run(project, "up", "--stack", "spare", "--config", config).returncode == 0
    refused = run(project, "preview")
    assert refused.stderr.endswith("one of prod, spare\n")


@pytest.mark.parametrize("name", sorted(offline.commands))
def test_help_teaches_with_an_example(name: str) -> None:
    """The help of each command shows a line to paste, in a shape that click does not wrap."""
    printed = CliRunner().invoke(offline, [name, "--help"], catch_exceptions=False).output
    assert re.search(rf"^      .*pulumi-openrouter offline {name}( |$)", printed, re.MULTILINE)
