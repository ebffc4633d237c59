"""Deciding what to do with each resource: the engine's core.

The rules, and the order in which they are applied, are those of the real engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pulumi_openrouter.offline.exceptions import Diagnostic, Stopped
from pulumi_openrouter.offline.planning.failures import failure_texts
from pulumi_openrouter.offline.planning.graph import DependencyGraph
from pulumi_openrouter.offline.planning.identity import Identities
from pulumi_openrouter.offline.planning.steps import Op, Step
from pulumi_openrouter.offline.planning.targets import Targets, needs
from pulumi_openrouter.offline.project import OperationOptions
from pulumi_openrouter.offline.state.model import (
    STACK_TYPE,
    Goal,
    Resource,
    make_urn,
    qualified_type,
)
from pulumi_openrouter.offline.values import paths, values
from pulumi_openrouter.offline.values.diffs import compare
from pulumi_openrouter.offline.values.values import PropertyMap
from pulumi_openrouter.offline.wire.provider import DiffResult, Provider

_UNPROTECT = (
    "as it is currently marked for protection. To unprotect the resource, remove the `protect` "
    "flag from the resource in your Pulumi program and run `pulumi up`"
)


class Planner:
    """Decides on the steps of one run over the state `base`.

    Where a resource cannot be planned, the reason is passed to `report`, and Stopped is raised.
    """

    def __init__(
        self,
        options: OperationOptions,
        base: list[Resource],
        provider: Provider,
        report: Callable[[Diagnostic], None],
    ) -> None:
        self._stack, self._project = options.stack, options.project.name
        self._dry_run = options.dry_run
        self._to_replace = options.replace
        self._targets = Targets(options.targets, dependents=options.target_dependents)
        self._base = base
        self._provider = provider
        self._report = report
        self.graph = DependencyGraph(base)
        self.olds = {one.urn: one for one in base if not one.delete}
        self._ids = Identities(self._stack, self._project, self.olds, self._error)
        # The URNs that have been planned in this run. A resource that is deleted before it is
        # replaced is in two of these sets until the program registers it again.
        self._created: set[str] = set()
        self._kept: set[str] = set()
        self._replaced: set[str] = set()
        self._deleted: set[str] = set()
        # New resources that --target leaves out. Nothing may depend on them.
        self._skipped: set[str] = set()
        # Resources deleted early, because something that they depend on is replaced.
        self._gone: set[Resource] = set()

    def _error(self, urn: str, message: str) -> None:
        self._report(Diagnostic("error", urn, message))

    def _is_forced(self, urn: str, old: Resource) -> bool:
        """Return whether a replacement is requested, regardless of the provider's diff."""
        return urn in self._to_replace or old.taint

    def default_provider(self, type_: str, config: PropertyMap) -> Step:
        """Plan the entry of the provider that all resources of one kind share."""
        urn = make_urn(self._stack, self._project, "", type_, "default")
        old = self.olds.get(urn)
        new = Resource(urn, type_, custom=True, inputs=config)
        if old is None:
            self._created.add(urn)
            return Step(Op.CREATE, new=new)
        new.created, new.modified = old.created, old.modified
        self._kept.add(urn)
        same = values.plain(old.inputs) == values.plain(config)
        return Step(Op.SAME if same else Op.UPDATE, old, new)

    def read(self, goal: Goal) -> list[Step]:
        """Plan reading a resource that is not managed here."""
        urn = self._ids.claim(goal)
        old, _ = self._ids.old(urn, goal)
        new = self._new_state(urn, goal, old)
        # Until a dependency has been created, the resource to read may not exist either.
        uncreated = self._created | self._replaced
        unread = self._dry_run and not uncreated.isdisjoint(new.dependencies)
        if old is not None and not old.external and old.id != new.id:
            self._replaced.add(urn)
            return [
                Step(Op.READ_REPLACEMENT, old, new, unread=unread),
                Step(Op.REPLACE, old, new, pending_delete=True),
            ]
        self._kept.add(urn)
        return [Step(Op.READ, old, new, unread=unread)]

    def register(self, goal: Goal) -> list[Step]:
        """Plan the steps that bring a resource to the state that the program describes.

        Raises ProviderError when the provider fails.
        """
        steps = self._steps_for(goal)
        self._require_dependencies(steps)
        return steps

    def _steps_for(self, goal: Goal) -> list[Step]:
        urn = self._ids.claim(goal)
        old, valid = self._ids.old(urn, goal)
        new = self._new_state(urn, goal, old)
        inputs = self._inputs_to_keep(new, old)
        again = urn in self._deleted
        takes_part = new.type == STACK_TYPE or self._targets.include(new)
        if new.custom and not takes_part:
            new.inputs = old.inputs if old is not None else {}
        elif new.custom:
            if old is None or old.external or again or self._is_forced(urn, old):
                valid = self._check(new, new.inputs, {}) and valid
            else:
                valid = self._check(new, inputs, old.inputs) and valid
        if not valid:
            raise Stopped
        if again and old is not None:
            self._deleted.discard(urn)
            self._replaced.add(urn)
            return [Step(Op.REPLACE, old, new), Step(Op.CREATE_REPLACEMENT, old, new)]
        if not takes_part:
            return self._left_alone(new, old)
        return self._change_to(goal, old, new, new.inputs if new.custom else inputs)

    def _change_to(
        self, goal: Goal, old: Resource | None, new: Resource, inputs: PropertyMap
    ) -> list[Step]:
        if old is None:
            self._created.add(new.urn)
            return [Step(Op.CREATE, new=new)]
        if old.external:
            self._created.add(new.urn)
            return _created_first(old, new)
        return self._change(goal, old, new, inputs)

    # What --target leaves out.

    def _left_alone(self, new: Resource, old: Resource | None) -> list[Step]:
        """Plan for a resource that takes no part: what exists stays, what is new is skipped."""
        self._kept.add(new.urn)
        if old is None:
            self._skipped.add(new.urn)
            return [Step(Op.SAME, new.copy(), new, skipped=True)]
        return self._kept_with_needs(old)

    def _kept_with_needs(self, old: Resource) -> list[Step]:
        """Plan to keep a resource after all that it depends on, which may not be in the program."""
        steps: list[Step] = []
        self._kept.add(old.urn)
        self._ids.keep(old.urn)
        for urn in needs(old):
            dependency = self.olds.get(urn)
            if dependency is not None and not self._is_met(dependency):
                steps += self._kept_with_needs(dependency)
        return [*steps, Step(Op.SAME, old, old.copy())]

    def _is_met(self, old: Resource) -> bool:
        """Return whether this run has planned anything for a resource of the state."""
        urn = self._ids.latter.get(old.urn, old.urn)
        return urn in self._kept | self._created | self._replaced or old.is_provider

    def _require_dependencies(self, steps: list[Step]) -> None:
        """Refuse steps for a resource that depends on one that is skipped.

        A preview goes on, to show all that is missing among the targets.
        """
        for step in steps:
            if step.new is None or step.skipped:
                continue
            for urn in needs(step.new):
                if urn in self._skipped:
                    self._error(
                        step.urn,
                        f"Resource '{step.urn}' depends on '{urn}' which was not specified in "
                        "--target list.",
                    )
                    if not self._dry_run:
                        raise Stopped
                    self._skipped.discard(urn)

    def report_unknown_targets(self) -> None:
        """Report the targets that are neither in the state nor in the program."""
        for message in self._targets.unknown({one.urn for one in self._base} | self._ids.claimed):
            self._error("", message)

    def refreshes(self) -> list[Step]:
        """Plan to read the resources of the state that take part."""
        targets = self._targets.copy()
        return [Step(Op.REFRESH, old) for old in self._base if targets.include(old)]

    def leaves(self) -> list[Step]:
        """Plan to keep what the program did not register and --target protects from deletion."""
        if not self._targets:
            return []
        deletable = self.graph.closure(self._targets.names)
        return [
            Step(Op.SAME, old, old.copy())
            for old in self._base
            if not old.delete and old.urn not in deletable and not self._is_met(old)
        ]

    def _new_state(self, urn: str, goal: Goal, old: Resource | None) -> Resource:
        former = self._ids.former.get(urn)
        return goal.wanted.copy(
            urn=urn,
            aliases=[former] if former else [],
            created=old.created if old else "",
            modified=old.modified if old else "",
        )

    def _inputs_to_keep(self, new: Resource, old: Resource | None) -> PropertyMap:
        if old is None or not new.ignore_changes:
            return new.inputs
        inputs, missed = paths.put_back(new.ignore_changes, old.inputs, new.inputs)
        if missed:
            message = f"cannot ignore changes in added or removed elements of the path: {missed!r}"
            self._report(Diagnostic("info", new.urn, message))
        return inputs

    def _check(self, new: Resource, inputs: PropertyMap, before: PropertyMap) -> bool:
        """Have the provider check inputs, which go into `new`; failures are reported."""
        new.inputs, failures = self._provider.check(new, before, inputs, dry_run=self._dry_run)
        for text in failure_texts(new, failures):
            self._error(new.urn, text)
        return not failures

    def _change(self, goal: Goal, old: Resource, new: Resource, inputs: PropertyMap) -> list[Step]:
        triggered = _triggered(old.replacement_trigger, new.replacement_trigger)
        result = DiffResult(changes=True) if triggered else self._diff_goal(old, new, inputs)
        if not result.changes and not old.pending_replacement:
            self._kept.add(new.urn)
            return [Step(Op.SAME, old, new)]
        if triggered or old.pending_replacement or _replaces(result, new.replace_on_changes):
            return self._replace(goal, old, new, before=result.delete_before_replace)
        self._kept.add(new.urn)
        return [Step(Op.UPDATE, old, new, ignore_changes=new.ignore_changes)]

    def _diff_goal(self, old: Resource, new: Resource, inputs: PropertyMap) -> DiffResult:
        if (
            self._is_forced(new.urn, old)
            or new.deleted_with in self._replaced
            or bool(old.provider) != bool(new.provider)
        ):
            return DiffResult(changes=True, replaces=True)
        if not new.custom:
            return DiffResult(changes=bool(compare(old.inputs, inputs)))
        return self._provider.diff(old, inputs, new.ignore_changes, dry_run=self._dry_run)

    def keep_all(self) -> list[Step]:
        """Plan to leave everything that is in the state as it is, in the order of the state."""
        return [Step(Op.SAME, old, old.copy()) for old in self._base if not old.delete]

    def imports(self, wanted: list[Resource]) -> list[list[Step]]:
        """Plan the imports of what is not in the state yet; parents come before their children.

        Return groups of which each can go at once.
        """
        groups: list[list[Step]] = []
        depths: dict[str, int] = {}
        valid = True
        for new in wanted:
            old = self.olds.get(new.urn)
            if old is not None and old.id == new.id:
                continue
            depth = depths.get(new.parent, -1) + 1
            problem = _import_problem(old, new, known=depth > 0 or new.parent in self.olds)
            if problem:
                self._error(new.urn, f"Preview failed: {problem}" if self._dry_run else problem)
                valid = False
            depths[new.urn] = depth
            groups += [[] for _ in range(depth + 1 - len(groups))]
            groups[depth].append(Step(Op.IMPORT, new=new))
        if not valid:
            raise Stopped
        return groups

    # Replacing a resource, by creating the new one first or by deleting the old one first.

    def _replace(self, goal: Goal, old: Resource, new: Resource, *, before: bool) -> list[Step]:
        """Plan a replacement. `before`: the provider wants the old resource to be deleted first."""
        if new.protect and old.protect:
            self._error(new.urn, f'unable to replace resource "{new.urn}"\n{_UNPROTECT}')
            # A preview goes on, to show everything that is in the way.
            if not self._dry_run:
                raise Stopped
        self._replaced.add(new.urn)
        # Defaults that came from the old resource must not be used for the new one.
        # A requested replacement has been checked without them already.
        unchecked = new.custom and not self._is_forced(new.urn, old)
        if unchecked and not self._check(new, goal.wanted.inputs, {}):
            raise Stopped
        if goal.delete_before_replace is not None:
            before = goal.delete_before_replace
        if not before and not old.pending_replacement:
            return _created_first(old, new)
        steps = self._delete_dependents(old) if before else []
        if not old.pending_replacement:
            self._deleted.add(old.urn)
            steps.append(Step(Op.DELETE_REPLACED, old, pending_replacement=True))
        return [*steps, Step(Op.REPLACE, old, new), Step(Op.CREATE_REPLACEMENT, old, new)]

    def _delete_dependents(self, root: Resource) -> list[Step]:
        """Plan the deletes of what cannot outlive a resource.

        The program registers these resources later, and they are then created again.
        """
        steps = []
        for dependent in reversed(self._condemned(root)):
            # This run, or an earlier one that was interrupted, has deleted it already.
            if dependent in self._gone or dependent.pending_replacement:
                continue
            if dependent.delete:
                steps.append(Step(Op.DELETE, dependent))
            elif dependent.protect:
                self._error(
                    root.urn,
                    f'unable to replace resource "{dependent.urn}" as part of replacing '
                    f'"{root.urn}" {_UNPROTECT}',
                )
                raise Stopped
            else:
                steps.append(Step(Op.DELETE_REPLACED, dependent, pending_replacement=True))
            self._deleted.add(dependent.urn)
            self._gone.add(dependent)
        return steps

    def _condemned(self, root: Resource) -> list[Resource]:
        """Return the dependents that must go before `root` does."""
        condemned: list[Resource] = []
        urns = {root.urn}
        met = self._created | self._kept | self._replaced | self._deleted
        for dependent in self.graph.dependents(root, ignore=met):
            if self._must_go(dependent, urns):
                condemned.append(dependent)
                urns.add(dependent.urn)
        return condemned + self.graph.deleted_with(root.urn)

    def _must_go(self, dependent: Resource, urns: set[str]) -> bool:
        """Return whether a dependent would be replaced if its dependencies changed."""
        if not dependent.custom or dependent.external:
            return False
        if dependent.deleted_with in urns:
            return True
        affected = {
            key
            for key, needed in dependent.property_dependencies.items()
            if key in dependent.inputs and not urns.isdisjoint(needed)
        }
        if not affected:
            return False
        inputs = dependent.inputs | dict.fromkeys(affected, values.UNKNOWN)
        result = self._provider.diff(dependent, inputs, dependent.ignore_changes, dry_run=True)
        return _replaces(result, dependent.replace_on_changes)

    def deletes(self) -> list[list[Step]]:
        """Plan the deletes at the end of a run: whatever was not met, and what was replaced.

        Return groups of which each can go at once, dependents first.
        """
        steps: dict[Resource, Step] = {}
        kept = self._kept | self._replaced
        deletable = self.graph.closure(self._targets.names)
        for old in self._base:
            if old.urn not in deletable:
                continue
            if old.delete:
                op = Op.DISCARD_REPLACED if old.external else Op.DELETE_REPLACED
                planned = old not in self._gone
            else:
                op = Op.DISCARD if old.external else Op.DELETE
                op = Op.REMOVE_PENDING_REPLACE if old.pending_replacement else op
                planned = self._ids.latter.get(old.urn, old.urn) not in kept
            if planned:
                self._deleted.add(old.urn)
                steps[old] = Step(op, old)
        for old, step in steps.items():
            step.with_another = old.deleted_with in self._deleted
        self._require_targets(steps)
        return [[steps[one] for one in group] for group in self.graph.delete_order(steps)]

    def _require_targets(self, condemned: Iterable[Resource]) -> None:
        """Refuse to delete what depends on a target and is not one."""
        if self._targets.dependents:
            return
        missing = [one.urn for one in condemned if not self._targets.names(one.urn)]
        for urn in missing:
            self._error(
                urn,
                f"Resource '{urn}' will be destroyed but was not specified in --target list.\n"
                "Either include resource in --target list or pass --target-dependents to proceed.",
            )
        if missing and not self._dry_run:
            raise Stopped


def _import_problem(old: Resource | None, new: Resource, *, known: bool) -> str:
    """Return why a resource cannot be imported, or nothing; `known`: its parent is there."""
    if old is not None:
        return (
            f"resource '{new.urn}' already exists\nwith the id {old.id!r}, and the import file "
            f"has {new.id!r}; correct the file, or give the resource in it another name"
        )
    if not known and qualified_type(new.parent) != STACK_TYPE:
        return f"unknown parent '{new.parent}' for resource '{new.urn}'"
    return ""


def _created_first(old: Resource, new: Resource) -> list[Step]:
    return [
        Step(Op.CREATE_REPLACEMENT, old, new, pending_delete=True),
        Step(Op.REPLACE, old, new, pending_delete=True),
    ]


def _replaces(result: DiffResult, replace_on_changes: list[str]) -> bool:
    """Return whether the provider or an option of the program requires a replacement."""
    wanted = [path for text in replace_on_changes if (path := paths.parse(text))]
    return result.replaces or any(
        paths.covers(path, changed) for path in wanted for changed in result.changed
    )


def _triggered(old: object, new: object) -> bool:
    """Return whether a change of `replacement_trigger` asks for a replacement."""
    if values.contains_unknown(new):
        return True
    if old is None or new is None:
        return False
    return bool(compare({"trigger": old}, {"trigger": new}))
