"""The rules as plain functions of resources, so that a test can call them without a policy engine.

Each rule takes resources of a stack and yields its violations.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

WORKSPACE = "pulumi-python:dynamic/openrouter:Workspace"
BUDGET = "pulumi-python:dynamic/openrouter:WorkspaceBudget"

# The sum of all monthly limits in a stack may reach this; stacks that are not listed get the first.
DEFAULT_CEILING_USD = 200
CEILINGS_USD = {"staging": 1000, "prod": 10_000}

PRODUCTION = {"prod"}
LOGGING = ("is_observability_io_logging_enabled", "is_data_discount_logging_enabled")


@dataclass(frozen=True)
class Resource:
    """What the rules look at, whoever provides it."""

    type: str
    urn: str
    properties: Mapping[str, Any]
    dependencies: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """For each input, the URNs of the resources that its value comes from."""

    @property
    def name(self) -> str:
        """The name in the program: a URN ends with it."""
        return self.urn.rpartition("::")[2]

    @property
    def stack(self) -> str:
        """The stack: a URN begins with `urn:pulumi:<stack>`."""
        return self.urn.split("::")[0].rpartition(":")[2]


@dataclass(frozen=True)
class Violation:
    """What is wrong, and with which resource."""

    urn: str
    message: str


Rule = Callable[[list[Resource]], Iterator[Violation]]


def every_workspace_has_a_budget(resources: list[Resource]) -> Iterator[Violation]:
    """Require a monthly limit for each workspace that the stack manages."""
    limited: set[str] = set()
    for budget in of_type(resources, BUDGET):
        if budget.properties.get("monthly_usd") is not None:
            # The Workspace itself, whose id a preview may not know yet, or the slug of one.
            limited |= budget.dependencies.get("workspace") or {budget.properties["workspace"]}
    for workspace in of_type(resources, WORKSPACE):
        if not limited & {workspace.urn, workspace.properties.get("slug")}:
            yield Violation(
                workspace.urn,
                f'Workspace "{workspace.name}" has no monthly limit; '
                "add a WorkspaceBudget with monthly_usd.",
            )


def limits_stay_below_the_ceiling(resources: list[Resource]) -> Iterator[Violation]:
    """Require that the monthly limits of a stack add up to no more than its ceiling."""
    budgets = list(of_type(resources, BUDGET))
    total = sum(budget.properties.get("monthly_usd") or 0 for budget in budgets)
    for budget in budgets[:1]:
        ceiling = CEILINGS_USD.get(budget.stack, DEFAULT_CEILING_USD)
        if total > ceiling:
            yield Violation(
                "",
                f'The monthly limits of stack "{budget.stack}" add up to {total:,g} USD, more than '
                f"its ceiling of {ceiling:,g} USD; lower a limit, or have the ceiling raised.",
            )


def nothing_is_logged_in_production(resources: list[Resource]) -> Iterator[Violation]:
    """Require that a workspace in production turns logging off by name.

    A flag that the program leaves out stays as it is, and new workspaces begin with the data
    discount turned on.
    """
    for workspace in of_type(resources, WORKSPACE):
        if workspace.stack not in PRODUCTION:
            continue
        for flag in LOGGING:
            if workspace.properties.get(flag) is not False:
                yield Violation(
                    workspace.urn,
                    f'Workspace "{workspace.name}" is in production and may log prompts; '
                    f"pass {flag}=False.",
                )


# Judged for each resource, before it is created or updated.
RESOURCE_RULES: tuple[Rule, ...] = (nothing_is_logged_in_production,)
# Judged for all resources together, at the end of a preview or an update.
STACK_RULES: tuple[Rule, ...] = (every_workspace_has_a_budget, limits_stay_below_the_ceiling)


def of_type(resources: Iterable[Resource], type_: str) -> Iterator[Resource]:
    """Return the resources of one type."""
    return (resource for resource in resources if resource.type == type_)
