"""Somebody else at work on the same organization: plain REST, past Pulumi."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx

from pulumi_openrouter.sandbox import Sandbox


class Colleague:
    """Sends requests and shows each; what the API refuses is for the caller to judge."""

    def __init__(self, sandbox: Sandbox, show: Callable[[str], None]) -> None:
        self._http = httpx.Client(
            base_url=sandbox.url,
            headers={"Authorization": f"Bearer {sandbox.key}"},
            trust_env=False,
        )
        self._show = show

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def send(self, method: str, path: str, body: dict[str, Any]) -> httpx.Response:
        """Send one request and show it with its answer."""
        answer = self._http.request(method, path, json=body)
        said = "" if answer.is_success else f": {answer.json()['error']['message']}"
        self._show(f"{method} {path} {json.dumps(body)} -> {answer.status_code}{said}")
        return answer


def managed(sandbox: Sandbox, slug: str) -> dict[str, Any] | None:
    """Return what the demo's program manages of a workspace, or None where there is none."""
    state = sandbox.state()
    emails = {person["id"]: person["email"] for person in state["organization_members"]}
    for workspace in state["workspaces"]:
        if workspace["slug"] == slug:
            people = sorted(emails[user_id] for user_id in workspace["members"])
            return {**workspace, "members": people}
    return None
