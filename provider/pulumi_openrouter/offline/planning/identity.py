"""Finding the URN of a registered resource, and the state that it had under this or an older URN.

A resource that was renamed, moved or retyped says so with aliases. It also inherits the former URNs
of its parent.
"""

from collections.abc import Callable, Mapping

from pulumi_openrouter.offline.exceptions import Stopped
from pulumi_openrouter.offline.state.model import (
    Alias,
    Goal,
    Resource,
    make_urn,
    urn_name,
    urn_type,
)


class Identities:
    """The URNs of one run."""

    def __init__(
        self,
        stack: str,
        project: str,
        olds: Mapping[str, Resource],
        error: Callable[[str, str], None],
    ) -> None:
        self._stack = stack
        self._project = project
        self._olds = olds
        self._error = error
        self.claimed: set[str] = set()
        # From a URN to the one that the resource had in the state, and back.
        self.former: dict[str, str] = {}
        self.latter: dict[str, str] = {}

    def claim(self, goal: Goal) -> str:
        """Return the URN of a resource; report an error and raise Stopped where it has none."""
        parent = goal.wanted.parent
        urn = make_urn(self._stack, self._project, parent, goal.wanted.type, goal.name)
        if parent and parent not in self.claimed:
            self._error(urn, f"could not find parent resource {parent}")
            raise Stopped
        if urn in self.claimed:
            self._error(urn, f"Duplicate resource URN '{urn}'; try giving it a unique name")
            raise Stopped
        self.claimed.add(urn)
        return urn

    def keep(self, urn: str) -> None:
        """Note a URN of the state under which the program gets a resource that stays as it is."""
        self.claimed.add(urn)

    def old(self, urn: str, goal: Goal) -> tuple[Resource | None, bool]:
        """Return the state of a resource, and whether no other resource claims it."""
        valid = True
        if (owner := self.latter.get(urn)) is not None:
            self._error(
                urn,
                f"Duplicate resource URN '{urn}' conflicting with alias on resource "
                f"with URN '{owner}'",
            )
            valid = False
        for candidate in (urn, *self._aliases(goal)):
            if candidate not in self._olds:
                continue
            if candidate != urn:
                valid = self._claim_former(urn, candidate) and valid
            return self._olds[candidate], valid
        return None, valid

    def _claim_former(self, urn: str, former: str) -> bool:
        owner = urn if former in self.claimed else self.latter.get(former)
        self.latter[former] = urn
        self.former[urn] = former
        if owner is None:
            return True
        self._error(
            urn,
            f"Duplicate resource alias '{former}' applied to resource with URN '{urn}' "
            f"conflicting with resource with URN '{owner}'",
        )
        return False

    def _aliases(self, goal: Goal) -> list[str]:
        own = [self._resolve(goal, alias) for alias in goal.aliases]
        parent = goal.wanted.parent
        if parent not in self.former:
            return own
        below = [self._below(parent, goal.wanted.type, goal.name)]
        below += [self._below(parent, urn_type(urn), urn_name(urn)) for urn in own]
        return [*own, *below]

    def _resolve(self, goal: Goal, alias: Alias) -> str:
        if alias.urn:
            return alias.urn
        parent = "" if alias.no_parent else goal.wanted.parent
        if alias.parent:
            parent = self.former.get(alias.parent, alias.parent)
        return make_urn(
            alias.stack or self._stack,
            alias.project or self._project,
            parent,
            alias.type or goal.wanted.type,
            alias.name or goal.name,
        )

    def _below(self, parent: str, type_: str, name: str) -> str:
        """Return the URN that a child had while its parent had another.

        A child named after its parent was renamed with it.
        """
        former = self.former[parent]
        if name.startswith(urn_name(parent)):
            name = urn_name(former) + name.removeprefix(urn_name(parent))
        return make_urn(self._stack, self._project, former, type_, name)
