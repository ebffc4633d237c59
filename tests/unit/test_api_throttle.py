"""The throttle: how many requests are in flight, and how that shrinks and grows."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx
import pytest

from pulumi_openrouter.api.clock import Clock
from pulumi_openrouter.api.throttle import Throttle

if TYPE_CHECKING:
    from unit.conftest import ScriptedApi


class Time(Clock):
    """A clock that moves when someone sleeps."""

    def __init__(self) -> None:
        self.time = 100.0

    def monotonic(self) -> float:
        """Return the time."""
        return self.time

    def sleep(self, seconds: float, wake: threading.Event) -> None:  # noqa: ARG002
        """Let time pass."""
        self.time += seconds


@pytest.fixture
def time() -> Time:
    """A clock at 100 s."""
    return Time()


def throttle(time: Time, most: int = 8) -> Throttle:
    """Return a throttle on that clock, while requests may be sent."""
    return Throttle(most, time, threading.Event())


def admits(subject: Throttle, expected: int) -> bool:
    """Return whether just so many of twelve may be in flight at once."""
    leave = threading.Event()
    entered = threading.Semaphore(0)

    def enter() -> None:
        with subject.admission():
            entered.release()
            leave.wait(5)

    with ThreadPoolExecutor(12) as pool:
        for _ in range(12):
            pool.submit(enter)
        arrived = [entered.acquire(timeout=60) for _ in range(expected)]
        one_more = entered.acquire(timeout=0.05)
        leave.set()
    return all(arrived) and not one_more


def test_no_more_than_the_limit_are_in_flight(time: Time) -> None:
    """Whoever comes beyond the limit waits for another to finish."""
    assert admits(throttle(time, most=3), 3)


def test_a_shut_throttle_halves_what_may_be_in_flight_once(time: Time) -> None:
    """Many answers of one burst count as one reason to slow down, the next burst as another."""
    subject = throttle(time)
    assert [subject.shut(5), subject.shut(5), subject.shut(9)] == [True, False, False]
    time.time += 9
    assert admits(subject, 4)
    assert subject.shut(1) is True
    time.time += 1
    assert admits(subject, 2)


def test_one_request_always_passes(time: Time) -> None:
    """However often the API says to slow down, it never comes to a halt."""
    subject = throttle(time)
    for _ in range(20):
        subject.shut(1)
        time.time += 1
    assert admits(subject, 1)


def test_successes_give_the_limit_back(time: Time) -> None:
    """With every success more may be in flight again, up to the limit and not beyond."""
    subject = throttle(time)
    for _ in range(20):
        subject.shut(1)
        time.time += 1
    for _ in range(100):
        subject.succeeded()
    assert admits(subject, 8)


def test_entering_a_shut_throttle_waits_for_its_opening(time: Time) -> None:
    """Who enters is let through when the wait is over."""
    subject = throttle(time)
    subject.shut(30)
    with subject.admission():
        assert time.time == 130


def test_nobody_waits_for_an_opening_once_nothing_is_sent(time: Time) -> None:
    """When all requests fail for one cause, those in line learn it without waiting."""
    hurry = threading.Event()
    subject = Throttle(1, time, hurry)
    subject.shut(30)
    hurry.set()
    with subject.admission():
        assert time.time == 100


def test_a_burst_beyond_the_rate_that_the_api_takes_gets_through(api: ScriptedApi) -> None:
    """Of forty requests at once, four a second are admitted, and none uses up its retries."""
    counting = threading.Lock()
    admitted: Counter[int] = Counter()

    def four_a_second(_: httpx.Request) -> httpx.Response:
        with counting:
            second = int(api.time)
            admitted[second] += 1
            if admitted[second] <= 4:
                return httpx.Response(200, json={"data": {"id": "ws-1"}})
        return httpx.Response(429, headers={"Retry-After": "1"}, json={"error": {"message": "No"}})

    api.script = [four_a_second] * 400
    client = api.client(max_concurrency=8)
    with ThreadPoolExecutor(40) as pool:
        found = [one.id for one in pool.map(client.workspaces.get, ["acme"] * 40)]
    assert found == ["ws-1"] * 40


def test_who_gives_up_waiting_holds_up_nobody() -> None:
    """A wait that is interrupted leaves the line, and the next one goes."""

    class Interrupted(Time):
        def sleep(self, seconds: float, wake: threading.Event) -> None:
            super().sleep(seconds, wake)
            raise KeyboardInterrupt

    subject = throttle(Interrupted(), most=1)
    subject.shut(5)
    with pytest.raises(KeyboardInterrupt), subject.admission():
        pass
    assert admits(subject, 1)


def test_a_limit_of_five_is_never_passed_over_http(api: ScriptedApi) -> None:
    """With maxConcurrency 5, forty requests of twenty threads run five by five."""
    five = threading.Barrier(5)
    counting = threading.Lock()
    in_flight: list[int] = [0, 0]

    def count(_: httpx.Request) -> httpx.Response:
        with counting:
            in_flight[0] += 1
            in_flight[1] = max(in_flight)
        five.wait(5)
        with counting:
            in_flight[0] -= 1
        return httpx.Response(200, json={"data": {"id": "ws-1"}})

    api.script = [count] * 40
    client = api.client(max_concurrency=5)
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(client.workspaces.get, ["acme"] * 40))
    assert in_flight == [0, 5]
