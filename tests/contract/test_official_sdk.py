"""The official `openrouter` SDK, unchanged, runs every operation: on the sandbox, or live."""

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from openrouter import OpenRouter, errors
from openrouter.components import UpdateWorkspaceRequestDisabledServerTool as ServerTool
from openrouter.components import Workspace

from pulumi_openrouter.sandbox import Sandbox

from .conftest import LIVE, Endpoint

# What the SDK uses for JSON paths names parts of `ast` that Python 3.12 and 3.13 warn about.
pytestmark = pytest.mark.filterwarnings(r"ignore:ast\.:DeprecationWarning")

sandbox_only = pytest.mark.skipif(LIVE, reason="needs a state that only the sandbox can be put in")


@pytest.fixture
def workspace(sdk: OpenRouter) -> Iterator[Workspace]:
    """Offer a workspace of its own to a test, and delete it after."""
    slug = f"contract-{uuid.uuid4().hex[:12]}"
    workspace = sdk.workspaces.create(name="Contract", slug=slug).data
    yield workspace
    sdk.workspaces.delete(id=workspace.id)


@pytest.fixture
def people_ids(sdk: OpenRouter) -> list[str]:
    """Return the ids of two members of the organization."""
    page = sdk.organization.list_members(limit=2)
    assert page is not None
    ids = [person.id for person in page.result.data]
    if len(ids) < 2:
        pytest.skip("needs an organization of two members")
    return ids


def all_items(page: Any) -> list[Any]:
    """Follow the SDK's pages to the end; their type mixes those of its async client in."""
    items = []
    while page is not None:
        items += page.result.data
        page = page.next()
    return items


def test_create_keeps_every_field(sdk: OpenRouter) -> None:
    """A workspace that is created with every field shows every field as it was sent."""
    slug = f"contract-{uuid.uuid4().hex[:12]}"
    created = sdk.workspaces.create(
        name="Every field",
        slug=slug,
        description="All of it",
        default_text_model="openai/gpt-4o",
        default_image_model="openai/dall-e-3",
        default_provider_sort="price",
        is_observability_io_logging_enabled=True,
        is_observability_broadcast_enabled=False,
        is_data_discount_logging_enabled=False,
        io_logging_sampling_rate=0.25,
        io_logging_api_key_ids=None,
        disabled_server_tools=["openrouter:web_search"],
    ).data
    try:
        found = sdk.workspaces.get(id=created.id).data
    finally:
        sdk.workspaces.delete(id=created.id)
    assert found == created
    assert (found.name, found.slug, found.description) == ("Every field", slug, "All of it")
    assert found.default_text_model == "openai/gpt-4o"
    assert found.default_image_model == "openai/dall-e-3"
    assert found.default_provider_sort == "price"
    assert found.is_observability_io_logging_enabled is True
    assert found.is_data_discount_logging_enabled is False
    assert found.io_logging_sampling_rate == 0.25
    assert found.disabled_server_tools == ["openrouter:web_search"]
    assert found.updated_at is None


def test_get_by_id_and_by_slug_is_the_same(sdk: OpenRouter, workspace: Workspace) -> None:
    """Id, id in capitals and slug name the same workspace."""
    for ref in (workspace.id, workspace.id.upper(), workspace.slug):
        assert sdk.workspaces.get(id=ref).data == workspace


def test_list_pages_reach_every_workspace(sdk: OpenRouter, workspace: Workspace) -> None:
    """The SDK's own paging finds a new workspace in the listing."""
    found = [item.id for item in all_items(sdk.workspaces.list(limit=1))]
    assert found.count(workspace.id) == 1


def test_update_changes_what_was_sent(sdk: OpenRouter, workspace: Workspace) -> None:
    """PATCH changes the sent fields, null included, and leaves the others."""
    sdk.workspaces.update(id=workspace.id, description="first", default_text_model="a/b")
    changed = sdk.workspaces.update(id=workspace.id, name="Renamed", description=None).data
    assert (changed.name, changed.description) == ("Renamed", None)
    assert (changed.default_text_model, changed.slug) == ("a/b", workspace.slug)
    assert changed.updated_at is not None


@pytest.mark.parametrize("nothing", [[], None], ids=["empty list", "null"])
def test_disabled_tools_are_cleared(
    sdk: OpenRouter, workspace: Workspace, nothing: list[ServerTool] | None
) -> None:
    """An empty list and null both enable every tool again."""
    sdk.workspaces.update(id=workspace.id, disabled_server_tools=["openrouter:web_search"])
    changed = sdk.workspaces.update(id=workspace.id, disabled_server_tools=nothing).data
    assert changed.disabled_server_tools is None


def test_budgets_are_set_read_and_deleted(sdk: OpenRouter, workspace: Workspace) -> None:
    """A budget goes through its life; the BYOK flag is the workspace's and stays when left out."""
    budgets = sdk.workspaces
    put = budgets.set_budget(
        workspace_ref=workspace.id,
        interval="lifetime",
        limit_usd=500,
        include_byok_in_budgets=True,
    )
    assert (put.data.limit_usd, put.data.reset_interval) == (500, None)
    put = budgets.set_budget(workspace_ref=workspace.slug, interval="monthly", limit_usd=0.5)
    assert put.include_byok_in_budgets is True
    got = budgets.get_budget(workspace_ref=workspace.id, interval="monthly")
    assert got.data == put.data
    listed = budgets.list_budgets(workspace_ref=workspace.id)
    assert {budget.reset_interval: budget.limit_usd for budget in listed.data} == {
        None: 500,
        "monthly": 0.5,
    }
    for _ in range(2):
        gone = budgets.delete_budget(workspace_ref=workspace.id, interval="monthly")
        assert gone.DELETED is True
    with pytest.raises(errors.NotFoundResponseError):
        budgets.get_budget(workspace_ref=workspace.id, interval="monthly")


def test_members_are_added_listed_and_removed(
    sdk: OpenRouter, workspace: Workspace, people_ids: list[str]
) -> None:
    """Members are added (again too), listed in pages and removed (absent ones count 0)."""
    members = sdk.workspaces
    added = members.bulk_add_members(id=workspace.id, user_ids=people_ids)
    again = members.bulk_add_members(id=workspace.id, user_ids=people_ids[:1])
    assert [member.user_id for member in added.data] == people_ids
    assert again.data == added.data[:1]
    assert all_items(members.list_members(id=workspace.id, limit=1)) == added.data
    assert members.bulk_remove_members(id=workspace.id, user_ids=people_ids).removed_count == 2
    assert members.bulk_remove_members(id=workspace.id, user_ids=people_ids).removed_count == 0


def test_deleted_workspace_is_gone_with_its_budgets(sdk: OpenRouter) -> None:
    """Deleting a workspace deletes what it holds, and its slug is free again."""
    slug = f"contract-{uuid.uuid4().hex[:12]}"
    first = sdk.workspaces.create(name="First", slug=slug).data
    sdk.workspaces.set_budget(workspace_ref=first.id, interval="daily", limit_usd=1)
    assert sdk.workspaces.delete(id=slug).DELETED is True
    with pytest.raises(errors.NotFoundResponseError):
        sdk.workspaces.get(id=first.id)
    second = sdk.workspaces.create(name="Second", slug=slug).data
    try:
        assert second.id != first.id
        assert sdk.workspaces.list_budgets(workspace_ref=slug).data == []
    finally:
        sdk.workspaces.delete(id=second.id)


@sandbox_only
def test_default_workspace_has_everyone_in_it(sdk: OpenRouter, people: list[str]) -> None:
    """The default workspace lists all of the organization, with the roles of there."""
    page = sdk.workspaces.list_members(id="default")
    assert page is not None
    assert [member.user_id for member in page.result.data] == people
    assert {member.role for member in page.result.data} == {"admin", "member"}


Call = Callable[[OpenRouter, str], object]

ERRORS: list[tuple[str, type[Exception], Call]] = [
    (
        "create with a slug that is taken",
        errors.BadRequestResponseError,
        lambda sdk, slug: sdk.workspaces.create(name="Twice", slug=slug),
    ),
    (
        "create with a slug that is no slug",
        errors.BadRequestResponseError,
        lambda sdk, _: sdk.workspaces.create(name="Bad", slug="Not A Slug"),
    ),
    (
        "get what is not there",
        errors.NotFoundResponseError,
        lambda sdk, _: sdk.workspaces.get(id=str(uuid.uuid4())),
    ),
    (
        "update what is not there",
        errors.NotFoundResponseError,
        lambda sdk, _: sdk.workspaces.update(id=str(uuid.uuid4()), name="New"),
    ),
    (
        "delete what is not there",
        errors.NotFoundResponseError,
        lambda sdk, _: sdk.workspaces.delete(id=str(uuid.uuid4())),
    ),
    (
        "set a limit of nothing",
        errors.BadRequestResponseError,
        lambda sdk, slug: sdk.workspaces.set_budget(
            workspace_ref=slug, interval="daily", limit_usd=0
        ),
    ),
    (
        "get a budget that is not set",
        errors.NotFoundResponseError,
        lambda sdk, slug: sdk.workspaces.get_budget(workspace_ref=slug, interval="daily"),
    ),
    (
        "add a stranger",
        errors.BadRequestResponseError,
        lambda sdk, slug: sdk.workspaces.bulk_add_members(id=slug, user_ids=["user_stranger"]),
    ),
    (
        "add to the default workspace",
        errors.ForbiddenResponseError,
        lambda sdk, _: sdk.workspaces.bulk_add_members(id="default", user_ids=["user_stranger"]),
    ),
    (
        "list too many at once",
        errors.OpenRouterError,
        lambda sdk, _: sdk.workspaces.list(limit=101),
    ),
]


@pytest.mark.parametrize(
    ("error", "call"), [case[1:] for case in ERRORS], ids=[case[0] for case in ERRORS]
)
def test_refusal_is_the_sdks_own_error(
    sdk: OpenRouter, workspace: Workspace, error: type[Exception], call: Call
) -> None:
    """The SDK understands each refusal as the error class it has for it."""
    with pytest.raises(error):
        call(sdk, workspace.slug)


def test_wrong_key_is_unauthorized(endpoint: Endpoint) -> None:
    """A key that is not known answers 401."""
    with (
        OpenRouter(api_key="sk-or-mgmt-wrong", server_url=endpoint.url) as sdk,
        pytest.raises(errors.UnauthorizedResponseError),
    ):
        sdk.workspaces.list()


@sandbox_only
def test_server_error_is_the_sdks_own_error(sandbox: Sandbox, sdk: OpenRouter) -> None:
    """A 500 of the sandbox is the SDK's internal server error."""
    sandbox.add_fault(method="GET", path="/workspaces/*", status=500)
    with pytest.raises(errors.InternalServerResponseError):
        sdk.workspaces.get(id="default", retries=None)
