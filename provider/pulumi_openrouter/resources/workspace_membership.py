"""The WorkspaceMembership resource: arguments in, outputs out; its lifecycle does the work."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pulumi
from pulumi import dynamic

from pulumi_openrouter.lifecycle.workspace_membership import WorkspaceMembershipProvider
from pulumi_openrouter.resources.dynamic import (
    part_id,
    refuse_plain_key,
    resource_type,
    with_outputs,
)
from pulumi_openrouter.resources.ownership import claim_people
from pulumi_openrouter.resources.references import child_options, reference

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typing_extensions import Self

    from pulumi_openrouter.resources.workspace import Workspace


@pulumi.output_type
class Member(dict):  # type: ignore[type-arg]  # the SDK demands the bare class
    """Somebody in a workspace."""

    def __init__(self, *, user_id: str, role: str | None = None, created_at: str | None = None):
        pulumi.set(self, "user_id", user_id)
        pulumi.set(self, "role", role)
        pulumi.set(self, "created_at", created_at)

    @property
    @pulumi.getter
    def user_id(self) -> str:
        """The user's id, as `user_2dHF…`."""
        return cast("str", pulumi.get(self, "user_id"))

    @property
    @pulumi.getter
    def role(self) -> str | None:
        """`admin` or `member`: the role that the person has in the organization."""
        return cast("str | None", pulumi.get(self, "role"))

    @property
    @pulumi.getter
    def created_at(self) -> str | None:
        """When the person was added, ISO 8601 in UTC."""
        return cast("str | None", pulumi.get(self, "created_at"))


@resource_type
class WorkspaceMembership(dynamic.Resource, module="openrouter", name="WorkspaceMembership"):
    """People in one workspace, by user id or by email.

    The resource manages the people that it names and takes those who are in already as they are;
    nobody else is touched, unless `exclusive=True`. A role is the one that the person has in the
    organization. Any number of people. The Pulumi id is `<workspace UUID>/members`; another
    workspace replaces the resource, everything else changes in place. Deleting it takes its people
    out of the workspace.

    OpenRouter refuses to take out who has active API keys in the workspace or is managed through
    SCIM. The default workspace has everybody in it and takes no membership.

    API: https://openrouter.ai/docs/api-reference/workspaces

    Args:
        resource_name: The name in the program and in Pulumi's state.
        opts: Pulumi's options for any resource.
        workspace: The Workspace, or the id (UUID) or slug of one. With a Workspace of the same
            program the membership goes with it when it is deleted, in the same request.
        user_ids: People by user id (`user_2dHF…`), without duplicates, in any order.
        emails: People by their email address in the organization, without duplicates, in any
            order and case. Give user_ids or emails, not both.
        exclusive: Whether the list is the whole truth: others are taken out, someone added by
            hand is drift, and an empty list is legal.

    Raises:
        pulumi.RunError: Another resource of the program manages one of the people.
    """

    workspace: pulumi.Output[str]
    """The workspace as it was given: an id or a slug."""

    workspace_id: pulumi.Output[str]
    """The workspace's UUID."""

    members: pulumi.Output[list[Member]]
    """The people managed, sorted by user id; with `exclusive`, everybody in the workspace."""

    user_ids: pulumi.Output[list[str] | None]
    """Their user ids, sorted, where they were given by user id."""

    emails: pulumi.Output[list[str] | None]
    """Their email addresses, sorted, where they were given by email."""

    exclusive: pulumi.Output[bool | None]
    """True where the list is the whole truth."""

    people: pulumi.Output[dict[str, str]]
    """The user ids of the people named, each with the email it was named by, or nothing."""

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        workspace: Workspace | pulumi.Input[str],
        user_ids: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None,
        emails: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None,
        exclusive: pulumi.Input[bool] | None = None,
    ) -> None:
        refuse_plain_key()
        inputs: dict[str, object] = {
            "workspace": reference(workspace),
            "user_ids": user_ids,
            "emails": emails,
            "exclusive": exclusive,
        }
        owner = f'WorkspaceMembership "{resource_name}"'
        claim_people(owner, workspace, user_ids, emails, exclusive)
        super().__init__(
            WorkspaceMembershipProvider(),
            resource_name,
            with_outputs(type(self), inputs),
            child_options(opts, workspace),
        )

    @classmethod
    def get(
        cls,
        resource_name: str,
        workspace: Workspace | pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> Self:
        """Read everybody in a workspace whose people something else manages.

        Args:
            resource_name: The name in the program and in Pulumi's state.
            workspace: The Workspace, or the id (UUID) or slug of one. A slug is looked up by the
                program itself.
            opts: Pulumi's options for any resource.

        Raises:
            pulumi.RunError: There is no such workspace, or it cannot be looked up.
        """
        refuse_plain_key()
        self = cls.__new__(cls)
        with_id = pulumi.ResourceOptions(id=part_id(reference(workspace), "members"))
        dynamic.Resource.__init__(
            self,
            WorkspaceMembershipProvider(),
            resource_name,
            with_outputs(cls, {}),
            pulumi.ResourceOptions.merge(opts, with_id),
        )
        return self
