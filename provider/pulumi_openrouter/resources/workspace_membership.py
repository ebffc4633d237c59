"""The WorkspaceMembership resource: arguments in, outputs out; its lifecycle does the work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pulumi
from pulumi import dynamic

from pulumi_openrouter.lifecycle.hints import OWNER, SIBLINGS
from pulumi_openrouter.lifecycle.workspace_membership import WorkspaceMembershipProvider
from pulumi_openrouter.resources.dynamic import (
    part_id,
    refuse_plain_key,
    resource_type,
    with_outputs,
)
from pulumi_openrouter.resources.hints import hints
from pulumi_openrouter.resources.inputs import check_options, label_of, prepare
from pulumi_openrouter.resources.references import child_options, reference, workspace_hints
from pulumi_openrouter.resources.siblings import PEOPLE, siblings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from typing_extensions import Self

    from pulumi_openrouter.resources.workspace import Workspace


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


@resource_type
class WorkspaceMembership(dynamic.Resource, module="openrouter", name="WorkspaceMembership"):
    """People in one workspace, by user id or by email address.

    The resource manages the people that it lists, any number of them, and leaves existing members
    unchanged. Nobody else is touched, unless `exclusive=True`. Roles are those of the organization
    and cannot be set here.

    The Pulumi id is `<workspace UUID>/members`. A different workspace replaces the resource; every
    other change is an update in place. Deleting the resource removes its people from the workspace.
    If its workspace is of the same program, is deleted in the same run and has active API keys,
    the people stay and the delete fails, because OpenRouter will refuse to delete the workspace.

    OpenRouter refuses to remove people who have active API keys in the workspace or who are managed
    through SCIM. Everybody is in the default workspace, so it takes no membership. Each person in a
    workspace may be managed by one resource of the program only.

    API: https://openrouter.ai/docs/api-reference/workspaces

    Args:
        resource_name: The name in the program and in Pulumi's state.
        opts: Pulumi's resource options.
        workspace: A Workspace, or the id (UUID) or slug of one.
        user_ids: User ids (`user_2dHF…`), without duplicates, in any order.
        emails: Email addresses of people in the organization, without duplicates, in any order and
            case. Pass either user_ids or emails.
        exclusive: Authoritative: anyone not listed is removed, and the list may be empty. The
            preview names everybody who will be removed. Default: False.
        skip_missing: Leave out email addresses that nobody in the organization has, with a warning
            that names them, and add them once they have joined. Default: False, which makes such an
            address fail in the preview.

    Raises:
        pulumi.RunError: An input has a type that cannot be used, the options ask for an import, or
            the management key is in the stack config in plain text. Values that break a rule, and
            a person whom another resource of the program manages, fail in the preview.
    """

    workspace: pulumi.Output[str]
    """The workspace as the program passed it: an id or a slug."""

    workspace_id: pulumi.Output[str]
    """The workspace's UUID."""

    user_ids: pulumi.Output[list[str] | None]
    """The user ids, sorted, if the program lists user ids."""

    emails: pulumi.Output[list[str] | None]
    """The email addresses, sorted, if the program lists email addresses."""

    exclusive: pulumi.Output[bool | None]
    """True if anyone not listed is removed."""

    skip_missing: pulumi.Output[bool | None]
    """True if email addresses that nobody has are left out."""

    @property
    def members(self) -> pulumi.Output[list[Member]]:
        """The people managed, in the order of the list; with `exclusive`, everybody.

        Secret if the list is secret. People who are not in the organization are left out.
        """
        return self._lists().apply(lambda found: [member for _, member in _members(*found)])

    @property
    def people(self) -> pulumi.Output[dict[str, str]]:
        """The email address by user id, or an empty string if the program lists user ids."""
        return self._lists().apply(
            lambda found: {
                member.user_id: name if found[1] is not None else ""
                for name, member in _members(*found)
            }
        )

    def _lists(self) -> pulumi.Output[list[Any]]:
        # The attribute `members` of the state is what stands beside the list: the entries without
        # what the list says already. The property of that name hides it.
        return pulumi.Output.all(self.user_ids, self.emails, self.__dict__["members"])

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        workspace: Workspace | pulumi.Input[str],
        user_ids: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None,
        emails: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None,
        exclusive: pulumi.Input[bool] | None = None,
        skip_missing: pulumi.Input[bool] | None = None,
    ) -> None:
        refuse_plain_key()
        label = label_of("WorkspaceMembership", resource_name)
        opts = check_options(label, opts)
        given: dict[str, object] = {
            "workspace": reference(label, workspace),
            "user_ids": user_ids,
            "emails": emails,
            "exclusive": exclusive,
            "skip_missing": skip_missing,
        }
        inputs = prepare(label, given)
        hidden = hints(type(self), resource_name, opts, inputs) | workspace_hints(workspace)
        own = cast("pulumi.Input[str]", hidden[OWNER])
        hidden[SIBLINGS] = siblings(
            self, own, opts=opts, workspace=workspace, inputs=inputs, claimable=PEOPLE
        )
        super().__init__(
            WorkspaceMembershipProvider(),
            resource_name,
            with_outputs(type(self), {"members": None, **inputs, **hidden}),
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
            workspace: A Workspace, or the id (UUID) or slug of one. The program itself looks up a
                slug.
            opts: Pulumi's resource options.

        Raises:
            pulumi.RunError: There is no such workspace, or it cannot be looked up.
        """
        refuse_plain_key()
        self = cls.__new__(cls)
        label = label_of(f"{cls.__name__}.get", resource_name)
        found = part_id(label, reference(label, workspace), "members")
        with_id = pulumi.ResourceOptions(id=found)
        dynamic.Resource.__init__(
            self,
            WorkspaceMembershipProvider(),
            resource_name,
            with_outputs(cls, {"members": None}),
            pulumi.ResourceOptions.merge(check_options(label, opts), with_id),
        )
        return self


def _members(
    user_ids: Sequence[str] | None,
    emails: Sequence[str] | None,
    entries: Sequence[Mapping[str, Any]] | None,
) -> list[tuple[str, Member]]:
    """Return the people of a list, by name; an empty entry beside it is somebody missing."""
    names = user_ids if emails is None else emails
    return [
        (
            name,
            Member(
                user_id=str(one.get("user_id", name)),
                role=one.get("role"),
                created_at=one.get("created_at"),
            ),
        )
        for name, one in zip(names or (), entries or (), strict=False)
        if one
    ]
