"""What a program says of a resource beside its inputs, and what a provider makes of it."""

import pytest

from harness.organization import Somebody, live_budgets, live_members
from harness.process import UNKNOWN, InputError, Managed, ProviderProcess
from pulumi_openrouter.errors import OpenRouterError
from pulumi_openrouter.sandbox import Sandbox

from .conftest import NewProcess, requests_of

JANE, RAVI = "jane.doe@example.com", "ravi.patel@example.com"


def writes(sandbox: Sandbox) -> list[str]:
    """Return the methods of the writes since the last call."""
    return [one["method"] for one in requests_of(sandbox) if one["method"] != "GET"]


def test_what_a_sibling_claims_is_left_to_it(
    process: ProviderProcess, workspace: str, sandbox: Sandbox
) -> None:
    """A limit that moves to a budget which is checked later, or not at all, is not deleted."""
    giver = process.resource("WorkspaceBudget", "giver")
    giver.up(workspace=workspace, monthly_usd=9, daily_usd=1)
    sandbox.clear_requests()
    siblings = [["1", "taker", "daily_usd"]]
    giver.up(workspace=workspace, monthly_usd=9, __siblings=siblings)
    assert live_budgets(sandbox) == {"monthly": 9, "daily": 1, "byok": False}
    assert writes(sandbox) == []


def test_a_person_whom_a_sibling_names_by_email_stays(
    process: ProviderProcess, workspace: str, people: list[str], sandbox: Sandbox
) -> None:
    """The sibling's email address and the user id of who would leave are the same person."""
    jane = next(p["id"] for p in sandbox.state()["organization_members"] if p["email"] == JANE)
    giver = process.resource("WorkspaceMembership", "giver")
    others = [one for one in people if one != jane][:1]
    giver.up(workspace=workspace, user_ids=[jane, *others])
    giver.up(workspace=workspace, user_ids=others, __siblings=[["1", "taker", JANE]])
    assert live_members(sandbox) == sorted([jane, *others])


def test_a_former_name_is_the_same_owner(
    process: ProviderProcess, workspace: str, sandbox: Sandbox
) -> None:
    """What an alias names in the state is this resource itself, whose limit can be deleted."""
    old = process.resource("WorkspaceBudget", "old")
    old.up(workspace=workspace, monthly_usd=9, daily_usd=1)
    new = process.resource("WorkspaceBudget", "new")
    with process.one_run():
        new.check(workspace=workspace, monthly_usd=9, __former=[old.owner])
        old.delete()
    assert live_budgets(sandbox) == {"byok": False}


def test_a_state_without_owners_loses_nothing_to_a_rename(
    process: ProviderProcess, workspace: str, sandbox: Sandbox
) -> None:
    """Where the state does not say whose a limit is, one that is alive elsewhere is kept."""
    old, new = (process.resource("WorkspaceBudget") for _ in range(2))
    old.up(workspace=workspace, daily_usd=1)
    del old.outputs["__owner"]
    with process.one_run():
        new.up(workspace=workspace, daily_usd=1)
        old.delete()
    assert live_budgets(sandbox) == {"daily": 1, "byok": False}


def part(process: ProviderProcess, acme: Managed, name: str = "part") -> Managed:
    """Return a new budget of a Workspace of the program."""
    budget = process.resource("WorkspaceBudget", name)
    budget.up(workspace=acme.id, daily_usd=1, __workspace=acme.owner)
    return budget


def test_parts_stay_where_their_workspace_cannot_be_deleted(
    acme: Managed, process: ProviderProcess, sandbox: Sandbox
) -> None:
    """A workspace with active keys keeps its limits, and the refusal names the keys."""
    acme.up(name="Acme", slug="acme")
    budget = part(process, acme)
    for number in range(7):
        sandbox.add_key("acme", name=f"key-{number}")
    with pytest.raises(OpenRouterError) as failure:
        budget.delete()
    assert "while it has active API keys" in str(failure.value)
    assert '"key-' in str(failure.value)
    assert "and 2 more." in str(failure.value)
    assert live_budgets(sandbox) == {"daily": 1, "byok": False}


@pytest.mark.parametrize("status", [403, 404])
def test_keys_that_the_api_does_not_show_keep_nothing(
    acme: Managed, process: ProviderProcess, sandbox: Sandbox, status: int
) -> None:
    """Where this management key may not list keys, the parts are deleted as ever."""
    acme.up(name="Acme", slug="acme")
    budget = part(process, acme)
    sandbox.add_fault(method="GET", path="/keys", status=status, times=None)
    budget.delete()
    assert live_budgets(sandbox) == {"byok": False}


def test_keys_that_cannot_be_read_keep_the_parts(start: NewProcess, sandbox: Sandbox) -> None:
    """A failure that says nothing of the keys ends the delete, with everything in place."""
    process = start(maxRetries="0")
    acme = process.resource("Workspace", "acme")
    acme.up(name="Acme", slug="acme")
    budget = part(process, acme)
    sandbox.add_fault(method="GET", path="/keys", status=500, times=None)
    with pytest.raises(OpenRouterError, match="500"):
        budget.delete()
    assert live_budgets(sandbox) == {"daily": 1, "byok": False}


def test_parts_of_a_workspace_that_is_replaced_are_asked_for_keys_too(
    acme: Managed, process: ProviderProcess, sandbox: Sandbox
) -> None:
    """A replacement that would fail for an active key strips the workspace of nothing either."""
    acme.up(name="Acme", slug="acme")
    budget = part(process, acme)
    sandbox.add_key("acme", name="key")
    with process.one_run():
        acme.check(name="Acme", slug="acme")
        given = {"workspace": UNKNOWN, "daily_usd": 1, "__workspace": acme.owner}
        assert budget.diff(**given) == "replace"
        with pytest.raises(OpenRouterError, match="active API keys"):
            budget.delete()
    assert live_budgets(sandbox) == {"daily": 1, "byok": False}


def test_secrets_are_in_no_message(
    process: ProviderProcess, somebody: Somebody, sandbox: Sandbox
) -> None:
    """A secret amount and secret email addresses are hidden from errors, however written."""
    somebody.creates("acme")
    budget = process.resource("WorkspaceBudget")
    somebody.sets("acme", lifetime=50)
    budget.up(workspace="acme", daily_usd=1, __secrets=["daily_usd"])
    with pytest.raises(OpenRouterError) as failure:
        budget.up(workspace="acme", daily_usd=4711.5, __secrets=["daily_usd"])
    assert "4711" not in str(failure.value)
    assert "[secret]" in str(failure.value)
    membership = process.resource("WorkspaceMembership")
    with pytest.raises(InputError) as refusal:
        membership.up(workspace="acme", emails=["zoe@example.com"], __secrets=["emails"])
    assert "1 of the email addresses (secret)" in str(refusal.value)
    assert sandbox.requests(writes_only=True)[-1]["status"] == 400


def test_secrets_are_in_no_notice(
    acme: Managed, process: ProviderProcess, somebody: Somebody, capfd: pytest.CaptureFixture[str]
) -> None:
    """What an adoption or an exclusive budget changes is announced without secret values."""
    somebody.creates("acme", description="Old")
    somebody.sets("acme", daily=1)
    given = {"name": "Acme", "slug": "acme", "description": "the-secret", "adopt": True}
    acme.check(**given, __secrets=["description"])
    budget = process.resource("WorkspaceBudget")
    budget.check(workspace="acme", daily_usd=7, __secrets=["daily_usd"])
    notices = capfd.readouterr().err
    assert "description: [secret] -> [secret]" in notices
    assert "daily_usd: [secret] -> [secret]" in notices


@pytest.mark.parametrize("renamed", [False, True], ids=["slug-stands", "slug-renamed-by-hand"])
def test_a_claim_by_slug_holds_what_another_resource_gives_up(
    process: ProviderProcess, workspace: str, somebody: Somebody, sandbox: Sandbox, renamed: bool
) -> None:
    """The one names the workspace by slug, the other by id: the slug is looked up to compare."""
    giver, taker = (process.resource("WorkspaceBudget") for _ in range(2))
    giver.up(workspace=workspace, monthly_usd=9, daily_usd=1)
    taker.up(workspace="acme", weekly_usd=5)
    if renamed:
        somebody.changes(workspace, slug="labs")
    with process.one_run():
        taker.check(workspace="acme", weekly_usd=5, daily_usd=1)
        giver.up(workspace=workspace, monthly_usd=9)
    # Once nothing has the slug any more, nobody can tell that the taker means this workspace.
    kept = {} if renamed else {"daily": 1}
    slug = "labs" if renamed else "acme"
    assert live_budgets(sandbox, slug) == {"monthly": 9, "weekly": 5, "byok": False, **kept}


def test_the_error_of_a_delete_names_no_secret(
    process: ProviderProcess, workspace: str, people: list[str], sandbox: Sandbox
) -> None:
    """A delete is sent no inputs, so the outputs say which of them are secret."""
    membership = process.resource("WorkspaceMembership")
    membership.up(workspace=workspace, user_ids=people[:1], __secrets=["user_ids"])
    sandbox.change_person(people[0], active_key_in=["acme"])
    with pytest.raises(OpenRouterError, match=r"cannot be removed: \[secret\]"):
        membership.delete()


def test_a_state_of_0_1_0_is_not_stripped(
    process: ProviderProcess, sandbox: Sandbox, people: list[str]
) -> None:
    """It does not say whose parts they are, so where they were given an id, keys protect them."""
    made = process.resource("Workspace", "acme")
    made.up(name="Acme", slug="acme")
    parts = [process.resource(kind) for kind in ("WorkspaceBudget", "WorkspaceMembership")]
    parts[0].up(workspace=made.id, daily_usd=1)
    parts[1].up(workspace=made.id, user_ids=people[:1])
    sandbox.add_key("acme", name="CI")
    for part in parts:
        hidden = ("__owner", "__workspace", "__incarnation")
        part.outputs = {name: v for name, v in part.outputs.items() if name not in hidden}
        with pytest.raises(OpenRouterError, match="active API keys"):
            part.delete()
    assert live_budgets(sandbox) == {"daily": 1, "byok": False}


def test_a_state_without_an_owner_differs_in_nothing(budget: Managed, workspace: str) -> None:
    """As version 0.1.0 wrote it: with the program's hints, and with those of nobody."""
    budget.up(workspace=workspace, daily_usd=1)
    old = {name: value for name, value in budget.outputs.items() if not name.startswith("__")}
    budget.outputs = {**old, "managed_inputs": ["daily_usd"]}
    assert budget.diff(workspace=workspace, daily_usd=1) == "same"
    told_nothing = {"workspace": workspace, "daily_usd": 1}
    assert not budget.provider.diff(budget.id, budget.outputs, told_nothing).changes


def test_a_secret_without_a_text_is_hidden_from_no_error(
    budget: Managed, workspace: str, sandbox: Sandbox
) -> None:
    """A secret flag has no form that a message could repeat."""
    sandbox.set_options(plan="standard")
    with pytest.raises(OpenRouterError, match="Enterprise plan"):
        budget.up(
            workspace=workspace,
            daily_usd=1,
            include_byok_in_budgets=True,
            __secrets=["include_byok_in_budgets"],
        )
