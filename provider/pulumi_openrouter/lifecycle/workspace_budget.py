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
    ConcurrentChangeError,
    InvalidRequestError,
    NotFoundError,
)
from pulumi_openrouter.lifecycle.base import Change, Problem, Properties, is_get, is_unknown
from pulumi_openrouter.lifecycle.budget_steps import INTERVALS, BudgetStep, steps_between, usd
from pulumi_openrouter.lifecycle.child import WorkspaceChild
from pulumi_openrouter.lifecycle.hints import INCARNATION, OWNER, Hints, hidden, owner_text
from pulumi_openrouter.lifecycle.notices import shown
from pulumi_openrouter.lifecycle.register import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

LIMITS = {f"{interval}_usd": interval for interval in INTERVALS}
"""Each input that is a limit, and the API's name of its interval."""

BYOK = "include_byok_in_budgets"

BUDGETS_UNAVAILABLE = (403, 404)
"""What the list of budgets may answer where an organization has no budgets."""


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
    kind = Kind.LIMITS

    def claimed(self, inputs: Properties) -> Iterable[str]:
        """Return the limits that the program names, and the flag where it gives it."""
        return self.managed_inputs(inputs)

    def blamed(self, inputs: Properties, thing: str | None) -> str:
        """Blame the input of the limit itself, or `exclusive`."""
        return thing or ("exclusive" if "exclusive" in inputs else self.managed_inputs(inputs)[0])

    def look_at_inputs(
        self,
        before: Properties,  # noqa: ARG002
        inputs: Properties,  # noqa: ARG002
        hints: Hints,  # noqa: ARG002
    ) -> Iterator[Problem]:
        """Look at nothing: limits need no other object to exist."""
        return iter(())

    def look_at_workspace(
        self, workspace_id: str, inputs: Properties, hints: Hints
    ) -> Iterator[Problem]:
        """Announce the limits that are there already and will change or go."""
        try:
            live = self._live(workspace_id)
        except ApiError as error:
            if error.status not in BUDGETS_UNAVAILABLE:
                raise
            return
        self._announce(live, inputs, hints, exclusive=inputs.get("exclusive") is True)
        yield from ()

    def diff(self, id_: str, olds: Properties, news: Properties) -> dynamic.DiffResult:
        """Compare the limits, and announce what is there where the resource takes more over."""
        result = super().diff(id_, olds, news)
        claim = self.session.register.claim_of(self.kind, news.get(OWNER, ""))
        taken = self._newly_managed(olds, news)
        turned = _turns_exclusive(olds, news)
        if claim is not None and not result.replaces and (taken or turned):
            live = self._live(self.place(id_))
            known = {name: news[name] for name in taken}
            self._announce(live, news if turned else known, claim.hints, exclusive=turned)
        return result

    def _newly_managed(self, olds: Properties, news: Properties) -> set[str]:
        """Return the limits and the flag that come under management."""
        return {*self.managed_inputs(news)} - {*olds.get("managed_inputs", [])}

    def _announce(
        self, live: Budgets, inputs: Properties, hints: Hints, *, exclusive: bool
    ) -> None:
        changes = []
        for name, interval in LIMITS.items():
            limit = live.limits.get(interval)
            wanted = inputs.get(name)
            if limit is None or wanted == limit or is_unknown(wanted):
                continue
            if wanted is not None or exclusive:
                new = shown(wanted, secret=wanted is not None and hints.hides(name))
                changes.append(f"{name}: {usd(limit)} -> {new}")
        flag = inputs.get(BYOK)
        if isinstance(flag, bool) and live.byok is not None and flag != live.byok:
            changes.append(f"{BYOK}: {shown(live.byok)} -> {shown(flag, secret=hints.hides(BYOK))}")
        if changes:
            self.session.notices.add(
                f"{owner_text(hints.owner)} changes what its workspace has already: "
                f"{'; '.join(changes)}."
            )

    def taken_away(self, olds: Properties, news: Properties) -> list[str]:  # noqa: ARG002
        """Return the limits that another resource of this run deletes."""
        released = self.session.register.released(self.kind, olds.get("workspace_id", ""))
        return [name for name in olds.get("managed_inputs", []) if name in released]

    def create_in(self, workspace_id: str, props: Properties) -> Properties:
        """Set the limits, all or none."""
        created_here = workspace_id in self.session.created
        fresh = Budgets({}, self.session.created.get(workspace_id))
        before = fresh if created_here else self._live(workspace_id)
        kept = {} if props.get("exclusive") else before.limits
        wanted = Budgets({**kept, **_limits(props)}, props.get(BYOK))
        try:
            after = self._send(workspace_id, before, wanted)
            if not created_here:
                self._verify(workspace_id, after, _limits(props))
        except ApiError as error:
            next_step = f"{error.next_step} {self._put_back(workspace_id, before, wanted)}"
            raise error.with_next_step(next_step) from None
        except ConcurrentChangeError as error:
            msg = f"{error} {self._put_back(workspace_id, before, wanted)}"
            raise ConcurrentChangeError(msg) from None
        return self._outputs(workspace_id, after, props, self.managed_inputs(props))

    def read(self, id_: str, props: Properties) -> dynamic.ReadResult:
        """Return the live limits that the program manages, as outputs and as inputs."""
        workspace_id = self.place(id_)
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
        no_inputs = {"workspace_id", "managed_inputs", *({BYOK} - {*managed})}
        inputs = {name: value for name, value in outputs.items() if name not in no_inputs}
        if OWNER in props:
            inputs[OWNER] = props[OWNER]
        return dynamic.ReadResult(id_, outputs | hidden(props), inputs)

    def update_in(self, workspace_id: str, olds: Properties, news: Properties) -> Properties:
        """Send what differs, in the order that the API accepts."""
        before = self._before(workspace_id, olds, news)
        kept = self._held_by_others(workspace_id, before, olds, news)
        wanted = Budgets({**kept, **_limits(news)}, news.get(BYOK))
        after = self._change(workspace_id, before, wanted, _limits(news))
        return self._outputs(workspace_id, after, news, self.managed_inputs(news))

    def _before(self, workspace_id: str, olds: Properties, news: Properties) -> Budgets:
        """Return the limits that an update starts from, of those that this resource may change.

        What it manages already is known from its state. What it takes over has to be read, because
        the state does not say what somebody else has set.
        """
        managed = {*olds.get("managed_inputs", [])}
        exclusive = olds.get("exclusive") and news.get("exclusive")
        # The outputs of an exclusive resource include limits that it does not manage.
        ours = {n for n in LIMITS if n in olds and (n in managed or n in news or exclusive)}
        if exclusive or self._newly_managed(olds, news) or _turns_exclusive(olds, news):
            live = self._live(workspace_id)
            ours |= {*LIMITS} if _turns_exclusive(olds, news) else {*_names(_limits(news))}
            return Budgets(
                {i: v for i, v in live.limits.items() if _name(i) in ours},
                olds.get(BYOK) if live.byok is None else live.byok,
            )
        ours -= self.session.register.released(self.kind, workspace_id)
        return Budgets(
            {LIMITS[name]: olds[name] for name in LIMITS if name in ours}, olds.get(BYOK)
        )

    def delete_in(self, workspace_id: str, props: Properties) -> None:
        """Delete the limits that this resource manages and no other one has taken over."""
        managed = {name for name in props.get("managed_inputs", []) if name in LIMITS}
        ours = managed | {*_names(_limits(props))}
        ours -= self._held(workspace_id, ours, props)
        try:
            for interval in INTERVALS:
                if _name(interval) in ours:
                    self._delete(workspace_id, interval)
        except ApiError as error:
            raise self.after_failure(error, "Some of its limits may be gone already") from None

    def _held(self, workspace_id: str, leaving: Iterable[str], props: Properties) -> set[str]:
        """Return the limits that other resources hold, of those that this one leaves."""
        holders = self.session.let_go(
            self.kind, workspace_id, leaving, props.get(OWNER), props.get(INCARNATION)
        )
        return {thing for claim in holders for thing in claim.things}

    def _held_by_others(
        self, workspace_id: str, before: Budgets, olds: Properties, news: Properties
    ) -> dict[str, float]:
        """Return the limits that leave this resource and belong to another one of this run now."""
        leaving = {i: v for i, v in before.limits.items() if _name(i) not in news}
        if not leaving:
            return {}
        held = self._held(workspace_id, _names(leaving), {**olds, OWNER: news.get(OWNER)})
        return {i: v for i, v in leaving.items() if _name(i) in held}

    def _live(self, workspace_id: str, *, confirm: bool = False) -> Budgets:
        """Read the limits. A 404 is known to mean none, unless the workspace is gone itself."""
        try:
            live = self.session.client.budgets.list(workspace_id)
        except NotFoundError:
            if confirm and self.workspace_is_gone(workspace_id):
                raise
            return Budgets({})
        limits = {i: live.limits[i] for i in INTERVALS if i in live.limits}
        return Budgets(limits, live.include_byok_in_budgets)

    def _send(self, workspace_id: str, before: Budgets, wanted: Budgets) -> Budgets:
        """Send the requests between the two and return what the API then has."""
        limits, byok = dict(wanted.limits), before.byok
        for interval, limit_usd, flag in _requests(before, wanted):
            if limit_usd is None:
                self._delete(workspace_id, interval)
                continue
            answer = self.session.client.budgets.put(workspace_id, interval, limit_usd, flag)
            told_limit = answer.data.limit_usd
            limits[interval] = limit_usd if told_limit is None else told_limit
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
        except InvalidRequestError:
            raise
        except ApiError as error:
            raise self.after_failure(error, left) from None
        if _requests(before, wanted) and workspace_id not in self.session.created:
            try:
                self._verify(workspace_id, after, ours)
            except ApiError as error:
                raise self.after_failure(error, left) from None
        return after

    def _send_or_plan_again(self, workspace_id: str, assumed: Budgets, wanted: Budgets) -> Budgets:
        """Send; where the API refuses, plan again from what a change cut off may have left."""
        try:
            return self._send(workspace_id, assumed, wanted)
        except InvalidRequestError as refusal:
            live = self._live(workspace_id)
            ours = {*assumed.limits, *wanted.limits}
            there = replace(live, limits={i: v for i, v in live.limits.items() if i in ours})
            if there.limits == assumed.limits:
                raise refusal.with_next_step(_in_the_way(live, wanted)) from None
        try:
            return self._send(workspace_id, there, wanted)
        except InvalidRequestError as refusal:
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
            raise ConcurrentChangeError(msg)

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


def _turns_exclusive(olds: Properties, news: Properties) -> bool:
    return news.get("exclusive") is True and not olds.get("exclusive")


def _name(interval: str) -> str:
    """Return the input of an interval."""
    return f"{interval}_usd"


def _names(intervals: Iterable[str]) -> list[str]:
    return [_name(interval) for interval in intervals]


def _limits(props: Properties) -> dict[str, float]:
    return {interval: props[name] for name, interval in LIMITS.items() if name in props}
