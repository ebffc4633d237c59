"""Settings: where each value comes from, and how a wrong one is named."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pulumi_openrouter.errors import ConfigurationError
from pulumi_openrouter.settings import NAMES, Settings

KEY = "sk-or-mgmt-correct-horse"


def load(config: dict[str, str] | None = None, environ: dict[str, str] | None = None) -> Settings:
    """Load settings with a key in the config unless the test is about keys."""
    return Settings.load({"managementKey": KEY, **(config or {})}.get, environ or {})


def nothing(_name: str) -> None:
    """Read a stack config in which no setting has a value."""


def problem(config: dict[str, str] | None = None, environ: dict[str, str] | None = None) -> str:
    """Return the text with which loading fails."""
    with pytest.raises(ConfigurationError) as failure:
        load(config, environ)
    return str(failure.value)


def test_defaults_need_only_a_key() -> None:
    """With nothing but a key set, every other setting has its documented default."""
    assert load() == Settings(
        management_key=KEY,
        base_url="https://openrouter.ai/api/v1",
        timeout_seconds=30.0,
        max_retries=5,
        max_concurrency=32,
        max_retry_delay_seconds=60.0,
        adopt_existing=False,
        debug=False,
    )


def test_config_sets_every_value() -> None:
    """Each setting is read from the stack config under its own name."""
    settings = load(
        {
            "baseUrl": "https://api.example/v1/",
            "timeoutSeconds": "2.5",
            "maxRetries": "0",
            "maxConcurrency": "5",
            "maxRetryDelaySeconds": "7",
            "adoptExisting": "true",
            "debug": "1",
        }
    )
    assert settings == Settings(
        management_key=KEY,
        base_url="https://api.example/v1",
        timeout_seconds=2.5,
        max_retries=0,
        max_concurrency=5,
        max_retry_delay_seconds=7.0,
        adopt_existing=True,
        debug=True,
    )


@pytest.mark.parametrize(
    ("config", "environ", "key", "source"),
    [
        pytest.param("a1", ["b2", "c3"], "a1", "openrouter:managementKey", id="config first"),
        pytest.param("", ["b2", "c3"], "b2", "OPENROUTER_MANAGEMENT_KEY", id="then its variable"),
        pytest.param(" ", ["", "c3"], "c3", "OPENROUTER_API_KEY", id="then the general variable"),
        pytest.param(
            "a1\n", ["", ""], "a1", "openrouter:managementKey", id="line break at its end"
        ),
    ],
)
def test_the_key_comes_from_the_first_place_that_has_one(
    config: str, environ: list[str], key: str, source: str
) -> None:
    """Config wins over variables, and an empty value counts as none."""
    names = ["OPENROUTER_MANAGEMENT_KEY", "OPENROUTER_API_KEY"]
    settings = load({"managementKey": config}, dict(zip(names, environ, strict=True)))
    assert (settings.management_key, settings.key_source) == (key, source)


def test_a_missing_key_names_all_three_places() -> None:
    """Without a key, the message says where one may be put, and how."""
    assert problem({"managementKey": ""}) == (
        "No OpenRouter management key: openrouter:managementKey, OPENROUTER_MANAGEMENT_KEY and "
        "OPENROUTER_API_KEY are all unset. Run `pulumi config set --secret "
        "openrouter:managementKey <key>`, or export OPENROUTER_MANAGEMENT_KEY."
    )


@pytest.mark.parametrize(
    "key",
    [
        pytest.param("Bearer sk-or-mgmt-x", id="with the scheme"),
        pytest.param("sk-or-\nmgmt-x", id="line break inside"),
        pytest.param("sk-or-mgmt-\u2013x", id="typographic dash"),
        pytest.param("sk-or-mgmt-\x00", id="NUL"),
    ],
)
def test_a_key_that_cannot_be_one_is_refused_without_showing_it(key: str) -> None:
    """A key that cannot stand in a header is named by its place only."""
    text = problem({"managementKey": key})
    assert text.startswith("openrouter:managementKey cannot be a key: ")
    assert "mgmt-x" not in text


def test_base_url_falls_back_to_its_variable() -> None:
    """Without config, OPENROUTER_BASE_URL counts; trailing slashes do not."""
    settings = load(environ={"OPENROUTER_BASE_URL": "https://api.example/v1//"})
    assert settings.base_url == "https://api.example/v1"


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("http://127.0.0.1:8787/api/v1", id="loopback v4"),
        pytest.param("http://127.9.9.9/api/v1", id="all of the v4 loopback net"),
        pytest.param("http://[::1]:8787/api/v1", id="loopback v6"),
        pytest.param("http://localhost/api/v1", id="localhost"),
        pytest.param("https://10.0.0.1/api/v1", id="https anywhere"),
    ],
)
def test_a_base_url_that_keeps_the_key_safe_is_taken(url: str) -> None:
    """Https goes anywhere, plain http only to this machine."""
    assert load({"baseUrl": url}).base_url == url


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        pytest.param("http://api.example/v1", "plain http", id="http to another host"),
        pytest.param("http://127.0.0.1.example/v1", "plain http", id="loopback as a prefix"),
        pytest.param("http://0.0.0.0/v1", "plain http", id="every address"),
        pytest.param("http://localhost.example/v1", "plain http", id="localhost as a prefix"),
        pytest.param("ftp://api.example/v1", "start with https://", id="another scheme"),
        pytest.param("api.example/v1", "start with https://", id="no scheme"),
        pytest.param("https:///v1", "start with https://", id="no host"),
        pytest.param("https://api.example:99999/v1", "valid host and port", id="port out of range"),
        pytest.param("https://[::1/v1", "valid host and port", id="broken v6 address"),
        pytest.param("https://api.example/v1?api_key=pass", "no query", id="query"),
        pytest.param("http://api.example/v1?api_key=pass", "plain http", id="query over http"),
        pytest.param("https://api.example/v1?", "no query", id="empty query"),
        pytest.param("https://api.example/v1#pass", "no fragment", id="fragment"),
        pytest.param("https://user:pass@api.example/v1", "no user", id="credentials"),
        pytest.param("https://api.example/v 1", "plain ASCII", id="space"),
        pytest.param("https://api.example/v\n1", "plain ASCII", id="line break"),
        pytest.param("https://\u00e4pi.example/v1", "plain ASCII", id="outside ASCII"),
        pytest.param("http://127.0.0.1\\@api.example/v1", "plain ASCII", id="backslash"),
    ],
)
def test_a_base_url_that_cannot_be_one_is_refused(url: str, rule: str) -> None:
    """The message names the setting and its rule, and shows no credentials."""
    text = problem({"baseUrl": url})
    assert text.startswith("openrouter:baseUrl is ")
    assert rule in text
    assert text.endswith("Correct it, or unset it to use https://openrouter.ai/api/v1.")
    assert "pass" not in text


@pytest.mark.parametrize(
    ("key", "nearest"),
    [
        ("openrouter:managmentKey", "openrouter:managementKey"),
        ("openrouter:management_key", "openrouter:managementKey"),
        ("openrouter:baseURL", "openrouter:baseUrl"),
        ("openrouter:timeout", "openrouter:timeoutSeconds"),
        ("openrouter:maxRetryDelay", "openrouter:maxRetryDelaySeconds"),
        ("openrouter:Debug", "openrouter:debug"),
    ],
)
def test_an_unknown_key_names_the_nearest_one(key: str, nearest: str) -> None:
    """A typo in the stack config is an error before anything else, also where no key is found."""
    with pytest.raises(ConfigurationError) as failure:
        Settings.load(nothing, {}, [key, "acme:region"])
    assert str(failure.value) == (
        f"There is no setting {key}; did you mean {nearest}? Run `pulumi config rm {key}`. Refresh "
        "and destroy use the configuration of the last `pulumi up`, so run `pulumi up` without "
        "--refresh first."
    )


def test_a_key_that_resembles_none_lists_all() -> None:
    """Where nothing is near, the message lists the settings."""
    with pytest.raises(ConfigurationError, match="the settings are managementKey, baseUrl, "):
        Settings.load(nothing, {}, ["openrouter:xyzzy"])


def test_a_key_of_the_api_among_the_names_is_not_shown() -> None:
    """A management key that was set as a name does not reach the message."""
    with pytest.raises(ConfigurationError) as failure:
        Settings.load(nothing, {}, [f"openrouter:{KEY}"])
    assert "correct" not in str(failure.value)


def test_known_keys_and_other_namespaces_pass() -> None:
    """All settings, what Pulumi reads of every provider, and other providers' keys are fine."""
    keys = ["aws:regoin", "version", "openrouter:version", "openrouter:pluginDownloadURL"]
    keys += [f"openrouter:{name}" for name in NAMES]
    assert Settings.load({"managementKey": KEY}.get, {}, keys).management_key == KEY


def test_a_wrong_variable_is_named_as_the_variable() -> None:
    """A value from the environment is reported under the variable's name."""
    text = problem(environ={"OPENROUTER_BASE_URL": "nowhere"})
    assert text.startswith('OPENROUTER_BASE_URL is "nowhere"')


@pytest.mark.parametrize("name", ["timeoutSeconds", "maxRetryDelaySeconds"])
@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf", "3601", "soon", "1s"])
def test_seconds_out_of_range_are_refused(name: str, value: str) -> None:
    """A wait is a number above 0 and up to an hour."""
    text = problem({name: value})
    assert text.startswith(
        f'openrouter:{name} is "{value}", but it must be a number of seconds above 0 and up to 3600'
    )


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        pytest.param("maxRetries", "-1", "from 0 to 20", id="retries below 0"),
        pytest.param("maxRetries", "21", "from 0 to 20", id="retries above 20"),
        pytest.param("maxRetries", "1.5", "from 0 to 20", id="part of a retry"),
        pytest.param("maxConcurrency", "0", "from 1 to 256", id="no request at all"),
        pytest.param("maxConcurrency", "257", "from 1 to 256", id="too many requests"),
        pytest.param("maxConcurrency", "9" * 5000, "from 1 to 256", id="a number without end"),
    ],
)
def test_whole_numbers_out_of_range_are_refused(name: str, value: str, rule: str) -> None:
    """A count is a whole number in its range; the message shows at most 100 characters."""
    text = problem({name: value})
    assert text.startswith(f"openrouter:{name} is ")
    assert f"but it must be a whole number {rule}." in text
    assert len(text) < 400


@pytest.mark.parametrize(
    ("name", "variable"),
    [("adoptExisting", "OPENROUTER_ADOPT_EXISTING"), ("debug", "OPENROUTER_DEBUG")],
)
def test_flags_have_a_variable_of_their_own(name: str, variable: str) -> None:
    """A flag is true by config or variable, config wins, and other words are refused."""
    field = {"adoptExisting": "adopt_existing", "debug": "debug"}[name]
    assert getattr(load(environ={variable: "1"}), field) is True
    assert getattr(load({name: "False"}, {variable: "1"}), field) is False
    text = problem(environ={variable: "yes"})
    assert text.startswith(
        f'{variable} is "yes", but it must be true or false. Correct it, or unset it to use false.'
    )


def test_a_key_in_the_wrong_place_is_not_shown() -> None:
    """A key put where a number belongs does not reach the message."""
    assert "correct" not in problem({"maxRetries": KEY})


def test_the_representation_hides_the_key() -> None:
    """Settings can be printed and logged."""
    assert KEY not in repr(load())


def test_importing_settings_loads_no_third_party_library() -> None:
    """Reading settings costs a program nothing but the standard library."""
    program = (
        "import sys; before = set(sys.modules); import pulumi_openrouter.settings; "
        "print(sorted({'httpx', 'pydantic'} & (set(sys.modules) - before)))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert run.stdout.decode().strip() == "[]"
