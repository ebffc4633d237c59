"""What a test, or a person with curl, may tell the sandbox and ask it, apart from the API.

`Control` has a method for each. The decorator `endpoint` also offers a method over HTTP, below
/_sandbox/: path parameters, query parameters and the fields of a JSON body are its arguments. No
key is needed there, and neither the latency nor the faults of the API apply.
"""

from __future__ import annotations

import functools
import inspect
import json
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Annotated, Any, Concatenate, ParamSpec, TypeVar
from urllib.parse import unquote

from fastapi import Request
from fastapi.responses import Response
from pydantic import Field, ValidationError, validate_call
from starlette.routing import Route

from pulumi_openrouter.sandbox.faults import Fault, PlannedFault
from pulumi_openrouter.sandbox.gateway import Gateway
from pulumi_openrouter.sandbox.refusals import Refusal, invalid_request
from pulumi_openrouter.sandbox.schemas import Options, Text
from pulumi_openrouter.sandbox.seed import Email, Person, Role, Seed, generated_people, plant
from pulumi_openrouter.sandbox.store import Store, email_key, timestamp

CONTROL_PREFIX = "/_sandbox"

P = ParamSpec("P")
R = TypeVar("R")
Json = Any

Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Timeout = Annotated[float, Field(ge=0, le=600)]
NonEmpty = Annotated[str, Field(min_length=1)]

ROUTES: list[Route] = []


def endpoint(
    verb: str,
    path: str,
    status: int = 200,
    shape: Callable[[Control, Any], Json] = lambda _, result: {} if result is None else result,
) -> Callable[[Callable[Concatenate[Control, P], R]], Callable[Concatenate[Control, P], R]]:
    """Offer a method of `Control` over HTTP, and refuse arguments that break its annotations.

    What the method changes is saved, unless the verb is GET. `shape` makes the JSON of the answer
    from the control and the method's result.
    """

    def decorate(
        method: Callable[Concatenate[Control, P], R],
    ) -> Callable[Concatenate[Control, P], R]:
        validated = validate_call(method)

        @functools.wraps(method)
        def call(control: Control, /, *args: P.args, **kwargs: P.kwargs) -> R:
            try:
                result = validated(control, *args, **kwargs)
            except ValidationError as error:
                raise _refusal(method, error) from None
            if verb != "GET":
                control.store.save()
            return result

        async def handle(request: Request) -> Response:
            steer: Callable[..., Any] = call
            control: Control = request.app.state.control
            result = steer(control, **await _arguments(request))
            if inspect.isawaitable(result):
                result = await result
            # As ASCII: a logged body may hold half of a surrogate pair, which UTF-8 cannot encode.
            body = json.dumps(shape(control, result))
            return Response(body, status, media_type="application/json")

        ROUTES.append(Route(CONTROL_PREFIX + path, handle, methods=[verb], name=method.__name__))
        return call

    return decorate


def _refusal(method: Callable[..., object], error: ValidationError) -> Refusal:
    # pydantic locates an argument that was passed by position by its number.
    names: dict[int | str, str] = dict(enumerate(inspect.signature(method).parameters))
    located = []
    for one in error.errors():
        named = (names.get(part, part) for part in one["loc"][:1])
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


class Control:
    """Steers and inspects a sandbox. Its methods run in the thread that serves the API."""

    def __init__(self, gateway: Gateway, store: Store, seed: Seed) -> None:
        self.gateway = gateway
        self.store = store
        self.seed = seed
        self._faults_added = 0

    @endpoint("POST", "/reset")
    def reset(self) -> None:
        """Go back to the seed, and clear log, faults, latency, options and marks.

        Requests that are held are dropped.
        """
        self.gateway.holds.free(go_on=False)
        self.gateway.faults.clear()
        self.gateway.latency = 0.0
        self.gateway.traffic.clear()
        self.store.options = Options()
        plant(self.store, self.seed)

    @endpoint("GET", "/state")
    def state(self) -> dict[str, Json]:
        """Return all `workspaces`, `organization_members` and `keys`, as the API shows them.

        Each workspace also has `is_default`, `budgets` (USD by interval) and `members` (user ids).
        """
        workspaces = [
            {
                **workspace.document,
                "is_default": workspace.is_default,
                "budgets": workspace.limits,
                "members": self.store.member_ids(workspace),
            }
            for workspace in self.store.workspaces.values()
        ]
        return {
            "workspaces": workspaces,
            "organization_members": [{**person} for person in self.store.people.values()],
            "keys": [{**key} for key in self.store.keys.values()],
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
        fault = Fault(method=method, path=path, times=times, skip=skip, **action)
        self._faults_added += 1
        planned = PlannedFault(f"fault-{self._faults_added}", fault)
        self.gateway.faults.append(planned)
        return planned.id

    @endpoint("GET", "/faults")
    def faults(self) -> list[dict[str, Json]]:
        """Return the planned faults, with how often each `matched` and was `injected`."""
        return [planned.describe() for planned in self.gateway.faults]

    @endpoint("DELETE", "/faults")
    def clear_faults(self) -> None:
        """Drop all planned faults; requests that are held stay held."""
        self.gateway.faults.clear()

    @endpoint("GET", "/held")
    def held(self, timeout: Timeout = 0) -> Coroutine[Any, Any, list[dict[str, Json]]]:
        """Return the held requests as soon as there is one, or none after `timeout` seconds."""
        return self.gateway.holds.wait(timeout)

    @endpoint("POST", "/release", shape=lambda _, count: {"released": count})
    def release(self) -> int:
        """Let all held requests go on and return how many there were."""
        return self.gateway.holds.free(go_on=True)

    @endpoint("POST", "/organization-members", 201)
    def add_people(
        self, *, count: Annotated[int, Field(ge=0)] = 0, members: Sequence[Person] = ()
    ) -> list[dict[str, Json]]:
        """Add the people of a list and so many generated ones, and return them all."""
        people = [*members, *generated_people(len(self.store.people) + 1, count)]
        rows = [person.row() for person in people]
        ids = {*self.store.people}
        emails = {email_key(person["email"]) for person in self.store.people.values()}
        for row in rows:
            if row["id"] in ids or (row["email"] and email_key(row["email"]) in emails):
                raise _taken(row["email"] or row["id"])
            ids.add(row["id"])
            emails.add(email_key(row["email"]))
        self.store.people.update({row["id"]: row for row in rows})
        return [{**row} for row in rows]

    def add_organization_members(
        self, people: int | Sequence[Mapping[str, Json]]
    ) -> list[dict[str, Json]]:
        """Add so many generated people, or these (`email`, and what else a seed may give)."""
        given: Any = {"count": people} if isinstance(people, int) else {"members": people}
        return self.add_people(**given)

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
        person = {"email": email, "role": role, "id": user_id, **names}
        [added] = self.add_organization_members([person])
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
        workspaces = [self.store.workspace(ref).id for ref in active_key_in or []]
        if email is not None and self.store.email_owner(email) not in (None, user_id):
            raise _taken(email)
        person = self.store.people[user_id]
        changes = {"email": email or person["email"], "role": role or person["role"]}
        self.store.people[user_id] = {**person, **changes}
        if scim_managed is True:
            self.store.scim_managed.add(user_id)
        elif scim_managed is False:
            self.store.scim_managed.discard(user_id)
        if active_key_in is not None:
            self.store.delete_keys(creator_user_id=user_id)
            for workspace_id in workspaces:
                self.store.add_key(workspace_id, user_id)

    # The same under the name that says what the marks are for.
    mark_member = change_person

    @endpoint("DELETE", "/organization-members/{user_id}")
    def remove_person(self, user_id: str) -> None:
        """Take a person out of the organization and of every workspace; their keys stay."""
        self._check_person_exists(user_id)
        self.store.remove_person(user_id)

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
        workspace_id = self.store.workspace(workspace).id
        if creator_user_id is not None:
            self._check_person_exists(creator_user_id)
        return self.store.add_key(workspace_id, creator_user_id, name, label, disabled)

    @endpoint("PATCH", "/keys/{hash}")
    def change_key(self, hash: str, *, disabled: bool) -> None:
        """Disable an API key, or enable it again."""
        key = self.find_key(hash)
        self.store.keys[hash] = {**key, "disabled": disabled, "updated_at": timestamp()}

    def disable_key(self, hash: str) -> None:
        """Disable an API key: it is not active any more, so the API refuses nothing for it."""
        self.change_key(hash, disabled=True)

    @endpoint("DELETE", "/keys/{hash}")
    def delete_key(self, hash: str) -> None:
        """Delete an API key."""
        self.find_key(hash)
        del self.store.keys[hash]

    @endpoint("PATCH", "/workspaces/{id_or_slug}")
    def mark_workspace(self, id_or_slug: str, *, active_keys: bool | None = None) -> None:
        """Replace the keys of a workspace that no person created by an active one, or by none."""
        workspace = self.store.workspace(id_or_slug)
        if active_keys is not None:
            self.store.delete_keys(workspace_id=workspace.id, creator_user_id=None)
        if active_keys:
            self.store.add_key(workspace.id)

    @endpoint("PATCH", "/options")
    def set_options(self, /, **options: Json) -> dict[str, Json]:
        """Change options of the account (those of `schemas.Options`) and return all of them."""
        changes = Options.model_validate(options).model_dump(exclude_unset=True)
        self.store.options = self.store.options.model_copy(update=changes)
        return self.store.options.model_dump()

    def find_key(self, hash: str) -> dict[str, Json]:
        """Return an API key as the API shows it, or refuse with 404."""
        if hash not in self.store.keys:
            raise Refusal(404, f"The organization has no API key with hash {hash}")
        return self.store.keys[hash]

    def _check_person_exists(self, user_id: str) -> None:
        if user_id not in self.store.people:
            raise Refusal(404, f"The organization has no member with id {user_id}")


def _taken(email_or_id: str) -> Refusal:
    message = f"The organization has a member with the email or the id of {email_or_id} already"
    return Refusal(400, message)
