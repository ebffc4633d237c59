"""Text for messages: that of others on one line, cut, and without keys or secrets; numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable

REDACTED = "[redacted]"
_ANY_OPENROUTER_KEY = re.compile(r"sk-or-[\w-]+")


def fold(text: str, limit: int | None = None) -> str:
    """Return `text` on one line, without control characters, cut at `limit` characters."""
    printable = "".join(character if character.isprintable() else " " for character in text)
    line = " ".join(printable.split())
    if limit is None or len(line) <= limit:
        return line
    return line[: limit - 1].rstrip() + "…"


def counted(count: int, noun: str) -> str:
    """Return a number with its noun, such as `1 workspace` or `1,000 workspaces`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def hide(text: str, forms: Iterable[str], before: str = r"\w") -> str:
    """Return a text with `[secret]` in the place of each of these forms, the longest first.

    Only whole words are hidden. `before` are the characters after which a word does not begin, as
    in a class of a regular expression.
    """
    for form in sorted(filter(None, forms), key=len, reverse=True):
        text = re.sub(rf"(?<![{before}]){re.escape(form)}(?!\w)", "[secret]", text)
    return text


def redact(text: str, *secrets: str) -> str:
    """Replace each of `secrets`, and whatever has the form of an OpenRouter key."""
    for secret in filter(None, secrets):
        text = text.replace(secret, REDACTED)
    return _ANY_OPENROUTER_KEY.sub(REDACTED, text)
