"""The lifecycle of Workspace: one object at the API, found by its UUID.

Everything changes in place, with one PATCH that carries only what differs. What may be null is
authoritative: left out of the program means null at the API. What may not is left as it is.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pulumi_openrouter.errors import (
    AlreadyExistsError,
    AmbiguousError,
    ApiError,
    ForbiddenError,
    InvalidRequestError,
    NotFoundError,
    OpenRouterError,
)
from pulumi_openrouter.lifecycle import rules
from pulumi_openrouter.lifecycle.base import Created, Difference, Lifecycle, Live, Problem
from pulumi_openrouter.lifecycle.declaration import Change, Declaration, Input, LeftOut, Output
from pulumi_openrouter.lifecycle.hints import INCARNATION, OWNER, Hints
from pulumi_openrouter.lifecycle.properties import Properties, is_get, known_items
from pulumi_openrouter.lifecycle.register import Claim, Kind
from pulumi_openrouter.lifecycle.words import owner_text, shown

if TYPE_CHECKING:
    from pulumi_openrouter.api.models import Workspace

DECLARATION = Declaration(
    "Workspace",
    inputs=(
        Input(
            "name",
            str,
            "Display name, 1 to 100 characters. Default: the resource name.",
            LeftOut.DEFAULT,
            rule=rules.name,
        ),
        Input(
            "slug",
            str,
            "Identifier used in URLs, unique in the organization: 1 to 50 characters, lowercase "
            "letters and digits in parts joined by single hyphens. Default: the resource name and "
            "the stack name, as in `chat-prod`.",
            LeftOut.DEFAULT,
            rule=rules.slug,
        ),
        Input(
            "description",
            str,
            "At most 500 characters. Default: null.",
            rule=rules.description,
        ),
        Input(
            "default_text_model",
            str,
            "Model of text requests that name none, such as `openai/gpt-4o`. Default: null, which "
            "means OpenRouter's own default.",
            rule=rules.identifier,
        ),
        Input(
            "default_image_model",
            str,
            "Model of image requests that name none. Default: null.",
            rule=rules.identifier,
        ),
        Input(
            "default_provider_sort",
            str,
            "How providers are sorted: `price`, `throughput`, `latency` or `exacto`. Default: "
            "null, which means OpenRouter's own load balancing.",
            rule=rules.provider_sort,
        ),
        Input(
            "is_observability_io_logging_enabled",
            bool,
            "Whether OpenRouter logs prompts and completions for the workspace. Default: "
            "unchanged.",
            LeftOut.UNCHANGED,
        ),
        Input(
            "is_observability_broadcast_enabled",
            bool,
            "Whether traces are sent to the workspace's broadcast destinations. Default: "
            "unchanged.",
            LeftOut.UNCHANGED,
        ),
        Input(
            "is_data_discount_logging_enabled",
            bool,
            "Whether OpenRouter may log data in return for its discount. Default: unchanged.",
            LeftOut.UNCHANGED,
        ),
        Input(
            "io_logging_sampling_rate",
            float,
            "Share of requests to log, from 0.0001 to 1 (every request). Default: unchanged.",
            LeftOut.UNCHANGED,
            rule=rules.sampling_rate,
        ),
        Input(
            "io_logging_api_key_ids",
            list[int],
            "Numeric ids of the API keys whose requests are logged, without duplicates, in any "
            "order. Default: null, which means all keys.",
            rule=rules.distinct,
        ),
        Input(
            "disabled_server_tools",
            list[str],
            "Server tools to disable, such as `openrouter:web_search`, without duplicates, in any "
            "order. A name that this version does not know is a warning. Default, and the same as "
            "an empty list: null, which means none.",
            rule=rules.tools,
            item_rule=rules.identifier,
        ),
        Input(
            "adopt",
            bool,
            "Whether to adopt a workspace that has this slug already, instead of failing. The "
            "preview lists the fields that will change. What the program omits stays as it is in "
            "that run and is a difference in the next preview. To adopt in one run without "
            "changing the program, set `OPENROUTER_ADOPT_EXISTING=1`. Default: False.",
            LeftOut.FALSE,
            Change.NONE,
        ),
    ),
    outputs=(
        Output("name", "str", "The display name."),
        Output("slug", "str", "The identifier used in URLs."),
        Output("description", "str | None", "The description, or None."),
        Output(
            "default_text_model",
            "str | None",
            "The model of text requests that name none, or None.",
        ),
        Output(
            "default_image_model",
            "str | None",
            "The model of image requests that name none, or None.",
        ),
        Output("default_provider_sort", "str | None", "How providers are sorted, or None."),
        Output(
            "is_observability_io_logging_enabled",
            "bool",
            "Whether OpenRouter logs prompts and completions for the workspace.",
        ),
        Output(
            "is_observability_broadcast_enabled",
            "bool",
            "Whether traces are sent to the workspace's broadcast destinations.",
        ),
        Output(
            "is_data_discount_logging_enabled",
            "bool",
            "Whether OpenRouter may log data in return for its discount.",
        ),
        Output(
            "io_logging_sampling_rate",
            "float",
            "The share of requests that is logged, from 0.0001 to 1.",
        ),
        Output(
            "io_logging_api_key_ids",
            "list[int] | None",
            "The numeric ids of the API keys whose requests are logged, sorted, or None for all.",
        ),
        Output(
            "disabled_server_tools",
            "list[str] | None",
            "The server tools that are disabled, sorted, or None.",
        ),
        Output("default_guardrail_id", "str", "The UUID of the workspace's own guardrail."),
        Output(
            "include_byok_in_budgets",
            "bool | None",
            "Whether spend on your own provider keys counts; a WorkspaceBudget can set it.",
        ),
        Output("created_at", "str", "When the workspace was created, ISO 8601 in UTC."),
        Output(
            "created_by",
            "str | None",
            "The id of the user who created the workspace, or None.",
        ),
    ),
)

NULLABLE = DECLARATION.left_out_as(LeftOut.NULL)

OPTIONAL = DECLARATION.tracked

FIELDS = ("name", "slug", *NULLABLE, *OPTIONAL)
"""The fields of the API that a program can set."""

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


class WorkspaceLifecycle(Lifecycle):
    """The lifecycle of `Workspace`."""

    declaration = DECLARATION
    kind = Kind.WORKSPACE

    def claim(self, inputs: Properties, hints: Hints) -> Claim:
        """Claim the slug; the id is added once it is known."""
        slug = inputs.get("slug")
        return Claim(self.kind, hints, slug if isinstance(slug, str) else None)

    def blamed(self, inputs: Properties, thing: str | None) -> str:  # noqa: ARG002
        """Blame the slug, which is all that a workspace is claimed by."""
        return "slug"

    def place(self, id_: str, outputs: Properties) -> str:  # noqa: ARG002
        """Return the id of the workspace, which is the Pulumi id."""
        return id_

    def look(self, before: Properties, inputs: Properties, hints: Hints) -> Iterator[Problem]:
        """Announce what adopting the workspace that has the slug will change."""
        self._warn_of_unknown_tools(before, inputs, hints)
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
        fields = _outputs(existing, {})
        changes = [
            f"{name}: {shown(fields.get(name), secret=hints.hides(name))} -> "
            f"{shown(value, secret=hints.hides(name))}"
            for name, value in _adopted_changes(existing, inputs, hints).items()
        ]
        self.session.notices.add(
            f"{owner_text(hints.owner)} adopts the existing workspace "
            f"{shown(slug, secret=hints.hides('slug'))} ({existing.id}) "
            + (f"and changes {'; '.join(changes)}." if changes else "as it is.")
        )

    def diff(self, id_: str, olds: Properties, news: Properties) -> Difference:
        """Compare the fields; two workspaces that swap their slugs cannot do so in one run."""
        result = super().diff(id_, olds, news)
        move = olds.get("slug"), news.get("slug")
        if self.own_claim(news) and move[0] != move[1]:
            self.session.moves.add(move)
            if move[::-1] in self.session.moves:
                msg = (
                    "two workspaces of this program swap the slugs "
                    f'"{move[0]}" and "{move[1]}". {SWAPPED}'
                )
                raise OpenRouterError(msg)
        return result

    def create(self, props: Properties) -> Created:
        """Create the workspace, or adopt the one with its slug where the program asks for that."""
        fields = {name: props[name] for name in FIELDS if name in props}
        try:
            workspace = self.session.client.workspaces.create(fields)
        except (InvalidRequestError, AmbiguousError) as error:
            workspace = self._take_over(props, error)
        else:
            self.session.created[workspace.id] = workspace.include_byok_in_budgets
            self.session.register.identify(self.kind, self.hints(props).owner, workspace.id)
        return Created(workspace.id, _outputs(workspace, props) | self.born(props, workspace.id))

    def read(self, id_: str, olds: Properties) -> Live | None:
        """Return the live workspace, and as inputs the live values of what the program manages."""
        try:
            workspace = self.session.client.snapshots.workspace(id_)
        except NotFoundError:
            if is_get(olds):
                raise
            return None
        return self.found(olds, _outputs(workspace, olds))

    def update(self, id_: str, olds: Properties, news: Properties) -> Properties:
        """Send what differs, and nothing where only what is managed has changed."""
        changed = {
            name: news.get(name)
            for name in self.differences(id_, olds, news)
            if name in news or name in NULLABLE
        }
        carried = self.carried(olds, news, id_)
        if not changed:
            names = self.declaration.state_outputs
            return {name: olds[name] for name in names if name in olds} | carried
        try:
            workspace = self.session.client.workspaces.update(id_, changed)
        except NotFoundError as error:
            msg = "Run `pulumi up --refresh` to create it again."
            raise error.with_next_step(msg) from None
        except InvalidRequestError as error:
            if "slug" in changed and _is_about_slug(error):
                raise error.with_next_step(SLUG_IN_USE) from None
            raise
        return _outputs(workspace, {**olds, **news}) | carried

    def delete(self, id_: str, olds: Properties) -> None:
        """Delete the workspace with all it holds; one that is gone already is fine."""
        slug = str(olds.get("slug"))
        if holder := self._holder(id_, slug, olds):
            named = shown(slug, secret=Hints.of(olds).hides("slug"))
            self.session.notices.add(
                f"workspace {named} ({id_}) is kept: it belongs to {owner_text(holder)} now."
            )
            return
        try:
            self.session.client.workspaces.delete(id_)
        except NotFoundError:
            # Only the workspace itself can say that it is gone: a gateway may answer this as well.
            if not self.session.is_gone(id_):
                raise
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

    def _holder(self, id_: str, slug: str, olds: Properties) -> str | None:
        """Return the other resource of this run that has this workspace by its id or slug.

        By the slug it is one that has been renamed without an alias. A resource that is replaced
        goes whoever has its slug.
        """
        owner, incarnation = olds.get(OWNER), olds.get(INCARNATION)
        held = self.session.register.holders(self.kind, id_, owner, incarnation)
        if held:
            return held[0].owner
        if owner is not None and self.session.register.was_checked(owner):
            return None
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
            raise AlreadyExistsError(_conflict(existing, equal=_matches(existing, props))) from None
        collisions = self.session.register.identify(self.kind, hints.owner, existing.id)
        if collisions:
            raise AlreadyExistsError(_held(existing, collisions[0].other.owner)) from None
        changed = _adopted_changes(existing, props, hints)
        return client.workspaces.update(existing.id, changed) if changed else existing

    def _warn_of_unknown_tools(self, before: Properties, inputs: Properties, hints: Hints) -> None:
        """Warn of server tools that this version does not know: one may be misspelled, or new."""
        tools = inputs.get("disabled_server_tools")
        if tools == before.get("disabled_server_tools"):
            return
        secret = hints.hides("disabled_server_tools")
        for tool in known_items(tools):
            if tool not in SERVER_TOOLS:
                nearest = difflib.get_close_matches(tool, SERVER_TOOLS, n=1)
                meant = f' Did you mean "{nearest[0]}"?' if nearest and not secret else ""
                self.session.notices.add(
                    f"{owner_text(hints.owner)}: disabled_server_tools has "
                    f"{shown(tool, secret=secret)}, which is not a server tool that this version "
                    f"knows; OpenRouter decides whether it exists.{meant}"
                )


def _adopted_changes(existing: Workspace, props: Properties, hints: Hints) -> Properties:
    """Return the fields that an adoption sets: those that the program gives, with other values.

    A field that the program leaves out stays as it is; the next preview shows it as a difference.
    """
    outputs = _outputs(existing, {})
    return {
        name: props[name]
        for name in FIELDS
        if name in props and name not in hints.left_out and props[name] != outputs.get(name)
    }


def _matches(existing: Workspace, props: Properties) -> bool:
    """Return whether a workspace is what the program states."""
    outputs = _outputs(existing, {})
    names = ("name", *NULLABLE, *(name for name in OPTIONAL if name in props))
    return all(props.get(name) == outputs.get(name) for name in names)


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
        "it: set adopt=True, or run once with OPENROUTER_ADOPT_EXISTING=1; or bring it in "
        "unchanged with `pulumi-openrouter import`. Otherwise choose a different slug."
    )


def _outputs(workspace: Workspace, known: Properties) -> Properties:
    """Return the outputs: what the API says, with lists in the order in which inputs have them.

    If the API omits a field that always has a value, the last known value is kept.
    """
    kept = {name: known[name] for name in ("name", "slug", *OPTIONAL) if name in known}
    told = {name: getattr(workspace, name) for name in DECLARATION.state_outputs}
    return kept | {
        name: sorted(value) if isinstance(value, tuple) else value
        for name, value in told.items()
        # To the API an empty list of tools and none are the same.
        if value is not None and (name, value) != ("disabled_server_tools", ())
    }
