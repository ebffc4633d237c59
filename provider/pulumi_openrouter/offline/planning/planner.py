"""Deciding what to do with each resource: the engine's core.

The program's goals come in one at a time; what comes out are the steps for each, and at the end the
deletes. The rules, and the order in which they are asked, are those of the real engine, whose
results the tests compare. Replacing has a module of its own, replace.py.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field

from pulumi_openrouter.offline.errors import Diagnostic, PlanError
from pulumi_openrouter.offline.planning.graph import DependencyGraph
from pulumi_openrouter.offline.planning.identity import Identities
from pulumi_openrouter.offline.planning.replacement import replace_steps, replacing
from pulumi_openrouter.offline.planning.steps import Op, Step
from pulumi_openrouter.offline.state.model import PROVIDER_TYPE, Goal, Resource, make_urn
from pulumi_openrouter.offline.values import paths, values
from pulumi_openrouter.offline.values.diffs import compare
from pulumi_openrouter.offline.values.values import PropertyMap
from pulumi_openrouter.offline.wire.provider import DiffResult, Provider

Report = Callable[[Diagnostic], None]


@dataclass(slots=True)
class Seen:
    """The URNs that have been planned in this run, grouped by decision."""

    creates: set[str] = field(default_factory=set)
    updates: set[str] = field(default_factory=set)
    sames: set[str] = field(default_factory=set)
    reads: set[str] = field(default_factory=set)
    replaces: set[str] = field(default_factory=set)
    deletes: set[str] = field(default_factory=set)

    @property
    def new(self) -> set[str]:
        """The URNs of resources that this run creates, including replacements."""
        return self.creates | self.replaces

    def kept(self, urn: str) -> bool:
        """Whether the resource was met and stays, so that it is not deleted at the end."""
        return any(urn in one for one in (self.sames, self.updates, self.replaces, self.reads))

    def everything(self) -> set[str]:
        """All URNs that were met, which nothing registered from now on can need."""
        return set().union(
            self.creates, self.updates, self.sames, self.reads, self.replaces, self.deletes
        )


class Planner:
    """Decides on the steps of one run over the state `base`."""

    def __init__(
        self,
        stack: str,
        project: str,
        base: list[Resource],
        provider: Provider,
        report: Report,
        *,
        dry_run: bool,
        replace: frozenset[str] = frozenset(),
    ) -> None:
        self.stack = stack
        self.project = project
        self.base = base
        self.provider = provider
        self.report = report
        self.dry_run = dry_run
        self._replace = replace
        self.graph = DependencyGraph(base)
        self.olds = {one.urn: one for one in base if not one.delete}
        self.ids = Identities(stack, project, self.olds, self.error)
        self.seen = Seen()
        # Resources deleted early, as something that they depend on is replaced.
        self.gone: set[Resource] = set()
        self.replace_keys: dict[str, list[str]] = {}

    def error(self, urn: str, message: str) -> None:
        """Report why a resource cannot be planned."""
        self.report(Diagnostic("error", urn, message))

    def fail(self, urn: str, message: str) -> PlanError:
        """Report an error and return the exception that ends the run."""
        self.error(urn, message)
        return PlanError(message)

    def is_forced(self, urn: str, old: Resource) -> bool:
        """Return whether a replacement is requested, regardless of the provider's diff."""
        return urn in self._replace or old.taint

    def default_provider(self, config: PropertyMap) -> Step:
        """Plan the entry of the provider that all dynamic resources share."""
        urn = make_urn(self.stack, self.project, "", PROVIDER_TYPE, "default")
        old = self.olds.get(urn)
        new = Resource(urn, PROVIDER_TYPE, custom=True, inputs=config)
        if old is None:
            self.seen.creates.add(urn)
            return Step(Op.CREATE, new=new)
        new.created, new.modified = old.created, old.modified
        if values.plain(old.inputs) == values.plain(config):
            self.seen.sames.add(urn)
            return Step(Op.SAME, old, new)
        self.seen.updates.add(urn)
        return Step(Op.UPDATE, old, new)

    def read(self, goal: Goal) -> list[Step]:
        """Plan reading a resource that is not managed here."""
        urn = self.ids.claim(goal)
        if urn is None:
            msg = f"{goal.type} {goal.name} cannot be read"
            raise PlanError(msg)
        old, _ = self.ids.old(urn, goal)
        new = self._state(urn, goal, old)
        new.id, new.external = goal.read_id, True
        # Until a dependency has been created, the resource to read may not exist either.
        unread = self.dry_run and not self.seen.new.isdisjoint(goal.dependencies)
        if old is not None and not old.external and old.id != goal.read_id:
            self.seen.replaces.add(urn)
            return [
                Step(Op.READ_REPLACEMENT, old, new, unread=unread),
                Step(Op.REPLACE, old, new, pending_delete=True),
            ]
        self.seen.reads.add(urn)
        return [Step(Op.READ, old, new, unread=unread)]

    def register(self, goal: Goal) -> list[Step]:
        """Plan the steps that bring a resource to the state that the program describes.

        Raises PlanError when that is impossible, and ProviderError when the provider fails.
        """
        urn = self.ids.claim(goal)
        if urn is None:
            msg = f"{goal.type} {goal.name} cannot be registered"
            raise PlanError(msg)
        old, valid = self.ids.old(urn, goal)
        new = self._state(urn, goal, old)
        again = urn in self.seen.deletes
        inputs = self._inputs_to_keep(urn, goal, old)
        if goal.custom:
            fresh = old is None or old.external or again or self.is_forced(urn, old)
            before = None if old is None or fresh else old.inputs
            valid = self.check(new, goal.properties if before is None else inputs, before) and valid
        else:
            new.inputs = goal.properties
        if not valid:
            msg = f"resource {urn} is invalid"
            raise PlanError(msg)
        if old is None:
            self.seen.creates.add(urn)
            return [Step(Op.CREATE, new=new)]
        if again:
            return self._recreate(old, new)
        if old.external:
            self.seen.creates.add(urn)
            return [
                Step(Op.CREATE_REPLACEMENT, old, new, pending_delete=True),
                Step(Op.REPLACE, old, new, pending_delete=True),
            ]
        return self._change(goal, old, new, new.inputs if goal.custom else inputs)

    def check(self, new: Resource, inputs: PropertyMap, before: PropertyMap | None) -> bool:
        """Have the provider check inputs, which go into `new`; failures are reported."""
        result = self.provider.check(new.urn, before or {}, inputs, dry_run=self.dry_run)
        new.inputs = result.inputs
        for name, reason in result.failures:
            where = f"{new.type} resource '{new.name}'"
            if name:
                shown = values.redacted(new.inputs.get(name))
                where += f": property {name} value {{{_shown(shown)}}}"
            self.error(new.urn, f"{where} has a problem: {reason}")
        return not result.failures

    def diff(
        self, old: Resource, inputs: PropertyMap, ignored: list[str], *, dry_run: bool
    ) -> DiffResult:
        """Compare a resource with new inputs, key by key if its provider does not say."""
        result = self.provider.diff(
            old.urn,
            old.id,
            (old.inputs, old.outputs),
            inputs,
            dry_run=dry_run,
            ignore_changes=ignored,
        )
        if result.changes is None:
            news = copy.deepcopy(inputs)
            put_back(ignored, old.inputs, news)
            result.changed = [change.path for change in compare(old.inputs, news)]
            result.changes = bool(result.changed)
        return result

    def _state(self, urn: str, goal: Goal, old: Resource | None) -> Resource:
        alias = self.ids.former.get(urn)
        return Resource(
            urn,
            goal.type,
            goal.custom,
            inputs=goal.properties,
            parent=goal.parent,
            protect=bool(goal.protect),
            dependencies=goal.dependencies,
            provider=goal.provider,
            property_dependencies=goal.property_dependencies,
            additional_secret_outputs=goal.additional_secret_outputs,
            aliases=[alias] if alias else [],
            custom_timeouts=goal.custom_timeouts,
            retain_on_delete=bool(goal.retain_on_delete),
            deleted_with=goal.deleted_with,
            created=old.created if old else "",
            modified=old.modified if old else "",
            ignore_changes=goal.ignore_changes,
            replace_on_changes=goal.replace_on_changes,
            replacement_trigger=goal.replacement_trigger,
        )

    def _inputs_to_keep(self, urn: str, goal: Goal, old: Resource | None) -> PropertyMap:
        if old is None or not goal.ignore_changes:
            return goal.properties
        inputs = copy.deepcopy(goal.properties)
        if missed := put_back(goal.ignore_changes, old.inputs, inputs):
            message = f"cannot ignore changes in added or removed elements of the path: {missed!r}"
            self.report(Diagnostic("info", urn, message))
        return inputs

    def _recreate(self, old: Resource, new: Resource) -> list[Step]:
        self.seen.deletes.discard(new.urn)
        self.seen.replaces.add(new.urn)
        keys = self.replace_keys.get(new.urn, [])
        return [
            Step(Op.REPLACE, old, new, keys),
            Step(Op.CREATE_REPLACEMENT, old, new, keys),
        ]

    def _change(self, goal: Goal, old: Resource, new: Resource, inputs: PropertyMap) -> list[Step]:
        triggered = _triggered(old.replacement_trigger, new.replacement_trigger)
        result = DiffResult(changes=True) if triggered else self._diff_goal(old, new, inputs)
        keys = replacing(result, goal.replace_on_changes)
        if not result.changes and not old.pending_replacement:
            self.seen.sames.add(new.urn)
            return [Step(Op.SAME, old, new)]
        if keys or triggered or old.pending_replacement:
            return replace_steps(self, goal, old, new, keys, before=result.delete_before_replace)
        self.seen.updates.add(new.urn)
        return [Step(Op.UPDATE, old, new, ignore_changes=goal.ignore_changes)]

    def _diff_goal(self, old: Resource, new: Resource, inputs: PropertyMap) -> DiffResult:
        if self.is_forced(new.urn, old):
            return DiffResult(changes=True, replace_keys=["id"])
        if new.deleted_with in self.seen.replaces:
            return DiffResult(changes=True, replace_keys=["deletedWith"])
        if bool(old.provider) != bool(new.provider):
            return DiffResult(changes=True, replace_keys=["provider"])
        if not new.custom:
            return DiffResult(changes=bool(compare(old.inputs, inputs)))
        return self.diff(old, inputs, new.ignore_changes, dry_run=self.dry_run)

    def deletes(self) -> list[Step]:
        """Plan the deletes at the end of a run: whatever was not met, and what was replaced."""
        steps = []
        for old in self.base:
            if old.delete:
                if old not in self.gone:
                    self.seen.deletes.add(old.urn)
                    op = Op.DISCARD_REPLACED if old.external else Op.DELETE_REPLACED
                    steps.append(Step(op, old))
            elif not self.seen.kept(self.ids.latter.get(old.urn, old.urn)):
                self.seen.deletes.add(old.urn)
                op = Op.DISCARD if old.external else Op.DELETE
                steps.append(
                    Step(Op.REMOVE_PENDING_REPLACE if old.pending_replacement else op, old)
                )
        return steps

    def order(self, steps: list[Step]) -> list[list[Step]]:
        """Group deletes so that each group can go at once, dependents first."""
        by_resource = {step.before: step for step in steps}
        return [
            [by_resource[resource] for resource in group]
            for group in self.graph.delete_order(by_resource)
        ]


def _triggered(old: object, new: object) -> bool:
    """Return whether a change of `replacement_trigger` asks for a replacement."""
    if values.contains_unknown(new):
        return True
    if old is None or new is None:
        return False
    return bool(compare({"trigger": old}, {"trigger": new}))


def put_back(ignored: list[str], old: PropertyMap, new: PropertyMap) -> list[str]:
    """Put the old values of ignored paths back into `new`; return those where it cannot be done."""
    parsed = [(text, paths.parse(text)) for text in ignored]
    return [text for text, path in parsed if path and not paths.reset(path, old, new)]


def _shown(value: object) -> str:
    """Write a value as the real engine shows it in an error: whole numbers bare, texts unquoted."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return (
            "map["
            + " ".join(f"{key}:{{{_shown(one)}}}" for key, one in sorted(value.items()))
            + "]"
        )
    if isinstance(value, list):
        return "[" + " ".join(f"{{{_shown(one)}}}" for one in value) + "]"
    return "<nil>" if value is None else str(value)
