"""The WorkspaceMembership resource: typed inputs in, typed outputs out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast, overload

import pulumi

from pulumi_openrouter.lifecycle.membership_plan import Person, people_in
from pulumi_openrouter.lifecycle.workspace_membership import WorkspaceMembershipLifecycle
from pulumi_openrouter.resources.part import WorkspacePartResource
from pulumi_openrouter.resources.provider import DynamicProvider
from pulumi_openrouter.resources.siblings import PEOPLE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typing_extensions import Self

    from pulumi_openrouter.resources.arguments import ListOf
    from pulumi_openrouter.resources.workspace import Workspace


class WorkspaceMembershipProvider(DynamicProvider):
    """The dynamic provider of `WorkspaceMembership`."""

    lifecycle_type = WorkspaceMembershipLifecycle


@pulumi.output_type
class Member(dict):  # type: ignore[type-arg]  # the SDK demands the bare class
    """A person in a workspace."""

    def __init__(self, *, user_id: str, role: str | None = None, created_at: str | None = None):
        pulumi.set(self, "user_id", user_id)
        pulumi.set(self, "role", role)
        pulumi.set(self, "created_at", created_at)

    @property
    @pulumi.getter
    def user_id(self) -> str:
        """The user id, such as `user_2dHF…`."""
        return cast("str", pulumi.get(self, "user_id"))

    @property
    @pulumi.getter
    def role(self) -> str | None:
        """`admin` or `member`: the person's role in the organization."""
        return cast("str | None", pulumi.get(self, "role"))

    @property
    @pulumi.getter
    def created_at(self) -> str | None:
        """When the person was added, ISO 8601 in UTC."""
        return cast("str | None", pulumi.get(self, "created_at"))


class WorkspaceMembership(WorkspacePartResource, module="openrouter", name="WorkspaceMembership"):
    """People in one workspace, by user id or by email address.

    The resource manages the people that it lists, any number of them, and leaves existing members
    unchanged. Nobody else is touched, unless `exclusive=True`. Roles are those of the organization
    and cannot be set here.

    The Pulumi id is `<workspace UUID>/members`. A different workspace replaces the resource; every
    other change is an update in place. Deleting the resource removes its people from the workspace.
    If its workspace belongs to the same program, is deleted in the same run and has active API
    keys, the people stay and the delete fails, because OpenRouter will refuse to delete the
    workspace.

    OpenRouter refuses to remove people who have active API keys in the workspace or who are managed
    through SCIM. Everybody is in the default workspace, so it takes no membership. Each person in a
    workspace may be managed by one resource of the program only.

    API: https://openrouter.ai/docs/api-reference/workspaces
    """

    _provider_type = WorkspaceMembershipProvider
    _part = WorkspaceMembershipLifecycle.part
    _claimable = PEOPLE
    _beside = ("members",)

    @property
    @pulumi.getter
    def workspace(self) -> pulumi.Output[str]:
        """The workspace as the program passed it: an id or a slug."""
        return pulumi.get(self, "workspace")

    @property
    @pulumi.getter
    def user_ids(self) -> pulumi.Output[list[str] | None]:
        """The user ids, sorted, if the program lists user ids."""
        return pulumi.get(self, "user_ids")

    @property
    @pulumi.getter
    def emails(self) -> pulumi.Output[list[str] | None]:
        """The email addresses, sorted, if the program lists email addresses."""
        return pulumi.get(self, "emails")

    @property
    @pulumi.getter
    def exclusive(self) -> pulumi.Output[bool | None]:
        """True if anyone not listed is removed."""
        return pulumi.get(self, "exclusive")

    @property
    @pulumi.getter
    def skip_missing(self) -> pulumi.Output[bool | None]:
        """True if email addresses that nobody has are left out."""
        return pulumi.get(self, "skip_missing")

    @property
    def members(self) -> pulumi.Output[list[Member]]:
        """The people managed, in the order of the list; with `exclusive`, everybody.

        Secret if the list is secret. People who are not in the organization are left out.
        """
        return self._people.apply(
            lambda people: [
                Member(user_id=one.user_id, role=one.role, created_at=one.created_at)
                for one in people
            ]
        )

    @property
    def people(self) -> pulumi.Output[dict[str, str]]:
        """The email address by user id, or an empty string if the program lists user ids."""
        return self._people.apply(
            lambda people: {
                one.user_id: "" if one.name == one.user_id else one.name for one in people
            }
        )

    @property
    def _people(self) -> pulumi.Output[list[Person]]:
        """The people of the list who are in the organization."""
        # The attribute `members` of the state is what stands beside the list: the entries without
        # what the list says already. The property of that name hides it.
        return pulumi.Output.all(
            user_ids=self.user_ids, emails=self.emails, members=self.__dict__["members"]
        ).apply(_known_people)

    @overload
    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        workspace: Workspace | pulumi.Input[str],
        user_ids: pulumi.Input[ListOf[pulumi.Input[str]]],
        emails: None = None,
        exclusive: pulumi.Input[bool] | None = None,
        skip_missing: pulumi.Input[bool] | None = None,
    ) -> None: ...

    @overload
    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        workspace: Workspace | pulumi.Input[str],
        user_ids: None = None,
        emails: pulumi.Input[ListOf[pulumi.Input[str]]],
        exclusive: pulumi.Input[bool] | None = None,
        skip_missing: pulumi.Input[bool] | None = None,
    ) -> None: ...

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        workspace: Workspace | pulumi.Input[str],
        user_ids: pulumi.Input[ListOf[pulumi.Input[str]]] | None = None,
        emails: pulumi.Input[ListOf[pulumi.Input[str]]] | None = None,
        exclusive: pulumi.Input[bool] | None = None,
        skip_missing: pulumi.Input[bool] | None = None,
    ) -> None:
        """Declare people in a workspace.

        Args:
            resource_name: The name in the program and in Pulumi's state.
            opts: Pulumi's resource options.
            workspace: A Workspace, or the id (UUID) or slug of one.
            user_ids: User ids (`user_2dHF…`), without duplicates, in any order. Default: none; pass
                either user_ids or emails.
            emails: Email addresses of people in the organization, without duplicates, in any order
                and case. Default: none; pass either user_ids or emails.
            exclusive: Authoritative: anyone not listed is removed, and the list may be empty. The
                preview names everybody who will be removed. Default: False.
            skip_missing: Leave out email addresses that nobody in the organization has, with a
                warning that names them, and add them once they have joined. Default: False, which
                makes such an address fail in the preview.

        Raises:
            pulumi.RunError: An input has a type that cannot be used, the options ask for an import,
                or the management key is in the stack config in plain text. Values that break a
                rule, and a person whom another resource of the program manages, fail in the
                preview.
        """
        self._declare_part(
            resource_name,
            opts,
            workspace,
            {
                "user_ids": user_ids,
                "emails": emails,
                "exclusive": exclusive,
                "skip_missing": skip_missing,
            },
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
            workspace: A Workspace, or the id (UUID) or slug of one. The program itself looks up a
                slug.
            opts: Pulumi's resource options.

        Raises:
            pulumi.RunError: There is no such workspace, or it cannot be looked up.
        """
        return cls._read_part(resource_name, workspace, opts)


def _known_people(outputs: Mapping[str, Any]) -> list[Person]:
    given = {name: value for name, value in outputs.items() if value is not None}
    return [one for one in people_in(given) if one.user_id]
