"""The one way out to the network: `Transport.request`.

Between the endpoint methods and a single HTTP exchange: encoding of paths, retries, the throttle
that all threads share, redaction, and one exception of errors.py for whatever went wrong.
"""

from __future__ import annotations

import json
import random
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus
from importlib.metadata import version
from urllib.parse import quote

from pulumi_openrouter.api.clock import Clock
from pulumi_openrouter.api.exchange import Call, Exchange, Model, Outcome, Settle
from pulumi_openrouter.api.http import httpx
from pulumi_openrouter.api.outage import Outage
from pulumi_openrouter.api.throttle import Throttle
from pulumi_openrouter.errors import ApiError, AuthenticationError, InvalidRequestError
from pulumi_openrouter.settings import KEY_SETTING, Settings
from pulumi_openrouter.text import fold, redact

FIRST_DELAY_SECONDS = 0.5
# Spreads the requests of several processes that wait for the same moment.
SPREAD_SECONDS = 0.5


def _to_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - the CLI shows a provider's stderr


class Transport:
    """Sends requests to one API with one key; safe to share between threads, and meant to be.

    Args:
        settings: Where to, with which key, how long, how often.
        http: Client to send with, instead of one made from the environment's proxies and CAs.
        clock: The time, and waiting.
        notify: Takes a line that tells the user why nothing moves.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        http: httpx.Client | None = None,
        clock: Clock | None = None,
        notify: Callable[[str], None] = _to_stderr,
    ) -> None:
        self.clock = clock or Clock()
        self._settings = settings
        self._notify = notify
        self._outage = Outage()
        self._throttle = Throttle(settings.max_concurrency, self.clock, self._outage.declared)
        agent = f"pulumi-openrouter/{version('pulumi-openrouter')}"
        self._exchange = Exchange(settings, agent, http, self.clock)
        # The API's clock minus ours, in seconds, as of the latest answer.
        self._skew = 0.0
        # Until when a problem needs no further line, by problem.
        self._announced_until: dict[str, float] = {}
        self._announcing = threading.Lock()

    def server_time(self, ours: float) -> float:
        """Return what the API's clock shows at a time of our clock, by its latest answer."""
        return ours + self._skew

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
        about_object: bool = True,
    ) -> Model:
        """Send a request, repeat it where that helps, and return the answer as `model`.

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
            settle: Returns the answer if the change was made, None if it was not; raises if it
                cannot find out.
            about_object: Whether a 404 of the API means that an object does not exist; false for
                the collections, which always do.

        Raises:
            ApiError: One of its classes; the text says what happened and what to do.
        """
        call = Call(
            action=action,
            method=method,
            path=self._path(method, segments, action),
            query=query,
            content=None if body is None else json.dumps(body, allow_nan=False).encode(),
            model=model,
            settle=settle,
            about_object=about_object,
        )
        since = self._outage.answers
        outcome = self._send(call)
        if outcome.value is None:
            raise self._final_error(call, outcome, since)
        return outcome.value

    def _path(self, method: str, segments: Sequence[str], action: str) -> str:
        for segment in segments:
            if segment in {"", ".", ".."} or not segment.isprintable():
                raise InvalidRequestError(
                    action=self._clean(action),
                    method=method,
                    path=f"/{segments[0]}/…",
                    words=self._clean(f"{fold(ascii(segment), 80)} cannot be part of a path"),
                    next_step="Pass an id or a slug.",
                    sent=False,
                )
        return "".join(f"/{quote(segment, safe='')}" for segment in segments)

    def _send(self, call: Call[Model]) -> Outcome[Model]:
        """Send the call until its outcome is final or the retries are used up."""
        attempts = self._settings.max_retries + 1
        longest = self._settings.timeout_seconds + self._settings.max_retry_delay_seconds
        deadline = self.clock.monotonic() + longest * attempts
        in_doubt = False
        for attempt in range(1, attempts):
            outcome = self._attempt(call, in_doubt)
            in_doubt = outcome.may_be_done
            if not outcome.retry or self._outage.cause is not None:
                return outcome
            delay = self._delay(outcome, attempt)
            if self.clock.monotonic() + delay > deadline:
                return outcome
            tries = f"(attempt {attempt + 1} of {attempts})"
            if outcome.throttled:
                # The next attempt waits in the throttle, as every other request does.
                self._shut_throttle(outcome, delay, tries)
            else:
                if self._settings.debug or attempt > 1:
                    # One hiccup is not worth a line; two in a row are.
                    self._announce(call, outcome, delay, tries)
                self.clock.sleep(delay, self._outage.declared)
        return self._attempt(call, in_doubt)

    def _delay(self, outcome: Outcome[Model], attempt: int) -> float:
        """Return the seconds until the next attempt: what the API asks for, or doubling waits."""
        asked = outcome.retry_after
        delay = FIRST_DELAY_SECONDS * 2 ** (attempt - 1) if asked is None else asked
        delay += random.uniform(0, SPREAD_SECONDS)  # noqa: S311 - spreads load, guards nothing
        return min(delay, self._settings.max_retry_delay_seconds)

    def _shut_throttle(self, outcome: Outcome[Model], delay: float, tries: str) -> None:
        """Make all requests wait, and say once why nothing moves."""
        if self._throttle.shut(delay):
            problem = f"OpenRouter answered {outcome.status}"
            self._notify(f"{problem}; waiting {_seconds(delay)} before the next request {tries}")

    def _announce(
        self, call: Call[Model], outcome: Outcome[Model], delay: float, tries: str
    ) -> None:
        if self._settings.debug or self._is_news(str(outcome.status or outcome.words), delay):
            what = self._settings.base_url if outcome.unreachable else call.action
            problem = fold(self._clean(f"{what}: {outcome.status or outcome.words}"), 200)
            self._notify(f"{problem}; trying again in {_seconds(delay)} {tries}")

    def _is_news(self, problem: str, delay: float) -> bool:
        """Return whether no other request waits for the same problem to pass, after a line."""
        with self._announcing:
            now = self.clock.monotonic()
            news = self._announced_until.get(problem, now) <= now
            if news:
                self._announced_until[problem] = now + delay
            return news

    def _attempt(self, call: Call[Model], in_doubt: bool) -> Outcome[Model]:
        with self._throttle.admission():
            cause = self._outage.cause
            if cause is not None:
                # The error is made from the shared cause later, unless that has passed by then.
                return Outcome(error_class=type(cause), cause=cause, may_be_done=in_doubt)
            outcome = self._exchange.send(call)
        if outcome.status not in {None, HTTPStatus.UNAUTHORIZED}:
            self._outage.answered()
        if outcome.sent is not None:
            self._skew = outcome.sent - self.clock.now()
        if self._settings.debug:
            self._notify(self._clean(f"{call.method} {call.path}: {outcome.status}"))
        if outcome.value is not None:
            self._throttle.succeeded()
            return outcome
        return self._settled(call, outcome, in_doubt)

    def _settled(
        self, call: Call[Model], outcome: Outcome[Model], in_doubt: bool
    ) -> Outcome[Model]:
        """Ask the call's `settle` where this attempt, or one before, may have been carried out.

        "Exists already" after such an attempt may speak of this call's own object.
        """
        refused = outcome.error_class is InvalidRequestError
        if call.settle is not None and (outcome.may_be_done or (in_doubt and refused)):
            found = call.settle(self._error(call, outcome))
            if found is not None:
                return Outcome(value=found)
        return replace(outcome, may_be_done=outcome.may_be_done or in_doubt)

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
            sent=outcome.may_be_done,
        )

    def _error(self, call: Call[Model], outcome: Outcome[Model]) -> ApiError:
        advice = outcome.next_step
        if outcome.error_class is AuthenticationError:
            advice = _key_advice(self._settings.key_source)
        return outcome.error_class(
            action=self._clean(call.action),
            method=call.method,
            path=self._clean(call.path),
            status=outcome.status,
            words=self._clean(outcome.words),
            next_step=advice,
        )

    def _clean(self, text: str) -> str:
        """Return a text without keys; every text that leaves the transport comes through here."""
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


def _seconds(delay: float) -> str:
    return f"{max(delay, 1):.0f} s"
