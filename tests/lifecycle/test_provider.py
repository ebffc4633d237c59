"""The adapter to Pulumi's dynamic providers: how it is configured, and what a user sees fail."""

import sys
from collections.abc import Iterator

import pytest
from pulumi import dynamic
from pulumi.dynamic.config import Config

import pulumi_openrouter as openrouter
from harness.organization import live
from harness.providers import PROVIDER_TYPES, Providers, travel
from pulumi_openrouter.errors import ConfigurationError, OpenRouterError
from pulumi_openrouter.resources.provider import DynamicProvider
from pulumi_openrouter.sandbox import Sandbox

from .conftest import NewProcess

ACME = {"name": "Acme", "slug": "acme", "__hints": {"owner": "Workspace::acme"}}


@pytest.fixture(autouse=True)
def tracebacks() -> Iterator[None]:
    """Bring back pytest's tracebacks, which a provider that is configured hides."""
    before = getattr(sys, "tracebacklimit", 1000)
    yield
    sys.tracebacklimit = before


def configure(provider: DynamicProvider, **config: str) -> None:
    """Configure a provider as its process does, with the config of the stack."""
    values = {f"openrouter:{name}": value for name, value in config.items()}
    provider.configure(dynamic.ConfigureRequest(Config(values, "acme")))


@pytest.fixture
def configured(sandbox: Sandbox) -> Providers:
    """Return one provider of each kind, configured by the config of one stack."""
    providers = {kind: provider_type() for kind, provider_type in PROVIDER_TYPES.items()}
    for provider in providers.values():
        configure(provider, baseUrl=sandbox.url, managementKey=sandbox.key)
    return providers


def test_the_stack_config_says_where_the_api_is(configured: Providers, sandbox: Sandbox) -> None:
    """A provider sends its requests to the base URL of the config, with the key of the config."""
    workspaces = configured["Workspace"]
    created = workspaces.create(travel(workspaces.check({}, travel(ACME)).inputs))
    assert live(sandbox)["id"] == created.id


def test_providers_of_one_process_know_of_each_other(
    configured: Providers, sandbox: Sandbox, capfd: pytest.CaptureFixture[str]
) -> None:
    """Two providers of the same settings share what a run knows: nothing is announced twice."""
    other = openrouter.WorkspaceProvider()
    configure(other, baseUrl=sandbox.url, managementKey=sandbox.key)
    misspelled = {**ACME, "disabled_server_tools": ["openrouter:bsah"]}
    for provider in (configured["Workspace"], other):
        provider.check({}, travel(misspelled))
    assert capfd.readouterr().err.count('"openrouter:bsah", which is not a server tool') == 1


def test_without_a_key_nothing_is_configured() -> None:
    """The error is one line that says where a key can be set."""
    with pytest.raises(ConfigurationError, match="OPENROUTER_MANAGEMENT_KEY"):
        configure(openrouter.WorkspaceProvider())


@pytest.mark.parametrize(
    ("debug", "expected"),
    [("", OpenRouterError), ("true", KeyError)],
    ids=["ordinary", "debug"],
)
def test_a_defect_is_one_line_unless_somebody_debugs(
    start: NewProcess, debug: str, expected: type[Exception]
) -> None:
    """What our code did not foresee names the operation and how to report it."""
    provider = start(debug=debug).providers["WorkspaceBudget"]
    with pytest.raises(expected) as failure:
        provider.create({"daily_usd": 1})
    if not debug:
        assert str(failure.value) == (
            "unexpected KeyError in WorkspaceBudgetProvider.create: 'workspace'. This is a defect "
            "of pulumi-openrouter: run again with OPENROUTER_DEBUG=1 and report the traceback."
        )
    assert failure.type is expected


def test_debugging_shows_tracebacks(sandbox: Sandbox) -> None:
    """A configured provider hides them, and `debug` shows them again."""
    for debug, shown in (("false", False), ("true", True)):
        provider = openrouter.WorkspaceProvider()
        configure(provider, baseUrl=sandbox.url, managementKey=sandbox.key, debug=debug)
        assert bool(sys.tracebacklimit) is shown
