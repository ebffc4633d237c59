"""The command `offline import` and its Python method: lines, options, and files that are refused.

That an import does what `pulumi import --file` does is for the scenarios to show.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pulumi_openrouter.offline import OfflineError, StateError, create_or_select_stack

from .engines import (
    STACK,
    OfflineEngine,
    RealEngine,
    comparable_state,
    has_cli,
    import_document,
    new_world,
)
from .scenario import Import
from .scenarios_of_imports import CHILD, GROUP, LEAF, SECRET, A, B, entry
from .test_commands import document, lines, run

THING = "pulumi-python:dynamic/toy:Thing"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A toy project with one stack, in which nothing has been done."""
    project, objects = new_world("offline", tmp_path, "toy")
    (project / "Pulumi.dev.yaml").write_text(f"config:\n  toy:folder: {objects}\n")
    return project


def write(project: Path, *entries: Mapping[str, Any]) -> str:
    """Write an import file with these entries; return its name."""
    (project / "import.json").write_text(json.dumps(import_document(Import(entries))))
    return "import.json"


def state(project: Path) -> list[Any]:
    """Return the resources of the state, which may not exist."""
    file = project / ".pulumi-offline" / "toy" / "dev.json"
    return list(json.loads(file.read_text())["deployment"]["resources"]) if file.exists() else []


def test_an_import_in_lines(project: Path) -> None:
    """An import prints what it adds, the same file imports nothing, and a longer file the rest."""
    folder = project / ".pulumi-offline" / "toy"
    assert lines(run(project, "import", "--file", write(project, A, B), "-p", "1")) == [
        "Importing (dev):",
        f"State is kept in {folder}, for your user only.",
        " +  pulumi:pulumi:Stack toy-dev created",
        f" =  {THING} a imported",
        f" =  {THING} b imported",
        "Resources:",
        "    + 1 created",
        "    = 2 imported",
        "    3 changes",
    ]
    again = ["Importing (dev):", "Resources:", "    3 unchanged"]
    assert lines(run(project, "import", "--file", "import.json")) == again
    longer = write(project, A, B, GROUP, CHILD)
    assert lines(run(project, "import", "--file", longer))[1:] == [
        " =  toy:index:Group g imported",
        f" =  {THING} g-child imported",
        "Resources:",
        "    = 2 imported",
        "    3 unchanged",
    ]


def test_an_import_as_json(project: Path) -> None:
    """--json prints the same object as the other operations do, without a secret of the file."""
    result = run(project, "import", "--file", write(project, A, B), "--json")
    assert result.returncode == 0
    shown = document(result)
    assert shown["summary"] == {"resource_changes": {"create": 1, "import": 2}}
    assert [one["op"] for one in shown["steps"]] == ["create", "import", "import"]
    assert "hush" not in result.stdout + result.stderr


def test_protection_can_be_left_off(project: Path) -> None:
    """--protect=false leaves what is imported unprotected, and the default protects it."""
    run(project, "import", "--file", write(project, A), "--protect=false")
    run(project, "import", "--file", write(project, A, B))
    protected = {
        one["urn"].rpartition("::")[2]: one.get("protect", False) for one in state(project)
    }
    assert protected == {"toy-dev": False, "default": False, "a": False, "b": True}


def test_a_check_that_refuses_inputs_is_a_warning(project: Path) -> None:
    """The warning names resource, property, value and reason; the import goes on."""
    result = run(project, "import", "--file", write(project, entry("a", size=-5)))
    assert result.returncode == 0
    assert (
        f"warning: {THING} resource 'a': property size value {{-5}} has a problem: "
        "must not be negative" in lines(result)
    )
    assert [one["id"] for one in state(project) if one["type"] == THING] == ["a-1"]


def test_an_id_that_differs_is_refused_with_nothing_written(project: Path) -> None:
    """One entry that contradicts the state keeps the others out as well."""
    run(project, "import", "--file", write(project, A))
    before = state(project)
    result = run(project, "import", "--file", write(project, B, entry("a", id_="a-9")))
    assert result.returncode == 1
    assert lines(result)[-2:] == [
        f"error: {THING} (a): Preview failed: resource 'urn:pulumi:dev::toy::{THING}::a' already "
        "exists",
        "with the id 'a-1', and the import file has 'a-9'; correct the file, or give the resource "
        "in it another name",
    ]
    assert state(project) == before


def without(key: str, bag: str = "") -> dict[str, Any]:
    """Return the entry of a thing that lacks a key, in one of its bags or at the top."""
    (whole,) = import_document(Import((A,)))["resources"]
    lacking = {**whole[bag]} if bag else {**whole}
    del lacking[key]
    return {**whole, bag: lacking} if bag else lacking


NOT_HERE = "which the offline engine does not support; use the Pulumi CLI for it"
CIPHERTEXT = {key: one for key, one in SECRET.items() if key != "plaintext"} | {"ciphertext": "v1"}
REFUSED: dict[str, tuple[Any, str]] = {
    "no object": ([], "it is not an import file, because it has no list `resources`"),
    "no resources": ({}, "it is not an import file, because it has no list `resources`"),
    "an empty list": ({"resources": []}, "it lists no resources, so there is nothing to import"),
    "provider inputs": (
        {"resources": [], "providerInputs": {"p": {}}},
        f"it has `providerInputs`, {NOT_HERE}",
    ),
    "a name table of another kind": (
        {**import_document(Import((A,))), "nameTable": ["a"]},
        "`nameTable` must map names to URNs",
    ),
    "a name that is no URN": (
        {**import_document(Import((A,))), "nameTable": {"up": "g"}},
        "`nameTable` has 'g' for 'up', which is not a URN",
    ),
    "an entry of another kind": ({"resources": ["a"]}, "entry 1 is not an object"),
    "no type": (
        {"resources": [without("type")]},
        "entry 1 ('a') has no `type`; an entry needs `type`, `name` and `id`",
    ),
    "no name": (
        {"resources": [without("name")]},
        "entry 1 has no `name`; an entry needs `type`, `name` and `id`",
    ),
    "no id": (
        {"resources": [without("id")]},
        f"entry 1 ({THING} 'a') has no `id`; only a component (`component`: true) has none",
    ),
    "an id of another kind": (
        {"resources": [{**A, "id": 5}]},
        "entry 1 has 5 for `id`, which must be text",
    ),
    "a component with an id": (
        {"resources": [{**GROUP, "id": "g-1"}]},
        "entry 1 (toy:index:Group 'g') has an `id`, but is marked as a component, which has none",
    ),
    "a resource of a plugin": (
        {"resources": [{"type": "aws:s3:Bucket", "name": "b", "id": "b"}]},
        "entry 1 (aws:s3:Bucket 'b') needs a plugin: the offline engine imports Python dynamic "
        "resources and components, so use the Pulumi CLI for it",
    ),
    "a provider of one's own": (
        {"resources": [{**A, "provider": "p"}]},
        f"entry 1 ({THING} 'a') has `provider`, {NOT_HERE}",
    ),
    "no outputs": (
        {"resources": [without("outputs")]},
        f"entry 1 ({THING} 'a') has no `outputs`: a dynamic resource is imported with the inputs "
        "and outputs of the file, because its provider cannot be asked for them",
    ),
    "no pickle": (
        {"resources": [without("__provider", "outputs")]},
        f"entry 1 ({THING} 'a') has no `__provider` in `outputs`, without which the resource "
        "could not be read or changed later",
    ),
    "inputs of another kind": (
        {"resources": [{**A, "inputs": "size"}]},
        f"entry 1 ({THING} 'a') has something else than an object for `inputs`",
    ),
    "an encrypted secret": (
        {"resources": [entry("a", label=CIPHERTEXT)]},
        f"entry 1 ({THING} 'a') has an encrypted secret in `inputs`; write it with its `plaintext`",
    ),
    "a secret that is no JSON": (
        {"resources": [entry("a", label={**SECRET, "plaintext": "hush"})]},
        f"entry 1 ({THING} 'a') has a secret in `inputs` whose `plaintext` is not JSON",
    ),
    "an unknown value": (
        {"resources": [entry("a", label="04da6b54-80e4-46f7-96ec-b56ff0331ba9")]},
        f"entry 1 ({THING} 'a') has unknown values in `inputs`; fill them in before importing",
    ),
    "a parent that nobody knows": (
        import_document(Import((A, CHILD))),
        f"entry 2 ({THING} 'g-child') has the parent 'g', which is neither an entry of the file "
        "nor in its `nameTable`",
    ),
    "a parent that two are called": (
        import_document(Import((GROUP, {**GROUP, "type": "toy:index:Other"}, CHILD))),
        f"entry 3 ({THING} 'g-child') has the parent 'g', and 2 entries of the file have that "
        "name; give them different names, with `logicalName` for what they are called",
    ),
    "parents in a circle": (
        import_document(Import(({**CHILD, "parent": "leaf"}, LEAF))),
        f"entry 1 ({THING} 'g-child') and its parent 'leaf' are below each other",
    ),
    "the same thing twice": (
        import_document(Import((A, A))),
        f"entry 2 ({THING} 'a') has the same URN as another one: urn:pulumi:dev::toy::{THING}::a",
    ),
}


@pytest.mark.parametrize(("content", "problem"), REFUSED.values(), ids=REFUSED)
def test_a_file_that_cannot_be_imported_is_refused_whole(
    project: Path, content: Any, problem: str
) -> None:
    """The one line names the file, the entry and what to do; nothing is written."""
    (project / "import.json").write_text(json.dumps(content))
    result = run(project, "import", "--file", "import.json")
    assert result.returncode == 1
    assert (result.stdout, result.stderr) == ("", f"error: import.json: {problem}\n")
    assert not (project / ".pulumi-offline").exists()


def test_a_file_that_is_no_json_is_refused(project: Path) -> None:
    """The line says where the JSON ends, and --json prints an object all the same."""
    (project / "import.json").write_text('{"resources": [')
    result = run(project, "import", "--file", "import.json", "--json")
    assert result.returncode == 1
    assert result.stderr.startswith("error: import.json: it is not JSON (Expecting value: line 1")
    assert document(result)["result"] == "failed"


def test_a_logical_name_is_what_a_resource_is_called(project: Path) -> None:
    """`name` tells the entries of a file apart, and `logicalName` is in the URN."""
    named = {**GROUP, "name": "the_group", "logicalName": "g"}
    run(project, "import", "--file", write(project, {**CHILD, "parent": "the_group"}, named))
    assert [one["urn"].partition("::toy::")[2] for one in state(project)] == [
        "pulumi:pulumi:Stack::toy-dev",
        "pulumi:providers:pulumi-python::default",
        "toy:index:Group::g",
        f"toy:index:Group${THING}::g-child",
    ]


def test_the_python_method_takes_entries(project: Path) -> None:
    """`import_resources` takes what the list of a file holds, and refuses as the command does."""
    stack = create_or_select_stack(STACK, project)
    entries = import_document(Import((A, B)))["resources"]
    result = stack.import_resources(resources=entries, generate_code=False)
    assert result.summary.resource_changes == {"create": 1, "import": 2}
    preview = stack.preview_import(entries)
    assert preview.change_summary == {"same": 3}
    with pytest.raises(StateError, match=r"^the list of resources to import: entry 1 \('a'\) has"):
        stack.import_resources([without("type")])
    with pytest.raises(OfflineError, match="generates no code"):
        stack.import_resources(entries, generate_code=True)


@pytest.mark.cli
@pytest.mark.skipif(not has_cli(), reason="the Pulumi CLI is not on PATH")
def test_one_call_drives_either_engine(tmp_path: Path) -> None:
    """The method takes the arguments of the one in Pulumi's Automation API, and does the same."""
    project, objects = new_world("both", tmp_path, "toy")
    states = []
    for engine in (OfflineEngine(project), RealEngine(project, tmp_path / "pulumi")):
        engine.set_config("toy:folder", str(objects), secret=False)
        stack: Any = engine.stack
        below = {"up": f"urn:pulumi:dev::toy::{GROUP['type']}::g"}
        group, *others = import_document(Import((GROUP, A, entry("c", parent="up"))))["resources"]
        stack.import_resources(resources=[group], protect=False, generate_code=False)
        stack.import_resources(resources=others, name_table=below, generate_code=False)
        states.append(comparable_state(engine.export()))
    assert states[0] == states[1]
