"""The lifecycle of WorkspaceMembership: the people of one workspace that a program names.

People are named by user id or by email, in any number. Nobody is removed who was not added by the
same resource, unless the program says that its list is everybody.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from pulumi_openrouter.errors import (
    ApiError,
    AuthenticationError,
    ForbiddenError,
    InvalidRequestError,
    NotFoundError,
    OpenRouterError,
)
from pulumi_openrouter.lifecycle import rules
from pulumi_openrouter.lifecycle.base import Difference, Live, Problem
from pulumi_openrouter.lifecycle.declaration import Change, Declaration, Input, LeftOut, Output
from pulumi_openrouter.lifecycle.hints import OWNER, Hints
from pulumi_openrouter.lifecycle.membership_plan import (
    MembershipPlan,
    Person,
    form_of,
    people_in,
    plan,
)
from pulumi_openrouter.lifecycle.part import WorkspacePart
from pulumi_openrouter.lifecycle.properties import Properties, is_get, known_items
from pulumi_openrouter.lifecycle.register import Kind
from pulumi_openrouter.lifecycle.words import owner_text
from pulumi_openrouter.slugs import is_uuid

if TYPE_CHECKING:
    from pulumi_openrouter.api.models import WorkspaceMember

DECLARATION = Declaration(
    "WorkspaceMembership",
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
            "user_ids",
            list[str],
            "User ids (`user_2dHF…`), without duplicates, in any order. Default: none; pass either "
            "user_ids or emails.",
            rule=rules.distinct,
            item_rule=rules.user_id,
        ),
        Input(
            "emails",
            list[str],
            "Email addresses of people in the organization, without duplicates, in any order and "
            "case. Default: none; pass either user_ids or emails.",
            rule=rules.distinct,
            item_rule=rules.email,
        ),
        Input(
            "exclusive",
            bool,
            "Authoritative: anyone not listed is removed, and the list may be empty. The preview "
            "names everybody who will be removed. Default: False.",
            LeftOut.FALSE,
        ),
        Input(
            "skip_missing",
            bool,
            "Leave out email addresses that nobody in the organization has, with a warning that "
            "names them, and add them once they have joined. Default: False, which makes such an "
            "address fail in the preview.",
            LeftOut.FALSE,
            Change.NONE,
        ),
    ),
    outputs=(
        Output("workspace", "str", "The workspace as the program passed it: an id or a slug."),
        Output(
            "user_ids",
            "list[str] | None",
            "The user ids, sorted, if the program lists user ids.",
        ),
        Output(
            "emails",
            "list[str] | None",
            "The email addresses, sorted, if the program lists email addresses.",
        ),
        Output("exclusive", "bool | None", "True if anyone not listed is removed."),
        Output(
            "skip_missing",
            "bool | None",
            "True if email addresses that nobody has are left out.",
        ),
        Output("workspace_id", "str", "The workspace's UUID.", derived=True),
        Output(
            "members",
            "list[Member]",
            "The people managed, in the order of the list; with `exclusive`, everybody.",
        ),
        Output(
            "people",
            "dict[str, str]",
            "The email address by user id, or an empty string if the program lists user ids.",
            derived=True,
        ),
    ),
)

DEFAULT_WORKSPACE = "default"
"""The slug of the workspace that everybody in the organization is in."""

_NO_MEMBERSHIP = (
    "everybody in the organization is in its default workspace, so a membership there cannot be "
    "managed; remove the resource"
)

# Answers after which nothing of the request was done.
_NOT_EXECUTED = (AuthenticationError, ForbiddenError, NotFoundError, InvalidRequestError)

_NOT_SHOWN = (403, 404)
"""What the list of the organization's members answers where it is not shown to a key."""


class WorkspaceMembershipLifecycle(WorkspacePart):
    """The lifecycle of `WorkspaceMembership`."""

    declaration = DECLARATION
    part = "members"
    kind = Kind.PEOPLE

    def conflicts(
        self, inputs: Properties, unknown: Collection[str], before: Properties
    ) -> Iterator[Problem]:
        """Yield where there is not exactly one list, or an empty one."""
        named = [name for name in ("user_ids", "emails") if name in inputs]
        if len(named) != 1:
            yield (
                "emails" if named else "user_ids",
                "a WorkspaceMembership takes either user_ids or emails; "
                + ("remove one of the two lists" if named else "pass one of the two lists"),
            )
            return
        # With ignore_changes, an empty list that a refresh has found is passed again.
        ignored = before.get(named[0]) == []
        maybe = {*unknown} & {*named, "exclusive"}
        if not (inputs[named[0]] or inputs.get("exclusive") or maybe or ignored):
            yield (
                named[0],
                "the list is empty; name at least one person, remove the resource, or set "
                "exclusive=True to have nobody in the workspace",
            )

    def claimed(self, inputs: Properties) -> list[str]:
        """Return the people whom the program names."""
        return known_items(inputs.get(form_of(inputs)))

    def blamed(self, inputs: Properties, thing: str | None) -> str:
        """Blame the list, or `exclusive`."""
        return "exclusive" if thing is None and "exclusive" in inputs else form_of(inputs)

    def things(self, olds: Properties, news: Properties) -> list[str]:
        """Return the user ids of the people whom the program still names."""
        wanted = {*self.claimed(news)}
        return [one.user_id for one in people_in(olds) if one.user_id and one.name in wanted]

    def look_at_inputs(
        self, before: Properties, inputs: Properties, hints: Hints
    ) -> Iterator[Problem]:
        """Look up the email addresses that are new in the list."""
        # Somebody skipped so far counts as new once the program no longer skips who is missing.
        stricter = before.get("skip_missing") and not inputs.get("skip_missing")
        known = [] if stricter else known_items(before.get("emails"))
        new = [one for one in known_items(inputs.get("emails")) if one not in known]
        if not new:
            return
        directory = self.session.people(known=new)
        found = {email: directory.user_id(email) for email in new}
        collisions = self.session.register.identify(
            self.kind, hints.owner, None, filter(None, found.values())
        )
        if collisions:
            yield self.blamed(inputs, collisions[0].thing), str(collisions[0])
            return
        missing = [email for email, user_id in found.items() if user_id is None]
        if missing and not inputs.get("skip_missing"):
            yield (
                "emails",
                f"nobody in the organization has {_listed(missing, 'email address', hints)}; "
                "invite them first, correct the list, or set skip_missing=True to add them once "
                "they join",
            )
        elif missing:
            self._warn_of_missing(missing, hints)

    def look_at_workspace(
        self, workspace_id: str, inputs: Properties, hints: Hints
    ) -> Iterator[Problem]:
        """Announce who will be removed; yield that the default workspace takes no membership."""
        own = self.session.register.claim_of(Kind.WORKSPACE, hints.workspace or "")
        try:
            slug = self._slug(workspace_id, inputs) if own is None else own.workspace
        except NotFoundError:
            yield "workspace", "no workspace has this id; check it, or pass the Workspace itself"
            return
        if slug == DEFAULT_WORKSPACE:
            yield "workspace", _NO_MEMBERSHIP
        elif inputs.get("exclusive") is True:
            self._announce_removals(workspace_id, inputs, hints)

    def diff(self, id_: str, olds: Properties, news: Properties) -> Difference:
        """Compare the people, and announce who goes although no program has named them.

        Pulumi shows the difference of two lists by position, which does not say who leaves.
        """
        result = super().diff(id_, olds, news)
        claim = self.own_claim(news)
        if claim is None or result.replaces or not news.get("exclusive"):
            return result
        if not olds.get("exclusive"):
            self._announce_removals(self.place(id_, olds), news, claim.hints, olds)
            return result
        named = {*self.claimed(news)}
        strangers = [one.name for one in people_in(olds) if not one.managed]
        self._announce([name for name in strangers if name not in named], claim.hints)
        return result

    def differences(self, id_: str, olds: Properties, news: Properties) -> list[str]:
        """Return the inputs that differ; the list does once somebody who was missing has joined."""
        different = super().differences(id_, olds, news)
        form = form_of(news)
        missing = {one.name for one in people_in(olds) if not one.user_id}
        still_named = [name for name in self.claimed(news) if name in missing]
        claim = self.own_claim(news)
        # Without a claim this is the comparison of a refresh, which plans nothing.
        if claim is None or not still_named or form in different:
            return different
        absent = self._absent(still_named, form)
        if len(absent) < len(still_named):
            different.append(form)
            joined = [name for name in still_named if name not in absent]
            self.session.notices.add(
                f"{owner_text(claim.owner)} adds {_listed(joined, 'person', claim.hints)}, who "
                "is in the organization now."
            )
        if absent:
            self._warn_of_missing(absent, claim.hints)
        return different

    def taken_away(self, workspace_id: str, olds: Properties, news: Properties) -> list[str]:
        """Return the list, where another resource of this run takes somebody of it out."""
        released = self.session.register.released(self.kind, workspace_id)
        if not released:
            return []
        ours = {one.user_id for one in people_in(olds) if one.managed}
        return [form_of(news)] if released & ours else []

    def create_in(self, workspace_id: str, props: Properties) -> Properties:
        """Add the people, all or none."""
        named = self._resolve(props, {}, {})
        wanted = [user_id for user_id in named.values() if user_id]
        self.identify(props.get(OWNER, ""), workspace_id, wanted)
        created_here = workspace_id in self.session.created
        there: dict[str, WorkspaceMember] = {}
        if props.get("exclusive") or not created_here:
            there = self._live(workspace_id)
        ours = there if props.get("exclusive") else ()
        todo = self._plan(workspace_id, wanted, there, ours, props)
        # The default workspace has everybody in it and refuses any change: one request shows that.
        probe = [] if created_here or todo.add else wanted[:1]
        added: dict[str, WorkspaceMember] = {}
        try:
            self._add(workspace_id, todo.add or probe, added)
            self._remove(workspace_id, todo.remove)
        except ApiError as error:
            if isinstance(error, _NOT_EXECUTED) and not (added or todo.remove):
                raise
            raise self._put_back(workspace_id, todo, error) from None
        return self._outputs(props, named, _after(there, added, todo))

    def read(self, id_: str, olds: Properties) -> Live | None:
        """Return who of the managed people is in; with `exclusive`, everybody who is in."""
        workspace_id = self.place(id_, olds)
        try:
            live = self._live(workspace_id)
        except NotFoundError:
            if is_get(olds) or not self.session.is_gone(workspace_id):
                raise
            return None
        if is_get(olds):
            named = {user_id: user_id for user_id in live}
        else:
            named = self._still_named(people_in(olds), live)
            self._warn_of_other_addresses(olds, named)
        return self.found(olds, self._outputs({"workspace": workspace_id, **olds}, named, live))

    def update_in(self, workspace_id: str, olds: Properties, news: Properties) -> Properties:
        """Add who is new, then remove who has left the list."""
        known = {one.name: one.user_id for one in people_in(olds) if one.user_id}
        missing = {one.name for one in people_in(olds) if not one.user_id}
        named = self._resolve(news, known, missing)
        wanted = [user_id for user_id in named.values() if user_id]
        self.identify(news.get(OWNER, ""), workspace_id, wanted)
        there, ours = self._before(workspace_id, olds, news)
        todo = self._plan(workspace_id, wanted, there, ours, {**olds, OWNER: news.get(OWNER)})
        added: dict[str, WorkspaceMember] = {}
        try:
            self._add(workspace_id, todo.add, added)
            self._remove(workspace_id, todo.remove)
        except ApiError as error:
            left = "Some of the new people may be in, and some who were to leave may still be"
            raise self.after_failure(error, left) from None
        return self._outputs(news, named, _after(there, added, todo))

    def delete_in(self, workspace_id: str, olds: Properties) -> None:
        """Remove the people whom this resource manages and no other one has taken over."""
        ours = [
            one.user_id
            for one in people_in(olds)
            if one.user_id and (one.managed or olds.get("exclusive"))
        ]
        todo = self._plan(workspace_id, [], ours, ours, olds)
        try:
            self._remove(workspace_id, todo.remove)
        except NotFoundError:
            if not self.session.is_gone(workspace_id):
                raise
        except ApiError as error:
            raise self.after_failure(error, "Some of its people may be out already") from None

    def _before(
        self, workspace_id: str, olds: Properties, news: Properties
    ) -> tuple[Mapping[str, WorkspaceMember | Person], Collection[str]]:
        """Return who is in before an update, by user id, and who of them goes unless named."""
        if news.get("exclusive") and not olds.get("exclusive"):
            live = self._live(workspace_id)
            return live, [*live]
        people = [one for one in people_in(olds) if one.user_id]
        released = self.session.register.released(self.kind, workspace_id)
        there = {one.user_id: one for one in people if one.user_id not in released}
        return there, [one.user_id for one in people if one.managed or news.get("exclusive")]

    def _plan(
        self,
        workspace_id: str,
        wanted: Sequence[str],
        there: Collection[str],
        ours: Collection[str],
        props: Properties,
    ) -> MembershipPlan:
        """Return who is to be added and removed, without those whom another resource holds.

        `props` tell whose change this is.
        """
        leaving = plan(wanted, there, ours).remove
        if not leaving:
            return plan(wanted, there)
        held = self.held_by_others(workspace_id, leaving, props)
        if any("@" in one for one in held):
            directory = self.session.people()
            held |= {directory.user_id(one) or one for one in held if "@" in one}
        return plan(wanted, there, ours, held)

    def _slug(self, workspace_id: str, inputs: Properties) -> str | None:
        given = inputs.get("workspace")
        if isinstance(given, str) and not is_uuid(given):
            return given
        return self.session.client.workspaces.get(workspace_id).slug

    def _absent(self, names: Sequence[str], form: str) -> list[str]:
        """Return who of these is not in the organization."""
        if form == "emails":
            directory = self.session.people(known=names)
            return [email for email in names if directory.user_id(email) is None]
        directory = self.session.people()
        return [user_id for user_id in names if not directory.knows(user_id)]

    def _still_named(
        self, people: Iterable[Person], live: Mapping[str, WorkspaceMember]
    ) -> dict[str, str]:
        """Return the people whom a refresh finds, by name; who left the organization is missing.

        Somebody who only left the workspace is drift, and is not among them.
        """
        named = {}
        for one in people:
            if not one.managed:
                continue
            if one.user_id in live or not one.user_id:
                named[one.name] = one.user_id
            elif self._has_left(one.user_id):
                named[one.name] = ""
        return named

    def _has_left(self, user_id: str) -> bool:
        try:
            return not self.session.people().knows(user_id)
        except ApiError as error:
            if error.status in _NOT_SHOWN:
                return False
            raise

    def _warn_of_other_addresses(self, olds: Properties, named: Mapping[str, str]) -> None:
        """Announce whose email address has changed since the list first named the person.

        An address is looked up when it is new in the list. Whoever had it then stays a member.
        """
        hints = self.hints(olds)
        known = {email: user_id for email, user_id in named.items() if user_id}
        if form_of(olds) != "emails" or not known or not hints.owner:
            return
        try:
            directory = self.session.people()
        except ApiError:
            return  # A warning is not worth a failed refresh.
        changed = []
        for email, user_id in known.items():
            holder, now = directory.user_id(email), directory.email(user_id)
            if holder is None and now:
                changed.append(f"{email} is {now} now")
            elif holder not in {None, user_id}:
                changed.append(f"{email} is {now or user_id} now, and another person has {email}")
        if not changed:
            return
        if hints.hides("emails"):
            changed = [f"{len(changed)} of the people (secret)"]
        self.session.notices.add(
            f"{owner_text(hints.owner)} keeps people whose email address has changed: "
            f"{'; '.join(changed)}. Write the new address into the list. To replace a person by "
            "whoever has the old address, run `pulumi up` without it, and then with it."
        )

    def _warn_of_missing(self, names: Sequence[str], hints: Hints) -> None:
        self.session.notices.add(
            f"{owner_text(hints.owner)} leaves out {_listed(names, 'person', hints)}: not in the "
            "organization yet. The first `pulumi up` after they join adds them. If they have left "
            "for good, remove them from the list."
        )

    def _announce_removals(
        self,
        workspace_id: str,
        inputs: Properties,
        hints: Hints,
        olds: Properties | None = None,
    ) -> None:
        """Announce who is in the workspace and not in a list that is exclusive."""
        form = form_of(inputs)
        directory = self.session.people()
        wanted = {
            directory.user_id(name) if form == "emails" else name
            for name in known_items(inputs.get(form))
        }
        leaving = [user_id for user_id in self._live(workspace_id) if user_id not in wanted]
        listed = self._listed_secretly(olds or {})
        names = [directory.email(one) or one for one in leaving if one not in listed]
        self._announce(names, hints, secret=len(listed.intersection(leaving)))

    @staticmethod
    def _listed_secretly(olds: Properties) -> set[str]:
        secret = Hints.of(olds).hides("emails", "user_ids")
        return {one.user_id for one in people_in(olds)} if secret else set()

    def _announce(self, leaving: Sequence[str], hints: Hints, *, secret: int = 0) -> None:
        """Announce who leaves; of those on a list that was secret, only how many they are."""
        names = [*sorted(leaving), *([f"{secret} of the people (secret)"] if secret else [])]
        if names:
            self.session.notices.add(
                f"{owner_text(hints.owner)} removes from its workspace everyone who is not in "
                f"the list (exclusive=True): {', '.join(names)}."
            )

    def _resolve(
        self, props: Properties, known: Mapping[str, str], missing: Collection[str]
    ) -> dict[str, str]:
        """Return the user ids of the people named, empty for those whom nobody knows."""
        if "emails" not in props:
            gone = {*missing} & {*props["user_ids"]}
            absent = {*self._absent(sorted(gone), "user_ids")} if gone else set()
            return {user_id: "" if user_id in absent else user_id for user_id in props["user_ids"]}
        unknown = [email for email in props["emails"] if email not in known]
        found = dict(known)
        if unknown:
            directory = self.session.people(known=unknown)
            found |= {email: directory.user_id(email) or "" for email in unknown}
        strangers = [email for email in unknown if not found[email] and email not in missing]
        if strangers and not props.get("skip_missing"):
            named = self.session.client.named(props["workspace"])
            msg = (
                f"managing the members of {named}: nobody in the organization has "
                f"{_listed(strangers, 'email address', self.hints(props))}. "
                "Invite them to the organization first, correct emails, or set skip_missing=True."
            )
            raise OpenRouterError(msg)
        return {email: found[email] for email in props["emails"]}

    def _live(self, workspace_id: str) -> dict[str, WorkspaceMember]:
        return {one.user_id: one for one in self.session.client.members.list(workspace_id)}

    def _add(
        self, workspace_id: str, user_ids: list[str], added: dict[str, WorkspaceMember]
    ) -> None:
        """Add people and note each one in `added`, so that a failure leaves word of them."""
        try:
            for members in self.session.client.members.add_in_batches(workspace_id, user_ids):
                added |= {member.user_id: member for member in members}
        except ForbiddenError as error:
            msg = f"{_NO_MEMBERSHIP.capitalize()}. {error.next_step}"
            raise error.with_next_step(msg) from None
        except InvalidRequestError as error:
            not_added = [user_id for user_id in user_ids if user_id not in added]
            raise self._with_strangers(error, not_added) from None

    def _with_strangers(self, error: ApiError, user_ids: Sequence[str]) -> ApiError:
        """Return a refusal with the people named who are not in the organization."""
        strangers = [user_id for user_id in user_ids if self._has_left(user_id)]
        if not strangers:
            return error
        return error.with_next_step(
            f"Not in the organization: {', '.join(strangers)}. Remove them from the list, or "
            "invite them first."
        )

    def _remove(self, workspace_id: str, user_ids: list[str]) -> None:
        try:
            self.session.client.members.remove(workspace_id, user_ids)
        except ForbiddenError as error:
            if "scim" not in error.words.lower():
                raise
            msg = (
                "Remove them in your identity provider, or keep them in the list. To stop "
                "managing them without removing them, set retain_on_delete=True, run `pulumi "
                "up`, and then take the resource out."
            )
            raise error.with_next_step(msg) from None
        except InvalidRequestError as error:
            if "api key" not in error.words.lower():
                raise
            msg = "Delete their API keys in this workspace, or keep them in the list."
            raise error.with_next_step(msg) from None

    def _put_back(self, workspace_id: str, done: MembershipPlan, error: ApiError) -> ApiError:
        """Undo what this call has done; return the error with the state that was left."""
        try:
            self._remove(workspace_id, done.add)
            self._add(workspace_id, done.remove, {})
        except ApiError as second:
            return error.with_next_step(
                f"{error.next_step} People who had been added could not be removed again "
                f"({second.words}): some of {', '.join(done.add)} may be in the workspace. The "
                "next `pulumi up` continues from there."
            )
        if not done.add:
            return error.with_next_step(f"{error.next_step} Nobody was added or removed.")
        return error.with_next_step(
            f"{error.next_step} People who had been added were removed again."
        )

    def _outputs(
        self,
        props: Properties,
        named: Mapping[str, str],
        live: Mapping[str, WorkspaceMember | Person],
    ) -> Properties:
        """Return the outputs: the list, and beside it what is known of each person in it."""
        form = form_of(props)
        people = [
            _person(name, live.get(user_id))
            for name, user_id in named.items()
            if not user_id or user_id in live
        ]
        if props.get("exclusive"):
            people += self._strangers(
                [one for one in live if one not in named.values()], live, form
            )
        people.sort(key=lambda one: one.name)
        switches = {name: True for name in ("exclusive", "skip_missing") if props.get(name)}
        return {
            "workspace": props["workspace"],
            form: [one.name for one in people],
            "members": [one.entry(form) for one in people],
            **switches,
        }

    def _strangers(
        self, user_ids: Sequence[str], live: Mapping[str, WorkspaceMember | Person], form: str
    ) -> Iterator[Person]:
        """Yield people in the workspace whom the program does not name."""
        directory = self.session.people() if user_ids and form == "emails" else None
        for user_id in user_ids:
            email = directory.email(user_id) if directory is not None else None
            name = email.lower() if email else user_id
            yield _person(name, live[user_id], managed=False)


def _after(
    there: Mapping[str, WorkspaceMember | Person],
    added: Mapping[str, WorkspaceMember],
    done: MembershipPlan,
) -> dict[str, WorkspaceMember | Person]:
    """Return who is in the workspace once a plan has been carried out."""
    return {one: who for one, who in {**there, **added}.items() if one not in done.remove}


def _person(name: str, member: WorkspaceMember | Person | None, *, managed: bool = True) -> Person:
    if member is None:
        return Person(name, managed=managed)
    return Person(name, member.user_id, member.role, member.created_at, managed)


def _listed(names: Sequence[str], noun: str, hints: Hints) -> str:
    """Return the people as a message names them; of secret ones, only how many they are."""
    if hints.hides("emails", "user_ids"):
        plural = {"email address": "email addresses", "person": "people"}[noun]
        return f"{len(names)} of the {plural} (secret)"
    return f"the email address {', '.join(names)}" if noun == "email address" else ", ".join(names)
