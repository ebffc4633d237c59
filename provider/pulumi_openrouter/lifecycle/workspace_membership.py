"""What Pulumi calls for a WorkspaceMembership: the people of one workspace that a program names.

People come as user ids or as emails, in any number; the API takes a hundred a request. Nobody is
taken out who was not put in by the same resource, unless the program says that its list is all.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

from pulumi import dynamic

from pulumi_openrouter.errors import (
    ApiError,
    AuthenticationError,
    ForbiddenError,
    NotFoundError,
    OpenRouterError,
    RefusedError,
)
from pulumi_openrouter.lifecycle.base import Change, Properties, is_get, known_items
from pulumi_openrouter.lifecycle.child import WorkspaceChild

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pulumi_openrouter.api.models import WorkspaceMember

BATCH = 100
"""How many people the API takes in one request."""

_FORBIDDEN = (
    "Everybody in the organization is in its default workspace already, so a membership there "
    "cannot be managed: take the resource out. Elsewhere, check that the key is a management key."
)

# Answers after which nothing of the request was done.
_DEFINITE = (AuthenticationError, ForbiddenError, NotFoundError, RefusedError)

Member = dict[str, Any]
"""A member as an output: user_id, role and created_at."""


class WorkspaceMembershipProvider(WorkspaceChild):
    """The lifecycle of `WorkspaceMembership`."""

    part = "members"
    changes: ClassVar[Mapping[str, Change]] = {
        "workspace": Change.REPLACE,
        "user_ids": Change.UPDATE,
        "emails": Change.UPDATE,
        "exclusive": Change.UPDATE,
    }

    def check(self, olds: Properties, news: Properties) -> dynamic.CheckResult:
        """Validate, and hold on to the people for whoever deletes later in this run."""
        result = super().check(olds, news)
        workspace = result.inputs.get("workspace")
        if not result.failures and isinstance(workspace, str):
            for form in ("user_ids", "emails"):
                self.session.claims.add(form, workspace, known_items(result.inputs.get(form)))
        return result

    def diff(self, _id: str, olds: Properties, news: Properties) -> dynamic.DiffResult:
        """Compare the people that the program names; with `exclusive`, everybody."""
        return self.diff_result(self.differences(olds, news))

    def lost(self, olds: Properties, news: Properties) -> list[str]:
        """Name the list, where another resource of this run takes somebody of it out."""
        released = self.session.claims.released("user_ids", olds.get("workspace_id", ""))
        form = "emails" if "emails" in news else "user_ids"
        return [form] if released & olds.get("people", {}).keys() else []

    def create_in(self, workspace_id: str, props: Properties) -> dynamic.CreateResult:
        """Put the people in, all or none."""
        people = self._resolve(props)
        self.session.claims.add("user_ids", workspace_id, people)
        there: dict[str, Member] = {}
        made_here = workspace_id in self.session.made
        if props.get("exclusive") or not made_here:
            there = self._live(workspace_id)
        absent = [user_id for user_id in people if user_id not in there]
        surplus = self._surplus(workspace_id, people, there) if props.get("exclusive") else []
        # The default workspace has everybody in it and refuses any change: one request sees that.
        probe = [] if made_here else [*people][:1]
        added: dict[str, Member] = {}
        try:
            self._add(workspace_id, absent or probe, added)
            self._remove(workspace_id, surplus)
        except _DEFINITE as error:
            if not (added or surplus):
                raise
            raise self._put_back(workspace_id, absent, surplus, error) from None
        except ApiError as error:
            raise self._put_back(workspace_id, absent, surplus, error) from None
        live = _without({**there, **added}, surplus)
        outputs = self._outputs(workspace_id, props, people, live)
        return dynamic.CreateResult(self.pulumi_id(workspace_id), outputs)

    def read(self, id_: str, props: Properties) -> dynamic.ReadResult:
        """Return who of the managed people is in; with `exclusive`, everybody who is in."""
        workspace_id = self.workspace_of(id_)
        try:
            live = self._live(workspace_id)
        except NotFoundError:
            if is_get(props) or not self.workspace_is_gone(workspace_id):
                raise
            return dynamic.ReadResult(None, {})
        people = dict.fromkeys(live, "") if is_get(props) else props.get("people", {})
        outputs = self._outputs(workspace_id, props, people, live)
        hidden = {"workspace_id", "members", "people"}
        inputs = {name: value for name, value in outputs.items() if name not in hidden}
        return dynamic.ReadResult(id_, outputs, inputs)

    def update_in(
        self, workspace_id: str, olds: Properties, news: Properties
    ) -> dynamic.UpdateResult:
        """Put in who is new, then take out who has gone from the list."""
        people = self._resolve(news)
        self.session.claims.add("user_ids", workspace_id, people)
        if news.get("exclusive"):
            there = self._live(workspace_id)
            surplus = self._surplus(workspace_id, people, there)
        else:
            there = {member["user_id"]: member for member in olds.get("members", [])}
            there = _without(there, self.session.claims.released("user_ids", workspace_id))
            surplus = self._surplus(workspace_id, people, olds.get("people", {}))
        added: dict[str, Member] = {}
        try:
            self._add(workspace_id, [p for p in people if p not in there], added)
            self._remove(workspace_id, surplus)
        except ApiError as error:
            left = "Some of the new people may be in, and who was to leave may still be"
            raise self.after_failure(error, left) from None
        live = _without({**there, **added}, surplus)
        return dynamic.UpdateResult(self._outputs(workspace_id, news, people, live))

    def delete_in(self, workspace_id: str, props: Properties) -> None:
        """Take out the people that this resource manages and no other one has taken over."""
        ours = {**props.get("people", {})}
        if props.get("exclusive"):
            ours |= dict.fromkeys(member["user_id"] for member in props.get("members", []))
        try:
            self._remove(workspace_id, self._surplus(workspace_id, {}, ours))
        except NotFoundError:
            if not self.workspace_is_gone(workspace_id):
                raise
        except ApiError as error:
            raise self.after_failure(error, "Some of its people may be out already") from None

    def _resolve(self, props: Properties) -> dict[str, str]:
        """Return the people by user id, each with the email they were named by, or nothing."""
        if "emails" not in props:
            return dict.fromkeys(props["user_ids"], "")
        by_email = self._organization_by_email()
        if not by_email.keys() >= {*props["emails"]}:
            # Somebody may have been invited since this run began.
            by_email = self._organization_by_email(max_age_seconds=5)
        unknown = [email for email in props["emails"] if email not in by_email]
        if unknown:
            msg = (
                f"managing the members of workspace {props['workspace']}: nobody in the "
                f"organization has the email address {', '.join(unknown)}. Invite them to the "
                "organization first, or correct emails."
            )
            raise OpenRouterError(msg)
        return {by_email[email]: email for email in props["emails"]}

    def _organization_by_email(self, max_age_seconds: float = math.inf) -> dict[str, str]:
        members = self.session.client.snapshots.organization_members(max_age_seconds)
        return {member.email.lower(): member.id for member in members if member.email}

    def _live(self, workspace_id: str) -> dict[str, Member]:
        members = self.session.client.members.list(workspace_id)
        return {member.user_id: _member(member) for member in members}

    def _surplus(
        self, workspace_id: str, people: Mapping[str, str], there: Iterable[str]
    ) -> list[str]:
        """Return who is there, is not wanted and is not held by another resource of this run."""
        leaving = [user_id for user_id in there if user_id not in people]
        if not leaving:
            return []
        held = self.session.let_go("user_ids", workspace_id, leaving)
        if emails := self.session.claimed("emails", workspace_id):
            by_email = self._organization_by_email()
            held |= {by_email[email] for email in emails if email in by_email}
        return [user_id for user_id in leaving if user_id not in held]

    def _add(self, workspace_id: str, user_ids: list[str], added: dict[str, Member]) -> None:
        """Add people and note each one in `added`, so that a failure leaves word of them."""
        for batch in _batches(user_ids):
            try:
                members = self.session.client.members.add(workspace_id, batch)
            except ForbiddenError as error:
                raise error.with_next_step(_FORBIDDEN) from None
            added |= {member.user_id: _member(member) for member in members}

    def _remove(self, workspace_id: str, user_ids: list[str]) -> None:
        for batch in _batches(user_ids):
            self.session.client.members.remove(workspace_id, batch)

    def _put_back(
        self, workspace_id: str, absent: list[str], surplus: list[str], error: ApiError
    ) -> ApiError:
        """Undo what this call has done; return the error with what state was left."""
        try:
            self._remove(workspace_id, absent)
            self._add(workspace_id, surplus, {})
        except ApiError as second:
            return error.with_next_step(
                f"{error.next_step} Who was added by then could not be taken out again "
                f"({second.words}): of {', '.join(absent)} some may be in the workspace. The next "
                "`pulumi up` goes on from there."
            )
        return error.with_next_step(f"{error.next_step} Who was added by then was taken out again.")

    def _outputs(
        self,
        workspace_id: str,
        props: Properties,
        people: Mapping[str, str],
        live: Mapping[str, Member],
    ) -> dict[str, Any]:
        exclusive = bool(props.get("exclusive"))
        shown = sorted(user_id for user_id in live if exclusive or user_id in people)
        outputs: dict[str, Any] = {
            "workspace": props.get("workspace", workspace_id),
            "workspace_id": workspace_id,
            "members": [live[user_id] for user_id in shown],
            "people": dict(people),
        }
        if exclusive:
            outputs["exclusive"] = True
        if "emails" in props:
            return {**outputs, "emails": self._emails(shown, people)}
        return {**outputs, "user_ids": shown}

    def _emails(self, shown: list[str], people: Mapping[str, str]) -> list[str]:
        """Return how the people shown are called; a stranger without an email goes by the id."""
        strangers = [user_id for user_id in shown if not people.get(user_id)]
        by_id = (
            {u: email for email, u in self._organization_by_email().items()} if strangers else {}
        )
        return sorted(people.get(u) or by_id.get(u, u) for u in shown)


def _member(member: WorkspaceMember) -> Member:
    fields = {"user_id": member.user_id, "role": member.role, "created_at": member.created_at}
    return {name: value for name, value in fields.items() if value is not None}


def _without(members: Mapping[str, Member], user_ids: Iterable[str]) -> dict[str, Member]:
    gone = {*user_ids}
    return {user_id: member for user_id, member in members.items() if user_id not in gone}


def _batches(user_ids: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(user_ids), BATCH):
        yield user_ids[start : start + BATCH]
