"""The lifecycle of a Workspace, on the sandbox: what is sent, what comes back, what is refused."""

import json
from typing import Any

import pytest

from harness.organization import Somebody, live, people
from harness.process import InputError, Kind, Managed, ProviderProcess
from pulumi_openrouter.errors import (
    ApiError,
    AuthenticationError,
    ForbiddenError,
    InvalidRequestError,
    NotFoundError,
    OpenRouterError,
    ServerError,
)
from pulumi_openrouter.lifecycle.declaration import LeftOut
from pulumi_openrouter.lifecycle.workspace import DECLARATION
from pulumi_openrouter.sandbox import Sandbox

from .conftest import NewProcess, sent

BASE = {"name": "Acme", "slug": "acme"}

# A non-default value for each field that is null without one.
NULLABLE: dict[str, Any] = {
    "description": "Production",
    "default_text_model": "openai/gpt-4o",
    "default_image_model": "openai/dall-e-3",
    "default_provider_sort": "latency",
    "io_logging_api_key_ids": [7, 42],
    "disabled_server_tools": ["openrouter:web_fetch", "openrouter:web_search"],
}
# The value that the API gives by itself, and another one.
OPTIONAL: dict[str, tuple[Any, Any]] = {
    "is_observability_io_logging_enabled": (False, True),
    "is_observability_broadcast_enabled": (False, True),
    "is_data_discount_logging_enabled": (True, False),
    "io_logging_sampling_rate": (1, 0.25),
}


def test_the_values_above_are_of_all_such_inputs() -> None:
    """An input that may be null, or stays as it is, is put through the tests below."""
    assert {*NULLABLE} == {*DECLARATION.left_out_as(LeftOut.NULL)}
    assert {*OPTIONAL} == {*DECLARATION.tracked}


@pytest.mark.parametrize(("name", "value"), NULLABLE.items(), ids=NULLABLE)
def test_a_field_that_may_be_null_is_authoritative(
    acme: Managed, sandbox: Sandbox, name: str, value: Any
) -> None:
    """Given, it is sent alone and settles; left out, null is sent alone and settles."""
    acme.up(**BASE)
    assert live(sandbox)[name] is None
    sent(sandbox)
    assert acme.up(**BASE, **{name: value}) == "update"
    assert sent(sandbox) == [("PATCH", {name: value})]
    assert live(sandbox)[name] == value
    assert [acme.up(**BASE, **{name: value}), acme.refresh()] == ["same", "same"]
    sent(sandbox)
    assert acme.up(**BASE) == "update"
    assert sent(sandbox) == [("PATCH", {name: None})]
    assert live(sandbox)[name] is None
    assert [acme.up(**BASE), acme.refresh(), acme.up(**BASE)] == ["same"] * 3


@pytest.mark.parametrize(
    ("name", "values"),
    [(name, pair[::order]) for name, pair in OPTIONAL.items() for order in (1, -1)],
    ids=str,
)
def test_a_field_that_may_be_left_alone_is_managed_only_while_it_is_given(
    acme: Managed, sandbox: Sandbox, name: str, values: tuple[Any, Any], somebody: Somebody
) -> None:
    """At a default and at another value it settles; left out again, nothing is sent."""
    first, second = values
    acme.up(**BASE, **{name: first})
    assert live(sandbox)[name] == first
    assert [acme.up(**BASE, **{name: first}), acme.refresh()] == ["same", "same"]
    sent(sandbox)
    acme.up(**BASE, **{name: second})
    assert sent(sandbox) == [("PATCH", {name: second})]
    acme.up(**BASE)
    assert sent(sandbox) == []
    assert live(sandbox)[name] == second
    assert [acme.up(**BASE), acme.refresh(), acme.up(**BASE)] == ["same"] * 3
    # Nobody manages it any more: a change from elsewhere is no difference.
    somebody.changes(acme.id, **{name: first})
    acme.refresh()
    assert acme.up(**BASE) == "same"
    assert live(sandbox)[name] == first


def test_a_create_sends_just_what_is_given(acme: Managed, sandbox: Sandbox) -> None:
    """One POST with the inputs and nothing else, and no read before or after it."""
    given = {**BASE, **NULLABLE, **{name: pair[1] for name, pair in OPTIONAL.items()}}
    assert acme.up(**given) == "create"
    assert sent(sandbox) == [("POST", given)]
    assert [acme.up(**given), acme.refresh(), acme.up(**given)] == ["same"] * 3


def test_lists_have_no_order(acme: Managed, sandbox: Sandbox, somebody: Somebody) -> None:
    """Key ids and tools in another order, there or here, are no difference."""
    bash, shell = "openrouter:bash", "openrouter:shell"
    acme.up(**BASE, io_logging_api_key_ids=[3, 1, 2], disabled_server_tools=[shell, bash])
    shuffled = {"io_logging_api_key_ids": [2, 3, 1], "disabled_server_tools": [shell, bash]}
    somebody.changes(acme.id, **shuffled)
    assert acme.refresh() == "same"
    sent(sandbox)
    assert acme.up(**BASE, io_logging_api_key_ids=[1, 2, 3], disabled_server_tools=[bash, shell])
    assert sent(sandbox) == []


def test_an_empty_list_of_tools_is_none_of_them(acme: Managed, sandbox: Sandbox) -> None:
    """`disabled_server_tools=[]` is what leaving it out is."""
    acme.up(**BASE, disabled_server_tools=[])
    assert [acme.up(**BASE), acme.refresh()] == ["same", "same"]
    acme.up(**BASE, disabled_server_tools=["openrouter:bash"])
    acme.up(**BASE, disabled_server_tools=[])
    assert live(sandbox)["disabled_server_tools"] is None
    assert acme.up(**BASE, disabled_server_tools=[]) == "same"


def test_an_empty_list_of_keys_settles_as_it_is(acme: Managed, sandbox: Sandbox) -> None:
    """`io_logging_api_key_ids=[]` means no key, which is not the same as all keys."""
    acme.up(**BASE, io_logging_api_key_ids=[])
    assert live(sandbox)["io_logging_api_key_ids"] == []
    assert [acme.up(**BASE, io_logging_api_key_ids=[]), acme.refresh()] == ["same", "same"]


def test_slug_and_name_change_in_one_patch(acme: Managed, sandbox: Sandbox) -> None:
    """Nothing replaces a workspace: its id stays, whatever it is called."""
    acme.up(**BASE)
    id_ = acme.id
    sent(sandbox)
    assert acme.up(name="Acme Two", slug="acme-two") == "update"
    assert sent(sandbox) == [("PATCH", {"name": "Acme Two", "slug": "acme-two"})]
    assert live(sandbox, "acme-two")["id"] == id_ == acme.id


def test_drift_is_read_as_inputs_and_put_back(
    acme: Managed, sandbox: Sandbox, somebody: Somebody
) -> None:
    """What was changed elsewhere comes up in a refresh, and the next up resets it."""
    acme.up(**BASE, description="Ours")
    by_hand = {"slug": "by-hand", "description": "Theirs", "name": "Theirs"}
    somebody.changes(acme.id, **by_hand)
    assert acme.refresh() == "update"
    assert {name: acme.inputs[name] for name in by_hand} == by_hand
    assert acme.up(**BASE, description="Ours") == "update"
    assert live(sandbox) | {**BASE, "description": "Ours"} == live(sandbox)


def test_what_is_not_managed_is_no_input_of_a_refresh(acme: Managed) -> None:
    """A refresh hands back only inputs that the program gives, or that null would overwrite."""
    acme.up(**BASE, io_logging_sampling_rate=0.5)
    acme.refresh()
    assert set(acme.inputs) == {
        "name",
        "slug",
        "io_logging_sampling_rate",
        "__owner",
        "__provider",
    }


def test_a_workspace_that_was_deleted_by_hand_is_created_again(
    acme: Managed, sandbox: Sandbox, somebody: Somebody
) -> None:
    """A refresh finds it gone, and the next up makes a new one."""
    acme.up(**BASE)
    somebody.deletes(acme.id)
    assert acme.refresh() == "delete"
    assert acme.up(**BASE) == "create"
    assert live(sandbox)["id"] == acme.id


def test_an_update_of_one_that_is_gone_says_how_to_create_it_again(
    acme: Managed, somebody: Somebody
) -> None:
    """Without a refresh the update fails with the way out."""
    acme.up(**BASE)
    somebody.deletes(acme.id)
    with pytest.raises(NotFoundError, match=r"answered 404: .*Run `pulumi up --refresh`"):
        acme.up(name="Acme", slug="acme-two")


@pytest.mark.parametrize(
    ("status", "error"),
    [(401, AuthenticationError), (403, ForbiddenError), (500, ServerError)],
    ids=["revoked-key", "not-allowed", "server-error"],
)
def test_only_a_404_means_gone(
    start: NewProcess, sandbox: Sandbox, status: int, error: type[Exception]
) -> None:
    """A read that fails otherwise raises, and the state stays."""
    acme = start(maxRetries="0").resource("Workspace")
    acme.up(**BASE)
    sandbox.add_fault(method="GET", status=status, times=None)
    with pytest.raises(error, match=str(status)):
        acme.refresh()
    assert acme.id


def test_a_proxys_404_does_not_mean_gone(start: NewProcess, sandbox: Sandbox) -> None:
    """A 404 that does not come in the API's own words raises."""
    acme = start(maxRetries="0").resource("Workspace")
    acme.up(**BASE)
    sandbox.add_fault(method="GET", status=404, body="<title>Not here</title>", times=None)
    with pytest.raises(Exception, match="404"):
        acme.refresh()


def test_a_get_reads_every_field_and_fails_where_there_is_nothing(
    acme: Managed, sandbox: Sandbox
) -> None:
    """What a `get` returns is the live workspace; one that does not exist is an error."""
    acme.up(**BASE, **NULLABLE)
    found = acme.process.resource("Workspace").get(acme.id)
    document = live(sandbox)
    outputs = {name: value for name, value in found.items() if not name.startswith("__")}
    assert outputs == {name: document[name] for name in outputs}
    with pytest.raises(NotFoundError):
        acme.process.resource("Workspace").get("6b9d5f54-96e1-4f6e-9c0f-1d1f4f1f0001")


def test_deleting_one_that_is_gone_succeeds(
    acme: Managed, sandbox: Sandbox, somebody: Somebody
) -> None:
    """A workspace that somebody else deleted already is deleted."""
    acme.up(**BASE)
    somebody.deletes(acme.id)
    acme.delete()
    assert sandbox.requests(writes_only=True)[-1]["status"] == 404


def test_a_live_workspace_is_not_reported_as_deleted(acme: Managed, sandbox: Sandbox) -> None:
    """A deletion that answers 404 although the workspace can be read has failed."""
    acme.up(**BASE)
    body = {"error": {"code": 404, "message": "Workspace not found"}}
    sandbox.add_fault(method="DELETE", status=404, body=json.dumps(body))
    with pytest.raises(NotFoundError):
        acme.delete()
    acme.delete()
    assert [one["slug"] for one in sandbox.state()["workspaces"]] == ["default"]


@pytest.mark.parametrize(
    ("kind", "inputs"),
    [("Workspace", BASE), ("WorkspaceBudget", {"daily_usd": 1}), ("WorkspaceMembership", {})],
    ids=["workspace", "budget", "membership"],
)
def test_a_wrong_base_url_reports_nothing_as_deleted(
    start: NewProcess, workspace: str, sandbox: Sandbox, kind: Kind, inputs: dict[str, Any]
) -> None:
    """A 404 of the API's own form counts only where the list of workspaces confirms it."""
    if kind == "WorkspaceMembership":
        inputs = {"user_ids": [*people(sandbox)][:1]}
    if kind != "Workspace":
        inputs = {"workspace": workspace, **inputs}
    made = start().resource(kind, "there")
    made.up(**({**inputs, "slug": "there"} if kind == "Workspace" else inputs))
    lost = start(baseUrl=sandbox.url.removesuffix("/v1")).resource(kind, "there")
    lost.id, lost.outputs = made.id, made.outputs
    with pytest.raises(ApiError, match="openrouter:baseUrl"):
        lost.delete()


def test_the_default_workspace_is_not_deleted(acme: Managed, sandbox: Sandbox) -> None:
    """The refusal says how to let go of it, and the confirmation is never sent."""
    sandbox.set_options(default_workspace_deletion=True)
    acme.up(name="Default Workspace", slug="default", adopt=True)
    with pytest.raises(InvalidRequestError):
        acme.delete()
    assert sandbox.requests()[-1]["query"] == ""
    sandbox.set_options(default_workspace_deletion=False)
    with pytest.raises(ForbiddenError, match="retain_on_delete=True"):
        acme.delete()


def test_a_workspace_with_active_keys_is_not_deleted(acme: Managed, sandbox: Sandbox) -> None:
    """The refusal says to delete the keys, or how to keep the workspace and all that it holds."""
    acme.up(**BASE)
    sandbox.mark_workspace("acme", active_keys=True)
    with pytest.raises(InvalidRequestError) as failure:
        acme.delete()
    assert str(failure.value).endswith(
        'Delete the API keys of workspace "acme" first. To keep the workspace, set '
        "retain_on_delete=True on it, its budgets and its memberships, run `pulumi up`, and then "
        "take them out."
    )


def test_the_predecessor_of_a_replaced_workspace_is_deleted(
    acme: Managed, sandbox: Sandbox
) -> None:
    """The resource takes part in the run and wants the same slug, but not this workspace."""
    acme.up(name="Acme", slug="acme")
    process = acme.process
    with process.one_run():
        # Before the new one is created, as Pulumi replaces a workspace.
        process.resource("Workspace", "acme").check(name="Acme", slug="acme")
        acme.delete()
    assert [one["slug"] for one in sandbox.state()["workspaces"]] == ["default"]


def test_two_workspaces_cannot_swap_their_slugs(process: ProviderProcess) -> None:
    """The API would refuse whichever comes first, so the diff of the second says what to do."""
    one, two = process.resource("Workspace", "one"), process.resource("Workspace", "two")
    one.up(name="One", slug="one")
    two.up(name="Two", slug="two")
    with process.one_run():
        one.check(name="One", slug="two-too")
        two.check(name="Two", slug="one")
        one.check(name="One", slug="two")
        assert one.diff(name="One", slug="two") == "update"
        with pytest.raises((OpenRouterError, InputError), match='swap the slugs "two" and "one"'):
            two.diff(name="Two", slug="one")


def test_an_update_that_the_api_refuses_is_told_in_its_words(
    acme: Managed, sandbox: Sandbox, somebody: Somebody
) -> None:
    """A slug that is taken comes with what to do; any other refusal is passed on as it is."""
    somebody.creates("theirs")
    acme.up(**BASE)
    with pytest.raises(InvalidRequestError, match="slug") as taken:
        acme.up(name="Acme", slug="theirs")
    assert "slug" in taken.value.next_step
    sandbox.add_fault(method="PATCH", status=400, message="No such model")
    with pytest.raises(InvalidRequestError, match="No such model") as other:
        acme.up(**BASE, default_text_model="a/b")
    assert other.value.next_step != taken.value.next_step


@pytest.mark.parametrize(
    ("tool", "says"),
    [
        ("openrouter:bsah", 'Did you mean "openrouter:bash"?\n'),
        ("acme:something-else", "OpenRouter decides whether it exists.\n"),
    ],
    ids=["misspelled", "new"],
)
def test_a_server_tool_that_nobody_knows_is_announced(
    acme: Managed, capfd: pytest.CaptureFixture[str], tool: str, says: str
) -> None:
    """It may be new, so the check takes it; a tool that was there before needs no word."""
    acme.check(**BASE, disabled_server_tools=[tool])
    notice = capfd.readouterr().err
    assert f'"acme": disabled_server_tools has "{tool}", which is not a server tool' in notice
    assert notice.endswith(says)


def test_a_secret_server_tool_is_not_guessed_at(
    acme: Managed, capfd: pytest.CaptureFixture[str]
) -> None:
    """A proposal would give the secret away."""
    acme.check(
        **BASE, disabled_server_tools=["openrouter:bsah"], __secrets=["disabled_server_tools"]
    )
    notice = capfd.readouterr().err
    assert "[secret], which is not a server tool" in notice
    assert "bash" not in notice
