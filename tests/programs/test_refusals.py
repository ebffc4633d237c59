"""Bad inputs end a preview with one line each: resource, property, value, rule and way out."""

import pytest

from harness import Failure, Project
from pulumi_openrouter.sandbox import Sandbox

BAD = {
    "slug": (
        'openrouter.Workspace("acme", slug="Acme Prod")',
        "Workspace resource 'acme': property slug value {Acme Prod} has a problem: a slug is 1 to "
        '50 of a-z and 0-9 in parts joined by single hyphens; write "acme-prod"',
    ),
    "sort": (
        'openrouter.Workspace("acme", default_provider_sort="cheapest")',
        "Workspace resource 'acme': property default_provider_sort value {cheapest} has a problem: "
        "a provider sort is one of price, throughput, latency, exacto; choose one, or omit it",
    ),
    "limit": (
        'openrouter.WorkspaceBudget("acme", workspace="{id}", daily_usd=0)',
        "WorkspaceBudget resource 'acme': property daily_usd value {0} has a problem: a limit must "
        "be more than 0 USD; omit it to have none",
    ),
    "order": (
        'openrouter.WorkspaceBudget("acme", workspace="{id}", daily_usd=7, monthly_usd=5)',
        "WorkspaceBudget resource 'acme': property daily_usd value {7} has a problem: limits "
        "strictly decrease from lifetime to daily, but daily_usd (7) is not less than monthly_usd "
        "(5); lower daily_usd or raise monthly_usd",
    ),
    "member": (
        'openrouter.WorkspaceMembership("acme", workspace="{id}", user_ids=["user_1", "user_1"])',
        "WorkspaceMembership resource 'acme': property user_ids value {[{user_1} {user_1}]} has a "
        "problem: user_1 is in the list more than once; remove the duplicates",
    ),
}


@pytest.mark.parametrize(("program", "line"), BAD.values(), ids=BAD)
def test_a_bad_input_is_refused_in_preview(
    project: Project, sandbox: Sandbox, program: str, line: str
) -> None:
    """One line tells all, none of our code shows, and the API is not asked anything."""
    project.program(program.replace("{id}", "6b9d5f54-96e1-4f6e-9c0f-1d1f4f1f0001"))
    with pytest.raises(Failure) as failure:
        project.preview()
    assert failure.value.errors == [f"pulumi-python:dynamic/openrouter:{line}"]
    assert not failure.value.shows_our_code
    assert sandbox.requests() == []
