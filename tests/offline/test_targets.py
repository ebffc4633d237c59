"""`--target` on the command line; what it means is for the scenarios to show."""

import json
from pathlib import Path
from typing import Any

import pytest

from .scenario import urn
from .test_commands import document, lines, run
from .test_commands import project as project  # a fixture

THING = "pulumi-python:dynamic/toy:Thing"


def sizes(project: Path) -> dict[str, Any]:
    """Return the sizes that the objects of the provider have."""
    files = sorted((project.parent / "objects").glob("*.json"))
    return {file.stem: json.loads(file.read_text())["size"] for file in files}


def test_only_targets_are_changed_and_destroyed(project: Path) -> None:
    """--target names one resource, or several with a wildcard, for each operation."""
    run(project, "up", variant="pair")
    shown = run(project, "up", "--target", urn("a"), variant="pair_larger")
    assert [one for one in lines(shown) if THING in one] == [f" ~  {THING} a updated"]
    assert sizes(project) == {"a-1": 2, "b-1": 1, "c-1": 1}
    shown = run(project, "destroy", "--yes", "-t", "**:Thing::b", "-t", urn("c"))
    assert "    - 2 deleted" in lines(shown)
    assert sizes(project) == {"a-1": 2}


def test_dependents_are_taken_along_on_demand(project: Path) -> None:
    """A destroy that would take along more than its targets says how to allow that."""
    run(project, "up", variant="pair")
    refused = run(project, "destroy", "--yes", "--target", urn("a"))
    assert refused.returncode == 1
    assert lines(refused)[-2:] == [
        f"error: {THING} (b): Resource '{urn('b')}' will be destroyed but was not specified in "
        "--target list.",
        "Either include resource in --target list or pass --target-dependents to proceed.",
    ]
    assert sizes(project) == {"a-1": 1, "b-1": 1, "c-1": 1}
    assert run(project, "destroy", "-y", "-t", urn("a"), "--target-dependents").returncode == 0
    assert sizes(project) == {"c-1": 1}


@pytest.mark.parametrize("operation", ["refresh", "destroy --yes", "destroy --skip-preview"])
def test_an_unknown_target_keeps_a_refresh_and_a_destroy_from_beginning(
    project: Path, operation: str
) -> None:
    """A target with a typo is named, and nothing is done to the other targets either."""
    run(project, "up", variant="pair")
    targets = ("--target", urn("nobody"), "--target", urn("c"))
    refused = run(project, *operation.split(), *targets, "--json")
    assert refused.returncode == 1
    shown = document(refused)
    assert [one["message"] for one in shown["diagnostics"]] == [
        f"Target '{urn('nobody')}' could not be found in the stack. "
        "Did you forget to escape $ in your shell?"
    ]
    assert shown["steps"] == []
    assert sizes(project) == {"a-1": 1, "b-1": 1, "c-1": 1}
