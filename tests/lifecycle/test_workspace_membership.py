"""The lifecycle of a WorkspaceMembership: who comes and goes, and what a failure leaves behind."""

from typing import Any

import pytest

from harness.organization import Somebody, emails_of, live_members
from harness.process import UNKNOWN, InputError, Managed, ProviderProcess
from pulumi_openrouter.errors import ApiError, NotFoundError, OpenRouterError
from pulumi_openrouter.sandbox import Sandbox

from .conftest import NewProcess, sent_members


def test_user_ids_settle(
    membership: Managed, workspace: str, people: list[str], sandbox: Sandbox
) -> None:
    """In any order, 0 changes after each change; an update sends only who comes and who goes."""
    first, second = people[:3], people[1:4]
    for user_ids in (first, second, first):
        assert membership.up(workspace=workspace, user_ids=user_ids) in {"create", "update"}
        assert live_members(sandbox) == user_ids
        given = {"workspace": workspace, "user_ids": user_ids[::-1]}
        assert [membership.up(**given), membership.refresh(), membership.up(**given)] == [
            "same"
        ] * 3
    sent_members(sandbox)
    membership.up(workspace=workspace, user_ids=second)
    assert sent_members(sandbox) == [("add", [people[3]]), ("remove", [people[0]])]


def test_emails_settle(
    membership: Managed, workspace: str, people: list[str], sandbox: Sandbox
) -> None:
    """In any order and case, 0 changes after each change."""
    for chosen in (people[:3], people[1:4]):
        emails = emails_of(sandbox, chosen)
        membership.up(workspace=workspace, emails=emails)
        assert live_members(sandbox) == chosen
        given = {"workspace": workspace, "emails": [email.upper() for email in emails[::-1]]}
        assert [membership.up(**given), membership.refresh(), membership.up(**given)] == [
            "same"
        ] * 3


def test_the_form_of_the_list_is_no_reason_to_write(
    membership: Managed, workspace: str, people: list[str], sandbox: Sandbox
) -> None:
    """From ids to emails of the same people and back: an update of the state, and no write."""
    chosen = people[:3]
    ids = {"workspace": workspace, "user_ids": chosen}
    emails = {"workspace": workspace, "emails": emails_of(sandbox, chosen)}
    membership.up(**ids)
    sandbox.clear_requests()
    for form in (emails, ids):
        assert membership.up(**form) == "update"
        assert [membership.up(**form), membership.refresh(), membership.up(**form)] == ["same"] * 3
    assert sandbox.requests(writes_only=True) == []


@pytest.mark.parametrize("form", ["user_ids", "emails"])
def test_the_outputs_tell_who_is_in(
    membership: Managed, workspace: str, people: list[str], sandbox: Sandbox, form: str
) -> None:
    """Beside each name in the list: the role in the organization, a time, and a user id if new."""
    by_email = sorted(zip(emails_of(sandbox, people[:2]), people[:2], strict=True))
    chosen = people[:2] if form == "user_ids" else [user_id for _, user_id in by_email]
    names = chosen if form == "user_ids" else [email for email, _ in by_email]
    membership.up(workspace=workspace, **{form: names})
    roles = {p["id"]: p["role"].partition(":")[2] for p in sandbox.state()["organization_members"]}
    members = membership.outputs["members"]
    assert membership.outputs[form] == names
    assert [member["role"] for member in members] == [roles[user_id] for user_id in chosen]
    assert all(member["created_at"].endswith("Z") for member in members)
    # The state repeats no name that the program may have marked as secret.
    assert [member.get("user_id") for member in members] == (
        [None, None] if form == "user_ids" else chosen
    )
    assert "people" not in membership.outputs


def test_a_create_on_a_workspace_of_this_run_reads_nothing(
    process: ProviderProcess, people: list[str], sandbox: Sandbox
) -> None:
    """One request for everybody."""
    acme, membership = process.resource("Workspace"), process.resource("WorkspaceMembership")
    with process.one_run():
        acme.up(name="Acme", slug="acme")
        sandbox.clear_requests()
        membership.up(workspace=acme.id, user_ids=people[:3])
    assert sent_members(sandbox) == [("add", people[:3])]
    assert membership.id == f"{acme.id}/members"


def test_who_is_in_already_is_taken_as_is(
    membership: Managed,
    somebody: Somebody,
    workspace: str,
    people: list[str],
    sandbox: Sandbox,
) -> None:
    """A create adds only who is missing, and a delete takes out all that it manages."""
    somebody.adds(workspace, *people[:2])
    sent_members(sandbox)
    membership.up(workspace=workspace, user_ids=people[1:3])
    assert [line for line in sent_members(sandbox) if line[0] != "GET"] == [("add", [people[2]])]
    membership.delete()
    assert live_members(sandbox) == [people[0]]


def test_a_foreign_member_is_left_alone(
    membership: Managed,
    somebody: Somebody,
    workspace: str,
    people: list[str],
    sandbox: Sandbox,
) -> None:
    """Without exclusive, somebody added by hand is neither shown nor removed."""
    given = {"workspace": workspace, "user_ids": people[:2]}
    membership.up(**given)
    somebody.adds(workspace, people[4])
    assert [membership.refresh(), membership.up(**given)] == ["same", "same"]
    membership.up(workspace=workspace, user_ids=people[:1])
    assert live_members(sandbox) == [people[0], people[4]]


def test_an_exclusive_membership_is_the_whole_truth(
    membership: Managed,
    somebody: Somebody,
    workspace: str,
    people: list[str],
    sandbox: Sandbox,
) -> None:
    """Others go at create, show as drift later, and go with the next up; in both forms."""
    somebody.adds(workspace, people[4])
    ids = {"workspace": workspace, "user_ids": people[:2], "exclusive": True}
    emails = {"workspace": workspace, "emails": emails_of(sandbox, people[:2]), "exclusive": True}
    for given, shown in ((ids, people[5]), (emails, emails_of(sandbox, people[5:])[0])):
        membership.up(**given)
        assert live_members(sandbox) == people[:2]
        assert [membership.up(**given), membership.refresh()] == ["same", "same"]
        somebody.adds(workspace, people[5])
        assert membership.refresh() == "update"
        assert shown in membership.inputs["user_ids" if "user_ids" in given else "emails"]
        assert membership.up(**given) == "update"
        assert live_members(sandbox) == people[:2]
        assert [membership.up(**given), membership.refresh()] == ["same", "same"]
    somebody.adds(workspace, people[5])
    membership.refresh()
    assert membership.up(workspace=workspace, user_ids=people[:2]) == "update"
    assert live_members(sandbox) == [*people[:2], people[5]], "it is not exclusive any more"


def test_an_exclusive_list_may_be_empty(
    membership: Managed,
    somebody: Somebody,
    workspace: str,
    people: list[str],
    sandbox: Sandbox,
) -> None:
    """Then nobody is in the workspace."""
    somebody.adds(workspace, *people[:2])
    given: dict[str, Any] = {"workspace": workspace, "user_ids": [], "exclusive": True}
    membership.up(**given)
    assert live_members(sandbox) == []
    assert [membership.up(**given), membership.refresh(), membership.up(**given)] == ["same"] * 3


def test_a_member_who_was_removed_by_hand_is_added_again(
    membership: Managed,
    somebody: Somebody,
    workspace: str,
    people: list[str],
    sandbox: Sandbox,
) -> None:
    """A refresh shows who is missing, and the next up adds just them; in both forms."""
    ids = {"workspace": workspace, "user_ids": people[:3]}
    emails = {"workspace": workspace, "emails": emails_of(sandbox, people[:3])}
    for given in (ids, emails):
        membership.up(**given)
        somebody.removes(workspace, people[1])
        assert membership.refresh() == "update"
        sandbox.clear_requests()
        assert membership.up(**given) == "update"
        assert [w["body"] for w in sandbox.requests(writes_only=True)] == [
            {"user_ids": [people[1]]}
        ]
        assert membership.refresh() == "same"


def test_an_unknown_email_is_refused_by_name(
    membership: Managed, workspace: str, sandbox: Sandbox
) -> None:
    """The check reads the organization, so a preview already names the address."""
    with pytest.raises(InputError) as failure:
        membership.up(workspace=workspace, emails=["jane.doe@example.com", "who@example.com"])
    assert str(failure.value) == (
        "emails: nobody in the organization has the email address who@example.com; invite them "
        "first, correct the list, or set skip_missing=True to add them once they join"
    )
    assert sandbox.requests(writes_only=True) == []


def test_a_missing_person_is_skipped_and_added_once_they_join(
    membership: Managed,
    workspace: str,
    people: list[str],
    sandbox: Sandbox,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """With skip_missing, each run looks for who is missing, and warns or adds the person."""
    [jane] = emails_of(sandbox, people[:1])
    given: dict[str, Any] = {
        "workspace": workspace,
        "emails": [jane, "zoe@example.com"],
        "skip_missing": True,
    }
    assert membership.up(**given) == "create"
    assert "leaves out zoe@example.com" in capfd.readouterr().err
    assert live_members(sandbox) == people[:1]
    assert membership.outputs["emails"] == [jane, "zoe@example.com"]
    assert [membership.up(**given), membership.refresh(), membership.up(**given)] == ["same"] * 3
    assert "leaves out zoe@example.com" in capfd.readouterr().err
    zoe = sandbox.add_person("zoe@example.com")
    assert membership.up(**given) == "update"
    assert live_members(sandbox) == sorted([people[0], zoe])
    capfd.readouterr()
    assert [membership.up(**given), membership.refresh(), membership.up(**given)] == ["same"] * 3
    assert capfd.readouterr().err == ""


def test_the_same_person_may_be_in_workspaces_that_a_preview_does_not_know(
    process: ProviderProcess, people: list[str], sandbox: Sandbox
) -> None:
    """Two memberships with unknown workspaces are not taken for memberships of one workspace."""
    emails = emails_of(sandbox, people[:1])
    with process.one_run():
        for name in ("one", "two"):
            membership = process.resource("WorkspaceMembership", name)
            assert membership.diff(workspace=UNKNOWN, emails=emails, exclusive=True) == "create"


def test_an_unknown_user_id_is_refused_in_the_apis_words(
    membership: Managed, workspace: str, people: list[str], sandbox: Sandbox
) -> None:
    """What the API says is passed on, and nobody was added."""
    with pytest.raises(ApiError, match="Some users are not members of the organization"):
        membership.up(workspace=workspace, user_ids=[people[0], "user_nobody"])
    assert live_members(sandbox) == []


@pytest.mark.parametrize("form", ["id", "slug"])
def test_the_default_workspace_takes_no_membership(
    membership: Managed, people: list[str], sandbox: Sandbox, form: str
) -> None:
    """Everybody is in it, so the check refuses a membership there and says what to do."""
    [default] = sandbox.state()["workspaces"]
    with pytest.raises(InputError) as failure:
        membership.up(workspace=default[form], user_ids=people[:2])
    assert str(failure.value) == (
        "workspace: everybody in the organization is in its default workspace, so a membership "
        "there cannot be managed; remove the resource"
    )
    assert sandbox.requests(writes_only=True) == []


def test_a_membership_goes_with_its_workspace(
    membership: Managed, somebody: Somebody, workspace: str, people: list[str]
) -> None:
    """Where the workspace was deleted by hand a refresh finds it gone, and a delete is fine."""
    membership.up(workspace=workspace, user_ids=people[:1])
    somebody.deletes(workspace)
    id_, outputs = membership.id, membership.outputs
    assert membership.refresh() == "delete"
    membership.id, membership.outputs = id_, outputs
    membership.delete()


def test_moving_to_another_workspace_adds_there_and_then_removes_here(
    membership: Managed,
    somebody: Somebody,
    workspace: str,
    people: list[str],
    sandbox: Sandbox,
) -> None:
    """People are in both for a moment, and in none never."""
    other = somebody.creates("other")
    membership.up(workspace=workspace, user_ids=people[:2])
    sandbox.clear_requests()
    assert membership.up(workspace=other, user_ids=people[:2]) == "replace"
    assert [w["path"] for w in sandbox.requests(writes_only=True)] == [
        f"/workspaces/{other}/members/add",
        f"/workspaces/{workspace}/members/remove",
    ]


def test_strangers_in_an_exclusive_workspace_are_read_and_not_kept(
    membership: Managed, somebody: Somebody, workspace: str, people: list[str]
) -> None:
    """Each refresh shows who is in; whoever has left again by the next one is forgotten."""
    given = {"workspace": workspace, "user_ids": people[:1], "exclusive": True}
    membership.up(**given)
    somebody.adds(workspace, people[1])
    assert membership.refresh() == "update"
    assert membership.outputs["user_ids"] == people[:2]
    somebody.removes(workspace, people[1])
    assert membership.refresh() == "update"
    assert membership.outputs["user_ids"] == people[:1]
    assert membership.up(**given) == "same"


def test_a_create_that_could_remove_nobody_says_so(
    start: NewProcess, somebody: Somebody, workspace: str, people: list[str], sandbox: Sandbox
) -> None:
    """Everybody who is named was in already, so there is nothing to undo."""
    somebody.adds(workspace, *people[:2])
    sandbox.add_fault(path="/workspaces/*/members/remove", status=500, times=None)
    membership = start(maxRetries="0").resource("WorkspaceMembership")
    with pytest.raises(ApiError, match="Nobody was added or removed"):
        membership.up(workspace=workspace, user_ids=people[:1], exclusive=True)
    assert sorted(live_members(sandbox)) == sorted(people[:2])


def test_a_get_reads_everybody_and_fails_where_there_is_no_workspace(
    membership: Managed, somebody: Somebody, workspace: str, people: list[str]
) -> None:
    """What a `get` returns is all who are in; without the workspace it is an error."""
    somebody.adds(workspace, *people[:2])
    assert membership.get(f"{workspace}/members")["user_ids"] == people[:2]
    with pytest.raises(NotFoundError):
        membership.get("6b9d5f54-96e1-4f6e-9c0f-1d1f4f1f0001/members")


def test_hundreds_of_people_go_in_and_out_in_batches(
    membership: Managed, workspace: str, sandbox: Sandbox
) -> None:
    """250 people are three requests of at most a hundred, and two pages and a half to read."""
    crowd = sorted(p["id"] for p in sandbox.add_organization_members(250))
    given = {"workspace": workspace, "user_ids": crowd}
    membership.up(**given)
    assert live_members(sandbox) == crowd
    assert [membership.refresh(), membership.up(**given)] == ["same", "same"]
    sandbox.clear_requests()
    membership.delete()
    assert [len(who) for _, who in sent_members(sandbox)] == [100, 100, 50]
    assert live_members(sandbox) == []


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
    somebody: Somebody,
) -> None:
    """Whichever of its batches fails, who was in before is in, and nobody else."""
    process = start(maxRetries="0")
    membership = process.resource("WorkspaceMembership")
    crowd = sorted(p["id"] for p in sandbox.add_organization_members(250))
    somebody.adds(workspace, people[0], crowd[7])
    before = live_members(sandbox)
    given = {"workspace": workspace, "user_ids": crowd, "exclusive": exclusive}
    batches = 3 + exclusive
    for number in range(batches):
        sandbox.clear_faults()
        sandbox.add_fault(method="POST", skip=number, **failure)
        with pytest.raises(ApiError) as error:
            membership.up(**given)
        assert live_members(sandbox) == before
        assert "\n" not in str(error.value)
    sandbox.clear_faults()
    membership.up(**given)
    assert live_members(sandbox) == sorted([*crowd, *([] if exclusive else [people[0]])])


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
    assert live_members(sandbox) == people[:2]


def test_an_update_that_was_cut_off_goes_on_from_where_it_stopped(
    start: NewProcess, workspace: str, people: list[str], sandbox: Sandbox
) -> None:
    """Additions come first; what failed is done by the next update."""
    membership = start(maxRetries="0").resource("WorkspaceMembership")
    membership.up(workspace=workspace, user_ids=people[:2])
    sandbox.add_fault(method="POST", path="/workspaces/*/members/remove", status=503)
    with pytest.raises(ApiError, match="the next `pulumi up` continues from there"):
        membership.up(workspace=workspace, user_ids=people[1:4])
    assert live_members(sandbox) == people[:4]
    membership.up(workspace=workspace, user_ids=people[1:4])
    assert live_members(sandbox) == people[1:4]


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
    assert live_members(sandbox) == people[:3]
    with pytest.raises(ApiError, match=people[0]):
        membership.delete()


def test_a_workspace_id_that_nothing_has_fails_in_the_check(
    membership: Managed, people: list[str]
) -> None:
    """The check looks whether the workspace takes a membership, and so finds that it is absent."""
    with pytest.raises(InputError) as failure:
        membership.check(workspace="6b9d5f54-96e1-4f6e-9c0f-1d1f4f1f0001", user_ids=people[:1])
    assert str(failure.value) == (
        "workspace: no workspace has this id; check it, or pass the Workspace itself"
    )


def test_a_delete_that_misses_somebody_fails_while_the_workspace_is_there(
    membership: Managed, workspace: str, people: list[str], sandbox: Sandbox
) -> None:
    """A 404 is only fine where the workspace itself is gone."""
    membership.up(workspace=workspace, user_ids=people[:1])
    sandbox.add_fault(method="POST", path="/workspaces/*/members/remove", status=404)
    with pytest.raises(NotFoundError):
        membership.delete()
    assert live_members(sandbox) == people[:1]


@pytest.mark.parametrize("form", ["user_ids", "emails"])
def test_who_has_left_the_organization_is_left_out(
    membership: Managed,
    workspace: str,
    people: list[str],
    sandbox: Sandbox,
    form: str,
) -> None:
    """A refresh finds that they left, and the others stay managed."""
    names = people[:3] if form == "user_ids" else emails_of(sandbox, people[:3])
    membership.up(workspace=workspace, **{form: names})
    sandbox.remove_person(people[1])
    membership.refresh()
    for given in (names, names[:2]):
        membership.up(workspace=workspace, **{form: given})
        assert live_members(sandbox) == [one for one in people[: len(given)] if one != people[1]]


def test_a_changed_email_is_told_by_a_refresh(
    membership: Managed,
    workspace: str,
    people: list[str],
    sandbox: Sandbox,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Whoever was added stays; the refresh says what the address is now, and who else has it."""
    emails = emails_of(sandbox, people[:3])
    membership.up(workspace=workspace, emails=emails)
    sandbox.change_person(people[0], email="married@example.com")
    sandbox.change_person(people[1], email="moved@example.com")
    newcomer = sandbox.add_person(emails[1], user_id="user_newcomer")
    capfd.readouterr()
    assert membership.refresh() == "same"
    [told] = capfd.readouterr().err.splitlines()
    assert f"{emails[0]} is married@example.com now; " in told
    assert f"{emails[1]} is moved@example.com now, and another person has {emails[1]}. " in told
    assert emails[2] not in told
    membership.up(workspace=workspace, emails=["married@example.com", emails[2]])
    assert live_members(sandbox) == [people[0], people[2]]
    membership.up(workspace=workspace, emails=["married@example.com", *emails[1:]])
    assert live_members(sandbox) == sorted([people[0], people[2], newcomer])
    capfd.readouterr()
    assert membership.refresh() == "same"
    assert capfd.readouterr().err == ""


def test_a_changed_email_of_a_secret_list_is_only_counted(
    membership: Managed,
    workspace: str,
    people: list[str],
    sandbox: Sandbox,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Neither the old address nor the new one is in the warning."""
    emails = emails_of(sandbox, people[:2])
    membership.up(workspace=workspace, emails=emails, __secrets=["emails"])
    sandbox.change_person(people[0], email="married@example.com")
    membership.refresh()
    told = capfd.readouterr().err
    assert "changed: 1 of the people (secret)." in told
    assert "example.com" not in told


def test_a_refresh_does_without_addresses_that_it_may_not_see(
    start: NewProcess, workspace: str, people: list[str], sandbox: Sandbox
) -> None:
    """Where the organization cannot be read, nobody is warned, and the refresh is no failure."""
    membership = start(maxRetries="0").resource("WorkspaceMembership")
    membership.up(workspace=workspace, emails=emails_of(sandbox, people[:2]))
    for status in (403, 500):
        sandbox.add_fault(method="GET", path="/organization/members", status=status, times=None)
        assert membership.refresh() == "same"
        sandbox.clear_faults()


@pytest.mark.parametrize("status", [403, 404])
def test_where_the_organization_is_not_shown_nobody_has_left_it(
    membership: Managed,
    somebody: Somebody,
    workspace: str,
    people: list[str],
    sandbox: Sandbox,
    status: int,
) -> None:
    """Somebody who was removed from the workspace is drift, where this key cannot tell more."""
    membership.up(workspace=workspace, user_ids=people[:2])
    somebody.removes(workspace, people[1])
    sandbox.add_fault(method="GET", path="/organization/members", status=status, times=None)
    assert membership.refresh() == "update"
    assert membership.inputs["user_ids"] == people[:1]


def test_a_refresh_fails_where_the_organization_cannot_be_read(
    start: NewProcess, somebody: Somebody, workspace: str, people: list[str], sandbox: Sandbox
) -> None:
    """Whether somebody left is not guessed."""
    membership = start(maxRetries="0").resource("WorkspaceMembership")
    membership.up(workspace=workspace, user_ids=people[:2])
    somebody.removes(workspace, people[1])
    sandbox.add_fault(method="GET", path="/organization/members", status=500, times=None)
    with pytest.raises(ApiError, match="500"):
        membership.refresh()


def test_somebody_who_leaves_between_check_and_update_is_named(
    process: ProviderProcess, workspace: str, people: list[str], sandbox: Sandbox
) -> None:
    """What the check has found is looked up again where it is written, and nothing is sent."""
    jane, ravi = emails_of(sandbox, people[:2])
    membership = process.resource("WorkspaceMembership")
    with process.one_run():
        inputs = membership.check(workspace=workspace, emails=[jane, ravi])
    sandbox.remove_person(people[1])
    process.begin_run()
    with pytest.raises(OpenRouterError) as failure:
        membership.provider.create(inputs)
    assert f"nobody in the organization has the email address {ravi}." in str(failure.value)
    assert sandbox.requests(writes_only=True) == []


@pytest.mark.parametrize("form", ["user_ids", "emails"])
def test_a_state_of_version_0_1_0_is_no_difference(
    membership: Managed, workspace: str, people: list[str], sandbox: Sandbox, form: str
) -> None:
    """It names people by user id beside a full list of members; nothing changes for that."""
    jane, ravi = people[:2]
    names = [jane, ravi] if form == "user_ids" else emails_of(sandbox, [jane, ravi])
    given = {"workspace": workspace, form: names}
    membership.up(**given)
    found = {one["user_id"]: one for one in map(dict, _members(sandbox, [jane, ravi]))}
    membership.outputs["people"] = dict(zip((jane, ravi), names, strict=True))
    membership.outputs["members"] = [found[jane], found[ravi]]
    sandbox.clear_requests()
    assert membership.diff(**given) == "same"
    membership.delete()
    assert live_members(sandbox) == []


def _members(sandbox: Sandbox, user_ids: list[str]) -> list[dict[str, str]]:
    """Return what an old state has of each person."""
    when = "2026-01-01T00:00:00Z"
    roles = {p["id"]: p["role"] for p in sandbox.state()["organization_members"]}
    return [{"user_id": one, "role": roles[one], "created_at": when} for one in user_ids]


def test_people_added_by_hand_are_named_before_an_exclusive_list_removes_them(
    membership: Managed,
    workspace: str,
    people: list[str],
    somebody: Somebody,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Pulumi compares lists by position, so the notice is what says who leaves."""
    given = {"workspace": workspace, "user_ids": people[:2], "exclusive": True}
    membership.up(**given)
    somebody.adds("acme", people[2])
    assert membership.refresh() == "update"
    assert membership.up(**given) == "update"
    assert f"everyone who is not in the list (exclusive=True): {people[2]}." in (
        capfd.readouterr().err
    )


def test_the_slug_of_a_workspace_that_this_run_creates_needs_no_advice(
    process: ProviderProcess, people: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    """A slug that comes from an output of the Workspace is known before the workspace exists."""
    with process.one_run():
        process.resource("Workspace").check(name="New", slug="new")
        process.resource("WorkspaceMembership").check(workspace="new", user_ids=people[:1])
    assert capfd.readouterr().err == ""
