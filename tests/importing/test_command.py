"""The command: what it reads, what it leaves out, and what it does when something is wrong."""

from __future__ import annotations

import json
import math
import os
import shlex
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from harness.organization import Somebody, live, person
from pulumi_openrouter.sandbox.seed import generated_people, user_id

from .conftest import Importing, Starting
from .odd import PEOPLE, organization

JANE, SAM = "jane.doe@example.com", "sam@example.com"
CHAT = {"slug": "chat", "budgets": {"daily": 1, "monthly": 50}, "members": [JANE, SAM]}
"""A workspace with limits and people."""


def names(importing: Importing) -> list[str]:
    """Return the resources of the import file, as `Workspace chat`."""
    entries = importing.entries()
    return [f"{one['type'].rpartition(':')[2]} {one['name']}" for one in entries]


# What it reads.


def test_requests_are_few_and_only_read(importing_from: Starting) -> None:
    """It reads pages of workspaces and people, and what each workspace has, once."""
    importing = importing_from(**organization())
    read = importing.report()["read"]
    # Everybody is in the default workspace.
    members = [len(PEOPLE), *(len(one["members"]) for one in organization()["workspaces"])]
    pages = sum(max(1, math.ceil(count / 100)) for count in members)
    least = math.ceil(60 / 100) + 60 + pages + math.ceil(len(PEOPLE) / 100)
    counts = importing.sandbox.counts()
    assert read == {"workspaces": 60, "requests": counts["total"]}
    assert counts["total"] == least
    assert counts["writes"] == 0


def test_the_same_organization_gives_the_same_files(importing_from: Starting) -> None:
    """Running the command again writes the same bytes."""
    importing = importing_from(**organization())
    importing()
    before = importing.files()
    importing("--force")
    assert importing.files() == before
    assert {*before} == {"__main__.py", "import.json", "Pulumi.yaml"}


def test_only_some_workspaces(importing_from: Starting) -> None:
    """With --only, nothing of other workspaces is read or written."""
    importing = importing_from(CHAT, {"slug": "other"})
    importing("--only", "chat")
    assert names(importing) == [
        "Workspace chat",
        "WorkspaceBudget chat",
        "WorkspaceMembership chat",
    ]
    paths = {one["path"] for one in importing.sandbox.requests()}
    other = live(importing.sandbox, "other")["id"]
    assert not any(other in path for path in paths)


def test_a_slug_that_no_workspace_has(importing_from: Starting) -> None:
    """It is named, with the slugs that there are."""
    importing = importing_from(CHAT)
    printed = importing("--only", "chatt", code=1)
    assert printed == 'Error: no workspace has the slug "chatt"; the slugs are: chat, default\n'
    assert importing.files() == {}


def test_people_by_user_id_where_one_has_no_email(importing_from: Starting) -> None:
    """A membership is by email addresses or by user ids as a whole, and a line says why."""
    people = [{"email": JANE}, {"email": "", "id": "user_1"}]
    chat = {"slug": "chat", "members": [JANE, "user_1"]}
    importing = importing_from(chat, organization_members=people)
    printed = importing()
    assert 'Note: The members of workspace "chat" are listed by user id, because' in printed
    [membership] = [one for one in importing.entries() if one["type"].endswith("Membership")]
    assert membership["inputs"]["user_ids"] == sorted([user_id(JANE), "user_1"])


def test_a_default_workspace_that_was_renamed(importing_from: Starting) -> None:
    """It is kept when it leaves the program, and no list of the whole company is written."""
    people = [one.model_dump() for one in generated_people(1, 3)]
    importing = importing_from(organization_members=people)
    with Somebody(importing.sandbox) as somebody:
        somebody.creates("all-hands")
        somebody.adds("all-hands", *(user_id(one["email"]) for one in people))
        somebody.changes("default", slug="main", name="Main")
        somebody.sets("main", monthly=5)
    printed = importing()
    assert (
        'Note: Workspace "main" is the oldest one and has everybody in the organization' in printed
    )
    assert names(importing) == [
        "Workspace all-hands",
        "WorkspaceMembership all-hands",
        "Workspace main",
        "WorkspaceBudget main",
    ]
    assert importing.program.count("opts=pulumi.ResourceOptions(retain_on_delete=True)") == 2


@pytest.mark.parametrize("status", [403, 404])
def test_an_organization_without_budgets(importing_from: Starting, status: int) -> None:
    """Where the budgets of no workspace are shown, the program has none, and a line says so."""
    importing = importing_from(CHAT)
    importing.sandbox.add_fault(path="/workspaces/*/budgets", status=status, times=None)
    printed = importing()
    assert f"Note: OpenRouter answered {status} to the budgets of every workspace" in printed
    assert "WorkspaceBudget chat" not in names(importing)


def test_budgets_that_are_forbidden_for_one_workspace(importing_from: Starting) -> None:
    """Then something is wrong, and nothing is written."""
    importing = importing_from(CHAT)
    place = f"/workspaces/{live(importing.sandbox, 'chat')['id']}/budgets"
    importing.sandbox.add_fault(path=place, status=403, times=None)
    assert importing(code=1).startswith('Error: reading the budgets of workspace "chat"')
    assert importing.files() == {}


def test_a_budget_of_an_interval_that_is_new(importing_from: Starting) -> None:
    """A limit that no input can name is worth a line."""
    importing = importing_from({"slug": "chat", "budgets": {"daily": 1}})
    place = f"/workspaces/{live(importing.sandbox, 'chat')['id']}/budgets"
    body = {"data": [{"limit_usd": 5, "reset_interval": "yearly"}]}
    importing.sandbox.add_fault(path=place, status=None, body=json.dumps(body), times=None)
    assert 'Workspace "chat" has a budget of the interval "yearly"' in importing()


def test_a_default_workspace_whose_slug_went_to_another_one(importing_from: Starting) -> None:
    """Who is in a workspace tells the default one, so nobody is overlooked in the other."""
    importing = importing_from()
    with Somebody(importing.sandbox) as somebody:
        somebody.changes("default", slug="main")
        somebody.creates("default")
        somebody.adds("default", user_id(JANE))
    importing()
    assert names(importing) == [
        "Workspace default",
        "WorkspaceMembership default",
        "Workspace main",
    ]
    assert importing.program.count("retain_on_delete=True)") == 1


def test_a_listing_that_changes_while_it_is_read(importing_from: Starting) -> None:
    """It is read again, so that no workspace slips through."""
    importing = importing_from(*({"slug": f"w-{number:03}"} for number in range(120)))
    importing.sandbox.add_fault(method="GET", path="/workspaces", skip=1, hold=True)
    with command(importing) as process:
        importing.sandbox.wait_until_held()
        with Somebody(importing.sandbox) as somebody:
            somebody.deletes("w-005")
        importing.sandbox.release()
        process.communicate()
    slugs = {one["slug"] for one in importing.sandbox.state()["workspaces"]}
    assert slugs <= {one["name"] for one in importing.entries()}


def test_a_flag_without_a_limit(importing_from: Starting) -> None:
    """Nothing can manage the flag of BYOK by itself, and a line says so."""
    importing = importing_from({"slug": "chat", "include_byok_in_budgets": True})
    assert 'Note: Workspace "chat" has include_byok_in_budgets and no limit' in importing()
    assert names(importing) == ["Workspace chat", "Workspace default"]


def test_a_workspace_that_vanishes_is_left_out(importing_from: Starting) -> None:
    """One that is deleted between the list and its turn gets a line, and the others are written."""
    importing = importing_from(CHAT, {"slug": "other"})
    vanished = live(importing.sandbox, "chat")["id"]
    for path in (f"/workspaces/{vanished}/**", "/workspaces/chat"):
        importing.sandbox.add_fault(
            path=path, status=404, message="Workspace not found", times=None
        )
    assert 'Note: Workspace "chat" was deleted while it was read' in importing()
    assert names(importing) == ["Workspace default", "Workspace other"]


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"name": "a\u0007b"}, 'name is "a\\u0007b", but U+0007 is a control character'),
        ({"default_text_model": "a b"}, 'default_text_model is "a b", but'),
    ],
)
def test_a_value_that_the_rules_refuse(
    importing_from: Starting, fields: dict[str, Any], says: str
) -> None:
    """That workspace is left out with its parts; the line quotes the value and the rule."""
    importing = importing_from({**CHAT, **fields}, {"slug": "other"})
    printed = importing()
    assert f'Note: Workspace "chat" is left out with its budget and members: {says}' in printed
    assert names(importing) == ["Workspace default", "Workspace other"]


# What stacks manage already.


def exported(importing: Importing, *entries: str, secret: bool = False) -> Path:
    """Write a state with these entries of the import file, as `pulumi stack export` prints it."""
    resources = []
    for one in importing.entries():
        kind = one["type"].rpartition(":")[2]
        if f"{kind} {one['name']}" in entries:
            outputs = dict(one["outputs"])
            if secret and "emails" in outputs:
                outputs["emails"] = {
                    "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
                    "ciphertext": "v1:abc",
                }
            urn = f"urn:pulumi:prod::acme::{one['type']}::{one['name']}"
            resources.append({**one, "urn": urn, "custom": True, "outputs": outputs})
    file = importing.folder.parent / "state.json"
    file.write_text(json.dumps({"version": 3, "deployment": {"resources": resources}}))
    return file


def test_what_a_stack_manages_is_left_out(importing_from: Starting) -> None:
    """What is left is what nobody manages: whole workspaces, and limits and people set by hand."""
    importing = importing_from(CHAT)
    importing()
    state = exported(
        importing,
        "Workspace default",
        "Workspace chat",
        "WorkspaceBudget chat",
        "WorkspaceMembership chat",
    )
    rest = Importing(importing.folder.with_name("rest"), importing.sandbox)
    assert "There is nothing to import" in rest("--except-state", str(state))
    with Somebody(importing.sandbox) as somebody:
        somebody.creates("shadow")
        somebody.sets("chat", weekly=20)
        somebody.adds("chat", person(importing.sandbox, "mei.chen@example.com"))
    report = rest.report("--except-state", str(state))
    found = {(one["type"], one["name"]): one["inputs"] for one in report["resources"]}
    assert found == {
        ("WorkspaceBudget", "chat-unmanaged"): {"workspace": "chat", "weekly_usd": 20},
        ("WorkspaceMembership", "chat-unmanaged"): {
            "workspace": "chat",
            "emails": ["mei.chen@example.com"],
        },
        ("Workspace", "shadow"): {"name": "Shadow", "slug": "shadow"},
    }


def test_a_program_of_a_stack_is_not_replaced_by_a_smaller_one(importing_from: Starting) -> None:
    """What the new program has not would be deleted by that stack's next `up`, so it is refused."""
    importing = importing_from(CHAT, {"slug": "other"})
    importing()
    before = importing.files()
    printed = importing("--only", "other", "--force", code=1)
    assert 'an import of Workspace "chat"' in printed
    assert "the next `pulumi up` would delete or change it. Name another folder" in printed
    assert importing.files() == before


def test_a_workspace_that_cannot_be_managed_any_more(importing_from: Starting) -> None:
    """The stack may manage it, so a program without it does not replace the one that has it."""
    importing = importing_from(CHAT)
    importing()
    with Somebody(importing.sandbox) as somebody:
        somebody.changes("chat", name="a\u0007b")
    assert 'an import of Workspace "chat"' in importing("--force", code=1)


def test_a_workspace_that_has_lost_its_limits(importing_from: Starting) -> None:
    """Nobody manages what is not there, so a second import goes through."""
    importing = importing_from(CHAT)
    importing()
    with Somebody(importing.sandbox) as somebody:
        somebody.sets("chat", daily=None, monthly=None)
    importing("--force")
    assert "WorkspaceBudget chat" not in names(importing)


def test_nothing_to_import_replaces_nothing(importing_from: Starting) -> None:
    """Where stacks manage everything, no file is written, so none of before is in the way."""
    importing = importing_from(CHAT)
    importing()
    before = importing.files()
    state = exported(importing, *names(importing))
    assert "There is nothing to import" in importing("--except-state", str(state), "--force")
    assert importing.files() == before


def test_slugs_that_have_moved_since_an_import(importing_from: Starting) -> None:
    """A name in the program would mean another workspace than in the stack, so it is refused."""
    importing = importing_from(CHAT, {"slug": "other"})
    importing()
    before = importing.files()
    with Somebody(importing.sandbox) as somebody:
        somebody.changes("chat", slug="spare")
        somebody.changes("other", slug="chat")
    assert 'an import of Workspace "chat"' in importing("--force", code=1)
    assert importing.files() == before
    with Somebody(importing.sandbox) as somebody:
        somebody.deletes("chat")
        somebody.changes("spare", slug="chat")
    importing("--force")
    assert "Workspace other" not in names(importing)


def test_names_of_leftovers_are_their_own(importing_from: Starting) -> None:
    """Neither a resource of the state nor a workspace of the organization has the same name."""
    importing = importing_from(CHAT, {"slug": "chat-unmanaged", "budgets": {"daily": 1}})
    importing()
    state = exported(importing, "Workspace chat", "WorkspaceBudget chat")
    with Somebody(importing.sandbox) as somebody:
        somebody.sets("chat", weekly=20)
    rest = Importing(importing.folder.with_name("rest"), importing.sandbox)
    rest("--except-state", str(state))
    budgets = [one for one in names(rest) if one.startswith("WorkspaceBudget")]
    assert budgets == ["WorkspaceBudget chat-unmanaged-unmanaged", "WorkspaceBudget chat-unmanaged"]


def test_a_subclass_is_known_by_its_provider(importing_from: Starting) -> None:
    """A class that is derived from ours has a type of its own in the state."""
    importing = importing_from(CHAT)
    importing()
    state = exported(importing, "Workspace chat")
    state.write_text(
        state.read_text().replace(
            '"type": "pulumi-python:dynamic/openrouter:Workspace"',
            '"type": "pulumi-python:dynamic:Resource"',
        )
    )
    rest = Importing(importing.folder.with_name("rest"), importing.sandbox)
    rest("--except-state", str(state))
    assert "Workspace chat" not in names(rest)


def test_people_who_are_encrypted_in_a_state(importing_from: Starting) -> None:
    """Who is managed cannot be seen then, and the line says how to export the state."""
    importing = importing_from(CHAT)
    importing()
    state = exported(importing, "WorkspaceMembership chat", secret=True)
    printed = importing("--except-state", str(state), "--force", code=1)
    assert printed.endswith(
        "emails is encrypted; use `pulumi stack export --show-secrets` for the file\n"
    )


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "cannot be read: No such file or directory"),
        ("{", "is not JSON"),
        ("[]", "has no deployment in it; pass what `pulumi stack export` prints"),
        ('{"deployment": null}', "has no deployment in it"),
        ('{"deployment": {"resources": [null]}}', "is no state of Pulumi's"),
        ('{"deployment": {"resources": {"a": 1}}}', "is no state of Pulumi's"),
    ],
)
def test_a_file_that_is_no_state(
    importing_from: Starting, tmp_path: Path, content: str | None, says: str
) -> None:
    """It is named, with what it has to be, and nothing is asked of the API."""
    importing = importing_from(CHAT)
    file = tmp_path / "state.json"
    if content is not None:
        file.write_text(content)
    assert says in importing("--except-state", str(file), code=1)
    assert importing.sandbox.counts()["total"] == 0


# What can go wrong.


def test_a_wrong_key(importing_from: Starting, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line says where the key came from, and nothing is written."""
    importing = importing_from(CHAT)
    monkeypatch.setattr(importing.sandbox, "key", "sk-or-mgmt-wrong")
    printed = importing(code=1)
    assert printed.count("\n") == 1
    assert "The key came from OPENROUTER_MANAGEMENT_KEY" in printed
    assert importing.files() == {}


def test_no_key(importing_from: Starting, monkeypatch: pytest.MonkeyPatch) -> None:
    """The line says that this command reads no stack config."""
    importing = importing_from(CHAT)
    monkeypatch.setattr(importing.sandbox, "key", "")
    assert importing(code=1) == (
        "Error: No OpenRouter management key: this command reads no stack config. Export "
        "OPENROUTER_MANAGEMENT_KEY.\n"
    )


def command(importing: Importing, **environment: str) -> subprocess.Popen[str]:
    """Start the command in a process of its own."""
    # A test run in the background of a shell ignores Ctrl-C, and hands that down.
    run = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "from pulumi_openrouter.cli import main; main()"
    )
    return subprocess.Popen(
        [sys.executable, "-c", run, "import", "--out", str(importing.folder)],
        env={**os.environ, **importing.sandbox.environment, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_an_api_that_is_down(importing_from: Starting) -> None:
    """One line, exit code 1, and nothing is written."""
    importing = importing_from(CHAT)
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    url = f"http://127.0.0.1:{port}/api/v1"
    with command(importing, OPENROUTER_BASE_URL=url) as process:
        output, errors = process.communicate()
    *waits, last = errors.splitlines()
    assert (process.returncode, output) == (1, "")
    assert all("trying again" in line for line in waits)
    assert last.startswith("error: listing the workspaces: GET /workspaces got no answer")
    assert importing.files() == {}


def test_a_request_that_keeps_failing(importing_from: Starting) -> None:
    """A program that manages fewer people than there are is worse than none."""
    importing = importing_from(CHAT)
    importing.sandbox.add_fault(
        path="/workspaces/*/members", status=500, times=None, retry_after="0"
    )
    printed = importing(code=1)
    assert "Error: reading the members of workspace" in printed
    assert importing.files() == {}


def test_ctrl_c_writes_nothing(importing_from: Starting) -> None:
    """It ends at once, although a request is waiting for its answer."""
    importing = importing_from(CHAT)
    importing.sandbox.add_fault(path="/workspaces/*/members", hold=True, times=None)
    with command(importing) as process:
        importing.sandbox.wait_until_held()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate()
    assert (process.returncode, errors) == (130, "")
    assert importing.files() == {}


@pytest.mark.parametrize(
    ("name", "project"),
    [("2024", '"2024"'), ("true", '"true"'), ("my $teams", "my-teams"), ("x" * 120, "x" * 100)],
)
def test_the_project_has_a_name_that_pulumi_takes(
    importing_from: Starting, name: str, project: str
) -> None:
    """It is made of the folder's name, and is text to a reader of YAML."""
    importing = importing_from(CHAT)
    importing = Importing(importing.folder / name, importing.sandbox)
    importing()
    assert importing.files()["Pulumi.yaml"].startswith(f"name: {project}\n")


def test_a_project_file_of_another_form_counts(importing_from: Starting) -> None:
    """Pulumi reads Pulumi.yml as well, and two would be one too many."""
    importing = importing_from(CHAT)
    importing.folder.mkdir()
    (importing.folder / "Pulumi.yml").write_text("name: mine\nruntime: python\n")
    importing()
    assert "Pulumi.yaml" not in importing.files()


def test_a_program_that_appears_meanwhile_is_not_replaced(importing_from: Starting) -> None:
    """Somebody may write one while the organization is read."""
    importing = importing_from(CHAT)
    importing.sandbox.add_fault(path="/organization/members", hold=True)
    with command(importing) as process:
        importing.sandbox.wait_until_held()
        importing.folder.mkdir()
        (importing.folder / "__main__.py").write_text("mine")
        importing.sandbox.release()
        _, errors = process.communicate()
    assert "exists already" in errors
    assert importing.files() == {"__main__.py": "mine"}


@pytest.mark.parametrize("name", ["__main__.py", "import.json"])
def test_what_exists_is_not_replaced(importing_from: Starting, name: str) -> None:
    """A program or an import file is replaced with --force only; a project file never is."""
    importing = importing_from(CHAT)
    importing.folder.mkdir()
    (importing.folder / name).write_text("mine")
    (importing.folder / "Pulumi.yaml").write_text("name: mine\nruntime: python\n")
    assert "exists already; name another folder with --out, or replace it" in importing(code=1)
    assert importing.files() == {name: "mine", "Pulumi.yaml": "name: mine\nruntime: python\n"}
    assert importing.sandbox.counts()["total"] == 0
    importing("--force")
    assert importing.files()["Pulumi.yaml"] == "name: mine\nruntime: python\n"
    assert "mine" not in (importing.program, importing.files()["import.json"])


def test_a_folder_that_cannot_be_written(importing_from: Starting) -> None:
    """One line, and what was not there before is not there afterwards."""
    importing = importing_from(CHAT)
    importing.folder.parent.joinpath("org").write_text("a file")
    assert importing(code=1).endswith("org is not a folder; name another one with --out\n")
    importing = Importing(importing.folder / "deeper", importing.sandbox)
    printed = importing(code=1)
    assert "Error:" in printed
    assert printed.count("\n") == 1


def test_a_place_that_is_taken_by_a_folder(importing_from: Starting) -> None:
    """Nothing is written where one of the files has no place."""
    importing = importing_from(CHAT)
    (importing.folder / "import.json").mkdir(parents=True)
    assert "import.json is not a file" in importing("--force", code=1)
    assert [one.name for one in importing.folder.iterdir()] == ["import.json"]


def test_the_printed_commands_name_the_folder(importing_from: Starting) -> None:
    """They work in any folder, whatever the folder's name has in it."""
    importing = importing_from(CHAT)
    importing = Importing(importing.folder / "my $teams", importing.sandbox)
    for line in importing.report()["commands"]:
        words = shlex.split(line)
        assert words[words.index("--cwd") + 1] == str(importing.folder)
