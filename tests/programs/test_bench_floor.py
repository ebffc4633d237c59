"""The floors of the bench: they have to give the engine and the API the same work."""

from pathlib import Path

import pytest

from bench.lives import Life, Subject, lead, prepare
from bench.server import steered
from bench.workload import Step, requests_of
from harness import Engine
from pulumi_openrouter.sandbox import Sandbox


@pytest.mark.parametrize("bag", ["inputs", "outputs"])
def test_the_floor_carries_the_same_properties(sandbox: Sandbox, tmp_path: Path, bag: str) -> None:
    """By resource, the state of one program has the same names on either provider."""
    names = {}
    with steered(sandbox.control_url, sandbox.environment) as server:
        for subject in Subject:
            server.remote.reset()
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
    assert names[Subject.BARE_FLOOR] == names[Subject.PACKAGE]


@pytest.mark.parametrize("subject", Subject)
def test_only_who_sends_sends_what_the_package_does(sandbox: Sandbox, subject: Subject) -> None:
    """A floor that sleeps sends nothing; one that sends is told apart by nothing at the API."""
    with steered(sandbox.control_url, sandbox.environment) as server:
        for taken in lead(Life(subject, Engine.OFFLINE, 3), server, Step):
            sends = subject is not Subject.FLOOR
            assert taken.requests == (requests_of(taken.step, 3) if sends else {}), taken.step
