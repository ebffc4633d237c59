"""Budgets of a workspace: one limit per interval, and one flag for all of them."""

from __future__ import annotations

from collections.abc import Callable

from pulumi_openrouter.api.models import BudgetAnswer, Deleted, WorkspaceBudgets
from pulumi_openrouter.api.transport import Transport


class Budgets:
    """Budgets by workspace (id or slug) and interval: daily, weekly, monthly, lifetime.

    The flag `include_byok_in_budgets` is a field of the workspace too, so `flag_changed` is called
    after it was set.
    """

    def __init__(
        self,
        transport: Transport,
        named: Callable[[str], str],
        flag_changed: Callable[[], None],
    ) -> None:
        self._transport = transport
        self._named = named
        self._flag_changed = flag_changed

    def list(self, workspace_id: str) -> WorkspaceBudgets:
        """Return all budgets.

        Raises:
            NotFoundError: The workspace does not exist; or it exists and never had a budget,
                which the API is known to answer with the same 404.
        """
        return self._transport.request(
            "GET",
            ["workspaces", workspace_id, "budgets"],
            WorkspaceBudgets,
            action=f"reading the budgets of {self._named(workspace_id)}",
        )

    def put(
        self,
        workspace_id: str,
        interval: str,
        limit_usd: float,
        include_byok_in_budgets: bool | None = None,
    ) -> BudgetAnswer:
        """Set the limit (USD, above 0) of one interval; the flag None leaves it as it is."""
        body: dict[str, object] = {"limit_usd": limit_usd}
        if include_byok_in_budgets is not None:
            body["include_byok_in_budgets"] = include_byok_in_budgets
        try:
            return self._transport.request(
                "PUT",
                ["workspaces", workspace_id, "budgets", interval],
                BudgetAnswer,
                action=f"setting the {interval} budget of {self._named(workspace_id)}",
                body=body,
            )
        finally:
            if include_byok_in_budgets is not None:
                self._flag_changed()

    def delete(self, workspace_id: str, interval: str) -> None:
        """Remove the budget of one interval; succeeds where there is none."""
        self._transport.request(
            "DELETE",
            ["workspaces", workspace_id, "budgets", interval],
            Deleted,
            action=f"deleting the {interval} budget of {self._named(workspace_id)}",
        )
