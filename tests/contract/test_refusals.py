"""Each refusal of the API: its status, its exact words, and that nothing was changed."""

from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from pulumi_openrouter.sandbox import Sandbox

from .conftest import ACME, refuses

pytestmark = pytest.mark.usefixtures("acme")

PATTERN = "String should match pattern '^[a-z0-9]+(?:-[a-z0-9]+)*$'"
INVALID = "Invalid request parameters: "

CREATE_REFUSALS: list[tuple[str, Mapping[str, Any], str]] = [
    ("name missing", {"slug": "a"}, "name: Field required"),
    ("name empty", {"name": ""}, "name: String should have at least 1 character"),
    ("name too long", {"name": "x" * 101}, "name: String should have at most 100 characters"),
    ("name null", {"name": None}, "name: Input should be a valid string"),
    ("slug with a space", {"slug": "a b"}, f"slug: {PATTERN}"),
    ("slug in capitals", {"slug": "A"}, f"slug: {PATTERN}"),
    ("slug with two hyphens", {"slug": "a--b"}, f"slug: {PATTERN}"),
    ("slug ending in a newline", {"slug": "a\n"}, f"slug: {PATTERN}"),
    ("slug too long", {"slug": "x" * 51}, "slug: String should have at most 50 characters"),
    (
        "description too long",
        {"description": "x" * 501},
        "description: String should have at most 500 characters",
    ),
    (
        "unknown sort",
        {"default_provider_sort": "cheapest"},
        "default_provider_sort: Input should be 'price', 'throughput', 'latency' or 'exacto'",
    ),
    (
        "sampling rate of 0",
        {"io_logging_sampling_rate": 0},
        "io_logging_sampling_rate: Input should be greater than or equal to 0.0001",
    ),
    (
        "sampling rate above 1",
        {"io_logging_sampling_rate": 1.01},
        "io_logging_sampling_rate: Input should be less than or equal to 1",
    ),
    (
        "sampling rate as text",
        {"io_logging_sampling_rate": "1"},
        "io_logging_sampling_rate: Input should be a valid number",
    ),
    (
        "sampling rate of true",
        {"io_logging_sampling_rate": True},
        "io_logging_sampling_rate: Input should be a valid number",
    ),
    (
        "boolean as a number",
        {"is_observability_broadcast_enabled": 1},
        "is_observability_broadcast_enabled: Input should be a valid boolean",
    ),
    (
        "key id with a fraction",
        {"io_logging_api_key_ids": [1, 1.5]},
        "io_logging_api_key_ids.1: Input should be a valid integer",
    ),
    (
        "tools that are no list",
        {"disabled_server_tools": "openrouter:web_search"},
        "disabled_server_tools: Input should be a valid list",
    ),
    (
        "a tool that does not exist",
        {"disabled_server_tools": ["openrouter:web_search", "openrouter:telepathy"]},
        "disabled_server_tools.1: Input should be 'openrouter:advisor', 'openrouter:apply_patch', "
        "'openrouter:bash', 'openrouter:datetime', 'openrouter:fusion', "
        "'openrouter:image_generation', 'openrouter:experimental__search_models', "
        "'openrouter:shell', 'openrouter:subagent', 'openrouter:tool_search', "
        "'openrouter:web_fetch' or 'openrouter:web_search'",
    ),
]


def live(sandbox: Sandbox) -> object:
    """Return the workspaces with their members."""
    return sandbox.state()["workspaces"]


@pytest.mark.parametrize(
    ("fields", "words"),
    [case[1:] for case in CREATE_REFUSALS],
    ids=[case[0] for case in CREATE_REFUSALS],
)
@pytest.mark.usefixtures("unchanged")
def test_create_refuses_bad_fields(
    http: httpx.Client, fields: Mapping[str, Any], words: str
) -> None:
    """Creating names the field at fault and its rule."""
    body = fields if words.endswith("required") else {"name": "New", "slug": "new", **fields}
    refuses(http.post("/workspaces", json=body), 400, INVALID + words)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "body: Field required"),
        (b"{", "body: JSON decode error (Expecting property name enclosed in double quotes)"),
        (b"[]", "body: Input should be a valid dictionary or object to extract fields from"),
        (b'{"limit_usd": NaN}', "limit_usd: Input should be a finite number"),
        (b'{"limit_usd": 1e999}', "limit_usd: Input should be a finite number"),
        (b'{"limit_usd": -1}', "limit_usd: Input should be greater than 0"),
        (b'{"limit_usd": 0}', "limit_usd: Input should be greater than 0"),
        (b'{"limit_usd": null}', "limit_usd: Input should be a valid number"),
        (b'{"limit_usd": "5"}', "limit_usd: Input should be a valid number"),
        (
            b'{"limit_usd": 5, "include_byok_in_budgets": null}',
            "include_byok_in_budgets: Input should be a valid boolean",
        ),
    ],
    ids=[
        *("nothing", "not JSON", "a list", "NaN", "infinity", "negative", "zero"),
        *("null limit", "text", "null flag"),
    ],
)
@pytest.mark.usefixtures("unchanged")
def test_budget_refuses_a_bad_body(http: httpx.Client, content: bytes, words: str) -> None:
    """A body that is not JSON, or of wrong types, answers 400 and says where."""
    headers = {"Content-Type": "application/json"}
    answer = http.put("/workspaces/acme/budgets/daily", content=content, headers=headers)
    refuses(answer, 400, INVALID + words)


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    ("interval", "limit", "words"),
    [
        ("monthly", 500, "the monthly limit ($500) must be greater than the weekly limit ($600)"),
        ("lifetime", 600, "the lifetime limit ($600) must be greater than the weekly limit ($600)"),
        ("daily", 600.5, "the weekly limit ($600) must be greater than the daily limit ($600.5)"),
        (
            "monthly",
            1e-9,
            "the monthly limit ($0.000000001) must be greater than the weekly limit ($600)",
        ),
    ],
    ids=["less", "equal", "more below", "tiny"],
)
def test_budgets_strictly_decrease(
    http: httpx.Client, interval: str, limit: float, words: str
) -> None:
    """A limit that breaks the order against any that is set is refused with both named."""
    answer = http.put(f"/workspaces/acme/budgets/{interval}", json={"limit_usd": limit})
    rule = "Budget limits must be strictly decreasing as scope narrows: "
    refuses(answer, 400, f"{rule}{words}.")


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
@pytest.mark.parametrize("interval", ["yearly", "Daily", "%00"])
def test_unknown_interval_is_refused(http: httpx.Client, method: str, interval: str) -> None:
    """Only the four intervals exist."""
    path = f"/workspaces/acme/budgets/{interval}"
    refuses(http.request(method, path, json={"limit_usd": 5}), 400, "Unsupported interval")


@pytest.mark.usefixtures("unchanged")
def test_slug_is_unique(http: httpx.Client) -> None:
    """Neither POST nor PATCH gives a workspace the slug of another."""
    words = 'A workspace with slug "acme" already exists'
    refuses(http.post("/workspaces", json=ACME), 400, words)
    refuses(http.patch("/workspaces/default", json={"slug": "acme"}), 400, words)


def test_own_slug_and_other_name_may_repeat(http: httpx.Client) -> None:
    """PATCH with the slug that a workspace has succeeds, and so does a name given twice."""
    assert http.patch("/workspaces/acme", json=ACME).status_code == 200
    assert http.post("/workspaces", json={"name": "Acme", "slug": "b"}).status_code == 201


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("verb", ["add", "remove"])
@pytest.mark.parametrize(
    ("user_ids", "words"),
    [
        (["u"] * 101, "user_ids: List should have at most 100 items after validation, not 101"),
        ([1], "user_ids.0: Input should be a valid string"),
        ("user_x", "user_ids: Input should be a valid list"),
    ],
    ids=["101 people", "a number", "no list"],
)
def test_member_lists_have_1_to_100_ids(
    http: httpx.Client, verb: str, user_ids: object, words: str
) -> None:
    """Both member operations refuse a list that is empty, too long or of wrong types."""
    answer = http.post(f"/workspaces/acme/members/{verb}", json={"user_ids": user_ids})
    refuses(answer, 400, INVALID + words)


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("verb", ["add", "remove"])
@pytest.mark.parametrize("body", [{}, {"user_ids": []}], ids=["left out", "empty"])
def test_somebody_has_to_be_named(http: httpx.Client, verb: str, body: dict[str, object]) -> None:
    """Both member operations refuse a request that names nobody."""
    refuses(http.post(f"/workspaces/acme/members/{verb}", json=body), 400, "user_ids is required")


@pytest.mark.usefixtures("unchanged")
def test_stranger_is_not_added_nor_anyone_beside(http: httpx.Client, people: list[str]) -> None:
    """One person outside the organization refuses the whole list."""
    body = {"user_ids": [people[0], "user_stranger"]}
    answer = http.post("/workspaces/acme/members/add", json=body)
    refuses(answer, 400, "Some users are not members of the organization")


def test_marked_members_cannot_be_removed(
    sandbox: Sandbox, http: httpx.Client, people: list[str]
) -> None:
    """SCIM answers 403, active keys 400; both name who, and nobody of the list is removed."""
    free, holder, managed, *_ = people
    http.post("/workspaces/acme/members/add", json={"user_ids": people}).raise_for_status()
    key = sandbox.add_key("acme", creator_user_id=holder)
    before = live(sandbox)
    path = "/workspaces/acme/members/remove"
    words = (
        "The following members have active API keys in this workspace and cannot be removed: "
        f"{holder}. Their keys must be deleted first."
    )
    refuses(http.post(path, json={"user_ids": [free, holder]}), 400, words)
    sandbox.disable_key(key)
    sandbox.mark_member(holder, scim_managed=True)
    sandbox.mark_member(managed, scim_managed=True)
    words = (
        "The following members are SCIM-managed and cannot be removed directly: "
        f"{holder}, {managed}. Changes must be made in your identity provider."
    )
    refuses(http.post(path, json={"user_ids": [free, holder, managed]}), 403, words)
    assert live(sandbox) == before
    sandbox.mark_member(managed, scim_managed=False)
    answer = http.post(path, json={"user_ids": [free, managed, managed]})
    assert answer.json() == {"removed_count": 2}


def test_removal_checks_scim_then_keys_of_people_who_are_not_in(
    sandbox: Sandbox, http: httpx.Client, people: list[str]
) -> None:
    """SCIM comes before active keys, and both whether or not the people are in the workspace."""
    managed, holder, *_ = people
    sandbox.mark_member(managed, scim_managed=True)
    sandbox.add_key("acme", creator_user_id=holder)
    path = "/workspaces/acme/members/remove"
    answer = http.post(path, json={"user_ids": [holder, managed]})
    words = (
        "The following members are SCIM-managed and cannot be removed directly: "
        f"{managed}. Changes must be made in your identity provider."
    )
    refuses(answer, 403, words)
    words = (
        "The following members have active API keys in this workspace and cannot be removed: "
        f"{holder}. Their keys must be deleted first."
    )
    refuses(http.post(path, json={"user_ids": [holder]}), 400, words)


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("verb", ["add", "remove"])
def test_default_workspace_keeps_everyone(http: httpx.Client, people: list[str], verb: str) -> None:
    """Nobody is added to the default workspace, and nobody leaves it."""
    words = "Cannot modify members of the default workspace"
    answer = http.post(f"/workspaces/default/members/{verb}", json={"user_ids": people[:1]})
    refuses(answer, 403, words)


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("query", ["", "?confirm_default_workspace_deletion=true"])
def test_default_workspace_cannot_be_deleted(
    sandbox: Sandbox, http: httpx.Client, query: str
) -> None:
    """An account that is not enabled for it cannot delete its default workspace."""
    sandbox.set_options(default_workspace_deletion=False)
    refuses(
        http.delete(f"/workspaces/default{query}"), 403, "The default workspace cannot be deleted."
    )


def test_deleting_the_default_workspace_has_to_be_confirmed(
    sandbox: Sandbox, http: httpx.Client
) -> None:
    """Once confirmed, the workspace is gone together with its keys, active or not."""
    sandbox.add_key("default")
    words = (
        "Deleting the default workspace has to be confirmed with "
        "confirm_default_workspace_deletion=true."
    )
    refuses(http.delete("/workspaces/default"), 400, words)
    answer = http.delete("/workspaces/default?confirm_default_workspace_deletion=true")
    assert answer.json() == {"deleted": True}
    state = sandbox.state()
    assert [workspace["slug"] for workspace in state["workspaces"]] == ["acme"]
    assert state["keys"] == []


def test_workspace_with_active_keys_cannot_be_deleted(
    sandbox: Sandbox, http: httpx.Client, people: list[str]
) -> None:
    """Keys of the workspace, or of one of its members there, keep it from being deleted."""
    words = "The workspace has active API keys. Delete its keys, then the workspace."
    sandbox.mark_workspace("acme", active_keys=True)
    refuses(http.delete("/workspaces/acme"), 400, words)
    sandbox.mark_workspace("acme", active_keys=False)
    sandbox.mark_member(people[0], active_key_in=["acme"])
    refuses(http.delete("/workspaces/acme"), 400, words)
    sandbox.mark_member(people[0], active_key_in=[])
    sandbox.disable_key(sandbox.add_key("acme"))
    assert http.delete("/workspaces/acme").json() == {"deleted": True}


@pytest.mark.usefixtures("unchanged")
def test_standard_plan_has_no_budgets(sandbox: Sandbox, http: httpx.Client) -> None:
    """Where the plan has no workspace budgets, setting one is forbidden and none is listed."""
    sandbox.set_options(plan="standard")
    answer = http.put("/workspaces/acme/budgets/daily", json={"limit_usd": 5})
    words = "Workspace budgets need an Enterprise plan; this organization is on another plan."
    refuses(answer, 403, words)
    refuses(http.get("/workspaces/acme/budgets"), 404, "Budget not found")


@pytest.mark.usefixtures("unchanged")
def test_missing_budget_is_not_found(http: httpx.Client) -> None:
    """Reading a budget that is not set answers 404, and deleting it succeeds."""
    refuses(http.get("/workspaces/acme/budgets/daily"), 404, "Budget not found")
    assert http.delete("/workspaces/acme/budgets/daily").json() == {"deleted": True}


def test_budgets_of_a_fresh_workspace_may_be_not_found(
    sandbox: Sandbox, http: httpx.Client
) -> None:
    """With the option for it, the budgets list is 404 while there is no budget."""
    assert http.get("/workspaces/default/budgets").json()["data"] == []
    sandbox.set_options(fresh_budgets_404=True)
    refuses(http.get("/workspaces/default/budgets"), 404, "Budget not found")
    assert len(http.get("/workspaces/acme/budgets").json()["data"]) == 1
