"""The resources that an operation is restricted to, as `--target` names them."""

import re
from collections.abc import Container, Iterable

from pulumi_openrouter.offline.state.model import Resource, provider_urn

# `**` stands for any text, and `*` for any text without a colon.
_WILDCARDS = {"**": ".*", "*": "[^:]*"}


class Targets:
    """Which resources take part; all of them if none is named.

    With `dependents`, those that depend on a target, directly or not, take part as well.
    """

    def __init__(self, patterns: Iterable[str], *, dependents: bool) -> None:
        self.dependents = dependents
        self._patterns = sorted(patterns)
        self._expression = re.compile("|".join(_expression(one) for one in self._patterns))
        # The URNs that take part, of the resources that `include` was asked about.
        self._included: set[str] = set()

    def copy(self) -> "Targets":
        """Return the same targets for another pass over resources."""
        return Targets(self._patterns, dependents=self.dependents)

    def __bool__(self) -> bool:
        """Return whether there is any restriction."""
        return bool(self._patterns)

    def names(self, urn: str) -> bool:
        """Return whether a resource is named."""
        return not self._patterns or self._expression.fullmatch(urn) is not None

    def include(self, resource: Resource) -> bool:
        """Return whether a resource takes part.

        Those that it depends on must have been asked about before.
        """
        included = self.names(resource.urn) or (
            self.dependents and not self._included.isdisjoint(needs(resource))
        )
        if included:
            self._included.add(resource.urn)
        return included

    def unknown(self, known: Container[str]) -> list[str]:
        """Return the errors for targets that name a resource which is not known."""
        errors = []
        for urn in self._patterns:
            if "*" not in urn and urn not in known:
                hint = "" if "$" in urn else " Did you forget to escape $ in your shell?"
                errors.append(f"Target '{urn}' could not be found in the stack.{hint}")
        return errors


def needs(resource: Resource) -> list[str]:
    """Return the URNs of all that a resource depends on, with its parent and its provider."""
    urns = [*resource.references(), resource.parent]
    if resource.provider:
        urns.append(provider_urn(resource.provider))
    return [urn for urn in dict.fromkeys(urns) if urn]


def _expression(pattern: str) -> str:
    parts = re.split(r"(\*\*|\*)", pattern)
    return "".join(_WILDCARDS.get(part) or re.escape(part) for part in parts)
