"""A workspace whose slug exists already: described, or taken over where that is wanted."""

from typing import Any

import pytest

from harness.process import Managed, ProviderProcess
from pulumi_openrouter.errors import (
    ConflictError,
    RefusedError,
)
from pulumi_openrouter.sandbox import Sandbox

from .conftest import NewProcess

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


@pytest.fixture
def acme(process: ProviderProcess) -> Managed:
    """A workspace that does not exist yet."""
    return process.resource("Workspace")


def live(sandbox: Sandbox, slug: str = "acme") -> dict[str, Any]:
    """Give what the API has under a slug."""
    [found] = [w for w in sandbox.state()["workspaces"] if w["slug"] == slug]
    return dict(found)


def sent(sandbox: Sandbox) -> list[tuple[str, Any]]:
    """Give the requests since the last call: the method and the body, if there was one."""
    log = [(request["method"], request["body"]) for request in sandbox.requests()]
    sandbox.clear_requests()
    return log


EXISTING = {"name": "Acme", "slug": "acme", "description": "Theirs"}


def test_one_that_exists_is_left_alone_and_described(acme: Managed, sandbox: Sandbox) -> None:
    """The conflict names what exists, since when and by whom, and each way out."""
    acme.up(**EXISTING)
    before = sandbox.state()
    sandbox.clear_requests()
    with pytest.raises(ConflictError) as failure:
        acme.process.resource("Workspace").up(**BASE)
    assert [(r["method"], r["status"]) for r in sandbox.requests()] == [("POST", 400), ("GET", 200)]
    theirs = live(sandbox)
    assert str(failure.value) == (
        f'creating workspace "acme": it exists already: "Acme" ({theirs["id"]}), created '
        f"{theirs['created_at']} by {theirs['created_by']}; its fields are not what this program "
        "asks for. To take it over run once with OPENROUTER_ADOPT_EXISTING=1, or set adopt=True, "
        "or import it; if the resource was renamed, give it aliases; else choose another slug."
    )
    assert sandbox.state() == before


def test_an_equal_one_that_exists_is_likely_a_lost_create(acme: Managed) -> None:
    """Where every field equals what was asked for, the conflict says what that means."""
    acme.up(**EXISTING)
    with pytest.raises(ConflictError, match="every field equals what this program asks for"):
        acme.process.resource("Workspace").up(**EXISTING)


@pytest.mark.parametrize(
    ("config", "inputs"),
    [({}, {"adopt": True}), ({"adoptExisting": "true"}, {})],
    ids=["adopt-input", "adoptExisting-setting"],
)
def test_one_that_exists_is_taken_over_where_that_is_wanted(
    acme: Managed,
    sandbox: Sandbox,
    start: NewProcess,
    capfd: pytest.CaptureFixture[str],
    config: dict[str, str],
    inputs: dict[str, Any],
) -> None:
    """It keeps its id, gets what differs in one PATCH, and the user is told."""
    acme.up(**EXISTING, is_observability_broadcast_enabled=True)
    sandbox.clear_requests()
    ours = start(**config).resource("Workspace")
    given = {**BASE, "default_provider_sort": "price", **inputs}
    ours.up(**given)
    assert ours.id == acme.id
    [post, get, patch] = sent(sandbox)
    assert [post[0], get[0]] == ["POST", "GET"]
    assert patch == ("PATCH", {"description": None, "default_provider_sort": "price"})
    assert live(sandbox)["is_observability_broadcast_enabled"] is True
    told = capfd.readouterr().err
    assert told == (
        f'took over the existing workspace "acme" ({acme.id}) and set description, '
        "default_provider_sort.\n"
    )
    assert [ours.up(**given), ours.refresh(), ours.up(**given)] == ["same"] * 3


def test_taking_over_an_equal_one_sends_nothing(acme: Managed, sandbox: Sandbox) -> None:
    """Where nothing differs there is nothing to set."""
    acme.up(**EXISTING)
    sandbox.clear_requests()
    acme.process.resource("Workspace").up(**EXISTING, adopt=True)
    assert [method for method, _ in sent(sandbox)] == ["POST", "GET"]


def test_a_create_refused_for_another_reason_takes_nothing_over(
    acme: Managed, sandbox: Sandbox
) -> None:
    """With adopt=True too, a refusal that is not about the slug is passed on."""
    sandbox.add_fault(method="POST", status=400, message="No more workspaces on this plan")
    with pytest.raises(RefusedError, match="No more workspaces on this plan"):
        acme.up(**BASE, adopt=True)


def test_a_workspace_that_a_renamed_resource_took_over_is_kept(
    acme: Managed, process: ProviderProcess, sandbox: Sandbox, capfd: pytest.CaptureFixture[str]
) -> None:
    """The new resource adopts it first; the delete of the old one leaves it alone, and says so."""
    acme.up(**BASE)
    renamed = process.resource("Workspace")
    with process.one_run():
        renamed.up(**BASE, adopt=True)
        acme.delete()
    assert live(sandbox)["id"] == renamed.id
    assert 'workspace "acme" now belongs to another resource of this program: kept.' in (
        capfd.readouterr().err
    )


def test_the_next_run_deletes_what_an_earlier_one_took_over(
    acme: Managed, process: ProviderProcess, sandbox: Sandbox
) -> None:
    """A claim ends with its run: the resource that owns the workspace now can delete it."""
    acme.up(**BASE)
    renamed = process.resource("Workspace")
    renamed.up(**BASE, adopt=True)
    renamed.delete()
    assert [w["slug"] for w in sandbox.state()["workspaces"]] == ["default"]
