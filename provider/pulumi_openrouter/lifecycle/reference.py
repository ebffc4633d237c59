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
            if self._has_to_be_noted(news["workspace"], olds):
                names.append(RENAMED)
        claim = self.own_claim(news)
        if claim is not None and claim.hints.told and OWNER in olds:
            former = self.session.register.canonical(olds.get(WORKSPACE, "")) or None
            if former != self.leaves_with(olds, claim.hints, self.place(id_, olds)):
                names.append(RENAMED)
        return [*dict.fromkeys(names)]

    def leaves_with(self, olds: Properties, hints: Hints, workspace_id: str) -> str | None:
        """Return the owner of the Workspace that leaves the program with the resource, if any.

        Where the program names the workspace by its id or slug, it is the Workspace of the program
        that has this id. As long as none is known to have it, what the state says stays.
        """
        if hints.workspace is not None:
            return hints.leaves_with
        own = self.session.register.claims_of(Kind.WORKSPACE, workspace_id)
        if not own:
            return self.session.register.canonical(olds.get(WORKSPACE, "")) or None
        return None if own[0].hints.retained else own[0].owner

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

    def _has_to_be_noted(self, reference: str, olds: Properties) -> bool:
        """Return whether the state has to learn how the program names the same workspace now.

        It has to where a slug has changed, which a refresh would find again and again, and where
        each run would have to look up what a slug means.
        """
        if is_uuid(reference):
            return False
        return not is_uuid(str(olds.get("workspace"))) or (
            self.session.register.workspace_id(reference) is None
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
