"""A workspace whose slug exists already: described, or adopted where the program asks for it."""

from typing import Any

import pytest

from harness.organization import Somebody, live
from harness.process import InputError, Managed, ProviderProcess
from pulumi_openrouter.errors import (
    AlreadyExistsError,
    InvalidRequestError,
    OpenRouterError,
)
from pulumi_openrouter.sandbox import Sandbox

from .conftest import NewProcess, sent

BASE = {"name": "Acme", "slug": "acme"}


EXISTING = {"name": "Acme", "slug": "acme", "description": "Theirs"}


def test_one_that_exists_is_left_alone_and_described(acme: Managed, sandbox: Sandbox) -> None:
    """The conflict names what exists, since when and by whom, and each way out."""
    acme.up(**EXISTING)
    before = sandbox.state()
    sandbox.clear_requests()
    with pytest.raises(AlreadyExistsError) as failure:
        acme.process.resource("Workspace").up(**BASE)
    assert [(r["method"], r["status"]) for r in sandbox.requests()] == [("POST", 400), ("GET", 200)]
    theirs = live(sandbox)
    assert str(failure.value) == (
        'creating workspace "acme": a workspace with the slug "acme" exists already: "Acme" '
        f"({theirs['id']}), created {theirs['created_at']} by {theirs['created_by']}. It does not "
        "match this program. If you renamed the resource, give it an alias. If no other stack "
        "manages the workspace, adopt it: set adopt=True, or run once with "
        "OPENROUTER_ADOPT_EXISTING=1; or bring it in unchanged with `pulumi-openrouter import`. "
        "Otherwise choose a different slug."
    )
    assert sandbox.state() == before


def test_a_conflict_says_that_what_exists_matches_the_program(acme: Managed) -> None:
    """Where every field has the value asked for, the conflict says so and names who may own it."""
    acme.up(**EXISTING)
    with pytest.raises(
        AlreadyExistsError,
        match="It matches this program, so either an interrupted run of this stack created it, or "
        "another stack manages it",
    ):
        acme.process.resource("Workspace").up(**EXISTING)


@pytest.mark.parametrize(
    ("config", "inputs"),
    [({}, {"adopt": True}), ({"adoptExisting": "true"}, {})],
    ids=["adopt-input", "adoptExisting-setting"],
)
def test_adoption_sets_only_what_the_program_gives(
    acme: Managed,
    sandbox: Sandbox,
    start: NewProcess,
    capfd: pytest.CaptureFixture[str],
    config: dict[str, str],
    inputs: dict[str, Any],
) -> None:
    """The workspace keeps its id and what the program leaves out, which the next run resets."""
    acme.up(**EXISTING, is_observability_broadcast_enabled=True)
    sandbox.clear_requests()
    ours = start(**config).resource("Workspace", "ours")
    given = {**BASE, "default_provider_sort": "price", **inputs}
    assert ours.up(**given) == "create"
    assert ours.id == acme.id
    assert [method for method, _ in sent(sandbox)] == ["GET", "POST", "GET", "PATCH"]
    assert capfd.readouterr().err == (
        f'Workspace "ours" adopts the existing workspace "acme" ({acme.id}) and changes '
        'default_provider_sort: null -> "price".\n'
    )
    assert live(sandbox) | {
        "description": "Theirs",
        "default_provider_sort": "price",
        "is_observability_broadcast_enabled": True,
    } == live(sandbox)
    assert [ours.refresh(), ours.up(**given)] == ["same", "update"]
    assert sent(sandbox)[-1] == ("PATCH", {"description": None})
    assert live(sandbox)["is_observability_broadcast_enabled"] is True
    assert [ours.up(**given), ours.refresh(), ours.up(**given)] == ["same"] * 3


@pytest.mark.parametrize(
    ("name", "there", "wanted", "change"),
    [
        ("name", "Acme", "Ours", 'name: "Acme" -> "Ours"'),
        ("io_logging_sampling_rate", 1, 0.25, "io_logging_sampling_rate: 1 -> 0.25"),
        ("io_logging_api_key_ids", [7, 42], [42], "io_logging_api_key_ids: [7, 42] -> [42]"),
        (
            "is_data_discount_logging_enabled",
            True,
            False,
            "is_data_discount_logging_enabled: true -> false",
        ),
        ("description", "x" * 400, "y", f'description: "{"x" * 118}… -> "y"'),
    ],
    ids=["text", "number", "list", "switch", "long-text"],
)
def test_the_check_announces_what_an_adoption_changes(
    acme: Managed,
    process: ProviderProcess,
    sandbox: Sandbox,
    capfd: pytest.CaptureFixture[str],
    name: str,
    there: Any,
    wanted: Any,
    change: str,
) -> None:
    """A preview looks once and prints each field with its live and its new value, on one line."""
    acme.up(**{**BASE, name: there})
    sandbox.clear_requests()
    process.begin_run()
    process.resource("Workspace", "ours").check(**{**BASE, name: wanted}, adopt=True)
    assert capfd.readouterr().err == (
        f'Workspace "ours" adopts the existing workspace "acme" ({acme.id}) and changes {change}.\n'
    )
    assert [request["method"] for request in sandbox.requests()] == ["GET"]


def test_adopting_an_equal_one_sends_nothing(
    acme: Managed, sandbox: Sandbox, capfd: pytest.CaptureFixture[str]
) -> None:
    """Where nothing differs there is nothing to set, and the notice says so."""
    acme.up(**EXISTING)
    sandbox.clear_requests()
    acme.process.resource("Workspace", "ours").up(**EXISTING, adopt=True)
    assert [method for method, _ in sent(sandbox)] == ["GET", "POST", "GET"]
    assert capfd.readouterr().err == (
        f'Workspace "ours" adopts the existing workspace "acme" ({acme.id}) as it is.\n'
    )


def test_a_workspace_that_another_resource_holds_is_not_adopted(
    acme: Managed, process: ProviderProcess, somebody: Somebody
) -> None:
    """After a change of slugs by hand, the check of the resource that adopts names the owner."""
    acme.up(**BASE)
    somebody.changes(acme.id, slug="labs")
    process.begin_run()
    with process.one_run():
        acme.diff(**BASE)
        with pytest.raises(InputError) as failure:
            process.resource("Workspace").check(name="Labs", slug="labs", adopt=True)
    assert str(failure.value) == (
        f'slug: workspace "labs" ({acme.id}) is managed by Workspace "acme" in this program '
        "already. Choose a different slug, or remove one of the two resources. If that resource "
        "moves to another slug in this run, run `pulumi up` before you add this one."
    )


def test_a_create_refused_for_another_reason_takes_nothing_over(
    acme: Managed, sandbox: Sandbox
) -> None:
    """With adopt=True too, a refusal that is not about the slug is passed on."""
    sandbox.add_fault(method="POST", status=400, message="No more workspaces on this plan")
    with pytest.raises(InvalidRequestError, match="No more workspaces on this plan"):
        acme.up(**BASE, adopt=True)


def test_a_workspace_that_a_renamed_resource_adopted_is_kept(
    acme: Managed, process: ProviderProcess, sandbox: Sandbox, capfd: pytest.CaptureFixture[str]
) -> None:
    """The new resource adopts it first; the delete of the old one leaves it alone, and says so."""
    acme.up(**BASE)
    renamed = process.resource("Workspace", "renamed")
    with process.one_run():
        renamed.up(**BASE, adopt=True)
        acme.delete()
    assert live(sandbox)["id"] == renamed.id
    assert f'workspace "acme" ({renamed.id}) is kept: it belongs to Workspace "renamed" now.' in (
        capfd.readouterr().err
    )


def test_the_next_run_deletes_what_an_earlier_one_adopted(
    acme: Managed, process: ProviderProcess, sandbox: Sandbox
) -> None:
    """A claim ends with its run: the resource that owns the workspace now can delete it."""
    acme.up(**BASE)
    renamed = process.resource("Workspace")
    renamed.up(**BASE, adopt=True)
    renamed.delete()
    assert [w["slug"] for w in sandbox.state()["workspaces"]] == ["default"]


def test_a_create_refused_for_another_reason_mentions_what_has_the_slug(
    acme: Managed, sandbox: Sandbox, somebody: Somebody
) -> None:
    """The refusal stays the refusal; that the slug is taken as well saves the next attempt."""
    somebody.creates("acme")
    sandbox.add_fault(method="POST", status=400, message="No more workspaces on this plan")
    with pytest.raises(InvalidRequestError, match="No more workspaces on this plan") as failure:
        acme.up(**BASE)
    assert 'Besides, a workspace with the slug "acme" exists already' in str(failure.value)


def test_a_workspace_that_gets_its_owner_between_check_and_create_is_not_adopted(
    process: ProviderProcess, somebody: Somebody, sandbox: Sandbox
) -> None:
    """Where the slug reaches an owned workspace only after the check, the create refuses it."""
    acme = process.resource("Workspace", "acme")
    acme.up(**BASE)
    with process.one_run():
        acme.check(**BASE)
        acme.diff(**BASE)
        late = process.resource("Workspace", "late")
        inputs = late.check(name="Labs", slug="labs", adopt=True)
        somebody.changes(acme.id, slug="labs")
        with pytest.raises(AlreadyExistsError, match='is managed by Workspace "acme"'):
            late.provider.create(inputs)
    assert live(sandbox, "labs")["id"] == acme.id


def test_what_two_states_call_theirs_is_refused(process: ProviderProcess) -> None:
    """Two resources that adopted one workspace in different runs collide in the next."""
    one, two = process.resource("Workspace", "one"), process.resource("Workspace", "two")
    one.up(**BASE)
    two.up(**BASE, adopt=True)
    with process.one_run():
        one.diff(**BASE)
        with pytest.raises(OpenRouterError) as failure:
            two.diff(name="Acme", slug="labs", adopt=True)
    assert str(failure.value) == (
        'Workspace "one" and Workspace "two" both manage one workspace; leave it to one of them.'
    )


@pytest.mark.parametrize("gone", [False, True], ids=["there", "gone"])
def test_a_delete_of_what_another_resource_is_about_to_adopt_is_none(
    process: ProviderProcess, somebody: Somebody, sandbox: Sandbox, gone: bool
) -> None:
    """The slug of the other resource is that of the live workspace, so it is kept."""
    old, new = process.resource("Workspace", "old"), process.resource("Workspace", "new")
    old.up(**BASE)
    with process.one_run():
        new.check(**BASE)
        if gone:
            somebody.deletes(old.id)
        old.delete()
    assert len(sandbox.state()["workspaces"]) == (1 if gone else 2)


def test_what_an_adoption_left_alone_is_announced_in_the_next_diff(
    acme: Managed, process: ProviderProcess, capfd: pytest.CaptureFixture[str]
) -> None:
    """Pulumi compares inputs, which are the same, so it would not show what is going to change."""
    acme.up(**EXISTING)
    ours = process.resource("Workspace", "ours")
    ours.up(**BASE, adopt=True)
    capfd.readouterr()
    assert ours.diff(**BASE, adopt=True) == "update"
    assert 'Workspace "ours" also changes description: "Theirs" -> null.' in (
        capfd.readouterr().err
    )
