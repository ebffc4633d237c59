"""The lifecycle of WorkspaceBudget: the limits of one workspace that a program names.

Several requests make one change, so their order matters (`budget_plan`), and so does what is left
when one of them fails: a create puts back what was there, an update goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from pulumi_openrouter.errors import (
    ApiError,
    ConcurrentChangeError,
    InvalidRequestError,
    NotFoundError,
    OpenRouterError,
)
from pulumi_openrouter.lifecycle import rules
from pulumi_openrouter.lifecycle.base import Difference, Live, Problem
from pulumi_openrouter.lifecycle.budget_plan import (
    BYOK,
    INTERVALS,
    BudgetChange,
    LimitSet,
    out_of_order,
    steps_between,
)
from pulumi_openrouter.lifecycle.declaration import Change, Declaration, Input, LeftOut, Output
from pulumi_openrouter.lifecycle.hints import OWNER, Hints, managed
from pulumi_openrouter.lifecycle.part import WorkspacePart
from pulumi_openrouter.lifecycle.properties import Properties, is_get, is_unknown
from pulumi_openrouter.lifecycle.register import Claim, Kind
from pulumi_openrouter.lifecycle.words import owner_text, shown, usd

DECLARATION = Declaration(
    "WorkspaceBudget",
    inputs=(
        Input(
            "workspace",
            str,
            "A Workspace, or the id (UUID) or slug of one.",
            LeftOut.REQUIRED,
            Change.REPLACE,
            rule=rules.workspace,
        ),
        Input(
            "daily_usd",
            float,
            "USD a day, more than 0. Default: this resource manages no daily limit.",
            LeftOut.UNMANAGED,
            rule=rules.limit,
        ),
        Input(
            "weekly_usd",
            float,
            "USD a week, more than `daily_usd`. Default: no weekly limit is managed.",
            LeftOut.UNMANAGED,
            rule=rules.limit,
        ),
        Input(
            "monthly_usd",
            float,
            "USD a month, more than `weekly_usd`. Default: no monthly limit is managed.",
            LeftOut.UNMANAGED,
            rule=rules.limit,
        ),
        Input(
            "lifetime_usd",
            float,
            "USD in total, more than `monthly_usd`. Default: no lifetime limit is managed.",
            LeftOut.UNMANAGED,
            rule=rules.limit,
        ),
        Input(
            "include_byok_in_budgets",
            bool,
            "Whether spend on your own provider keys counts towards all limits of the workspace. "
            "Default: unchanged.",
            LeftOut.UNCHANGED,
        ),
        Input(
            "exclusive",
            bool,
            "Authoritative: limits that are not listed are deleted. The preview names each. "
            "Default: False.",
            LeftOut.FALSE,
        ),
    ),
    outputs=(
        Output("workspace", "str", "The workspace as the program passed it: an id or a slug."),
        Output("daily_usd", "float | None", "USD a day, or None."),
        Output("weekly_usd", "float | None", "USD a week, or None."),
        Output("monthly_usd", "float | None", "USD a month, or None."),
        Output("lifetime_usd", "float | None", "USD in total, or None."),
        Output(
            "include_byok_in_budgets",
            "bool | None",
            "Whether spend on your own provider keys counts, whoever set it.",
        ),
        Output("exclusive", "bool | None", "True if limits that are not listed are deleted."),
        Output("workspace_id", "str", "The workspace's UUID.", derived=True),
    ),
)

BUDGETS_UNAVAILABLE = (403, 404)
"""What the list of budgets may answer where an organization has no budgets."""


class WorkspaceBudgetLifecycle(WorkspacePart):
    """The lifecycle of `WorkspaceBudget`."""

    declaration = DECLARATION
    part = "budgets"
    kind = Kind.LIMITS

    def conflicts(
        self,
        inputs: Properties,
        unknown: Collection[str],  # noqa: ARG002
        before: Properties,
    ) -> Iterator[Problem]:
        """Yield where the limits do not decrease, or where there is none."""
        limits = _limits(inputs)
        # With ignore_changes, a limit that somebody has deleted stays away: the inputs that a
        # refresh has found are passed again.
        ignored = bool(before) and not _limits(before)
        if inputs.keys().isdisjoint(INTERVALS) and not ignored:
            yield (
                "monthly_usd",
                "a WorkspaceBudget sets at least one limit; pass daily_usd, weekly_usd, "
                "monthly_usd or lifetime_usd, or remove the resource",
            )
        if pair := out_of_order(limits):
            narrow, broad = pair
            yield (
                narrow,
                f"limits strictly decrease from lifetime to daily, but {narrow} "
                f"({usd(limits[narrow])}) is not less than {broad} ({usd(limits[broad])}); "
                f"lower {narrow} or raise {broad}",
            )

    def claimed(self, inputs: Properties) -> list[str]:
        """Return the limits that the program names, and the flag where it gives it."""
        return [name for name in self.declaration.tracked if name in inputs]

    def blamed(self, inputs: Properties, thing: str | None) -> str:
        """Blame the input of the limit itself, or `exclusive`."""
        return thing or ("exclusive" if "exclusive" in inputs else self.claimed(inputs)[0])

    def look(self, before: Properties, inputs: Properties, hints: Hints) -> Iterator[Problem]:
        """Look at the workspace, and at the other budgets of the program that change it."""
        yield from super().look(before, inputs, hints)
        own = self.session.register.claim_of(self.kind, hints.owner)
        mine = BudgetChange(_limits(before), _limits(inputs))
        for other in self._others(own):
            theirs = BudgetChange(_limits(other.before), _limits(other.inputs))
            if not (mine.fits_before(theirs) and theirs.fits_before(mine)):
                self.session.notices.add(
                    f"{owner_text(hints.owner)} and {owner_text(other.owner)} change limits of one "
                    "workspace that depend on each other. Pulumi makes the two changes in any "
                    "order, so OpenRouter may refuse one of them; then run `pulumi up` again. "
                    "Limits that are all in one WorkspaceBudget change in the right order."
                )

    def _others(self, own: Claim | None) -> list[Claim]:
        """Return what other budgets of the program claim in the same workspace."""
        if own is None:
            return []
        register = self.session.register
        claims = [one for key in own.keys for one in register.claims_of(self.kind, key)]
        return [*{one.owner: one for one in claims if one.owner != own.owner}.values()]

    def _in_the_way_of_new(
        self, live: LimitSet, inputs: Properties, hints: Hints
    ) -> Problem | None:
        """Return which limit OpenRouter will refuse because of one that somebody else has set.

        Where other budgets of the program manage limits there, theirs may be about to change.
        """
        own = self.session.register.claim_of(self.kind, hints.owner)
        if inputs.get("exclusive") or self._others(own):
            return None
        limits = _limits(inputs)
        unknown = {name for name in inputs if name not in limits}
        there = {n: v for n, v in live.limits.items() if n not in unknown}
        pair = out_of_order({**there, **limits})
        if pair is None:
            return None
        narrow, broad = pair
        ours, theirs, change = (
            (narrow, broad, "lower") if narrow in limits else (broad, narrow, "raise")
        )
        return ours, (
            f"limits strictly decrease from lifetime to daily, and the workspace has {theirs} "
            f"({usd(there[theirs])}), which this program does not manage; {change} {ours}, or set "
            f"{theirs} here as well"
        )

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
        problem = self._in_the_way_of_new(live, inputs, hints)
        if problem and hints.deleted_first:
            # The check of a forced replacement looks like that of a new resource, and what is in
            # the way may be a limit of the old one, which is deleted before.
            self.session.notices.add(
                f"{owner_text(hints.owner)}: {problem[1]}. If this run replaces the budget and it "
                "had this limit itself, there is nothing to do: the old limits are deleted first."
            )
        elif problem:
            yield problem

    def diff(self, id_: str, olds: Properties, news: Properties) -> Difference:
        """Compare the limits, and announce what is there where the resource takes more over."""
        result = super().diff(id_, olds, news)
        claim = self.own_claim(news)
        taken = self._newly_managed(olds, news)
        turns = _turns_exclusive(olds, news)
        if claim is not None and not result.replaces and (taken or turns):
            live = self._live(self.place(id_, olds))
            taken_over = news if turns else {name: news[name] for name in taken}
            self._announce(live, taken_over, claim.hints, exclusive=turns, was=Hints.of(olds))
            theirs = live.only({*INTERVALS} - {*managed(olds)})
            if problem := self._in_the_way_of_new(theirs, news, claim.hints):
                msg = f"{owner_text(claim.owner)}: {problem[1]}"
                raise OpenRouterError(msg)
        return result

    def taken_away(self, workspace_id: str, olds: Properties, news: Properties) -> list[str]:  # noqa: ARG002
        """Return the limits that another resource of this run deletes."""
        released = self.session.register.released(self.kind, workspace_id)
        return [name for name in managed(olds) if name in released]

    def create_in(self, workspace_id: str, props: Properties) -> Properties:
        """Set the limits, all or none."""
        created = self.session.created
        made_here = workspace_id in created
        before = LimitSet({}, created[workspace_id]) if made_here else self._live(workspace_id)
        wanted = LimitSet(_limits(props), props.get(BYOK))
        if not props.get("exclusive"):
            # The limits of others are no part of the plan, so that none of them carries the flag.
            before = before.only(wanted.limits)
        try:
            after = self._apply(workspace_id, before, wanted, _limits(props))
        except ApiError as error:
            next_step = f"{error.next_step} {self._put_back(workspace_id, before, wanted)}"
            raise self._with_others(error.with_next_step(next_step), props) from None
        except ConcurrentChangeError as error:
            msg = f"{error} {self._put_back(workspace_id, before, wanted)}"
            raise ConcurrentChangeError(msg) from None
        return self._outputs(after, props, self.claimed(props))

    def read(self, id_: str, olds: Properties) -> Live | None:
        """Return the live limits that the program manages, as outputs and as inputs."""
        workspace_id = self.place(id_, olds)
        try:
            live = self._live(workspace_id, confirm=True)
        except NotFoundError:
            if is_get(olds):
                raise
            return None
        if live.byok is None:
            live = replace(live, byok=olds.get(BYOK))
        mine = self.declaration.tracked if is_get(olds) else managed(olds)
        return self.found(olds, self._outputs(live, {"workspace": workspace_id, **olds}, mine))

    def update_in(self, workspace_id: str, olds: Properties, news: Properties) -> Properties:
        """Send what differs, in the order that the API accepts."""
        before = self._before(workspace_id, olds, news)
        leaving = [name for name in before.limits if name not in news]
        mine = {**olds, OWNER: news.get(OWNER)}
        held = self.held_by_others(workspace_id, leaving, mine) if leaving else set()
        # What another resource holds by now may have another value than this one knows, so it must
        # not be sent again, not even to carry the flag.
        before = before.only({*before.limits} - held)
        wanted = LimitSet(_limits(news), news.get(BYOK))
        try:
            after = self._apply_or_plan_again(workspace_id, before, wanted, _limits(news))
        except InvalidRequestError as error:
            raise self._with_others(error, news) from None
        except ApiError as error:
            left = f"Of these limits, the workspace had {before} and was to get {wanted}"
            raise self.after_failure(error, left) from None
        return self._outputs(after, news, self.claimed(news))

    def delete_in(self, workspace_id: str, olds: Properties) -> None:
        """Delete the limits that this resource manages and no other one has taken over."""
        ours = {name for name in INTERVALS if name in managed(olds) or name in olds}
        ours -= self.held_by_others(workspace_id, ours, olds)
        try:
            for name in INTERVALS:
                if name in ours:
                    self._delete(workspace_id, name)
        except ApiError as error:
            raise self.after_failure(error, "Some of its limits may be gone already") from None

    def _with_others(self, error: ApiError, props: Properties) -> ApiError:
        """Return a refusal with the other budgets that may have changed what was in the way."""
        others = self._others(self.own_claim(props))
        if not isinstance(error, InvalidRequestError) or not others:
            return error
        named = " and ".join(sorted(owner_text(one.owner) for one in others))
        return error.with_next_step(
            f"{error.next_step} If {named} has changed that limit by now, run `pulumi up` again."
        )

    def _newly_managed(self, olds: Properties, news: Properties) -> set[str]:
        """Return the limits and the flag that come under management."""
        return {*self.claimed(news)} - {*managed(olds)}

    def _announce(
        self,
        live: LimitSet,
        inputs: Properties,
        hints: Hints,
        *,
        exclusive: bool,
        was: Hints | None = None,
    ) -> None:
        """Announce which of the live limits change to the inputs, or go.

        What the program marks as secret now, or did so in the last run (`was`), is hidden.
        """
        there: Properties = {**live.limits}
        if live.byok is not None and isinstance(inputs.get(BYOK), bool):
            there[BYOK] = live.byok
        changes = []
        for name, value in there.items():
            wanted = inputs.get(name)
            if wanted == value or is_unknown(wanted) or not (name in inputs or exclusive):
                continue
            secret = hints.hides(name)
            was_secret = was is not None and was.hides(name)
            old = shown(value, secret=secret or was_secret)
            changes.append(f"{name}: {old} -> {shown(wanted, secret=secret)}")
        if changes:
            self.session.notices.add(
                f"{owner_text(hints.owner)} changes what its workspace has already: "
                f"{'; '.join(changes)}."
            )

    def _before(self, workspace_id: str, olds: Properties, news: Properties) -> LimitSet:
        """Return the limits that an update starts from, of those that this resource may change.

        What it manages already is known from its state. What it takes over has to be read, because
        the state does not say what somebody else has set.
        """
        exclusive = olds.get("exclusive") and news.get("exclusive")
        # The outputs of an exclusive resource include limits that it does not manage.
        mine = {n for n in INTERVALS if n in managed(olds) or n in news or exclusive}
        ours = {name for name in mine if name in olds}
        turns = _turns_exclusive(olds, news)
        if exclusive or turns or self._newly_managed(olds, news):
            live = self._live(workspace_id)
            ours |= {*INTERVALS} if turns else {*_limits(news)}
            byok = olds.get(BYOK) if live.byok is None else live.byok
            return replace(live, byok=byok).only(ours)
        ours -= self.session.register.released(self.kind, workspace_id)
        return LimitSet({name: olds[name] for name in INTERVALS if name in ours}, olds.get(BYOK))

    def _live(self, workspace_id: str, *, confirm: bool = False) -> LimitSet:
        """Read the limits. A 404 is known to mean none, unless the workspace is gone itself."""
        try:
            live = self.session.client.budgets.list(workspace_id)
        except NotFoundError:
            if confirm and self.session.is_gone(workspace_id):
                raise
            return LimitSet({})
        limits = {n: live.limits[i] for n, i in INTERVALS.items() if i in live.limits}
        return LimitSet(limits, live.include_byok_in_budgets)

    def _apply(
        self, workspace_id: str, before: LimitSet, wanted: LimitSet, ours: Iterable[str]
    ) -> LimitSet:
        """Send the requests between two sets and return what the API then has.

        Raises ConcurrentChangeError if somebody else has set one of ours meanwhile.
        """
        after = self._send(workspace_id, before, wanted)
        if steps_between(before, wanted) and workspace_id not in self.session.created:
            self._verify(workspace_id, after, ours)
        return after

    def _send(self, workspace_id: str, before: LimitSet, wanted: LimitSet) -> LimitSet:
        limits, byok = dict(wanted.limits), before.byok
        for step in steps_between(before, wanted):
            if step.limit_usd is None:
                self._delete(workspace_id, step.name)
                continue
            answer = self.session.client.budgets.put(
                workspace_id, INTERVALS[step.name], step.limit_usd, step.byok
            )
            if answer.data.limit_usd is not None:
                limits[step.name] = answer.data.limit_usd
            told = (answer.include_byok_in_budgets, step.byok, byok)
            byok = next((flag for flag in told if flag is not None), None)
        return LimitSet(limits, byok)

    def _apply_or_plan_again(
        self, workspace_id: str, assumed: LimitSet, wanted: LimitSet, ours: Iterable[str]
    ) -> LimitSet:
        """Apply; where the API refuses, plan again from what a change cut off may have left."""
        try:
            return self._apply(workspace_id, assumed, wanted, ours)
        except InvalidRequestError as refusal:
            live = self._live(workspace_id)
            there = live.only({*assumed.limits, *wanted.limits})
            if there.limits == assumed.limits:
                raise refusal.with_next_step(_in_the_way(live, wanted)) from None
        try:
            return self._apply(workspace_id, there, wanted, ours)
        except InvalidRequestError as refusal:
            raise refusal.with_next_step(_in_the_way(live, wanted)) from None

    def _put_back(self, workspace_id: str, before: LimitSet, wanted: LimitSet) -> str:
        """Restore what this call has changed, and nothing of others; tell what state was left."""
        try:
            live = self._live(workspace_id)
            restored = {}
            for name in INTERVALS:
                # What is neither as it was nor as this call set it is somebody else's doing.
                set_here = live.limits.get(name) == wanted.limits.get(name)
                source = before if set_here else live
                if name in source.limits:
                    restored[name] = source.limits[name]
            target = LimitSet(restored, None if wanted.byok is None else before.byok)
            planned = {*before.limits, *wanted.limits}
            self._send(workspace_id, live.only(planned), target.only(planned))
        except ApiError as second:
            return (
                f"What was set by then could not be put back ({second.words}): of these limits, "
                f"the workspace had {before} and was to get {wanted}. Run `pulumi up` again."
            )
        return f"Nothing of this resource is set: the workspace has {target}."

    def _verify(self, workspace_id: str, after: LimitSet, ours: Iterable[str]) -> None:
        """See that nobody else has set the same limits meanwhile."""
        live = self._live(workspace_id)
        lost = {n: after.limits[n] for n in ours if live.limits.get(n) != after.limits[n]}
        if lost:
            named = self.session.client.named(workspace_id)
            msg = (
                f"setting the budgets of {named}: {LimitSet(lost)} was set, and "
                f"now the workspace has {live}: somebody else sets the same limits at this moment. "
                "Leave each limit to one stack, then run `pulumi up --refresh`."
            )
            raise ConcurrentChangeError(msg)

    def _delete(self, workspace_id: str, name: str) -> None:
        try:
            self.session.client.budgets.delete(workspace_id, INTERVALS[name])
        except NotFoundError:
            # The API has no such answer for a limit that is not there.
            if not self.session.is_gone(workspace_id):
                raise

    def _outputs(self, limits: LimitSet, props: Properties, mine: Collection[str]) -> Properties:
        names = [name for name in INTERVALS if name in mine or props.get("exclusive")]
        outputs = {
            "workspace": props.get("workspace"),
            BYOK: limits.byok,
            "exclusive": props.get("exclusive"),
            **{name: limits.limits.get(name) for name in names},
        }
        return {name: value for name, value in outputs.items() if value is not None}


def _in_the_way(live: LimitSet, wanted: LimitSet) -> str:
    return (
        f"The workspace has {live}; {wanted} was asked for. Change the limit that is in the way, "
        "then run `pulumi up --refresh`."
    )


def _turns_exclusive(olds: Properties, news: Properties) -> bool:
    return news.get("exclusive") is True and not olds.get("exclusive")


def _limits(props: Mapping[str, object]) -> dict[str, float]:
    """Return the limits that are known, as a preview may know only some."""
    named = {name: props.get(name) for name in INTERVALS}
    return {name: one for name, one in named.items() if isinstance(one, (int, float))}
