"""Every input of every resource in one program: given, changed, left out, it settles each time."""

import inspect
from typing import Any

import pytest

import pulumi_openrouter as openrouter
from harness import Project
from pulumi_openrouter.sandbox import Sandbox
from pulumi_openrouter.sandbox.seed import user_id

JANE, RAVI, MEI = "jane.doe@example.com", "ravi.patel@example.com", "mei.chen@example.com"
UNCHANGED = object()

# For each input: its default and another value, and what the API has once it is left out. Two
# resources of a kind have one of the values each, then the other one, then none.
WORKSPACE: dict[str, tuple[Any, Any, Any]] = {
    "name": ("One", "Two", "all-{turn}"),
    "slug": ("one-{turn}", "two-{turn}", "all-{turn}-dev"),
    "description": (None, "Production", None),
    "default_text_model": (None, "openai/gpt-4o", None),
    "default_image_model": (None, "openai/dall-e-3", None),
    "default_provider_sort": (None, "exacto", None),
    "is_observability_io_logging_enabled": (False, True, UNCHANGED),
    "is_observability_broadcast_enabled": (False, True, UNCHANGED),
    "is_data_discount_logging_enabled": (True, False, UNCHANGED),
    "io_logging_sampling_rate": (1, 0.1, UNCHANGED),
    "io_logging_api_key_ids": (None, [42, 7], None),
    "disabled_server_tools": (None, ["openrouter:web_search", "openrouter:web_fetch"], None),
    "adopt": (False, True, None),
}
BUDGET: dict[str, tuple[Any, Any, Any]] = {
    "daily_usd": (5, 0.5, None),
    "weekly_usd": (50, 60.25, None),
    "monthly_usd": (500, 600, None),
    "lifetime_usd": (5000, 1e15, None),
    "include_byok_in_budgets": (False, True, UNCHANGED),
    "exclusive": (False, True, None),
}
MEMBERSHIP: dict[str, tuple[Any, Any, Any]] = {
    "user_ids": ([user_id(JANE)], [user_id(RAVI), user_id(JANE)], [user_id(MEI)]),
    "emails": ([JANE], [RAVI.title(), JANE], [MEI]),
    "exclusive": (False, True, None),
    "skip_missing": (False, True, None),
}
# No field of the API: whether they are right shows in that nothing else comes or goes.
NO_FIELDS = ("adopt", "exclusive", "skip_missing")
# A budget has at least one limit, so each of the two keeps another one.
KEPT = ({"lifetime_usd": 5000}, {"daily_usd": 5})

PROGRAM = """
PHASE = {phase}
KEPT = {kept}
WORKSPACE = {workspace}
BUDGET = {budget}
MEMBERSHIP = {membership}

def given(table, turn):
    if PHASE == 2:
        return {{}}
    chosen = {{name: values[PHASE ^ turn] for name, values in table.items()}}
    return {{n: v.format(turn=turn) if isinstance(v, str) else v for n, v in chosen.items()}}

for turn in range(2):
    one = openrouter.Workspace(f"all-{{turn}}", **given(WORKSPACE, turn))
    other = openrouter.Workspace(f"other-{{turn}}")
    limits = KEPT[turn] if PHASE == 2 else given(BUDGET, turn)
    openrouter.WorkspaceBudget(f"all-{{turn}}", workspace=one, **limits)
    people = given(MEMBERSHIP, turn) or {{"user_ids": [{mei_id!r}], "emails": [{mei!r}]}}
    ids, emails = people.pop("user_ids"), people.pop("emails")
    openrouter.WorkspaceMembership(f"ids-{{turn}}", workspace=one, user_ids=ids, **people)
    openrouter.WorkspaceMembership(f"emails-{{turn}}", workspace=other, emails=emails, **people)
"""


@pytest.mark.parametrize(
    ("kind", "table"),
    [("Workspace", WORKSPACE), ("WorkspaceBudget", BUDGET), ("WorkspaceMembership", MEMBERSHIP)],
    ids=["workspace", "budget", "membership"],
)
def test_the_program_has_every_input(kind: str, table: dict[str, Any]) -> None:
    """An input that the tables above forget fails here; `workspace` is given to every child."""
    parameters = inspect.signature(getattr(openrouter, kind).__init__).parameters.values()
    inputs = {p.name for p in parameters if p.kind is p.KEYWORD_ONLY}
    assert inputs - {"workspace"} == set(table)


def _wanted(phase: int, turn: int) -> dict[str, Any]:
    """Return the values that this turn's resources have in this phase, where the API shows them."""
    wanted: dict[str, Any] = {}
    for name, values in {**WORKSPACE, **BUDGET, **MEMBERSHIP}.items():
        value = values[phase ^ turn] if phase < 2 else values[2]
        if value is UNCHANGED:
            value = values[1 ^ turn]
        if isinstance(value, str):
            value = value.format(turn=turn)
        if isinstance(value, list):
            value = sorted(v.lower() if isinstance(v, str) else v for v in value)
        wanted[name] = value
    wanted |= KEPT[turn] if phase == 2 else {}
    return {name: value for name, value in wanted.items() if name not in NO_FIELDS}


def _live(project: Project, sandbox: Sandbox, turn: int) -> dict[str, Any]:
    """Return what the API has for each input that this turn's resources are about."""
    state = sandbox.state()
    by_id = {workspace["id"]: workspace for workspace in state["workspaces"]}
    by_name = {r["urn"].rpartition("::")[2]: r["id"] for r in project.resources()}
    one, other = (by_id[by_name[f"{name}-{turn}"].partition("/")[0]] for name in ("all", "other"))
    emails = {person["id"]: person["email"] for person in state["organization_members"]}
    return {
        **{name: one[name] for name in WORKSPACE if name not in NO_FIELDS},
        **{f"{i}_usd": one["budgets"].get(i) for i in ("daily", "weekly", "monthly", "lifetime")},
        "include_byok_in_budgets": one["include_byok_in_budgets"],
        "user_ids": sorted(one["members"]),
        "emails": sorted(emails[who] for who in other["members"]),
    }


# A dozen runs of an engine: more than the suite's limit allows on a busy machine.
@pytest.mark.timeout(900)
def test_every_input_settles_at_every_value(project: Project, sandbox: Sandbox) -> None:
    """At a default and at another value, swapped, and left out: the API has it, then 0 changes."""
    for phase in range(3):
        project.program(
            PROGRAM.format(
                phase=phase,
                kept=KEPT,
                workspace=_values(WORKSPACE),
                budget=_values(BUDGET),
                membership=_values(MEMBERSHIP),
                mei=MEI,
                mei_id=user_id(MEI),
            )
        )
        assert "replace" not in project.up().changes
        for turn in range(2):
            assert _live(project, sandbox, turn) == _wanted(phase, turn)
        sandbox.clear_requests()
        assert project.up().is_empty, f"a second up found something to do in phase {phase}"
        assert sandbox.requests() == [], "without a change the API was asked something"
        assert project.refresh().is_empty, f"a refresh found drift in phase {phase}"
        assert project.up().is_empty, f"an up after a refresh found something in phase {phase}"
    project.destroy()
    assert [workspace["slug"] for workspace in sandbox.state()["workspaces"]] == ["default"]


def _values(table: dict[str, tuple[Any, Any, Any]]) -> dict[str, Any]:
    """Return the part of a table that stands in the program."""
    return {name: values[:2] for name, values in table.items()}
