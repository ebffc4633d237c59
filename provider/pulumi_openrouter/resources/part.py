"""What budgets and memberships share: each is a part of one workspace."""

from __future__ import annotations

from collections.abc import Mapping
from inspect import isawaitable
from typing import TYPE_CHECKING, ClassVar, cast

import pulumi

from pulumi_openrouter.resources.inputs import prepare
from pulumi_openrouter.resources.references import WorkspaceReference
from pulumi_openrouter.resources.resource import OpenRouterResource, as_output, checked, resolve_id
from pulumi_openrouter.resources.siblings import sibling_hints
from pulumi_openrouter.resources.workspace import Workspace

if TYPE_CHECKING:
    from typing_extensions import Self


class WorkspacePartResource(OpenRouterResource):
    """The base of the resources that are parts of a workspace."""

    _part: ClassVar[str]
    """The last part of the Pulumi id."""

    _claimable: ClassVar[tuple[str, ...]]
    """The inputs that name what the resource claims."""

    _beside: ClassVar[tuple[str, ...]] = ()
    """The outputs that stand beside these inputs and say more of what is claimed."""

    @property
    def workspace_id(self) -> pulumi.Output[str]:
        """The workspace's UUID."""
        return self.id.apply(lambda found: found.partition("/")[0])

    def _declare_part(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None,
        workspace: Workspace | pulumi.Input[str],
        given: Mapping[str, object],
    ) -> None:
        label, opts = checked(type(self).__name__, resource_name, opts)
        reference = reference_to(label, workspace)
        inputs = prepare(label, {"workspace": reference.id, **given})
        claimed = {name: inputs[name] for name in self._claimable}
        others = sibling_hints(self._provider_type, resource_name, reference.keys, claimed)
        opts = reference.options(opts)
        if self._beside and any(isinstance(one, pulumi.Output) for one in claimed.values()):
            # It may be secret, and then what stands beside it must not say who is on the list.
            hidden = pulumi.ResourceOptions(additional_secret_outputs=[*self._beside])
            opts = pulumi.ResourceOptions.merge(opts, hidden)
        self._declare(resource_name, opts, inputs, {**reference.hints(), **others})

    @classmethod
    def _read_part(
        cls,
        resource_name: str,
        workspace: Workspace | pulumi.Input[str],
        opts: pulumi.ResourceOptions | None,
    ) -> Self:
        label, opts = checked(f"{cls.__name__}.get", resource_name, opts, reads=True)
        workspace_id = as_output(resolve_id(label, reference_to(label, workspace).id))
        return cls._read(resource_name, workspace_id.apply(lambda id_: f"{id_}/{cls._part}"), opts)


def reference_to(label: str, workspace: Workspace | pulumi.Input[str]) -> WorkspaceReference:
    """Return what a child says of its workspace.

    Raises:
        pulumi.RunError: It is neither a Workspace nor text.
    """
    if isinstance(workspace, Workspace):
        return workspace._reference
    if isinstance(workspace, str):
        return WorkspaceReference(workspace, frozenset({workspace.lower()}))
    if isinstance(workspace, pulumi.Output) or isawaitable(workspace):
        # An output of a Workspace is one of its keys.
        return WorkspaceReference(
            as_output(cast("pulumi.Input[str]", workspace)), frozenset({workspace})
        )
    found = "None" if workspace is None else f"a {type(workspace).__name__}"
    msg = f"{label}: workspace must be a Workspace, or the id or slug of one, not {found}"
    raise pulumi.RunError(msg)
