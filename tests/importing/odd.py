"""An organization with everything odd that the API allows: 60 workspaces and 260 people."""

from __future__ import annotations

from itertools import cycle, islice
from typing import Any

from pulumi_openrouter.sandbox.seed import generated_people, user_id

NOBODY = "user_without_email"
"""Somebody without an email address."""

PEOPLE = [
    *(one.model_dump() for one in generated_people(1, 258)),
    {"email": "Mixed.Case@Example.com"},
    {"email": "", "id": NOBODY},
]

TEXTS = (
    "Plain",
    "It's",
    'He said "go"',
    """Both ' and " in it""",
    "{braces} and {{more}} %s %(x)d",
    "back\\slash \\n and a tail\\",
    "日本語 Größe ñ 🤖",
    "e\u0301 is not \u00e9",
    "zero\u200bwidth, \u202eturned\u202c and no\u00a0break",
    "#!/usr/bin/env python  # noqa",
    '"""',
    "'''",
    "x" * 100,
)

SLUGS = ("class", "import", "list", "match", "pulumi", "openrouter", "none", "3d", "0", "a-b-c")
"""Slugs that a program cannot use as they are."""

_LIMITS: tuple[dict[str, float], ...] = (
    {},
    {"monthly": 5000},
    {"daily": 0.01, "weekly": 0.1, "monthly": 10, "lifetime": 1e15},
    {"lifetime": 12.5},
    {"daily": 1, "lifetime": 123456789.25},
)

_SETTINGS: tuple[dict[str, Any], ...] = (
    {},
    {"is_observability_io_logging_enabled": True, "io_logging_sampling_rate": 0.0001},
    {"is_observability_broadcast_enabled": True, "is_data_discount_logging_enabled": False},
    {"io_logging_api_key_ids": [3, 1, 2]},
    {"io_logging_api_key_ids": []},
    {"disabled_server_tools": ["openrouter:web_search", "openrouter:bash"]},
    {"default_provider_sort": "exacto", "default_text_model": "openai/gpt-4o"},
    {"default_image_model": "google/imagen-4", "io_logging_sampling_rate": 0.5},
)

_MEMBERS = (0, 1, 2, 30, 250)


def organization() -> dict[str, Any]:
    """Return the seed: 59 workspaces beside the default one."""
    slugs = [*SLUGS, *(f"team-{number}" for number in range(59 - len(SLUGS)))]
    names, descriptions = cycle(TEXTS), cycle((None, *reversed(TEXTS), "two\nlines\tand a tab"))
    limits, settings, members = cycle(_LIMITS), cycle(_SETTINGS), cycle(_MEMBERS)
    return {
        "organization_members": PEOPLE,
        "workspaces": [
            {
                "slug": slug,
                "name": next(names),
                "description": _long(next(descriptions), number),
                "budgets": next(limits),
                "include_byok_in_budgets": number % 3 == 0,
                "members": _people(number, next(members)),
                **next(settings),
            }
            for number, slug in enumerate(slugs)
        ],
    }


def _long(text: str | None, number: int) -> str | None:
    """Make some of the texts as long as the API allows."""
    return text if text is None or number % 7 else (text * 500)[:500]


def _people(number: int, count: int) -> list[str]:
    """Return so many people; now and then one of them has no email address."""
    ids = [one.get("id") or user_id(str(one["email"])) for one in PEOPLE]
    some = [*islice(cycle(ids[:-1]), number, number + count)]
    return [*some[:-1], NOBODY] if some and number % 4 == 3 else some
