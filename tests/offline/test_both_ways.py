"""A state moves between the engines, and the next preview is empty.

These run where the Pulumi CLI is on PATH.
"""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from harness.project import Failure
from pulumi_openrouter.offline.cli import offline

from .engines import STACK, OfflineEngine, RealEngine, has_cli, new_world, read_world

pytestmark = [
    pytest.mark.cli,
    pytest.mark.skipif(not has_cli(), reason="the Pulumi CLI is not on PATH"),
]


class Engines:
    """Both engines on one project."""

    def __init__(self, folder: Path) -> None:
        self.project, objects = new_world("both", folder, "toy")
        self.offline = OfflineEngine(self.project)
        self.real = RealEngine(self.project, folder / "pulumi")
        for engine in (self.offline, self.real):
            engine.set_config("toy:folder", str(objects), secret=False)
            engine.set_config("toy:number", "5", secret=False)
            engine.set_config("toy:hidden", "hush", secret=True)

    def use(self, variant: str) -> None:
        """Choose the program."""
        (self.project / "variant").write_text(variant)


@pytest.fixture
def engines(tmp_path: Path) -> Engines:
    """Both engines on one project."""
    return Engines(tmp_path)


@pytest.mark.parametrize("variant", ["group", "chain", "secrets", "configured"])
def test_a_state_of_the_real_engine_comes_and_goes_back(engines: Engines, variant: str) -> None:
    """Neither engine sees a change in what the other has left, secrets included."""
    engines.use(variant)
    made = engines.real.run("up", {})
    unchanged = {"same": sum(made["changes"].values())}
    engines.offline.load(engines.real.export())
    assert engines.offline.run("preview", {})["changes"] == unchanged
    assert engines.offline.run("refresh", {})["changes"] == unchanged
    assert engines.offline.run("up", {})["outputs"] == made["outputs"]
    engines.real.load(engines.offline.export())
    assert engines.real.run("preview", {})["changes"] == unchanged
    assert engines.real.run("destroy", {})["changes"] == {"delete": unchanged["same"]}


@pytest.mark.parametrize("variant", ["group", "secrets", "configured"])
def test_a_state_of_the_offline_engine_is_taken_by_the_real_one(
    engines: Engines, tmp_path: Path, variant: str
) -> None:
    """What began offline goes on with the Pulumi CLI, its secrets encrypted as that stack's are."""
    engines.use(variant)
    changes = engines.offline.run("up", {})["changes"]
    taker = tmp_path / "taker.json"
    taker.write_text(json.dumps({"version": 3, "deployment": engines.real.export()}))
    arguments = ["export", "--cwd", str(engines.project), "--stack", STACK, "--for", str(taker)]
    printed = CliRunner().invoke(offline, arguments, catch_exceptions=False).stdout
    engines.real.load(json.loads(printed)["deployment"])
    unchanged = {"same": changes["create"]}
    assert engines.real.run("preview", {})["changes"] == unchanged
    assert engines.real.run("up", {})["changes"] == unchanged
    assert engines.real.run("destroy", {})["changes"] == {"delete": changes["create"]}


def test_what_a_provider_prints_is_shown_once(engines: Engines) -> None:
    """Lines of `check` and `diff` are information on the real engine, as they are offline."""
    engines.use("one")
    engines.real.run("up", {})
    (engines.project.parent / "objects" / "chatter").touch()
    printed = engines.real.pulumi("preview", "--json")
    found = [one for one in json.loads(printed)["diagnostics"] if "hello" in one["message"]]
    assert [(one["severity"], one["message"].strip()) for one in found] == [
        ("info#err", "check says hello"),
        ("info#err", "diff says hello"),
    ]


def test_destroy_is_previewed_first(engines: Engines) -> None:
    """`pulumi destroy` leaves a stack with a protected resource alone, as the offline one does."""
    engines.use("protected")
    engines.real.run("up", {})
    with pytest.raises(Failure):
        engines.real.pulumi("destroy", "--yes")
    assert sorted(read_world(engines.project.parent / "objects")) == ["a-1", "b-1", "c-1"]
