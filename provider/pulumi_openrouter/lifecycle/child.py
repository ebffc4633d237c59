"""What a WorkspaceBudget and a WorkspaceMembership share: each is a part of one workspace.

Neither has an id of its own at the API, so its Pulumi id is the workspace's id and a word. The
workspace may be given by id or by slug; what counts is which workspace it is.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator
from typing import ClassVar

from pulumi import dynamic

from pulumi_openrouter.errors import ApiError, NotFoundError, OpenRouterError
from pulumi_openrouter.lifecycle.base import Lifecycle, Problem, Properties, is_unknown
from pulumi_openrouter.lifecycle.hints import OWNER, WORKSPACE, Hints, owner_text
from pulumi_openrouter.lifecycle.notices import shown
from pulumi_openrouter.lifecycle.register import Claim, Kind
from pulumi_openrouter.slugs import is_uuid

RENAMED = "how the program names the same workspace"
"""A difference that only the state has to learn of; nothing is sent."""

MOST_KEYS = 5
"""How many API keys an error names."""


class WorkspaceChild(Lifecycle):
    """The base of the providers of a workspace's parts."""

    part: ClassVar[str]
    """The last part of the Pulumi id."""

    def pulumi_id(self, workspace_id: str) -> str:
        """Return the Pulumi id of this part of a workspace."""
        return f"{workspace_id}/{self.part}"

    def place(self, id_: str) -> str:
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

    @abstractmethod
    def claimed(self, inputs: Properties) -> Iterable[str]:
        """Return the things that a resource claims."""

    def look(self, before: Properties, inputs: Properties, hints: Hints) -> Iterator[Problem]:
        """Look at the workspace that a new resource joins, unless this run has created it."""
        yield from self.look_at_inputs(before, inputs, hints)
        if before:
            return
        workspace_id = self._found(inputs.get("workspace"), hints)
        if workspace_id is None:
            return
        collisions = self.session.register.identify(self.kind, hints.owner, workspace_id)
        if collisions:
            yield self.blamed(inputs, collisions[0].thing), str(collisions[0])
            return
        if workspace_id in self.session.created:
            return
        yield from self.look_at_workspace(workspace_id, inputs, hints)

    @abstractmethod
    def look_at_inputs(
        self, before: Properties, inputs: Properties, hints: Hints
    ) -> Iterator[Problem]:
        """Yield what is wrong with inputs that are new, as far as the API knows them."""

    @abstractmethod
    def look_at_workspace(
        self, workspace_id: str, inputs: Properties, hints: Hints
    ) -> Iterator[Problem]:
        """Announce what a new resource will change in its workspace; yield what is impossible."""

    def _found(self, reference: object, hints: Hints) -> str | None:
        """Return the id of the workspace that a new resource refers to, where it can be known."""
        if isinstance(reference, str):
            try:
                return self.session.workspace_id(reference)
            except NotFoundError:
                slug = shown(reference, secret=hints.hides("workspace"))
                self.session.notices.add(
                    f"{owner_text(hints.owner)}: no workspace has the slug {slug} at the moment. "
                    "If this program creates it, pass the Workspace itself as workspace=, so that "
                    "Pulumi knows the order."
                )
                return None
        # A preview does not know the id of a workspace that will be adopted, but its check does.
        own = self.session.register.claim_of(Kind.WORKSPACE, hints.workspace or "")
        ids = () if own is None else (key for key in own.keys if is_uuid(key))
        return next(iter(ids), None)

    def create(self, props: Properties) -> dynamic.CreateResult:
        """Create the part, while no other resource changes the same part of the workspace.

        One may be letting go of what another one takes over: whichever comes second sees it.
        """
        workspace_id = self.session.workspace_id(props["workspace"])
        collisions = self.session.register.identify(self.kind, props.get(OWNER, ""), workspace_id)
        if collisions:
            raise OpenRouterError(str(collisions[0]))
        with self.session.changing(self.kind, workspace_id):
            outputs = self.create_in(workspace_id, props)
        outputs |= self.born(props, workspace_id)
        return dynamic.CreateResult(self.pulumi_id(workspace_id), outputs)

    def update(self, id_: str, olds: Properties, news: Properties) -> dynamic.UpdateResult:
        """Update the part, while no other resource changes the same part of the workspace."""
        workspace_id = self.place(id_)
        with self.session.changing(self.kind, workspace_id):
            outputs = self.update_in(workspace_id, olds, news)
        return dynamic.UpdateResult(outputs | self.carried(olds, news, workspace_id))

    def delete(self, id_: str, props: Properties) -> None:
        """Delete the part, while no other resource changes the same part of the workspace."""
        workspace_id = self.place(id_)
        self._refuse_to_strip(workspace_id, props)
        with self.session.changing(self.kind, workspace_id):
            self.delete_in(workspace_id, props)

    @abstractmethod
    def create_in(self, workspace_id: str, props: Properties) -> Properties:
        """Create the part of a workspace and return its outputs."""

    @abstractmethod
    def update_in(self, workspace_id: str, olds: Properties, news: Properties) -> Properties:
        """Update the part of a workspace and return its outputs."""

    @abstractmethod
    def delete_in(self, workspace_id: str, props: Properties) -> None:
        """Delete the part of a workspace."""

    @abstractmethod
    def taken_away(self, olds: Properties, news: Properties) -> list[str]:
        """Return the inputs of which another resource of this run has just let something go."""

    def diff(self, id_: str, olds: Properties, news: Properties) -> dynamic.DiffResult:
        """Compare what the program manages; a workspace without an id is being replaced."""
        if OWNER in news and is_unknown(news.get("workspace")):
            self.session.replaced.add(self.place(id_))
        return super().diff(id_, olds, news)

    def differences(self, olds: Properties, news: Properties) -> list[str]:
        """Return the inputs that differ; another name of the same workspace replaces nothing.

        What one resource took over in a run that was cut off, and the other lets go of only now,
        has to be put back, so it differs too.
        """
        different = super().differences(olds, news)
        if "workspace" in different and self._is_same(news.get("workspace"), olds):
            different.remove("workspace")
            if self._costs_a_look(news.get("workspace")):
                different.append(RENAMED)
        claim = self.session.register.claim_of(self.kind, news.get(OWNER, ""))
        former = self.session.register.canonical(olds.get(WORKSPACE, "")) or None
        if claim is not None and OWNER in olds and former != claim.hints.leaves_with:
            different.append(RENAMED)
        return [*dict.fromkeys([*different, *self.taken_away(olds, news)])]

    def workspace_is_gone(self, workspace_id: str) -> bool:
        """Return whether the workspace itself is gone, when one of its parts was not found."""
        try:
            self.session.client.snapshots.workspace(workspace_id)
        except NotFoundError:
            return True
        return False

    def after_failure(self, error: ApiError, left: str) -> ApiError:
        """Return the error with the state that an update or a delete left, and the way out."""
        if isinstance(error, NotFoundError):
            return error.with_next_step("Run `pulumi up --refresh` to set up what is gone again.")
        return error.with_next_step(
            f"{error.next_step} {left}; the next `pulumi up` continues from there."
        )

    def _refuse_to_strip(self, workspace_id: str, props: Properties) -> None:
        """Raise where this delete would strip a workspace whose own deletion is bound to fail.

        Pulumi deletes the parts of a workspace before the workspace. Where the workspace goes too,
        and is in use, its limits and people have to stay.
        """
        workspace = props.get(WORKSPACE)
        if not workspace:
            return
        goes = not self.session.register.was_checked(workspace)
        if not goes and workspace_id not in self.session.replaced:
            return
        own = owner_text(props.get(OWNER, f"::{self.part}"))
        keys = self.session.active_keys(workspace_id)
        if keys:
            names = [f'"{key.name or key.label or key.hash}"' for key in keys[:MOST_KEYS]]
            more = f" and {len(keys) - MOST_KEYS} more" if len(keys) > MOST_KEYS else ""
            msg = (
                f"{own} was not deleted: OpenRouter refuses to delete workspace {workspace_id} "
                f"while it has active API keys ({', '.join(names)}{more}). Delete or disable these "
                "keys and run the command again. If only this resource is to go, as with --target, "
                "remove it from the program and run `pulumi up` without --target."
            )
            raise OpenRouterError(msg)

    def _costs_a_look(self, reference: object) -> bool:
        """Return whether each run has to look up what is meant, until the state knows."""
        return (
            isinstance(reference, str)
            and not is_uuid(reference)
            and self.session.register.workspace_id(reference) is None
        )

    def _is_same(self, reference: object, olds: Properties) -> bool:
        if is_unknown(reference) or not isinstance(reference, str) or "workspace_id" not in olds:
            return False
        try:
            return bool(self.session.workspace_id(reference) == olds["workspace_id"])
        except NotFoundError as error:
            msg = (
                "If this program creates or renames that workspace, pass the Workspace itself (or "
                "its id) as workspace=, so that Pulumi knows the order."
            )
            raise error.with_next_step(msg) from None
