"""The WorkspaceBudget resource: arguments in, outputs out; its lifecycle does the work."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
from pulumi import dynamic

from pulumi_openrouter.lifecycle.workspace_budget import WorkspaceBudgetProvider
from pulumi_openrouter.resources.dynamic import (
    part_id,
    refuse_plain_key,
    resource_type,
    with_outputs,
)
from pulumi_openrouter.resources.hints import hints
from pulumi_openrouter.resources.inputs import check_options, prepare
from pulumi_openrouter.resources.references import child_options, reference, workspace_hints

if TYPE_CHECKING:
    from typing_extensions import Self

    from pulumi_openrouter.resources.workspace import Workspace


@resource_type
class WorkspaceBudget(dynamic.Resource, module="openrouter", name="WorkspaceBudget"):
    """What one workspace may spend, in USD, by interval.

    The resource manages the intervals that it names. One taken out of the program is deleted;
    others are left alone, unless `exclusive=True`. Limits strictly decrease from lifetime over
    monthly and weekly to daily; from any valid set to any other the requests go in an order in
    which none is missing on the way. The Pulumi id is `<workspace UUID>/budgets`; another workspace
    replaces the resource, everything else changes in place. Deleting it deletes its limits.

    Budgets of workspaces are a feature of OpenRouter's Enterprise plan.

    API: https://openrouter.ai/docs/api-reference/workspaces

    Args:
        resource_name: The name in the program and in Pulumi's state.
        opts: Pulumi's options for any resource.
        workspace: The Workspace, or the id (UUID) or slug of one. With a Workspace of the same
            program the budget goes with it when it is deleted, in the same request.
        daily_usd: USD in a day, more than 0. Left out: no daily limit by this resource.
        weekly_usd: USD in a week, more than 0. Left out: no weekly limit by this resource.
        monthly_usd: USD in a month, more than 0. Left out: no monthly limit by this resource.
        lifetime_usd: USD for good, more than 0. Left out: no lifetime limit by this resource.
        include_byok_in_budgets: Whether spend on own provider keys counts; for all intervals of
            the workspace. Left out: unchanged.
        exclusive: Whether the limits given are all that the workspace has; others are deleted.

    Raises:
        pulumi.RunError: Another resource of the program manages one of the limits, or the flag.
    """

    workspace: pulumi.Output[str]
    """The workspace as it was given: an id or a slug."""

    workspace_id: pulumi.Output[str]
    """The workspace's UUID."""

    daily_usd: pulumi.Output[float | None]
    """USD in a day, or None."""

    weekly_usd: pulumi.Output[float | None]
    """USD in a week, or None."""

    monthly_usd: pulumi.Output[float | None]
    """USD in a month, or None."""

    lifetime_usd: pulumi.Output[float | None]
    """USD for good, or None."""

    include_byok_in_budgets: pulumi.Output[bool | None]
    """Whether spend on own provider keys counts, whoever has set it."""

    exclusive: pulumi.Output[bool | None]
    """True where the limits given are all that the workspace has."""

    managed_inputs: pulumi.Output[list[str]]
    """The limits that the program gives, and the flag where it does."""

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        workspace: Workspace | pulumi.Input[str],
        daily_usd: pulumi.Input[float] | None = None,
        weekly_usd: pulumi.Input[float] | None = None,
        monthly_usd: pulumi.Input[float] | None = None,
        lifetime_usd: pulumi.Input[float] | None = None,
        include_byok_in_budgets: pulumi.Input[bool] | None = None,
        exclusive: pulumi.Input[bool] | None = None,
    ) -> None:
        refuse_plain_key()
        label = f'WorkspaceBudget "{resource_name}"'
        opts = check_options(label, opts)
        given: dict[str, object] = {
            "workspace": reference(label, workspace),
            "daily_usd": daily_usd,
            "weekly_usd": weekly_usd,
            "monthly_usd": monthly_usd,
            "lifetime_usd": lifetime_usd,
            "include_byok_in_budgets": include_byok_in_budgets,
            "exclusive": exclusive,
        }
        inputs = prepare(label, given)
        hidden = hints(type(self), resource_name, opts, inputs) | workspace_hints(workspace)
        super().__init__(
            WorkspaceBudgetProvider(),
            resource_name,
            with_outputs(type(self), {**inputs, **hidden}),
            child_options(opts, workspace),
        )

    @classmethod
    def get(
        cls,
        resource_name: str,
        workspace: Workspace | pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> Self:
        """Read all limits of a workspace that something else manages.

        Args:
            resource_name: The name in the program and in Pulumi's state.
            workspace: The Workspace, or the id (UUID) or slug of one. A slug is looked up by the
                program itself.
            opts: Pulumi's options for any resource.

        Raises:
            pulumi.RunError: There is no such workspace, or it cannot be looked up.
        """
        refuse_plain_key()
        self = cls.__new__(cls)
        label = f'{cls.__name__}.get("{resource_name}")'
        found = part_id(label, reference(label, workspace), "budgets")
        with_id = pulumi.ResourceOptions(id=found)
        dynamic.Resource.__init__(
            self,
            WorkspaceBudgetProvider(),
            resource_name,
            with_outputs(cls, {}),
            pulumi.ResourceOptions.merge(check_options(label, opts), with_id),
        )
        return self
