"""How a program names the workspace of a budget or a membership."""

from __future__ import annotations

from inspect import isawaitable

import pulumi

from pulumi_openrouter.lifecycle.hints import RETAINED, WORKSPACE
from pulumi_openrouter.resources.dynamic import as_output
from pulumi_openrouter.resources.workspace import Workspace


def reference(label: str, workspace: Workspace | pulumi.Input[str]) -> pulumi.Input[str]:
    """Return what a child says of its workspace: the id of a Workspace, else what was given.

    Raises:
        pulumi.RunError: It is neither a Workspace nor text.
    """
    if isinstance(workspace, Workspace):
        return workspace._known_id
    if isinstance(workspace, pulumi.Output) or isawaitable(workspace):
        return as_output(workspace)
    if not isinstance(workspace, str):
        found = "None" if workspace is None else f"a {type(workspace).__name__}"
        msg = f"{label}: workspace must be a Workspace, or the id or slug of one, not {found}"
        raise pulumi.RunError(msg)
    return workspace


def workspace_hints(workspace: Workspace | pulumi.Input[str]) -> dict[str, object]:
    """Return the hidden inputs of a child whose workspace the same program manages."""
    if isinstance(workspace, Workspace) and workspace._owner is not None:
        return {WORKSPACE: workspace._owner, RETAINED: workspace._retained or None}
    return {}


def child_options(
    opts: pulumi.ResourceOptions | None, workspace: Workspace | pulumi.Input[str]
) -> pulumi.ResourceOptions | None:
    """Let the parts of a protected workspace be protected as well, unless the program says no.

    A destroy deletes the parts of a workspace before it finds that the workspace is protected.
    """
    protected = isinstance(workspace, Workspace) and workspace._protect
    if not protected or (opts is not None and opts.protect is not None):
        return opts
    return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(protect=True))
