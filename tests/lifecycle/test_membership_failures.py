"""Memberships that fail half-way: all or nothing at create, and an update that goes on."""

from typing import Any

import pytest

from harness.process import Managed, ProviderProcess
from pulumi_openrouter.errors import ApiError
from pulumi_openrouter.sandbox import Sandbox

from .conftest import NewProcess


@pytest.fixture
def people(sandbox: Sandbox) -> list[str]:
    """The ids of the organization's members, sorted."""
    return sorted(person["id"] for person in sandbox.state()["organization_members"])


@pytest.fixture
def workspace(process: ProviderProcess, sandbox: Sandbox) -> str:
    """The id of a workspace that no provider process of the test has made."""
    id_ = process.session.client.workspaces.create({"name": "Acme", "slug": "acme"}).id
    sandbox.clear_requests()
    return id_


@pytest.fixture
def membership(process: ProviderProcess) -> Managed:
    """A membership that does not exist yet."""
    return process.resource("WorkspaceMembership")


def live(sandbox: Sandbox, slug: str = "acme") -> list[str]:
    """Give who is in a workspace, sorted."""
    [found] = [w for w in sandbox.state()["workspaces"] if w["slug"] == slug]
    return sorted(found["members"])


def sent(sandbox: Sandbox) -> list[tuple[str, Any]]:
    """Give the requests since the last call: ("add", who), ("remove", who) or ("GET", path)."""
    log = [
        (request["path"].rpartition("/")[2], request["body"]["user_ids"])
        if request["body"]
        else (request["method"], request["path"])
        for request in sandbox.requests()
    ]
    sandbox.clear_requests()
    return log


def add(process: ProviderProcess, workspace: str, *user_ids: str) -> None:
    """Put people in by hand."""
    list(process.session.client.members.add_in_batches(workspace, user_ids))


def test_hundreds_of_people_go_in_and_out_in_batches(
    membership: Managed, workspace: str, sandbox: Sandbox
) -> None:
    """250 people are three requests of at most a hundred, and two pages and a half to read."""
    crowd = sorted(p["id"] for p in sandbox.add_organization_members(250))
    given = {"workspace": workspace, "user_ids": crowd}
    membership.up(**given)
    assert live(sandbox) == crowd
    assert [membership.refresh(), membership.up(**given)] == ["same", "same"]
    sandbox.clear_requests()
    membership.delete()
    assert [len(who) for _, who in sent(sandbox)] == [100, 100, 50]
    assert live(sandbox) == []


@pytest.mark.parametrize(
    "failure",
    [
        pytest.param({"status": 400}, id="refused"),
        pytest.param({"status": 403}, id="forbidden"),
        pytest.param({"status": 503}, id="unavailable"),
        pytest.param({"lose": "request"}, id="lost-request"),
        pytest.param({"lose": "answer"}, id="lost-answer"),
    ],
)
@pytest.mark.parametrize("exclusive", [False, True], ids=["not-exclusive", "exclusive"])
def test_a_create_that_fails_takes_out_whom_it_added(
    start: NewProcess,
    workspace: str,
    people: list[str],
    sandbox: Sandbox,
    exclusive: bool,
    failure: dict[str, Any],
) -> None:
    """Whichever of its batches fails, who was in before is in, and nobody else."""
    process = start(maxRetries="0")
    membership = process.resource("WorkspaceMembership")
    crowd = sorted(p["id"] for p in sandbox.add_organization_members(250))
    add(process, workspace, people[0], crowd[7])
    before = live(sandbox)
    given = {"workspace": workspace, "user_ids": crowd, "exclusive": exclusive}
    batches = 3 + exclusive
    for number in range(batches):
        sandbox.clear_faults()
        sandbox.add_fault(method="POST", skip=number, **failure)
        with pytest.raises(ApiError) as error:
            membership.up(**given)
        assert live(sandbox) == before
        assert "\n" not in str(error.value)
    sandbox.clear_faults()
    membership.up(**given)
    assert live(sandbox) == sorted([*crowd, *([] if exclusive else [people[0]])])


def test_a_rollback_that_fails_too_names_who_may_be_in(
    start: NewProcess, workspace: str, people: list[str], sandbox: Sandbox
) -> None:
    """With the API gone for good, the text names those of whom nothing is known."""
    membership = start(maxRetries="0").resource("WorkspaceMembership")
    sandbox.add_fault(method="POST", path="/workspaces/*/members/add", lose="answer")
    sandbox.add_fault(method="POST", path="/workspaces/*/members/remove", status=502)
    with pytest.raises(
        ApiError, match=rf"some of {people[0]}, {people[1]} may be in the workspace"
    ):
        membership.up(workspace=workspace, user_ids=people[:2])
    assert membership.up(workspace=workspace, user_ids=people[:2]) == "create"
    assert live(sandbox) == people[:2]


def test_an_update_that_was_cut_off_goes_on_from_where_it_stopped(
    start: NewProcess, workspace: str, people: list[str], sandbox: Sandbox
) -> None:
    """Additions come first; what failed is done by the next update."""
    membership = start(maxRetries="0").resource("WorkspaceMembership")
    membership.up(workspace=workspace, user_ids=people[:2])
    sandbox.add_fault(method="POST", path="/workspaces/*/members/remove", status=503)
    with pytest.raises(ApiError, match="the next `pulumi up` continues from there"):
        membership.up(workspace=workspace, user_ids=people[1:4])
    assert live(sandbox) == people[:4]
    membership.up(workspace=workspace, user_ids=people[1:4])
    assert live(sandbox) == people[1:4]


@pytest.mark.parametrize("mark", ["key-holder", "scim-managed"])
def test_a_removal_that_the_api_refuses_is_told_in_its_words(
    membership: Managed, workspace: str, people: list[str], sandbox: Sandbox, mark: str
) -> None:
    """Who cannot be removed is named, and who came with the same update is in."""
    membership.up(workspace=workspace, user_ids=people[:2])
    if mark == "key-holder":
        sandbox.mark_member(people[0], active_key_in=[workspace])
    else:
        sandbox.mark_member(people[0], scim_managed=True)
    with pytest.raises(ApiError, match=people[0]) as failure:
        membership.up(workspace=workspace, user_ids=people[1:3])
    assert "some who were to leave may still be" in str(failure.value)
    assert live(sandbox) == people[:3]
    with pytest.raises(ApiError, match=people[0]):
        membership.delete()
