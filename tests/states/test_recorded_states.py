"""States of earlier versions, of both engines: a later version previews them without a change.

`pytest tests/states --record-states` writes those of the installed version; the files of earlier
versions stay as they are. The sandbox has what the states tell of, under the same ids.
"""

import json
import shutil
import subprocess
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from pulumi import automation

from harness import Engine, Project
from pulumi_openrouter import offline
from pulumi_openrouter.sandbox import Sandbox

RECORDED = Path(__file__).with_name("recorded")
STATES = sorted(RECORDED.glob("*.json"))

SEED: dict[str, Any] = {
    "workspaces": [
        {
            "name": "Everything",
            "slug": "everything",
            "description": "Production traffic",
            "default_text_model": "openai/gpt-4o",
            "default_image_model": "openai/dall-e-3",
            "default_provider_sort": "price",
            "is_observability_io_logging_enabled": True,
            "is_observability_broadcast_enabled": True,
            "is_data_discount_logging_enabled": False,
            "io_logging_sampling_rate": 0.1,
            "io_logging_api_key_ids": [7, 42],
            "disabled_server_tools": ["openrouter:web_fetch", "openrouter:web_search"],
            "include_byok_in_budgets": True,
            "budgets": {"daily": 0.5, "weekly": 60, "monthly": 600.25, "lifetime": 5000},
            "members": ["jane.doe@example.com", "ravi.patel@example.com"],
        },
        {
            "name": "nothing",
            "slug": "nothing",
            "budgets": {"daily": 1},
            "members": ["mei.chen@example.com"],
        },
    ]
}
PROGRAM = """
everything = openrouter.Workspace(
    "everything",
    name="Everything",
    slug="everything",
    description="Production traffic",
    default_text_model="openai/gpt-4o",
    default_image_model="openai/dall-e-3",
    default_provider_sort="price",
    is_observability_io_logging_enabled=True,
    is_observability_broadcast_enabled=True,
    is_data_discount_logging_enabled=False,
    io_logging_sampling_rate=0.1,
    io_logging_api_key_ids=[42, 7],
    disabled_server_tools=["openrouter:web_search", "openrouter:web_fetch"],
    adopt=True,
)
openrouter.WorkspaceBudget(
    "everything",
    workspace=everything,
    daily_usd=0.5,
    weekly_usd=60,
    monthly_usd=600.25,
    lifetime_usd=5000,
    include_byok_in_budgets=True,
    exclusive=True,
)
openrouter.WorkspaceMembership(
    "everything",
    workspace=everything,
    emails=["Ravi.Patel@example.com", "jane.doe@example.com"],
    exclusive=True,
)
nothing = openrouter.Workspace("nothing", slug="nothing", adopt=True)
openrouter.WorkspaceBudget("nothing", workspace="nothing", daily_usd=1)
mei = openrouter.get_organization_members(["mei.chen@example.com"])[0]
openrouter.WorkspaceMembership("nothing", workspace=nothing.slug, user_ids=[mei.id])
pulumi.export("workspace", everything.id)
"""
# What differs from one recording to the next, or tells of the machine.
PERSONAL = ("created", "modified", "sourcePosition", "stackTrace", "secrets_providers")


@pytest.fixture(scope="module")
def seeded_server() -> Iterator[Sandbox]:
    """Run a sandbox that has what the program of the recordings asks for."""
    with Sandbox(seed=SEED) as sandbox:
        yield sandbox


@pytest.fixture
def seeded(seeded_server: Sandbox, tmp_path: Path, engine: Engine) -> Project:
    """A project on the engine under test, with the program of the recordings."""
    seeded_server.reset()
    project = Project(tmp_path / "acme", engine, seeded_server.environment)
    project.program(PROGRAM)
    return project


@pytest.fixture(autouse=True)
def recording(request: pytest.FixtureRequest) -> None:
    """Record before anything is tested, where that is asked for."""
    if request.config.getoption("--record-states", default=False):
        project: Project = request.getfixturevalue("seeded")
        project.up()
        deployment = _impersonal(project.stack.export_stack().deployment)
        file = RECORDED / f"{project.engine.value}-{version('pulumi-openrouter')}.json"
        RECORDED.mkdir(exist_ok=True)
        file.write_text(json.dumps(deployment, indent=2, sort_keys=True) + "\n")
        pytest.skip(f"recorded {file.name}")


def _impersonal(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {k: _impersonal(v) for k, v in value.items() if k not in PERSONAL}
        return kept | ({"time": "2026-01-01T00:00:00Z"} if "magic" in kept else {})
    return [_impersonal(item) for item in value] if isinstance(value, list) else value


def _load(project: Project, file: Path) -> None:
    deployment = json.loads(file.read_text())
    kind = automation.Deployment if project.engine is Engine.CLI else offline.Deployment
    project.stack.import_stack(kind(version=3, deployment=deployment))


def test_each_engine_has_a_recorded_state(engine: Engine) -> None:
    """Without a recording the test below would prove nothing."""
    assert [file for file in STATES if file.name.startswith(engine.value)]


@pytest.mark.parametrize("file", STATES, ids=lambda file: file.stem)
def test_a_recorded_state_previews_empty(
    seeded: Project, seeded_server: Sandbox, file: Path
) -> None:
    """Whichever engine recorded it: no change in a preview, with a refresh, or in an up."""
    _load(seeded, file)
    assert seeded.preview().is_empty
    assert seeded.preview(refresh=True).is_empty
    assert seeded.up().is_empty
    assert seeded_server.requests(writes_only=True) == []


@pytest.mark.parametrize("file", STATES, ids=lambda file: file.stem)
def test_a_recorded_state_tells_nothing_of_a_machine(file: Path) -> None:
    """No home folder, no temporary one, no interpreter."""
    text = file.read_text()
    assert not [part for part in ("/home/", "/root", "/tmp", "/usr", "python3") if part in text]  # noqa: S108 - looks for them


@pytest.mark.parametrize("minor", [10, 11, 12, 13])
def test_another_python_previews_the_same_state_empty(
    seeded: Project, seeded_server: Sandbox, minor: int
) -> None:
    """A state goes back and forth between Pythons that have the package, without a change."""
    python = shutil.which(f"python3.{minor}")
    prefix = _prefix_with_the_package(python) if python else None
    if prefix is None:
        pytest.skip(f"there is no python3.{minor} on PATH with this package")
    seeded.up()
    seeded_server.clear_requests()
    here = (seeded.folder / "Pulumi.yaml").read_text()
    for prefix_in_use in (prefix, None):
        there = here.rpartition("virtualenv:")[0] + f"virtualenv: {prefix}\n"
        (seeded.folder / "Pulumi.yaml").write_text(there if prefix_in_use else here)
        seeded.reopen()
        assert seeded.preview().is_empty
        assert seeded.up().is_empty
    assert seeded_server.requests(writes_only=True) == []


def _prefix_with_the_package(python: str) -> str | None:
    code = "import sys, pulumi_openrouter; print(sys.prefix)"
    answer = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    return answer.stdout.strip() or None
