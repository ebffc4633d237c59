"""A resource that is no part of a workspace and claims nothing: what all lifecycles share."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from harness.process import InputError, Managed, ProviderProcess
from harness.token_resource import TokenProvider
from pulumi_openrouter.sandbox import Sandbox


@pytest.fixture
def token(sandbox: Sandbox) -> Iterator[Managed]:
    """Return a Token that does not exist yet."""
    with closing(ProviderProcess(sandbox.environment, TokenProvider)) as process:
        yield process.resource("Token", "ci")


def test_its_value_survives_what_happens_to_it(token: Managed, sandbox: Sandbox) -> None:
    """It is shown once; an update and a refresh keep it, and nothing is asked of the API."""
    assert token.up(label="a", size=16) == "create"
    value = token.outputs["value"]
    assert len(bytes.fromhex(value)) == 16
    assert token.up(label="b", size=16) == "update"
    assert [token.refresh(), token.up(label="b", size=16)] == ["same"] * 2
    assert token.outputs["value"] == value
    token.delete()
    assert sandbox.requests() == []


def test_its_declaration_decides(token: Managed) -> None:
    """Which inputs are refused, and which change replaces it."""
    with pytest.raises(InputError, match="size: a token has at least 8 bytes, not 4"):
        token.check(label="a", size=4)
    token.up(label="a", size=16)
    value = token.outputs["value"]
    assert token.up(label="a", size=32) == "replace"
    assert token.outputs["value"] != value


def test_two_of_them_share_what_they_want(token: Managed) -> None:
    """Nothing is claimed, so nothing collides."""
    other = token.process.resource("Token", "too")
    with token.process.one_run():
        assert [one.up(label="a", size=16) for one in (token, other)] == ["create"] * 2
