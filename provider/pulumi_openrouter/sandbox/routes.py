"""The operations of the API: parse a request, ask `refusals`, write to `store`, shape the answer.

In the order of the API document. Handlers are async and never wait, so each runs from its first
check to its last write without another request in between.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from pulumi_openrouter.sandbox import refusals
from pulumi_openrouter.sandbox.gateway import API_PREFIX
from pulumi_openrouter.sandbox.schemas import (
    PAGE_SIZE_DEFAULT,
    PAGE_SIZE_MAX,
    CreateWorkspace,
    Flag,
    Interval,
    Limit,
    MemberIds,
    Offset,
    Segment,
    UpdateWorkspace,
    UpsertBudget,
    WorkspaceId,
)
from pulumi_openrouter.sandbox.store import Store, Workspace

router = APIRouter(prefix=API_PREFIX)

BYOK_FLAG = "include_byok_in_budgets"


async def store_of(request: Request) -> Store:
    """Return the store of the application of this request."""
    store: Store = request.app.state.store
    return store


Organization = Annotated[Store, Depends(store_of)]


@router.get("/keys", operation_id="list")
async def list_keys(
    store: Organization,
    workspace_id: WorkspaceId | None = None,
    offset: Offset = 0,
    include_disabled: Flag = False,
) -> JSONResponse:
    """List the API keys of a workspace, by default the default one; a page has 100."""
    workspace = store.workspace(workspace_id) if workspace_id else store.default_workspace()
    keys = store.keys_of(workspace.id, include_disabled=include_disabled) if workspace else []
    return JSONResponse({"data": keys[offset : offset + PAGE_SIZE_MAX]})


@router.get("/organization/members", operation_id="listOrganizationMembers")
async def list_organization_members(
    store: Organization, offset: Offset = 0, limit: Limit = PAGE_SIZE_DEFAULT
) -> JSONResponse:
    """List the people of the organization."""
    people = list(store.people.values())
    return JSONResponse({"data": people[offset : offset + limit], "total_count": len(people)})


@router.get("/workspaces", operation_id="listWorkspaces")
async def list_workspaces(
    store: Organization, offset: Offset = 0, limit: Limit = PAGE_SIZE_DEFAULT
) -> JSONResponse:
    """List the workspaces of the organization."""
    documents = [workspace.document for workspace in store.workspaces.values()]
    data = documents[offset : offset + limit]
    return JSONResponse({"data": data, "total_count": len(documents)})


@router.post("/workspaces", operation_id="createWorkspace")
async def create_workspace(store: Organization, body: CreateWorkspace) -> JSONResponse:
    """Create a workspace."""
    _check_slug_is_free(store, body.slug)
    workspace = store.create_workspace(_fields(body.model_dump()))
    return JSONResponse({"data": workspace.document}, 201)


@router.get("/workspaces/{id}", operation_id="getWorkspace")
async def get_workspace(store: Organization, id: Segment) -> JSONResponse:
    """Return one workspace."""
    return JSONResponse({"data": store.workspace(id).document})


@router.patch("/workspaces/{id}", operation_id="updateWorkspace")
async def update_workspace(store: Organization, id: Segment, body: UpdateWorkspace) -> JSONResponse:
    """Change the fields that were sent."""
    workspace = store.workspace(id)
    changes = _fields(body.model_dump(exclude_unset=True))
    if changes.get("slug", workspace.document["slug"]) != workspace.document["slug"]:
        _check_slug_is_free(store, body.slug)
    if changes:
        workspace.update(changes)
    return JSONResponse({"data": workspace.document})


@router.delete("/workspaces/{id}", operation_id="deleteWorkspace")
async def delete_workspace(
    store: Organization, id: Segment, confirm_default_workspace_deletion: Flag = False
) -> JSONResponse:
    """Delete a workspace with its budgets, members and keys."""
    workspace = store.workspace(id)
    refusals.check_workspace_deletable(
        is_default=workspace.is_default,
        default_is_deletable=store.options.default_workspace_deletion,
        confirmed=confirm_default_workspace_deletion,
        has_active_keys=bool(store.keys_of(workspace.id)),
    )
    store.delete_workspace(workspace.id)
    return JSONResponse({"deleted": True})


@router.get("/workspaces/{id}/budgets", operation_id="listWorkspaceBudgets")
async def list_budgets(store: Organization, id: Segment) -> JSONResponse:
    """List the budgets of a workspace."""
    workspace = store.workspace(id)
    budgets = list(workspace.budgets.values())
    if store.options.plan != "enterprise" or (not budgets and store.options.fresh_budgets_404):
        raise refusals.budget_not_found()
    return _with_flag(budgets, workspace)


@router.get("/workspaces/{id}/budgets/{interval}", operation_id="getWorkspaceBudget")
async def get_budget(store: Organization, id: Segment, interval: Interval) -> JSONResponse:
    """Return the budget of one interval."""
    workspace = store.workspace(id)
    if interval not in workspace.budgets:
        raise refusals.budget_not_found()
    return _with_flag(workspace.budgets[interval], workspace)


@router.put("/workspaces/{id}/budgets/{interval}", operation_id="upsertWorkspaceBudget")
async def upsert_budget(
    store: Organization, id: Segment, interval: Interval, body: UpsertBudget
) -> JSONResponse:
    """Set the limit of one interval, and the workspace's BYOK flag when it was sent."""
    workspace = store.workspace(id)
    refusals.check_plan_has_budgets(store.options.plan)
    refusals.check_budget_order(workspace.limits | {interval: body.limit_usd})
    flag = body.model_dump(include={BYOK_FLAG}, exclude_unset=True)
    workspace.put_budget(interval, body.limit_usd)
    if flag.get(BYOK_FLAG, workspace.document[BYOK_FLAG]) != workspace.document[BYOK_FLAG]:
        workspace.update(flag)
    return _with_flag(workspace.budgets[interval], workspace)


@router.delete("/workspaces/{id}/budgets/{interval}", operation_id="deleteWorkspaceBudget")
async def delete_budget(store: Organization, id: Segment, interval: Interval) -> JSONResponse:
    """Delete the budget of one interval; one that is not there is deleted already."""
    store.workspace(id).budgets.pop(interval, None)
    return JSONResponse({"deleted": True})


@router.get("/workspaces/{id}/members", operation_id="listWorkspaceMembers")
async def list_members(
    store: Organization, id: Segment, offset: Offset = 0, limit: Limit = PAGE_SIZE_DEFAULT
) -> JSONResponse:
    """List the members of a workspace."""
    workspace = store.workspace(id)
    user_ids = store.member_ids(workspace)
    data = [store.member(workspace, user_id) for user_id in user_ids[offset : offset + limit]]
    return JSONResponse({"data": data, "total_count": len(user_ids)})


@router.post("/workspaces/{id}/members/add", operation_id="bulkAddWorkspaceMembers")
async def add_members(store: Organization, id: Segment, body: MemberIds) -> JSONResponse:
    """Add people of the organization; all of them or none."""
    refusals.check_someone_is_named(body.user_ids)
    workspace = store.workspace(id)
    user_ids = list(dict.fromkeys(body.user_ids))
    refusals.check_membership_is_explicit(workspace.is_default)
    refusals.check_all_known(user_ids, store.people)
    workspace.add_members(user_ids)
    data = [store.member(workspace, user_id) for user_id in user_ids]
    return JSONResponse({"data": data, "added_count": len(data)})


@router.post("/workspaces/{id}/members/remove", operation_id="bulkRemoveWorkspaceMembers")
async def remove_members(store: Organization, id: Segment, body: MemberIds) -> JSONResponse:
    """Remove members; all of them or none. Someone who is not a member is not counted."""
    refusals.check_someone_is_named(body.user_ids)
    workspace = store.workspace(id)
    refusals.check_membership_is_explicit(workspace.is_default)
    user_ids = list(dict.fromkeys(body.user_ids))
    key_holders = {key["creator_user_id"] for key in store.keys_of(workspace.id)}
    refusals.check_members_removable(
        [user_id for user_id in user_ids if user_id in store.scim_managed],
        [user_id for user_id in user_ids if user_id in key_holders],
    )
    present = [user_id for user_id in user_ids if user_id in workspace.members]
    for user_id in present:
        del workspace.members[user_id]
    return JSONResponse({"removed_count": len(present)})


def _fields(body: dict[str, Any]) -> dict[str, Any]:
    # The API keeps an empty list of disabled tools as null.
    if body.get("disabled_server_tools") == []:
        body["disabled_server_tools"] = None
    return body


def _check_slug_is_free(store: Store, slug: str) -> None:
    if store.workspace_with_slug(slug):
        raise refusals.Refusal(400, f'A workspace with slug "{slug}" already exists')


def _with_flag(data: object, workspace: Workspace) -> JSONResponse:
    return JSONResponse({"data": data, BYOK_FLAG: workspace.document[BYOK_FLAG]})
