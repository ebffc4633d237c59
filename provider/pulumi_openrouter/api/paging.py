"""Reading a whole listing, also while others change it.

The API counts pages by offset, so an object that goes away between two pages moves all later ones
a place up, and one of them slips through. The changed `total_count` shows it, and the listing is
read again. One change escapes: an object goes and another comes between the same two pages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain

from pulumi_openrouter.api.models import Item, Page

# The most that the API gives at once.
PAGE_LIMIT = 100
# How often a listing is read that changes each time.
MAX_PASSES = 3


def read_all(fetch: Callable[[int], Page[Item]], identity: Callable[[Item], str]) -> Iterator[Item]:
    """Return each item once, in the API's order; as `read_pages`."""
    return chain.from_iterable(read_pages(fetch, identity))


def read_pages(
    fetch: Callable[[int], Page[Item]], identity: Callable[[Item], str]
) -> Iterator[list[Item]]:
    """Return each item once, page by page: one request per page, sent when it is asked for.

    Args:
        fetch: Returns the page that starts at an offset.
        identity: Returns what makes an item itself.
    """
    given: set[str] = set()
    for _ in range(MAX_PASSES):
        totals: set[int | None] = set()
        met: set[str] = set()
        offset = 0
        while True:
            page = fetch(offset)
            items = {identity(item): item for item in page.data}
            yield [item for key, item in items.items() if key not in given]
            given.update(items)
            totals.add(page.total_count)
            offset += len(page.data)
            # An API that ignores the offset would never come to its end.
            nothing_new = met.issuperset(items)
            met.update(items)
            if nothing_new or _is_last(page, offset):
                break
        if len(totals) == 1:
            return


def _is_last(page: Page[Item], end: int) -> bool:
    return len(page.data) < PAGE_LIMIT if page.total_count is None else end >= page.total_count
