"""What an organization holds, in a form that a test compares with what it expects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from pulumi_openrouter.resources.arguments import Interval


class _Organization(Protocol):
    def state(self) -> dict[str, Any]: ...


@dataclass(frozen=True)
class LiveWorkspace:
    """A workspace as it is at the API.

    Attributes:
        slug: Its slug.
        budgets: Its limits in USD, by interval.
        members: The email addresses of the people in it, sorted; the user id of one who has none.
        fields: All that the API shows of it, such as `name` and `description`.
    """

    slug: str
    budgets: Mapping[Interval, float]
    members: list[str]
    fields: Mapping[str, Any]


def live_workspaces(sandbox: _Organization) -> dict[str, LiveWorkspace]:
    """Return every workspace of the organization by its slug, the default workspace included."""
    state = sandbox.state()
    emails = {person["id"]: person["email"] for person in state["organization_members"]}
    return {
        fields["slug"]: LiveWorkspace(
            fields["slug"],
            fields["budgets"],
            sorted(emails.get(user_id) or user_id for user_id in fields["members"]),
            fields,
        )
        for fields in state["workspaces"]
    }
