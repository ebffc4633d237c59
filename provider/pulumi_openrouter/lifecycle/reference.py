"""What resources share that belong to a workspace: how they name it, and when it is another one.

A program gives the workspace by id or by slug; what counts is which workspace it is.
"""

from __future__ import annotations

from pulumi_openrouter.errors import NotFoundError
from pulumi_openrouter.lifecycle.base import Lifecycle
from pulumi_openrouter.lifecycle.hints import OWNER, WORKSPACE, Hints
from pulumi_openrouter.lifecycle.properties import Properties
from pulumi_openrouter.lifecycle.register import Kind
from pulumi_openrouter.lifecycle.words import owner_text, shown
from pulumi_openrouter.slugs import is_uuid

RENAMED = "how the program names the same workspace"
"""A difference that only the state has to learn of; nothing is sent."""


class WorkspaceReferring(Lifecycle):
    """The base of the lifecycles of resources that belong to a workspace."""

    def differences(self, id_: str, olds: Properties, news: Properties) -> list[str]:
        """Return the inputs that differ; another name of the same workspace replaces nothing."""
        names = super().differences(id_, olds, news)
        if "workspace" in names and self._is_same(news.get("workspace"), self.place(id_, olds)):
            names.remove("workspace")
            if self._costs_a_look(news.get("workspace")):
                names.append(RENAMED)
        claim = self.own_claim(news)
        former = self.session.register.canonical(olds.get(WORKSPACE, "")) or None
        if claim is not None and OWNER in olds and former != claim.hints.leaves_with:
            names.append(RENAMED)
        return [*dict.fromkeys(names)]

    def workspace_of_new(self, reference: object, hints: Hints) -> str | None:
        """Return the id of the workspace that a new resource refers to, where it can be known."""
        if isinstance(reference, str):
            try:
                return self.session.workspace_id(reference)
            except NotFoundError:
                if self.session.register.claims_of(Kind.WORKSPACE, reference):
                    # This run creates it, or gives it this slug.
                    return None
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

    def _costs_a_look(self, reference: object) -> bool:
        """Return whether each run has to look up what is meant, until the state knows."""
        return (
            isinstance(reference, str)
            and not is_uuid(reference)
            and self.session.register.workspace_id(reference) is None
        )

    def _is_same(self, reference: object, workspace_id: str) -> bool:
        if not isinstance(reference, str):
            return False
        try:
            return self.session.workspace_id(reference) == workspace_id
        except NotFoundError as error:
            msg = (
                "If this program creates or renames that workspace, pass the Workspace itself (or "
                "its id) as workspace=, so that Pulumi knows the order."
            )
            raise error.with_next_step(msg) from None
