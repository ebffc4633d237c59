"""Rebuilding the state from the live resources, after every resource has been read."""

from collections.abc import Iterable

from pulumi_openrouter.offline.planning.steps import Op, Step
from pulumi_openrouter.offline.state.model import Resource


def rebuilt(base: Iterable[Resource], steps: Iterable[Step]) -> list[Resource]:
    """Return the resources of the state as the refresh has found them.

    Resources that are gone are dropped, and no one depends on them any more; their children move
    up to the next parent that is still there.
    """
    found = {step.before: step for step in steps}
    resources: list[Resource] = []
    present: set[str] = set()
    # For every URN, whether it is gone or not, its nearest parent that still exists.
    parents: dict[str, str] = {}
    for old in base:
        step = found.get(old)
        new = step.new if step is not None else old
        parent = old.parent if old.parent in present else parents.get(old.parent, "")
        parents[old.urn] = parent
        if new is None or (step is not None and step.result is Op.DELETE):
            continue
        new.parent = parent
        new.dependencies = [urn for urn in new.dependencies if urn in present]
        new.property_dependencies = {
            key: left
            for key, urns in new.property_dependencies.items()
            if (left := [urn for urn in urns if urn in present])
        }
        if new.deleted_with not in present:
            new.deleted_with = ""
        resources.append(new)
        present.add(new.urn)
    return resources
