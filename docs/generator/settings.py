"""The page of the settings: the names, variables and defaults are those that `Settings` reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from generator.markdown import code, page, read_docstring
from pulumi_openrouter.settings import NAMES, Settings

INTRO = """Each setting is read from the stack config, then the environment, then its default. A key
in the stack config that begins with `openrouter:` and is not on this page is an error, so a typo
does not pass."""

KEY = """## Where the key is stored

A key from the environment is only sent to the base URL and never stored. Prefer this. A key from
the stack config is also kept in the state, among the inputs of the stack's default provider,
encrypted with the stack's secrets provider. Without `--secret` it is refused, because it would be
in the state in plain text.

Plain `pulumi refresh` and `pulumi destroy` use the configuration stored at the last `pulumi up`;
see [Rotate the key](../guides/daily-work.md#rotate-the-key)."""

SET_THEM = """## Set them

```shell
export OPENROUTER_MANAGEMENT_KEY=sk-or-mgmt-...
pulumi config set openrouter:maxConcurrency 8
```"""


class Recorder(Mapping[str, str]):
    """An environment that has a key only, and remembers which variables it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __getitem__(self, name: str) -> str:
        self.asked.append(name)
        return {"OPENROUTER_API_KEY": "a-key"}[name]

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def settings_page() -> str:
    """Return the page of the settings."""
    environ = Recorder()
    variables: dict[str, list[str]] = {}

    def get(key: str) -> None:
        variables[key.removeprefix("openrouter:")] = environ.asked = []

    loaded = Settings.load(get, environ)
    meanings = read_docstring(Settings).sections["Attributes"]
    entries = []
    for name in NAMES:
        field = snake(name)
        default = "required" if name == "managementKey" else shown(getattr(loaded, field))
        places = " · ".join(
            [f"default: {code(default)}" if default != "required" else default]
            + (
                [f"environment: {', '.join(map(code, found))}"]
                if (found := variables[name])
                else []
            )
        )
        entries.append(f"### `openrouter:{name}`\n\n{places}\n\n{meanings[field]}")
    return page("Settings", INTRO, SET_THEM, KEY, "## All settings", *entries)


def snake(name: str) -> str:
    """Turn camelCase into snake_case."""
    return "".join(f"_{one.lower()}" if one.isupper() else one for one in name)


def shown(value: object) -> str:
    """Return a default as a person writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)
