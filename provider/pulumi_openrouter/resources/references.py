"""How a program names the workspace of a budget or a membership."""

from __future__ import annotations

from inspect import isawaitable

import pulumi

from pulumi_openrouter.resources.dynamic import as_output
from pulumi_openrouter.resources.hints import child_hints
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
        return child_hints(workspace, workspace._owner)
    return {}
