"""Text of others, made fit for a message: on one line, cut, and without keys."""

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


def redact(text: str, *secrets: str) -> str:
    """Replace each of `secrets`, and whatever has the form of an OpenRouter key."""
    for secret in filter(None, secrets):
        text = text.replace(secret, REDACTED)
    return _ANY_OPENROUTER_KEY.sub(REDACTED, text)
