"""A stack reference reads the outputs of another stack of the same project folder."""

from pathlib import Path

import pytest

from pulumi_openrouter.offline import OperationError, Stack, create_or_select_stack

from .engines import new_world
from .test_refusals import refusal_of


@pytest.fixture
def stacks(tmp_path: Path) -> tuple[Stack, Stack]:
    """Two stacks of one toy project: the one that refers, and the other."""
    project, objects = new_world("offline", tmp_path, "toy")
    dev, prod = (create_or_select_stack(name, project) for name in ("dev", "prod"))
    for one in (dev, prod):
        one.set_config("folder", str(objects))
    return dev, prod


def use(stack: Stack, variant: str) -> Stack:
    """Choose the program."""
    (stack.project.root / "variant").write_text(variant)
    return stack


def test_a_stack_reads_the_outputs_of_another(stacks: tuple[Stack, Stack]) -> None:
    """The outputs are those of the other's last update, and secrets stay secret."""
    dev, prod = stacks
    use(prod, "exporting").up()
    found = use(dev, "referring_to_prod").up().outputs
    assert {key: (one.value, one.secret) for key, one in found.items()} == {
        "plain": ("x", False),
        "hush": ("h", True),
        "deep": ({"list": [1, 2]}, True),
    }
    assert dev.preview(expect_no_changes=True).change_summary == {"same": 2}
    assert dev.destroy().summary.resource_changes == {"delete": 2, "discard": 1}
    assert prod.outputs()["plain"].value == "x"


def test_a_stack_without_a_state_cannot_be_read(stacks: tuple[Stack, Stack]) -> None:
    """The one error names the stack, the folder and what to do."""
    dev, _ = stacks
    with pytest.raises(OperationError) as refusal:
        use(dev, "referring_to_prod").preview()
    (error,) = [one for one in refusal.value.diagnostics if one.severity == "error"]
    assert error.message == (
        f"Preview failed: the stack 'prod' has no state in {dev.project.root}: bring it up first"
    )


def test_a_stack_of_another_project_is_refused(tmp_path: Path) -> None:
    """The one error says how a stack is named, and that the Pulumi CLI reads the others."""
    assert refusal_of(tmp_path, "pulumi.StackReference('organization/shop/prod')") == (
        "the stack 'organization/shop/prod' is not one of this project: name it as <stack>, or as "
        "organization/toy/<stack>; the offline engine reads no others, so use the Pulumi CLI for "
        "them"
    )
