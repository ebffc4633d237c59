"""Two runs at once: of two stacks on one thing, and of two resources on one workspace.

No update is lost unseen: whoever loses gets an error that names what stands there now.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

import pytest

from conftest import NewProject
from faults.conftest import NewStack, Record
from faults.declared import budget, workspace
from faults.results import CLI, OFFLINE, Case, Section
from faults.world import judge, world
from harness import Engine, Failure, Project
from harness.organization import Somebody
from pulumi_openrouter.errors import ConcurrentChangeError
from pulumi_openrouter.sandbox import Sandbox

RUNNERS = {Engine.OFFLINE: OFFLINE, Engine.CLI: CLI}
SAME_LIMITS = 'openrouter.WorkspaceBudget("default", workspace="default", {limits})'
SAME_SLUG = 'openrouter.Workspace("prod", slug="prod", description="Of {stack}")'


def race(
    sandbox: Sandbox, first: Project, second: Project, method: str, path: str
) -> list[Outcome]:
    """Run two `up`s, the first one's request held until the second one has ended."""
    with ThreadPoolExecutor(1) as pool:
        sandbox.add_fault(method=method, path=path, hold="answer")
        early = pool.submit(outcome, first)
        sandbox.wait_until_held(240)
        late = outcome(second)
        sandbox.release()
        return [early.result(), late]


Outcome = str | None


def outcome(project: Project) -> Outcome:
    """Run `up`; return what it failed with, if it did."""
    try:
        project.up()
    except Failure as failure:
        return str(failure)
    return None


def stacks(new_project: NewProject, text: str, **each: tuple[str, str]) -> list[Project]:
    """Return two stacks of one program, which differ in the values of `each`."""
    projects = []
    for number, stack in enumerate(("blue", "green")):
        project = new_project(stack=stack, folder=stack)
        values = {name: value[number] for name, value in each.items()}
        project.program(text.format(stack=stack, **values))
        projects.append(project)
    return projects


def test_two_stacks_with_the_same_limit(
    sandbox: Sandbox, somebody: Somebody, new_project: NewProject, engine: Engine, record: Record
) -> None:
    """Of two stacks that set the same limits at once the one overtaken says so."""
    somebody.sets("default", lifetime=9000)
    limits = ("daily_usd=5, monthly_usd=50", "daily_usd=6, monthly_usd=60")
    blue, green = stacks(new_project, SAME_LIMITS, limits=limits)
    early, late = race(sandbox, blue, green, "PUT", "/workspaces/*/budgets/*")
    assert late is None
    assert early is not None
    assert "somebody else sets the same limits at this moment" in early
    [default] = [one for one in world(sandbox) if one["slug"] == "default"]
    assert default["budgets"]["lifetime"] == 9000
    green.up(refresh=True)
    expected = world(sandbox)
    [default] = [one for one in expected if one["slug"] == "default"]
    assert default["budgets"] == {"lifetime": 9000, "daily": 6, "monthly": 60}
    case = Case.of(
        judge(expected, world(sandbox)),
        Section.CONCURRENT,
        "two stacks set the same limits of the default workspace",
        "the first one's first request held until the second one has ended",
        injected=1,
        runs=3,
        runner=RUNNERS[engine],
    )
    record(case)


def test_two_stacks_with_the_same_slug(
    sandbox: Sandbox, new_project: NewProject, engine: Engine, record: Record
) -> None:
    """Of two stacks that create a workspace with one slug at once, one has it and one is told."""
    blue, green = stacks(new_project, SAME_SLUG)
    early, late = race(sandbox, blue, green, "POST", "/workspaces")
    assert early is None
    assert late is not None
    assert 'creating workspace "prod": a workspace with the slug "prod" exists already' in late
    made = world(sandbox)
    assert [one["description"] for one in made if one["slug"] == "prod"] == ["Of blue"]
    assert outcome(green) is not None
    case = Case.of(
        judge(made, world(sandbox)),
        Section.CONCURRENT,
        "two stacks create a workspace with the same slug",
        "the first one's request held until the second one has ended",
        injected=1,
        runs=3,
        runner=RUNNERS[engine],
    )
    record(case)


def test_a_limit_that_changes_hands_within_a_run(
    sandbox: Sandbox, new_stack: NewStack, record: Record
) -> None:
    """While one resource lets go of a limit, another one of the same run that sets it wins."""
    stack = new_stack()
    stack.up([workspace("prod"), budget("old", of="prod", daily_usd=1, monthly_usd=9)])
    old = stack.resources["WorkspaceBudget", "old"]
    gives = {"workspace": old.outputs["workspace"], "monthly_usd": 9.0}
    takes = {"workspace": old.outputs["workspace"], "daily_usd": 2.0}
    with stack.providers() as providers, ThreadPoolExecutor(2) as pool:
        provider = providers["WorkspaceBudget"]
        provider.check(dict(old.inputs), dict(gives))
        sandbox.add_fault(method="DELETE", path="/workspaces/*/budgets/daily", hold=True)
        letting_go: Future[Any] = pool.submit(provider.update, old.id, dict(old.outputs), gives)
        sandbox.wait_until_held()
        checked = provider.check({}, dict(takes))
        setting: Future[Any] = pool.submit(provider.create, dict(checked.inputs))
        assert setting in wait([setting], timeout=0.5).not_done
        sandbox.release()
        letting_go.result()
        setting.result()
    [prod] = [one for one in world(sandbox) if one["slug"] == "prod"]
    expected = [{**prod, "budgets": {"monthly": 9, "daily": 2}}]
    verdict = judge(expected, [prod])
    record(
        Case.of(
            verdict,
            Section.CONCURRENT,
            "a limit goes from one resource to another in one run",
            "the request that deletes it held until the other resource is about to set it",
            injected=1,
            runs=2,
        )
    )
    assert verdict.differences == ()


def test_a_limit_overtaken_within_an_update(
    sandbox: Sandbox, new_stack: NewStack, somebody: Somebody, record: Record
) -> None:
    """An update that is overtaken by somebody else's names what stands there now."""
    somebody.creates("shared")
    stack = new_stack()
    stack.up([budget("limits", workspace="shared", daily_usd=1, monthly_usd=9)])
    stack.clock.meanwhile.append(lambda: somebody.sets("shared", monthly=12))
    sandbox.add_fault(method="PUT", path="/workspaces/*/budgets/daily", status=503)
    program = [budget("limits", workspace="shared", daily_usd=2, monthly_usd=10)]
    with pytest.raises(
        ConcurrentChangeError, match="monthly_usd=10 was set, and now the workspace has"
    ):
        stack.up(program)
    stack.up(program, refresh=True)
    [shared] = [one for one in world(sandbox) if one["slug"] == "shared"]
    verdict = judge([{**shared, "budgets": {"monthly": 10, "daily": 2}}], [shared])
    record(
        Case.of(
            verdict,
            Section.CONCURRENT,
            "somebody changes a limit while an update sets it",
            "between two requests of the update",
            injected=1,
            runs=2,
        )
    )
    assert verdict.differences == ()
