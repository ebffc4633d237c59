"""What Pulumi calls for a WorkspaceMembership: the people of one workspace that a program names.

People are named by user id or by email, in any number; the API takes a hundred in one request.
Nobody is removed who was not added by the same resource, unless the program says that its list is
everybody.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from pulumi import dynamic

from pulumi_openrouter.errors import (
    ApiError,
    AuthenticationError,
    ForbiddenError,
    InvalidRequestError,
    NotFoundError,
    OpenRouterError,
)
from pulumi_openrouter.lifecycle.base import Change, Problem, Properties, is_get, known_items
from pulumi_openrouter.lifecycle.child import WorkspaceChild
from pulumi_openrouter.lifecycle.hints import INCARNATION, OWNER, Hints, hidden, owner_text
from pulumi_openrouter.lifecycle.register import Kind
from pulumi_openrouter.slugs import is_uuid

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pulumi_openrouter.api.models import WorkspaceMember

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


@dataclass(frozen=True)
class Person:
    """Somebody in the list of a membership.

    Attributes:
        name: The email address or the user id, whichever the list is made of.
        user_id: The user id, empty for somebody who is not in the organization.
        role: The role in the organization.
        created_at: When the person was added to the workspace.
        managed: Whether the program names the person; only an exclusive list shows others.
    """

    name: str
    user_id: str = ""
    role: str | None = None
    created_at: str | None = None
    managed: bool = True


class WorkspaceMembershipProvider(WorkspaceChild):
    """The lifecycle of `WorkspaceMembership`."""

    part = "members"
    changes: ClassVar[Mapping[str, Change]] = {
        "workspace": Change.REPLACE,
        "user_ids": Change.UPDATE,
        "emails": Change.UPDATE,
        "exclusive": Change.UPDATE,
        "skip_missing": Change.NONE,
    }
    kind = Kind.PEOPLE

    def claimed(self, inputs: Properties) -> Iterable[str]:
        """Return the people whom the program names."""
        return known_items(inputs.get(_form(inputs)))

    def blamed(self, inputs: Properties, thing: str | None) -> str:
        """Blame the list, or `exclusive`."""
        return "exclusive" if thing is None and "exclusive" in inputs else _form(inputs)

    def things(self, olds: Properties, news: Properties) -> Iterable[str]:
        """Return the user ids of the people whom the program still names."""
        wanted = {*known_items(news.get(_form(news)))}
        return [one.user_id for one in _people(olds) if one.user_id and one.name in wanted]

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

    def diff(self, id_: str, olds: Properties, news: Properties) -> dynamic.DiffResult:
        """Compare the people, and announce who goes where the list becomes exclusive."""
        result = super().diff(id_, olds, news)
        claim = self.session.register.claim_of(self.kind, news.get(OWNER, ""))
        turned = news.get("exclusive") is True and not olds.get("exclusive")
        if claim is not None and turned and not result.replaces:
            self._announce_removals(self.place(id_), news, claim.hints)
        return result

    def differences(self, olds: Properties, news: Properties) -> list[str]:
        """Return the inputs that differ; the list does once somebody who was missing has joined."""
        different = super().differences(olds, news)
        form = _form(news)
        missing = [one.name for one in _people(olds) if not one.user_id]
        still_named = [name for name in missing if name in known_items(news.get(form))]
        claim = self.session.register.claim_of(self.kind, news.get(OWNER, ""))
        # Without a claim this is the comparison of a refresh, which plans nothing.
        if claim is not None and still_named and form not in different:
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

    def taken_away(self, olds: Properties, news: Properties) -> list[str]:
        """Return the list, where another resource of this run takes somebody of it out."""
        released = self.session.register.released(self.kind, olds.get("workspace_id", ""))
        if not released:
            return []
        ours = {one.user_id for one in _people(olds) if one.managed}
        return [_form(news)] if released & ours else []

    def create_in(self, workspace_id: str, props: Properties) -> Properties:
        """Add the people, all or none."""
        named = self._resolve(props, {}, {})
        people = [user_id for user_id in named.values() if user_id]
        self._identify(props, workspace_id, people)
        there: dict[str, WorkspaceMember] = {}
        created_here = workspace_id in self.session.created
        if props.get("exclusive") or not created_here:
            there = self._live(workspace_id)
        absent = [user_id for user_id in people if user_id not in there]
        surplus = (
            self._surplus(workspace_id, people, there, props) if props.get("exclusive") else []
        )
        # The default workspace has everybody in it and refuses any change: one request shows that.
        probe = [] if created_here else people[:1]
        added: dict[str, WorkspaceMember] = {}
        try:
            self._add(workspace_id, absent or probe, added)
            self._remove(workspace_id, surplus)
        except ApiError as error:
            if isinstance(error, _NOT_EXECUTED) and not (added or surplus):
                raise
            raise self._put_back(workspace_id, absent, surplus, error) from None
        live = {user_id: one for user_id, one in (there | added).items() if user_id not in surplus}
        return self._outputs(workspace_id, props, named, live)

    def read(self, id_: str, props: Properties) -> dynamic.ReadResult:
        """Return who of the managed people is in; with `exclusive`, everybody who is in."""
        workspace_id = self.place(id_)
        try:
            live = self._live(workspace_id)
        except NotFoundError:
            if is_get(props) or not self.workspace_is_gone(workspace_id):
                raise
            return dynamic.ReadResult(None, {})
        if is_get(props):
            named = {user_id: user_id for user_id in live}
        else:
            named = self._still_named(_people(props), live)
        outputs = self._outputs(workspace_id, props, named, live)
        no_inputs = {"workspace_id", "members"}
        inputs = {name: value for name, value in outputs.items() if name not in no_inputs}
        if OWNER in props:
            inputs[OWNER] = props[OWNER]
        return dynamic.ReadResult(id_, outputs | hidden(props), inputs)

    def update_in(self, workspace_id: str, olds: Properties, news: Properties) -> Properties:
        """Add who is new, then remove who has left the list."""
        old_people = _people(olds)
        known = {one.name: one.user_id for one in old_people if one.user_id}
        missing = {one.name: "" for one in old_people if not one.user_id}
        named = self._resolve(news, known, missing)
        people = [user_id for user_id in named.values() if user_id]
        self._identify(news, workspace_id, people)
        there: Mapping[str, WorkspaceMember | Person]
        if news.get("exclusive") and not olds.get("exclusive"):
            there = self._live(workspace_id)
            ours: Iterable[str] = there
        else:
            released = self.session.register.released(self.kind, workspace_id)
            there = {
                one.user_id: one
                for one in old_people
                if one.user_id and one.user_id not in released
            }
            ours = [
                one.user_id
                for one in old_people
                if one.user_id and (one.managed or news.get("exclusive"))
            ]
        surplus = self._surplus(workspace_id, people, ours, {**olds, OWNER: news.get(OWNER)})
        added: dict[str, WorkspaceMember] = {}
        try:
            self._add(workspace_id, [p for p in people if p not in there], added)
            self._remove(workspace_id, surplus)
        except ApiError as error:
            left = "Some of the new people may be in, and some who were to leave may still be"
            raise self.after_failure(error, left) from None
        live = {**there, **added}
        return self._outputs(
            workspace_id,
            news,
            named,
            {user_id: one for user_id, one in live.items() if user_id not in surplus},
        )

    def delete_in(self, workspace_id: str, props: Properties) -> None:
        """Remove the people whom this resource manages and no other one has taken over."""
        ours = [
            one.user_id
            for one in _people(props)
            if one.user_id and (one.managed or props.get("exclusive"))
        ]
        try:
            self._remove(workspace_id, self._surplus(workspace_id, [], ours, props))
        except NotFoundError:
            if not self.workspace_is_gone(workspace_id):
                raise
        except ApiError as error:
            raise self.after_failure(error, "Some of its people may be out already") from None

    def _slug(self, workspace_id: str, inputs: Properties) -> str | None:
        given = inputs.get("workspace")
        if isinstance(given, str) and not is_uuid(given):
            return given
        return self.session.client.workspaces.get(workspace_id).slug

    def _identify(self, props: Properties, workspace_id: str, people: Iterable[str]) -> None:
        collisions = self.session.register.identify(
            self.kind, props.get(OWNER, ""), workspace_id, people
        )
        if collisions:
            raise OpenRouterError(str(collisions[0]))

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

    def _warn_of_missing(self, names: Sequence[str], hints: Hints) -> None:
        self.session.notices.add(
            f"{owner_text(hints.owner)} leaves out {_listed(names, 'person', hints)}, whom the "
            "organization does not have; `pulumi up` adds them once they join. Remove them from "
            "the list if they have left."
        )

    def _announce_removals(self, workspace_id: str, inputs: Properties, hints: Hints) -> None:
        """Announce who is in the workspace and not in a list that is exclusive."""
        form = _form(inputs)
        directory = self.session.people()
        wanted = {
            directory.user_id(name) if form == "emails" else name
            for name in known_items(inputs.get(form))
        }
        leaving = [user_id for user_id in self._live(workspace_id) if user_id not in wanted]
        if leaving:
            names = sorted(directory.email(user_id) or user_id for user_id in leaving)
            self.session.notices.add(
                f"{owner_text(hints.owner)} removes from its workspace everyone who is not in "
                f"the list (exclusive=True): {', '.join(names)}."
            )

    def _resolve(
        self, props: Properties, known: Mapping[str, str], missing: Mapping[str, str]
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
            msg = (
                f"managing the members of workspace {props['workspace']}: nobody in the "
                f"organization has {_listed(strangers, 'email address', self.hints(props))}. "
                "Invite them to the organization first, correct emails, or set skip_missing=True."
            )
            raise OpenRouterError(msg)
        return {email: found[email] for email in props["emails"]}

    def _live(self, workspace_id: str) -> dict[str, WorkspaceMember]:
        return {one.user_id: one for one in self.session.client.members.list(workspace_id)}

    def _surplus(
        self,
        workspace_id: str,
        people: Iterable[str],
        there: Iterable[str],
        props: Properties,
    ) -> list[str]:
        """Return who is there, is not wanted and is not held by another resource of this run."""
        wanted = {*people}
        leaving = [user_id for user_id in there if user_id not in wanted]
        if not leaving:
            return []
        holders = self.session.let_go(
            self.kind, workspace_id, leaving, props.get(OWNER), props.get(INCARNATION)
        )
        held = {thing for claim in holders for thing in claim.things}
        if any("@" in thing for thing in held):
            directory = self.session.people()
            held |= {directory.user_id(thing) or thing for thing in held if "@" in thing}
        return [user_id for user_id in leaving if user_id not in held]

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

    def _put_back(
        self, workspace_id: str, absent: list[str], surplus: list[str], error: ApiError
    ) -> ApiError:
        """Undo what this call has done; return the error with the state that was left."""
        try:
            self._remove(workspace_id, absent)
            self._add(workspace_id, surplus, {})
        except ApiError as second:
            return error.with_next_step(
                f"{error.next_step} People who had been added could not be removed again "
                f"({second.words}): some of {', '.join(absent)} may be in the workspace. The next "
                "`pulumi up` continues from there."
            )
        if not absent:
            return error.with_next_step(f"{error.next_step} Nobody was added or removed.")
        return error.with_next_step(
            f"{error.next_step} People who had been added were removed again."
        )

    def _outputs(
        self,
        workspace_id: str,
        props: Properties,
        named: Mapping[str, str],
        live: Mapping[str, WorkspaceMember | Person],
    ) -> dict[str, Any]:
        """Return the outputs: the list, and beside it what is known of each person in it."""
        shown = [
            _person(name, live.get(user_id), managed=True)
            for name, user_id in named.items()
            if not user_id or user_id in live
        ]
        outputs: dict[str, Any] = {
            "workspace": props.get("workspace", workspace_id),
            "workspace_id": workspace_id,
        }
        form = _form(props)
        if props.get("exclusive"):
            outputs["exclusive"] = True
            strangers = [user_id for user_id in live if user_id not in named.values()]
            directory = self.session.people() if strangers and form == "emails" else None
            for user_id in strangers:
                email = directory.email(user_id) if directory is not None else None
                name = email.lower() if email else user_id
                shown.append(_person(name, live[user_id], managed=False))
        shown.sort(key=lambda one: one.name)
        outputs[form] = [one.name for one in shown]
        outputs["members"] = [_entry(one, with_id=form == "emails") for one in shown]
        if props.get("skip_missing"):
            outputs["skip_missing"] = True
        return outputs


def _form(props: Properties) -> str:
    """Return which of the two lists names the people."""
    return "emails" if "emails" in props else "user_ids"


def _person(name: str, member: WorkspaceMember | Person | None, *, managed: bool) -> Person:
    if member is None:
        return Person(name, managed=managed)
    return Person(name, member.user_id, member.role, member.created_at, managed)


def _entry(person: Person, *, with_id: bool) -> dict[str, Any]:
    """Return what the output `members` has for a person: nothing for one who is missing.

    The name stands in the list already, and only there: the program may have marked it secret.
    """
    if not person.user_id:
        return {}
    fields = {"role": person.role, "created_at": person.created_at}
    if with_id:
        fields["user_id"] = person.user_id
    entry: dict[str, Any] = {name: value for name, value in fields.items() if value is not None}
    # An entry without anything in it would read as somebody who is missing.
    return entry if person.managed and entry else {**entry, "managed": person.managed}


def _people(outputs: Properties) -> list[Person]:
    """Return the people in the outputs of a membership, whichever version has written them."""
    members = outputs.get("members") or []
    if "people" in outputs:
        names = outputs["people"]
        return [
            Person(
                names.get(one["user_id"]) or one["user_id"],
                one["user_id"],
                one.get("role"),
                one.get("created_at"),
                one["user_id"] in names,
            )
            for one in members
        ]
    form = _form(outputs)
    return [
        Person(
            name,
            str(one.get("user_id", "") if form == "emails" else name) if one else "",
            one.get("role"),
            one.get("created_at"),
            one.get("managed", True) is True,
        )
        for name, one in zip(outputs.get(form) or [], members, strict=False)
    ]


def _listed(names: Sequence[str], noun: str, hints: Hints) -> str:
    """Return the people as a message names them; of secret ones, only how many they are."""
    if hints.hides("emails", "user_ids"):
        plural = {"email address": "email addresses", "person": "people"}[noun]
        return f"{len(names)} of the {plural} (secret)"
    return f"the email address {', '.join(names)}" if noun == "email address" else ", ".join(names)
