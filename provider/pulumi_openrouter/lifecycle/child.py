"""What a WorkspaceBudget and a WorkspaceMembership share: each is a part of one workspace.

Neither has an id of its own at the API, so its Pulumi id is the workspace's id and a word. The
workspace may be given by id or by slug; what counts is which workspace it is.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from pulumi import dynamic

from pulumi_openrouter.errors import ApiError, NotFoundError
from pulumi_openrouter.lifecycle.base import Lifecycle, Properties, is_unknown


class WorkspaceChild(Lifecycle):
    """The base of the providers of a workspace's parts."""

    part: ClassVar[str]
    """The last part of the Pulumi id."""

    def pulumi_id(self, workspace_id: str) -> str:
        """Return the Pulumi id of this part of a workspace."""
        return f"{workspace_id}/{self.part}"

    def workspace_of(self, id_: str) -> str:
        """Return the workspace's id out of a Pulumi id."""
        return id_.removesuffix(f"/{self.part}")

    def create(self, props: Properties) -> dynamic.CreateResult:
        """Create the part, while no other resource changes the same part of the workspace.

        One may be letting go of what another one takes over: whichever comes second sees it.
        """
        workspace_id = self.session.workspace_id(props["workspace"])
        with self.session.changing(self.part, workspace_id):
            return self.create_in(workspace_id, props)

    def update(self, id_: str, olds: Properties, news: Properties) -> dynamic.UpdateResult:
        """Update the part, while no other resource changes the same part of the workspace."""
        workspace_id = self.workspace_of(id_)
        with self.session.changing(self.part, workspace_id):
            return self.update_in(workspace_id, olds, news)

    def delete(self, id_: str, props: Properties) -> None:
        """Delete the part, while no other resource changes the same part of the workspace."""
        workspace_id = self.workspace_of(id_)
        with self.session.changing(self.part, workspace_id):
            self.delete_in(workspace_id, props)

    @abstractmethod
    def create_in(self, workspace_id: str, props: Properties) -> dynamic.CreateResult:
        """Create the part of a workspace."""

    @abstractmethod
    def update_in(
        self, workspace_id: str, olds: Properties, news: Properties
    ) -> dynamic.UpdateResult:
        """Update the part of a workspace."""

    @abstractmethod
    def delete_in(self, workspace_id: str, props: Properties) -> None:
        """Delete the part of a workspace."""

    @abstractmethod
    def lost(self, olds: Properties, news: Properties) -> list[str]:
        """Name the inputs of which another resource of this run has just let something go."""

    def differences(self, olds: Properties, news: Properties) -> list[str]:
        """Name the inputs that differ; a slug in the place of the same workspace's id does not.

        What one resource took over in a run that was cut off, and the other lets go of only now,
        has to be put back: it differs too.
        """
        different = super().differences(olds, news)
        if "workspace" in different and self._is_same(news.get("workspace"), olds):
            different.remove("workspace")
        return [*dict.fromkeys([*different, *self.lost(olds, news)])]

    def workspace_is_gone(self, workspace_id: str) -> bool:
        """Tell whether the workspace itself is gone, when one of its parts was not found."""
        try:
            self.session.client.snapshots.workspace(workspace_id)
        except NotFoundError:
            return True
        return False

    def after_failure(self, error: ApiError, left: str) -> ApiError:
        """Return the error with what state an update or a delete left, and the way out of it."""
        if isinstance(error, NotFoundError):
            return error.with_next_step("Run `pulumi up --refresh` to set up what is gone again.")
        return error.with_next_step(
            f"{error.next_step} {left}: the next `pulumi up` goes on from where this one stopped."
        )

    def _is_same(self, reference: object, olds: Properties) -> bool:
        if is_unknown(reference) or not isinstance(reference, str) or "workspace_id" not in olds:
            return False
        try:
            return bool(self.session.workspace_id(reference) == olds["workspace_id"])
        except NotFoundError as error:
            msg = (
                "If this program makes or renames that workspace, pass the Workspace itself (or "
                "its id) as workspace=, so that Pulumi knows the order."
            )
            raise error.with_next_step(msg) from None
