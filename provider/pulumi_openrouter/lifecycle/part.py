"""What a WorkspaceBudget and a WorkspaceMembership share: each is a part of one workspace.

Neither has an id of its own at the API, so its Pulumi id is the workspace's id and a word. A part
shares its workspace with parts of other resources, so each change is made under a lock, and what
another resource of the program holds is left alone.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator
from typing import ClassVar

from pulumi_openrouter.errors import ApiError, NotFoundError, OpenRouterError
from pulumi_openrouter.lifecycle.base import Created, Difference, Problem
from pulumi_openrouter.lifecycle.hints import INCARNATION, OWNER, WORKSPACE, Hints
from pulumi_openrouter.lifecycle.properties import Properties, is_unknown
from pulumi_openrouter.lifecycle.reference import WorkspaceReferring
from pulumi_openrouter.lifecycle.register import Claim, Kind
from pulumi_openrouter.lifecycle.words import owner_text
from pulumi_openrouter.slugs import is_uuid

MOST_KEYS = 5
"""How many API keys an error names."""


class WorkspacePart(WorkspaceReferring):
    """The base of the lifecycles of a workspace's parts."""

    part: ClassVar[str]
    """The last part of the Pulumi id."""

    @abstractmethod
    def claimed(self, inputs: Properties) -> Iterable[str]:
        """Return the things that a resource claims."""

    @abstractmethod
    def taken_away(self, workspace_id: str, olds: Properties, news: Properties) -> list[str]:
        """Return the inputs of which another resource of this run has just let something go."""

    @abstractmethod
    def look_at_workspace(
        self, workspace_id: str, inputs: Properties, hints: Hints
    ) -> Iterator[Problem]:
        """Announce what a new resource will change in its workspace; yield what is impossible."""

    @abstractmethod
    def create_in(self, workspace_id: str, props: Properties) -> Properties:
        """Create the part of a workspace and return its outputs."""

    @abstractmethod
    def update_in(self, workspace_id: str, olds: Properties, news: Properties) -> Properties:
        """Update the part of a workspace and return its outputs."""

    @abstractmethod
    def delete_in(self, workspace_id: str, olds: Properties) -> None:
        """Delete the part of a workspace."""

    def look_at_inputs(
        self,
        before: Properties,  # noqa: ARG002
        inputs: Properties,  # noqa: ARG002
        hints: Hints,  # noqa: ARG002
    ) -> Iterator[Problem]:
        """Yield what is wrong with inputs that are new, as far as the API knows them."""
        return iter(())

    def place(self, id_: str, outputs: Properties) -> str:  # noqa: ARG002
        """Return the workspace's id out of a Pulumi id."""
        return id_.removesuffix(f"/{self.part}")

    def claim(self, inputs: Properties, hints: Hints) -> Claim:
        """Claim things in the workspace, or everything of their kind with `exclusive`."""
        workspace = inputs.get("workspace")
        return Claim(
            self.kind,
            hints,
            workspace if isinstance(workspace, str) else None,
            frozenset(self.claimed(inputs)),
            inputs.get("exclusive") is True,
        )

    def look(self, before: Properties, inputs: Properties, hints: Hints) -> Iterator[Problem]:
        """Look at the workspace that a new resource joins, unless this run has created it."""
        yield from self.look_at_inputs(before, inputs, hints)
        if before:
            return
        workspace_id = self.workspace_of_new(inputs.get("workspace"), hints)
        if workspace_id is None:
            return
        collisions = self.session.register.identify(self.kind, hints.owner, workspace_id)
        if collisions:
            yield self.blamed(inputs, collisions[0].thing), str(collisions[0])
        elif workspace_id not in self.session.created:
            yield from self.look_at_workspace(workspace_id, inputs, hints)

    def diff(self, id_: str, olds: Properties, news: Properties) -> Difference:
        """Compare what the program manages; a workspace without an id is being replaced."""
        if OWNER in news and is_unknown(news.get("workspace")):
            self.session.replaced.add(self.place(id_, olds))
        return super().diff(id_, olds, news)

    def differences(self, id_: str, olds: Properties, news: Properties) -> list[str]:
        """Return the inputs that differ.

        What one resource took over in a run that was cut off, and the other lets go of only now,
        has to be put back, so it differs too.
        """
        taken = self.taken_away(self.place(id_, olds), olds, news)
        return [*dict.fromkeys([*super().differences(id_, olds, news), *taken])]

    # One resource may be letting go of what another one takes over: whichever comes second under
    # the lock sees what the first has done.

    def create(self, props: Properties) -> Created:
        """Create the part, while no other resource changes the same part of the workspace."""
        workspace_id = self.session.workspace_id(props["workspace"])
        self.identify(props.get(OWNER, ""), workspace_id)
        with self.session.changing(self.kind, workspace_id):
            outputs = self.create_in(workspace_id, props)
        return Created(f"{workspace_id}/{self.part}", outputs | self.born(props, workspace_id))

    def update(self, id_: str, olds: Properties, news: Properties) -> Properties:
        """Update the part, while no other resource changes the same part of the workspace."""
        workspace_id = self.place(id_, olds)
        with self.session.changing(self.kind, workspace_id):
            outputs = self.update_in(workspace_id, olds, news)
        return outputs | self.carried(olds, news, workspace_id)

    def delete(self, id_: str, olds: Properties) -> None:
        """Delete the part, while no other resource changes the same part of the workspace."""
        workspace_id = self.place(id_, olds)
        self._refuse_to_strip(workspace_id, olds)
        with self.session.changing(self.kind, workspace_id):
            self.delete_in(workspace_id, olds)

    def held_by_others(
        self, workspace_id: str, leaving: Iterable[str], props: Properties
    ) -> set[str]:
        """Return the things that other resources hold, of those that a resource lets go of.

        The owner and the incarnation in `props` tell whose change this is.
        """
        claims = self.session.let_go(
            self.kind, workspace_id, leaving, props.get(OWNER), props.get(INCARNATION)
        )
        return {thing for claim in claims for thing in claim.things}

    def after_failure(self, error: ApiError, left: str) -> ApiError:
        """Return the error with the state that an update or a delete left, and the way out."""
        if isinstance(error, NotFoundError):
            return error.with_next_step("Run `pulumi up --refresh` to set up what is gone again.")
        return error.with_next_step(
            f"{error.next_step} {left}; the next `pulumi up` continues from there."
        )

    def _refuse_to_strip(self, workspace_id: str, olds: Properties) -> None:
        """Raise where this delete would strip a workspace whose own deletion is bound to fail.

        Pulumi deletes the parts of a workspace before the workspace. Where the workspace goes too,
        and is in use, its limits and people have to stay.
        """
        if self._workspace_stays(workspace_id, olds):
            return
        keys = self.session.active_keys(workspace_id)
        if keys:
            own = owner_text(olds[OWNER]) if OWNER in olds else f"the {self.declaration.name}"
            workspace = owner_text(olds[WORKSPACE]) if WORKSPACE in olds else "its workspace"
            names = [f'"{key.name or key.label or key.hash}"' for key in keys[:MOST_KEYS]]
            more = f" and {len(keys) - MOST_KEYS} more" if len(keys) > MOST_KEYS else ""
            msg = (
                f"{own} was not deleted: OpenRouter refuses to delete {workspace} "
                f"({workspace_id}) while it has active API keys: {', '.join(names)}{more}. Delete "
                "or disable these keys and run the command again. If only this resource is to go, "
                "as with --target, remove it from the program and run `pulumi up` without --target."
            )
            raise OpenRouterError(msg)

    def _workspace_stays(self, workspace_id: str, olds: Properties) -> bool:
        """Return whether the workspace of a part that is deleted is not deleted as well."""
        register = self.session.register
        if WORKSPACE in olds:
            replaced = workspace_id in self.session.replaced
            return register.was_checked(olds[WORKSPACE]) and not replaced
        if OWNER in olds:
            return True
        # States of version 0.1.0 do not say whether the program manages the workspace. It may where
        # it passed an id, and then the workspace stays if it takes part in this run.
        known = register.claims_of(Kind.WORKSPACE, workspace_id)
        return bool(known) or not is_uuid(str(olds.get("workspace")))
