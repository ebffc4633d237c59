"""Resource transforms that go wrong; what they change is for the scenarios to show."""

from pathlib import Path

import pytest

from .test_commands import document, run
from .test_commands import project as project  # a fixture


@pytest.mark.parametrize("variant", ["transformed", "transformed_group"])
@pytest.mark.parametrize("operation", ["preview", "up"])
def test_a_run_with_transforms_is_quiet(project: Path, operation: str, variant: str) -> None:
    """The connections to the program are closed in an order in which nothing is logged of them."""
    result = run(project, operation, variant=variant)
    assert result.returncode == 0
    assert result.stderr == ""


def test_a_transform_that_fails_is_named_with_its_resource(project: Path) -> None:
    """The one error has the resource, the reason and the line of the program, and no more."""
    result = run(project, "up", "--json", variant="transform_fails")
    assert result.returncode == 1
    (error,) = [one for one in document(result)["diagnostics"] if one["severity"] == "error"]
    first, *where = error["message"].splitlines()
    assert first == (
        "a transform of pulumi-python:dynamic/toy:Thing 'a' failed: nothing to transform:"
    )
    assert where[0].startswith(f'  File "{project}/relations.py", line ')
    assert not list((project.parent / "objects").glob("*.json"))
