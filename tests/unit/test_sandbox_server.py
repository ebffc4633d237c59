"""The life of a sandbox: seed, start, stop, database file, and what keeps it from starting."""

import socket
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from pulumi_openrouter.sandbox import Sandbox, SandboxError

SEED: dict[str, Any] = {
    "organization_members": [
        {"email": "Ann@example.com", "first_name": "Ann", "role": "org:admin", "id": "user_ann"},
        {"email": "bo@example.com"},
    ],
    "workspaces": [
        {
            "name": "Production",
            "slug": "production",
            "description": "Live",
            "default_provider_sort": "price",
            "include_byok_in_budgets": True,
            "budgets": {"monthly": 500, "daily": 0.5},
            "members": ["ann@EXAMPLE.com", "user_ann"],
        }
    ],
}


def post(sandbox: Sandbox, slug: str) -> None:
    """Create a workspace."""
    headers = {"Authorization": f"Bearer {sandbox.key}"}
    body = {"name": slug, "slug": slug}
    httpx.post(f"{sandbox.url}/workspaces", json=body, headers=headers).raise_for_status()


def slugs(sandbox: Sandbox) -> list[str]:
    """Return the slugs of all workspaces."""
    return [workspace["slug"] for workspace in sandbox.state()["workspaces"]]


def test_default_seed_is_an_organization_of_six() -> None:
    """Without a seed there are the default workspace and six people, Jane Doe the first."""
    with Sandbox() as sandbox:
        state = sandbox.state()
    people = state["organization_members"]
    assert [workspace["slug"] for workspace in state["workspaces"]] == ["default"]
    assert (len(people), people[0]["email"]) == (6, "jane.doe@example.com")
    assert {person["role"] for person in people} == {"org:admin", "org:member"}
    assert all(len(person["id"]) == len("user_") + 27 for person in people)


@pytest.mark.parametrize("as_file", [True, False], ids=["YAML file", "dict"])
def test_seed_is_what_the_sandbox_holds(tmp_path: Path, as_file: bool) -> None:
    """A seed gives people and workspaces with budgets and members, by email or id."""
    file = tmp_path / "seed.yaml"
    file.write_text(yaml.safe_dump(SEED), encoding="utf-8")
    with Sandbox(seed=file if as_file else SEED) as sandbox:
        state = sandbox.state()
    production = state["workspaces"][1]
    assert production["budgets"] == {"monthly": 500, "daily": 0.5}
    assert production["members"] == ["user_ann"]
    assert (production["description"], production["include_byok_in_budgets"]) == ("Live", True)
    assert production["created_by"] == "user_ann"
    assert state["workspaces"][0]["members"][0] == "user_ann"
    assert len(state["organization_members"]) == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("workspaces: [{name: A, slug: A b}]", r"workspaces.0.slug: String should .* 'A b'"),
        ("workspaces: [{name: A}]", r"workspaces.0.slug: Field required"),
        ("people: []", "people: Extra inputs are not permitted"),
        (
            "workspaces: [{name: A, slug: a, budgets: {yearly: 5}}]",
            "yearly.*Input should be 'daily'",
        ),
        (
            "workspaces: [{name: A, slug: a, budgets: {daily: 5, weekly: 5}}]",
            r'"a": budgets: Budget limits must be strictly .* weekly limit \(\$5\)',
        ),
        ("workspaces: [{name: A, slug: a, members: [x@y]}]", "\"a\": members: 'x@y' is not among"),
        ("workspaces: [{name: A, slug: default}]", "slug 'default' appears twice"),
        ("organization_members: [{email: a@b}, {email: A@B}]", "id 'user_.*' appears twice"),
        ("organization_members: [{email: nobody}]", "email: String should match .*'nobody'"),
        ('organization_members: [{email: ""}]', "a person without an email address needs an id"),
        ("- a list", "seed: Input should be a valid dictionary"),
        ("{", "is not YAML: "),
    ],
)
def test_seed_that_is_wrong_names_file_key_value_and_rule(
    tmp_path: Path, text: str, words: str
) -> None:
    """A seed is validated whole, and its first error says where it is and what it breaks."""
    file = tmp_path / "seed.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SandboxError, match=f"seed.yaml.*{words}"), Sandbox(seed=file):
        pass


def test_an_argument_that_a_control_does_not_take_is_refused() -> None:
    """Python gets the answer that a wrong request to the control endpoint gets."""
    with Sandbox() as sandbox, pytest.raises(SandboxError, match="Unexpected positional argument"):
        sandbox.reset({"people": []})  # type: ignore[call-arg]


def test_seed_without_a_default_workspace() -> None:
    """An organization may have no default workspace, and its slug is then free."""
    with Sandbox(seed={"default_workspace": False}) as sandbox:
        post(sandbox, "default")
        state = sandbox.state()
    assert [workspace["is_default"] for workspace in state["workspaces"]] == [False]
    assert state["workspaces"][0]["members"] == []


USES: dict[str, Callable[[Sandbox], object]] = {
    "url": lambda sandbox: sandbox.url,
    "control_url": lambda sandbox: sandbox.control_url,
    "environment": lambda sandbox: sandbox.environment,
    "wait": lambda sandbox: sandbox.wait(),
    "reset": lambda sandbox: sandbox.reset(),
    "state": lambda sandbox: sandbox.state(),
    "requests": lambda sandbox: sandbox.requests(),
    "clear_requests": lambda sandbox: sandbox.clear_requests(),
    "counts": lambda sandbox: sandbox.counts(),
    "set_latency": lambda sandbox: sandbox.set_latency(0),
    "add_fault": lambda sandbox: sandbox.add_fault(status=500),
    "faults": lambda sandbox: sandbox.faults(),
    "clear_faults": lambda sandbox: sandbox.clear_faults(),
    "wait_until_held": lambda sandbox: sandbox.wait_until_held(0),
    "release": lambda sandbox: sandbox.release(),
    "add_organization_members": lambda sandbox: sandbox.add_organization_members(1),
    "add_person": lambda sandbox: sandbox.add_person("a@b"),
    "change_person": lambda sandbox: sandbox.change_person("user_a", role="org:admin"),
    "remove_person": lambda sandbox: sandbox.remove_person("user_a"),
    "add_key": lambda sandbox: sandbox.add_key("default"),
    "disable_key": lambda sandbox: sandbox.disable_key("0"),
    "delete_key": lambda sandbox: sandbox.delete_key("0"),
    "mark_member": lambda sandbox: sandbox.mark_member("user_a", scim_managed=True),
    "mark_workspace": lambda sandbox: sandbox.mark_workspace("default", active_keys=True),
    "set_options": lambda sandbox: sandbox.set_options(plan="standard"),
}

NOT_RUNNING = (
    "the sandbox is not running: use it inside `with Sandbox() as sandbox:`, "
    "which starts it and stops it"
)


@pytest.mark.parametrize("name", USES)
def test_using_a_sandbox_that_was_not_started_is_one_line(name: str) -> None:
    """Before the `with` block, each property and method says in one line what to do."""
    with pytest.raises(SandboxError) as refused:
        USES[name](Sandbox())
    assert str(refused.value) == NOT_RUNNING


def test_every_public_name_is_tried_before_the_start() -> None:
    """No public name of the sandbox is left out above."""
    assert {name for name in dir(Sandbox) if not name.startswith("_")} == set(USES)


def test_steering_outside_of_the_block() -> None:
    """A stopped sandbox says the same, and can be started again."""
    stopped = Sandbox()
    with stopped:
        assert slugs(stopped) == ["default"]
    with pytest.raises(SandboxError, match="the sandbox is not running"):
        stopped.state()
    with stopped:
        assert slugs(stopped) == ["default"]


def test_waiting_ends_with_the_sandbox() -> None:
    """A thread that waits for a held request learns that the sandbox is not running any more."""
    with ThreadPoolExecutor() as pool:
        with Sandbox() as sandbox:
            asked = threading.Event()

            def wait() -> None:
                asked.set()
                sandbox.wait_until_held()

            waiting = pool.submit(wait)
            asked.wait()
        with pytest.raises(SandboxError, match="the sandbox is not running"):
            waiting.result(timeout=30)


def test_missing_seed_file_is_named(tmp_path: Path) -> None:
    """A seed file that is not there is an error that names it."""
    with pytest.raises(SandboxError, match=r"none\.yaml cannot be read: No such file"):
        Sandbox(seed=tmp_path / "none.yaml").__enter__()


def test_database_file_survives_a_restart(tmp_path: Path) -> None:
    """What was in a database file is there again, and the seed is planted only once."""
    file = tmp_path / "sandbox.db"
    with Sandbox(db=file, seed=SEED) as sandbox:
        post(sandbox, "acme")
        sandbox.mark_member("user_ann", scim_managed=True)
        sandbox.add_key("acme", creator_user_id="user_ann")
        before = sandbox.state()
    with Sandbox(db=file, seed=SEED) as sandbox:
        assert sandbox.state() == before
        headers = {"Authorization": f"Bearer {sandbox.key}"}
        url = f"{sandbox.url}/workspaces/production/members/remove"
        answer = httpx.post(url, json={"user_ids": ["user_ann"]}, headers=headers)
        assert answer.status_code == 403
        sandbox.reset()
        assert slugs(sandbox) == ["default", "production"]


def test_database_of_something_else_is_left_alone(tmp_path: Path) -> None:
    """A file that is no database, or another program's, is refused and not changed."""
    text, other = tmp_path / "text.db", tmp_path / "other.db"
    text.write_text("not a database, but long enough to be looked at" * 20, encoding="utf-8")
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE things (id)")
    connection.close()
    contents = [text.read_bytes(), other.read_bytes()]
    for file in (text, other):
        with pytest.raises(SandboxError, match=f"{file.name} cannot be used"), Sandbox(db=file):
            pass
    assert [text.read_bytes(), other.read_bytes()] == contents


def test_database_serves_one_sandbox_at_a_time(tmp_path: Path) -> None:
    """A second sandbox on one database file is refused."""
    file = tmp_path / "sandbox.db"
    with (
        Sandbox(db=file),
        pytest.raises(SandboxError, match=r"sandbox\.db cannot be used: database is locked"),
        Sandbox(db=file),
    ):
        pass


def test_port_in_use_is_one_line() -> None:
    """A port that is taken is an error that names it and the way out."""
    with Sandbox() as sandbox:
        port = httpx.URL(sandbox.url).port or 0
        words = rf"^cannot listen on 127\.0\.0\.1 port {port}: .*--port \(0: any\)\.$"
        with pytest.raises(SandboxError, match=words), Sandbox(port=port):
            pass


def test_stopped_sandbox_frees_its_port() -> None:
    """After leaving the block nothing listens, and the same port can be used again."""
    with httpx.Client() as client:
        with Sandbox() as sandbox:
            url, port = f"{sandbox.url}/workspaces", httpx.URL(sandbox.url).port
            assert client.get(url).status_code == 401
        with pytest.raises(httpx.ConnectError):
            client.get(url)
    assert port is not None
    with socket.create_server(("127.0.0.1", port)):
        pass


def test_key_is_the_one_that_was_chosen() -> None:
    """The sandbox takes the key that it was given and shows it in its environment."""
    with Sandbox(key="sk-or-mgmt-mine") as sandbox:
        assert sandbox.environment == {
            "OPENROUTER_BASE_URL": sandbox.url,
            "OPENROUTER_MANAGEMENT_KEY": "sk-or-mgmt-mine",
        }
        headers = {"Authorization": "Bearer sk-or-mgmt-mine"}
        assert httpx.get(f"{sandbox.url}/workspaces", headers=headers).status_code == 200


def test_two_sandboxes_know_nothing_of_each_other() -> None:
    """Sandboxes of one process have states of their own."""
    with Sandbox() as one, Sandbox() as other:
        post(one, "acme")
        assert (slugs(one), slugs(other)) == (["default", "acme"], ["default"])
