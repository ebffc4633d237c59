"""The floors of the bench: they have to give the engine and the API the same work."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bench.lives import Life, Subject, lead, prepare
from bench.server import steered
from bench.workload import Step, Variant, requests_of
from harness import Engine
from pulumi_openrouter.sandbox import Sandbox


def test_a_floor_keeps_the_inputs_of_the_package_and_nothing_else(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """By resource, a floor has the inputs that the package has, and returns them as its outputs."""
    inputs, outputs = {}, {}
    with steered(sandbox.control_url, sandbox.environment) as server:
        for subject in Subject:
            server.remote.reset()
            folder = tmp_path / subject.name
            folder.mkdir()
            project = prepare(Life(subject, Engine.OFFLINE, 1), server, folder)
            project.up()
            resources = {one["type"].rpartition(":")[2]: one for one in project.resources()}
            inputs[subject] = {kind: _shown(one["inputs"]) for kind, one in resources.items()}
            outputs[subject] = {kind: _shown(one["outputs"]) for kind, one in resources.items()}
    assert len(inputs[Subject.PACKAGE]) == 3
    for floor in (Subject.FLOOR, Subject.BARE_FLOOR):
        assert outputs[floor] == inputs[floor]
        assert {kind: _alike(one) for kind, one in inputs[floor].items()} == {
            kind: _alike(one) for kind, one in inputs[Subject.PACKAGE].items()
        }


def _shown(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a user sees of a bag: names that begin with two underscores are hidden."""
    return {name: value for name, value in properties.items() if not name.startswith("__")}


def _alike(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return a bag of which the id of a workspace, different in each stack, is left out."""
    return {**properties, "workspace": ...} if "workspace" in properties else {**properties}


@pytest.mark.parametrize("subject", Subject)
@pytest.mark.parametrize("variant", [Variant.PLAIN, Variant.DELETED_WITH])
def test_only_who_sends_sends_what_the_package_does(
    sandbox: Sandbox, subject: Subject, variant: Variant
) -> None:
    """A floor that sleeps sends nothing; one that sends is told apart by nothing at the API."""
    with steered(sandbox.control_url, sandbox.environment) as server:
        for taken in lead(Life(subject, Engine.OFFLINE, 3, variant=variant), server, Step):
            sends = subject is not Subject.FLOOR
            expected = requests_of(taken.step, 3, variant) if sends else {}
            assert taken.requests == expected, taken.step
