"""What a provider's check finds wrong, in the words of the real engine."""

from collections.abc import Iterable

from pulumi_openrouter.offline.state.model import Resource
from pulumi_openrouter.offline.values import values


def failure_texts(resource: Resource, failures: Iterable[tuple[str, str]]) -> list[str]:
    """Return a line for each failure, which is a property, or nothing, and the reason."""
    texts = []
    for name, reason in failures:
        where = f"{resource.type} resource '{resource.name}'"
        if name:
            shown = values.redacted(resource.inputs.get(name))
            where += f": property {name} value {{{_shown(shown)}}}"
        texts.append(f"{where} has a problem: {reason}")
    return texts


def _shown(value: object) -> str:
    """Write a value as the real engine shows it in an error: whole numbers bare, texts unquoted."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        items = (f"{key}:{{{_shown(one)}}}" for key, one in sorted(value.items()))
        return f"map[{' '.join(items)}]"
    if isinstance(value, list):
        return "[" + " ".join(f"{{{_shown(one)}}}" for one in value) + "]"
    return "<nil>" if value is None else str(value)
