"""Active API keys of a workspace: which of a listing without a total they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from pulumi_openrouter.errors import ForbiddenError, NotFoundError

if TYPE_CHECKING:
    from unit.conftest import ScriptedApi

WORKSPACE = "0ec5c9b4-6f0c-4f3e-9d56-3f1c2a4b5d6e"


def page(*keys: dict[str, object]) -> httpx.Response:
    """A page of keys."""
    return httpx.Response(200, json={"data": keys})


def keys(first: int, end: int) -> list[dict[str, object]]:
    """Active keys that do not name their workspace."""
    return [{"hash": f"hash-{number}"} for number in range(first, end)]


def test_disabled_keys_and_those_of_other_workspaces_are_left_out(api: ScriptedApi) -> None:
    """Only active keys of the workspace asked for count, and a key that names none counts too."""
    api.script = [
        page(
            {"hash": "ours", "name": "ci", "label": "sk-or-v1-abc...def", "disabled": False}
            | {"workspace_id": WORKSPACE.upper(), "creator_user_id": "user_a", "limit": 5},
            {"hash": "disabled", "disabled": True, "workspace_id": WORKSPACE},
            {"hash": "elsewhere", "disabled": False, "workspace_id": "another"},
            {"hash": "bare", "name": None, "workspace_id": None},
        )
    ]
    found = api.client().keys.active(WORKSPACE)
    assert [key.hash for key in found] == ["ours", "bare"]
    assert (found[0].name, found[0].label) == ("ci", "sk-or-v1-abc...def")


@pytest.mark.parametrize(("count", "requests"), [(0, 1), (99, 1), (100, 2), (250, 3)])
def test_keys_are_read_until_a_page_is_short(api: ScriptedApi, count: int, requests: int) -> None:
    """Pages of 100 are read one after the other until one has fewer than 100 keys."""
    starts = range(0, count + 1, 100)
    api.script = [page(*keys(start, min(start + 100, count))) for start in starts]
    assert len(api.client().keys.active(WORKSPACE)) == count
    assert api.asked == [
        f"GET /keys?workspace_id={WORKSPACE}&offset={start}" for start in list(starts)[:requests]
    ]


@pytest.mark.parametrize(("status", "kind"), [(403, ForbiddenError), (404, NotFoundError)])
def test_who_may_not_list_keys_learns_it(
    api: ScriptedApi, status: int, kind: type[Exception]
) -> None:
    """A refusal reaches the caller, who knows whether it matters."""
    api.script = [httpx.Response(status, json={"error": {"message": "No."}})]
    with pytest.raises(kind):
        api.client().keys.active(WORKSPACE)
