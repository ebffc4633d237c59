"""The one way out to the network: `Transport.request`.

Between the endpoint methods and a single HTTP exchange: encoding of paths, retries, the throttle
that all threads share, redaction, and one exception of errors.py for whatever went wrong.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from urllib.parse import quote

import httpx
import tenacity

from pulumi_openrouter.api.exchange import Call, Exchange, Model, Outcome, Settle
from pulumi_openrouter.api.models import ApiModel
from pulumi_openrouter.api.throttle import Throttle, spread
from pulumi_openrouter.errors import ApiError, AuthenticationError, RefusedError, fold, redact
from pulumi_openrouter.settings import Settings

FIRST_DELAY_SECONDS = 0.5


def _to_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - the CLI shows a provider's stderr


class Transport:
    """Sends requests to one API with one key; safe to share between threads, and meant to be.

    Args:
        settings: Where to, with which key, how long, how often.
        http: Client to send with, instead of one made from the environment's proxies and CAs.
        sleep: Waits the given seconds.
        monotonic: Clock for delays and deadlines.
        now: Unix time, to compare with dates that the API sends.
        notify: Takes a line that tells the user why nothing moves.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        http: httpx.Client | None = None,
        sleep: Callable[[float], None] = tenacity.sleep,
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
        notify: Callable[[str], None] = _to_stderr,
    ) -> None:
        self.monotonic = monotonic
        self.now = now
        # The server's clock minus ours, in seconds, as of the latest answer.
        self.skew = 0.0
        self._settings = settings
        self._sleep = sleep
        self._notify = notify
        self._throttle = Throttle(settings.max_concurrency, sleep=sleep, monotonic=monotonic)
        agent = f"pulumi-openrouter/{version('pulumi-openrouter')}"
        self._exchange = Exchange(settings, agent, http, monotonic=monotonic, now=now)
        self._backoff = tenacity.wait_exponential(
            multiplier=FIRST_DELAY_SECONDS, max=settings.max_retry_delay_seconds
        ) + tenacity.wait_random(0, FIRST_DELAY_SECONDS)

    def close(self) -> None:
        """Close the connections."""
        self._exchange.close()

    def request(
        self,
        method: str,
        segments: Sequence[str],
        model: type[Model],
        *,
        action: str,
        query: Mapping[str, int | str] | None = None,
        body: Mapping[str, object] | None = None,
        settle: Settle[Model] | None = None,
    ) -> Model:
        """Send a request, again where that helps, and give the answer as `model`.

        Retries stop after `max_retries`, or once every attempt and every wait could have taken
        its longest. A request may be repeated freely unless `settle` is given: then, after an
        attempt that may have been carried out, `settle` gets the error and looks.

        Args:
            method: HTTP method.
            segments: Path below the base URL; each is percent-encoded.
            model: What the answer must be.
            action: What is being done, for messages: `creating workspace "acme"`.
            query: Query parameters.
            body: JSON object to send.
            settle: Gives the answer if the change was made, None if it was not; raises if that
                cannot be told.

        Raises:
            ApiError: One of its classes; the text tells all.
        """
        call = Call(
            action=action,
            method=method,
            path=self._path(method, segments, action),
            query=query,
            content=None if body is None else json.dumps(body, allow_nan=False).encode(),
            model=model,
            settle=settle,
        )
        outcome: Outcome[Model] = self._retrying(call)(self._attempt, call)
        if outcome.value is None:
            raise self._error(call, outcome)
        return outcome.value

    def _path(self, method: str, segments: Sequence[str], action: str) -> str:
        for segment in segments:
            if segment in {"", ".", ".."} or not segment.isprintable():
                raise RefusedError(
                    action=self._clean(action),
                    method=method,
                    path=f"/{segments[0]}/…",
                    words=self._clean(f"{fold(ascii(segment), 80)} cannot be part of a path"),
                    next_step="Give an id or a slug.",
                )
        return "".join(f"/{quote(segment, safe='')}" for segment in segments)

    def _retrying(self, call: Call[Model]) -> tenacity.Retrying:
        attempts = self._settings.max_retries + 1
        longest = self._settings.timeout_seconds + self._settings.max_retry_delay_seconds
        deadline = self.monotonic() + longest * attempts

        def exhausted(state: tenacity.RetryCallState) -> bool:
            too_late = self.monotonic() + state.upcoming_sleep > deadline
            return too_late or state.attempt_number >= attempts

        return tenacity.Retrying(
            retry=tenacity.retry_if_result(lambda outcome: outcome.retry),
            wait=self._delay,
            stop=exhausted,
            before_sleep=lambda state: self._before_delay(call, state),
            sleep=self._sleep,
            retry_error_callback=_outcome,
        )

    def _delay(self, state: tenacity.RetryCallState) -> float:
        asked = _outcome(state).retry_after
        delay = self._backoff(state) if asked is None else asked + spread()
        return min(delay, self._settings.max_retry_delay_seconds)

    def _before_delay(self, call: Call[Model], state: tenacity.RetryCallState) -> None:
        """Make everyone wait if the API asks for it, and tell the user why nothing moves."""
        outcome, delay, tried = _outcome(state), state.upcoming_sleep, state.attempt_number
        attempt = f"(attempt {tried + 1} of {self._settings.max_retries + 1})"
        seconds = f"{max(delay, 1):.0f} s"
        if outcome.throttled:
            if self._throttle.shut(delay):
                problem = f"OpenRouter answered {outcome.status}"
                self._notify(f"{problem}; waiting {seconds} before the next request {attempt}")
        elif tried > 1 or self._settings.debug:
            # One hiccup is not worth a line; two in a row are.
            problem = fold(self._clean(f"{call.action}: {outcome.status or outcome.words}"), 200)
            self._notify(f"{problem}; trying again in {seconds} {attempt}")

    def _attempt(self, call: Call[Model]) -> Outcome[Model]:
        with self._throttle:
            outcome = self._exchange.send(call)
        if outcome.sent is not None:
            self.skew = outcome.sent - self.now()
        if self._settings.debug:
            self._notify(self._clean(f"{call.method} {call.path}: {outcome.status}"))
        if outcome.value is not None:
            self._throttle.succeeded()
            return outcome
        return self._settled(call, outcome)

    def _settled(self, call: Call[Model], outcome: Outcome[Model]) -> Outcome[Model]:
        """Let the call's `settle` look if this attempt, or one before, may have been carried out.

        "Exists already" after such an attempt may speak of this call's own object.
        """
        call.in_doubt = call.in_doubt or outcome.may_be_done
        unclear = outcome.may_be_done or (call.in_doubt and outcome.kind is RefusedError)
        if call.settle is None or not unclear:
            return outcome
        found = call.settle(self._error(call, outcome))
        return outcome if found is None else Outcome(value=found)

    def _error(self, call: Call[Model], outcome: Outcome[Model]) -> ApiError:
        error = outcome.kind(
            action=self._clean(call.action),
            method=call.method,
            path=self._clean(call.path),
            status=outcome.status,
            words=self._clean(outcome.words),
        )
        if not isinstance(error, AuthenticationError):
            return error
        source = f"The key in use came from {self._settings.key_source}."
        return error.with_next_step(f"{error.next_step} {source}")

    def _clean(self, text: str) -> str:
        key = self._settings.management_key
        return redact(text, key, quote(key, safe=""))


def _outcome(state: tenacity.RetryCallState) -> Outcome[ApiModel]:
    """Give how the attempt just made ended; tenacity has it from `_attempt`."""
    if state.outcome is None:
        msg = "tenacity asks about an attempt that was not made"
        raise RuntimeError(msg)
    outcome: Outcome[ApiModel] = state.outcome.result()
    return outcome
