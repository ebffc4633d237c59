"""The failure that all requests of a process share: no connection to the API, or a refused key.

Such a failure does not get better by asking for something else. So the first request that fails
for good this way ends the waiting of the others, which then fail at once and refer to it.
"""

from __future__ import annotations

import threading

from pulumi_openrouter.errors import ApiError


class Outage:
    """The shared failure, if there is one; all methods may be called from any thread.

    Attributes:
        cause: The error of the request that failed first, or None while requests may be sent.
        declared: Set while there is a cause, to end waits.
        answers: How many answers other than 401 there have been, to be compared later.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.cause: ApiError | None = None
        self.declared = threading.Event()
        self.answers = 0

    def answered(self) -> None:
        """Note that the API answered something other than 401, which ends an outage."""
        with self._lock:
            self.answers += 1
            self.cause = None
            self.declared.clear()

    def declare(self, error: ApiError, since: int) -> ApiError:
        """Make `error` the shared failure, and return the shared failure, or `error` itself.

        If the API has answered anybody since the failed request began (`answers` was `since`
        then), the failure is only that request's own.
        """
        with self._lock:
            if self.cause is None and self.answers == since:
                self.cause = error
                self.declared.set()
            return self.cause or error
