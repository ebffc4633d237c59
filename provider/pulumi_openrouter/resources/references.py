"""How a program names a workspace: by the Workspace itself, its id or its slug."""

from __future__ import annotations

import pulumi

from pulumi_openrouter.resources.workspace import Workspace


def reference(workspace: Workspace | pulumi.Input[str]) -> pulumi.Input[str]:
    """Return what a child says of its workspace: the id of a Workspace, else what was given."""
    return workspace.id if isinstance(workspace, Workspace) else workspace


def child_options(
    opts: pulumi.ResourceOptions | None, workspace: Workspace | pulumi.Input[str]
) -> pulumi.ResourceOptions | None:
    """Let a child go with its workspace: deleting a workspace deletes its parts in one request.

    Not where the workspace stays: there the limit or the person would stay behind.
    """
    if not isinstance(workspace, Workspace) or not workspace.goes_with_stack:
        return opts
    if opts is not None and (opts.deleted_with is not None or opts.retain_on_delete):
        return opts
    return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(deleted_with=workspace))
