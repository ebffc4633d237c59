"""Reading a whole listing while others change it.

The API counts pages by offset, so an object that goes away between two pages moves all later ones
a place up, and one of them slips through. Where the number of pages allows it, they overlap by one
object: while the last of one page is the first of the next, nothing before it moved. Together with
`total_count` that tells a steady pass from one to repeat, and costs no request.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from itertools import chain

from pulumi_openrouter.api.models import Item, Page

# The most that the API gives at once.
PAGE_LIMIT = 100
# Passes over a listing that changes under our hands; whatever any of them saw is given.
MAX_PASSES = 3


def read_all(fetch: Callable[[int], Page[Item]], identity: Callable[[Item], str]) -> Iterator[Item]:
    """Return each item once, in the API's order; as `read_pages`."""
    return chain.from_iterable(read_pages(fetch, identity))


def read_pages(
    fetch: Callable[[int], Page[Item]], identity: Callable[[Item], str]
) -> Iterator[list[Item]]:
    """Return each item once, page by page: one request per page, sent when it is asked for.

    What exists throughout is given, as soon as one of three passes is steady. A listing of n
    items that holds still costs ceil(n/100) requests. One change escapes: an object goes and
    another comes between the same two pages, and n leaves no room for an overlap there.

    Args:
        fetch: Returns the page that starts at an offset.
        identity: Returns what makes an item itself.
    """
    seen: set[str] = set()
    for _ in range(MAX_PASSES):
        steady = yield from _one_pass(fetch, identity, seen)
        if steady:
            return


def _one_pass(
    fetch: Callable[[int], Page[Item]], identity: Callable[[Item], str], seen: set[str]
) -> Generator[list[Item], None, bool]:
    """Return what is not in `seen`, add it there, and return whether the listing held still."""
    met: set[str] = set()
    offset, steady = 0, True
    total: int | None = None
    anchor: str | None = None
    while True:
        page = fetch(offset)
        ids = [identity(item) for item in page.data]
        moved = anchor is not None and ids[:1] != [anchor]
        steady = steady and not moved and (offset == 0 or page.total_count == total)
        total = page.total_count
        yield [item for item in page.data if identity(item) not in seen]
        seen.update(ids)
        nothing_new = met.issuperset(ids)
        met.update(ids)
        offset += len(ids)
        if nothing_new or _is_last(offset, total, len(ids)):
            return steady and total in {None, len(met)}
        anchor = ids[-1] if _overlap_is_free(offset, total, len(ids)) else None
        offset -= anchor is not None


def _is_last(end: int, total: int | None, size: int) -> bool:
    return size < PAGE_LIMIT if total is None else end >= total


def _overlap_is_free(end: int, total: int | None, size: int) -> bool:
    """Return whether one object more to read fits into the pages that are left anyway."""
    return total is not None and (total - end) % size > 0
