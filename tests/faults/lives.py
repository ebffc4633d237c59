"""One life: two stacks, the sandbox and somebody else, step by step, with a look after each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import httpx

from faults.at_hand import SandboxAtHand
from faults.declared import Declared, Key
from faults.driver import AnyStack, CheckError, EngineError, KilledError, Stack
from faults.expectation import Acquaintances, Run, View
from faults.random_programs import EMAILS, TEAM, USER_IDS, ByHand, Destroy, Step, Up
from harness.organization import Somebody
from pulumi_openrouter import OpenRouterError
from pulumi_openrouter.errors import AlreadyExistsError
from pulumi_openrouter.sandbox import Sandbox, SandboxError

ATTEMPTS = 15
"""More runs than the faults of one step can make fail."""

MOVES = 3
"""As many runs as it takes at most until slugs that move on have moved: one for each."""

_REFUSALS = (OpenRouterError, CheckError, EngineError)
Refusal: TypeAlias = OpenRouterError | CheckError | EngineError


def attempt(run: Callable[[], object]) -> Refusal | KilledError | None:
    """Return what a run ends with; None if it succeeds."""
    found = None
    try:
        run()
    except (*_REFUSALS, KilledError) as error:
        found = error
    assert len(str(found).splitlines()) <= 1, found
    return found


@dataclass
class Party:
    """One of the two stacks.

    Attributes:
        stack: The stack.
        met: Who the emails in its state mean.
        touched: Whether somebody has changed, since its last run, what it may manage.
    """

    stack: AnyStack
    met: Acquaintances = field(default_factory=Acquaintances)
    touched: bool = False


def demand_none(problems: Iterable[str], *context: object) -> None:
    """Raise AssertionError that lists the problems, unless there are none."""
    found = [*problems]
    if found:
        about = "".join(f" ({one})" for one in context if one is not None)
        msg = "; ".join(found) + about
        raise AssertionError(msg)


class Life:
    """Two stacks of one organization, and what they live through.

    `counts` sums what the lives of a test do.
    """

    def __init__(
        self,
        sandbox: Sandbox | SandboxAtHand,
        counts: Counter[str],
        transport: httpx.BaseTransport | None = None,
        stacks: Sequence[AnyStack] = (),
    ) -> None:
        self.sandbox = sandbox
        self.counts = counts
        own: Sequence[AnyStack] = stacks or [
            Stack(sandbox, transport=transport, max_retries=2) for _ in range(2)
        ]
        self._parties = [*map(Party, own)]
        self._somebody = Somebody(sandbox, transport=transport)

    def __enter__(self) -> Life:
        """Begin with a workspace that programs may share, and one that they may not touch."""
        self.sandbox.reset()
        self._somebody.settles_in()
        self._somebody.creates(TEAM, description="For all")
        self._somebody.sets(TEAM, lifetime=5_000_000)
        self._somebody.adds(TEAM, USER_IDS[EMAILS[0]])
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        for party in self._parties:
            party.stack.close()
        self._somebody.__exit__(None, None, None)

    def live(self, steps: Sequence[Step]) -> None:
        """Take the steps, one after the other."""
        self.counts["lives"] += 1
        for step in steps:
            self.counts["steps"] += 1
            if isinstance(step, ByHand):
                self._by_hand(step)
            else:
                self._run(step)

    # What others do.

    def _by_hand(self, step: ByHand) -> None:
        try:
            getattr(self, f"_{step.what}", self._change)(step)
        except (httpx.HTTPStatusError, SandboxError, LookupError):
            # The API refuses it, or there is nothing of that name.
            return
        for party in self._parties:
            party.touched = True

    def _change(self, step: ByHand) -> None:
        method = getattr(self._somebody, step.what)
        if step.what in {"creates", "changes", "sets"}:
            method(step.slug, **step.given)
        else:
            method(step.slug, *step.given.values())

    def _makes_a_key(self, step: ByHand) -> None:
        self.sandbox.add_key(step.slug, name="Production")

    def _ends_the_keys(self, step: ByHand) -> None:
        state = self.sandbox.state()
        id_ = {one["slug"]: one["id"] for one in state["workspaces"]}[step.slug]
        for key in state["keys"]:
            if key["workspace_id"] == id_:
                self.sandbox.delete_key(key["hash"])

    def _joins(self, step: ByHand) -> None:
        self.sandbox.add_person(step.given["email"])

    def _leaves(self, step: ByHand) -> None:
        self.sandbox.remove_person(self._user_id(step.given["email"]))

    def _changes_email(self, step: ByHand) -> None:
        email = step.given["email"]
        self.sandbox.change_person(self._user_id(email), email=f"new.{email}")

    def _user_id(self, email: str) -> str:
        people = self.sandbox.state()["organization_members"]
        return {one["email"]: str(one["id"]) for one in people}[email]

    # Runs.

    def _run(self, step: Up | Destroy) -> None:
        party, other = self._parties[:: -1 if step.theirs else 1]
        self.sandbox.clear_requests()
        if isinstance(step, Up):
            self._up(party, step)
        else:
            self._destroy(party, step)
        self.sandbox.clear_faults()
        if self.sandbox.requests(writes_only=True):
            other.touched = True

    def _destroy(self, party: Party, step: Destroy) -> None:
        if party.touched:
            party.stack.refresh()
            party.touched = False
        error, run = self._attempt(
            party, [], lambda: party.stack.destroy(order=step.order, cut_after=step.cut_after)
        )
        if isinstance(error, KilledError):
            error, run = self._attempt(party, [], party.stack.destroy)
        if error is not None:
            assert [*run.reasons()], error
            return
        demand_none(run.differences())

    def _up(self, party: Party, step: Up) -> None:
        program = [one for one in step.program if self._has_a_place(one)]
        replacing, targets = _named(party.stack, program, step)
        how: dict[str, Any] = {"targets": targets, "order": step.order}
        trusting = party.touched and step.trusting
        if party.touched and not (step.refresh or trusting):
            party.stack.refresh()
            party.touched = False
        refresh = (step.refresh or party.touched) and not trusting
        clean = not (step.faults or step.cut_after or refresh or trusting)
        if self._is_refused(
            party, program, adopt=step.adopt, refresh=refresh, replacing=replacing, **how
        ):
            return
        self._plan_faults(step)
        plan = None
        if clean:
            plan = self._preview(party, program, adopt=step.adopt, replacing=replacing, **how)
        steps: list[Counter[str]] = []
        error, run = self._attempt(
            party,
            program,
            lambda: steps.append(
                party.stack.up(
                    program,
                    refresh=refresh,
                    adopt=step.adopt,
                    replacing=replacing,
                    cut_after=step.cut_after,
                    **how,
                )
            ),
            replacing,
            targets,
        )
        if plan is not None:
            plan.compare(error, run, steps)
        if error is not None and not trusting:
            # What a delete had done when it was cut off comes to light with a refresh only.
            refresh = refresh or bool(replacing)
            error, run = self._go_on(party, program, error, run, refresh=refresh, **how)
        self.sandbox.clear_faults()
        if trusting:
            return
        if error is not None:
            # What one resource has taken from another one before the run failed stands in the state
            # of both, with two values; only a refresh shows it.
            party.touched = True
            return
        party.touched = False
        self._look(party, step, program, run, targets)
        # With --target two resources may have one thing, and one of them does not know what the
        # other has made of it before a refresh: a workspace may even be deleted for the other.
        view = self._view(party)
        party.touched = view.has_shared_things() or view.misses_a_workspace()

    def _go_on(
        self,
        party: Party,
        program: list[Declared],
        error: Refusal | KilledError | None,
        run: Run,
        *,
        refresh: bool,
        **how: Any,
    ) -> tuple[Refusal | KilledError | None, Run]:
        """Run `up` until it succeeds or is refused for a reason, doing what the error asks for."""
        adopt, moves = False, 0
        for _ in range(ATTEMPTS):
            stumbled = isinstance(error, KilledError) or self._stumbled()
            reasons = {*run.reasons()}
            assert stumbled or reasons, f"refused for no reason: {error}"
            # What is in the way may have moved on by the next run, or be there to be taken over.
            moves += not stumbled
            if not stumbled and (moves > MOVES or reasons != {"slug"}):
                assert not run.moves_on(), f"the slugs never move on: {error}"
                return error, run
            if not adopt and isinstance(error, AlreadyExistsError):
                adopt = True
                self.sandbox.clear_faults()
                if self._is_refused(party, program, adopt=True, refresh=refresh, **how):
                    return error, run
            # What a run that was cut off has done, the next one does in another order.
            how["order"] += 1
            error, run = self._attempt(
                party,
                program,
                lambda: party.stack.up(program, refresh=refresh, adopt=adopt, **how),  # noqa: B023
                targets=how["targets"],
            )
            if error is None:
                return error, run
        msg = f"no run succeeds: {error}"
        raise AssertionError(msg)

    def _attempt(
        self,
        party: Party,
        program: Sequence[Declared],
        run: Callable[[], object],
        replacing: Sequence[Key] = (),
        targets: Sequence[Key] | None = None,
    ) -> tuple[Refusal | KilledError | None, Run]:
        """Run, and demand what holds however a run ends."""
        before = self._view(party)
        self._injected = self._faults()
        error = attempt(run)
        self.counts.update(runs=1, injected=self._faults() - self._injected)
        self.counts["killed"] += isinstance(error, KilledError)
        after = self._view(party)
        done = Run(program, replacing, targets, before=before, after=after)
        demand_none([*done.losses(), *done.forgotten()], error)
        return error, done

    def _view(self, party: Party) -> View:
        return View.of(self.sandbox, party.stack, party.met)

    def _look(
        self, party: Party, step: Up, program: list[Declared], run: Run, targets: Any
    ) -> None:
        """Demand that all is as it has to be, and stays so."""
        demand_none(run.differences())
        if run.adopted():
            # What the program leaves out stayed as it was in that run, and only in that run.
            error, run = self._attempt(
                party, program, lambda: party.stack.up(program, targets=targets), targets=targets
            )
            assert error is None, error
            demand_none(run.differences())
        self._demand_rest(party, program, targets)
        # Two resources may have one workspace after --target, and each refresh tells of the other.
        if step.refresh and targets is None:
            changed = party.stack.refresh()
            assert changed == [], f"a refresh finds changes of {changed}"
            self._demand_rest(party, program, targets)

    def _demand_rest(self, party: Party, program: list[Declared], targets: Any) -> None:
        log = len(self.sandbox.requests(writes_only=True))
        steps = party.stack.up(program, targets=targets)
        assert {*steps} <= {"same"}, f"a second run is no rest: {steps}"
        writes = self.sandbox.requests(writes_only=True)[log:]
        assert writes == [], f"a second run writes: {writes}"

    def _is_refused(
        self, party: Party, program: list[Declared], *, adopt: bool, refresh: bool, **how: Any
    ) -> bool:
        """Return whether the preview of a program that adopts is refused.

        Without one, whoever adopts may be checked before the holder is known to be one, and the run
        is refused only afterwards. A life ends the step at a refused preview, as users do.
        """
        if not (adopt or any(one.inputs.get("adopt") for one in program)):
            return False
        if refresh:
            party.stack.refresh()
        plan = self._preview(party, program, adopt=adopt, **how)
        party.touched = party.touched or plan.error is not None
        return plan.error is not None

    def _preview(self, party: Party, program: list[Declared], **how: Any) -> Plan:
        log = len(self.sandbox.requests(writes_only=True))
        steps: list[Counter[str]] = []
        error = attempt(lambda: steps.append(party.stack.preview(program, **how)))
        writes = self.sandbox.requests(writes_only=True)[log:]
        assert writes == [], f"a preview writes: {writes}"
        return Plan(error, steps, party.stack.notices)

    def _plan_faults(self, step: Up) -> None:
        for fault in step.faults:
            method, path = fault["request"]
            counted = {"times": fault["times"], "skip": fault["skip"], **fault["action"]}
            self.sandbox.add_fault(method=method, path=path, **counted)

    def _faults(self) -> int:
        return sum(fault["injected"] for fault in self.sandbox.faults())

    def _stumbled(self) -> bool:
        """Whether the last run met a fault."""
        return self._faults() > self._injected

    def _has_a_place(self, one: Declared) -> bool:
        slug = one.inputs.get("workspace")
        slugs = {there["slug"] for there in self.sandbox.state()["workspaces"]}
        return slug is None or slug in slugs


@dataclass(frozen=True)
class Plan:
    """What a preview said: its steps or its error, and the provider's notices."""

    error: Refusal | KilledError | None
    steps: list[Counter[str]]
    notices: list[str]

    def compare(
        self, error: Refusal | KilledError | None, run: Run, steps: list[Counter[str]]
    ) -> None:
        """Demand that `up` did what the preview had said."""
        if self.error is not None:
            # Without the preview, whose slug has moved on by then may not be in the way any more.
            assert error is not None or "slug" in run.reasons(), self.error
            return
        assert not isinstance(error, CheckError), error
        if error is None:
            # The id of a workspace that is taken over is not known before.
            planned, done = self.steps, steps
            if run.before.has_shared_things():
                # A run that was cut off has left one thing in the state of two resources. Where one
                # of them lets go of it and is deleted first, the other puts it back.
                planned, done = (
                    [_without_updates(one) for one in each] for each in (planned, done)
                )
            assert run.adopted() or done == planned, (done, planned)
            demand_none(run.unannounced(self.notices), "not announced", self.notices)


def _without_updates(steps: Counter[str]) -> Counter[str]:
    """Count resources that are updated as those that stay the same."""
    return Counter("same" if op == "update" else op for op in steps.elements())


def _named(
    stack: AnyStack, program: list[Declared], step: Up
) -> tuple[list[Key], list[Key] | None]:
    """Return what `--replace` and `--target` name."""
    # A resource that has another name in the state is not replaced in the run that renames it.
    keys = [o.key for o in program if not {*o.options.aliases} & stack.resources.keys()]
    replacing = list(dict.fromkeys(keys[n % len(keys)] for n in step.replacing)) if keys else []
    if step.targets is None:
        return replacing, None
    formers = {alias for one in program for alias in one.options.aliases}
    named = {one.key for one in program}
    pool = sorted({*named, *stack.resources} - formers)
    targets = {pool[n % len(pool)] for n in step.targets} if pool else set()
    return replacing, sorted(targets | {*_parents_to_make(stack, program, targets)})


def _parents_to_make(stack: AnyStack, program: list[Declared], targets: set[Key]) -> Iterator[Key]:
    """Yield the Workspaces that have to be made before the parts of them that are named."""
    for one in program:
        if one.key in targets and one.of is not None:
            parent = next(p for p in program if p.kind == "Workspace" and p.name == one.of)
            if not {parent.key, *parent.options.aliases} & stack.resources.keys():
                yield parent.key
