"""The list of API keys: which keys it shows, in which pages, and what it refuses."""

import uuid

import httpx
import pytest
from openrouter import OpenRouter

from pulumi_openrouter.sandbox import Sandbox

from .conftest import refuses

pytestmark = pytest.mark.usefixtures("acme")


@pytest.fixture
def acme_id(http: httpx.Client) -> str:
    """Return the id of the workspace `acme`."""
    return str(http.get("/workspaces/acme").json()["data"]["id"])


def listed(http: httpx.Client, query: str = "") -> list[str]:
    """Return the hashes that a request for keys answers with."""
    answer = http.get(f"/keys?{query}")
    assert list(answer.json()) == ["data"]
    return [key["hash"] for key in answer.json()["data"]]


def test_keys_are_listed_by_workspace(sandbox: Sandbox, http: httpx.Client, acme_id: str) -> None:
    """Only the keys of the workspace that was asked for are listed, by default the default one."""
    ours, theirs = sandbox.add_key("acme"), sandbox.add_key("default")
    assert listed(http, f"workspace_id={acme_id}") == [ours]
    assert listed(http, f"workspace_id={acme_id.upper()}") == [ours]
    assert listed(http) == [theirs]


def test_disabled_keys_are_listed_on_demand(
    sandbox: Sandbox, http: httpx.Client, acme_id: str
) -> None:
    """A disabled key is only listed with include_disabled=true."""
    keys = [sandbox.add_key("acme", disabled=True), sandbox.add_key("acme")]
    assert listed(http, f"workspace_id={acme_id}&include_disabled=false") == keys[1:]
    assert listed(http, f"workspace_id={acme_id}&include_disabled=true") == keys
    sandbox.disable_key(keys[1])
    assert listed(http, f"workspace_id={acme_id}") == []


def test_pages_of_keys_have_a_hundred(sandbox: Sandbox, http: httpx.Client, acme_id: str) -> None:
    """Keys come in pages of 100 from an offset, without a total."""
    keys = [sandbox.add_key("acme", name=f"Key {number}") for number in range(101)]
    assert listed(http, f"workspace_id={acme_id}") == keys[:100]
    assert listed(http, f"workspace_id={acme_id}&offset=null") == keys[:100]
    assert listed(http, f"workspace_id={acme_id}&offset=100") == keys[100:]
    assert listed(http, f"workspace_id={acme_id}&offset=101") == []


def test_organization_without_a_default_workspace_has_no_default_keys() -> None:
    """Without a default workspace, a request that names no workspace answers an empty list."""
    with Sandbox(seed={"default_workspace": False}) as sandbox:
        headers = {"Authorization": f"Bearer {sandbox.key}"}
        with httpx.Client(base_url=sandbox.url, headers=headers) as http:
            assert listed(http) == []
            assert http.get("/workspaces").json() == {"data": [], "total_count": 0}
            refuses(http.get("/workspaces/default"), 404, "Workspace not found")


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        (f"workspace_id={uuid.UUID(int=7)}", 404, "Workspace not found"),
        ("workspace_id=acme", 400, "Invalid request parameters: workspace_id: String should match"),
        ("workspace_id=", 400, "Invalid request parameters: workspace_id: String should match"),
        ("offset=-1", 400, "Invalid request parameters: offset: Value error, Input should be a w"),
        (
            "include_disabled=1",
            400,
            "Invalid request parameters: include_disabled: Value error, Input should be true or f",
        ),
    ],
    ids=["unknown workspace", "slug", "empty", "offset", "flag"],
)
def test_request_for_keys_that_is_wrong_is_refused(
    http: httpx.Client, query: str, status: int, words: str
) -> None:
    """A workspace is named by its id, and a flag by true or false."""
    answer = http.get(f"/keys?{query}")
    assert answer.status_code == status
    assert answer.json()["error"]["message"].startswith(words)


def test_official_sdk_reads_keys(
    sandbox: Sandbox, sdk: OpenRouter, acme_id: str, people: list[str]
) -> None:
    """The SDK parses each field of a key."""
    hash = sandbox.add_key("acme", name="CI", creator_user_id=people[0])
    [key] = sdk.api_keys.list(workspace_id=acme_id).data
    assert (key.hash, key.name, key.creator_user_id) == (hash, "CI", people[0])
    assert (key.workspace_id, key.disabled, key.usage, key.limit) == (acme_id, False, 0, None)
    assert key.label.startswith("sk-or-v1-")
