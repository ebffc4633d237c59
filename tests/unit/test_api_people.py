"""The directory of an organization: who has which email, whatever its spelling."""

from __future__ import annotations

from pulumi_openrouter.api.models import OrganizationMember
from pulumi_openrouter.api.people import OrganizationDirectory


def test_people_are_found_by_email_in_any_case_and_by_id() -> None:
    """An email finds its member in any case and comes back as the organization spells it."""
    members = [
        OrganizationMember(id="user_a", email="Jane.Doe@Example.com"),
        OrganizationMember(id="user_b"),
    ]
    directory = OrganizationDirectory(members)
    assert directory.user_id("jane.DOE@example.com") == "user_a"
    assert directory.email("user_a") == "Jane.Doe@Example.com"
    assert (directory.knows("user_b"), directory.email("user_b")) == (True, None)


def test_strangers_are_unknown() -> None:
    """Whoever is not a member has neither id nor email."""
    directory = OrganizationDirectory([])
    assert directory.user_id("jane@example.com") is None
    assert (directory.knows("user_a"), directory.email("user_a")) == (False, None)


def test_two_addresses_never_become_one() -> None:
    """An "ß" and an "ss" are different letters of an address."""
    members = [OrganizationMember(id="user_a", email="strasse@example.com")]
    assert OrganizationDirectory(members).user_id("straße@example.com") is None
