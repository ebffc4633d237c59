"""The types of inputs, and the inputs of each resource as a dict that `**` takes apart.

The constructors write the same inputs out once more, because editors show them there. A test
compares both with the declaration.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, Protocol, TypedDict, TypeVar

import pulumi

ProviderSort = Literal["price", "throughput", "latency", "exacto"]
"""How a workspace sorts the providers of a model."""

Interval = Literal["daily", "weekly", "monthly", "lifetime"]
"""The intervals of budgets."""

_Item = TypeVar("_Item", covariant=True)


class ListOf(Protocol[_Item]):
    """A list or a tuple, and not a string.

    A string is a sequence of strings, so `Sequence[str]` would accept `emails="jane@example.com"`.
    It differs in that only a string can be looked for in it, which type checkers see.
    """

    def __contains__(self, item: object, /) -> bool: ...
    def __getitem__(self, index: int, /) -> _Item: ...
    def __iter__(self) -> Iterator[_Item]: ...
    def __len__(self) -> int: ...


class WorkspaceArgs(TypedDict, total=False):
    """The inputs of a Workspace, for `Workspace("chat", **args)`."""

    name: pulumi.Input[str] | None
    slug: pulumi.Input[str] | None
    description: pulumi.Input[str] | None
    default_text_model: pulumi.Input[str] | None
    default_image_model: pulumi.Input[str] | None
    default_provider_sort: pulumi.Input[ProviderSort] | None
    is_observability_io_logging_enabled: pulumi.Input[bool] | None
    is_observability_broadcast_enabled: pulumi.Input[bool] | None
    is_data_discount_logging_enabled: pulumi.Input[bool] | None
    io_logging_sampling_rate: pulumi.Input[float] | None
    io_logging_api_key_ids: pulumi.Input[ListOf[pulumi.Input[int]]] | None
    disabled_server_tools: pulumi.Input[ListOf[pulumi.Input[str]]] | None
    adopt: pulumi.Input[bool] | None


class WorkspaceBudgetArgs(TypedDict, total=False):
    """The inputs of a WorkspaceBudget but the workspace.

    For `WorkspaceBudget("chat", workspace=chat, **args)`.
    """

    daily_usd: pulumi.Input[float] | None
    weekly_usd: pulumi.Input[float] | None
    monthly_usd: pulumi.Input[float] | None
    lifetime_usd: pulumi.Input[float] | None
    include_byok_in_budgets: pulumi.Input[bool] | None
    exclusive: pulumi.Input[bool] | None


class _MembershipArgs(TypedDict, total=False):
    exclusive: pulumi.Input[bool] | None
    skip_missing: pulumi.Input[bool] | None


class WorkspaceMembershipByUserIdsArgs(_MembershipArgs):
    """The inputs of a WorkspaceMembership by user ids, but the workspace."""

    user_ids: pulumi.Input[ListOf[pulumi.Input[str]]]


class WorkspaceMembershipByEmailsArgs(_MembershipArgs):
    """The inputs of a WorkspaceMembership by email addresses, but the workspace."""

    emails: pulumi.Input[ListOf[pulumi.Input[str]]]


WorkspaceMembershipArgs = WorkspaceMembershipByUserIdsArgs | WorkspaceMembershipByEmailsArgs
"""The inputs of a WorkspaceMembership but the workspace: either list, and never both.

For `WorkspaceMembership("chat", workspace=chat, **args)`. mypy takes either of them apart; pyright
has to be told which one it is.
"""
