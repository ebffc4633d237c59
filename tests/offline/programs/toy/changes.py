"""Programs for the scenarios of changes. Where order matters, each thing needs the one before."""

from typing import Any

import pulumi
from pulumi import Alias, ResourceOptions
from toy import Group, Thing, VagueThing


def nothing() -> None:
    """An empty program."""


def one() -> None:
    """One thing."""
    thing = Thing("a", size=1, label="first")
    pulumi.export("token", thing.token)
    pulumi.export("size", thing.size)


def one_larger() -> None:
    """The same thing with another size."""
    thing = Thing("a", size=2, label="first")
    pulumi.export("token", thing.token)
    pulumi.export("size", thing.size)


def one_without_label() -> None:
    """The same thing with a property left out, and an output less."""
    thing = Thing("a", size=2)
    pulumi.export("size", thing.size)


def one_tagged() -> None:
    """A change that replaces, new one first."""
    thing = Thing("a", size=1, label="first", tag="x")
    pulumi.export("token", thing.token)


def one_renamed() -> None:
    """Another logical name for what is otherwise the same."""
    Thing("z", size=1, label="first")


def chain(**first: Any) -> None:
    """Three things, each made of the one before."""
    a = Thing("a", **{"size": 1, **first})
    b = Thing("b", size=2, label=a.token)
    c = Thing("c", size=3, link=b.token)
    pulumi.export("last", c.token)


def chain_larger() -> None:
    """The first of the chain changes in place."""
    chain(size=10)


def chain_tagged() -> None:
    """The first of the chain is replaced, new one first."""
    chain(tag="x")


def chain_pinned() -> None:
    """The first of the chain is replaced, old one first; nobody else needs to be."""
    chain(pin="x")


def pinned_chain(pin: str = "x") -> None:
    """Things whose replacement forces that of the ones made of them."""
    a = Thing("a", pin=pin)
    b = Thing("b", pin=a.token)
    c = Thing("c", ResourceOptions(depends_on=[b]), size=1)
    Thing("d", ResourceOptions(depends_on=[c]), pin=b.token)


def pinned_chain_changed() -> None:
    """The first of them is replaced."""
    pinned_chain("y")


def pinned_chain_cut() -> None:
    """The first is replaced while one that would have to follow leaves the program."""
    a = Thing("a", pin="y")
    b = Thing("b", pin=a.token)
    Thing("c", ResourceOptions(depends_on=[b]), size=1)


def option_replaces_first(tag: str = "x") -> None:
    """The program asks for the old one to go first."""
    a = Thing("a", ResourceOptions(delete_before_replace=True), tag=tag)
    Thing("b", ResourceOptions(depends_on=[a]), size=1)


def option_replaces_first_changed() -> None:
    """It is replaced."""
    option_replaces_first("y")


def with_internal_keys(owner: str = "somebody", number: int = 1) -> None:
    """A thing with properties that are not for people's eyes."""
    detail = {"open": number, "__closed": number}
    own: dict[str, Any] = {"__owner": owner}
    thing = Thing("a", size=1, detail=detail, **own)
    pulumi.export("detail", thing.detail)


def with_internal_keys_changed() -> None:
    """Both kinds of properties change."""
    with_internal_keys("somebody else", 2)


def forced() -> None:
    """A thing to delete first, with one that is replaced along and one that is updated."""
    a = Thing("a", ResourceOptions(delete_before_replace=True), size=1)
    b = Thing("b", pin=a.token)
    Thing("c", link=b.token)


def triggered(*triggers: object) -> None:
    """A thing whose replacement is triggered by a value, deleted first, with one made of it."""
    a = Thing(
        "a",
        ResourceOptions(delete_before_replace=True, replacement_trigger=list(triggers) or None),
        size=1,
    )
    Thing("b", pin=a.token)


def triggered_once() -> None:
    """The trigger has a value, for the first time or still."""
    triggered("x", 1)


def triggered_again() -> None:
    """The trigger has another value, and hides it."""
    triggered(pulumi.Output.secret("y"), 1)


def option_replaces_last(pin: str = "x") -> None:
    """The program asks for the new one to come first, whatever the provider wants."""
    Thing("a", ResourceOptions(delete_before_replace=False), pin=pin)


def option_replaces_last_changed() -> None:
    """It is replaced."""
    option_replaces_last("y")


def protected(**props: object) -> None:
    """A protected thing between two that are not."""
    a = Thing("a", size=1)
    b = Thing("b", ResourceOptions(protect=True, depends_on=[a]), **{"size": 1, **props})
    Thing("c", ResourceOptions(depends_on=[b]), size=1)


def protected_tagged() -> None:
    """The protected thing would have to be replaced."""
    protected(tag="x")


def protected_gone() -> None:
    """The protected thing has left the program."""
    Thing("a", size=1)


def unprotected() -> None:
    """The same three without protection."""
    a = Thing("a", size=1)
    b = Thing("b", ResourceOptions(depends_on=[a]), size=1)
    Thing("c", ResourceOptions(depends_on=[b]), size=1)


def retained() -> None:
    """A thing that is to be left alone when it goes."""
    Thing("a", ResourceOptions(retain_on_delete=True), size=1)
    Thing("b", size=1)


def ignoring(size: int = 1, **detail: object) -> None:
    """A thing whose size, and part of whose detail, are for others to change."""
    Thing(
        "a",
        ResourceOptions(ignore_changes=["size", "detail.inner", "detail.list[0]"]),
        size=size,
        detail={"inner": size, "outer": 1, "list": [size, 5], **detail},
    )


def ignoring_changed() -> None:
    """Only what is ignored has changed."""
    ignoring(size=2)


def ignoring_changed_more() -> None:
    """Something else has changed too."""
    ignoring(size=3, outer=2)


def ignoring_everything() -> None:
    """All changes are ignored."""
    Thing("a", ResourceOptions(ignore_changes=["*"]), size=9, label="new", detail={"outer": 7})


def replace_on_changes(size: int = 1, inner: int = 1) -> None:
    """The engine compares, and the option turns an update into a replacement."""
    VagueThing("a", ResourceOptions(replace_on_changes=["size"]), size=size)
    VagueThing("b", ResourceOptions(replace_on_changes=["detail.inner"]), detail={"inner": inner})
    VagueThing("c", size=size)


def replace_on_changes_changed() -> None:
    """Sizes change."""
    replace_on_changes(size=2)


def replace_on_changes_inner() -> None:
    """A nested property changes."""
    replace_on_changes(size=2, inner=2)


def aliased_by_name() -> None:
    """`one`, renamed with an alias."""
    Thing("renamed", ResourceOptions(aliases=[Alias(name="a")]), key="a", size=1, label="first")


def aliased_by_urn() -> None:
    """`one`, renamed with a whole URN."""
    urn = "urn:pulumi:dev::toy::pulumi-python:dynamic/toy:Thing::a"
    Thing("renamed", ResourceOptions(aliases=[urn]), key="a", size=2, label="first")


def aliased_twice() -> None:
    """Two resources claim the same former name."""
    first = Thing("first", ResourceOptions(aliases=[Alias(name="a")]), key="a", size=1)
    opts = ResourceOptions(aliases=[Alias(name="a")], depends_on=[first])
    Thing("second", opts, key="a", size=1)


def duplicate() -> None:
    """Two resources of one name."""
    first = Thing("a", size=1)
    Thing("a", ResourceOptions(depends_on=[first]), size=2)


def pair(size: int = 1) -> None:
    """Three things of which the second depends on the first."""
    a = Thing("a", size=size)
    b = Thing("b", ResourceOptions(depends_on=[a]), size=size)
    Thing("c", size=size)
    pulumi.export("b", b.token)


def pair_larger() -> None:
    """All of them change."""
    pair(2)


def pair_without_the_first() -> None:
    """The one that the second depended on has left the program."""
    Thing("b", size=3)
    Thing("c", size=3)


def pair_in_group() -> None:
    """A component between a thing that it needs and one that needs it."""
    c = Thing("c", size=1)
    group = Group("g", ResourceOptions(depends_on=[c]), size=1)
    Thing("after", ResourceOptions(depends_on=[group]), size=1)
    pulumi.export("child", group.child.token)


def pair_renamed() -> None:
    """The first is renamed with an alias, and the second depends on it still."""
    a = Thing("z", ResourceOptions(aliases=[Alias(name="a")]), key="a", size=2)
    Thing("b", ResourceOptions(depends_on=[a]), size=2)
    Thing("c", size=2)
