"""Paging: exact counts while all is calm, nothing lost or doubled while it is not."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pulumi_openrouter.api.models import Page
from pulumi_openrouter.api.paging import MAX_PASSES, read_all, read_pages


class Listing:
    """A listing of names that others change between two pages."""

    def __init__(
        self, names: list[str], between: list[Callable[[list[str]], None]], most: int = 100
    ) -> None:
        self.names = names
        self.between = between
        self.most = most
        self.always = set(names)
        self.requests = 0

    def fetch(self, offset: int) -> Page[str]:
        """Return one page, after the next change has been made."""
        if self.requests and self.between:
            self.between.pop(0)(self.names)
            self.always &= set(self.names)
        self.requests += 1
        page = self.names[offset : offset + self.most]
        return Page[str](data=tuple(page), total_count=len(self.names))

    def read(self) -> list[str]:
        """Read it all."""
        return list(read_all(self.fetch, str))


def names(count: int) -> list[str]:
    """Some names."""
    return [f"n{number}" for number in range(count)]


@pytest.mark.parametrize(
    ("count", "requests"),
    [(0, 1), (1, 1), (99, 1), (100, 1), (101, 2), (199, 2), (200, 2), (251, 3), (2000, 20)],
)
def test_a_calm_listing_costs_no_page_more_than_needed(count: int, requests: int) -> None:
    """N items cost ceil(N/100) requests, and one where there are none."""
    listing = Listing(names(count), [])
    assert listing.read() == names(count)
    assert listing.requests == requests


def test_ten_thousand_items_cost_a_hundred_requests() -> None:
    """A large organization is read with the fewest requests too."""
    listing = Listing(names(10_000), [])
    assert len(set(listing.read())) == 10_000
    assert listing.requests == 100


def test_a_smaller_page_than_asked_for_is_read_on() -> None:
    """An API that gives fewer items at once than asked is read to its end all the same."""
    listing = Listing(names(95), [], most=10)
    assert listing.read() == names(95)
    assert listing.requests == 10


@pytest.mark.parametrize(("count", "requests"), [(0, 1), (40, 1), (100, 2), (150, 2)])
def test_without_a_total_a_short_page_is_the_last(count: int, requests: int) -> None:
    """If the API stops telling a total, reading goes on until a page is not full."""
    listing = Listing(names(count), [])
    given_names = list(
        read_all(lambda offset: listing.fetch(offset).model_copy(update={"total_count": None}), str)
    )
    assert given_names == names(count)
    assert listing.requests == requests


def test_pages_are_asked_for_as_they_are_needed() -> None:
    """Who stops after the first page costs one request."""
    listing = Listing(names(250), [])
    assert next(read_pages(listing.fetch, str)) == names(100)
    assert listing.requests == 1


def test_what_slips_over_a_page_boundary_is_found() -> None:
    """When an item of page one goes, the first of page two moves up, and is read all the same."""
    listing = Listing(names(250), [lambda listed: listed.remove("n3")])
    assert set(listing.read()) == set(names(250))


def test_a_listing_that_changes_is_read_again_at_most_twice() -> None:
    """Somebody who adds objects all the time does not keep a reader busy for ever."""

    def grow(listed: list[str]) -> None:
        listed.append(f"new-{len(listed)}")

    listing = Listing(names(150), [grow] * 100)
    assert set(listing.read()) >= set(names(150))
    assert listing.requests == 2 * MAX_PASSES


def test_a_listing_that_lies_about_its_total_ends() -> None:
    """A total that never comes true costs one request more, not eternity."""
    requests: list[int] = []

    def fetch(offset: int) -> Page[str]:
        requests.append(offset)
        return Page[str](data=tuple(names(3)[offset:]), total_count=10**9)

    assert list(read_all(fetch, str)) == names(3)
    assert len(requests) == 2


def test_a_listing_that_ignores_the_offset_ends() -> None:
    """The same page over and over is given once."""
    page = Page[str](data=tuple(names(100)), total_count=1000)
    assert list(read_all(lambda _: page, str)) == names(100)


def deletion(position: int) -> Callable[[list[str]], None]:
    """Delete the item at a position, if there is one."""

    def change(listed: list[str]) -> None:
        del listed[position : position + 1]

    return change


def insertion(position: int, name: str) -> Callable[[list[str]], None]:
    """Insert an item at a position."""
    return lambda listed: listed.insert(position, name)


def together(
    changes: list[Callable[[list[str]], None]],
) -> Callable[[list[str]], None]:
    """Make several changes between the same two pages."""

    def change(listed: list[str]) -> None:
        for single in changes:
            single(listed)

    return change


POSITIONS = st.integers(0, 30)
DELETIONS = st.lists(st.builds(deletion, POSITIONS), max_size=3)
INSERTIONS = st.lists(st.builds(insertion, POSITIONS, st.uuids().map(str)), max_size=3)


@settings(max_examples=200, deadline=None)
@given(
    count=st.integers(0, 30),
    between=st.lists(st.one_of(DELETIONS, INSERTIONS).map(together), max_size=4),
)
def test_nothing_that_stays_is_missed_and_nothing_comes_twice(
    count: int, between: list[Callable[[list[str]], None]]
) -> None:
    """While items come or go between the pages of the first passes, all that stay are given."""
    listing = Listing(names(count), between, most=10)
    given_names = listing.read()
    assert len(given_names) == len(set(given_names))
    assert listing.always <= set(given_names)
