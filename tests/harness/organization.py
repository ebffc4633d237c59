"""The organization behind the sandbox: what is in it now, and somebody who changes it by hand."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Protocol

import httpx


class Api(Protocol):
    """Where the organization is: the sandbox, in whichever way a test runs it."""

    @property
    def url(self) -> str: ...  # noqa: D102
    @property
    def key(self) -> str: ...  # noqa: D102
    def state(self) -> dict[str, Any]: ...  # noqa: D102
    def clear_requests(self) -> None: ...  # noqa: D102


def live(api: Api, slug: str = "acme") -> dict[str, Any]:
    """Return the workspace with this slug as the API has it now."""
    [found] = [one for one in api.state()["workspaces"] if one["slug"] == slug]
    return dict(found)


def live_budgets(api: Api, slug: str = "acme") -> dict[str, Any]:
    """Return the limits of a workspace by interval, and its flag as `byok`."""
    found = live(api, slug)
    return {**found["budgets"], "byok": found["include_byok_in_budgets"]}


def live_members(api: Api, slug: str = "acme") -> list[str]:
    """Return the ids of those who are in a workspace, sorted."""
    return sorted(live(api, slug)["members"])


def people(api: Api) -> list[str]:
    """Return the user ids of the organization, in its order."""
    return [person["id"] for person in api.state()["organization_members"]]


def person(api: Api, email: str) -> str:
    """Return the user id that belongs to an email address."""
    [found] = [one for one in api.state()["organization_members"] if one["email"] == email]
    return str(found["id"])


def emails_of(api: Api, user_ids: Sequence[str]) -> list[str]:
    """Return the email addresses of people."""
    emails = {one["id"]: one["email"] for one in api.state()["organization_members"]}
    return [emails[user_id] for user_id in user_ids]


class Somebody:
    """Somebody else of the organization, who changes things by hand through the API."""

    def __init__(self, api: Api, transport: httpx.BaseTransport | None = None) -> None:
        self._api = api
        self._http = httpx.Client(
            base_url=api.url,
            headers={"Authorization": f"Bearer {api.key}"},
            trust_env=False,
            transport=transport,
            # Plain http needs no certificates, and loading them takes longer than many requests.
            verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
        )

    def __enter__(self) -> Somebody:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connections."""
        self._http.close()

    def settles_in(self) -> None:
        """Create the workspace `theirs`, which belongs to no program."""
        self.creates("theirs", description="Not the program's")
        self.sets("theirs", monthly=70)
        self.adds("theirs", *people(self._api)[:2])
        self._api.clear_requests()

    def creates(self, slug: str, /, **fields: Any) -> str:
        """Create a workspace and return its id."""
        made = self._does("POST", "/workspaces", {"name": slug.title(), "slug": slug, **fields})
        return str(made["data"]["id"])

    def changes(self, workspace: str, /, **fields: Any) -> None:
        """Change fields of a workspace."""
        self._does("PATCH", f"/workspaces/{workspace}", fields)

    def deletes(self, workspace: str) -> None:
        """Delete a workspace."""
        self._does("DELETE", f"/workspaces/{workspace}")

    def sets(self, workspace: str, byok: bool | None = None, /, **limits: float | None) -> None:
        """Set limits in the order given, with the flag if there is one; None deletes a limit."""
        flag = {} if byok is None else {"include_byok_in_budgets": byok}
        for interval, limit in limits.items():
            path = f"/workspaces/{workspace}/budgets/{interval}"
            if limit is None:
                self._does("DELETE", path)
            else:
                self._does("PUT", path, {"limit_usd": limit, **flag})

    def adds(self, workspace: str, *user_ids: str) -> None:
        """Add people to a workspace."""
        self._does("POST", f"/workspaces/{workspace}/members/add", {"user_ids": user_ids})

    def removes(self, workspace: str, *user_ids: str) -> None:
        """Remove people from a workspace."""
        self._does("POST", f"/workspaces/{workspace}/members/remove", {"user_ids": user_ids})

    def sends(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """Send any request and return the answer, whatever it is."""
        return self._http.request(method, path, json=body)

    def _does(self, method: str, path: str, body: Any = None) -> Any:
        return self.sends(method, path, body).raise_for_status().json()
