"""Scenarios of import files: things that exist already come under management."""

from typing import Any

from .scenario import DESTROY, PREVIEW_DESTROY, REFRESH, Edit, Fail, Import, Scenario, preview, up

SECRET = {
    "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
    "plaintext": '"hush"',
}
THING = "pulumi-python:dynamic/toy:Thing"


def entry(name: str, *, parent: str = "", id_: str = "", **inputs: Any) -> dict[str, Any]:
    """Return the entry of a thing; whoever writes the file adds its provider to both bags."""
    id_ = id_ or f"{name}-1"
    own: dict[str, Any] = {"key": name, "colour": "blue", **inputs}
    above = {"parent": parent} if parent else {}
    return {
        **{"type": THING, "name": name, "id": id_},
        **above,
        "inputs": own,
        "outputs": {**own, "token": f"token of {id_}"},
    }


def there(name: str, **properties: Any) -> Edit:
    """Return the step in which somebody makes the thing."""
    token = f"token of {name}-1"
    return Edit(f"{name}-1", {"key": name, "colour": "blue", "token": token, **properties})


A_EXISTS = there("a", size=1, label="first")
B_EXISTS = there("b", size=2, label="hush")
A = entry("a", size=1, label="first")
B = entry("b", size=2, label=SECRET)
GROUP = {"type": "toy:index:Group", "name": "g", "component": True}
CHILD = entry("g-child", parent="g", size=1)
LEAF = entry("leaf", parent="g-child", size=1)
GROUP_URN = "urn:pulumi:dev::toy::toy:index:Group::g"

IMPORTS = (
    Scenario(
        "import",
        "What is imported previews empty; the first up lifts its protection and changes nothing.",
        (
            A_EXISTS,
            B_EXISTS,
            Import((A, B)),
            Import((A, B)),
            preview("imported", refresh=True),
            up("imported"),
            up("imported"),
            REFRESH,
            up("imported_larger"),
            DESTROY,
        ),
    ),
    Scenario(
        "import-checks",
        "An import calls check once for each thing, with the file's inputs as old and new ones.",
        (A_EXISTS, B_EXISTS, Import((A, B), skip_preview=True), up("imported")),
        everything=True,
    ),
    Scenario(
        "import-more",
        "A longer file adds only what is new, and what was lifted by an up stays lifted.",
        (
            A_EXISTS,
            B_EXISTS,
            Import((A,)),
            up("imported_protected"),
            Import((B, A)),
            up("imported"),
        ),
    ),
    Scenario(
        "import-destroy",
        "Between an import and the first up, a destroy is refused.",
        (
            A_EXISTS,
            B_EXISTS,
            Import((A, B)),
            PREVIEW_DESTROY,
            DESTROY,
            up("nothing"),
            up("imported"),
            DESTROY,
        ),
        ordered=False,
    ),
    Scenario(
        "import-unprotected",
        "Without protection, a destroy right after the import deletes what was imported.",
        (A_EXISTS, B_EXISTS, Import((A, B), protect=False), DESTROY),
        ordered=False,
    ),
    Scenario(
        "import-refresh",
        "A refresh after an import finds what has changed since, and who has gone.",
        (
            A_EXISTS,
            B_EXISTS,
            Import((A, B)),
            REFRESH,
            there("a", size=7, label="first"),
            Edit("b-1"),
            REFRESH,
            preview("imported"),
            up("imported"),
        ),
    ),
    Scenario(
        "import-components",
        "Components, children and children of children are imported, whatever their order.",
        (
            there("g-child", size=1),
            there("leaf", size=1),
            Import((LEAF, CHILD, GROUP)),
            Import((GROUP, CHILD, LEAF)),
            preview("imported_group"),
            up("imported_group"),
            up("imported_group"),
            DESTROY,
        ),
        ordered=False,
    ),
    Scenario(
        "import-below",
        "A name table puts an import below a parent that is in the state, or refuses it.",
        (
            up("group"),
            there("leaf", size=1),
            Import((entry("leaf", parent="up", size=1),), name_table={"up": GROUP_URN + "x"}),
            Import((entry("leaf", parent="up", size=1),), name_table={"up": GROUP_URN}),
            preview("group"),
        ),
        ordered=False,
    ),
    Scenario(
        "import-managed",
        "What the stack manages is left alone, and refused under another id.",
        (
            up("one"),
            Import((A,)),
            Import((entry("a", id_="a-9", size=1),)),
            preview("one"),
        ),
    ),
    Scenario(
        "import-failing-check",
        "Inputs that the check refuses are a warning; a check that fails ends the import.",
        (
            there("a", size=-5),
            B_EXISTS,
            Fail("check", "b"),
            Import((entry("a", size=-5), B)),
            Fail("check", "b", off=True),
            Import((entry("a", size=-5), B)),
        ),
    ),
    Scenario(
        "import-echo",
        "An output that echoes a secret input is stored as a secret.",
        (
            B_EXISTS,
            Import(({**B, "outputs": {**B["outputs"], "label": "hush"}},)),
            up("imported"),
        ),
    ),
)
