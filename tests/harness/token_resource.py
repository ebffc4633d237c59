"""A resource unlike the three: in no workspace, with an id of its own and a secret shown only once.

It shows that lifecycles, and the skin around them, take nothing of the three for granted. Whatever
a resource for API keys needs of them is here; its objects are lines of nobody's database.
"""

from __future__ import annotations

import secrets

import pulumi

from pulumi_openrouter.lifecycle.base import Created, Lifecycle, Live
from pulumi_openrouter.lifecycle.declaration import Change, Declaration, Input, LeftOut, Output
from pulumi_openrouter.lifecycle.properties import Properties
from pulumi_openrouter.resources.provider import DynamicProvider
from pulumi_openrouter.resources.resource import OpenRouterResource


def _long_enough(value: int) -> int:
    if value < 8:
        msg = f"a token has at least 8 bytes, not {value}"
        raise ValueError(msg)
    return value


class TokenLifecycle(Lifecycle):
    """The lifecycle of `Token`."""

    declaration = Declaration(
        "Token",
        inputs=(
            Input("label", str, "What the token is for.", LeftOut.REQUIRED),
            Input("size", int, "Bytes.", LeftOut.REQUIRED, Change.REPLACE, rule=_long_enough),
        ),
        outputs=(
            Output("label", "str", "What the token is for."),
            Output("size", "int", "Bytes."),
            Output("value", "str", "The token.", secret=True),
        ),
    )

    def place(self, id_: str, outputs: Properties) -> str:  # noqa: ARG002
        """Return the id itself: there is no workspace."""
        return id_

    def create(self, props: Properties) -> Created:
        """Create a token; nobody is shown its value again."""
        id_ = secrets.token_hex(4)
        value = secrets.token_hex(props["size"])
        outputs = {"label": props["label"], "size": props["size"], "value": value}
        return Created(id_, outputs | self.born(props, id_))

    def read(self, id_: str, olds: Properties) -> Live | None:  # noqa: ARG002
        """Return what is known; only the old outputs know the value."""
        return self.found(olds, {name: olds[name] for name in ("label", "size", "value")})

    def update(self, id_: str, olds: Properties, news: Properties) -> Properties:
        """Change the label."""
        kept = {"size": olds["size"], "value": olds["value"]}
        return {"label": news["label"], **kept} | self.carried(olds, news, id_)

    def delete(self, id_: str, olds: Properties) -> None:
        """Delete nothing."""


class TokenProvider(DynamicProvider):
    """The dynamic provider of `Token`."""

    lifecycle_type = TokenLifecycle


# The package is the module of its own providers only.
TokenProvider.__module__ = __name__


class Token(OpenRouterResource, module="openrouter", name="Token"):
    """A token."""

    _provider_type = TokenProvider

    value: pulumi.Output[str]

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        label: pulumi.Input[str],
        size: pulumi.Input[int],
    ) -> None:
        self._declare(resource_name, opts, {"label": label, "size": size})
