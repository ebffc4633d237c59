"""Applying a step: calling the provider, and building the new state of the resource.

A preview creates, changes and deletes nothing. A resource's outputs are then its inputs, which is
all that is known without the provider.
"""

import uuid
from collections.abc import Iterable

from pulumi_openrouter.offline.planning.steps import CREATES, DELETES, READS, Op, Step
from pulumi_openrouter.offline.state.model import Resource, now
from pulumi_openrouter.offline.values import values
from pulumi_openrouter.offline.wire.provider import Provider


class ProtectedError(Exception):
    """A resource that should be deleted is protected."""


def apply(step: Step, provider: Provider, *, dry_run: bool) -> None:
    """Do what a step says and complete its new state.

    Raises ProviderError or ProtectedError; the state then stays what it was.
    """
    if step.op is Op.SAME:
        step.after.id, step.after.outputs = step.before.id, step.before.outputs
    elif step.op in CREATES:
        _create(step, provider, dry_run=dry_run)
    elif step.op is Op.UPDATE:
        _update(step, provider, dry_run=dry_run)
    elif step.op in DELETES:
        _delete(step, provider, dry_run=dry_run)
    elif step.op in READS:
        _read(step, provider)
    elif step.op is Op.REFRESH:
        _refresh(step, provider, dry_run=dry_run)
    elif step.op is Op.IMPORT:
        _import(step, provider, dry_run=dry_run)


def _create(step: Step, provider: Provider, *, dry_run: bool) -> None:
    new = step.after
    if new.is_provider:
        new.id, new.outputs = str(uuid.uuid4()), new.inputs
    elif new.custom and dry_run:
        new.outputs = dict(new.inputs)
    elif new.custom:
        new.id, new.outputs = provider.create(new)
    new.created = new.modified = now()
    if step.pending_delete:
        step.before.delete = True


def _update(step: Step, provider: Provider, *, dry_run: bool) -> None:
    old, new = step.before, step.after
    new.id = old.id
    if not new.custom:
        return
    if new.is_provider or dry_run:
        new.outputs = dict(new.inputs)
    else:
        new.outputs = provider.update(old, new, step.ignore_changes)
    new.modified = now()


def _delete(step: Step, provider: Provider, *, dry_run: bool) -> None:
    old = step.before
    if step.op is Op.DELETE and old.protect:
        msg = (
            f'resource "{old.urn}" cannot be deleted\n'
            "because it is protected. To unprotect the resource, remove the `protect` flag from "
            "the resource in your Pulumi program and run `pulumi up`"
        )
        raise ProtectedError(msg)
    forgotten = old.external or old.retain_on_delete or step.with_another
    if old.custom and not (dry_run or forgotten or old.is_provider):
        provider.delete(old)
    if step.pending_replacement:
        old.pending_replacement = True


def _read(step: Step, provider: Provider) -> None:
    new = step.after
    if new.id == values.UNKNOWN or step.unread:
        new.id, new.outputs = "", {}
    else:
        id_, _, new.outputs = provider.read(new, new.inputs)
        new.id = id_ or new.id
    if step.op is Op.READ_REPLACEMENT:
        step.before.delete = True
    if step.old is not None and (step.old.inputs != new.inputs or step.old.outputs != new.outputs):
        new.modified = now()


def _refresh(step: Step, provider: Provider, *, dry_run: bool) -> None:
    old = step.before
    step.new, step.result = old, Op.SAME
    if not old.custom or old.is_provider or old.pending_replacement:
        return
    id_, inputs, outputs = provider.read(old, old.outputs)
    if not id_:
        step.new, step.result = None, Op.DELETE
        return
    inputs = old.inputs if inputs is None else inputs
    step.new = new = old.copy(id=id_, inputs=inputs, outputs=outputs)
    if old.inputs != inputs or old.outputs != outputs:
        new.modified = now()
    if _drifted(old, new, provider, dry_run=dry_run):
        step.result = Op.UPDATE


def _drifted(old: Resource, new: Resource, provider: Provider, *, dry_run: bool) -> bool:
    """Return whether the next run of the same program would change the resource back."""
    if old.external:
        return old.outputs != new.outputs
    return provider.diff(new, old.inputs, old.ignore_changes, dry_run=dry_run).changes


def _import(step: Step, provider: Provider, *, dry_run: bool) -> None:
    """Take over what the import file says; the provider is only asked what it thinks of it."""
    new = step.after
    if new.custom:
        _, step.failures = provider.check(new, new.inputs, new.inputs, dry_run=dry_run)
    new.created = new.modified = now()


def rebuilt(base: Iterable[Resource], steps: Iterable[Step]) -> list[Resource]:
    """Return the resources of the state as a refresh has found them.

    Resources that are gone are dropped, as are dependencies on them. Their children move up to the
    next parent that is still there.
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
