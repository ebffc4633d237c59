"""The endpoints below /_sandbox/, with which a test steers the sandbox and looks into it.

They need no key and act at once, whatever the latency and the faults of the API are. The Python
methods of `remote.Remote` are these endpoints, one call each.
"""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Body, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from . import rules
from .faults import Fault
from .gateway import Gateway
from .routes import backend_of
from .schemas import Segment
from .seed import Person, Seed, generated_people, plant
from .store import Store

CONTROL_PREFIX = "/_sandbox"

router = APIRouter(prefix=CONTROL_PREFIX)


class NewPeople(BaseModel):
    """People to add: a number of generated ones, or a list."""

    model_config = ConfigDict(extra="forbid")

    count: Annotated[int, Field(ge=0)] = 0
    members: list[Person] = []


class MemberMarks(BaseModel):
    """What makes the API refuse to remove a person; None leaves a mark as it is."""

    model_config = ConfigDict(extra="forbid")

    scim_managed: bool | None = None
    active_key_in: list[str] | None = None


class WorkspaceMarks(BaseModel):
    """What makes the API refuse to delete a workspace; None leaves the mark as it is."""

    model_config = ConfigDict(extra="forbid")

    active_keys: bool | None = None


def _gateway(request: Request) -> Gateway:
    gateway: Gateway = request.app.state.gateway
    return gateway


@router.post("/reset")
async def reset(request: Request) -> JSONResponse:
    """Go back to the seed: no marks, options, faults, latency or log; held requests are dropped."""
    seed: Seed = request.app.state.seed
    gateway, backend = _gateway(request), backend_of(request)
    gateway.holds.free(go_on=False)
    gateway.faults.clear()
    gateway.latency = 0.0
    gateway.traffic.clear()
    backend.options = rules.Options()
    plant(backend.store, seed)
    return JSONResponse({})


@router.get("/state")
async def state(request: Request) -> JSONResponse:
    """Return everything that the API could show."""
    store = backend_of(request).store
    people = store.list_people()
    return JSONResponse({"workspaces": _workspaces(store), "organization_members": people})


@router.get("/requests")
async def requests(request: Request, writes_only: bool = False) -> Response:
    """Return the request log."""
    # As ASCII: a logged body may hold half of a surrogate pair, which UTF-8 cannot say.
    log = json.dumps(_gateway(request).traffic.requests(writes_only))
    return Response(log, media_type="application/json")


@router.delete("/requests")
async def clear_requests(request: Request) -> JSONResponse:
    """Forget the request log and the counts."""
    _gateway(request).traffic.clear()
    return JSONResponse({})


@router.get("/counts")
async def counts(request: Request) -> JSONResponse:
    """Return the counts."""
    return JSONResponse(_gateway(request).traffic.counts())


@router.put("/latency")
async def set_latency(
    request: Request, seconds: Annotated[float, Body(embed=True, ge=0, allow_inf_nan=False)]
) -> JSONResponse:
    """Delay every answer of the API."""
    _gateway(request).latency = seconds
    return JSONResponse({})


@router.post("/faults")
async def add_fault(request: Request, fault: Fault) -> JSONResponse:
    """Plan a fault."""
    return JSONResponse({"id": _gateway(request).faults.add(fault)}, 201)


@router.get("/faults")
async def faults(request: Request) -> JSONResponse:
    """Return the planned faults and how often each acted."""
    return JSONResponse(list(_gateway(request).faults.describe()))


@router.delete("/faults")
async def clear_faults(request: Request) -> JSONResponse:
    """Drop all planned faults."""
    _gateway(request).faults.clear()
    return JSONResponse({})


@router.get("/held")
async def held(request: Request, timeout: Annotated[float, Query(ge=0, le=600)] = 0) -> Response:
    """Return the held requests, waiting up to `timeout` seconds for the first."""
    log = json.dumps(await _gateway(request).holds.wait(timeout))
    return Response(log, media_type="application/json")


@router.post("/release")
async def release(request: Request) -> JSONResponse:
    """Let all held requests go on."""
    return JSONResponse({"released": _gateway(request).holds.free(go_on=True)})


@router.post("/organization-members")
async def add_organization_members(request: Request, body: NewPeople) -> JSONResponse:
    """Add people to the organization."""
    store = backend_of(request).store
    people = [*body.members, *generated_people(store.count_people() + 1, body.count)]
    rows = [person.row() for person in people]
    taken = store.taken_people(rows)
    if taken:
        raise rules.Refusal(400, f"The organization has a member with email or id {taken} already")
    with store.transaction():
        store.add_people(rows)
    return JSONResponse(rows, 201)


@router.patch("/organization-members/{id}")
async def mark_member(request: Request, id: Segment, marks: MemberMarks) -> JSONResponse:
    """Mark a person as SCIM-managed, or as having active API keys in some workspaces."""
    backend = backend_of(request)
    if not backend.store.known_people([id]):
        raise rules.Refusal(404, f"The organization has no member with id {id}")
    workspaces = [backend.workspace(ref).id for ref in marks.active_key_in or []]
    with backend.store.transaction():
        if marks.scim_managed is not None:
            backend.store.mark_scim_managed(id, marks.scim_managed)
        if marks.active_key_in is not None:
            backend.store.mark_key_holder(id, workspaces)
    return JSONResponse({})


@router.patch("/workspaces/{id}")
async def mark_workspace(request: Request, id: Segment, marks: WorkspaceMarks) -> JSONResponse:
    """Mark a workspace as having active API keys."""
    backend = backend_of(request)
    workspace = backend.workspace(id)
    if marks.active_keys is not None:
        backend.store.mark_active_keys(workspace.id, marks.active_keys)
    return JSONResponse({})


@router.patch("/options")
async def set_options(request: Request, options: rules.Options) -> JSONResponse:
    """Change options of the account; the others stay."""
    backend = backend_of(request)
    backend.options = backend.options.model_copy(update=options.model_dump(exclude_unset=True))
    return JSONResponse(backend.options.model_dump())


def _workspaces(store: Store) -> list[dict[str, Any]]:
    return [
        {
            **workspace.document,
            "is_default": workspace.is_default,
            "budgets": store.budget_limits(workspace.id),
            "members": [member["user_id"] for member in store.list_members(workspace)],
        }
        for workspace in store.list_workspaces()
    ]
