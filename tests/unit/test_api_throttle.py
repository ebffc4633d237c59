"""The throttle: how many requests are in flight, and how that shrinks and grows."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx
import pytest

from pulumi_openrouter.api.throttle import Throttle

if TYPE_CHECKING:
    from unit.conftest import ScriptedApi


class Time:
    """A clock that moves when someone sleeps."""

    def __init__(self) -> None:
        self.now = 100.0

    def read(self) -> float:
        """Tell the time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds


@pytest.fixture
def time() -> Time:
    """A clock at 100 s."""
    return Time()


def throttle(time: Time, most: int = 8) -> Throttle:
    """A throttle on that clock."""
    return Throttle(most, sleep=time.sleep, monotonic=time.read)


def admits(subject: Throttle, expected: int) -> bool:
    """Return whether just so many of twelve may be in flight at once."""
    leave = threading.Event()
    entered = threading.Semaphore(0)

    def enter() -> None:
        with subject:
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
    time.now += 9
    assert admits(subject, 4)
    assert subject.shut(1) is True
    time.now += 1
    assert admits(subject, 2)


def test_one_request_always_passes(time: Time) -> None:
    """However often the API says to slow down, it never comes to a halt."""
    subject = throttle(time)
    for _ in range(20):
        subject.shut(1)
        time.now += 1
    assert admits(subject, 1)


def test_successes_give_the_limit_back(time: Time) -> None:
    """With every success more may be in flight again, up to the limit and not beyond."""
    subject = throttle(time)
    for _ in range(20):
        subject.shut(1)
        time.now += 1
    for _ in range(100):
        subject.succeeded()
    assert admits(subject, 8)


def test_entering_a_shut_throttle_waits_for_its_opening(time: Time) -> None:
    """Who enters is let through when the wait is over, within half a second of it."""
    subject = throttle(time)
    subject.shut(30)
    with subject:
        assert 130 <= time.now <= 130.5


def test_whoever_asks_again_stands_behind_those_who_wait(time: Time) -> None:
    """First come, first served: nobody spends all retries while others have not asked once."""
    subject = throttle(time, most=1)
    order: list[str] = []

    def ask(name: str) -> None:
        with subject:
            order.append(name)

    def join(name: str, line: int) -> threading.Thread:
        thread = threading.Thread(target=ask, args=[name])
        thread.start()
        while len(subject._line) < line:
            threading.Event().wait(0.001)
        return thread

    with subject:
        threads = [join("first", 1), join("second", 2)]
    ask("again")
    for thread in threads:
        thread.join(5)
    assert order == ["first", "second", "again"]


def test_who_gives_up_waiting_holds_up_nobody(time: Time) -> None:
    """A wait that is interrupted leaves the line, and the next one goes."""

    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    subject = Throttle(1, sleep=interrupt, monotonic=time.read)
    subject.shut(5)
    with pytest.raises(KeyboardInterrupt), subject:
        pass
    time.now += 5
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
