"""Listings that change while they are read, and large ones.

Somebody adds and removes objects between two pages, so that others shift across the boundary.
Nothing that exists is taken for gone, and nothing comes twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from faults.conftest import NewStack, Record
from faults.declared import membership, workspace
from faults.driver import Stack
from faults.results import Case, Section
from faults.world import judge, world
from harness.organization import Somebody, people
from pulumi_openrouter.api.client import Client
from pulumi_openrouter.sandbox import Sandbox
from pulumi_openrouter.settings import Settings

MANY = 250


@pytest.fixture
def crowded(sandbox: Sandbox, somebody: Somebody) -> Sandbox:
    """A workspace `shared` with 250 people in it, and 250 workspaces of somebody else."""
    sandbox.add_organization_members(MANY + 10)
    somebody.creates("shared")
    ids = people(sandbox)
    for start in range(0, MANY, 100):
        somebody.adds("shared", *ids[start : min(start + 100, MANY)])
    return sandbox


def between_pages(
    sandbox: Sandbox, path: str, change: Callable[[], object], run: Callable[[], object]
) -> None:
    """Do `run`, and `change` while its request for a second page is on its way."""
    sandbox.add_fault(method="GET", path=path, skip=1, hold=True)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(run)
        sandbox.wait_until_held()
        change()
        sandbox.release()
        running.result()


@pytest.mark.parametrize("comes", [False, True], ids=["goes", "comes"])
def test_people_who_shift_across_pages_are_not_lost(
    crowded: Sandbox, stack: Stack, somebody: Somebody, record: Record, comes: bool
) -> None:
    """Whoever is in throughout stays in the state, though somebody before them comes or goes."""
    ids = people(crowded)
    stack.up([membership("crowd", workspace="shared", user_ids=ids[1:MANY])])
    before = world(crowded)
    assert judge(before, world(crowded)).converged

    def change() -> None:
        if comes:
            somebody.adds("shared", ids[MANY + 3])
        else:
            somebody.removes("shared", ids[0])

    between_pages(crowded, "/workspaces/*/members", change, stack.refresh)
    expected = world(crowded)
    crowded.clear_requests()
    assert stack.up([membership("crowd", workspace="shared", user_ids=ids[1:MANY])]) == {"same": 1}
    assert crowded.requests(writes_only=True) == []
    verdict = judge(expected, world(crowded))
    fault = f"a member {'comes' if comes else 'goes'} between two pages"
    record(Case.of(verdict, Section.PAGING, fault, "refresh of 249 people", injected=1, runs=3))
    assert verdict.differences == ()


def test_workspaces_that_shift_across_pages_are_not_lost(
    sandbox: Sandbox, stack: Stack, somebody: Somebody, record: Record
) -> None:
    """A workspace that slips from the second page onto the first one is not taken for gone."""
    first = somebody.creates("first")
    program = [workspace(f"ours-{number:03}") for number in range(120)]
    stack.up(program)
    between_pages(sandbox, "/workspaces", lambda: somebody.deletes(first), stack.refresh)
    expected = world(sandbox)
    assert stack.up(program) == {"same": 120}
    verdict = judge(expected, world(sandbox))
    fault = "a workspace goes between two pages"
    record(Case.of(verdict, Section.PAGING, fault, "refresh of 120", injected=1, runs=3))
    assert verdict.differences == ()


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[Client]:
    """The API client on the sandbox."""
    client = Client(Settings(management_key=sandbox.key, base_url=sandbox.url))
    yield client
    client.close()


def test_an_organization_of_ten_thousand(
    sandbox: Sandbox, new_stack: NewStack, somebody: Somebody, record: Record
) -> None:
    """10,000 people are found by email in 101 requests, put into a workspace, and settle there."""
    made = sandbox.add_organization_members(10_000)
    somebody.creates("shared")
    emails = [person["email"].upper() for person in made]
    program = [membership("all", workspace="shared", emails=emails)]
    stack = new_stack()
    sandbox.clear_requests()
    stack.up(program)
    counts = sandbox.counts()["by_operation"]
    assert counts["listOrganizationMembers"] == 101
    assert counts["bulkAddWorkspaceMembers"] == 100
    [shared] = [one for one in world(sandbox) if one["slug"] == "shared"]
    verdict = judge([{**shared, "members": sorted(person["id"] for person in made)}], [shared])
    assert stack.refresh() == []
    assert stack.up(program) == {"same": 1}
    fault = "an organization of 10,000 members"
    record(Case.of(verdict, Section.PAGING, fault, "all of them by email", injected=0, runs=3))
    assert verdict.differences == ()


def test_two_thousand_workspaces(
    sandbox: Sandbox, client: Client, stack: Stack, record: Record
) -> None:
    """Of 2,000 workspaces each is listed once, in 21 requests; those of a stack are all found."""
    program = [workspace(f"ours-{number:02}") for number in range(10)]
    with Somebody(sandbox) as somebody:
        for number in range(990):
            somebody.creates(f"before-{number:04}")
        stack.up(program)
        for number in range(999):
            somebody.creates(f"after-{number:04}")
    expected = world(sandbox)
    sandbox.clear_requests()
    slugs = [one.slug for one in client.workspaces.list()]
    assert len(slugs) == len(set(slugs)) == 2_000
    assert sandbox.counts()["total"] == 20
    assert stack.refresh() == []
    assert stack.up(program) == {"same": 10}
    verdict = judge(expected, world(sandbox))
    fault = "an organization of 2,000 workspaces"
    record(Case.of(verdict, Section.PAGING, fault, "10 of them the stack's", injected=0, runs=3))
    assert verdict.differences == ()
