"""The Workspace resource: arguments in, outputs out; its lifecycle does the work."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pulumi
from pulumi import dynamic

from pulumi_openrouter.lifecycle.hints import OWNER
from pulumi_openrouter.lifecycle.workspace import WorkspaceProvider
from pulumi_openrouter.resources.dynamic import (
    refuse_plain_key,
    resolve_id,
    resource_type,
    with_outputs,
)
from pulumi_openrouter.resources.hints import hints
from pulumi_openrouter.resources.inputs import check_options, prepare
from pulumi_openrouter.slugs import slugify

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typing_extensions import Self


@resource_type
class Workspace(dynamic.Resource, module="openrouter", name="Workspace"):
    """A workspace of the organization: its name, its defaults and its logging.

    The Pulumi id is the workspace's UUID. Every input changes in place; nothing replaces a
    workspace. An input described as "left out: null" is authoritative: without it the field is
    null at the API, and a value set elsewhere is put back. One described as "left out: unchanged"
    is only managed while it is given.

    Deleting the resource deletes the workspace with its budgets and guardrails. OpenRouter refuses
    that for the default workspace and for one with active API keys; use
    `pulumi.ResourceOptions(retain_on_delete=True)` to let go of one without deleting it.

    API: https://openrouter.ai/docs/api-reference/workspaces

    Args:
        resource_name: The name in the program and in Pulumi's state.
        opts: Pulumi's options for any resource.
        name: What people see, 1 to 100 characters. Left out: the resource's name.
        slug: What stands in URLs: 1 to 50 of a-z and 0-9 in parts joined by single hyphens, unique
            in the organization. Left out: the resource's name and the stack's (`acme-dev`).
        description: At most 500 characters. Left out: null.
        default_text_model: Model for text where a request names none, as `openai/gpt-4o`. Left
            out: null, OpenRouter's own default.
        default_image_model: The same for images. Left out: null.
        default_provider_sort: What providers are sorted by: `price`, `throughput`, `latency` or
            `exacto`. Left out: null, OpenRouter's own balance.
        is_observability_io_logging_enabled: Whether prompts and completions are logged, in
            private. Left out: unchanged.
        is_observability_broadcast_enabled: Whether traces go to the broadcast destinations. Left
            out: unchanged.
        is_data_discount_logging_enabled: Whether OpenRouter may log data for its discount. Left
            out: unchanged.
        io_logging_sampling_rate: The share of requests to log, 0.0001 to 1 (all). Left out:
            unchanged.
        io_logging_api_key_ids: The numbers of the API keys whose requests are logged, in any
            order. Left out: null, all keys.
        disabled_server_tools: Server tools that are switched off, as `openrouter:web_search`, in
            any order. Left out or empty: null, none.
        adopt: Take over a workspace that has this slug already, instead of failing. For one run and
            without a change to the program: `OPENROUTER_ADOPT_EXISTING=1`.

    Raises:
        pulumi.RunError: No slug can be made of the resource's name, an input has a type that no
            input can have, or the options ask for an import.
    """

    name: pulumi.Output[str]
    """What people see."""

    slug: pulumi.Output[str]
    """What stands in URLs."""

    description: pulumi.Output[str | None]
    """The description, or None."""

    default_text_model: pulumi.Output[str | None]
    """Model for text where a request names none, or None."""

    default_image_model: pulumi.Output[str | None]
    """Model for images where a request names none, or None."""

    default_provider_sort: pulumi.Output[str | None]
    """What providers are sorted by, or None."""

    is_observability_io_logging_enabled: pulumi.Output[bool]
    """Whether prompts and completions are logged, in private."""

    is_observability_broadcast_enabled: pulumi.Output[bool]
    """Whether traces go to the broadcast destinations."""

    is_data_discount_logging_enabled: pulumi.Output[bool]
    """Whether OpenRouter may log data for its discount."""

    io_logging_sampling_rate: pulumi.Output[float]
    """The share of requests that is logged, 0.0001 to 1."""

    io_logging_api_key_ids: pulumi.Output[list[int] | None]
    """The numbers of the API keys whose requests are logged, sorted, or None for all."""

    disabled_server_tools: pulumi.Output[list[str] | None]
    """The server tools that are switched off, sorted, or None."""

    default_guardrail_id: pulumi.Output[str]
    """The UUID of the workspace's own guardrail."""

    include_byok_in_budgets: pulumi.Output[bool | None]
    """Whether spend on own provider keys counts towards the budgets; a WorkspaceBudget sets it."""

    created_at: pulumi.Output[str]
    """When it was created, ISO 8601 in UTC."""

    created_by: pulumi.Output[str | None]
    """The user id of who created it, or None."""

    managed_inputs: pulumi.Output[list[str]]
    """Those of the inputs that are unchanged when left out which the program gives."""

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        name: pulumi.Input[str] | None = None,
        slug: pulumi.Input[str] | None = None,
        description: pulumi.Input[str] | None = None,
        default_text_model: pulumi.Input[str] | None = None,
        default_image_model: pulumi.Input[str] | None = None,
        default_provider_sort: pulumi.Input[str] | None = None,
        is_observability_io_logging_enabled: pulumi.Input[bool] | None = None,
        is_observability_broadcast_enabled: pulumi.Input[bool] | None = None,
        is_data_discount_logging_enabled: pulumi.Input[bool] | None = None,
        io_logging_sampling_rate: pulumi.Input[float] | None = None,
        io_logging_api_key_ids: pulumi.Input[Sequence[pulumi.Input[int]]] | None = None,
        disabled_server_tools: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None,
        adopt: pulumi.Input[bool] | None = None,
    ) -> None:
        refuse_plain_key()
        label = f'Workspace "{resource_name}"'
        opts = check_options(label, opts)
        given: dict[str, object] = {
            "name": resource_name if name is None else name,
            "slug": _default_slug(resource_name) if slug is None else slug,
            "description": description,
            "default_text_model": default_text_model,
            "default_image_model": default_image_model,
            "default_provider_sort": default_provider_sort,
            "is_observability_io_logging_enabled": is_observability_io_logging_enabled,
            "is_observability_broadcast_enabled": is_observability_broadcast_enabled,
            "is_data_discount_logging_enabled": is_data_discount_logging_enabled,
            "io_logging_sampling_rate": io_logging_sampling_rate,
            "io_logging_api_key_ids": io_logging_api_key_ids,
            "disabled_server_tools": disabled_server_tools,
            "adopt": adopt,
        }
        inputs = prepare(label, given)
        hidden = hints(type(self), resource_name, opts, inputs, ["name"] if name is None else [])
        self._owner = cast("pulumi.Input[str]", hidden[OWNER])
        self._read_by = None
        super().__init__(
            WorkspaceProvider(),
            resource_name,
            with_outputs(type(self), {**inputs, **hidden}),
            _deleted_first(opts),
        )

    @classmethod
    def get(
        cls,
        resource_name: str,
        id: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> Self:
        """Read a workspace that something else manages.

        Args:
            resource_name: The name in the program and in Pulumi's state.
            id: The workspace's UUID or slug. A slug is looked up by the program itself.
            opts: Pulumi's options for any resource.

        Raises:
            pulumi.RunError: There is no such workspace, or it cannot be looked up.
        """
        refuse_plain_key()
        self = cls.__new__(cls)
        label = f'{cls.__name__}.get("{resource_name}")'
        found = resolve_id(label, id)
        self._owner = None
        self._read_by = found
        with_id = pulumi.ResourceOptions.merge(
            check_options(label, opts), pulumi.ResourceOptions(id=found)
        )
        dynamic.Resource.__init__(
            self, WorkspaceProvider(), resource_name, with_outputs(cls, {}), with_id
        )
        return self

    _owner: pulumi.Input[str] | None
    _read_by: pulumi.Input[str] | None

    @property
    def _known_id(self) -> pulumi.Input[str]:
        """The id; of a workspace that is only read, it is known in a preview on every CLI."""
        return self.id if self._read_by is None else self._read_by


def _deleted_first(opts: pulumi.ResourceOptions | None) -> pulumi.ResourceOptions:
    """Let a replacement delete the old workspace before it creates the new one.

    Slugs are unique in an organization, so the other order would fail.
    """
    if opts is not None and opts.delete_before_replace is not None:
        return opts
    return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(delete_before_replace=True))


def _default_slug(resource_name: str) -> str:
    slug = slugify(resource_name, pulumi.get_stack())
    if not slug:
        msg = (
            f'Workspace "{resource_name}": no slug can be made of this name and the stack\'s '
            f'("{pulumi.get_stack()}"); pass one, such as slug="acme-prod".'
        )
        raise pulumi.RunError(msg)
    return slug
