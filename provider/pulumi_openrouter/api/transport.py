"""The one way out to the network: `Transport.request`.

Between the endpoint methods and a single HTTP exchange: encoding of paths, retries, the throttle
that all threads share, redaction, and one exception of errors.py for whatever went wrong.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from importlib.metadata import version
from urllib.parse import quote

import tenacity

from pulumi_openrouter.api.exchange import Call, Exchange, Model, Outcome, Settle
from pulumi_openrouter.api.http import httpx
from pulumi_openrouter.api.models import ApiModel
from pulumi_openrouter.api.outage import Outage
from pulumi_openrouter.api.throttle import Throttle, spread
from pulumi_openrouter.errors import ApiError, AuthenticationError, RefusedError, fold, redact
from pulumi_openrouter.settings import KEY_SETTING, Settings

FIRST_DELAY_SECONDS = 0.5


def _to_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - the CLI shows a provider's stderr


class Transport:
    """Sends requests to one API with one key; safe to share between threads, and meant to be.

    Args:
        settings: Where to, with which key, how long, how often.
        http: Client to send with, instead of one made from the environment's proxies and CAs.
        sleep: Waits the given seconds, instead of a wait that ends when all requests fail.
        monotonic: Clock for delays and deadlines.
        now: Unix time, to compare with dates that the API sends.
        notify: Takes a line that tells the user why nothing moves.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        http: httpx.Client | None = None,
        sleep: Callable[[float], None] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
        notify: Callable[[str], None] = _to_stderr,
    ) -> None:
        self.monotonic = monotonic
        self.now = now
        # The server's clock minus ours, in seconds, as of the latest answer.
        self.skew = 0.0
        self._settings = settings
        self._outage = Outage()
        self._sleep = sleep or self._outage.wait
        self._notify = notify
        # Until when a problem needs no further line, by problem.
        self._told_until: dict[str, float] = {}
        self._telling = threading.Lock()
        self._throttle = Throttle(
            settings.max_concurrency, sleep=sleep or tenacity.sleep, monotonic=monotonic
        )
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
            settle: Returns the answer if the change was made, None if it was not; raises if that
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
        since = self._outage.answers
        outcome: Outcome[Model] = self._retrying(call)(self._attempt, call)
        if outcome.value is None:
            raise self._final_error(call, outcome, since)
        return outcome.value

    def _path(self, method: str, segments: Sequence[str], action: str) -> str:
        for segment in segments:
            if segment in {"", ".", ".."} or not segment.isprintable():
                raise RefusedError(
                    action=self._clean(action),
                    method=method,
                    path=f"/{segments[0]}/…",
                    words=self._clean(f"{fold(ascii(segment), 80)} cannot be part of a path"),
                    next_step="Pass an id or a slug.",
                    sent=False,
                )
        return "".join(f"/{quote(segment, safe='')}" for segment in segments)

    def _retrying(self, call: Call[Model]) -> tenacity.Retrying:
        attempts = self._settings.max_retries + 1
        longest = self._settings.timeout_seconds + self._settings.max_retry_delay_seconds
        deadline = self.monotonic() + longest * attempts

        def exhausted(state: tenacity.RetryCallState) -> bool:
            too_late = self.monotonic() + state.upcoming_sleep > deadline
            pointless = self._outage.cause is not None
            return pointless or too_late or state.attempt_number >= attempts

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
        elif self._settings.debug or (tried > 1 and self._is_news(outcome, delay)):
            # One hiccup is not worth a line; two in a row are.
            what = self._settings.base_url if outcome.unreachable else call.action
            problem = fold(self._clean(f"{what}: {outcome.status or outcome.words}"), 200)
            self._notify(f"{problem}; trying again in {seconds} {attempt}")

    def _is_news(self, outcome: Outcome[ApiModel], delay: float) -> bool:
        """Return whether no other request waits for the same problem to pass, after a line."""
        problem = str(outcome.status or outcome.words)
        with self._telling:
            now = self.monotonic()
            news = self._told_until.get(problem, now) <= now
            if news:
                self._told_until[problem] = now + delay
            return news

    def _attempt(self, call: Call[Model]) -> Outcome[Model]:
        with self._throttle:
            cause = self._outage.cause
            if cause is not None:
                # The error is made from the shared cause later, unless that has passed by then.
                return Outcome(kind=type(cause), cause=cause)
            outcome = self._exchange.send(call)
        if outcome.status not in {None, HTTPStatus.UNAUTHORIZED}:
            self._outage.answered()
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

    def _final_error(self, call: Call[Model], outcome: Outcome[Model], since: int) -> ApiError:
        """Return the whole error, or a short one if another request had the same cause first."""
        error = self._error(call, outcome)
        first = outcome.cause or error
        if outcome.cause is None and outcome.concerns_all:
            first = self._outage.declare(error, since)
        if first is error:
            return error
        return first.for_another(
            action=error.action,
            method=error.method,
            path=error.path,
            status=outcome.status,
            sent=call.in_doubt,
        )

    def _error(self, call: Call[Model], outcome: Outcome[Model]) -> ApiError:
        advice = outcome.next_step
        if outcome.kind is AuthenticationError:
            advice = _key_advice(self._settings.key_source)
        return outcome.kind(
            action=self._clean(call.action),
            method=call.method,
            path=self._clean(call.path),
            status=outcome.status,
            words=self._clean(outcome.words),
            next_step=advice,
        )

    def _clean(self, text: str) -> str:
        key = self._settings.management_key
        return redact(text, key, quote(key, safe=""))


def _key_advice(source: str) -> str:
    """Return what to do about a key that is not accepted, which depends on where it came from."""
    if source != KEY_SETTING:
        return f"The key came from {source}: set it to a valid management key."
    return (
        f"The key came from {KEY_SETTING}: run `pulumi config set --secret {KEY_SETTING}` with a "
        "valid management key. If you have already replaced it: refresh and destroy use the "
        "configuration stored with the provider in the state, so run `pulumi up` "
        "without --refresh, or `pulumi refresh --run-program`, once."
    )


def _outcome(state: tenacity.RetryCallState) -> Outcome[ApiModel]:
    """Return how the attempt just made ended; tenacity has it from `_attempt`."""
    if state.outcome is None:
        msg = "tenacity asks about an attempt that was not made"
        raise RuntimeError(msg)
    outcome: Outcome[ApiModel] = state.outcome.result()
    return outcome
