"""What stands at the API, who else changes it, and how far it is from what it should be.

A verdict compares two states of the sandbox, less what no two runs share (ids and times). Beside
"equal or not" it counts what must never happen: a workspace too many, and a workspace, a limit or a
person missing.
"""

from __future__ import annotations

import ssl
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import httpx

from faults.at_hand import SandboxAtHand
from pulumi_openrouter.sandbox import Sandbox

World = list[dict[str, Any]]
"""The workspaces by slug, each with fields, budgets and members; nothing that a rerun changes."""

_OF_ONE_RUN = {"id", "created_at", "updated_at", "default_guardrail_id"}


def world(sandbox: Sandbox) -> World:
    """Return what stands at the API now."""
    workspaces = [
        {name: value for name, value in one.items() if name not in _OF_ONE_RUN}
        for one in sandbox.state()["workspaces"]
    ]
    for one in workspaces:
        one["members"] = sorted(one["members"])
    return sorted(workspaces, key=lambda one: str(one["slug"]))


def people(sandbox: Sandbox | SandboxAtHand) -> list[str]:
    """Return the user ids of the organization, in its order."""
    return [person["id"] for person in sandbox.state()["organization_members"]]


@dataclass(frozen=True)
class Verdict:
    """How far a world is from the expected one.

    Attributes:
        converged: Whether the two are equal.
        duplicates: Workspaces that should not be there: orphans, and second ones of a name.
        losses: Workspaces, limits and people that should be there and are not.
        differences: What differs, in words, for the message of a failed test.
    """

    converged: bool
    duplicates: int
    losses: int
    differences: tuple[str, ...] = ()


def judge(expected: World, actual: World) -> Verdict:
    """Compare a world with the expected one."""
    wanted, found = ({one["slug"]: one for one in some} for some in (expected, actual))
    missing = [slug for slug in wanted if slug not in found]
    extra = [slug for slug in found if slug not in wanted]
    names = Counter(one["name"] for one in actual) - Counter(one["name"] for one in expected)
    lost = [
        f"{slug}: {kind} {thing}"
        for slug in wanted
        if slug in found
        for kind in ("budgets", "members")
        for thing in wanted[slug][kind]
        if thing not in found[slug][kind]
    ]
    differences = [
        f"{slug}.{name}: {value!r}, not {wanted[slug][name]!r}"
        for slug, one in found.items()
        if slug in wanted
        for name, value in one.items()
        if value != wanted[slug][name]
    ]
    words = [f"missing {slug}" for slug in missing] + [f"too many: {slug}" for slug in extra]
    return Verdict(
        expected == actual,
        max(len(extra), sum(names.values())),
        len(missing) + len(lost),
        (*words, *differences),
    )


class Somebody:
    """Somebody else of the organization, who changes things by hand."""

    def __init__(
        self, sandbox: Sandbox | SandboxAtHand, transport: httpx.BaseTransport | None = None
    ) -> None:
        self._http = httpx.Client(
            base_url=sandbox.url,
            headers={"Authorization": f"Bearer {sandbox.key}"},
            trust_env=False,
            transport=transport,
            # Plain http needs no certificates, and loading them takes longer than many requests.
            verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
        )
        self._sandbox = sandbox

    def __enter__(self) -> Somebody:
        """Offer itself."""
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
        """Make the workspace `theirs`, which belongs to no program."""
        self.creates("theirs", description="Not the program's")
        self.sets("theirs", "monthly", 70)
        self.adds("theirs", *people(self._sandbox)[:2])
        self._sandbox.clear_requests()

    def creates(self, slug: str, /, **fields: Any) -> str:
        """Create a workspace; return its id."""
        made = self._send("POST", "/workspaces", {"name": slug.title(), "slug": slug, **fields})
        return str(made["data"]["id"])

    def changes(self, slug: str, /, **fields: Any) -> None:
        """Change fields of a workspace."""
        self._send("PATCH", f"/workspaces/{slug}", fields)

    def deletes(self, slug: str) -> None:
        """Delete a workspace."""
        self._send("DELETE", f"/workspaces/{slug}")

    def sets(self, slug: str, interval: str, limit_usd: float | None) -> None:
        """Set a limit, or delete it."""
        path = f"/workspaces/{slug}/budgets/{interval}"
        if limit_usd is None:
            self._send("DELETE", path)
        else:
            self._send("PUT", path, {"limit_usd": limit_usd})

    def adds(self, slug: str, *user_ids: str) -> None:
        """Put people into a workspace."""
        self._send("POST", f"/workspaces/{slug}/members/add", {"user_ids": user_ids})

    def removes(self, slug: str, *user_ids: str) -> None:
        """Take people out of a workspace."""
        self._send("POST", f"/workspaces/{slug}/members/remove", {"user_ids": user_ids})

    def _send(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        answer = self._http.request(method, path, json=body)
        answer.raise_for_status()
        return answer.json()
