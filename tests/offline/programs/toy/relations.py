"""Programs for the scenarios of relations. Where order matters, each needs the one before."""

import os
import sys

import pulumi
from pulumi import Alias, Output, ResourceOptions
from toy import Group, Thing


def group() -> None:
    """A component, and something that depends on all of it."""
    made = Group("g")
    Thing("after", ResourceOptions(depends_on=[made]), size=1)
    pulumi.export("child", made.child.token)


def group_larger() -> None:
    """The component's child changes."""
    made = Group("g", size=2)
    Thing("after", ResourceOptions(depends_on=[made]), size=1)
    pulumi.export("child", made.child.token)


def group_renamed() -> None:
    """The component is renamed with an alias; its child follows."""
    made = Group("h", ResourceOptions(aliases=[Alias(name="g")]))
    Thing("after", ResourceOptions(depends_on=[made]), size=1)
    pulumi.export("child", made.child.token)


def group_protected() -> None:
    """A component's protection is its child's too."""
    Group("g", ResourceOptions(protect=True))


def adopted_child() -> None:
    """`one`, moved into a component."""
    parent = Group("g")
    opts = ResourceOptions(parent=parent, aliases=[Alias(parent=pulumi.ROOT_STACK_RESOURCE)])
    Thing("a", opts, size=1, label="first")


def deleted_with(tag: str = "x") -> None:
    """Two things that go when the first goes, and one that depends on it only."""
    a = Thing("a", tag=tag)
    b = Thing("b", ResourceOptions(deleted_with=a), label=a.token)
    c = Thing("c", ResourceOptions(deleted_with=a, depends_on=[b]), size=1)
    Thing("d", ResourceOptions(depends_on=[c, a]), size=1)


def deleted_with_replaced() -> None:
    """What they go with is replaced."""
    deleted_with("y")


def secrets() -> None:
    """Secrets as inputs, inside objects, and declared for outputs."""
    thing = Thing(
        "a",
        ResourceOptions(additional_secret_outputs=["token"]),
        label=Output.secret("hush"),
        detail={"open": 1, "closed": Output.secret({"deep": [1, "two"]})},
    )
    other = Thing("b", label=thing.label)
    pulumi.export("label", other.label)
    pulumi.export("detail", thing.detail)
    pulumi.export("token", thing.token)
    pulumi.export("plain", other.key)


def reading() -> None:
    """A thing that is only read."""
    seen = Thing("seen", ResourceOptions(id="a-1"), key="a")
    pulumi.export("label", seen.label)


def reading_missing() -> None:
    """A thing that is not there."""
    seen = Thing("seen", ResourceOptions(id="nobody-1"), key="a")
    pulumi.export("label", seen.label)


def reading_what_was_managed() -> None:
    """The first thing is from now on only read."""
    seen = Thing("a", ResourceOptions(id="a-1"), key="a")
    pulumi.export("label", seen.label)


def reading_by_id() -> None:
    """A thing is read under another spelling of its id, and another one is made of that."""
    a = Thing("a", size=1, label="first")
    seen = Thing("seen", ResourceOptions(id="A-1", depends_on=[a]), key="a")
    other = Thing("other", tag=seen.id)
    pulumi.export("id", seen.id)
    pulumi.export("tag", other.id)


def made_and_read() -> None:
    """A thing is made, and then read by its id."""
    a = Thing("a", size=1, label="first")
    seen = Thing("seen", ResourceOptions(id="a-1", depends_on=[a]), key="a")
    Thing("other", label=seen.label)
    pulumi.export("label", seen.label)


def wide() -> None:
    """Twenty things that know nothing of each other."""
    for number in range(20):
        Thing(f"wide{number}", size=number)


def invalid() -> None:
    """A value that the provider's check refuses."""
    a = Thing("a", size=1)
    Thing("b", ResourceOptions(depends_on=[a]), size=-5)


def breaks() -> None:
    """The program fails after its first thing is there."""
    Thing("a", size=1, label="first").token.apply(_boom)


def _boom(_: str) -> None:
    message = "the program went wrong"
    raise ValueError(message)


def breaks_at_once() -> None:
    """The program fails before it registers anything."""
    message = "nothing works"
    raise pulumi.RunError(message)


def leaves_early() -> None:
    """The program ends itself, successfully, without a word."""
    sys.exit(0)


def dies() -> None:
    """The program is gone in the middle."""
    Thing("a", size=1, label="first").token.apply(lambda _: os._exit(3))


def logs() -> None:
    """The program logs an error and goes on."""
    Thing("a", size=1, label="first")
    pulumi.log.warn("careful")
    pulumi.log.error("logged as an error")


def timeouts() -> None:
    """Timeouts reach the state."""
    opts = ResourceOptions(custom_timeouts=pulumi.CustomTimeouts(create="1h30m", delete="20s"))
    Thing("a", opts, size=1)


def configured() -> None:
    """Exports what the configuration holds."""
    config = pulumi.Config()
    pulumi.export("text", config.get("text"))
    pulumi.export("number", config.get_int("number"))
    pulumi.export("list", config.get_object("list"))
    pulumi.export("hidden", config.get_secret("hidden"))
    Thing("a", size=config.get_int("number"), label=config.get_secret("hidden"))


def numbers() -> None:
    """Values of every kind come back as they went."""
    thing = Thing(
        "a",
        detail={
            "zero": 0,
            "negative": -1.5,
            "huge": 1e21,
            "text": 'ünï\n"quoted"',
            "no": False,
            "empty": {},
            "none": [None, [], ""],
        },
    )
    pulumi.export("detail", thing.detail)


def exporting() -> None:
    """Outputs for another program to read, some of them secret."""
    pulumi.export("plain", "x")
    pulumi.export("hush", Output.secret("h"))
    pulumi.export("deep", Output.secret({"list": [1, 2]}))


def referring(name: str = "organization/toy/dev") -> None:
    """Reads outputs of a stack, which may be its own of before, and makes a thing of one."""
    other = pulumi.StackReference(name)
    Thing("a", label=other.require_output("plain"), size=1)
    pulumi.export("plain", other.get_output("plain"))
    pulumi.export("hush", other.get_output("hush"))
    pulumi.export("deep", other.get_output("deep"))


def referring_to_prod() -> None:
    """Reads outputs of another stack."""
    referring("prod")


def _enlarged(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
    if not args.custom:
        return None
    args.opts.protect = True
    return pulumi.ResourceTransformResult({**args.props, "size": 9}, args.opts)


def _labeled(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult:
    label = Output.secret("labeled")
    return pulumi.ResourceTransformResult({**args.props, "label": label}, args.opts)


def transformed() -> None:
    """Things that are transformed on their own, with their parents, and with the stack."""
    a = Thing("a", size=1, label="first")
    pulumi.runtime.register_resource_transform(_enlarged)
    Thing("b", ResourceOptions(depends_on=[a], transforms=[_labeled]), size=1, link=a.token)
    Thing("c", size=1, link=a.token)


def transformed_group() -> None:
    """The transform of a component reaches its child."""
    Group("g", ResourceOptions(transforms=[_labeled_child]))


def _labeled_child(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
    if not args.custom:
        return None
    opts = ResourceOptions.merge(args.opts, ResourceOptions(retain_on_delete=True))
    return pulumi.ResourceTransformResult({**args.props, "label": "labeled"}, opts)


def transform_fails() -> None:
    """A transform raises an error."""
    Thing("a", ResourceOptions(transforms=[_fails]), size=1)


def _fails(_: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
    message = "nothing to transform"
    raise ValueError(message)
