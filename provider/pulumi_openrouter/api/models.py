"""What the API answers, as the rest of the package sees it.

Lenient on purpose: the API is newer than any release of this package. Unknown fields are
ignored, unknown roles, sorts and intervals pass as they are, a whole number may come as a float,
and null may stand anywhere but in an id. Times stay the API's own ISO 8601 strings (UTC).
"""

from __future__ import annotations

from typing import Annotated, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

Item = TypeVar("Item")

Id = Annotated[str, Field(min_length=1)]

LIFETIME = "lifetime"


class ApiModel(BaseModel):
    """Base of all answers: immutable, unknown fields ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)


class Workspace(ApiModel):
    """A workspace; every field of the API, null where the API has no value."""

    id: Id
    slug: str | None = None
    name: str | None = None
    description: str | None = None
    default_text_model: str | None = None
    default_image_model: str | None = None
    default_provider_sort: str | None = None
    default_guardrail_id: str | None = None
    disabled_server_tools: tuple[str, ...] | None = None
    include_byok_in_budgets: bool | None = None
    io_logging_api_key_ids: tuple[int, ...] | None = None
    io_logging_sampling_rate: float | None = None
    is_data_discount_logging_enabled: bool | None = None
    is_observability_broadcast_enabled: bool | None = None
    is_observability_io_logging_enabled: bool | None = None
    created_at: str | None = None
    created_by: str | None = None
    updated_at: str | None = None


class WorkspaceBudget(ApiModel):
    """The limit of one interval; `reset_interval` is null for the lifetime budget."""

    limit_usd: float | None = None
    reset_interval: str | None = None


class WorkspaceBudgets(ApiModel):
    """All budgets of a workspace, and the workspace-wide BYOK flag."""

    data: tuple[WorkspaceBudget, ...]
    include_byok_in_budgets: bool | None = None

    @property
    def limits(self) -> dict[str, float]:
        """The limits in USD by the interval's name in paths, such as `daily` or `lifetime`."""
        return {
            budget.reset_interval or LIFETIME: budget.limit_usd
            for budget in self.data
            if budget.limit_usd is not None
        }


class WorkspaceMember(ApiModel):
    """A person in a workspace; `role` is the one held in the organization."""

    user_id: Id
    role: str | None = None
    created_at: str | None = None


class OrganizationMember(ApiModel):
    """A person in the organization."""

    id: Id
    email: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    role: str | None = None


class ApiKey(ApiModel):
    """An API key as the API shows it; the key itself is never part of an answer."""

    hash: Id
    name: str | None = None
    label: str | None = None
    disabled: bool | None = None
    workspace_id: str | None = None


class Page(ApiModel, Generic[Item]):
    """One page of a listing; `total_count` counts all items, not those of the page."""

    data: tuple[Item, ...]
    total_count: int | None = None


class Answer(ApiModel, Generic[Item]):
    """One object in its envelope."""

    data: Item


class BudgetAnswer(Answer[WorkspaceBudget]):
    """One budget, with the workspace's BYOK flag beside it."""

    include_byok_in_budgets: bool | None = None


class AddedMembers(ApiModel):
    """Who is in the workspace after an add."""

    data: tuple[WorkspaceMember, ...]


class RemovedMembers(ApiModel):
    """How many people a removal took out."""

    removed_count: int


class Deleted(ApiModel):
    """The API's confirmation of a deletion; an empty answer counts as one."""

    deleted: Literal[True] = True
