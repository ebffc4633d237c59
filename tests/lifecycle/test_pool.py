"""The thread pool of the provider process: four threads as Pulumi made it, more once configured."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from pulumi_openrouter.resources.pool import widen_pool

PULUMI_WORKERS = 4
LONG = 30


@pytest.fixture(autouse=True)
def new_process() -> Iterator[None]:
    """Let each test stand for a process of its own."""
    widen_pool.cache_clear()
    yield
    widen_pool.cache_clear()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    """Make the pool that Pulumi's server for dynamic providers has."""
    with ThreadPoolExecutor(PULUMI_WORKERS) as executor:
        yield executor


@pytest.mark.parametrize("queued_first", [False, True], ids=["later-calls", "calls-in-the-queue"])
def test_a_widened_pool_runs_that_many_calls_at_once(
    pool: ThreadPoolExecutor, queued_first: bool
) -> None:
    """All of 36 calls that wait for each other end, whether they came after widening or before."""
    all_queued = threading.Event()

    def configure() -> int | None:
        assert all_queued.wait(LONG)
        return widen_pool(32)

    meeting = threading.Barrier(36)
    first = pool.submit(configure)
    if not queued_first:
        all_queued.set()
        assert first.result() == 36
    calls = [pool.submit(meeting.wait, LONG) for _ in range(36)]
    all_queued.set()
    assert first.result() == 36
    assert sorted(call.result() for call in calls) == list(range(36))


def test_a_pool_never_shrinks(pool: ThreadPoolExecutor) -> None:
    """With fewer requests allowed in flight than Pulumi has threads, the pool keeps its threads."""
    assert pool.submit(widen_pool, 1).result() == 5
    with ThreadPoolExecutor(100) as large:
        widen_pool.cache_clear()
        assert large.submit(widen_pool, 32).result() == 100


def test_outside_of_an_executor_nothing_is_widened() -> None:
    """Where the pool cannot be found, all works as before."""
    found: list[int | None] = []
    thread = threading.Thread(target=lambda: found.append(widen_pool(32)))
    thread.start()
    thread.join()
    assert found == [None]
