"""How messages and notices write owners, values and amounts, and how they leave out secrets."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from pulumi_openrouter.lifecycle.hints import Hints
from pulumi_openrouter.slugs import slugify
from pulumi_openrouter.text import hide

MOST_CHARACTERS = 120
"""Where a long value, such as a description, is cut."""


def owner_text(owner: str) -> str:
    """Return an owner as a user knows it: `WorkspaceBudget "prod" in acme:teams:Team`."""
    types, _, name = owner.partition("::")
    # What a sibling has announced has the token behind its name.
    name = re.sub(r"#\d+$", "", name)
    *parents, own = types.split("$")
    place = f" in {' in '.join(reversed(parents))}" if parents else ""
    return f'{own} "{name}"{place}'


def without_secrets(text: str, props: Mapping[str, Any], hints: Hints) -> str:
    """Return a text without the values of inputs that the program marks as secret."""
    values = [props.get(name) for name in hints.secrets]
    if "emails" in hints.secrets:
        values.append([one.get("user_id") for one in props.get("members") or () if one])
    for value in values:
        for item in value if isinstance(value, list) else [value]:
            # A digit after a point belongs to the number before it.
            text = hide(text, _forms(item), before=r"\w.")
    return text


def _forms(value: object) -> Iterator[str]:
    """Yield how a message may write a value: a slug is also proposed in its valid form."""
    if isinstance(value, str):
        yield from filter(None, {value, value.lower(), slugify(value)})
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield from {str(value), usd(value)}


def usd(amount: float) -> str:
    """Return an amount with all its digits: two that differ never look alike."""
    return repr(float(amount)).removesuffix(".0")


def shown(value: object, *, secret: bool = False) -> str:
    """Return a value as a notice shows it: text in quotes, and secrets hidden."""
    if secret:
        return "[secret]"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(shown(item) for item in value)}]"
    if value is None:
        return "null"
    text = json.dumps(value, ensure_ascii=False).removesuffix(".0")
    return text if len(text) <= MOST_CHARACTERS else f"{text[: MOST_CHARACTERS - 1]}…"
