"""The exception tree: one line that says it all, and never a key."""

from __future__ import annotations

import re

import pytest

from pulumi_openrouter import errors
from pulumi_openrouter.errors import (
    ApiError,
    AuthenticationError,
    ConnectionFailedError,
    ForbiddenError,
    OpenRouterError,
)


def test_the_text_says_what_where_which_answer_and_what_next() -> None:
    """An API error reads: action, request, status, the API's words, next step."""
    error = AuthenticationError(
        action='creating workspace "acme-dev"',
        method="POST",
        path="/workspaces",
        status=401,
        words="Missing Authentication header",
    )
    assert str(error) == (
        'creating workspace "acme-dev": POST /workspaces answered 401: Missing Authentication '
        "header. Set openrouter:managementKey (pulumi config set --secret "
        "openrouter:managementKey …) or OPENROUTER_MANAGEMENT_KEY to a management key that is "
        "valid."
    )


def test_the_text_without_an_answer_says_so() -> None:
    """A lost connection has no status, and the text does not make one up."""
    error = ConnectionFailedError(
        action="listing the workspaces", method="GET", path="/workspaces", words="no route"
    )
    assert str(error).startswith(
        "listing the workspaces: GET /workspaces got no answer: no route. Check the network"
    )


def test_a_refusal_of_everything_names_the_allowlist() -> None:
    """A 403 may come from the organization's IP allowlist, not only from the kind of the key."""
    error = ForbiddenError(action="reading", method="GET", path="/w", status=403, words="No.")
    assert str(error) == (
        "reading: GET /w answered 403: No. Check that the key is a management key of the "
        "right organization, and that the organization's IP allowlist, if it has one, admits this "
        "machine."
    )


def test_another_request_with_the_same_cause_gets_a_short_text() -> None:
    """The short text keeps the cause and leaves out the advice, which the first error gives."""
    first = ConnectionFailedError(
        action="listing the workspaces", method="GET", path="/workspaces", words="no route"
    )
    other = first.for_another(action="reading a", method="GET", path="/a")
    assert type(other) is ConnectionFailedError
    assert str(other) == "reading a: GET /a was not sent: same cause as the first error (no route)."


def test_the_next_step_can_be_replaced() -> None:
    """A caller that knows the situation gives other advice and keeps everything else."""
    general = ForbiddenError(
        action="adding a", method="POST", path="/w", status=403, words="No way."
    )
    fitting = general.with_next_step("Leave the default workspace alone.")
    assert type(fitting) is ForbiddenError
    assert str(fitting) == (
        "adding a: POST /w answered 403: No way. Leave the default workspace alone."
    )


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        pytest.param("a\nb\r\n\tc", "a b c", id="line breaks"),
        pytest.param("a\x00b\x1b[31mc", "a b [31mc", id="control characters"),
        pytest.param("a\u2028b\u202ec", "a b c", id="separators and direction marks"),
        pytest.param("", "no reason given", id="nothing said"),
        pytest.param("ends with a stop.", "ends with a stop", id="one stop, not two"),
        pytest.param("x" * 301, "x" * 299 + "…", id="too long"),
        pytest.param("x" * 300, "x" * 300, id="just short enough"),
    ],
)
def test_words_of_others_become_one_short_line(words: str, shown: str) -> None:
    """Whatever a server says fits into one line of at most 300 characters."""
    error = ApiError(
        action="reading", method="GET", path="/w", status=418, words=words, next_step="Go on."
    )
    assert str(error) == f"reading: GET /w answered 418: {shown}. Go on."


def test_the_tree_in_the_docstring_names_every_class() -> None:
    """The drawn tree lists exactly the classes that the module has."""
    classes = {
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, OpenRouterError)
    }
    drawn = set(re.findall(r"^\W*(\w+Error)\b", errors.__doc__ or "", re.MULTILINE))
    assert drawn == classes
