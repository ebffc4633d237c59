"""More than four calls at once.

Pulumi's Python server for dynamic providers answers with four threads, whatever `--parallel` says.
Its executor can be reached from a call's own stack and told to grow: executors start a thread when
work arrives and fewer than `_max_workers` run. Should a later Python or Pulumi look different
inside, all works as before, with four.
"""

from __future__ import annotations

import functools
import sys
from concurrent.futures import ThreadPoolExecutor


@functools.cache
def widen_pool(max_concurrency: int, *, debug: bool) -> int | None:
    """Let the executor that runs this very call use more threads; return how many, or None.

    A few more than `max_concurrency`: a check should not wait for others' requests. It is done
    once a process, and where it cannot be, the debug output says so once.
    """
    executor = _running_executor()
    workers = getattr(executor, "_max_workers", None)
    if executor is None or not isinstance(workers, int):
        if debug:
            print(  # noqa: T201 - Pulumi shows what a provider writes to stderr
                "openrouter: the provider's thread pool was not found; at most 4 calls run at once",
                file=sys.stderr,
            )
        return None
    wider = max(workers, max_concurrency + 4)
    executor._max_workers = wider
    for _ in range(workers, wider):
        # Calls that came before this one wait in the queue: new work is what starts threads.
        executor.submit(int)
    return wider


def _running_executor() -> ThreadPoolExecutor | None:
    frame = sys._getframe()
    while frame.f_back is not None:
        frame = frame.f_back
        reference = frame.f_locals.get("executor_reference")
        if callable(reference) and isinstance(executor := reference(), ThreadPoolExecutor):
            return executor
    return None
