"""A state moves between the engines, and the next preview is empty.

These run where the Pulumi CLI is on PATH.
"""

from pathlib import Path

import pytest

from .engines import OfflineEngine, RealEngine, has_cli, new_world

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


def test_a_state_of_the_offline_engine_is_taken_by_the_real_one(engines: Engines) -> None:
    """What began offline goes on with the Pulumi CLI, though it lacks the config's secrets."""
    engines.use("group")
    changes = engines.offline.run("up", {})["changes"]
    engines.real.load(engines.offline.export())
    unchanged = {"same": changes["create"]}
    assert engines.real.run("preview", {})["changes"] == unchanged
    assert engines.real.run("up", {})["changes"] == unchanged
    assert engines.real.run("destroy", {})["changes"] == {"delete": changes["create"]}
