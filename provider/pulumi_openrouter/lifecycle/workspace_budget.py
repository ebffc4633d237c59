"""What Pulumi calls for a WorkspaceBudget: the limits of one workspace that a program names.

Several requests make one change, so their order matters (`budget_steps`), and so does what is left
when one of them fails: a create puts back what was there, an update goes on where it stopped.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from pulumi import dynamic

from pulumi_openrouter.errors import (
    ApiError,
    ConflictError,
    NotFoundError,
    RefusedError,
)
from pulumi_openrouter.lifecycle.base import Change, Properties, is_get
from pulumi_openrouter.lifecycle.budget_steps import INTERVALS, BudgetStep, steps_between, usd
from pulumi_openrouter.lifecycle.child import WorkspaceChild

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LIMITS = {f"{interval}_usd": interval for interval in INTERVALS}
"""Each input that is a limit, and the API's name of its interval."""

BYOK = "include_byok_in_budgets"


@dataclass(frozen=True)
class Budgets:
    """Limits in USD by interval, and the workspace's BYOK flag where it is known."""

    limits: Mapping[str, float]
    byok: bool | None = None

    def __str__(self) -> str:
        return ", ".join(f"{i}_usd={usd(limit)}" for i, limit in self.limits.items()) or "no limits"


class WorkspaceBudgetProvider(WorkspaceChild):
    """The lifecycle of `WorkspaceBudget`."""

    part = "budgets"
    changes: ClassVar[Mapping[str, Change]] = {
        "workspace": Change.REPLACE,
        **dict.fromkeys(LIMITS, Change.UPDATE),
        BYOK: Change.UPDATE,
        "exclusive": Change.UPDATE,
    }
    optional = (BYOK,)
    manageable = (*LIMITS, BYOK)

    def check(self, olds: Properties, news: Properties) -> dynamic.CheckResult:
        """Validate, and hold on to the intervals for whoever deletes later in this run."""
        result = super().check(olds, news)
        workspace = result.inputs.get("workspace")
        if not result.failures and isinstance(workspace, str):
            self.session.claims.add("interval", workspace, _limits(result.inputs))
        return result

    def diff(self, _id: str, olds: Properties, news: Properties) -> dynamic.DiffResult:
        """Compare the limits that the program names; with `exclusive`, all that there are."""
        return self.diff_result(self.differences(olds, news))

    def lost(self, olds: Properties, news: Properties) -> list[str]:  # noqa: ARG002
        """Name the limits that another resource of this run deletes."""
        released = self.session.claims.released("interval", olds.get("workspace_id", ""))
        managed = olds.get("managed_inputs", [])
        return [n for n, interval in LIMITS.items() if n in managed and interval in released]

    def create_in(self, workspace_id: str, props: Properties) -> dynamic.CreateResult:
        """Set the limits, all or none."""
        self.session.claims.add("interval", workspace_id, _limits(props))
        made_here = workspace_id in self.session.made
        fresh = Budgets({}, self.session.made.get(workspace_id))
        before = fresh if made_here else self._live(workspace_id)
        kept = {} if props.get("exclusive") else before.limits
        wanted = Budgets({**kept, **_limits(props)}, props.get(BYOK))
        try:
            after = self._send(workspace_id, before, wanted)
            if not made_here:
                self._verify(workspace_id, after, _limits(props))
        except ApiError as error:
            next_step = f"{error.next_step} {self._put_back(workspace_id, before, wanted)}"
            raise error.with_next_step(next_step) from None
        except ConflictError as error:
            msg = f"{error} {self._put_back(workspace_id, before, wanted)}"
            raise ConflictError(msg) from None
        outputs = self._outputs(workspace_id, after, props, self.managed_inputs(props))
        return dynamic.CreateResult(self.pulumi_id(workspace_id), outputs)

    def read(self, id_: str, props: Properties) -> dynamic.ReadResult:
        """Return the live limits that the program manages, as outputs and as inputs."""
        workspace_id = self.workspace_of(id_)
        try:
            live = self._live(workspace_id, confirm=True)
        except NotFoundError:
            if is_get(props):
                raise
            return dynamic.ReadResult(None, {})
        managed = [*self.manageable] if is_get(props) else props.get("managed_inputs", [])
        if live.byok is None:
            live = replace(live, byok=props.get(BYOK))
        outputs = self._outputs(workspace_id, live, props, managed)
        hidden = {"workspace_id", "managed_inputs", *({BYOK} - {*managed})}
        inputs = {name: value for name, value in outputs.items() if name not in hidden}
        return dynamic.ReadResult(id_, outputs, inputs)

    def update_in(
        self, workspace_id: str, olds: Properties, news: Properties
    ) -> dynamic.UpdateResult:
        """Send what differs, in the order that the API accepts."""
        if news.get("exclusive"):
            before = self._live(workspace_id)
        else:
            # A list that was the whole truth shows limits of others too; they are theirs again.
            ours = {*olds.get("managed_inputs", []), *news}
            gone = self.session.claims.released("interval", workspace_id)
            mine = {
                n: olds[n] for n, i in LIMITS.items() if n in olds and n in ours and i not in gone
            }
            before = Budgets(_limits(mine), olds.get(BYOK))
        kept = self._taken_over(workspace_id, before, _limits(news))
        wanted = Budgets({**kept, **_limits(news)}, news.get(BYOK))
        after = self._change(workspace_id, before, wanted, _limits(news))
        outputs = self._outputs(workspace_id, after, news, self.managed_inputs(news))
        return dynamic.UpdateResult(outputs)

    def delete_in(self, workspace_id: str, props: Properties) -> None:
        """Delete the limits that this resource manages and no other one has taken over."""
        managed = {LIMITS[n] for n in props.get("managed_inputs", []) if n in LIMITS}
        ours = managed | {*_limits(props)}
        ours -= self.session.let_go("interval", workspace_id, ours)
        try:
            for interval in INTERVALS:
                if interval in ours:
                    self._delete(workspace_id, interval)
        except ApiError as error:
            raise self.after_failure(error, "Some of its limits may be gone already") from None

    def _taken_over(
        self, workspace_id: str, before: Budgets, ours: Mapping[str, float]
    ) -> dict[str, float]:
        """Return the limits that leave this resource and are another one's of this run now."""
        leaving = {i: limit for i, limit in before.limits.items() if i not in ours}
        if not leaving:
            return {}
        claimed = self.session.let_go("interval", workspace_id, leaving)
        return {i: limit for i, limit in leaving.items() if i in claimed}

    def _live(self, workspace_id: str, *, confirm: bool = False) -> Budgets:
        """Read the limits. A 404 is known to mean none, unless the workspace is gone itself."""
        try:
            live = self.session.client.budgets.list(workspace_id)
        except NotFoundError:
            if confirm and self.workspace_is_gone(workspace_id):
                raise
            return Budgets({})
        limits = {
            interval: budget.limit_usd
            for interval in INTERVALS
            if (budget := live.budgets.get(interval)) and budget.limit_usd is not None
        }
        return Budgets(limits, live.include_byok_in_budgets)

    def _send(self, workspace_id: str, before: Budgets, wanted: Budgets) -> Budgets:
        """Send the requests between the two and return what the API then has."""
        limits, byok = dict(wanted.limits), before.byok
        for interval, limit_usd, flag in _requests(before, wanted):
            if limit_usd is None:
                self._delete(workspace_id, interval)
                continue
            answer = self.session.client.budgets.put(workspace_id, interval, limit_usd, flag)
            limits[interval] = limit_usd if answer.limit_usd is None else answer.limit_usd
            told = (
                flag if answer.include_byok_in_budgets is None else answer.include_byok_in_budgets
            )
            byok = byok if told is None else told
        return Budgets(limits, byok)

    def _change(
        self, workspace_id: str, before: Budgets, wanted: Budgets, ours: Iterable[str]
    ) -> Budgets:
        """Send what differs and see that it holds; an error tells what state was left."""
        left = f"The workspace had {before} and was to get {wanted}"
        try:
            after = self._send_or_plan_again(workspace_id, before, wanted)
        except RefusedError:
            raise
        except ApiError as error:
            raise self.after_failure(error, left) from None
        if _requests(before, wanted) and workspace_id not in self.session.made:
            try:
                self._verify(workspace_id, after, ours)
            except ApiError as error:
                raise self.after_failure(error, left) from None
        return after

    def _send_or_plan_again(self, workspace_id: str, assumed: Budgets, wanted: Budgets) -> Budgets:
        """Send; where the API refuses, plan again from what a change cut off may have left."""
        try:
            return self._send(workspace_id, assumed, wanted)
        except RefusedError as refusal:
            live = self._live(workspace_id)
            ours = {*assumed.limits, *wanted.limits}
            there = replace(live, limits={i: v for i, v in live.limits.items() if i in ours})
            if there.limits == assumed.limits:
                raise refusal.with_next_step(_in_the_way(live, wanted)) from None
        try:
            return self._send(workspace_id, there, wanted)
        except RefusedError as refusal:
            raise refusal.with_next_step(_in_the_way(live, wanted)) from None

    def _put_back(self, workspace_id: str, before: Budgets, wanted: Budgets) -> str:
        """Restore what this call has changed, and nothing of others; tell what state was left."""
        try:
            live = self._live(workspace_id)
            # What is neither as it was nor as this call set it is somebody else's doing.
            sides = {
                i: before if live.limits.get(i) == wanted.limits.get(i) else live for i in INTERVALS
            }
            restored = Budgets({i: side.limits[i] for i, side in sides.items() if i in side.limits})
            flag = None if wanted.byok is None else before.byok
            self._send(workspace_id, live, replace(restored, byok=flag))
        except ApiError as second:
            return (
                f"What was set by then could not be put back ({second.words}): the workspace had "
                f"{before} and was to get {wanted}. Run `pulumi up` again."
            )
        return f"Nothing of this resource is set: the workspace has {restored}."

    def _verify(self, workspace_id: str, after: Budgets, ours: Iterable[str]) -> None:
        """See that nobody else has set the same limits meanwhile."""
        live = self._live(workspace_id)
        lost = {i: after.limits[i] for i in ours if live.limits.get(i) != after.limits[i]}
        if lost:
            msg = (
                f"setting the budgets of workspace {workspace_id}: {Budgets(lost)} was set, and "
                f"now the workspace has {live}: somebody else sets the same limits at this moment. "
                "Leave each limit to one stack, then run `pulumi up --refresh`."
            )
            raise ConflictError(msg)

    def _delete(self, workspace_id: str, interval: str) -> None:
        try:
            self.session.client.budgets.delete(workspace_id, interval)
        except NotFoundError:
            return

    def _outputs(
        self, workspace_id: str, budgets: Budgets, props: Properties, managed: Iterable[str]
    ) -> dict[str, Any]:
        shown = LIMITS if props.get("exclusive") else [name for name in managed if name in LIMITS]
        outputs = {
            "workspace": props.get("workspace", workspace_id),
            "workspace_id": workspace_id,
            BYOK: budgets.byok,
            "exclusive": props.get("exclusive"),
            "managed_inputs": [*managed],
            **{name: budgets.limits.get(LIMITS[name]) for name in shown},
        }
        return {name: value for name, value in outputs.items() if value is not None}


def _requests(before: Budgets, wanted: Budgets) -> list[tuple[str, float | None, bool | None]]:
    """Return each request: the interval, its limit or None to delete it, and the BYOK flag."""
    flag = wanted.byok if wanted.byok != before.byok else None
    steps = steps_between(before.limits, wanted.limits)
    limits = wanted.limits or before.limits
    if flag is not None and limits and all(step.limit_usd is None for step in steps):
        # The flag travels with a limit only: with one that stays, else with one that then goes.
        broadest = [interval for interval in INTERVALS if interval in limits][-1]
        steps = [BudgetStep(broadest, limits[broadest]), *steps]
    first = next((step for step in steps if step.limit_usd is not None), None)
    return [(*step, flag if step is first else None) for step in steps]


def _in_the_way(live: Budgets, wanted: Budgets) -> str:
    return (
        f"The workspace has {live}; {wanted} was asked for. Change the limit that is in the way, "
        "then run `pulumi up --refresh`."
    )


def _limits(props: Properties) -> dict[str, float]:
    return {interval: props[name] for name, interval in LIMITS.items() if name in props}
