"""The operations of the API: parse a request, ask `refusals`, write to `store`, shape the answer.

In the order of the API document. Handlers are async and never wait, so each runs from its first
check to its last write without another request in between; several writes share a transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
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
    Options,
    Segment,
    UpdateWorkspace,
    UpsertBudget,
    WorkspaceId,
)
from pulumi_openrouter.sandbox.store import Store, Workspace

router = APIRouter(prefix=API_PREFIX)

BYOK_FLAG = "include_byok_in_budgets"


@dataclass
class Backend:
    """What the handlers work on: the store, and the options of the account."""

    store: Store
    options: Options

    def workspace(self, ref: str) -> Workspace:
        """Return the workspace with this id or slug, or refuse with 404."""
        workspace = self.store.find_workspace(ref)
        if workspace is None:
            raise refusals.Refusal(404, "Workspace not found")
        return workspace


async def backend_of(request: Request) -> Backend:
    """Return what the application of this request works on."""
    backend: Backend = request.app.state.backend
    return backend


Api = Annotated[Backend, Depends(backend_of)]


@router.get("/keys", operation_id="list")
async def list_keys(
    api: Api,
    workspace_id: WorkspaceId | None = None,
    offset: Offset = 0,
    include_disabled: Flag = False,
) -> JSONResponse:
    """List the API keys of a workspace, by default the default one; a page has 100."""
    workspace = api.workspace(workspace_id) if workspace_id else api.store.default_workspace()
    data = workspace and api.store.list_keys(
        workspace.id, offset, PAGE_SIZE_MAX, include_disabled=include_disabled
    )
    return JSONResponse({"data": data or []})


@router.get("/organization/members", operation_id="listOrganizationMembers")
async def list_organization_members(
    api: Api, offset: Offset = 0, limit: Limit = PAGE_SIZE_DEFAULT
) -> JSONResponse:
    """List the people of the organization."""
    data = api.store.list_people(offset, limit)
    return JSONResponse({"data": data, "total_count": api.store.count_people()})


@router.get("/workspaces", operation_id="listWorkspaces")
async def list_workspaces(
    api: Api, offset: Offset = 0, limit: Limit = PAGE_SIZE_DEFAULT
) -> JSONResponse:
    """List the workspaces of the organization."""
    data = [workspace.document for workspace in api.store.list_workspaces(offset, limit)]
    return JSONResponse({"data": data, "total_count": api.store.count_workspaces()})


@router.post("/workspaces", operation_id="createWorkspace")
async def create_workspace(api: Api, body: CreateWorkspace) -> JSONResponse:
    """Create a workspace."""
    _check_slug_is_free(api.store, body.slug)
    workspace = api.store.create_workspace(_fields(body.model_dump()))
    return JSONResponse({"data": workspace.document}, 201)


@router.get("/workspaces/{id}", operation_id="getWorkspace")
async def get_workspace(api: Api, id: Segment) -> JSONResponse:
    """Return one workspace."""
    return JSONResponse({"data": api.workspace(id).document})


@router.patch("/workspaces/{id}", operation_id="updateWorkspace")
async def update_workspace(api: Api, id: Segment, body: UpdateWorkspace) -> JSONResponse:
    """Change the fields that were sent."""
    workspace = api.workspace(id)
    changes = _fields(body.model_dump(exclude_unset=True))
    if changes.get("slug", workspace.document["slug"]) != workspace.document["slug"]:
        _check_slug_is_free(api.store, body.slug)
    if changes:
        workspace = api.store.update_workspace(workspace, changes)
    return JSONResponse({"data": workspace.document})


@router.delete("/workspaces/{id}", operation_id="deleteWorkspace")
async def delete_workspace(
    api: Api, id: Segment, confirm_default_workspace_deletion: Flag = False
) -> JSONResponse:
    """Delete a workspace with its budgets, members and keys."""
    workspace = api.workspace(id)
    refusals.check_workspace_deletable(
        is_default=workspace.is_default,
        default_is_deletable=api.options.default_workspace_deletion,
        confirmed=confirm_default_workspace_deletion,
        has_active_keys=bool(api.store.active_keys(workspace.id)),
    )
    api.store.delete_workspace(workspace.id)
    return JSONResponse({"deleted": True})


@router.get("/workspaces/{id}/budgets", operation_id="listWorkspaceBudgets")
async def list_budgets(api: Api, id: Segment) -> JSONResponse:
    """List the budgets of a workspace."""
    workspace = api.workspace(id)
    budgets = api.store.list_budgets(workspace.id)
    if api.options.plan != "enterprise" or (not budgets and api.options.fresh_budgets_404):
        raise refusals.budget_not_found()
    return _with_flag(budgets, workspace)


@router.get("/workspaces/{id}/budgets/{interval}", operation_id="getWorkspaceBudget")
async def get_budget(api: Api, id: Segment, interval: Interval) -> JSONResponse:
    """Return the budget of one interval."""
    workspace = api.workspace(id)
    budget = api.store.find_budget(workspace.id, interval)
    if budget is None:
        raise refusals.budget_not_found()
    return _with_flag(budget, workspace)


@router.put("/workspaces/{id}/budgets/{interval}", operation_id="upsertWorkspaceBudget")
async def upsert_budget(
    api: Api, id: Segment, interval: Interval, body: UpsertBudget
) -> JSONResponse:
    """Set the limit of one interval, and the workspace's BYOK flag when it was sent."""
    workspace = api.workspace(id)
    refusals.check_plan_has_budgets(api.options.plan)
    refusals.check_budget_order(api.store.budget_limits(workspace.id) | {interval: body.limit_usd})
    flag = body.model_dump(include={BYOK_FLAG}, exclude_unset=True)
    with api.store.transaction():
        api.store.put_budget(workspace.id, interval, body.limit_usd)
        if flag.get(BYOK_FLAG, workspace.document[BYOK_FLAG]) != workspace.document[BYOK_FLAG]:
            workspace = api.store.update_workspace(workspace, flag)
    return _with_flag(api.store.find_budget(workspace.id, interval), workspace)


@router.delete("/workspaces/{id}/budgets/{interval}", operation_id="deleteWorkspaceBudget")
async def delete_budget(api: Api, id: Segment, interval: Interval) -> JSONResponse:
    """Delete the budget of one interval; one that is not there is deleted already."""
    api.store.delete_budget(api.workspace(id).id, interval)
    return JSONResponse({"deleted": True})


@router.get("/workspaces/{id}/members", operation_id="listWorkspaceMembers")
async def list_members(
    api: Api, id: Segment, offset: Offset = 0, limit: Limit = PAGE_SIZE_DEFAULT
) -> JSONResponse:
    """List the members of a workspace."""
    workspace = api.workspace(id)
    data = api.store.list_members(workspace, offset, limit)
    return JSONResponse({"data": data, "total_count": api.store.count_members(workspace)})


@router.post("/workspaces/{id}/members/add", operation_id="bulkAddWorkspaceMembers")
async def add_members(api: Api, id: Segment, body: MemberIds) -> JSONResponse:
    """Add people of the organization; all of them or none."""
    refusals.check_someone_is_named(body.user_ids)
    workspace = api.workspace(id)
    user_ids = list(dict.fromkeys(body.user_ids))
    refusals.check_membership_is_explicit(workspace.is_default)
    refusals.check_all_known(user_ids, api.store.known_people(user_ids))
    with api.store.transaction():
        api.store.add_members(workspace.id, user_ids)
    data = api.store.find_members(workspace.id, user_ids)
    return JSONResponse({"data": data, "added_count": len(data)})


@router.post("/workspaces/{id}/members/remove", operation_id="bulkRemoveWorkspaceMembers")
async def remove_members(api: Api, id: Segment, body: MemberIds) -> JSONResponse:
    """Remove members; all of them or none. Someone who is not a member is not counted."""
    refusals.check_someone_is_named(body.user_ids)
    workspace = api.workspace(id)
    refusals.check_membership_is_explicit(workspace.is_default)
    user_ids = list(dict.fromkeys(body.user_ids))
    scim_managed, key_holders = api.store.scim_managed(), api.store.active_keys(workspace.id)
    refusals.check_members_removable(
        [user_id for user_id in user_ids if user_id in scim_managed],
        [user_id for user_id in user_ids if user_id in key_holders],
    )
    present = [member["user_id"] for member in api.store.find_members(workspace.id, user_ids)]
    with api.store.transaction():
        api.store.remove_members(workspace.id, present)
    return JSONResponse({"removed_count": len(present)})


def _fields(body: dict[str, Any]) -> dict[str, Any]:
    # The API keeps an empty list of disabled tools as null.
    if body.get("disabled_server_tools") == []:
        body["disabled_server_tools"] = None
    return body


def _check_slug_is_free(store: Store, slug: str) -> None:
    if store.slug_exists(slug):
        raise refusals.Refusal(400, f'A workspace with slug "{slug}" already exists')


def _with_flag(data: object, workspace: Workspace) -> JSONResponse:
    return JSONResponse({"data": data, BYOK_FLAG: workspace.document[BYOK_FLAG]})
