"""Two resources of one program that manage the same thing: refused in preview, by both names."""

import json

import pytest

from harness import Failure, Project
from pulumi_openrouter.api.client import Client
from pulumi_openrouter.sandbox import Sandbox
from pulumi_openrouter.sandbox.seed import user_id

JANE = "jane.doe@example.com"
JANE_ID = user_id(JANE)
ID = "6b9d5f54-96e1-4f6e-9c0f-1d1f4f1f00"

# What is said of each second owner below, in order, seen as soon as it is constructed.
AT_ONCE = """
import json, pathlib

said = []

def second(make, *args, **inputs):
    try:
        make(*args, **inputs)
    except pulumi.RunError as error:
        said.append(str(error))
    else:
        said.append("nothing")

Workspace, Budget, Membership = (
    openrouter.Workspace, openrouter.WorkspaceBudget, openrouter.WorkspaceMembership
)
acme = Workspace("acme")
Budget("a", workspace=acme, daily_usd=1, include_byok_in_budgets=True)
second(Budget, "b", workspace=acme, daily_usd=2)
second(Budget, "c", workspace=acme, weekly_usd=2, include_byok_in_budgets=False)
second(Budget, "d", workspace=acme, monthly_usd=9, exclusive=True)
second(Budget, "e", workspace="acme-dev", daily_usd=2)
second(Budget, "f", workspace=acme, lifetime_usd=9)
Budget("g", workspace="{ID}01", daily_usd=1)
second(Budget, "h", workspace="{ID}01".upper(), daily_usd=1)
second(Budget, "i", workspace="{ID}02", daily_usd=1)
Membership("a", workspace=acme, user_ids=["user_1"])
second(Membership, "b", workspace=acme, user_ids=["user_2", "user_1"])
second(Membership, "c", workspace=acme, user_ids=["user_3"], exclusive=True)
second(Membership, "d", workspace=acme, user_ids=["user_4"])
Membership("e", workspace="{ID}03", emails=["{JANE}"])
second(Membership, "f", workspace="{ID}03", emails=["{JANE}".title()])
second(Workspace, "acme-again", slug="acme-dev")
pathlib.Path("said.json").write_text(json.dumps(said))
""".replace("{ID}", ID).replace("{JANE}", JANE)

SAID = [
    'WorkspaceBudget "a" and WorkspaceBudget "b" both manage the daily limit of workspace '
    '"acme-dev"; leave it to one of them.',
    'WorkspaceBudget "a" and WorkspaceBudget "c" both manage include_byok_in_budgets of workspace '
    '"acme-dev"; leave it to one of them.',
    'WorkspaceBudget "a" and WorkspaceBudget "d" both manage workspace "acme-dev", one of them '
    "with exclusive=True; leave it to one of them.",
    'WorkspaceBudget "a" and WorkspaceBudget "e" both manage the daily limit of workspace '
    '"acme-dev"; leave it to one of them.',
    "nothing",
    f'WorkspaceBudget "g" and WorkspaceBudget "h" both manage the daily limit of workspace "{ID}01"'
    "; leave it to one of them.",
    "nothing",
    'WorkspaceMembership "a" and WorkspaceMembership "b" both manage user_1 in workspace '
    '"acme-dev"; leave it to one of them.',
    'WorkspaceMembership "a" and WorkspaceMembership "c" both manage workspace "acme-dev", one of '
    "them with exclusive=True; leave it to one of them.",
    "nothing",
    f'WorkspaceMembership "e" and WorkspaceMembership "f" both manage {JANE} in workspace "{ID}03"'
    "; leave it to one of them.",
    'Workspace "acme" and Workspace "acme-again" have the same slug "acme-dev"; give one of them '
    "another.",
]


def test_two_owners_are_seen_before_any_id_is_known(project: Project, sandbox: Sandbox) -> None:
    """By Workspace, id or slug: the second constructor says who both are, and nothing is asked."""
    project.program(AT_ONCE)
    project.preview()
    assert json.loads((project.folder / "said.json").read_text()) == SAID
    assert sandbox.requests() == []


def _refusal(project: Project) -> str:
    """Give what the failure of a preview says two owners have in common, on one line."""
    with pytest.raises(Failure) as failure:
        project.preview()
    assert not failure.value.shows_our_code
    [line] = {
        line[line.index("Workspace") :]
        for line in str(failure.value).splitlines()
        if " both " in line
    }
    return line


def test_the_program_ends_with_one_line(project: Project, sandbox: Sandbox) -> None:
    """What the user sees is the line, no traceback, and nothing was asked of the API."""
    project.program(
        """
        acme = openrouter.Workspace("acme")
        openrouter.WorkspaceBudget("one", workspace=acme, daily_usd=1)
        openrouter.WorkspaceBudget("two", workspace=acme, daily_usd=1)
        """
    )
    assert _refusal(project) == (
        'WorkspaceBudget "one" and WorkspaceBudget "two" both manage the daily limit of workspace '
        '"acme-dev"; leave it to one of them.'
    )
    assert sandbox.requests() == []


LATE = {
    "slug-against-id": (
        """
        openrouter.WorkspaceBudget("one", workspace="theirs", daily_usd=1)
        openrouter.WorkspaceBudget("two", workspace="{id}", daily_usd=1)
        """,
        'WorkspaceBudget "two" and WorkspaceBudget "one" both manage the daily limit',
    ),
    "slug-against-get": (
        """
        theirs = openrouter.Workspace.get("theirs", "{id}")
        openrouter.WorkspaceBudget("one", workspace=theirs, daily_usd=1)
        openrouter.WorkspaceBudget("two", workspace="theirs", daily_usd=1)
        """,
        "both manage the daily limit",
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
        'WorkspaceMembership "one" and WorkspaceMembership "two" both manage user_1',
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
    project: Project, sandbox: Sandbox, somebody: Client, program: str, says: str
) -> None:
    """Where forms differ or values are outputs, a read is all that it takes; nothing is written."""
    theirs = somebody.workspaces.create({"name": "Theirs", "slug": "theirs"}).id
    sandbox.clear_requests()
    project.program(
        program.replace("{id}", theirs).replace("{jane}", JANE).replace("{jane_id}", JANE_ID)
    )
    assert says in _refusal(project)
    assert sandbox.requests(writes_only=True) == []
