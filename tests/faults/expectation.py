"""What a run has to leave at the API: the rules of the resources, said once more.

Written from the point of view of a user: what the program states is so, what the stack managed and
no program states any more is gone, and everything else is as it was. What a stack manages is judged
by what its programs stated, never by what the provider wrote into the state.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from faults.at_hand import SandboxAtHand
from faults.declared import Declared, Key
from faults.driver import AnyStack, Recorded
from faults.random_programs import LIMITS
from pulumi_openrouter.sandbox import Sandbox

NULLABLE = ("description", "default_provider_sort", "default_text_model", "default_image_model")
LISTS = ("io_logging_api_key_ids", "disabled_server_tools")
OPTIONAL = ("is_observability_io_logging_enabled", "io_logging_sampling_rate")
BYOK = "include_byok_in_budgets"
_UNRELATED = ("budgets", "members", BYOK, "updated_at")

Thing = tuple[str, str]
"""A limit or a person of a workspace: its kind, and its interval or user id."""


class Acquaintances:
    """Who the emails of a program meant when the stack met them.

    An address may change later and the person still is the one that the stack manages.
    """

    def __init__(self) -> None:
        self._met: dict[tuple[int, str], str] = {}

    def meet(self, records: Iterable[Recorded], people: Mapping[str, str]) -> None:
        """Note whom the emails of these resources mean now, where that is not known yet."""
        for one in records:
            for email in one.stated.get("emails", ()):
                if email.lower() in people:
                    self._met.setdefault((one.created, email.lower()), people[email.lower()])

    def people(self, one: Recorded) -> set[str]:
        """Return the people whom a resource names, by user id; who is missing is left out."""
        met = (self._met.get((one.created, e.lower())) for e in one.stated.get("emails", ()))
        return {*one.stated.get("user_ids", ())} | {user_id for user_id in met if user_id}


@dataclass(frozen=True)
class View:
    """What there is at one moment: at the API, and in a stack's state.

    Attributes:
        workspaces: The workspaces at the API, by id.
        people: The organization's people: user ids by email.
        records: The stack's resources.
        leaving: What was replaced and not deleted yet.
        met: Who the emails in the state mean.
        keyed: The ids of the workspaces with active API keys.
    """

    workspaces: Mapping[str, Mapping[str, Any]]
    people: Mapping[str, str]
    records: Mapping[Key, Recorded]
    leaving: Sequence[Recorded]
    met: Acquaintances
    keyed: frozenset[str] = frozenset()

    @classmethod
    def of(cls, sandbox: Sandbox | SandboxAtHand, stack: AnyStack, met: Acquaintances) -> View:
        """Look at the sandbox and at the state."""
        state = sandbox.state()
        people = {one["email"].lower(): one["id"] for one in state["organization_members"]}
        met.meet([*stack.resources.values(), *stack.leaving], people)
        return cls(
            {one["id"]: one for one in state["workspaces"]},
            people,
            dict(stack.resources),
            [*stack.leaving],
            met,
            frozenset(key["workspace_id"] for key in state["keys"] if not key["disabled"]),
        )

    @property
    def everything(self) -> list[Recorded]:
        """All resources that stand for something at the API."""
        return [o for o in (*self.records.values(), *self.leaving) if not o.to_recreate]

    def workspace_records(self) -> dict[str, Recorded]:
        """Return the Workspaces by id."""
        return {one.id: one for one in self.everything if one.key[0] == "Workspace"}

    def parts(self, workspace_id: str) -> list[Recorded]:
        """Return the resources that are parts of a workspace."""
        found = self.everything
        return [o for o in found if o.key[0] != "Workspace" and place(o) == workspace_id]

    def things(self, one: Recorded) -> set[Thing]:
        """Return the limits and people that a resource manages."""
        limits = {("limit", i) for i in LIMITS if f"{i}_usd" in one.stated}
        return limits | {("person", user_id) for user_id in self.met.people(one)}

    def held(self, workspace_id: str) -> set[Thing]:
        """Return the limits and people of a workspace that the stack manages."""
        return {thing for one in self.parts(workspace_id) for thing in self.things(one)}

    def has_shared_things(self) -> bool:
        """Whether two resources of the stack have the same workspace, limit or person."""
        held: Counter[object] = Counter()
        for one in self.everything:
            held.update({one.id} if one.key[0] == "Workspace" else ())
            held.update((place(one), thing) for thing in self.things(one))
        return any(times > 1 for times in held.values())

    def misses_a_workspace(self) -> bool:
        """Whether the state has a workspace that is not there any more."""
        return not self.workspace_records().keys() <= self.workspaces.keys()

    def live(self, workspace_id: str) -> set[Thing]:
        """Return the limits and people that a workspace has."""
        one = self.workspaces.get(workspace_id, {})
        limits = {("limit", interval) for interval in one.get("budgets", ())}
        return limits | {("person", user_id) for user_id in one.get("members", ())}


def place(one: Recorded) -> str:
    """Return the id of the workspace that a resource is, or is part of."""
    return one.id.split("/")[0]


@dataclass(frozen=True)
class Run:
    """What was run between two views.

    Attributes:
        program: The program.
        replacing: What `--replace` named.
        targets: What `--target` named; None without it.
    """

    program: Sequence[Declared]
    replacing: Sequence[Key] = ()
    targets: Sequence[Key] | None = None
    before: View = field(kw_only=True)
    after: View = field(kw_only=True)

    # What no run may do, however it ends.

    def losses(self) -> Iterator[str]:
        """Yield what the run took away although nobody wanted that."""
        for id_, one in self.before.workspaces.items():
            if id_ not in self.after.workspaces:
                if not self._may_go(id_):
                    yield f'workspace "{one["slug"]}" is lost'
                continue
            lost = self.before.live(id_) - self.after.live(id_)
            for thing in sorted(lost - self._free(id_)):
                yield f'{thing} of workspace "{one["slug"]}" is lost'

    def forgotten(self) -> Iterator[str]:
        """Yield what the state does not know any more although it is there and was not retained."""
        recorded = self.after.workspace_records()
        for old in self.before.everything:
            id_ = place(old)
            if self._retained(old) or id_ not in self.after.workspaces:
                continue
            slug = self.after.workspaces[id_]["slug"]
            if old.key[0] == "Workspace":
                if id_ not in recorded:
                    yield f'workspace "{slug}" is live and forgotten'
                continue
            if self._stays(old) and self.after.records[self._now(old)].id == old.id:
                continue
            # Whoever lets go leaves alone what the program gives to another resource, even if that
            # one fails or `--target` leaves it out: the next run goes on with it.
            known = self.after.held(id_) | self._wanted(id_, at_last=True) | self._awaited(id_)
            for thing in sorted(self.before.things(old) & self.after.live(id_) - known):
                yield f'{thing} of workspace "{slug}" is live and forgotten'

    def _may_go(self, id_: str) -> bool:
        """Whether the workspace is the stack's, and leaves it or is replaced."""
        olds = [o for o in self.before.everything if o.key[0] == "Workspace" and o.id == id_]
        return any(
            (self._leaves(old) or old in self.before.leaving)
            and not (old.options.retain or self._refused(old))
            for old in olds
        )

    def _refused(self, old: Recorded) -> bool:
        """Whether nothing may delete a workspace: it is protected, or has active keys."""
        new = self._declared(old)
        protected = old.options.protect and (new is None or new.options.protect)
        return protected or old.id in self.before.keyed

    def _free(self, id_: str) -> set[Thing]:
        """Return what may go from a workspace in this run."""
        free = set()
        for old in self.before.parts(id_):
            # A part that goes with its workspace stays with it where that is bound to fail.
            parent = self.before.records.get(old.depends_on) if old.depends_on else None
            goes = (
                parent is not None
                and parent.id == id_
                and self._leaves(parent)
                and not parent.options.retain
            )
            # The workspace itself stays where the program has it by another name.
            goes = goes and id_ not in self._kept()
            stays = goes and id_ in self.before.keyed
            # Of what a replacement has left behind nobody asks whether it is protected.
            leaves = self._declared(old) is None and old not in self.before.leaving
            stays = stays or (old.options.protect and leaves)
            if not stays and not self._only_forgotten(old):
                free |= self.before.things(old)
        free -= self._wanted(id_)
        # A replacement that deletes first lets go before anybody else can have taken over.
        for old in self.before.parts(id_):
            new = self._declared(old)
            if new is not None and new.deletes_first and id_ not in self._ids(new):
                free |= self.before.things(old)
        for kind, whole in (("limit", "WorkspaceBudget"), ("person", "WorkspaceMembership")):
            if self._exclusive(whole, id_):
                live = self.before.live(id_)
                free |= {t for t in live - self._wanted(id_) if t[0] == kind}
        return free

    def _kept(self) -> set[str]:
        """Return the ids of the workspaces that the program's Workspaces have."""
        mine = self.program_workspaces()
        known = [*map(self._former, mine), *(self.after.records.get(one.key) for one in mine)]
        return {one.id for one in known if one is not None}

    def _only_forgotten(self, old: Recorded) -> bool:
        """Whether the resource is retained and leaves, or has to give way to its replacement."""
        new = self._declared(old)
        stays = new is not None and new.key not in self.replacing and place(old) in self._ids(new)
        return old.options.retain and not stays

    def _leaves(self, old: Recorded) -> bool:
        new = self._declared(old)
        return new is None or new.key in self.replacing

    def _moves(self, old: Recorded) -> bool:
        """Whether a part goes to another workspace, or to its own one made anew."""
        new = self._declared(old)
        return new is not None and (
            self._goes_first(new) or (new.kind != "Workspace" and {place(old)} != self._ids(new))
        )

    def _exclusive(self, kind: str, id_: str) -> bool:
        """Whether a resource of this kind has, had or is to have the workspace for itself."""
        olds = [one.stated for one in self.before.parts(id_) if one.key[0] == kind]
        news = [one.inputs for one in self.program if one.kind == kind and id_ in self._ids(one)]
        return any(inputs.get("exclusive") for inputs in (*olds, *news))

    def _wanted(self, id_: str, *, at_last: bool = False) -> set[Thing]:
        """Return what the program states of a workspace and what nothing replaces.

        With `at_last`, what a replacement is to have again is wanted too, and what a resource names
        that is refused: its siblings know of it.
        """
        wanted: set[Thing] = set()
        for one in self.program:
            if one.kind == "Workspace" or id_ not in self._ids(one):
                continue
            # What check refuses claims nothing by itself.
            refused = bool([*self._nobody(one), *self._at_odds(one)])
            if not at_last and (self._goes_first(one) or refused):
                continue
            old = self._former(one)
            if self.targets is not None and one.key not in self.targets:
                wanted |= self._left_alone(old, id_)
                continue
            created = -1 if old is None or self._is_made_anew(one, old) else old.created
            stated = Recorded(one.key, "", {}, {}, stated=one.inputs, created=created)
            wanted |= {*self.before.things(stated), *self._newly_named(one)}
            if at_last and old is not None:
                # A replacement is checked with what ignore_changes keeps before it is one.
                kept = {name: old.stated[name] for name in one.options.ignore if name in old.stated}
                wanted |= self.before.things(replace(old, stated={**one.inputs, **kept}))
        return wanted

    def _left_alone(self, old: Recorded | None, id_: str) -> set[Thing]:
        """Return what a resource holds that `--target` leaves out, and no other one beside it."""
        if old is None or place(old) != id_:
            return set()
        others = [one for one in self.before.parts(id_) if one is not old]
        return self.before.things(old).difference(*map(self.before.things, others))

    def _is_made_anew(self, one: Declared, old: Recorded) -> bool:
        """Whether a resource is replaced: then it looks up everybody by today's addresses."""
        return one.key in self.replacing or self._moves(old) or old.to_recreate

    def _goes_first(self, one: Declared) -> bool:
        """Whether a replacement may delete the old one before it makes the new one."""
        forced = {one.key}
        parents = [p for p in self.program if p.kind == "Workspace" and p.name == one.of]
        forced |= {parent.key for parent in parents}
        old = self._former(one)
        return bool(forced & {*self.replacing}) or (old is not None and one.deletes_first)

    def _newly_named(self, one: Declared) -> Iterator[Thing]:
        for email in one.inputs.get("emails", ()):
            if email.lower() in self.before.people:
                yield "person", self.before.people[email.lower()]

    def _ids(self, one: Declared) -> set[str]:
        """Return the workspaces that a part may be of, before the run or after it."""
        if one.of is None:
            slug = one.inputs["workspace"]
            there = [*self.before.workspaces.values(), *self.after.workspaces.values()]
            return {str(w["id"]) for w in there if w["slug"] == slug}
        parent = next(p for p in self.program if p.kind == "Workspace" and p.name == one.of)
        found = (self._former(parent), self.after.records.get(parent.key))
        return {known.id for known in found if known is not None}

    def _former(self, one: Declared) -> Recorded | None:
        keys = (one.key, *one.options.aliases)
        return next((self.before.records[k] for k in keys if k in self.before.records), None)

    def _declared(self, old: Recorded) -> Declared | None:
        """Return what the program makes of a resource of the state; None where it leaves."""
        if self.before.records.get(old.key) is not old:
            return None
        return next((one for one in self.program if self._former(one) is old), None)

    def _retained(self, old: Recorded) -> bool:
        """Whether deleting it only forgets it, by what the state or the program says."""
        new = self._declared(old)
        return old.options.retain or bool(new and new.options.retain)

    def _now(self, old: Recorded) -> Key:
        return next(k for k, one in self.after.records.items() if one.created == old.created)

    def _stays(self, old: Recorded) -> bool:
        return any(one.created == old.created for one in self.after.records.values())

    # Why a run may be refused.

    def reasons(self) -> Iterator[str]:
        """Yield for what reasons the run may fail although the API works."""
        yield from self._undeletable()
        if self.targets is not None:
            yield "targets"
        # A run that was cut off had one of them adopt what the other one was leaving.
        olds = filter(None, map(self._former, self.program_workspaces()))
        if max(Counter(old.id for old in olds).values(), default=0) > 1:
            yield "shared"
        for one in self.program:
            if one.kind == "Workspace":
                yield from self._slug_in_the_way(one)
            else:
                yield from self._nobody(one)
                yield from self._at_odds(one)

    def _undeletable(self) -> Iterator[str]:
        for old in self.before.everything:
            if self._leaves(old) or self.targets is not None or self._moves(old):
                if old.options.protect:
                    yield "protected"
                if old.id in self.before.keyed:
                    yield "keys"

    def _slug_in_the_way(self, one: Declared) -> Iterator[str]:
        old = self._former(one)
        own = {old.id} if old and not old.to_recreate else set()
        # A replacement that does not delete the old one first meets it.
        if old and one.key in self.replacing and (old.options.retain or not one.deletes_first):
            own = set()
        slug = one.inputs["slug"]
        if any(w["slug"] == slug and id_ not in own for id_, w in self.before.workspaces.items()):
            yield "slug"

    def _at_odds(self, one: Declared) -> Iterator[str]:
        """Yield where the program ignores another list or limit than it gives.

        What is ignored may be somebody else's by now, or leave the resource with nothing.
        """
        old = self._former(one)
        for name in one.options.ignore if old else ():
            if old is not None and one.inputs.get(name) != old.stated.get(name):
                yield "at odds"

    def moves_on(self) -> bool:
        """Whether only slugs are in the way that workspaces of the program give to each other.

        Each must have somewhere to go, in the end a slug that is free.
        """
        if {*self.reasons()} != {"slug"} or self.replacing:
            return False
        stated = {one.inputs["slug"]: self._former(one) for one in self.program_workspaces()}
        holders = {one["slug"]: id_ for id_, one in self.before.workspaces.items()}
        goals = {old.id: slug for slug, old in stated.items() if old is not None}
        for slug in stated:
            seen: set[str] = set()
            while slug in holders and slug not in seen:
                seen.add(slug)
                if holders[slug] not in goals:
                    return False
                if goals[holders[slug]] == slug:
                    break
                slug = goals[holders[slug]]
            if slug in seen and goals.get(holders.get(slug, "")) != slug:
                return False
        return True

    def program_workspaces(self) -> list[Declared]:
        """Return the Workspaces that the program states."""
        return [one for one in self.program if one.kind == "Workspace"]

    def _nobody(self, one: Declared) -> Iterator[str]:
        old = self._former(one)
        known: set[str] = set()
        if old is not None and not self._is_made_anew(one, old):
            known = {email.lower() for email in old.stated.get("emails", ())}
        named = {e.lower() for e in one.inputs.get("emails", ())} - known
        if named - self.before.people.keys() and not one.inputs.get("skip_missing"):
            yield "nobody"
        if {*one.inputs.get("user_ids", ())} - {*self.before.people.values()}:
            yield "nobody"

    # What a run has to have done that succeeded.

    def differences(self) -> Iterator[str]:
        """Yield in words whatever is not as it has to be after a run that succeeded."""
        yield from self._state()
        yield from self._workspaces()
        for id_, one in self.after.workspaces.items():
            problems = (*self._fields(id_), *self._limits(id_), *self._people(id_))
            yield from (f"{one['slug']}: {problem}" for problem in problems)

    def _state(self) -> Iterator[str]:
        wanted, found = {one.key for one in self.program}, {*self.after.records}
        if self.targets is None and found != wanted:
            yield f"the state has {sorted(found)}, not {sorted(wanted)}"
        if self.targets is None and self.after.leaving:
            yield f"the state still has {[one.key for one in self.after.leaving]}"
        ids = [one.id for one in self.after.records.values() if one.key[0] == "Workspace"]
        if self.targets is None and len(ids) != len({*ids}):
            yield f"two resources have one workspace: {sorted(ids)}"
        # What --target leaves alone may hold what the program has given to somebody else.
        for id_ in self.after.workspaces if self.targets is None else ():
            things = [t for one in self.after.parts(id_) for t in self.after.things(one)]
            if len(things) != len({*things}):
                yield f"two resources have one thing of workspace {id_}: {sorted(things)}"

    def _workspaces(self) -> Iterator[str]:
        mine = self.after.workspace_records()
        olds = [one for one in self.before.records.values() if one.key[0] == "Workspace"]
        # After --target two resources may have one workspace, and one of them deletes it: a run
        # that leaves out the other one does not hear of it.
        shared = {id_ for id_, times in Counter(old.id for old in olds).items() if times > 1}
        replaced = [one for one in self.before.leaving if one.key[0] == "Workspace"]
        deleting = [old for old in (*olds, *replaced) if not old.options.retain]
        gone = {old.id for old in deleting if old.id not in mine}
        gone |= {
            old.id
            for old in deleting
            if old.id in shared - {*self.after.workspaces} and self._declared(old) is None
        }
        for id_, one in self.before.workspaces.items():
            if (id_ in self.after.workspaces) == (id_ in gone):
                yield f'workspace "{one["slug"]}" is {"still there" if id_ in gone else "gone"}'
        for id_, one in self.after.workspaces.items():
            if id_ not in self.before.workspaces and id_ not in mine:
                yield f'workspace "{one["slug"]}" has no owner'
        for id_, new in mine.items():
            if id_ in {*self.after.workspaces, *shared} or self._is_overlooked(new):
                continue
            yield f"{new.key} is in the state and not there"

    def _is_overlooked(self, one: Recorded) -> bool:
        """Whether somebody else deleted a workspace that `--target` leaves out."""
        left_out = self.targets is not None and not self._applied(one)
        return left_out and one.id not in self.before.workspaces

    def _applied(self, one: Recorded) -> bool:
        """Whether this run dealt with a resource: `--target` may have left it out."""
        known = [*self.before.records.values(), *self.before.leaving]
        return one not in known

    def adopted(self) -> set[str]:
        """Return the ids of the workspaces that the run took over."""
        made = {one.created for one in self.before.records.values()}
        mine = self.after.workspace_records().items()
        return {i for i, one in mine if i in self.before.workspaces and one.created not in made}

    def _fields(self, id_: str) -> Iterator[str]:
        one, old = self.after.workspaces[id_], self.before.workspaces.get(id_, {})
        owner = self.after.workspace_records().get(id_)
        if owner is None or not self._applied(owner):
            for name, value in one.items():
                if old and name not in _UNRELATED and value != old.get(name):
                    yield f"{name} became {value!r}, and nobody wanted that"
            return
        adopted = id_ in self.adopted()
        for name in ("name", "slug", *NULLABLE, *LISTS, *OPTIONAL):
            value = owner.stated.get(name)
            # The resource's name is what the constructor takes where the program gives none.
            left_out = name not in owner.stated or (name == "name" and value == owner.key[1])
            if left_out and (adopted or name in OPTIONAL):
                value = old.get(name, one[name])
            if _sorted(one[name]) != _sorted(value):
                yield f"{name} is {one[name]!r}, not {value!r}"

    def _released(self, id_: str) -> set[Thing]:
        """Return what resources of the state held of a workspace and have let go of since."""
        released = set()
        for old in self.before.parts(id_):
            # What --target leaves out lets go of nothing; it is as if it were somebody else's.
            left_out = self.after.records.get(old.key) is old or old in self.after.leaving
            if not left_out and (self._stays(old) or not old.options.retain):
                released |= self.before.things(old)
        return released

    def _doubtful(self, kind: str, id_: str) -> bool:
        """Whether a resource that had the workspace for itself has it no more.

        Strangers that a refresh has shown it may have gone with it.
        """
        return any(o.stated.get("exclusive") and o.key[0] == kind for o in self.before.parts(id_))

    def _awaited(self, id_: str) -> set[Thing]:
        """Return what the program gives to resources that do not take it in this run.

        `--target` leaves a resource out, or `ignore_changes` its input. Whoever lets go of it
        leaves it there for them, if the run checks any of its siblings.
        """
        awaited: set[Thing] = set()
        for one in self.program:
            left_out = self.targets is not None and one.key not in self.targets
            takes_nothing = left_out or one.options.ignore
            if takes_nothing and one.kind != "Workspace" and id_ in self._ids(one):
                stated = Recorded(one.key, "", {}, {}, stated=one.inputs)
                awaited |= {*self.before.things(stated), *self._newly_named(one)}
        return awaited

    def _compare(self, kind: str, id_: str, theirs: Any, stated: Any, found: Any) -> Iterator[str]:
        parts = [one for one in self.after.parts(id_) if one.key[0] == kind]
        awaited = {name for _, name in self._awaited(id_)} - {*stated}
        found = {name: value for name, value in found.items() if name not in awaited}
        theirs = {name: value for name, value in theirs.items() if name not in awaited}
        if any(one.stated.get("exclusive") and self._applied(one) for one in parts):
            theirs = {}
        wanted = {**theirs, **stated}
        if found == wanted:
            return
        if self._doubtful(kind, id_) and stated.items() <= found.items() <= wanted.items():
            return
        yield f"{kind}: {found}, not {wanted}"

    def _limits(self, id_: str) -> Iterator[str]:
        one, old = self.after.workspaces[id_], self.before.workspaces.get(id_, {})
        was = old.get("budgets", {})
        stated: dict[str, Any] = {}
        flag = old.get(BYOK, False)
        for part in self.after.parts(id_):
            ours = {i: part.stated[f"{i}_usd"] for i in LIMITS if f"{i}_usd" in part.stated}
            if self._applied(part):
                flag = part.stated.get(BYOK, flag)
                stated |= ours
        released = {i for kind, i in self._released(id_) if kind == "limit"}
        theirs = {i: limit for i, limit in was.items() if i not in released}
        yield from self._compare("WorkspaceBudget", id_, theirs, stated, one["budgets"])
        if bool(one[BYOK]) != bool(flag):
            yield f"{BYOK} is {one[BYOK]}"

    def _people(self, id_: str) -> Iterator[str]:
        one, old = self.after.workspaces[id_], self.before.workspaces.get(id_, {})
        if one["is_default"]:
            return
        there = {*self.after.people.values()}
        was = {*old.get("members", ())}
        stated: set[str] = set()
        for part in self.after.parts(id_):
            if self._applied(part):
                stated |= self.after.met.people(part) & there
        released = {u for kind, u in self._released(id_) if kind == "person"}
        theirs = was - released
        yield from self._compare(
            "WorkspaceMembership",
            id_,
            dict.fromkeys(theirs),
            dict.fromkeys(stated),
            dict.fromkeys(one["members"]),
        )

    # What a preview has to have said.

    def unannounced(self, notices: Sequence[str]) -> Iterator[str]:
        """Yield what the run changed of what was not the stack's, and no notice named."""
        words = "\n".join(notices)
        for id_ in self.adopted() - self.before.workspace_records().keys():
            old, new = self.before.workspaces[id_], self.after.workspaces[id_]
            for name in ("name", *NULLABLE, *LISTS, *OPTIONAL):
                if old[name] != new[name] and name not in words:
                    yield f"{new['slug']}: {name} changed from {old[name]!r} to {new[name]!r}"
        for id_ in self.before.workspaces.keys() & self.after.workspaces.keys():
            yield from self._unannounced_limits(id_, words)
            yield from self._unannounced_people(id_, words)

    def _unannounced_limits(self, id_: str, words: str) -> Iterator[str]:
        old, new = self.before.workspaces[id_]["budgets"], self.after.workspaces[id_]["budgets"]
        if self._doubtful("WorkspaceBudget", id_):
            return
        for interval, limit in old.items():
            mine = ("limit", interval) in self.before.held(id_)
            if not mine and new.get(interval) != limit and interval not in words:
                yield f"the {interval} limit of {id_} changed from {limit} to {new.get(interval)}"

    def _unannounced_people(self, id_: str, words: str) -> Iterator[str]:
        emails = {user_id: email for email, user_id in self.before.people.items()}
        old, new = self.before.workspaces[id_]["members"], self.after.workspaces[id_]["members"]
        if self._doubtful("WorkspaceMembership", id_):
            return
        for user_id in {*old} - {*new}:
            mine = ("person", user_id) in self.before.held(id_)
            if not (mine or user_id in words or emails.get(user_id, user_id) in words):
                yield f"{emails.get(user_id, user_id)} went from {id_}"


def _sorted(value: Any) -> Any:
    """Return a value as it is compared: the API gives lists in any order, and none for empty."""
    return sorted(value) or None if isinstance(value, list) else value
