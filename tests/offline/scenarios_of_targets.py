"""Scenarios of `--target`: operations that are restricted to some resources."""

from .scenario import REFRESH, Edit, Run, Scenario, preview, up, urn

A, B, C = urn("a"), urn("b"), urn("c")
NOBODY = urn("nobody")
GROUP = "urn:pulumi:dev::toy::toy:index:Group::g"
CHILD = "urn:pulumi:dev::toy::toy:index:Group$pulumi-python:dynamic/toy:Thing::g-child"
MOVED = {"key": "a", "colour": "blue", "size": 7, "token": "token of a-1"}


def refresh(*targets: str, dependents: bool = False) -> Run:
    """Refresh some resources."""
    return Run("refresh", options={"target": list(targets), "target_dependents": dependents})


def destroy(*targets: str, dependents: bool = False, first: bool = False) -> Run:
    """Destroy some resources, or preview that."""
    options = {"target": list(targets), "target_dependents": dependents}
    return Run("preview_destroy" if first else "destroy", options=options)


TARGETS = (
    Scenario(
        "target-changes",
        "Only targets change; the others keep what they have, and are not even checked.",
        (
            up("pair"),
            preview("pair_larger", target=[B]),
            up("pair_larger", target=[B]),
            up("pair_larger", target=[C]),
            preview("pair_larger"),
            up("pair_larger"),
        ),
        ordered=False,
        everything=True,
    ),
    Scenario(
        "target-creates",
        "New resources that are not targets are skipped, and a target may not depend on one.",
        (
            preview("chain", target=[A]),
            up("chain", target=[A]),
            preview("chain", target=[C]),
            up("chain", target=[C]),
            up("chain", target=[B, C]),
            up("chain"),
        ),
        everything=True,
    ),
    Scenario(
        "target-dependents",
        "--target-dependents takes along what depends on a target, in every operation.",
        (
            up("pair"),
            Edit("a-1", MOVED),
            Edit("c-1", {**MOVED, "key": "c"}),
            refresh(A, dependents=True),
            preview("pair_larger", target=[A], target_dependents=True),
            up("pair_larger", target=[A], target_dependents=True),
            destroy(A, dependents=True, first=True),
            destroy(A, dependents=True),
        ),
        ordered=False,
    ),
    Scenario(
        "target-unknown",
        "A target that is nowhere is an error, after everything else has been done.",
        (
            up("pair"),
            preview("pair_larger", target=[NOBODY]),
            up("pair_larger", target=[NOBODY, C]),
        ),
        ordered=False,
    ),
    Scenario(
        "target-deletes",
        "What has left the program is deleted only if it is a target, and what needed it stays.",
        (
            up("pair"),
            preview("pair_without_the_first", target=[C]),
            up("pair_without_the_first", target=[C]),
            preview("pair_without_the_first", target=[A]),
            up("pair_without_the_first", target=[A]),
            up("pair_without_the_first"),
        ),
        ordered=False,
    ),
    Scenario(
        "target-destroy",
        "A destroy of a target is refused while something depends on it that is no target.",
        (
            up("pair"),
            destroy(A, first=True),
            destroy(A),
            destroy(C, first=True),
            destroy(C),
            destroy(A, B),
            up("pair"),
        ),
        ordered=False,
    ),
    Scenario(
        "target-refresh",
        "Only targets are read, also by an update that refreshes.",
        (
            up("pair"),
            Edit("a-1", MOVED),
            Edit("c-1"),
            refresh(A),
            preview("pair", target=[C], refresh=True),
            up("pair", target=[C], refresh=True),
            REFRESH,
        ),
        ordered=False,
    ),
    Scenario(
        "target-component",
        "A component and its children are targets of their own, and wildcards name several.",
        (
            up("pair_in_group", target=[C]),
            up("pair_in_group", target=[CHILD]),
            up("pair_in_group", target=[GROUP, CHILD]),
            up("pair_in_group", target=["**:Thing::*after*"]),
            destroy(GROUP, first=True),
            destroy("**toy:index:Group*::*", "**after"),
            destroy("**toy:index:Group**", "**after"),
        ),
        ordered=False,
    ),
    Scenario(
        "target-renamed",
        "A renamed resource that is no target keeps its old name in the state.",
        (
            up("pair"),
            preview("pair_renamed", target=[C]),
            up("pair_renamed", target=[C]),
            up("pair_renamed", target=[B]),
            up("pair_renamed"),
        ),
        ordered=False,
    ),
    Scenario(
        "target-replaced",
        "A target that is replaced takes along dependents only where they must be replaced too.",
        (
            up("pinned_chain"),
            preview("pinned_chain_changed", target=[A]),
            up("pinned_chain_changed", target=[A]),
            up("pinned_chain_changed"),
        ),
        ordered=False,
    ),
)
