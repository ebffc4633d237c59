"""How many requests each step of a program's life costs: as many as the API makes necessary."""

from collections.abc import Callable

import httpx

from bench.workload import PEOPLE, Counts, Step, Variant, program, requests_of, slugs
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


def _create_by_hand(sandbox: Sandbox, slug: str) -> None:
    headers = {"Authorization": f"Bearer {sandbox.key}"}
    body = {"name": slug, "slug": slug}
    httpx.post(f"{sandbox.url}/workspaces", json=body, headers=headers).raise_for_status()


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


def test_a_destroy_with_deleted_with_costs_one_request_for_each_workspace(
    project: Project, sandbox: Sandbox
) -> None:
    """Budgets and memberships that are deleted with their workspace send nothing themselves."""
    variant = Variant.DELETED_WITH
    people = _people(sandbox, "id")
    project.program(program(N, people, description="first", variant=variant))
    assert _spent(sandbox, project.up) == requests_of(Step.UP, N, variant)
    assert _spent(sandbox, project.up) == {}
    assert _spent(sandbox, project.destroy) == requests_of(Step.DESTROY, N, variant)


def test_a_preview_looks_once_at_each_workspace_that_it_adopts(
    project: Project, sandbox: Sandbox
) -> None:
    """Adopting N workspaces with limits, and people by email, costs a preview 2 N + 1 reads."""
    for slug in slugs(N):
        _create_by_hand(sandbox, slug)
    variant = Variant.ADOPTED
    people = _people(sandbox, "email")
    project.program(program(N, people, description="first", by="emails", variant=variant))
    spent = _spent(sandbox, project.preview)
    assert spent == requests_of(Step.PREVIEW, N, variant)
    assert sum(spent.values()) == 2 * N + 1
    assert sandbox.requests(writes_only=True) == []


def test_a_preview_of_adopted_workspaces_reads_each_once(
    project: Project, sandbox: Sandbox
) -> None:
    """Adopting N workspaces, with people by email, costs a preview N + 1 reads."""
    for slug in slugs(N):
        _create_by_hand(sandbox, slug)
    [email, *_] = _people(sandbox, "email")
    project.program(
        f"""
        for slug in {[*slugs(N)]}:
            w = openrouter.Workspace(slug, slug=slug, adopt=True)
            openrouter.WorkspaceMembership(slug, workspace=w, emails=["{email}"])
        """
    )
    spent = _spent(sandbox, project.preview)
    assert spent == {"getWorkspace": N, "listOrganizationMembers": 1}


def test_emails_cost_one_reading_of_the_organization(project: Project, sandbox: Sandbox) -> None:
    """An organization of 256 is read once for all memberships, for new emails and by a refresh."""
    sandbox.add_organization_members(250)
    project.program(program(N, _people(sandbox, "email"), description="first", by="emails"))
    assert _spent(sandbox, project.preview) == {"listOrganizationMembers": 3}
    expected = requests_of(Step.UP, N) | {"listOrganizationMembers": 3}
    assert _spent(sandbox, project.up) == expected
    assert _spent(sandbox, project.preview) == {}
    assert _spent(sandbox, project.up) == {}
    refresh = requests_of(Step.REFRESH, N) | {"listOrganizationMembers": 3}
    assert _spent(sandbox, project.refresh) == refresh
    assert _spent(sandbox, project.destroy) == requests_of(Step.DESTROY, N)


def test_a_slug_costs_its_one_look_up(project: Project, sandbox: Sandbox) -> None:
    """Two parts of a workspace that is named by its slug look it up once between them."""
    _create_by_hand(sandbox, "shared")
    project.program(
        f"""
        openrouter.WorkspaceBudget("shared", workspace="shared", daily_usd=50)
        openrouter.WorkspaceMembership(
            "shared", workspace="shared", user_ids={_people(sandbox, "id")!r}
        )
        """
    )
    # Somebody else may have set limits. A preview reads them to say which ones are overwritten.
    assert _spent(sandbox, project.preview) == {"getWorkspace": 1, "listWorkspaceBudgets": 1}
    # An up reads limits and people before it writes, and limits again to see that nobody else sets
    # them at the same time.
    assert _spent(sandbox, project.up) == {
        "getWorkspace": 1,
        "listWorkspaceBudgets": 3,
        "upsertWorkspaceBudget": 1,
        "listWorkspaceMembers": 1,
        "bulkAddWorkspaceMembers": 1,
    }
    assert _spent(sandbox, project.up) == {}
    assert _spent(sandbox, project.refresh) == {
        "listWorkspaceBudgets": 1,
        "listWorkspaceMembers": 1,
    }
