"""How many requests each step of a program's life costs: as many as the API makes necessary."""

from collections.abc import Callable

import httpx

from bench.workload import PEOPLE, Counts, Step, program, requests_of
from harness import Project
from harness.project import Outcome
from pulumi_openrouter.sandbox import Sandbox

N = 20


def _spent(sandbox: Sandbox, step: Callable[[], Outcome]) -> Counts:
    sandbox.clear_requests()
    step()
    return dict(sandbox.counts()["by_operation"])


def _people(sandbox: Sandbox, field: str) -> list[str]:
    return [person[field] for person in sandbox.state()["organization_members"][:PEOPLE]]


def test_every_step_costs_as_few_requests_as_the_api_allows(
    project: Project, sandbox: Sandbox
) -> None:
    """Writes are never preceded or followed by reads, and reads of one listing are shared."""
    people = _people(sandbox, "id")
    project.program(program(N, people, description="first"))
    assert _spent(sandbox, project.preview) == requests_of(Step.PREVIEW, N)
    assert _spent(sandbox, project.up) == requests_of(Step.UP, N)
    assert _spent(sandbox, project.up) == requests_of(Step.NO_OP, N)
    assert _spent(sandbox, project.preview) == requests_of(Step.NO_OP_PREVIEW, N)
    assert _spent(sandbox, project.refresh) == requests_of(Step.REFRESH, N)
    with_refresh = _spent(sandbox, lambda: project.preview(refresh=True))
    assert with_refresh == requests_of(Step.PREVIEW_REFRESH, N)

    project.program(program(N, people, description="second"))
    assert _spent(sandbox, project.up) == requests_of(Step.CHANGE, N)
    bodies = [request["body"] for request in sandbox.requests()]
    assert bodies == [{"description": "second"}] * N

    assert _spent(sandbox, project.destroy) == requests_of(Step.DESTROY, N)


def test_emails_cost_one_reading_of_the_organization(project: Project, sandbox: Sandbox) -> None:
    """An organization of 256 is read once for all memberships, and only where one changes."""
    sandbox.add_organization_members(250)
    project.program(program(N, _people(sandbox, "email"), description="first", by="emails"))
    assert _spent(sandbox, project.preview) == {}
    expected = requests_of(Step.UP, N) | {"listOrganizationMembers": 3}
    assert _spent(sandbox, project.up) == expected
    assert _spent(sandbox, project.up) == {}
    assert _spent(sandbox, project.refresh) == requests_of(Step.REFRESH, N)
    assert _spent(sandbox, project.destroy) == requests_of(Step.DESTROY, N)


def test_a_slug_costs_its_one_look_up(project: Project, sandbox: Sandbox) -> None:
    """Two parts of a workspace that is named by its slug look it up once between them."""
    body = {"name": "Shared", "slug": "shared"}
    headers = {"Authorization": f"Bearer {sandbox.key}"}
    httpx.post(f"{sandbox.url}/workspaces", json=body, headers=headers).raise_for_status()
    project.program(
        f"""
        openrouter.WorkspaceBudget("shared", workspace="shared", daily_usd=50)
        openrouter.WorkspaceMembership(
            "shared", workspace="shared", user_ids={_people(sandbox, "id")!r}
        )
        """
    )
    assert _spent(sandbox, project.preview) == {}
    # Somebody else may have set limits and put people in: what was there is read first, and limits
    # are read again to see that nobody else sets them at the same time.
    assert _spent(sandbox, project.up) == {
        "getWorkspace": 1,
        "listWorkspaceBudgets": 2,
        "upsertWorkspaceBudget": 1,
        "listWorkspaceMembers": 1,
        "bulkAddWorkspaceMembers": 1,
    }
    assert _spent(sandbox, project.up) == {}
    assert _spent(sandbox, project.refresh) == {
        "listWorkspaceBudgets": 1,
        "listWorkspaceMembers": 1,
    }
