"""The control endpoints as Python methods, for a sandbox in this process or in another."""

import json
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any

import httpx

from .errors import SandboxError

Json = Any


def not_running() -> SandboxError:
    """Return the error for a sandbox that is used outside of its `with` block."""
    return SandboxError(
        "the sandbox is not running: use it inside `with Sandbox() as sandbox:`, "
        "which starts it and stops it"
    )


class Remote:
    """Steers the sandbox whose control endpoints are at `control_url`; see `faults` for faults."""

    _http: httpx.Client | None = None

    def __init__(self, control_url: str) -> None:
        # A proxy of the environment has no business between a test and its sandbox.
        self._http = httpx.Client(base_url=control_url, trust_env=False, timeout=60)

    def __enter__(self) -> "Remote":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections to the control endpoints."""
        if self._http is not None:
            self._http.close()
            self._http = None

    def reset(self) -> None:
        """Go back to the seed, and clear log, faults, latency, options and marks.

        Requests that are held are dropped.
        """
        self._call("POST", "/reset")

    def state(self) -> dict[str, Json]:
        """Return all `workspaces`, `organization_members` and `keys`, as the API shows them.

        Each workspace also has `is_default`, `budgets` (USD by interval) and `members` (user ids).
        """
        return dict(self._call("GET", "/state"))

    def requests(self, writes_only: bool = False) -> list[dict[str, Json]]:
        """Return the requests to the API since the last clear, oldest first.

        Each has `number`, `method`, `path` (below /api/v1, percent-encoded), `query`, `body`
        (parsed JSON or None), `status` (None when it was lost) and `fault` (None or which).
        """
        return list(self._call("GET", "/requests", params={"writes_only": writes_only}))

    def clear_requests(self) -> None:
        """Forget the log and the counts."""
        self._call("DELETE", "/requests")

    def counts(self) -> dict[str, Json]:
        """Return `total`, `writes`, `by_operation` (by operationId) and `max_in_flight`."""
        return dict(self._call("GET", "/counts"))

    def set_latency(self, seconds: float) -> None:
        """Delay every answer of the API by this many seconds."""
        self._call("PUT", "/latency", {"seconds": seconds})

    def add_fault(
        self,
        *,
        method: str = "*",
        path: str = "/**",
        times: int | None = 1,
        skip: int = 0,
        **action: Json,
    ) -> str:
        """Plan a fault (the actions are those of `faults.Fault`) and return its id."""
        fault = {"method": method, "path": path, "times": times, "skip": skip, **action}
        return str(self._call("POST", "/faults", fault)["id"])

    def faults(self) -> list[dict[str, Json]]:
        """Return the planned faults, with how often each `matched` and was `injected`."""
        return list(self._call("GET", "/faults"))

    def clear_faults(self) -> None:
        """Drop all planned faults; what is held stays held."""
        self._call("DELETE", "/faults")

    def wait_until_held(self, timeout: float = 60) -> list[dict[str, Json]]:
        """Return the held requests as soon as there is one; TimeoutError after `timeout` s."""
        held = self._call("GET", "/held", params={"timeout": timeout}, read_timeout=timeout + 10)
        if not held:
            msg = f"no request was held within {timeout:g} s"
            raise TimeoutError(msg)
        return list(held)

    def release(self) -> int:
        """Let all held requests go on and return how many there were."""
        return int(self._call("POST", "/release")["released"])

    def add_organization_members(
        self, people: int | Sequence[Mapping[str, Json]]
    ) -> list[dict[str, Json]]:
        """Add so many generated people, or these (`email`, and what else a seed may give)."""
        body = {"count": people} if isinstance(people, int) else {"members": list(people)}
        return list(self._call("POST", "/organization-members", body))

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

    def change_person(
        self, user_id: str, *, email: str | None = None, role: str | None = None
    ) -> None:
        """Change a person's email or role ("org:admin", "org:member"); the user id stays."""
        self._call("PATCH", f"/organization-members/{user_id}", {"email": email, "role": role})

    def remove_person(self, user_id: str) -> None:
        """Take a person out of the organization and of every workspace; their keys stay."""
        self._call("DELETE", f"/organization-members/{user_id}")

    def add_key(
        self,
        workspace: str,
        *,
        name: str = "Key",
        label: str | None = None,
        creator_user_id: str | None = None,
        disabled: bool = False,
    ) -> str:
        """Create an API key in a workspace (id or slug) and return the key's hash."""
        key = {"workspace": workspace, "name": name, "label": label, "disabled": disabled}
        body = {**key, "creator_user_id": creator_user_id}
        return str(self._call("POST", "/keys", body)["hash"])

    def disable_key(self, hash: str) -> None:
        """Disable an API key: it is not active any more, so the API refuses nothing for it."""
        self._call("PATCH", f"/keys/{hash}", {"disabled": True})

    def delete_key(self, hash: str) -> None:
        """Delete an API key."""
        self._call("DELETE", f"/keys/{hash}")

    def mark_member(
        self,
        user_id: str,
        *,
        scim_managed: bool | None = None,
        active_key_in: Sequence[str] | None = None,
    ) -> None:
        """Mark a person as SCIM-managed, or replace their keys by one in each workspace."""
        keys = None if active_key_in is None else list(active_key_in)
        marks = {"scim_managed": scim_managed, "active_key_in": keys}
        self._call("PATCH", f"/organization-members/{user_id}", marks)

    def mark_workspace(self, id_or_slug: str, *, active_keys: bool | None = None) -> None:
        """Replace the keys of a workspace that no person created by an active one, or by none."""
        self._call("PATCH", f"/workspaces/{id_or_slug}", {"active_keys": active_keys})

    def set_options(self, **options: Json) -> dict[str, Json]:
        """Change options of the account (those of `rules.Options`) and return all of them."""
        return dict(self._call("PATCH", "/options", options))

    def _call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Json] | None = None,
        *,
        params: Mapping[str, Json] | None = None,
        read_timeout: float = 60,
    ) -> Json:
        if self._http is None:
            raise not_running()
        # As ASCII, so that it is the sandbox that refuses text which UTF-8 cannot encode.
        content = None if body is None else json.dumps(body)
        headers = {"Content-Type": "application/json"}
        answer = self._http.request(
            method, path, content=content, headers=headers, params=params, timeout=read_timeout
        )
        if answer.is_error:
            msg = f"{method} {path}: {answer.json()['error']['message']}"
            raise SandboxError(msg)
        return answer.json()
