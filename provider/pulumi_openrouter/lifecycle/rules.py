"""The rules that a single value keeps.

Each takes a value and returns it in canonical form, or raises ValueError with the rule and the way
out. The Pulumi CLI prints resource, property and value in front of that.
"""

from __future__ import annotations

import unicodedata
from typing import TypeVar

from pulumi_openrouter.api.people import email_key
from pulumi_openrouter.slugs import SLUG, SLUG_LENGTH, is_uuid, slugify

_T = TypeVar("_T", int, str)

PROVIDER_SORTS = ("price", "throughput", "latency", "exacto")

# What the API document allows for a workspace's name and description.
_NAME_LENGTH = 100
_DESCRIPTION_LENGTH = 500
_LOWEST_SAMPLING_RATE = 0.0001


def slug(value: str) -> str:
    """A workspace's own slug."""
    if is_uuid(value):
        msg = "a UUID would be mistaken for the id of a workspace; choose a different slug"
        raise ValueError(msg)
    if SLUG.fullmatch(value) and len(value) <= SLUG_LENGTH:
        return value
    proposal = slugify(value)
    msg = f"a slug is 1 to {SLUG_LENGTH} of a-z and 0-9 in parts joined by single hyphens; " + (
        f'write "{proposal}"' if proposal else 'write, for example, "acme-prod"'
    )
    raise ValueError(msg)


def workspace(value: str) -> str:
    """A reference to a workspace: an id, in lower case, or a slug."""
    if is_uuid(value):
        return value.lower()
    if SLUG.fullmatch(value) and len(value) <= SLUG_LENGTH:
        return value
    msg = (
        "a workspace is given by its id (a UUID) or its slug "
        f"(1 to {SLUG_LENGTH} of a-z and 0-9 in parts joined by single hyphens); "
        "pass the Workspace itself, or copy the id from its settings page"
    )
    raise ValueError(msg)


def _refuse_control_characters(value: str, allowed: str = "") -> None:
    for character in value:
        if unicodedata.category(character) in {"Cc", "Cs"} and character not in allowed:
            msg = f"U+{ord(character):04X} is a control character; remove it"
            raise ValueError(msg)


def name(value: str) -> str:
    """A workspace's name."""
    if not 1 <= len(value) <= _NAME_LENGTH or not value.strip():
        msg = f"a name has 1 to {_NAME_LENGTH} characters, not all blank; it has {len(value)}"
        raise ValueError(msg)
    _refuse_control_characters(value)
    return value


def description(value: str) -> str:
    """A workspace's description."""
    if len(value) > _DESCRIPTION_LENGTH:
        msg = (
            f"a description has at most {_DESCRIPTION_LENGTH} characters; it has {len(value)}: "
            "shorten it"
        )
        raise ValueError(msg)
    _refuse_control_characters(value, allowed="\n\r\t")
    return value


def identifier(value: str) -> str:
    """A name that machines read: of a model, a tool, a user."""
    if not value or any(c.isspace() or not c.isprintable() for c in value):
        msg = f"{value!r} is empty, or contains spaces or control characters; remove them"
        raise ValueError(msg)
    return value


def user_id(value: str) -> str:
    """A user id."""
    if "@" in identifier(value):
        msg = f'"{value}" is an email address; pass it in emails=[...] instead of user_ids'
        raise ValueError(msg)
    return value


def email(value: str) -> str:
    """An email address, in lower case."""
    local, at, domain = identifier(value).rpartition("@")
    if not (local and at and domain):
        msg = (
            f'"{value}" is not an email address; pass user ids in user_ids=[...] instead of emails'
        )
        raise ValueError(msg)
    return email_key(value)


def limit(value: float) -> float:
    """A spending limit in USD."""
    if not value > 0:
        msg = "a limit must be more than 0 USD; omit it to have none"
        raise ValueError(msg)
    return value


def sampling_rate(value: float) -> float:
    """A share of requests."""
    if not _LOWEST_SAMPLING_RATE <= value <= 1:
        msg = (
            f"a sampling rate is from {_LOWEST_SAMPLING_RATE} to 1 (every request); to log none, "
            "set is_observability_io_logging_enabled=False"
        )
        raise ValueError(msg)
    return value


def provider_sort(value: str) -> str:
    """What providers are sorted by."""
    if value not in PROVIDER_SORTS:
        msg = f"a provider sort is one of {', '.join(PROVIDER_SORTS)}; choose one, or omit it"
        raise ValueError(msg)
    return value


def tools(values: list[str]) -> list[str] | None:
    """A list of server tools; to the API an empty one and none are the same."""
    return distinct(values) or None


def distinct(values: list[_T]) -> list[_T]:
    """A list without duplicates, sorted: its order means nothing."""
    seen: set[_T] = set()
    for value in values:
        if value in seen:
            msg = f"{value} is in the list more than once; remove the duplicates"
            raise ValueError(msg)
        seen.add(value)
    return sorted(values)
