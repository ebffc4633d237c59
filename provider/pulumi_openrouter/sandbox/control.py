"""The endpoints below /_sandbox/, with which a test steers and inspects the sandbox.

They need no key, and neither the latency nor the faults of the API apply to them. Each Python
method of `remote.Remote` calls one of these endpoints.
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
from .schemas import Segment, Text
from .seed import Email, Person, Role, Seed, generated_people, plant
from .store import Store

CONTROL_PREFIX = "/_sandbox"

router = APIRouter(prefix=CONTROL_PREFIX)


class NewPeople(BaseModel):
    """People to add: a number of generated ones, or a list."""

    model_config = ConfigDict(extra="forbid")

    count: Annotated[int, Field(ge=0)] = 0
    members: list[Person] = []


class PersonChanges(BaseModel):
    """What to change of a person; None leaves it as it is.

    `scim_managed` and `active_key_in` (workspaces) make the API refuse to remove the person.
    """

    model_config = ConfigDict(extra="forbid")

    email: Email | None = None
    role: Role | None = None
    scim_managed: bool | None = None
    active_key_in: list[Text] | None = None


class WorkspaceMarks(BaseModel):
    """Whether a workspace has an active API key that no person created; None: as it is."""

    model_config = ConfigDict(extra="forbid")

    active_keys: bool | None = None


class NewKey(BaseModel):
    """An API key of a workspace (its id or slug)."""

    model_config = ConfigDict(extra="forbid")

    workspace: Text
    name: Annotated[str, Field(min_length=1)] = "Key"
    label: Text | None = None
    creator_user_id: Text | None = None
    disabled: bool = False


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
    everything = {
        "workspaces": _workspaces(store),
        "organization_members": store.list_people(),
        "keys": store.list_all_keys(),
    }
    return JSONResponse(everything)


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
    with store.transaction():
        for row in rows:
            _check_person_is_new(store, row)
            store.add_people([row])
    return JSONResponse(rows, 201)


@router.patch("/organization-members/{id}")
async def change_person(request: Request, id: Segment, changes: PersonChanges) -> JSONResponse:
    """Change a person's email, role or marks."""
    backend = backend_of(request)
    store = backend.store
    _check_person_exists(store, id)
    workspaces = [backend.workspace(ref).id for ref in changes.active_key_in or []]
    if changes.email is not None and store.email_owner(changes.email) not in (None, id):
        raise _taken(changes.email)
    with store.transaction():
        store.change_person(id, email=changes.email, role=changes.role)
        if changes.scim_managed is not None:
            store.mark_scim_managed(id, changes.scim_managed)
        if changes.active_key_in is not None:
            store.set_key_holder(id, workspaces)
    return JSONResponse({})


@router.delete("/organization-members/{id}")
async def remove_person(request: Request, id: Segment) -> JSONResponse:
    """Take a person out of the organization and of every workspace; their keys stay."""
    store = backend_of(request).store
    _check_person_exists(store, id)
    store.remove_person(id)
    return JSONResponse({})


@router.post("/keys")
async def add_key(request: Request, body: NewKey) -> JSONResponse:
    """Create an API key."""
    backend = backend_of(request)
    workspace = backend.workspace(body.workspace)
    if body.creator_user_id is not None:
        _check_person_exists(backend.store, body.creator_user_id)
    key = backend.store.add_key(workspace.id, **body.model_dump(exclude={"workspace"}))
    return JSONResponse(key, 201)


@router.patch("/keys/{hash}")
async def disable_key(
    request: Request, hash: Segment, disabled: Annotated[bool, Body(embed=True)]
) -> JSONResponse:
    """Disable an API key, or enable it again."""
    store = backend_of(request).store
    _check_key_exists(store, hash)
    store.disable_key(hash, disabled)
    return JSONResponse({})


@router.delete("/keys/{hash}")
async def delete_key(request: Request, hash: Segment) -> JSONResponse:
    """Delete an API key."""
    store = backend_of(request).store
    _check_key_exists(store, hash)
    store.delete_key(hash)
    return JSONResponse({})


@router.patch("/workspaces/{id}")
async def mark_workspace(request: Request, id: Segment, marks: WorkspaceMarks) -> JSONResponse:
    """Let a workspace have one API key that no person created, or none."""
    backend = backend_of(request)
    workspace = backend.workspace(id)
    if marks.active_keys is not None:
        with backend.store.transaction():
            backend.store.set_unowned_key(workspace.id, marks.active_keys)
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


def _check_person_exists(store: Store, user_id: str) -> None:
    if not store.known_people([user_id]):
        raise rules.Refusal(404, f"The organization has no member with id {user_id}")


def _check_person_is_new(store: Store, row: dict[str, Any]) -> None:
    if store.email_owner(row["email"]) or store.known_people([row["id"]]):
        raise _taken(row["email"])


def _check_key_exists(store: Store, hash: str) -> None:
    if not store.has_key(hash):
        raise rules.Refusal(404, f"The organization has no API key with hash {hash}")


def _taken(email: str) -> rules.Refusal:
    message = f"The organization has a member with the email {email}, or with its id, already"
    return rules.Refusal(400, message)
