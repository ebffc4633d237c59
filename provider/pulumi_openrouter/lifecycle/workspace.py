"""What Pulumi calls for a Workspace: one object at the API, found by its UUID.

Everything changes in place, with one PATCH that carries only what differs. What may be null is
authoritative: left out of the program means null at the API. What may not is left as it is.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any, ClassVar

from pulumi import dynamic

from pulumi_openrouter.errors import (
    AlreadyExistsError,
    AmbiguousError,
    ApiError,
    ForbiddenError,
    InvalidRequestError,
    NotFoundError,
    OpenRouterError,
)
from pulumi_openrouter.lifecycle.base import (
    Change,
    Lifecycle,
    Problem,
    Properties,
    is_get,
    known_items,
)
from pulumi_openrouter.lifecycle.hints import INCARNATION, OWNER, Hints, hidden, owner_text
from pulumi_openrouter.lifecycle.notices import Notices, shown
from pulumi_openrouter.lifecycle.register import Claim, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pulumi_openrouter.api.models import Workspace

SWAPPED = "To swap two slugs, give one of the two a temporary slug first and run `pulumi up`."

SLUG_IN_USE = (
    "If another workspace of this program moves away from that slug, run `pulumi up` again. "
    + SWAPPED
)

UNDELETABLE = (
    'If "{slug}" is the default workspace, it cannot be deleted: set retain_on_delete=True on it '
    "and run `pulumi up` before you take it out. Otherwise check that the key is a management key."
)

SERVER_TOOLS = tuple(
    f"openrouter:{name}"
    for name in (
        "advisor",
        "apply_patch",
        "bash",
        "datetime",
        "experimental__search_models",
        "fusion",
        "image_generation",
        "shell",
        "subagent",
        "tool_search",
        "web_fetch",
        "web_search",
    )
)
"""The server tools that this version knows. The list grows, so the resource takes any."""

NULLABLE = (
    "description",
    "default_text_model",
    "default_image_model",
    "default_provider_sort",
    "io_logging_api_key_ids",
    "disabled_server_tools",
)
"""The fields that a program leaves out to have null at the API."""

OPTIONAL = (
    "is_observability_io_logging_enabled",
    "is_observability_broadcast_enabled",
    "is_data_discount_logging_enabled",
    "io_logging_sampling_rate",
)
"""The fields that a program leaves out to leave them as they are."""

FIELDS = ("name", "slug", *NULLABLE, *OPTIONAL)
"""All fields that a program can set."""

COMPUTED = ("created_at", "created_by", "default_guardrail_id", "include_byok_in_budgets")


class WorkspaceProvider(Lifecycle):
    """The lifecycle of `Workspace`."""

    changes: ClassVar[Mapping[str, Change]] = {
        "name": Change.UPDATE,
        "slug": Change.UPDATE,
        **dict.fromkeys(NULLABLE, Change.UPDATE),
        **dict.fromkeys(OPTIONAL, Change.UPDATE),
        "adopt": Change.NONE,
    }
    optional = OPTIONAL
    manageable = OPTIONAL
    kind = Kind.WORKSPACE

    def claim(self, inputs: Properties, hints: Hints) -> Claim:
        """Claim the slug; the id is added once it is known."""
        slug = inputs.get("slug")
        return Claim(self.kind, hints, slug if isinstance(slug, str) else None)

    def blamed(self, inputs: Properties, thing: str | None) -> str:  # noqa: ARG002
        """Blame the slug, which is all that a workspace is claimed by."""
        return "slug"

    def place(self, id_: str) -> str:
        """Return the id of the workspace, which is the Pulumi id."""
        return id_

    def look(self, before: Properties, inputs: Properties, hints: Hints) -> Iterator[Problem]:
        """Announce what adopting the workspace that has the slug will change."""
        warn_of_unknown_tools(self.session.notices, before, inputs, hints)
        slug = inputs.get("slug")
        adopts = inputs.get("adopt") is True or self.session.settings.adopt_existing
        if before or not adopts or not isinstance(slug, str):
            return
        try:
            existing = self.session.client.workspaces.get(slug)
        except NotFoundError:
            return
        collisions = self.session.register.identify(self.kind, hints.owner, existing.id)
        if collisions:
            yield "slug", _held(existing, collisions[0].other.owner)
            return
        changed = _adopted_changes(existing, inputs, hints)
        fields = _outputs(existing, {}, [])
        changes = [
            f"{name}: {shown(fields.get(name))} -> {shown(value, secret=hints.hides(name))}"
            for name, value in changed.items()
        ]
        self.session.notices.add(
            f"{owner_text(hints.owner)} adopts the existing workspace "
            f"{shown(slug, secret=hints.hides('slug'))} ({existing.id}) "
            + (f"and changes {'; '.join(changes)}." if changes else "as it is.")
        )

    def diff(self, id_: str, olds: Properties, news: Properties) -> dynamic.DiffResult:
        """Compare the fields; two workspaces that swap their slugs cannot do so in one run."""
        result = super().diff(id_, olds, news)
        move = olds.get("slug"), news.get("slug")
        if self.session.register.claim_of(self.kind, news.get(OWNER, "")) and move[0] != move[1]:
            self.session.moves.add(move)
            if move[::-1] in self.session.moves:
                msg = (
                    "two workspaces of this program swap the slugs "
                    f'"{move[0]}" and "{move[1]}". {SWAPPED}'
                )
                raise OpenRouterError(msg)
        return result

    def create(self, props: Properties) -> dynamic.CreateResult:
        """Create the workspace, or adopt the one with its slug where the program asks for that."""
        fields = {name: props[name] for name in FIELDS if name in props}
        try:
            workspace = self.session.client.workspaces.create(_sent(fields))
        except (InvalidRequestError, AmbiguousError) as error:
            workspace = self._take_over(props, error)
        else:
            self.session.created[workspace.id] = workspace.include_byok_in_budgets
            self.session.register.identify(self.kind, self.hints(props).owner, workspace.id)
        outputs = _outputs(workspace, props, self.managed_inputs(props))
        return dynamic.CreateResult(workspace.id, {**outputs, **self.born(props, workspace.id)})

    def read(self, id_: str, props: Properties) -> dynamic.ReadResult:
        """Return the live workspace, and as inputs the live values of what the program manages."""
        try:
            workspace = self.session.client.snapshots.workspace(id_)
        except NotFoundError:
            if is_get(props):
                raise
            return dynamic.ReadResult(None, {})
        managed = [*OPTIONAL] if is_get(props) else props.get("managed_inputs", [])
        outputs = {**_outputs(workspace, props, managed), **hidden(props)}
        names = ("name", "slug", *NULLABLE, *managed, OWNER)
        inputs = {name: outputs[name] for name in names if name in outputs}
        return dynamic.ReadResult(id_, outputs, inputs)

    def update(self, id_: str, olds: Properties, news: Properties) -> dynamic.UpdateResult:
        """Send what differs, and nothing where only what is managed has changed."""
        changed = {
            name: news.get(name)
            for name in self.differences(olds, news)
            if name in news or name in NULLABLE
        }
        managed = self.managed_inputs(news)
        carried = self.carried(olds, news, id_)
        if not changed:
            return dynamic.UpdateResult({**olds, "managed_inputs": managed, **carried})
        try:
            workspace = self.session.client.workspaces.update(id_, _sent(changed))
        except NotFoundError as error:
            msg = "Run `pulumi up --refresh` to create it again."
            raise error.with_next_step(msg) from None
        except InvalidRequestError as error:
            if "slug" in changed and _is_about_slug(error):
                raise error.with_next_step(SLUG_IN_USE) from None
            raise
        outputs = _outputs(workspace, {**olds, **news}, managed)
        return dynamic.UpdateResult({**outputs, **carried})

    def delete(self, id_: str, props: Properties) -> None:
        """Delete the workspace with all it holds; one that is gone already is fine."""
        slug = str(props.get("slug"))
        if holder := self._holder(id_, slug, props):
            self.session.notices.add(
                f'workspace "{slug}" ({id_}) is kept: it belongs to {owner_text(holder)} now.'
            )
            return
        try:
            self.session.client.workspaces.delete(id_)
        except NotFoundError:
            return
        except ForbiddenError as error:
            raise error.with_next_step(UNDELETABLE.format(slug=slug)) from None
        except InvalidRequestError as error:
            if "default workspace" in error.words.lower():
                raise error.with_next_step(UNDELETABLE.format(slug=slug)) from None
            msg = (
                f'Delete the API keys of workspace "{slug}" first. To keep the workspace, set '
                "retain_on_delete=True on it, its budgets and its memberships, run `pulumi up`, "
                "and then take them out."
            )
            raise error.with_next_step(msg) from None

    def _holder(self, id_: str, slug: str, props: Properties) -> str | None:
        """Return the other resource of this run that has this workspace by its id or slug.

        It may have adopted the workspace in an earlier run, whose deletes were never reached.
        """
        owner, incarnation = props.get(OWNER), props.get(INCARNATION)
        held = self.session.register.holders(self.kind, id_, owner, incarnation)
        if held:
            return held[0].owner
        by_slug = self.session.register.holders(self.kind, slug, owner, incarnation)
        if not by_slug:
            return None
        try:
            live = self.session.client.workspaces.get(id_)
        except NotFoundError:
            return None
        return by_slug[0].owner if live.slug == slug else None

    def _take_over(self, props: Properties, refusal: ApiError) -> Workspace:
        """Adopt the workspace whose slug is in the way, or explain why it cannot be created."""
        client = self.session.client
        try:
            existing = client.workspaces.get(str(props["slug"]))
        except ApiError:
            # Report the original refusal, not the failure of this lookup.
            raise refusal from None
        hints = self.hints(props)
        if not (props.get("adopt") or self.session.settings.adopt_existing):
            if isinstance(refusal, InvalidRequestError) and not _is_about_slug(refusal):
                msg = f"{refusal.next_step} Besides, {_exists(existing)}."
                raise refusal.with_next_step(msg) from None
            raise AlreadyExistsError(
                _conflict(existing, equal=self._matches(existing, props))
            ) from None
        collisions = self.session.register.identify(self.kind, hints.owner, existing.id)
        if collisions:
            raise AlreadyExistsError(_held(existing, collisions[0].other.owner)) from None
        changed = _adopted_changes(existing, props, hints)
        return client.workspaces.update(existing.id, _sent(changed)) if changed else existing

    def _matches(self, existing: Workspace, props: Properties) -> bool:
        outputs = _outputs(existing, {}, [])
        names = ("name", *NULLABLE, *self.managed_inputs(props))
        return all(props.get(name) == outputs.get(name) for name in names)


def warn_of_unknown_tools(
    notices: Notices, before: Properties, inputs: Properties, hints: Hints
) -> None:
    """Warn of server tools that this version does not know: one may be misspelled, or new."""
    tools = inputs.get("disabled_server_tools")
    if tools == before.get("disabled_server_tools"):
        return
    for tool in known_items(tools):
        if tool not in SERVER_TOOLS:
            nearest = difflib.get_close_matches(tool, SERVER_TOOLS, n=1)
            secret = hints.hides("disabled_server_tools")
            meant = f' Did you mean "{nearest[0]}"?' if nearest and not secret else ""
            name = shown(tool, secret=secret)
            notices.add(
                f"disabled_server_tools: {name} is not a server tool that this version knows; "
                f"OpenRouter decides whether it exists.{meant}"
            )


def _adopted_changes(existing: Workspace, props: Properties, hints: Hints) -> dict[str, Any]:
    """Return the fields that an adoption sets: those that the program gives, with other values.

    A field that the program leaves out stays as it is; the next preview shows it as a difference.
    """
    outputs = _outputs(existing, {}, [])
    return {
        name: props[name]
        for name in FIELDS
        if name in props and name not in hints.left_out and props[name] != outputs.get(name)
    }


def _sent(fields: Properties) -> Properties:
    """Return fields as the API takes them: Pulumi makes floats of whole numbers."""
    key_ids = fields.get("io_logging_api_key_ids")
    return {**fields, "io_logging_api_key_ids": [*map(int, key_ids)]} if key_ids else fields


def _is_about_slug(refusal: ApiError) -> bool:
    # The API refuses a taken slug with the same status as any wrong value; only its words differ.
    return "slug" in refusal.words.lower()


def _exists(existing: Workspace) -> str:
    return (
        f'a workspace with the slug "{existing.slug}" exists already: "{existing.name}" '
        f"({existing.id}), created {existing.created_at} by "
        f"{existing.created_by or 'an unknown user'}"
    )


def _held(existing: Workspace, owner: str) -> str:
    return (
        f'workspace "{existing.slug}" ({existing.id}) is managed by {owner_text(owner)} in this '
        "program already. Choose a different slug, or remove one of the two resources. If that "
        "resource moves to another slug in this run, run `pulumi up` before you add this one."
    )


def _conflict(existing: Workspace, *, equal: bool) -> str:
    matches = (
        "It matches this program, so either an interrupted run of this stack created it, or "
        "another stack manages it."
        if equal
        else "It does not match this program."
    )
    return (
        f'creating workspace "{existing.slug}": {_exists(existing)}. {matches} If you '
        "renamed the resource, give it an alias. If no other stack manages the workspace, adopt "
        "it: set adopt=True, or run once with OPENROUTER_ADOPT_EXISTING=1. Otherwise choose a "
        "different slug."
    )


def _outputs(workspace: Workspace, known: Properties, managed: list[str]) -> dict[str, Any]:
    """Return the outputs: what the API says, with lists in the order in which inputs have them.

    If the API omits a field that always has a value, the last known value is kept.
    """
    outputs = {name: known[name] for name in ("name", "slug", *OPTIONAL) if name in known}
    for name in ("name", "slug", *NULLABLE, *OPTIONAL, *COMPUTED):
        value = getattr(workspace, name)
        if value is not None:
            outputs[name] = sorted(value) if isinstance(value, tuple) else value
    if not outputs.get("disabled_server_tools", True):
        del outputs["disabled_server_tools"]
    return {**outputs, "managed_inputs": managed}
