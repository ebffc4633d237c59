"""RESULTS.md as chapters, so that one of them can be measured anew and the others kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

HEADING = "## "


def chapters_of(text: str) -> tuple[str, dict[str, str]]:
    """Return what stands above the first chapter, and each chapter's text by its title."""
    head, *chapters = f"\n{text}".split(f"\n{HEADING}")
    titled = (chapter.partition("\n") for chapter in chapters)
    return head.strip(), {title: body.strip() for title, _, body in titled}


def updated(text: str, head: str | None, measured: Mapping[str, str], order: Sequence[str]) -> str:
    """Return the text with the chapters that were measured, in order; others stay as they are.

    A chapter that is no longer in `order` goes. The head stays where there is no new one.
    """
    old_head, old = chapters_of(text)
    chapters = {**old, **measured}
    whole = [old_head if head is None else head.strip()]
    whole += [
        f"{HEADING}{title}\n\n{chapters[title].strip()}" for title in order if title in chapters
    ]
    return "\n\n".join(whole) + "\n"
