"""Which resource depends on which, in the state that the last operation left.

A state always has a resource after those that it depends on.
"""

from collections.abc import Callable, Collection, Iterable

from pulumi_openrouter.offline.state.model import Resource, provider_urn


class DependencyGraph:
    """The dependencies among resources in the order of a state."""

    def __init__(self, resources: Iterable[Resource]) -> None:
        self._resources = list(resources)
        self._needs = {resource: _needs(resource) for resource in self._resources}

    def dependents(self, root: Resource, ignore: Collection[str]) -> list[Resource]:
        """Return what depends on a resource, directly or not, in the order of the state.

        Parents do not count. A URN in `ignore` is passed over, with what depends only on it.
        """
        found: list[Resource] = []
        urns = {root.urn}
        start = self._resources.index(root) if root in self._needs else len(self._resources)
        for resource in self._resources[start + 1 :]:
            if resource.urn not in ignore and not urns.isdisjoint(self._needs[resource]):
                found.append(resource)
                urns.add(resource.urn)
        return found

    def closure(self, is_root: Callable[[str], bool]) -> set[str]:
        """Return the URNs of some resources, their children, and all that depends on these."""
        found: set[str] = set()
        for resource in self._resources:
            urns = {*self._needs[resource], resource.parent}
            if is_root(resource.urn) or not found.isdisjoint(urns):
                found.add(resource.urn)
        return found

    def deleted_with(self, urn: str) -> list[Resource]:
        """Return the resources that go when this one is deleted."""
        return [one for one in self._resources if one.deleted_with == urn]

    def delete_order(self, condemned: Collection[Resource]) -> list[list[Resource]]:
        """Group resources to delete so that each group can go at once, dependents first.

        Whoever depends on a component also depends on the component's children.
        """
        doomed = set(condemned)
        # The highest level so far, by URN, and by URN among a component's descendants.
        own: dict[str, int] = {}
        below: dict[str, int] = {}
        parents: dict[str, str] = {}
        components: set[str] = set()
        groups: dict[int, list[Resource]] = {}
        for resource in self._resources:
            parents[resource.urn] = resource.parent
            if not resource.custom:
                components.add(resource.urn)
            if resource not in doomed:
                continue
            urns = self._needs[resource]
            levels = [own.get(urn, -1) for urn in (*urns, resource.parent)]
            levels += [below.get(urn, -1) for urn in urns if urn in components]
            level = max(levels) + 1
            groups.setdefault(level, []).append(resource)
            own[resource.urn] = max(level, own.get(resource.urn, -1))
            ancestor = resource.parent
            while ancestor:
                below[ancestor] = max(level, below.get(ancestor, -1))
                ancestor = parents.get(ancestor, "")
        return [groups[level] for level in sorted(groups, reverse=True)]

    def needed_by(self, root: Resource) -> set[str]:
        """Return the URNs of all that a resource needs, directly or not, parents included."""
        newest = {resource.urn: resource for resource in self._resources}
        waiting, found = [root], set[str]()
        while waiting:
            resource = waiting.pop()
            for urn in (*self._needs[resource], resource.parent):
                if urn in newest and urn not in found:
                    found.add(urn)
                    waiting.append(newest[urn])
        return found


def _needs(resource: Resource) -> set[str]:
    needs = set(resource.references())
    if resource.provider:
        needs.add(provider_urn(resource.provider))
    return needs
