"""The floor of the bench: a provider that does nothing has to give its engine the same work."""

from pathlib import Path

import pytest

from bench.lives import Life, Subject, prepare
from bench.server import steered
from harness import Engine
from pulumi_openrouter.sandbox import Sandbox


@pytest.mark.parametrize("bag", ["inputs", "outputs"])
def test_the_floor_carries_the_same_properties(sandbox: Sandbox, tmp_path: Path, bag: str) -> None:
    """By resource, the state of one program has the same names on either provider."""
    names = {}
    control_url = sandbox.url.replace("/api/v1", "/_sandbox")
    with steered(control_url, sandbox.environment) as server:
        for subject in Subject:
            folder = tmp_path / subject.name
            folder.mkdir()
            project = prepare(Life(subject, Engine.OFFLINE, 1), server, folder)
            project.up()
            names[subject] = {
                resource["type"].rpartition(":")[2]: sorted(resource[bag])
                for resource in project.resources()
            }
    assert len(names[Subject.FLOOR]) == 3
    assert names[Subject.FLOOR] == names[Subject.PACKAGE]
