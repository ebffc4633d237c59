"""The Workspace resource: typed inputs in, typed outputs out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi

from pulumi_openrouter.lifecycle.workspace import WorkspaceLifecycle
from pulumi_openrouter.resources.inputs import prepare
from pulumi_openrouter.resources.provider import DynamicProvider
from pulumi_openrouter.resources.references import WorkspaceReference
from pulumi_openrouter.resources.resource import OpenRouterResource, checked, resolve_id
from pulumi_openrouter.slugs import slugify

if TYPE_CHECKING:
    from typing_extensions import Self

    from pulumi_openrouter.resources.arguments import ListOf, ProviderSort


class WorkspaceProvider(DynamicProvider):
    """The dynamic provider of `Workspace`."""

    lifecycle_type = WorkspaceLifecycle


class Workspace(OpenRouterResource, module="openrouter", name="Workspace"):
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
    """

    _provider_type = WorkspaceProvider
    _reference: WorkspaceReference

    @property
    @pulumi.getter
    def name(self) -> pulumi.Output[str]:
        """The display name."""
        return pulumi.get(self, "name")

    @property
    @pulumi.getter
    def slug(self) -> pulumi.Output[str]:
        """The identifier used in URLs."""
        return pulumi.get(self, "slug")

    @property
    @pulumi.getter
    def description(self) -> pulumi.Output[str | None]:
        """The description, or None."""
        return pulumi.get(self, "description")

    @property
    @pulumi.getter
    def default_text_model(self) -> pulumi.Output[str | None]:
        """The model of text requests that name none, or None."""
        return pulumi.get(self, "default_text_model")

    @property
    @pulumi.getter
    def default_image_model(self) -> pulumi.Output[str | None]:
        """The model of image requests that name none, or None."""
        return pulumi.get(self, "default_image_model")

    @property
    @pulumi.getter
    def default_provider_sort(self) -> pulumi.Output[str | None]:
        """How providers are sorted, or None."""
        return pulumi.get(self, "default_provider_sort")

    @property
    @pulumi.getter
    def is_observability_io_logging_enabled(self) -> pulumi.Output[bool]:
        """Whether OpenRouter logs prompts and completions for the workspace."""
        return pulumi.get(self, "is_observability_io_logging_enabled")

    @property
    @pulumi.getter
    def is_observability_broadcast_enabled(self) -> pulumi.Output[bool]:
        """Whether traces are sent to the workspace's broadcast destinations."""
        return pulumi.get(self, "is_observability_broadcast_enabled")

    @property
    @pulumi.getter
    def is_data_discount_logging_enabled(self) -> pulumi.Output[bool]:
        """Whether OpenRouter may log data in return for its discount."""
        return pulumi.get(self, "is_data_discount_logging_enabled")

    @property
    @pulumi.getter
    def io_logging_sampling_rate(self) -> pulumi.Output[float]:
        """The share of requests that is logged, from 0.0001 to 1."""
        return pulumi.get(self, "io_logging_sampling_rate")

    @property
    @pulumi.getter
    def io_logging_api_key_ids(self) -> pulumi.Output[list[int] | None]:
        """The numeric ids of the API keys whose requests are logged, sorted, or None for all."""
        return pulumi.get(self, "io_logging_api_key_ids")

    @property
    @pulumi.getter
    def disabled_server_tools(self) -> pulumi.Output[list[str] | None]:
        """The server tools that are disabled, sorted, or None."""
        return pulumi.get(self, "disabled_server_tools")

    @property
    @pulumi.getter
    def default_guardrail_id(self) -> pulumi.Output[str]:
        """The UUID of the workspace's own guardrail."""
        return pulumi.get(self, "default_guardrail_id")

    @property
    @pulumi.getter
    def include_byok_in_budgets(self) -> pulumi.Output[bool | None]:
        """Whether spend on your own provider keys counts; a WorkspaceBudget can set it."""
        return pulumi.get(self, "include_byok_in_budgets")

    @property
    @pulumi.getter
    def created_at(self) -> pulumi.Output[str]:
        """When the workspace was created, ISO 8601 in UTC."""
        return pulumi.get(self, "created_at")

    @property
    @pulumi.getter
    def created_by(self) -> pulumi.Output[str | None]:
        """The id of the user who created the workspace, or None."""
        return pulumi.get(self, "created_by")

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
        default_provider_sort: pulumi.Input[ProviderSort] | None = None,
        is_observability_io_logging_enabled: pulumi.Input[bool] | None = None,
        is_observability_broadcast_enabled: pulumi.Input[bool] | None = None,
        is_data_discount_logging_enabled: pulumi.Input[bool] | None = None,
        io_logging_sampling_rate: pulumi.Input[float] | None = None,
        io_logging_api_key_ids: pulumi.Input[ListOf[pulumi.Input[int]]] | None = None,
        disabled_server_tools: pulumi.Input[ListOf[pulumi.Input[str]]] | None = None,
        adopt: pulumi.Input[bool] | None = None,
    ) -> None:
        """Declare a workspace.

        Args:
            resource_name: The name in the program and in Pulumi's state.
            opts: Pulumi's resource options.
            name: Display name, 1 to 100 characters. Default: the resource name.
            slug: Identifier used in URLs, unique in the organization: 1 to 50 characters, lowercase
                letters and digits in parts joined by single hyphens. Default: the resource name and
                the stack name, as in `chat-prod`.
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
                duplicates, in any order. A name that this version does not know is a warning.
                Default, and the same as an empty list: null, which means none.
            adopt: Whether to adopt a workspace that has this slug already, instead of failing. The
                preview lists the fields that will change. What the program omits stays as it is in
                that run and is a difference in the next preview. To adopt in one run without
                changing the program, set `OPENROUTER_ADOPT_EXISTING=1`. Default: False.

        Raises:
            pulumi.RunError: An input has a type that cannot be used, the options ask for an import,
                no slug can be made from the resource name, or the management key is in the stack
                config in plain text. Values that break a rule fail in the preview.
        """
        label, opts = checked("Workspace", resource_name, opts)
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
        retained = opts is not None and opts.retain_on_delete is True
        own = self._declare(
            resource_name,
            _deleted_first(opts),
            prepare(label, given),
            {"retained": retained or None},
            left_out=["name"] if name is None else [],
        )
        slugs = {given["slug"]} if isinstance(given["slug"], str) else set()
        self._reference = WorkspaceReference(
            self.id,
            frozenset({self, self.id, self.slug, *slugs}),
            own,
            retained=retained,
            protected=self._protect is True,
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
        label, opts = checked(f"{cls.__name__}.get", resource_name, opts, reads=True)
        found = resolve_id(label, id)
        self = cls._read(resource_name, found, opts)
        # Unlike the id of the resource, this one is known in a preview on every CLI.
        self._reference = WorkspaceReference(
            found, frozenset({self, id.lower() if isinstance(id, str) else None})
        )
        return self


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
