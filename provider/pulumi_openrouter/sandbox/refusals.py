"""What the API refuses: pure functions, each of which raises `Refusal` with a status and a message.

The routes call these before they write. Where the words of the real API are known, they are used
exactly; elsewhere the message says what is wrong and what to do.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any

# From the broadest to the narrowest: each limit must be greater than all that follow it.
INTERVALS = ("lifetime", "monthly", "weekly", "daily")


class SandboxError(Exception):
    """A database, seed, address or control call that cannot be used; its text is one line."""


class Refusal(SandboxError):  # noqa: N818 - an answer of the API, not a failure of the sandbox
    """A request or a control call that is refused: the HTTP status and the message to answer."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def error_body(status: int, message: str) -> dict[str, Any]:
    """Return the API's error object."""
    # The message may repeat half of a surrogate pair from a request, which UTF-8 cannot encode.
    encodable = message.encode(errors="backslashreplace").decode()
    return {"error": {"code": status, "message": encodable}}


def broken_rules(errors: Sequence[Mapping[str, Any]]) -> str:
    """Return which fields break which rules, from the errors that pydantic found.

    Each begins with the field, as in `slug: String should match pattern ...`.
    """
    return "; ".join(f"{_field(error['loc'])}: {_rule(error)}" for error in errors)


def _field(location: Sequence[str | int]) -> str:
    # The first part is body, query or path, and the only one if no single field is to blame.
    named = location[1:] if len(location) > 1 and isinstance(location[1], str) else location[:1]
    return ".".join(map(str, named))


def _rule(error: Mapping[str, Any]) -> str:
    reason = error.get("ctx", {}).get("error")
    return f"{error['msg']} ({reason})" if error["type"] == "json_invalid" else str(error["msg"])


def invalid_request(errors: Sequence[Mapping[str, Any]]) -> Refusal:
    """Return the refusal of a request with fields that break rules."""
    return Refusal(400, f"Invalid request parameters: {broken_rules(errors)}")


def authenticate(header: str | None, key: str) -> None:
    """Refuse a request whose Authorization header is not `Bearer <the management key>`."""
    scheme, _, token = (header or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Refusal(401, "Missing Authentication header")
    if token.strip() != key:
        raise Refusal(401, "Invalid credentials")


def budget_not_found() -> Refusal:
    """Return the refusal of a budget that does not exist."""
    return Refusal(404, "Budget not found")


def supported_interval(interval: str) -> str:
    """Return the interval of a budget, or refuse one that does not exist."""
    if interval not in INTERVALS:
        raise Refusal(400, "Unsupported interval")
    return interval


def dollars(amount: float) -> str:
    """Format an amount of USD as the API does in its messages: `$500`, `$0.5`."""
    text = format(Decimal(repr(float(amount))), "f")
    return "$" + (text.rstrip("0").rstrip(".") if "." in text else text)


def check_budget_order(limits: Mapping[Any, float]) -> None:
    """Refuse limits (USD, by interval) that do not strictly decrease as the interval narrows."""
    present = [interval for interval in INTERVALS if interval in limits]
    for broader, narrower in pairwise(present):
        if limits[broader] <= limits[narrower]:
            message = (
                "Budget limits must be strictly decreasing as scope narrows: "
                f"the {broader} limit ({dollars(limits[broader])}) must be greater than "
                f"the {narrower} limit ({dollars(limits[narrower])})."
            )
            raise Refusal(400, message)


def check_plan_has_budgets(plan: str) -> None:
    """Refuse to set a budget on a plan without workspace budgets."""
    if plan != "enterprise":
        message = "Workspace budgets need an Enterprise plan; this organization is on another plan."
        raise Refusal(403, message)


def check_membership_is_explicit(is_default: bool) -> None:
    """Refuse to change the members of the default workspace."""
    if is_default:
        raise Refusal(403, "Cannot modify members of the default workspace")


def check_someone_is_named(user_ids: Sequence[str]) -> None:
    """Refuse to add or to remove nobody."""
    if not user_ids:
        raise Refusal(400, "user_ids is required")


def check_all_known(user_ids: Sequence[str], known: Collection[str]) -> None:
    """Refuse to add someone who is not in the organization."""
    if any(user_id not in known for user_id in user_ids):
        raise Refusal(400, "Some users are not members of the organization")


def check_members_removable(scim_managed: Sequence[str], key_holders: Sequence[str]) -> None:
    """Refuse to remove people that SCIM manages, and those with active keys in the workspace."""
    if scim_managed:
        message = (
            "The following members are SCIM-managed and cannot be removed directly: "
            f"{', '.join(scim_managed)}. Changes must be made in your identity provider."
        )
        raise Refusal(403, message)
    if key_holders:
        message = (
            "The following members have active API keys in this workspace and cannot be removed: "
            f"{', '.join(key_holders)}. Their keys must be deleted first."
        )
        raise Refusal(400, message)


def check_workspace_deletable(
    *, is_default: bool, default_is_deletable: bool, confirmed: bool, has_active_keys: bool
) -> None:
    """Refuse to delete a workspace with active API keys, or the default one unconfirmed.

    The confirmed deletion of the default workspace takes its keys along.
    """
    if is_default and not default_is_deletable:
        raise Refusal(403, "The default workspace cannot be deleted.")
    if is_default and not confirmed:
        message = (
            "Deleting the default workspace has to be confirmed with "
            "confirm_default_workspace_deletion=true."
        )
        raise Refusal(400, message)
    if has_active_keys and not is_default:
        message = "The workspace has active API keys. Delete its keys, then the workspace."
        raise Refusal(400, message)
