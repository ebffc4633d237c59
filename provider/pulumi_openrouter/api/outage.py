"""The failure that all requests of a process share: no connection to the API, or a refused key.

Such a failure does not get better by asking for something else. So the first request that fails
for good this way ends the waiting of the others, which then fail at once and refer to it.
"""

from __future__ import annotations

import threading

from pulumi_openrouter.errors import ApiError


class Outage:
    """The shared failure, if there is one; all methods may be called from any thread."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._cause: ApiError | None = None
        self._answers = 0

    @property
    def cause(self) -> ApiError | None:
        """The error of the request that failed first, or None while requests may be sent."""
        return self._cause

    @property
    def answers(self) -> int:
        """How many answers other than 401 there have been, to be compared later."""
        return self._answers

    def answered(self) -> None:
        """Note that the API answered something other than 401, which ends an outage."""
        with self._changed:
            self._answers += 1
            self._cause = None

    def declare(self, error: ApiError, since: int) -> ApiError:
        """Make `error` the shared failure, and return the shared failure, or `error` itself.

        If the API has answered anybody since the failed request began (`answers` was `since`
        then), the failure is only that request's own.
        """
        with self._changed:
            if self._cause is None and self._answers == since:
                self._cause = error
                self._changed.notify_all()
            return self._cause or error

    def wait(self, seconds: float) -> None:
        """Sleep, but no longer than until there is a shared failure."""
        with self._changed:
            self._changed.wait_for(lambda: self._cause is not None, seconds)
