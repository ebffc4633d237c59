"""A create of which nobody knows whether it was made is settled by looking, never by guessing.

The workspace found under the slug is this run's own only if it has every field just sent and is as
young as the call. Anything else is somebody else's: it is not taken, and no second one is made.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from faults.conftest import NewStack, Record
from faults.declared import Declared, budget, membership, workspace
from faults.driver import Stack
from faults.results import Case, Section
from faults.world import Verdict, World, judge, world
from harness.organization import Somebody, people
from pulumi_openrouter import OpenRouterError
from pulumi_openrouter.errors import AlreadyExistsError, AmbiguousError
from pulumi_openrouter.sandbox import Sandbox

LONG_AGO = {"data": {"created_at": "2020-02-02T02:02:02Z"}}


def program(sandbox: Sandbox) -> list[Any]:
    """Return a workspace with a limit and a person in it."""
    return [
        workspace(
            "prod", name="Production", description="Production", io_logging_api_key_ids=[7, 3]
        ),
        budget("prod", of="prod", daily_usd=5),
        membership("prod", of="prod", user_ids=[people(sandbox)[0]]),
    ]


@pytest.fixture
def expected(sandbox: Sandbox, somebody: Somebody) -> World:  # noqa: ARG001 - whose workspace stays
    """What the program makes when nothing goes wrong; the sandbox is as it was before."""
    with Stack(sandbox) as stack:
        stack.up(program(sandbox))
        made = world(sandbox)
        stack.destroy()
    sandbox.clear_requests()
    return made


def creates(sandbox: Sandbox) -> int:
    """Return how many requests asked to create a workspace."""
    asked = [(request["method"], request["path"]) for request in sandbox.requests()]
    return asked.count(("POST", "/workspaces"))


def take(record: Record, verdict: Verdict, fault: str, how: str, runs: int) -> None:
    """Record a case of one injected fault and demand that it ended well."""
    record(Case.of(verdict, Section.AMBIGUOUS, fault, how, injected=1, runs=runs))
    assert verdict.differences == ()


@pytest.mark.parametrize(
    ("fault", "requests"),
    [
        pytest.param({"lose": "answer"}, 1, id="answer lost"),
        pytest.param({"lose": "request"}, 2, id="request lost"),
        pytest.param({"truncate": True}, 1, id="answer cut"),
        pytest.param({"status": 504, "handled": True}, 1, id="504 after the change"),
        pytest.param({"status": 504}, 2, id="504 before the change"),
        pytest.param({"body": "{}"}, 1, id="200 without data"),
    ],
)
def test_own_create_is_found_again(
    sandbox: Sandbox,
    stack: Stack,
    expected: World,
    record: Record,
    request: pytest.FixtureRequest,
    fault: Mapping[str, Any],
    requests: int,
) -> None:
    """One look tells whether the create was made; only if it was not, it is sent again."""
    sandbox.add_fault(method="POST", path="/workspaces", **fault)
    stack.up(program(sandbox))
    assert creates(sandbox) == requests
    verdict = judge(expected, world(sandbox))
    take(record, verdict, request.node.callspec.id.split("-")[0], "POST /workspaces", runs=1)


@pytest.mark.parametrize("theirs", [{"description": "Mine"}, {"name": "Theirs"}, {}])
def test_somebody_elses_workspace_is_not_taken(
    sandbox: Sandbox,
    stack: Stack,
    somebody: Somebody,
    record: Record,
    theirs: dict[str, Any],
) -> None:
    """Somebody who takes the slug between a lost create and its repetition keeps the workspace."""
    sandbox.add_fault(method="POST", path="/workspaces", lose="request")
    stack.clock.meanwhile.append(lambda: somebody.creates("prod", **theirs))
    with pytest.raises(
        AlreadyExistsError, match=r'"prod": a workspace with .* exists already.*ADOPT'
    ):
        stack.up(program(sandbox))
    untouched = world(sandbox)
    assert stack.resources == {}
    with pytest.raises(AlreadyExistsError):
        stack.up(program(sandbox))
    take(
        record,
        judge(untouched, world(sandbox)),
        "request lost, then somebody else takes the slug",
        "POST /workspaces; their workspace is what has to stay",
        runs=2,
    )


def test_an_older_equal_workspace_is_not_taken(
    sandbox: Sandbox, stack: Stack, somebody: Somebody, record: Record
) -> None:
    """A workspace that equals what was sent but is older than the call is somebody else's."""
    fields = {"name": "Production", "description": "Production", "io_logging_api_key_ids": [3, 7]}
    somebody.creates("prod", **fields)
    untouched = world(sandbox)
    sandbox.add_fault(method="GET", path="/workspaces/prod", times=None, merge=LONG_AGO)
    sandbox.add_fault(method="POST", path="/workspaces", lose="answer")
    with pytest.raises(OpenRouterError, match='"prod"'):
        stack.up(program(sandbox))
    assert stack.resources == {}
    take(
        record,
        judge(untouched, world(sandbox)),
        "answer lost, and an older workspace of somebody else is equal",
        "POST /workspaces; their workspace is what has to stay",
        runs=1,
    )


@pytest.mark.parametrize("look", [{"lose": "request"}, {"status": 500}, {"merge": LONG_AGO}])
def test_what_cannot_be_settled_is_adopted_on_demand(
    sandbox: Sandbox, new_stack: NewStack, expected: World, record: Record, look: dict[str, Any]
) -> None:
    """Where the look fails too, the next run says what is there, and one that adopts takes it."""
    stack = new_stack(max_retries=1)
    sandbox.add_fault(method="POST", path="/workspaces", lose="answer")
    sandbox.add_fault(method="GET", path="/workspaces/prod", times=None, **look)
    with pytest.raises((AmbiguousError, AlreadyExistsError), match='creating workspace "prod"'):
        stack.up(program(sandbox))
    assert stack.resources == {}
    sandbox.clear_faults()
    with pytest.raises(AlreadyExistsError, match="It matches this program, so either"):
        stack.up(program(sandbox))
    assert stack.resources == {}
    stack.up(program(sandbox), adopt=True)
    assert stack.preview(program(sandbox)) == {"same": 3}
    take(
        record,
        judge(expected, world(sandbox)),
        "answer lost, and the look for it too",
        "POST and GET /workspaces; then a run with OPENROUTER_ADOPT_EXISTING=1",
        runs=3,
    )


def test_adopting_sets_what_differs(sandbox: Sandbox, stack: Stack, expected: World) -> None:
    """A run that adopts brings the workspace to what the program says, and nothing else of it."""
    with Somebody(sandbox) as other:
        other.creates("prod", name="Other", description="Other", io_logging_sampling_rate=0.25)
        other.sets("prod", monthly=900)
    stack.up(program(sandbox), adopt=True)
    [prod] = [one for one in world(sandbox) if one["slug"] == "prod"]
    [wanted] = [one for one in expected if one["slug"] == "prod"]
    assert prod == {
        **wanted,
        "budgets": {"monthly": 900, "daily": 5},
        "io_logging_sampling_rate": 0.25,
    }


def test_a_rename_cut_off_before_its_delete_keeps_the_workspace(
    sandbox: Sandbox, new_stack: NewStack, expected: World, record: Record
) -> None:
    """What a renamed resource took over is not deleted by a later run that finishes the rename."""
    stack = new_stack(max_retries=0)
    stack.up(program(sandbox))
    renamed = [
        Declared("Workspace", "new", {**program(sandbox)[0].inputs, "adopt": True}),
        *(Declared(part.kind, part.name, part.inputs, of="new") for part in program(sandbox)[1:]),
        budget("other", workspace="theirs", daily_usd=1),
    ]
    sandbox.add_fault(method="PUT", path="/workspaces/*/budgets/*", status=500)
    with pytest.raises(OpenRouterError, match="answered 500"):
        stack.up(renamed)
    stack.up(renamed[:3])
    take(
        record,
        judge(expected, world(sandbox)),
        "a rename that takes over, cut off before its delete",
        "a later request of the run fails; then the run that deletes the old name",
        runs=3,
    )
