"""Both engines go through the same scenarios, and do the same.

recorded/ holds what the real engine did. The offline engine is compared with that; where the Pulumi
CLI is on PATH, so is the real one, which keeps the records true.
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from .engines import (
    Engine,
    OfflineEngine,
    Outcome,
    RealEngine,
    cli_version,
    comparable_messages,
    comparable_state,
    has_cli,
    import_document,
    new_world,
    read_world,
    take_calls,
)
from .scenario import Edit, Fail, Import, Run, Scenario, Taint, urn
from .scenarios_of_changes import CHANGES
from .scenarios_of_imports import IMPORTS
from .scenarios_of_relations import RELATIONS
from .scenarios_of_targets import TARGETS

RECORDED = Path(__file__).with_name("recorded")

each_scenario = pytest.mark.parametrize(
    "scenario", [*CHANGES, *RELATIONS, *IMPORTS, *TARGETS], ids=lambda one: one.name
)


def play(scenario: Scenario, engine: Engine, project: Path, objects: Path) -> list[Any]:
    """Go through a scenario; return what came of each operation."""
    engine.set_config("toy:folder", str(objects), secret=False)
    for key, (value, secret) in scenario.config.items():
        engine.set_config(key, value, secret=secret)
    if scenario.everything:
        (objects / "log-everything").touch()
    record = []
    for step in scenario.steps:
        if isinstance(step, Run | Import):
            outcome = _run(step, engine, project)
            record.append(_seen(outcome, scenario, engine, objects))
        elif isinstance(step, Edit):
            _edit(step, objects)
        elif isinstance(step, Taint):
            engine.taint(urn(step.name))
        else:
            _fail(step, objects)
    return record


def _run(step: Run | Import, engine: Engine, project: Path) -> Outcome:
    if isinstance(step, Import):
        file = project / "import.json"
        file.write_text(json.dumps(import_document(step)))
        skip_preview = step.skip_preview
        outcome = engine.import_file(file, protect=step.protect, skip_preview=skip_preview)
        return {"operation": "import", **outcome}
    (project / "variant").write_text(step.variant)
    outcome = engine.run(step.operation, {"parallel": 1, **step.options})
    return {"operation": f"{step.operation} {step.variant}", **outcome}


def _seen(outcome: Outcome, scenario: Scenario, engine: Engine, objects: Path) -> Outcome:
    """Return what an operation did, with all that it left behind."""
    for key in ("errors", "warnings"):
        if key in outcome:
            outcome[key] = comparable_messages(outcome[key])
    calls = take_calls(objects)
    return {
        **outcome,
        "calls": calls if scenario.ordered else sorted(calls),
        "objects": read_world(objects),
        "state": comparable_state(engine.export()),
    }


def _edit(step: Edit, objects: Path) -> None:
    file = objects / f"{step.object}.json"
    if step.properties is None:
        file.unlink()
    else:
        file.write_text(json.dumps(step.properties))


def _fail(step: Fail, objects: Path) -> None:
    file = objects / f"fail-{step.call}-{step.key}"
    if step.off:
        file.unlink()
    else:
        file.touch()


def recorded(scenario: Scenario) -> Any:
    """Return what the real engine did."""
    return _document(scenario)["steps"]


def recorded_with(scenario: Scenario) -> str:
    """Return the version of the real engine that did it."""
    return str(_document(scenario)["engine"])


def _document(scenario: Scenario) -> Any:
    return json.loads((RECORDED / f"{scenario.name}.json").read_text(encoding="utf-8"))


def _version(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", text)[:3]]


def compare(record: list[Any], expected: list[Any]) -> None:
    """Compare step by step, to fail at the first that differs."""
    for ours, theirs in zip(record, expected, strict=True):
        assert _text(ours) == _text(theirs)


def _text(value: Any) -> str:
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False)


@each_scenario
def test_offline_engine_does_what_the_real_one_did(scenario: Scenario, tmp_path: Path) -> None:
    """The offline engine's operations, calls, outputs and state are those of the real engine."""
    project, objects = new_world("offline", tmp_path, "toy")
    record = play(scenario, OfflineEngine(project), project, objects)
    compare(record, recorded(scenario))


@pytest.mark.cli
@pytest.mark.skipif(not has_cli(), reason="the Pulumi CLI is not on PATH")
@each_scenario
def test_real_engine_does_what_is_recorded(
    scenario: Scenario, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """The records are what the real engine does, from the version on that they were made with."""
    recording = request.config.getoption("--record")
    if not recording and _version(cli_version()) < _version(recorded_with(scenario)):
        pytest.skip(f"Pulumi {cli_version()} is older than the recorded {recorded_with(scenario)}")
    project, objects = new_world("real", tmp_path, "toy")
    record = play(scenario, RealEngine(project, tmp_path / "pulumi"), project, objects)
    file = RECORDED / f"{scenario.name}.json"
    if recording:
        document = {"engine": cli_version(), "steps": record}
        file.write_text(_text(document) + "\n", encoding="utf-8")
    compare(record, recorded(scenario))
