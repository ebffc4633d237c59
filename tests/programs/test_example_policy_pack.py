"""The policy pack: its rules on the resources of real stacks, and the pack itself on the CLI."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from harness import Engine, Failure, Project
from harness.examples import EXAMPLES, copied, module, on_the_cli, project_in
from pulumi_openrouter.sandbox import Sandbox

RULES: Any = module(EXAMPLES / "10-policy-pack/policy/rules.py")
ENVIRONMENT = EXAMPLES.parent / ".venv/policy"

NOTHING_WRONG = """
for team in ("search", "support"):
    workspace = openrouter.Workspace(
        team,
        is_observability_io_logging_enabled=False,
        is_data_discount_logging_enabled=False,
    )
    openrouter.WorkspaceBudget(team, workspace=workspace, monthly_usd=90)
"""
BY_SLUG = NOTHING_WRONG.replace(
    "workspace=workspace,", "workspace=f'{team}-{pulumi.get_stack()}',"
).replace("monthly_usd=90", "monthly_usd=90, opts=pulumi.ResourceOptions(depends_on=[workspace])")
NO_BUDGET = NOTHING_WRONG.partition("    openrouter.WorkspaceBudget(")[0]
DAILY_ONLY = NOTHING_WRONG.replace("monthly_usd=90", "daily_usd=9")
TOO_MUCH = NOTHING_WRONG.replace("monthly_usd=90", "monthly_usd=6000")
LEFT_OUT = NOTHING_WRONG.replace("is_data_discount_logging_enabled=False,", "")
LOGGED = NOTHING_WRONG.replace(
    "is_observability_io_logging_enabled=False", "is_observability_io_logging_enabled=True"
)

NO_LIMIT = 'Workspace "search" has no monthly limit; add a WorkspaceBudget with monthly_usd.'
OVER_PROD = (
    'The monthly limits of stack "prod" add up to 12,000 USD, more than its ceiling of 10,000 USD; '
    "lower a limit, or have the ceiling raised."
)
OVER_DEV = OVER_PROD.replace('"prod"', '"dev"').replace("10,000", "200")
MAY_LOG = 'Workspace "search" is in production and may log prompts; pass {}=False.'

VIOLATIONS = {
    "nothing is wrong": (NOTHING_WRONG, "prod", []),
    "the workspace is named by its slug": (BY_SLUG, "prod", []),
    "a workspace without a budget": (NO_BUDGET, "prod", [NO_LIMIT]),
    "a budget without a monthly limit": (DAILY_ONLY, "prod", [NO_LIMIT]),
    "more than the ceiling of production": (TOO_MUCH, "prod", [OVER_PROD]),
    "more than the ceiling of other stacks": (TOO_MUCH, "dev", [OVER_DEV]),
    "prompts are logged in production": (
        LOGGED,
        "prod",
        [MAY_LOG.format("is_observability_io_logging_enabled")],
    ),
    "a flag is left out in production": (
        LEFT_OUT,
        "prod",
        [MAY_LOG.format("is_data_discount_logging_enabled")],
    ),
    "prompts are logged elsewhere": (LOGGED, "dev", []),
}


def violations(resources: Iterable[dict[str, Any]]) -> list[str]:
    """Apply all rules to the resources of an exported state."""
    seen = [
        RULES.Resource(
            one["type"],
            one["urn"],
            one["inputs"],
            {
                name: frozenset(urns)
                for name, urns in one.get("propertyDependencies", {}).items()
                if urns
            },
        )
        for one in resources
    ]
    rules = (*RULES.RESOURCE_RULES, *RULES.STACK_RULES)
    return [found.message for rule in rules for found in rule(seen)]


@pytest.mark.parametrize(("program", "stack", "found"), VIOLATIONS.values(), ids=VIOLATIONS)
def test_rules_judge_what_a_stack_holds(
    program: str, stack: str, found: list[str], tmp_path: Path, sandbox: Sandbox
) -> None:
    """Applied to the resources of a stack that came up, each rule finds what breaks it."""
    project = Project(tmp_path, Engine.OFFLINE, sandbox.environment, stack=stack)
    project.program(program)
    project.up()
    assert [text for text in violations(project.resources()) if '"support"' not in text] == found


@pytest.fixture
def packed(tmp_path: Path, sandbox: Sandbox) -> Project:
    """Open the example on the CLI, with the environment of its pack."""
    assert ENVIRONMENT.is_dir(), "run `make .venv/policy.stamp`, as `make test-pulumi` does"
    folder = copied("10-policy-pack", tmp_path / "example")
    (folder / "policy/.venv").symlink_to(ENVIRONMENT)
    return project_in(folder, Engine.CLI, sandbox, "prod")


@on_the_cli
def test_the_pack_lets_the_example_pass(packed: Project) -> None:
    """With the pack, the example previews and comes up, and no rule is skipped in either."""
    previewed = packed.pulumi("preview", "--policy-pack", "policy")
    came_up = packed.up(policy_packs=["policy"]).stdout
    for printed in (previewed, came_up):
        assert "openrouter-house-rules" in printed
        assert "mandatory" not in printed
        assert "advisory" not in printed


@on_the_cli
def test_the_pack_stops_a_preview(packed: Project) -> None:
    """A program that breaks each rule fails in the preview, which says what to do."""
    packed.program(
        """
        openrouter.Workspace("chat")
        other = openrouter.Workspace("batch", is_data_discount_logging_enabled=False)
        openrouter.WorkspaceBudget("batch", workspace=other, monthly_usd=50000)
        """
    )
    with pytest.raises(Failure) as failure:
        packed.preview(policy_packs=["policy"])
    text = str(failure.value)
    assert 'Workspace "chat" has no monthly limit' in text
    assert "50,000 USD, more than its ceiling of 10,000 USD" in text
    assert 'Workspace "batch" is in production and may log prompts' in text


@on_the_cli
def test_the_pack_stops_an_update_before_the_change(packed: Project, sandbox: Sandbox) -> None:
    """`up` stops at its preview for a stack, and without a preview at the resource itself."""
    before = sandbox.state()
    packed.program(TOO_MUCH)
    with pytest.raises(Failure, match="more than its ceiling"):
        packed.pulumi("up", "--yes", "--policy-pack", "policy")
    packed.program(LEFT_OUT)
    with pytest.raises(Failure, match="may log prompts"):
        packed.up(policy_packs=["policy"])
    assert sandbox.state() == before
