"""What the three resources share: how a constructor becomes a registration with the engine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from inspect import isawaitable
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, cast

import pulumi
from pulumi import dynamic
from pulumi.dynamic.dynamic import PROVIDER_KEY, serialize_provider
from pulumi.runtime.config import get_config, is_config_secret

from pulumi_openrouter.lifecycle.hints import HINTS
from pulumi_openrouter.resources.hints import hints
from pulumi_openrouter.resources.inputs import check_options, label_of
from pulumi_openrouter.resources.provider import DynamicProvider
from pulumi_openrouter.settings import KEY_SETTING, PLAIN_KEY_REMEDY
from pulumi_openrouter.slugs import is_uuid

if TYPE_CHECKING:
    from typing_extensions import Self


# Pickling anew for each resource took 6 % of the processor time of a program of 3,000 resources.
_pickles: dict[type[DynamicProvider], str] = {}


class OpenRouterResource(dynamic.Resource):
    """The base of the resources."""

    _provider_type: ClassVar[type[DynamicProvider]]

    def _declare(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None,
        given: Mapping[str, object],
        more_hints: Mapping[str, object] = MappingProxyType({}),
        *,
        left_out: Iterable[str] = (),
    ) -> pulumi.Input[str]:
        """Register the resource with the inputs that the program gives, and return its owner.

        Args:
            resource_name: The name in the program.
            opts: Pulumi's resource options.
            given: The inputs by name.
            more_hints: What this kind of resource tells the provider beside its inputs.
            left_out: The inputs whose value is a default of the constructor.
        """
        found = hints(type(self), resource_name, opts, given, left_out)
        self._register(resource_name, {**given, HINTS: {**found, **more_hints}}, opts)
        return cast("pulumi.Input[str]", found["owner"])

    @classmethod
    def _read(
        cls, resource_name: str, id_: pulumi.Input[str], opts: pulumi.ResourceOptions | None
    ) -> Self:
        """Return a resource that something else manages, read by its Pulumi id."""
        self = cls.__new__(cls)
        with_id = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(id=id_))
        self._register(resource_name, {}, with_id)
        return self

    def _register(
        self,
        resource_name: str,
        inputs: Mapping[str, object],
        opts: pulumi.ResourceOptions | None,
    ) -> None:
        """Do what the constructor of `dynamic.Resource` does, without a frame of its own.

        The SDK takes the third constructor on the stack for the resource's own, and what called it
        for the user's program. With the constructor of `dynamic.Resource` in between, the state
        named a line of this package as the source of every resource, which also made it larger:
        of 20 workspaces with a budget and a membership each by 10 %.
        """
        declaration = self._provider_type.lifecycle_type.declaration
        # The SDK gives a dynamic resource only the attributes that it is passed.
        outputs = dict.fromkeys(declaration.state_outputs)
        secret = [one.name for one in declaration.outputs if one.secret]
        if secret:
            hidden = pulumi.ResourceOptions(additional_secret_outputs=secret)
            opts = pulumi.ResourceOptions.merge(opts, hidden)
        pulumi.CustomResource.__init__(
            self,
            f"pulumi-python:{self._resource_type_name}",
            resource_name,
            {**outputs, **inputs, PROVIDER_KEY: pickled(self._provider_type)},
            opts,
        )


def pickled(provider: type[DynamicProvider]) -> str:
    """Return a provider as it stands in the state of each of its resources."""
    if provider not in _pickles:
        _pickles[provider] = str(serialize_provider(provider()))
    return _pickles[provider]


def checked(
    kind: str, resource_name: str, opts: pulumi.ResourceOptions | None, *, reads: bool = False
) -> tuple[str, pulumi.ResourceOptions | None]:
    """Return the label of a resource, as messages name it, and its options.

    Raises:
        pulumi.RunError: The name or the options are of no use, or the management key is in the
            stack config in plain text.
    """
    _refuse_plain_key()
    label = label_of(kind, resource_name)
    return label, check_options(label, opts, reads=reads)


def _refuse_plain_key() -> None:
    """Raise `pulumi.RunError` where the stack's config has the management key in plain text.

    The engine copies the config of a stack into its state, and hides only what it knows as secret.
    """
    if get_config(KEY_SETTING) and not is_config_secret(KEY_SETTING):
        msg = (
            f"{KEY_SETTING} is in the stack config as plain text, and would be in the state as "
            f"well. {PLAIN_KEY_REMEDY}"
        )
        raise pulumi.RunError(msg)


def resolve_id(label: str, id_or_slug: pulumi.Input[str]) -> pulumi.Input[str]:
    """Return the id of a workspace; a slug is looked up here, for the engine keeps what it gets.

    Raises:
        pulumi.RunError: It is no text, or an output that resolves to none.
    """
    if isinstance(id_or_slug, str) and id_or_slug:
        return id_or_slug.lower() if is_uuid(id_or_slug) else _look_up(id_or_slug)
    if isinstance(id_or_slug, pulumi.Output) or isawaitable(id_or_slug):
        return as_output(id_or_slug).apply(lambda known: resolve_id(label, known))
    found = "nothing" if id_or_slug in {None, ""} else type(id_or_slug).__name__
    msg = f"{label}: the id or slug of a workspace is required, but {found} was passed"
    raise pulumi.RunError(msg)


def as_output(value: pulumi.Input[str]) -> pulumi.Output[str]:
    """Return a text input as an output; the SDK's own signature leaves out awaitables."""
    return pulumi.Output.from_input(cast("str", value))


def _look_up(slug: str) -> str:
    # Imported here because only a program that reads by slug needs the client.
    from pulumi_openrouter.lookups import get_workspace

    return get_workspace(slug).id
