"""Two resources of one program that manage the same thing: refused in preview, by both names."""

import re

import pytest

from harness import Failure, Project
from harness.organization import Somebody
from pulumi_openrouter.sandbox import Sandbox
from pulumi_openrouter.sandbox.seed import user_id

JANE = "jane.doe@example.com"
JANE_ID = user_id(JANE)


def _refusal(project: Project) -> str:
    """Return what the failure of a preview says of two owners, from the first one's name on."""
    with pytest.raises(Failure) as failure:
        project.preview()
    assert not failure.value.shows_our_code
    [line] = {*re.findall(r"Workspace\w* \"\w+\".* and .*", str(failure.value))}
    return str(line)


NEW = {
    "one-limit": (
        """
        acme = openrouter.Workspace("acme")
        openrouter.WorkspaceBudget("one", workspace=acme, daily_usd=1)
        openrouter.WorkspaceBudget("two", workspace=acme, daily_usd=2)
        """,
        'WorkspaceBudget "one" and WorkspaceBudget "two" both manage the daily limit of Workspace '
        '"acme"; leave it to one of them.',
    ),
    "the-flag": (
        """
        acme = openrouter.Workspace("acme")
        flag = dict(include_byok_in_budgets=True)
        openrouter.WorkspaceBudget("one", workspace=acme, daily_usd=1, **flag)
        openrouter.WorkspaceBudget("two", workspace=acme, weekly_usd=2, **flag)
        """,
        'WorkspaceBudget "one" and WorkspaceBudget "two" both manage include_byok_in_budgets of '
        'Workspace "acme"; leave it to one of them.',
    ),
    "an-exclusive-membership": (
        """
        acme = openrouter.Workspace("acme")
        both = dict(workspace=acme, exclusive=True)
        openrouter.WorkspaceMembership("one", user_ids=["user_1"], **both)
        openrouter.WorkspaceMembership("two", user_ids=["user_2"], **both)
        """,
        'WorkspaceMembership "one" and WorkspaceMembership "two" both manage Workspace "acme", one '
        "of them with exclusive=True; merge them.",
    ),
    "the-slug-of-a-workspace-that-is-passed": (
        """
        acme = openrouter.Workspace("acme")
        after = pulumi.ResourceOptions(depends_on=[acme])
        openrouter.WorkspaceBudget("one", workspace=acme, daily_usd=1)
        openrouter.WorkspaceBudget("two", after, workspace="acme-dev", daily_usd=2)
        """,
        # As the one names it that Pulumi checks first.
        'WorkspaceBudget "one" and WorkspaceBudget "two" both manage the daily limit of '
        '(Workspace "acme"|workspace "acme-dev"); leave it to one of them.',
    ),
    "one-slug": (
        """
        openrouter.Workspace("one", slug="acme")
        openrouter.Workspace("two", slug="acme")
        """,
        'Workspace "one" and Workspace "two" have the same slug "acme"; rename one of them.',
    ),
    "one-slug-in-two-components": (
        """
        class Team(pulumi.ComponentResource):
            def __init__(self, name):
                super().__init__("acme:index:Team", name)
                openrouter.Workspace(
                    "acme", pulumi.ResourceOptions(parent=self), slug="acme", name=name
                )

        Team("one")
        openrouter.Workspace("acme", slug="acme", name="two")
        """,
        'Workspace "acme" and Workspace "acme" in acme:index:Team have the same slug "acme"; '
        "rename one of them.",
    ),
}


@pytest.mark.parametrize(("program", "says"), NEW.values(), ids=NEW)
def test_two_owners_are_refused_in_preview_in_one_line(
    project: Project, sandbox: Sandbox, program: str, says: str
) -> None:
    """The line names both resources and what they share; nothing is written, and no traceback."""
    project.program(program)
    assert re.fullmatch(says, _refusal(project))
    assert sandbox.requests(writes_only=True) == []


LATE = {
    "slug-against-id": (
        """
        openrouter.WorkspaceBudget("one", workspace="theirs", daily_usd=1)
        openrouter.WorkspaceBudget("two", workspace="{id}", daily_usd=1)
        """,
        'WorkspaceBudget "one" and WorkspaceBudget "two" both manage the daily limit',
    ),
    "slug-against-get": (
        """
        theirs = openrouter.Workspace.get("theirs", "{id}")
        openrouter.WorkspaceBudget("one", workspace=theirs, daily_usd=1)
        openrouter.WorkspaceBudget("two", workspace="theirs", daily_usd=1)
        """,
        'WorkspaceBudget "one" and WorkspaceBudget "two" both manage the daily limit',
    ),
    "email-against-user-id": (
        """
        openrouter.WorkspaceMembership("one", workspace="{id}", emails=["{jane}"])
        openrouter.WorkspaceMembership("two", workspace="{id}", user_ids=["{jane_id}"])
        """,
        f'WorkspaceMembership "one" and WorkspaceMembership "two" both manage {JANE_ID}',
    ),
    "people-that-are-outputs": (
        """
        later = pulumi.Output.from_input("user_1")
        openrouter.WorkspaceMembership("one", workspace="{id}", user_ids=[later])
        openrouter.WorkspaceMembership("two", workspace="{id}", user_ids=["user_1"])
        """,
        'WorkspaceMembership "one" and WorkspaceMembership "two" both manage user_1 in workspace',
    ),
    "exclusive-that-is-an-output": (
        """
        later = pulumi.Output.from_input(True)
        openrouter.WorkspaceMembership("one", workspace="{id}", user_ids=["user_1"])
        openrouter.WorkspaceMembership(
            "two", workspace="{id}", user_ids=["user_2"], exclusive=later
        )
        """,
        "one of them with exclusive=True",
    ),
}


@pytest.mark.parametrize(("program", "says"), LATE.values(), ids=LATE)
def test_what_shows_only_late_is_refused_in_preview_too(
    project: Project, sandbox: Sandbox, somebody: Somebody, program: str, says: str
) -> None:
    """Where forms differ or values are outputs, reads are all that it takes."""
    theirs = somebody.creates("theirs")
    sandbox.clear_requests()
    project.program(
        program.replace("{id}", theirs).replace("{jane}", JANE).replace("{jane_id}", JANE_ID)
    )
    assert says in _refusal(project)
    assert sandbox.requests(writes_only=True) == []
