"""Endpoints: method, path, query and body of each, and what they give."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import httpx
import pytest

from pulumi_openrouter.api.client import Client
from pulumi_openrouter.errors import NotFoundError, OpenRouterError

if TYPE_CHECKING:
    from unit.conftest import ScriptedApi

BUDGET = {"data": {"id": "b", "limit_usd": 100}, "include_byok_in_budgets": True}
MEMBER = {"id": "m", "user_id": "user_a", "role": "member"}


@pytest.mark.parametrize(
    ("call", "answer", "asked", "body"),
    [
        pytest.param(
            lambda client: [found.id for found in client.workspaces.list()],
            {"data": [{"id": "w"}], "total_count": 1},
            "GET /workspaces?offset=0&limit=100",
            None,
            id="list workspaces",
        ),
        pytest.param(
            lambda client: client.workspaces.get("acme"),
            {"data": {"id": "w"}},
            "GET /workspaces/acme",
            None,
            id="get a workspace",
        ),
        pytest.param(
            lambda client: client.workspaces.create(
                {"name": "A", "slug": "a", "description": None, "io_logging_api_key_ids": [1, 2]}
            ),
            {"data": {"id": "w"}},
            "POST /workspaces",
            {"name": "A", "slug": "a", "description": None, "io_logging_api_key_ids": [1, 2]},
            id="create a workspace",
        ),
        pytest.param(
            lambda client: client.workspaces.update("w", {"io_logging_api_key_ids": [7]}),
            {"data": {"id": "w"}},
            "PATCH /workspaces/w",
            {"io_logging_api_key_ids": [7]},
            id="update a workspace",
        ),
        pytest.param(
            lambda client: client.workspaces.delete("w"),
            {"deleted": True},
            "DELETE /workspaces/w",
            None,
            id="delete a workspace",
        ),
        pytest.param(
            lambda client: client.budgets.list("w"),
            {"data": [BUDGET["data"]]},
            "GET /workspaces/w/budgets",
            None,
            id="list budgets",
        ),
        pytest.param(
            lambda client: client.budgets.put("w", "daily", 1e-9),
            BUDGET,
            "PUT /workspaces/w/budgets/daily",
            {"limit_usd": 1e-9},
            id="set a budget",
        ),
        pytest.param(
            lambda client: client.budgets.put("w", "lifetime", 1e15, False),
            BUDGET,
            "PUT /workspaces/w/budgets/lifetime",
            {"limit_usd": 1e15, "include_byok_in_budgets": False},
            id="set a budget and the flag",
        ),
        pytest.param(
            lambda client: client.budgets.delete("w", "weekly"),
            {"deleted": True},
            "DELETE /workspaces/w/budgets/weekly",
            None,
            id="delete a budget",
        ),
        pytest.param(
            lambda client: [found.user_id for found in client.members.list("w")],
            {"data": [MEMBER], "total_count": 1},
            "GET /workspaces/w/members?offset=0&limit=100",
            None,
            id="list members",
        ),
        pytest.param(
            lambda client: list(client.members.add_in_batches("w", ["user_a", "user_b"])),
            {"data": [MEMBER], "added_count": 1},
            "POST /workspaces/w/members/add",
            {"user_ids": ["user_a", "user_b"]},
            id="add members",
        ),
        pytest.param(
            lambda client: client.members.remove("w", ["user_a"]),
            {"removed_count": 1},
            "POST /workspaces/w/members/remove",
            {"user_ids": ["user_a"]},
            id="remove members",
        ),
        pytest.param(
            lambda client: [found.id for found in client.organization.members()],
            {"data": [{"id": "user_a"}], "total_count": 1},
            "GET /organization/members?offset=0&limit=100",
            None,
            id="list the organization",
        ),
        pytest.param(
            lambda client: [found.hash for found in client.keys.active("w")],
            {"data": [{"hash": "a1"}]},
            "GET /keys?workspace_id=w&offset=0",
            None,
            id="list active keys",
        ),
    ],
)
def test_each_call_is_one_request(
    api: ScriptedApi,
    call: Callable[[Client], object],
    answer: dict[str, object],
    asked: str,
    body: object,
) -> None:
    """Every endpoint method sends exactly its one request, and nothing beside it."""
    api.script = [httpx.Response(200, json=answer)]
    call(api.client())
    assert (api.asked, api.bodies) == ([asked], [body])


@pytest.mark.parametrize(
    ("call", "action"),
    [
        (lambda client: list(client.workspaces.list()), "listing the workspaces"),
        (lambda client: client.workspaces.get("acme"), 'reading workspace "acme"'),
        (lambda client: client.workspaces.create({"slug": "a"}), 'creating workspace "a"'),
        (lambda client: client.workspaces.update("acme", {}), 'updating workspace "acme"'),
        (lambda client: client.workspaces.delete("acme"), 'deleting workspace "acme"'),
        (lambda client: client.budgets.list("w"), 'reading the budgets of workspace "w"'),
        (lambda client: client.budgets.put("w", "x", 1), 'setting the x budget of workspace "w"'),
        (lambda client: client.budgets.delete("w", "x"), 'deleting the x budget of workspace "w"'),
        (lambda client: list(client.members.list("w")), 'reading the members of workspace "w"'),
        (lambda client: [*client.members.add_in_batches("w", "u")], 'adding u to workspace "w"'),
        (lambda client: [*client.members.add_in_batches("w", "uv")], "adding 2 members to workspa"),
        (lambda client: client.members.remove("w", ["u"]), 'removing u from workspace "w"'),
        (lambda client: list(client.organization.members()), "reading the members of the organ"),
        (lambda client: client.keys.active("w"), 'reading the API keys of workspace "w"'),
    ],
)
def test_each_failure_says_what_was_being_done(
    api: ScriptedApi, call: Callable[[Client], object], action: str
) -> None:
    """The text of an error begins with the action and the object it was done to."""
    api.script = [httpx.Response(403, json={"error": {"code": 403, "message": "No."}})]
    with pytest.raises(OpenRouterError) as failure:
        call(api.client())
    assert str(failure.value).startswith(action)


def test_what_endpoints_give(api: ScriptedApi) -> None:
    """A budget comes with the flag beside it, and an add with the members."""
    api.script = [
        httpx.Response(200, json=BUDGET),
        httpx.Response(200, json={"data": [MEMBER], "added_count": 1}),
    ]
    client = api.client()
    budget = client.budgets.put("w", "daily", 100)
    assert (budget.data.limit_usd, budget.include_byok_in_budgets) == (100.0, True)
    [added] = client.members.add_in_batches("w", ["user_a"])
    assert [member.role for member in added] == ["member"]


def test_a_request_takes_a_hundred_people(api: ScriptedApi) -> None:
    """Any number of people goes in batches of a hundred, and none for nobody."""
    people = [f"user_{number}" for number in range(201)]
    api.script = [httpx.Response(200, json={"data": [], "removed_count": 0}) for _ in range(6)]
    members = api.client().members
    for change in (members.add_in_batches, members.remove):
        list(change("w", people) or ())
        list(change("w", []) or ())
    sent = [[*people[:100]], [*people[100:200]], [*people[200:]]]
    assert api.bodies == [{"user_ids": batch} for batch in sent * 2]


def test_a_batch_that_fails_leaves_word_of_those_before(api: ScriptedApi) -> None:
    """Whoever adds people learns of each request that succeeded, before the one that failed."""
    api.script = [
        httpx.Response(200, json={"data": [MEMBER]}),
        httpx.Response(400, json={"error": {"message": "No."}}),
    ]
    batches = api.client().members.add_in_batches("w", ["user_a"] * 150)
    assert [member.user_id for member in next(batches)] == ["user_a"]
    with pytest.raises(OpenRouterError, match='adding 50 members to workspace "w"'):
        next(batches)


def test_a_deletion_with_no_content_is_one(api: ScriptedApi) -> None:
    """A 204 confirms a deletion as well as a body does."""
    api.script = [httpx.Response(204)]
    api.client().workspaces.delete("w")


def test_deleting_what_is_gone_says_so(api: ScriptedApi) -> None:
    """A 404 reaches the caller, who knows whether it is a success."""
    api.script = [httpx.Response(404, json={"error": {"message": "Resource not found"}})]
    with pytest.raises(NotFoundError):
        api.client().workspaces.delete("w")


def test_a_workspace_is_named_by_its_slug_where_it_is_known(api: ScriptedApi) -> None:
    """People know a workspace by its slug; the path of the request has the id."""
    api.script = [httpx.Response(403), httpx.Response(403)]
    client = Client(api.settings, transport=api.transport(), slug_of={"id-1": "acme"}.get)
    with pytest.raises(OpenRouterError, match='reading workspace "acme": GET /workspaces/id-1 '):
        client.workspaces.get("id-1")
    with pytest.raises(OpenRouterError, match='budgets of workspace "id-2": GET /workspaces/id-2'):
        client.budgets.list("id-2")
