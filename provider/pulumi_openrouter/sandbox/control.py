"""What a test, or a person with curl, may tell the sandbox and ask it, apart from the API.

`Control` has a method for each. The decorator `endpoint` also offers a method over HTTP, below
/_sandbox/: path parameters, query parameters and the fields of a JSON body are its arguments. No
key is needed there, and neither the latency nor the faults of the API apply.
"""

from __future__ import annotations

import functools
import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, ParamSpec, TypeVar
from urllib.parse import unquote

from fastapi import Request
from fastapi.responses import Response
from pydantic import BaseModel, Field, ValidationError, validate_call
from starlette.routing import Route

from pulumi_openrouter.sandbox.faults import Fault
from pulumi_openrouter.sandbox.gateway import Gateway
from pulumi_openrouter.sandbox.refusals import Refusal, invalid_request
from pulumi_openrouter.sandbox.routes import Backend
from pulumi_openrouter.sandbox.schemas import Options, Text
from pulumi_openrouter.sandbox.seed import Email, Person, Role, Seed, generated_people, plant

CONTROL_PREFIX = "/_sandbox"

P = ParamSpec("P")
R = TypeVar("R")
Json = Any

Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
NonEmpty = Annotated[str, Field(min_length=1)]


ROUTES: list[Route] = []


def endpoint(
    verb: str,
    path: str,
    status: int = 200,
    shape: Callable[[Control, Any], Json] = lambda _, result: {} if result is None else result,
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Offer a method of `Control` over HTTP, and refuse arguments that break its annotations.

    `shape` makes the JSON of the answer from the control and the method's result.
    """

    def decorate(method: Callable[P, R]) -> Callable[P, R]:
        validated = validate_call(method)

        @functools.wraps(method)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                return validated(*args, **kwargs)
            except ValidationError as error:
                raise _refusal(method, error) from None

        async def handle(request: Request) -> Response:
            control: Control = request.app.state.control
            steer: Callable[..., Any] = call
            result = steer(control, **await _arguments(request))
            if inspect.isawaitable(result):
                result = await result
            # As ASCII: a logged body may hold half of a surrogate pair, which UTF-8 cannot encode.
            body = json.dumps(shape(control, result))
            return Response(body, status, media_type="application/json")

        ROUTES.append(Route(CONTROL_PREFIX + path, handle, methods=[verb]))
        return call

    return decorate


def _refusal(method: Callable[..., object], error: ValidationError) -> Refusal:
    # pydantic locates an argument that was passed by position by its number.
    names = list(inspect.signature(method).parameters)
    located = []
    for one in error.errors():
        named = (names[part] if isinstance(part, int) else part for part in one["loc"][:1])
        located.append({**one, "loc": ("body", *named, *one["loc"][1:])})
    return invalid_request(located)


async def _arguments(request: Request) -> dict[str, Any]:
    body = await request.body()
    try:
        fields = json.loads(body) if body else {}
    except ValueError as error:
        raise Refusal(400, f"Invalid request parameters: body: not JSON ({error})") from None
    if not isinstance(fields, dict):
        message = "Invalid request parameters: body: Input should be a valid dictionary"
        raise Refusal(400, message)
    path = {name: unquote(value) for name, value in request.path_params.items()}
    return {**request.query_params, **fields, **path}


class NewPeople(BaseModel):
    """People to add: a number of generated ones, and those of a list."""

    count: Annotated[int, Field(ge=0)] = 0
    members: list[Person] = []


class Control:
    """Steers and inspects a sandbox. Its methods run in the thread that serves the API."""

    def __init__(self, gateway: Gateway, backend: Backend, seed: Seed) -> None:
        self.gateway = gateway
        self.backend = backend
        self.seed = seed
        self._store = backend.store

    @endpoint("POST", "/reset")
    def reset(self) -> None:
        """Go back to the seed, and clear log, faults, latency, options and marks.

        Requests that are held are dropped.
        """
        self.gateway.holds.free(go_on=False)
        self.gateway.faults.clear()
        self.gateway.latency = 0.0
        self.gateway.traffic.clear()
        self.backend.options = Options()
        plant(self._store, self.seed)

    @endpoint("GET", "/state")
    def state(self) -> dict[str, Json]:
        """Return all `workspaces`, `organization_members` and `keys`, as the API shows them.

        Each workspace also has `is_default`, `budgets` (USD by interval) and `members` (user ids).
        """
        workspaces = [
            {
                **workspace.document,
                "is_default": workspace.is_default,
                "budgets": self._store.budget_limits(workspace.id),
                "members": [member["user_id"] for member in self._store.list_members(workspace)],
            }
            for workspace in self._store.list_workspaces()
        ]
        return {
            "workspaces": workspaces,
            "organization_members": self._store.list_people(),
            "keys": self._store.list_all_keys(),
        }

    @endpoint("GET", "/requests")
    def requests(self, writes_only: bool = False) -> list[dict[str, Json]]:
        """Return the requests to the API since the last clear, oldest first.

        Each has `number`, `method`, `path` (below /api/v1, percent-encoded), `query`, `body`
        (parsed JSON or None), `status` (None when it was lost) and `fault` (None or which).
        """
        return self.gateway.traffic.requests(writes_only)

    @endpoint("DELETE", "/requests")
    def clear_requests(self) -> None:
        """Forget the log and the counts."""
        self.gateway.traffic.clear()

    @endpoint("GET", "/counts")
    def counts(self) -> dict[str, Json]:
        """Return `total`, `writes`, `by_operation` (by operationId) and `max_in_flight`."""
        return self.gateway.traffic.counts()

    @endpoint("PUT", "/latency")
    def set_latency(self, seconds: Seconds) -> None:
        """Delay every answer of the API by this many seconds."""
        self.gateway.latency = seconds

    @endpoint("POST", "/faults", 201, lambda _, id: {"id": id})
    def add_fault(
        self,
        /,
        *,
        method: str = "*",
        path: str = "/**",
        times: int | None = 1,
        skip: int = 0,
        **action: Json,
    ) -> str:
        """Plan a fault (the actions are those of `faults.Fault`) and return its id."""
        return self.gateway.faults.add(
            Fault(method=method, path=path, times=times, skip=skip, **action)
        )

    @endpoint("GET", "/faults")
    def faults(self) -> list[dict[str, Json]]:
        """Return the planned faults, with how often each `matched` and was `injected`."""
        return self.gateway.faults.describe()

    @endpoint("DELETE", "/faults")
    def clear_faults(self) -> None:
        """Drop all planned faults; requests that are held stay held."""
        self.gateway.faults.clear()

    @endpoint("GET", "/held")
    async def held(
        self, timeout: Annotated[float, Field(ge=0, le=600)] = 0
    ) -> list[dict[str, Json]]:
        """Return the held requests as soon as there is one, or none after `timeout` seconds."""
        return await self.gateway.holds.wait(timeout)

    @endpoint("POST", "/release", shape=lambda _, count: {"released": count})
    def release(self) -> int:
        """Let all held requests go on and return how many there were."""
        return self.gateway.holds.free(go_on=True)

    @endpoint("POST", "/organization-members", 201)
    def add_people(
        self, *, count: int = 0, members: Sequence[Mapping[str, Json]] = ()
    ) -> list[dict[str, Json]]:
        """Add the people of a list and so many generated ones, and return them all."""
        new = NewPeople.model_validate({"count": count, "members": members})
        people = [*new.members, *generated_people(self._store.count_people() + 1, new.count)]
        rows = [person.row() for person in people]
        with self._store.transaction():
            for row in rows:
                if self._store.email_owner(row["email"]) or self._store.known_people([row["id"]]):
                    raise _taken(row["email"])
                self._store.add_people([row])
        return rows

    def add_organization_members(
        self, people: int | Sequence[Mapping[str, Json]]
    ) -> list[dict[str, Json]]:
        """Add so many generated people, or these (`email`, and what else a seed may give)."""
        if isinstance(people, int):
            return self.add_people(count=people)
        return self.add_people(members=people)

    def add_person(
        self,
        email: str,
        *,
        role: str = "org:member",
        first_name: str | None = None,
        last_name: str | None = None,
        user_id: str | None = None,
    ) -> str:
        """Add a person to the organization and return their user id (made from the email)."""
        names = {"first_name": first_name, "last_name": last_name}
        [added] = self.add_people(members=[{"email": email, "role": role, "id": user_id, **names}])
        return str(added["id"])

    @endpoint("PATCH", "/organization-members/{user_id}")
    def change_person(
        self,
        user_id: str,
        *,
        email: Email | None = None,
        role: Role | None = None,
        scim_managed: bool | None = None,
        active_key_in: Sequence[Text] | None = None,
    ) -> None:
        """Change a person; what is left out stays, and so does the user id.

        `role` is "org:admin" or "org:member". `scim_managed` and `active_key_in` are marks that
        make the API refuse to remove the person from a workspace: an identity provider manages
        them, and their keys are replaced by one in each of these workspaces (ids or slugs).
        """
        self._check_person_exists(user_id)
        workspaces = [self.backend.workspace(ref).id for ref in active_key_in or []]
        if email is not None and self._store.email_owner(email) not in (None, user_id):
            raise _taken(email)
        with self._store.transaction():
            self._store.change_person(user_id, email=email, role=role, scim_managed=scim_managed)
            if active_key_in is not None:
                self._store.set_key_holder(user_id, workspaces)

    mark_member = change_person

    @endpoint("DELETE", "/organization-members/{user_id}")
    def remove_person(self, user_id: str) -> None:
        """Take a person out of the organization and of every workspace; their keys stay."""
        self._check_person_exists(user_id)
        self._store.remove_person(user_id)

    @endpoint("POST", "/keys", 201, lambda control, hash: control.find_key(hash))
    def add_key(
        self,
        workspace: Text,
        *,
        name: NonEmpty = "Key",
        label: Text | None = None,
        creator_user_id: Text | None = None,
        disabled: bool = False,
    ) -> str:
        """Create an API key in a workspace (id or slug) and return the key's hash."""
        workspace_id = self.backend.workspace(workspace).id
        if creator_user_id is not None:
            self._check_person_exists(creator_user_id)
        return self._store.add_key(
            workspace_id,
            name=name,
            label=label,
            creator_user_id=creator_user_id,
            disabled=disabled,
        )

    @endpoint("PATCH", "/keys/{hash}")
    def disable_key(self, hash: str, disabled: bool = True) -> None:
        """Disable an API key, so that it is not active any more, or enable it again."""
        self.find_key(hash)
        self._store.disable_key(hash, disabled)

    @endpoint("DELETE", "/keys/{hash}")
    def delete_key(self, hash: str) -> None:
        """Delete an API key."""
        self.find_key(hash)
        self._store.delete_key(hash)

    @endpoint("PATCH", "/workspaces/{id_or_slug}")
    def mark_workspace(self, id_or_slug: str, *, active_keys: bool | None = None) -> None:
        """Replace the keys of a workspace that no person created by an active one, or by none."""
        workspace = self.backend.workspace(id_or_slug)
        if active_keys is not None:
            with self._store.transaction():
                self._store.set_unowned_key(workspace.id, active_keys)

    @endpoint("PATCH", "/options")
    def set_options(self, /, **options: Json) -> dict[str, Json]:
        """Change options of the account (those of `schemas.Options`) and return all of them."""
        changes = Options.model_validate(options).model_dump(exclude_unset=True)
        self.backend.options = self.backend.options.model_copy(update=changes)
        return self.backend.options.model_dump()

    def find_key(self, hash: str) -> dict[str, Json]:
        """Return an API key as the API shows it, or refuse with 404."""
        key = self._store.find_key(hash)
        if key is None:
            raise Refusal(404, f"The organization has no API key with hash {hash}")
        return key

    def _check_person_exists(self, user_id: str) -> None:
        if not self._store.known_people([user_id]):
            raise Refusal(404, f"The organization has no member with id {user_id}")


def _taken(email: str) -> Refusal:
    message = f"The organization has a member with the email {email}, or with its id, already"
    return Refusal(400, message)
