"""A renamed resource: Pulumi creates the new one and then deletes the old one, and nothing is lost.

The engine checks and creates the new resource first; the delete of the old one has to see that
another resource of the same run holds the same limits or people, in whichever form it names them.
"""

from typing import Any

import pytest

from harness.organization import Somebody
from harness.process import Kind, Managed, ProviderProcess
from pulumi_openrouter.sandbox import Sandbox

FORMS = ("id", "slug")


@pytest.fixture
def workspace(somebody: Somebody, sandbox: Sandbox) -> dict[str, str]:
    """Each form in which a workspace can be given."""
    id_ = somebody.creates("acme")
    sandbox.clear_requests()
    return {"id": id_, "slug": "acme"}


@pytest.fixture
def people(sandbox: Sandbox) -> dict[str, list[str]]:
    """Three people, in each form in which they can be given."""
    members = sandbox.state()["organization_members"][:3]
    return {"user_ids": [m["id"] for m in members], "emails": [m["email"] for m in members]}


def rename(old: Managed, **inputs: Any) -> Managed:
    """Do what Pulumi does for a resource with a new name, in one run."""
    new = old.process.resource(old.kind)
    with old.process.one_run():
        new.up(**inputs)
        old.delete()
    return new


def removals(sandbox: Sandbox) -> list[str]:
    """Return the requests that delete a limit or take people out."""
    writes = sandbox.requests(writes_only=True)
    return [w["path"] for w in writes if w["method"] == "DELETE" or w["path"].endswith("remove")]


@pytest.mark.parametrize("new_form", FORMS)
@pytest.mark.parametrize("old_form", FORMS)
def test_a_renamed_budget_loses_no_limit(
    process: ProviderProcess,
    workspace: dict[str, str],
    sandbox: Sandbox,
    old_form: str,
    new_form: str,
) -> None:
    """Whether by id or by slug, then and now, no limit is deleted, and the next run owns them."""
    limits = {"daily_usd": 1, "monthly_usd": 9}
    old = process.resource("WorkspaceBudget")
    old.up(workspace=workspace[old_form], **limits)
    new = rename(old, workspace=workspace[new_form], **limits)
    assert removals(sandbox) == []
    assert [new.refresh(), new.up(workspace=workspace[new_form], **limits)] == ["same", "same"]
    new.delete()
    assert len(removals(sandbox)) == len(limits)


def test_a_renamed_budget_drops_only_what_the_new_one_does_not_have(
    process: ProviderProcess, workspace: dict[str, str], sandbox: Sandbox
) -> None:
    """Renamed and changed at once: the limit that is in both stays, the other one goes."""
    old = process.resource("WorkspaceBudget")
    old.up(workspace=workspace["id"], daily_usd=1, monthly_usd=9)
    rename(old, workspace=workspace["slug"], monthly_usd=9)
    assert removals(sandbox) == [f"/workspaces/{workspace['id']}/budgets/daily"]


@pytest.mark.parametrize("new_list", ["user_ids", "emails"])
@pytest.mark.parametrize("old_list", ["user_ids", "emails"])
@pytest.mark.parametrize("new_form", FORMS)
@pytest.mark.parametrize("old_form", FORMS)
def test_a_renamed_membership_loses_nobody(
    process: ProviderProcess,
    workspace: dict[str, str],
    people: dict[str, list[str]],
    sandbox: Sandbox,
    old_form: str,
    new_form: str,
    old_list: str,
    new_list: str,
) -> None:
    """In every form of workspace and list, then and now, nobody is taken out."""
    old = process.resource("WorkspaceMembership")
    old.up(workspace=workspace[old_form], **{old_list: people[old_list]})
    given: dict[str, Any] = {"workspace": workspace[new_form], new_list: people[new_list]}
    new = rename(old, **given)
    assert removals(sandbox) == []
    assert [new.refresh(), new.up(**given)] == ["same", "same"]


@pytest.mark.parametrize("new_list", ["user_ids", "emails"])
def test_a_renamed_membership_takes_out_only_who_left(
    process: ProviderProcess,
    workspace: dict[str, str],
    people: dict[str, list[str]],
    sandbox: Sandbox,
    new_list: str,
) -> None:
    """Renamed and changed at once: who is in neither list any more goes, the others stay."""
    old = process.resource("WorkspaceMembership")
    old.up(workspace=workspace["id"], user_ids=people["user_ids"])
    rename(old, workspace=workspace["slug"], **{new_list: people[new_list][:2]})
    [removal] = [w for w in sandbox.requests(writes_only=True) if w["path"].endswith("remove")]
    assert removal["body"] == {"user_ids": [people["user_ids"][2]]}


@pytest.mark.parametrize("exclusive", [False, True], ids=["not-exclusive", "exclusive"])
def test_a_person_moves_from_one_membership_to_another(
    process: ProviderProcess,
    workspace: dict[str, str],
    people: dict[str, list[str]],
    sandbox: Sandbox,
    exclusive: bool,
) -> None:
    """The one that takes over comes first and holds on; the one that gives up sees that."""
    ids = people["user_ids"]
    old = process.resource("WorkspaceMembership")
    old.up(workspace=workspace["id"], user_ids=ids[:2], exclusive=exclusive)
    new = process.resource("WorkspaceMembership")
    with process.one_run():
        new.up(workspace=workspace["id"], user_ids=ids[1:])
        old.up(workspace=workspace["id"], user_ids=ids[:1])
    assert removals(sandbox) == []


def test_a_limit_moves_from_one_budget_to_another(
    process: ProviderProcess, workspace: dict[str, str], sandbox: Sandbox
) -> None:
    """The budget that gives it up leaves it alone where the other one of the run has it now."""
    old, new = process.resource("WorkspaceBudget"), process.resource("WorkspaceBudget")
    old.up(workspace=workspace["id"], daily_usd=1, monthly_usd=9)
    with process.one_run():
        new.up(workspace=workspace["slug"], daily_usd=2)
        old.up(workspace=workspace["id"], monthly_usd=9)
    assert removals(sandbox) == []
    assert [new.refresh(), old.refresh()] == ["same", "same"]


@pytest.mark.parametrize("kind", ["WorkspaceBudget", "WorkspaceMembership"])
def test_a_claim_is_of_one_workspace_only(
    process: ProviderProcess,
    workspace: dict[str, str],
    people: dict[str, list[str]],
    sandbox: Sandbox,
    kind: Kind,
    somebody: Somebody,
) -> None:
    """What another workspace's resource holds keeps nothing in this one."""
    somebody.creates("other")
    what: dict[str, Any] = (
        {"daily_usd": 1} if kind == "WorkspaceBudget" else {"user_ids": people["user_ids"][:1]}
    )
    old = process.resource(kind)
    old.up(workspace=workspace["id"], **what)
    rename(old, workspace="other", **what)
    assert len(removals(sandbox)) == 1


def test_a_workspace_that_is_renamed_in_place_keeps_its_children(
    process: ProviderProcess, workspace: dict[str, str], sandbox: Sandbox, somebody: Somebody
) -> None:
    """With the slug of the workspace changed, the budget that has its id sees no difference."""
    budget = process.resource("WorkspaceBudget")
    budget.up(workspace=workspace["id"], daily_usd=1)
    somebody.changes(workspace["id"], slug="acme-two")
    sandbox.clear_requests()
    assert budget.up(workspace=workspace["id"], daily_usd=1) == "same"
    assert sandbox.requests() == []
    assert budget.refresh() == "same"
