"""Text for messages: that of others on one line, cut, and without keys; numbers with a noun."""

from __future__ import annotations

import re

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


def redact(text: str, *secrets: str) -> str:
    """Replace each of `secrets`, and whatever has the form of an OpenRouter key."""
    for secret in filter(None, secrets):
        text = text.replace(secret, REDACTED)
    return _ANY_OPENROUTER_KEY.sub(REDACTED, text)
