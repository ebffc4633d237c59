"""What a program marks as secret stands in plain text nowhere that Pulumi keeps or shows."""

from __future__ import annotations

import json

import pytest

from harness import Engine, Failure, Project
from harness.organization import Somebody
from pulumi_openrouter.sandbox import Sandbox
from pulumi_openrouter.sandbox.seed import user_id

RAVI, JOHN = "ravi.patel@example.com", "john@example.com"
DESCRIPTION = "the-hidden-description"
LIMIT = 4711.25


@pytest.fixture
def program(project: Project, sandbox: Sandbox, somebody: Somebody) -> list[str]:
    """Write a program whose secrets are also in what it takes over; return the secrets."""
    john = sandbox.add_person(JOHN)
    team = somebody.creates("team", description="Old")
    somebody.sets(team, monthly=1300)
    project.program(
        f"""
        secret = pulumi.Output.secret
        team = openrouter.Workspace("team", slug="team", adopt=True,
            description=secret("{DESCRIPTION}"))
        openrouter.WorkspaceBudget("team", workspace=team, monthly_usd=secret({LIMIT}))
        by_email = openrouter.WorkspaceMembership("team", workspace=team,
            emails=["{RAVI}", secret("missing@example.com")], skip_missing=True)
        other = openrouter.Workspace("other", slug="other")
        by_id = openrouter.WorkspaceMembership("other", workspace=other,
            user_ids=secret(["{john}"]))
        pulumi.export("people", by_email.people)
        pulumi.export("members", by_email.members)
        pulumi.export("by_id", by_id.members)
        pulumi.export("ids", by_id.people)
        pulumi.export("emails", by_email.emails)
        """
    )
    return [RAVI, user_id(RAVI), "missing@example.com", john, DESCRIPTION, str(LIMIT)]


def test_secret_inputs_stay_secret(project: Project, sandbox: Sandbox, program: list[str]) -> None:
    """Neither the screen nor the state, its history nor the outputs show any of them."""
    outcomes = [project.preview(), project.up(), project.up(), project.refresh(), project.up()]
    for secret in program:
        for outcome in outcomes:
            assert secret not in outcome.stdout
    folder = "backend" if project.engine is Engine.CLI else ".pulumi-offline"
    assert "dev.json" in project.files_with("openrouter:Workspace", folder)
    for secret in program:
        assert project.files_with(secret, folder) == [], secret
    if project.engine is Engine.CLI:
        shown = project.pulumi("stack", "output", "--json")
    else:
        outputs = project.stack.outputs()
        assert all(output.secret for output in outputs.values())
        shown = ""
    assert [secret for secret in program if secret in shown] == []
    assert json.dumps(sandbox.state()).count(DESCRIPTION) == 1


SECRET_UNTIL_NOW = {
    "people": (
        f'WorkspaceMembership("b", workspace=w, emails=secret(["jane.doe@example.com", "{RAVI}"]))',
        'WorkspaceMembership("b", workspace=w, emails=secret(["jane.doe@example.com"]), '
        "exclusive=True)",
        RAVI,
        "1 of the people (secret)",
    ),
    "limits": (
        'WorkspaceBudget("b", workspace=w, daily_usd=secret(777), monthly_usd=secret(7777))',
        'WorkspaceBudget("b", workspace=w, daily_usd=secret(777), exclusive=True)',
        "7777",
        "monthly_usd: [secret] -> null",
    ),
}


@pytest.mark.parametrize(
    ("before", "after", "secret", "says"), SECRET_UNTIL_NOW.values(), ids=SECRET_UNTIL_NOW
)
def test_what_was_secret_leaves_unnamed(
    project: Project, before: str, after: str, secret: str, says: str
) -> None:
    """A notice about what goes hides what the last run marked as secret."""
    head = "secret = pulumi.Output.secret\nw = openrouter.Workspace('w')\nopenrouter."
    project.program(head + before)
    project.up()
    project.program(head + after)
    for outcome in (project.preview(), project.up()):
        assert says in outcome.stdout
        assert secret not in outcome.stdout
    project.settle()


def test_an_error_hides_the_limits_that_were_secret(project: Project, somebody: Somebody) -> None:
    """OpenRouter refuses the new limit, and the message says which limits the workspace has."""
    head = "secret = pulumi.Output.secret\nw = openrouter.Workspace('w', slug='w')\n"
    budget = 'openrouter.WorkspaceBudget("b", workspace=w, daily_usd={})'
    project.program(head + budget.format("secret(777)"))
    project.up()
    somebody.sets("w", weekly=5000)
    project.program(head + budget.format("9999"))
    with pytest.raises(Failure, match="weekly_usd=5000") as failure:
        project.up()
    assert "777" not in str(failure.value)


SECRET_AND_WRONG = {
    'WorkspaceBudget("b", workspace=w, daily_usd=secret(777.25), weekly_usd=5)': "777.25",
    'WorkspaceBudget("b", workspace=secret("hidden-team"), daily_usd=1)': "hidden-team",
    'Workspace("b", slug=secret("Hidden Name"))': "hidden-name",
    'Workspace("b", disabled_server_tools=secret(["hidden-tool"]))': "hidden-tool",
    'WorkspaceMembership("b", workspace=w, user_ids=secret(["user_hidden"]))': "user_hidden",
}


SECRET_AND_NOT_THERE = {
    'get_workspace_output(secret("hidden-team"))': ("hidden-team", 'reading workspace "[secret]"'),
    'get_organization_members_output([plain, secret("hidden@example.com")])': (
        "hidden@example.com",
        'has the email "plain@example.com", "[secret]"',
    ),
    'get_organization_members_output(secret(["hidden@example.com"]))': (
        "hidden@example.com",
        'has the email "[secret]"',
    ),
    'get_organization_members_output(secret("hidden@example.com"))': (
        "hidden@example.com",
        'emails must be a list of emails: ["[secret]"], not a string',
    ),
}


@pytest.mark.parametrize("line", SECRET_AND_NOT_THERE)
def test_a_lookup_that_fails_hides_what_is_secret(project: Project, line: str) -> None:
    """What is looked up in vain is not shown where the program marks it secret."""
    project.program(
        f"""
        secret = pulumi.Output.secret
        plain = "plain@example.com"
        openrouter.{line}
        """
    )
    hidden, words = SECRET_AND_NOT_THERE[line]
    with pytest.raises(Failure) as failure:
        project.preview()
    assert hidden not in str(failure.value)
    assert words in str(failure.value)


@pytest.mark.parametrize("line", SECRET_AND_WRONG)
def test_errors_and_notices_hide_what_is_secret(project: Project, line: str) -> None:
    """A value that is refused is not shown where the program marks it secret."""
    project.program(
        f"""
        secret = pulumi.Output.secret
        w = openrouter.Workspace("w", slug="w")
        openrouter.{line}
        """
    )
    with pytest.raises(Failure) as failure:
        project.up()
    assert SECRET_AND_WRONG[line] not in str(failure.value)
