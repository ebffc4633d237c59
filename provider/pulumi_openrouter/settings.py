"""Settings: stack config first, then environment variables, then defaults.

Read once by the provider's `configure` and by the lookups, and handed to the API client. Every
value is checked here, so that a wrong one is named before the first request. Stdlib only: a
program that merely imports the package pays nothing.
"""

from __future__ import annotations

import difflib
import ipaddress
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import urlsplit

from pulumi_openrouter.errors import ConfigurationError
from pulumi_openrouter.text import fold, redact

Value = TypeVar("Value")

DEFAULT_BASE_URL = "https://openrouter.ai/api/v1"
KEY_SETTING = "openrouter:managementKey"
KEY_VARIABLES = ("OPENROUTER_MANAGEMENT_KEY", "OPENROUTER_API_KEY")

PLAIN_KEY_REMEDY = (
    f"Run `pulumi config set --secret {KEY_SETTING}`, or `pulumi config rm {KEY_SETTING}` and "
    f"export {KEY_VARIABLES[0]}; then replace the key, because others may have read it."
)
"""What to do about a key in the stack config in plain text, where the state would get it too."""

NAMES = (
    "managementKey",
    "baseUrl",
    "timeoutSeconds",
    "maxRetries",
    "maxRetryDelaySeconds",
    "maxConcurrency",
    "adoptExisting",
    "debug",
)
# Pulumi itself reads these of any provider's namespace.
_OF_PULUMI = ("version", "pluginDownloadURL")
_PREFIX = "openrouter:"


@dataclass(frozen=True)
class Settings:
    """All settings, checked.

    Attributes:
        management_key: Management key of the organization. It is never shown.
        base_url: Root of the API: https, or http on this machine.
        timeout_seconds: Longest wait for a connection, or for one complete response.
        max_retries: Retries after the first attempt, 0 to 20.
        max_concurrency: Requests in flight at once in one run, 1 to 256.
        max_retry_delay_seconds: Longest wait between two attempts, whatever Retry-After says.
        adopt_existing: Adopt workspaces that exist already, instead of failing.
        debug: Log every request and show full tracebacks.
        key_source: Where the key was found, for messages about it.
    """

    management_key: str = field(repr=False)
    base_url: str = DEFAULT_BASE_URL
    timeout_seconds: float = 30.0
    max_retries: int = 5
    max_concurrency: int = 32
    max_retry_delay_seconds: float = 60.0
    adopt_existing: bool = False
    debug: bool = False
    key_source: str = field(default=KEY_SETTING, compare=False)

    @classmethod
    def load(
        cls,
        get: Callable[[str], str | None],
        environ: Mapping[str, str],
        config_keys: Iterable[str] = (),
    ) -> Settings:
        """Read and check every setting.

        Args:
            get: Returns the stack config value `openrouter:<name>`, or None.
            environ: Environment variables.
            config_keys: All keys of the stack config, of whatever namespace; one that begins with
                `openrouter:` must be the name of a setting.

        Raises:
            ConfigurationError: A value is missing or wrong; the text names it, where it came
                from, the rule and the remedy, and never shows a key.
        """
        _refuse_unknown(config_keys)
        source = _Source(get, environ)
        key, key_source = _management_key(source)
        return cls(
            management_key=key,
            key_source=key_source,
            base_url=source.read("baseUrl", _base_url, cls.base_url, "OPENROUTER_BASE_URL"),
            timeout_seconds=source.read("timeoutSeconds", _seconds, cls.timeout_seconds),
            max_retries=source.read("maxRetries", _whole(0, 20), cls.max_retries),
            max_concurrency=source.read("maxConcurrency", _whole(1, 256), cls.max_concurrency),
            max_retry_delay_seconds=source.read(
                "maxRetryDelaySeconds", _seconds, cls.max_retry_delay_seconds
            ),
            adopt_existing=source.read("adoptExisting", _flag, False, "OPENROUTER_ADOPT_EXISTING"),
            debug=source.read("debug", _flag, False, "OPENROUTER_DEBUG"),
        )


@dataclass(frozen=True)
class _Source:
    """Stack config and environment; an empty value counts as not set."""

    get: Callable[[str], str | None]
    environ: Mapping[str, str]

    def find(self, name: str, *variables: str) -> tuple[str, str] | None:
        """Return the first value that is set, and the name of the place it came from."""
        places = [(f"openrouter:{name}", self.get(name))]
        places += [(variable, self.environ.get(variable)) for variable in variables]
        for place, value in places:
            if value and value.strip():
                return value.strip(), place
        return None

    def read(
        self, name: str, parse: Callable[[str], Value], default: Value, *variables: str
    ) -> Value:
        """Return a setting as `parse` reads it; `parse` raises ValueError with what it must be."""
        found = self.find(name, *variables)
        if found is None:
            return default
        text, place = found
        try:
            return parse(text)
        except ValueError as error:
            rule = str(error)
        # A URL may hold a password before an @, and a key in its query or its fragment.
        is_secret = any(one in text for one in "@?#")
        shown = "not shown here" if is_secret else f'"{redact(fold(text, 100))}"'
        usual = str(default).lower().removesuffix(".0")
        msg = f"{place} is {shown}, but it must {rule}. Correct it, or unset it to use {usual}."
        raise ConfigurationError(msg)


def _refuse_unknown(config_keys: Iterable[str]) -> None:
    known = {_PREFIX + name for name in (*NAMES, *_OF_PULUMI)}
    unknown = sorted(key for key in config_keys if key.startswith(_PREFIX) and key not in known)
    if not unknown:
        return
    key = unknown[0]
    nearest = difflib.get_close_matches(key.removeprefix(_PREFIX), NAMES, n=1)
    hint = (
        f"did you mean {_PREFIX}{nearest[0]}?"
        if nearest
        else f"the settings are {', '.join(NAMES)}."
    )
    shown = redact(fold(key, 100))
    msg = (
        f"There is no setting {shown}; {hint} Run `pulumi config rm {shown}`. Refresh and destroy "
        "use the configuration of the last `pulumi up`, so run `pulumi up` without --refresh first."
    )
    raise ConfigurationError(msg)


def _management_key(source: _Source) -> tuple[str, str]:
    found = source.find("managementKey", *KEY_VARIABLES)
    if found is None:
        msg = (
            "No OpenRouter management key: openrouter:managementKey, OPENROUTER_MANAGEMENT_KEY "
            "and OPENROUTER_API_KEY are all unset. Run `pulumi config set --secret "
            "openrouter:managementKey <key>`, or export OPENROUTER_MANAGEMENT_KEY."
        )
        raise ConfigurationError(msg)
    key, place = found
    if not (key.isascii() and key.isprintable() and " " not in key):
        msg = (
            f"{place} cannot be a key: it holds a space, a line break or a character outside "
            "ASCII. Set it to the key alone, without `Bearer`, quotes or anything around it."
        )
        raise ConfigurationError(msg)
    return key, place


def _base_url(url: str) -> str:
    if not (url.isascii() and url.isprintable() and " " not in url and "\\" not in url):
        msg = "be plain ASCII without spaces (write a domain in its xn-- form)"
        raise ValueError(msg)
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        msg = "have a valid host and port"
        raise ValueError(msg) from None
    if parts.scheme not in {"http", "https"} or not host:
        msg = "start with https:// and a host"
        raise ValueError(msg)
    if parts.scheme == "http" and not _is_loopback(host):
        msg = "use https: plain http would send the key unprotected, and is for this machine only"
        raise ValueError(msg)
    if "@" in parts.netloc or "?" in url or "#" in url:
        msg = "have no user, no query and no fragment"
        raise ValueError(msg)
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value <= 3600:
        msg = "be a number of seconds above 0 and up to 3600"
        raise ValueError(msg)
    return value


def _whole(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not (text.isdecimal() and len(text) <= 4 and least <= int(text) <= most):
            msg = f"be a whole number from {least} to {most}"
            raise ValueError(msg)
        return int(text)

    return parse


def _flag(text: str) -> bool:
    if text.lower() not in {"true", "false", "1", "0"}:
        msg = "be true or false"
        raise ValueError(msg)
    return text.lower() in {"true", "1"}
