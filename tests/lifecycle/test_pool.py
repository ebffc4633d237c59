"""The thread pool of the provider process: four threads as Pulumi made it, more once configured."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from pulumi_openrouter.lifecycle.pool import widen_pool

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
        return widen_pool(32, debug=False)

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
    assert pool.submit(widen_pool, 1, debug=False).result() == 5
    with ThreadPoolExecutor(100) as large:
        widen_pool.cache_clear()
        assert large.submit(widen_pool, 32, debug=False).result() == 100


@pytest.mark.parametrize(
    ("debug", "lines"),
    [
        pytest.param(
            True,
            "openrouter: the provider's thread pool was not found; at most 4 calls run at once\n",
            id="debug",
        ),
        pytest.param(False, "", id="no-debug"),
    ],
)
def test_a_pool_that_cannot_be_found_is_told_of_once(
    capsys: pytest.CaptureFixture[str], debug: bool, lines: str
) -> None:
    """Outside an executor nothing is widened, and three providers say so once, in debug output."""

    def configure() -> None:
        assert [widen_pool(32, debug=debug) for _ in range(3)] == [None] * 3

    thread = threading.Thread(target=configure)
    thread.start()
    thread.join()
    assert capsys.readouterr().err == lines
