"""Replacing a resource, by creating the new one first or by deleting the old one first.

Deleting first takes the dependents along that cannot outlive what they depend on: they are deleted
before it, and created again when the program registers them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_openrouter.offline.errors import PlanError
from pulumi_openrouter.offline.planning.steps import Op, Step
from pulumi_openrouter.offline.state.model import Goal, Resource
from pulumi_openrouter.offline.values import paths
from pulumi_openrouter.offline.values.values import UNKNOWN
from pulumi_openrouter.offline.wire.provider import DiffResult

if TYPE_CHECKING:
    from pulumi_openrouter.offline.planning.planner import Planner


def replacing(result: DiffResult, replace_on_changes: list[str]) -> list[str]:
    """List the properties that make a replacement: by the provider, or by the program's option."""
    keys = list(result.replace_keys)
    wanted = [path for text in replace_on_changes if (path := paths.parse(text))]
    for changed in result.changed:
        if any(paths.covers(path, changed) for path in wanted) and str(changed[0]) not in keys:
            keys.append(str(changed[0]))
    return keys


def replace_steps(
    planner: Planner,
    goal: Goal,
    old: Resource,
    new: Resource,
    keys: list[str],
    *,
    before: bool,
) -> list[Step]:
    """Plan a replacement. `before` is the provider's wish to have the old one deleted first."""
    if new.protect and old.protect:
        error = planner.fail(
            new.urn,
            f'unable to replace resource "{new.urn}"\n'
            "as it is currently marked for protection. To unprotect the resource, remove the "
            "`protect` flag from the resource in your Pulumi program and run `pulumi up`",
        )
        # A preview goes on, to show everything that is in the way.
        if not planner.dry_run:
            raise error
    planner.seen.replaces.add(new.urn)
    # Defaults that came from the old resource must not be used for the new one.
    # A requested replacement has been checked without them already.
    unchecked = new.custom and not planner.is_forced(new.urn, old)
    if unchecked and not planner.check(new, goal.properties, None):
        msg = f"resource {new.urn} has check errors"
        raise PlanError(msg)
    if goal.delete_before_replace is not None:
        before = goal.delete_before_replace
    if not before and not old.pending_replacement:
        return [
            Step(Op.CREATE_REPLACEMENT, old, new, keys, pending_delete=True),
            Step(Op.REPLACE, old, new, keys, pending_delete=True),
        ]
    steps = _delete_dependents(planner, old) if before else []
    if not old.pending_replacement:
        planner.seen.deletes.add(old.urn)
        steps.append(Step(Op.DELETE_REPLACED, old, keys=keys, pending_replacement=True))
    return [
        *steps,
        Step(Op.REPLACE, old, new, keys),
        Step(Op.CREATE_REPLACEMENT, old, new, keys),
    ]


def _delete_dependents(planner: Planner, root: Resource) -> list[Step]:
    steps = []
    for dependent, keys in reversed(_condemned(planner, root)):
        # This run, or an earlier one that was interrupted, has deleted it already.
        if dependent in planner.gone or dependent.pending_replacement:
            continue
        planner.replace_keys[dependent.urn] = keys
        if dependent.delete:
            steps.append(Step(Op.DELETE, dependent))
        else:
            _refuse_protected(planner, dependent, root)
            steps.append(Step(Op.DELETE_REPLACED, dependent, keys=keys, pending_replacement=True))
        planner.seen.deletes.add(dependent.urn)
        planner.gone.add(dependent)
    return steps


def _refuse_protected(planner: Planner, dependent: Resource, root: Resource) -> None:
    if dependent.protect:
        raise planner.fail(
            root.urn,
            f'unable to replace resource "{dependent.urn}" as part of replacing "{root.urn}" '
            "as it is currently marked for protection. To unprotect the resource, remove the "
            "`protect` flag from the resource in your Pulumi program and run `pulumi up`",
        )


def _condemned(planner: Planner, root: Resource) -> list[tuple[Resource, list[str]]]:
    """List the dependents that must go before `root` does, and the properties that make it so."""
    condemned: list[tuple[Resource, list[str]]] = []
    urns = {root.urn}
    for dependent in planner.graph.dependents(root, planner.seen.everything()):
        keys = _must_go(planner, dependent, urns)
        if keys is not None:
            condemned.append((dependent, keys))
            urns.add(dependent.urn)
    return condemned + [(one, []) for one in planner.graph.deleted_with(root.urn)]


def _must_go(planner: Planner, dependent: Resource, urns: set[str]) -> list[str] | None:
    """Ask the provider whether a dependent would be replaced if its dependencies changed."""
    if not dependent.custom or dependent.external:
        return None
    if dependent.deleted_with in urns:
        return []
    affected = {
        key
        for key, needed in dependent.property_dependencies.items()
        if key in dependent.inputs and not urns.isdisjoint(needed)
    }
    if not affected:
        return None
    inputs = {key: UNKNOWN if key in affected else value for key, value in dependent.inputs.items()}
    result = planner.diff(dependent, inputs, dependent.ignore_changes, dry_run=True)
    keys = replacing(result, dependent.replace_on_changes)
    return keys or None
