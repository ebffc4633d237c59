"""Slugs and ids of workspaces, as OpenRouter takes them, and names of projects."""

from __future__ import annotations

import re
import unicodedata

SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
"""The API's pattern: parts of a-z and 0-9, joined by single hyphens."""

SLUG_LENGTH = 50
"""The API's limit, in characters."""


# The Latin letters that are no base letter with an accent, as they are commonly written in ASCII.
# Case folding has already turned the German eszett into "ss".
_LETTERS = str.maketrans(
    {
        "æ": "ae",
        "œ": "oe",
        "ø": "o",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "ł": "l",
        "ħ": "h",
        "\u0131": "i",
    }
)

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def is_uuid(text: str) -> bool:
    """Return whether a text has the form of an id; the API takes such a text for an id too."""
    return _UUID.fullmatch(text) is not None


def slugify(text: str, suffix: str = "") -> str:
    """Return the slug nearest to a text, with the slug of `suffix` as its last part.

    Latin letters are written in ASCII (é as e, ß as ss, ø as o) and other letters are dropped.
    Everything else in ASCII becomes a hyphen. What is too long is cut in front of the suffix, so
    that the slugs of two stacks never collide. The result is empty if no character of the text can
    be part of a slug, or if the suffix leaves no room.
    """
    stem, tail = _parts(text), _parts(suffix)
    if not tail or not stem:
        return stem[:SLUG_LENGTH].rstrip("-")
    room = SLUG_LENGTH - len(tail) - 1
    return f"{stem[:room].rstrip('-')}-{tail}" if room > 0 else ""


def project_name(folder: str, default: str) -> str:
    """Return the name of a folder as Pulumi takes it for a project: 1 to 100 of `A-Za-z0-9_.-`.

    Other names become slugs, or the default where nothing is left.
    """
    name = folder[:100]
    return name if re.fullmatch(r"[A-Za-z0-9_.-]+", name) else slugify(name) or default


def _parts(text: str) -> str:
    latin = unicodedata.normalize("NFKD", text.casefold()).translate(_LETTERS)
    # Lower case again, because NFKD writes some symbols in capitals, such as the trademark sign.
    ascii_text = latin.encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", ascii_text).strip("-")
