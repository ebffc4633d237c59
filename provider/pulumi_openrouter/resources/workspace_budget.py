"""The WorkspaceBudget resource: typed inputs in, typed outputs out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi

from pulumi_openrouter.lifecycle.budget_plan import BYOK, INTERVALS
from pulumi_openrouter.lifecycle.workspace_budget import WorkspaceBudgetLifecycle
from pulumi_openrouter.resources.part import WorkspacePartResource
from pulumi_openrouter.resources.provider import DynamicProvider

if TYPE_CHECKING:
    from typing_extensions import Self

    from pulumi_openrouter.resources.workspace import Workspace


class WorkspaceBudgetProvider(DynamicProvider):
    """The dynamic provider of `WorkspaceBudget`."""

    lifecycle_type = WorkspaceBudgetLifecycle


class WorkspaceBudget(WorkspacePartResource, module="openrouter", name="WorkspaceBudget"):
    """The spending limits of one workspace, in USD for each interval.

    The resource manages the limits that it names. Removing one from the program deletes it; other
    limits stay as they are, unless `exclusive=True`. The limits must decrease strictly from
    lifetime to monthly, weekly and daily. OpenRouter rejects any request that breaks this, so
    updates are ordered to keep it true at every step, without removing a limit on the way.

    The Pulumi id is `<workspace UUID>/budgets`. A different workspace replaces the resource; every
    other change is an update in place. Deleting the resource deletes its limits. If its workspace
    belongs to the same program, is deleted in the same run and has active API keys, the limits stay
    and the delete fails, because OpenRouter will refuse to delete the workspace.

    Each limit, and the flag, may be managed by one resource of the program only. Budgets require
    OpenRouter's Enterprise plan.

    API: https://openrouter.ai/docs/api-reference/workspaces
    """

    _provider_type = WorkspaceBudgetProvider
    _part = WorkspaceBudgetLifecycle.part
    _claimable = (*INTERVALS, BYOK)

    @property
    @pulumi.getter
    def workspace(self) -> pulumi.Output[str]:
        """The workspace as the program passed it: an id or a slug."""
        return pulumi.get(self, "workspace")

    @property
    @pulumi.getter
    def daily_usd(self) -> pulumi.Output[float | None]:
        """USD a day, or None."""
        return pulumi.get(self, "daily_usd")

    @property
    @pulumi.getter
    def weekly_usd(self) -> pulumi.Output[float | None]:
        """USD a week, or None."""
        return pulumi.get(self, "weekly_usd")

    @property
    @pulumi.getter
    def monthly_usd(self) -> pulumi.Output[float | None]:
        """USD a month, or None."""
        return pulumi.get(self, "monthly_usd")

    @property
    @pulumi.getter
    def lifetime_usd(self) -> pulumi.Output[float | None]:
        """USD in total, or None."""
        return pulumi.get(self, "lifetime_usd")

    @property
    @pulumi.getter
    def include_byok_in_budgets(self) -> pulumi.Output[bool | None]:
        """Whether spend on your own provider keys counts, whoever set it."""
        return pulumi.get(self, "include_byok_in_budgets")

    @property
    @pulumi.getter
    def exclusive(self) -> pulumi.Output[bool | None]:
        """True if limits that are not listed are deleted."""
        return pulumi.get(self, "exclusive")

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
        """Declare the limits of a workspace.

        Args:
            resource_name: The name in the program and in Pulumi's state.
            opts: Pulumi's resource options.
            workspace: A Workspace, or the id (UUID) or slug of one.
            daily_usd: USD a day, more than 0. Default: this resource manages no daily limit.
            weekly_usd: USD a week, more than `daily_usd`. Default: no weekly limit is managed.
            monthly_usd: USD a month, more than `weekly_usd`. Default: no monthly limit is managed.
            lifetime_usd: USD in total, more than `monthly_usd`. Default: no lifetime limit is
                managed.
            include_byok_in_budgets: Whether spend on your own provider keys counts towards all
                limits of the workspace. Default: unchanged.
            exclusive: Authoritative: limits that are not listed are deleted. The preview names
                each. Default: False.

        Raises:
            pulumi.RunError: An input has a type that cannot be used, the options ask for an import,
                or the management key is in the stack config in plain text. Values that break a
                rule, and a limit that another resource of the program manages, fail in the preview.
        """
        self._declare_part(
            resource_name,
            opts,
            workspace,
            {
                "daily_usd": daily_usd,
                "weekly_usd": weekly_usd,
                "monthly_usd": monthly_usd,
                "lifetime_usd": lifetime_usd,
                "include_byok_in_budgets": include_byok_in_budgets,
                "exclusive": exclusive,
            },
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
            workspace: A Workspace, or the id (UUID) or slug of one. The program itself looks up a
                slug.
            opts: Pulumi's resource options.

        Raises:
            pulumi.RunError: There is no such workspace, or it cannot be looked up.
        """
        return cls._read_part(resource_name, workspace, opts)
