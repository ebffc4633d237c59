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
from pulumi_openrouter.resources.inputs import check_options, label_of, prepare
from pulumi_openrouter.slugs import slugify

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typing_extensions import Self


@resource_type
class Workspace(dynamic.Resource, module="openrouter", name="Workspace"):
    """A workspace of the organization: its name, its defaults and its logging.

    The Pulumi id is the workspace's UUID. Every input is updated in place; no change of an input
    replaces a workspace. A replacement that is forced, by `--replace` for example, deletes the old
    workspace first, because slugs are unique in an organization.

    Omitting an input that is described as "Default: null" sets the field to null. A value set by
    hand is drift, and `pulumi up --refresh` reverts it. An input that is described as "Default:
    unchanged" is only managed while the program passes it.

    Deleting the resource deletes the workspace. OpenRouter then deletes its guardrails as well and
    disables its classifiers and broadcast destinations. It refuses to delete the default workspace
    and a workspace with active API keys. To stop managing a workspace without deleting it, set
    `pulumi.ResourceOptions(retain_on_delete=True)` on it, its budgets and its memberships. With
    `protect=True`, its budgets and memberships are protected too, unless they set `protect=False`.

    API: https://openrouter.ai/docs/api-reference/workspaces

    Args:
        resource_name: The name in the program and in Pulumi's state.
        opts: Pulumi's resource options.
        name: Display name, 1 to 100 characters. Default: the resource name.
        slug: Identifier used in URLs, unique in the organization: 1 to 50 characters, lowercase
            letters and digits in parts joined by single hyphens. Default: the resource name and the
            stack name, as in `chat-prod`.
        description: At most 500 characters. Default: null.
        default_text_model: Model of text requests that name none, such as `openai/gpt-4o`.
            Default: null, which means OpenRouter's own default.
        default_image_model: Model of image requests that name none. Default: null.
        default_provider_sort: How providers are sorted: `price`, `throughput`, `latency` or
            `exacto`. Default: null, which means OpenRouter's own load balancing.
        is_observability_io_logging_enabled: Whether OpenRouter logs prompts and completions for
            the workspace. Default: unchanged.
        is_observability_broadcast_enabled: Whether traces are sent to the workspace's broadcast
            destinations. Default: unchanged.
        is_data_discount_logging_enabled: Whether OpenRouter may log data in return for its
            discount. Default: unchanged.
        io_logging_sampling_rate: Share of requests to log, from 0.0001 to 1 (every request).
            Default: unchanged.
        io_logging_api_key_ids: Numeric ids of the API keys whose requests are logged, without
            duplicates, in any order. Default: null, which means all keys.
        disabled_server_tools: Server tools to disable, such as `openrouter:web_search`, without
            duplicates, in any order. A name that this version does not know is a warning. Default,
            and the same as an empty list: null, which means none.
        adopt: Whether to adopt a workspace that has this slug already, instead of failing. The
            preview lists the fields that will change. What the program omits stays as it is in
            that run and is a difference in the next preview. To adopt in one run without changing
            the program, set `OPENROUTER_ADOPT_EXISTING=1`. Default: False.

    Raises:
        pulumi.RunError: An input has a type that cannot be used, the options ask for an import, no
            slug can be made from the resource name, or the management key is in the stack config in
            plain text. Values that break a rule fail in the preview.
    """

    name: pulumi.Output[str]
    """The display name."""

    slug: pulumi.Output[str]
    """The identifier used in URLs."""

    description: pulumi.Output[str | None]
    """The description, or None."""

    default_text_model: pulumi.Output[str | None]
    """The model of text requests that name none, or None."""

    default_image_model: pulumi.Output[str | None]
    """The model of image requests that name none, or None."""

    default_provider_sort: pulumi.Output[str | None]
    """How providers are sorted, or None."""

    is_observability_io_logging_enabled: pulumi.Output[bool]
    """Whether OpenRouter logs prompts and completions for the workspace."""

    is_observability_broadcast_enabled: pulumi.Output[bool]
    """Whether traces are sent to the workspace's broadcast destinations."""

    is_data_discount_logging_enabled: pulumi.Output[bool]
    """Whether OpenRouter may log data in return for its discount."""

    io_logging_sampling_rate: pulumi.Output[float]
    """The share of requests that is logged, from 0.0001 to 1."""

    io_logging_api_key_ids: pulumi.Output[list[int] | None]
    """The numeric ids of the API keys whose requests are logged, sorted, or None for all."""

    disabled_server_tools: pulumi.Output[list[str] | None]
    """The server tools that are disabled, sorted, or None."""

    default_guardrail_id: pulumi.Output[str]
    """The UUID of the workspace's own guardrail."""

    include_byok_in_budgets: pulumi.Output[bool | None]
    """Whether spend on your own provider keys counts; a WorkspaceBudget can set it."""

    created_at: pulumi.Output[str]
    """When the workspace was created, ISO 8601 in UTC."""

    created_by: pulumi.Output[str | None]
    """The id of the user who created the workspace, or None."""

    managed_inputs: pulumi.Output[list[str]]
    """Which of the inputs with the default "unchanged" the program passes."""

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
        label = label_of("Workspace", resource_name)
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
        self._plain_names = {given["slug"]} if isinstance(given["slug"], str) else set()
        self._read_by = None
        self._retained = opts is not None and opts.retain_on_delete is True
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
            id: The workspace's UUID or slug. The program itself looks up a slug.
            opts: Pulumi's resource options.

        Raises:
            pulumi.RunError: There is no such workspace, or it cannot be looked up.
        """
        refuse_plain_key()
        self = cls.__new__(cls)
        label = label_of(f"{cls.__name__}.get", resource_name)
        found = resolve_id(label, id)
        self._owner = None
        self._plain_names = {id.lower()} if isinstance(id, str) else set()
        self._read_by = found
        with_id = pulumi.ResourceOptions.merge(
            check_options(label, opts), pulumi.ResourceOptions(id=found)
        )
        dynamic.Resource.__init__(
            self, WorkspaceProvider(), resource_name, with_outputs(cls, {}), with_id
        )
        return self

    _owner: pulumi.Input[str] | None
    _plain_names: set[str]
    _retained: bool = False
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
