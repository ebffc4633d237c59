"""Teams from a YAML file: what a changed file does, and what a wrong one says."""

import re
from pathlib import Path

import pytest

from harness import Engine, Failure, Project
from harness.examples import EXAMPLES, copied, project_in, slugs
from harness.organization import live
from pulumi_openrouter.sandbox import Sandbox

README = (EXAMPLES / "07-teams-from-yaml/README.md").read_text(encoding="utf-8")
SEARCH = """\
search:
  description: Search and ranking
  monthly_usd: 900
  members: [jane.doe@example.com]
"""


@pytest.fixture
def teams(tmp_path: Path, sandbox: Sandbox) -> Project:
    """Open the example in stack `prod`."""
    folder = copied("07-teams-from-yaml", tmp_path / "teams")
    return project_in(folder, Engine.OFFLINE, sandbox, "prod")


def test_an_entry_more_is_a_team_more(teams: Project, sandbox: Sandbox) -> None:
    """An entry that is added to the file makes that team's resources and touches no other team."""
    file = teams.folder / "teams.yaml"
    file.write_text(SEARCH)
    teams.up()
    file.write_text(SEARCH + SEARCH.replace("search", "support").replace("900", "400"))
    assert teams.up().changes == {"create": 4, "same": 5}
    assert slugs(sandbox) == ["default", "search-prod", "support-prod"]
    assert live(sandbox, "support-prod")["budgets"] == {"monthly": 400}


def test_a_removed_entry_deletes_the_team(teams: Project, sandbox: Sandbox) -> None:
    """An entry that leaves the file takes its workspace with it."""
    teams.up()
    (teams.folder / "teams.yaml").write_text(SEARCH)
    teams.up()
    assert slugs(sandbox) == ["default", "search-prod"]


WRONG = {
    "a limit below zero": (
        SEARCH.replace("900", "-900"),
        ["teams.yaml cannot be used:", "search.monthly_usd: Input should be greater than 0"],
    ),
    "a key that is spelled wrong": (
        SEARCH.replace("members", "member"),
        ["search.members: Field required", "search.member: Extra inputs are not permitted"],
    ),
    "a name that is no slug": (
        SEARCH.replace("search:", "Search Team:"),
        ["Search Team.[key]: String should match pattern"],
    ),
    "a team that is listed twice": (
        SEARCH + SEARCH,
        ['teams.yaml, line 5: found duplicate key "search"'],
    ),
    "a file that is not YAML": (
        "search: [",
        ["teams.yaml, line 1: expected"],
    ),
    "an empty file": ("", ["the file: Input should be a valid dictionary, but it is None"]),
}


@pytest.mark.parametrize(("text", "said"), WRONG.values(), ids=WRONG)
def test_a_wrong_file_is_refused(
    text: str, said: list[str], teams: Project, sandbox: Sandbox
) -> None:
    """A wrong file fails before anything is sent, without a traceback, and names what is wrong."""
    (teams.folder / "teams.yaml").write_text(text)
    with pytest.raises(Failure) as failure:
        teams.up()
    for part in said:
        assert part in str(failure.value)
    assert "Traceback" not in str(failure.value)
    assert slugs(sandbox) == ["default"]


def test_the_readme_shows_what_a_wrong_file_says(teams: Project) -> None:
    """The errors in the README are those of the example's own file with two mistakes in it."""
    file = teams.folder / "teams.yaml"
    before, support, rest = file.read_text().partition("support:")
    before = before.replace("monthly_usd: 900", "monthly_usd: -900")
    file.write_text(before + support + rest.replace("members", "member"))
    with pytest.raises(Failure) as failure:
        teams.up()
    [shown] = re.findall("^```console\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    assert str(failure.value).strip() == shown.strip()
