"""How a program names the workspace of a budget or a membership."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi


@dataclass(frozen=True)
class WorkspaceReference:
    """A workspace, as what belongs to it refers to it.

    Attributes:
        id: The id, or what the program gives in its place, which may be a slug.
        keys: What two references to one workspace have in common, as far as the program says it.
        owner: The owner of the workspace, where the same program manages it.
        retained: Whether the workspace stays when it leaves the program, by `retain_on_delete`.
        protected: Whether nothing may delete the workspace.
    """

    id: pulumi.Input[str]
    keys: frozenset[object] = frozenset()
    owner: pulumi.Input[str] | None = None
    retained: bool = False
    protected: bool = False

    def hints(self) -> dict[str, object]:
        """Return what a child tells the provider of its workspace."""
        if self.owner is None:
            return {}
        return {"workspace": self.owner, "retained": self.retained or None}

    def options(self, opts: pulumi.ResourceOptions | None) -> pulumi.ResourceOptions | None:
        """Let the parts of a protected workspace be protected as well, unless the program says no.

        A destroy deletes the parts of a workspace before it finds that the workspace is protected.
        """
        if not self.protected or (opts is not None and opts.protect is not None):
            return opts
        return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(protect=True))
