"""Who is who in an organization, and the one rule for comparing emails.

Stdlib only, so that a program can compare emails without loading the API client.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pulumi_openrouter.api.models import OrganizationMember


def email_key(email: str) -> str:
    """Return what two spellings of one email address have in common: its lower-case form.

    Not `casefold()`, which also turns "ß" into "ss" and so makes one address of two.
    """
    return email.lower()


class OrganizationDirectory:
    """Members of the organization by email and by user id; emails ignore upper and lower case."""

    def __init__(self, members: Iterable[OrganizationMember]) -> None:
        self._emails = {member.id: member.email for member in members}
        self._ids = {email_key(email): user_id for user_id, email in self._emails.items() if email}

    def user_id(self, email: str) -> str | None:
        """Return the user id of the member with this email, or None if there is none."""
        return self._ids.get(email_key(email))

    def email(self, user_id: str) -> str | None:
        """Return the email of a member as the organization spells it, or None if it is unknown."""
        return self._emails.get(user_id)

    def knows(self, user_id: str) -> bool:
        """Return whether somebody with this user id is a member of the organization."""
        return user_id in self._emails
