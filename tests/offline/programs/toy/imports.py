"""Programs for the scenarios of imports, which begin with things that exist already."""

import pulumi
from pulumi import Output, ResourceOptions
from toy import Group, Thing


def imported() -> None:
    """Two things, the second of them with a secret."""
    a = Thing("a", size=1, label="first")
    Thing("b", ResourceOptions(depends_on=[a]), size=2, label=Output.secret("hush"))
    pulumi.export("token", a.token)


def imported_larger() -> None:
    """One of them changes."""
    a = Thing("a", size=1, label="first")
    Thing("b", ResourceOptions(depends_on=[a]), size=3, label=Output.secret("hush"))


def imported_group() -> None:
    """A component with its child, and a thing below that."""
    group = Group("g")
    Thing("leaf", ResourceOptions(parent=group.child), size=1)


def imported_protected() -> None:
    """The first of the things is protected by the program as well."""
    Thing("a", ResourceOptions(protect=True), size=1, label="first")
