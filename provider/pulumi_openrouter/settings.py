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
from urllib.parse import SplitResult, urlsplit

from pulumi_openrouter.errors import ConfigurationError
from pulumi_openrouter.text import fold, redact

DEFAULT_BASE_URL = "https://openrouter.ai/api/v1"
KEY_SETTING = "openrouter:managementKey"

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
        management_key: Bearer key; never shown.
        base_url: Root of the API without a trailing slash; https, or http to this machine.
        timeout_seconds: Longest wait for a connection, or for one answer to be complete.
        max_retries: Attempts after the first, 0 to 20.
        max_concurrency: Requests in flight at once in this process, 1 to 256.
        max_retry_delay_seconds: Longest wait between two attempts, whatever Retry-After says.
        adopt_existing: Take over workspaces that exist instead of failing, for this run.
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
            base_url=_base_url(source),
            timeout_seconds=_seconds(source, "timeoutSeconds", cls.timeout_seconds),
            max_retries=_whole(source, "maxRetries", cls.max_retries, least=0, most=20),
            max_concurrency=_whole(
                source, "maxConcurrency", cls.max_concurrency, least=1, most=256
            ),
            max_retry_delay_seconds=_seconds(
                source, "maxRetryDelaySeconds", cls.max_retry_delay_seconds
            ),
            adopt_existing=_flag(source, "adoptExisting", "OPENROUTER_ADOPT_EXISTING"),
            debug=_flag(source, "debug", "OPENROUTER_DEBUG"),
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
    found = source.find("managementKey", "OPENROUTER_MANAGEMENT_KEY", "OPENROUTER_API_KEY")
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


def _base_url(source: _Source) -> str:
    url, place = source.find("baseUrl", "OPENROUTER_BASE_URL") or (DEFAULT_BASE_URL, "")
    problem, parts = _url_problem(url)
    if problem or parts is None:
        shown = "[a URL with credentials]" if "@" in url else _shown(url)
        msg = f"{place} is {shown}, but {problem}. Set it to a URL such as {DEFAULT_BASE_URL}."
        raise ConfigurationError(msg)
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def _url_problem(url: str) -> tuple[str, SplitResult | None]:
    if not (url.isascii() and url.isprintable() and " " not in url and "\\" not in url):
        return "a base URL is plain ASCII without spaces (a domain in its xn-- form)", None
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "its host or port cannot be read", None
    if parts.scheme not in {"http", "https"} or not host:
        return "a base URL starts with https:// and a host", None
    if parts.scheme == "http" and not _is_loopback(host):
        return "plain http would send the key unprotected; it is for this machine only", None
    if "@" in parts.netloc or "?" in url or "#" in url:
        return "a base URL has no user, no query and no fragment", None
    return "", parts


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _seconds(source: _Source, name: str, default: float) -> float:
    found = source.find(name)
    if found is None:
        return default
    text, place = found
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value <= 3600:
        msg = (
            f"{place} is {_shown(text)}, but it is a number of seconds above 0 and up to 3600. "
            f"Run `pulumi config set {place} {default:g}` or remove it for that default."
        )
        raise ConfigurationError(msg)
    return value


def _whole(source: _Source, name: str, default: int, *, least: int, most: int) -> int:
    found = source.find(name)
    if found is None:
        return default
    text, place = found
    if not (text.isdecimal() and len(text) <= 4 and least <= int(text) <= most):
        msg = (
            f"{place} is {_shown(text)}, but it is a whole number from {least} to {most}. "
            f"Run `pulumi config set {place} {default}` or remove it for that default."
        )
        raise ConfigurationError(msg)
    return int(text)


def _flag(source: _Source, name: str, variable: str) -> bool:
    found = source.find(name, variable)
    if found is None:
        return False
    text, place = found
    if text.lower() not in {"true", "false", "1", "0"}:
        msg = f"{place} is {_shown(text)}, but it is true or false. Set it to one of these."
        raise ConfigurationError(msg)
    return text.lower() in {"true", "1"}


def _shown(value: str) -> str:
    return f'"{redact(fold(value, 100))}"'
