"""Every exception of the package; a class of its own only where code catches it.

OpenRouterError
├── ConfigurationError         a setting is missing or wrong; nothing was sent
├── AlreadyExistsError         a workspace with that slug exists and this program does not own it
├── ConcurrentChangeError      somebody else changes the same thing at the same moment
└── ApiError                   a request failed; any status that has no class below
    ├── InvalidRequestError    400, 409, 422: the API refuses what the request says
    ├── AuthenticationError    401
    ├── ForbiddenError         403
    ├── NotFoundError          404 in the API's own error shape (a proxy's 404 is an ApiError)
    ├── RateLimitedError       429, after the last retry
    ├── ServerError            5xx and 408, after the last retry
    ├── ConnectionFailedError  no answer: DNS, TLS, proxy, timeout; after the last retry
    ├── MalformedAnswerError   a success that cannot be understood, after the last retry
    └── AmbiguousError         a create that may or may not have been carried out

Pulumi hands a provider's error to the user as text only, so one line says it all: what was being
done, method and path, status, the API's words, the next step. The transport has taken every key out
of a text before it makes an error of it.
"""

from __future__ import annotations

from typing import Any, ClassVar, TypeVar

from pulumi_openrouter.text import fold

Error = TypeVar("Error", bound="ApiError")

# Enough for the longest refusal known (a list of members), and still two lines of a terminal.
MAX_WORDS = 300


class OpenRouterError(Exception):
    """Root of all errors that this package raises on purpose."""


class ConfigurationError(OpenRouterError):
    """A setting is missing or has a value that cannot be used."""


class AlreadyExistsError(OpenRouterError):
    """What should be created exists already and belongs to someone else."""


class ConcurrentChangeError(OpenRouterError):
    """Somebody else changes at this moment what was to be changed."""


class ApiError(OpenRouterError):
    """A request to OpenRouter that did not succeed.

    Attributes:
        action: What was being done, as `creating workspace "acme"`.
        method: HTTP method.
        path: Path below the base URL, percent-encoded, without the query.
        status: HTTP status, or None when there was no answer.
        sent: False if the request was refused before it was sent.
        words: What the API (or the failing layer) said: one line, at most 300 characters.
        next_step: What the reader can do now: one or two sentences.
    """

    default_next_step: ClassVar[str] = (
        "Check openrouter:baseUrl, and whether a proxy answers in the API's place."
    )

    def __init__(
        self,
        *,
        action: str,
        method: str,
        path: str,
        status: int | None = None,
        words: str = "",
        next_step: str | None = None,
        sent: bool = True,
    ) -> None:
        self.action = fold(action)
        self.method = method
        self.path = fold(path)
        self.status = status
        self.words = fold(words, MAX_WORDS)
        self.next_step = self.default_next_step if next_step is None else next_step
        self.sent = sent
        no_answer = "got no answer" if sent else "was not sent"
        outcome = no_answer if status is None else f"answered {status}"
        said = self.words.rstrip(".") or "no reason given"
        msg = f"{self.action}: {method} {self.path} {outcome}: {said}. {self.next_step}"
        super().__init__(msg.rstrip())

    def with_next_step(self: Error, next_step: str) -> Error:
        """Return the same error with advice that fits the situation better."""
        return self._with(next_step=next_step)

    def for_another(
        self: Error,
        *,
        action: str,
        method: str,
        path: str,
        status: int | None = None,
        sent: bool = False,
    ) -> Error:
        """Return the short error of another request that fails for the same cause."""
        return self._with(
            action=action,
            method=method,
            path=path,
            status=status,
            words=f"same cause as the first error ({fold(self.words, 200)})",
            next_step="",
            sent=sent,
        )

    def _with(self: Error, **changes: Any) -> Error:
        names = ("action", "method", "path", "status", "words", "next_step", "sent")
        return type(self)(**{name: getattr(self, name) for name in names} | changes)


class InvalidRequestError(ApiError):
    """The API refuses the request for what it says; sending it again changes nothing."""

    default_next_step = "Correct the value that it names, then run again."


class AuthenticationError(ApiError):
    """The API does not accept the key."""

    default_next_step = (
        "Set openrouter:managementKey (pulumi config set --secret openrouter:managementKey …) or "
        "OPENROUTER_MANAGEMENT_KEY to a management key that is valid."
    )


class ForbiddenError(ApiError):
    """The key is valid, but this is not allowed: to this key, or to anyone."""

    default_next_step = (
        "Check that the key is a management key of the right organization, and that the "
        "organization's IP allowlist, if it has one, admits this machine."
    )


class NotFoundError(ApiError):
    """The API says itself that the object does not exist."""

    default_next_step = "Check the id or slug, and that the key belongs to the right organization."


class RateLimitedError(ApiError):
    """The API kept answering 429 until the retries were used up."""

    default_next_step = "Run again in a while, or lower openrouter:maxConcurrency."


class ServerError(ApiError):
    """The API kept failing on its side until the retries were used up."""

    default_next_step = "Run the same command again in a while."


class ConnectionFailedError(ApiError):
    """No answer came back from the API."""

    default_next_step = "Check the network, the proxy variables and openrouter:baseUrl."


class MalformedAnswerError(ApiError):
    """The API reports a success, in a form that cannot be understood."""

    default_next_step = (
        "Check that openrouter:baseUrl is OpenRouter's API, and whether a proxy changes answers."
    )


class AmbiguousError(ApiError):
    """A create was sent, and may or may not have been carried out."""

    default_next_step = (
        "Whether it was created is not known: look for it in the organization, then run again."
    )
