"""Driving either engine through the same steps, and putting what it did into comparable words.

The real engine is Pulumi's own, by way of its Automation API; it is the judge of what is right.
Left out of a comparison is what no two runs share: times, source positions, random ids, pickles.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import pulumi.automation as auto

from harness.project import Engine as ProjectEngine
from harness.project import Failure, Project, pulumi_on_path, pulumi_version
from pulumi_openrouter import offline
from pulumi_openrouter.offline.state.import_file import read_import_file

from .scenario import Import

has_cli = pulumi_on_path
cli_version = cache(pulumi_version)

PROGRAMS = Path(__file__).with_name("programs")
STACK = "dev"

Outcome = dict[str, Any]
# What marks a value with a meaning of its own in a state.
SIGNATURE = "4dabf18193072939515e22adb298388d"
_ECHOES = (
    r"\w+ failed(: step application failed: .*)?|an unhandled error occurred: .*"
    r"|Resource monitor has terminated.*|post-step event returned an error: .*"
    r"|One or more imported inputs failed to validate.*|the provider's check refuses inputs.*"
)
_DROPPED = ("created", "modified", "sourcePosition", "stackTrace")


class Engine(Protocol):
    """One of the two engines, on a stack of its own."""

    set_config: Callable[..., None]

    def run(self, operation: str, options: Mapping[str, Any]) -> Outcome:
        """Run an operation; return whether it worked, its changes, errors and outputs."""

    def import_file(self, file: Path, *, protect: bool, skip_preview: bool) -> Outcome:
        """Import what a file describes; the outcome has warnings as well."""

    def export(self) -> dict[str, Any]:
        """Return the state."""

    def load(self, deployment: dict[str, Any]) -> None:
        """Replace the state."""

    def taint(self, urn: str) -> None:
        """Mark a resource to be replaced."""


class OfflineEngine:
    """Ours."""

    def __init__(self, work: Path) -> None:
        project = Project(work, ProjectEngine.OFFLINE, {}, stack=STACK)
        self.stack = project.stack
        self.set_config = project.set_config

    def run(self, operation: str, options: Mapping[str, Any]) -> Outcome:
        """Run an operation."""
        method: Callable[..., Any] = getattr(self.stack, operation)
        outcome, result = self._outcome(lambda: method(**options))
        if operation == "up" and result is not None:
            outcome |= outputs_of(result.outputs)
        return outcome

    def import_file(self, file: Path, *, protect: bool, skip_preview: bool) -> Outcome:
        """Import what a file describes, as the command does: a preview has to succeed first."""
        with file.open() as opened:
            resources, names = read_import_file(opened)
        if not skip_preview:
            outcome, result = self._outcome(
                lambda: self.stack.preview_import(resources, names, parallel=1)
            )
            if result is None:
                return outcome
        outcome, result = self._outcome(
            lambda: self.stack.import_resources(resources, names, protect=protect, parallel=1)
        )
        found = result.diagnostics if result is not None else []
        return {**outcome, "warnings": _messages(found, "warning")}

    @staticmethod
    def _outcome(operation: Callable[[], Any]) -> tuple[Outcome, Any]:
        """Return what came of an operation, and its result if it worked."""
        try:
            result = operation()
        except offline.OperationError as error:
            errors = _messages(error.diagnostics, "error")
            return {"ok": False, "changes": error.resource_changes, "errors": errors}, None
        return {"ok": True, "changes": result.summary.resource_changes}, result

    def export(self) -> dict[str, Any]:
        """Return the state."""
        deployment: dict[str, Any] = self.stack.export_stack().deployment
        return deployment

    def load(self, deployment: dict[str, Any]) -> None:
        """Replace the state."""
        self.stack.import_stack(offline.Deployment(3, deployment))

    def taint(self, urn: str) -> None:
        """Mark a resource to be replaced, as the state holds it."""
        deployment = self.export()
        for resource in deployment["resources"]:
            if resource["urn"] == urn:
                resource["taint"] = True
        self.load(deployment)


class RealEngine:
    """Pulumi's, with a backend in a folder of its own."""

    def __init__(self, work: Path, home: Path) -> None:
        # The programs name no virtualenv: `python` has to be the one that runs the tests.
        python = Path(sys.executable).parent
        environment = {
            "PATH": f"{python}{os.pathsep}{os.environ.get('PATH', '')}",
            # The log of events is for the CLI's own developers, and hidden without this.
            "PULUMI_DEBUG_COMMANDS": "true",
        }
        project = Project(work, ProjectEngine.CLI, environment, stack=STACK, home=home)
        self.stack = project.stack
        self.set_config = project.set_config
        self.pulumi = project.pulumi

    def run(self, operation: str, options: Mapping[str, Any]) -> Outcome:
        """Run an operation."""
        events: list[auto.EngineEvent] = []
        method: Callable[..., Any] = getattr(self.stack, operation)
        try:
            result = method(on_event=events.append, color="never", **options)
        except auto.CommandError:
            errors = _diagnostics(events, "error")
            # Without a reason it is not the scenario that failed, but the CLI or its language host.
            if not errors:
                raise
            return {"ok": False, "changes": _changes(events), "errors": errors}
        outputs = outputs_of(result.outputs) if isinstance(result, auto.UpResult) else {}
        return {"ok": True, "changes": _changes(events), **outputs}

    def export(self) -> dict[str, Any]:
        """Return the state, with its secrets readable."""
        text = self.pulumi("stack", "export", "--show-secrets")
        deployment: dict[str, Any] = json.loads(text)["deployment"]
        return deployment

    def import_file(self, file: Path, *, protect: bool, skip_preview: bool) -> Outcome:
        """Import what a file describes."""
        log = file.with_suffix(".log")
        arguments = ["--file", str(file), "--generate-code=false", f"--protect={protect}".lower()]
        arguments += ["--yes", "--event-log", str(log), "--parallel", "1"]
        skip = ["--skip-preview"] if skip_preview else []
        ok = True
        try:
            self.pulumi("import", *arguments, *skip)
        except Failure:
            ok = False
        lines = log.read_text().splitlines()
        events = [auto.EngineEvent.from_json(json.loads(line)) for line in lines]
        log.unlink()
        # The preview and the import each begin with a prelude; the last of them counts.
        events = events[max(n for n, one in enumerate(events) if one.prelude_event) :]
        outcome = {"ok": ok, "changes": _changes(events)}
        if not ok:
            return {**outcome, "errors": _diagnostics(events, "error")}
        return {**outcome, "warnings": _diagnostics(events, "warning")}

    def load(self, deployment: dict[str, Any]) -> None:
        """Replace the state."""
        self.stack.import_stack(auto.Deployment(3, deployment))

    def taint(self, urn: str) -> None:
        """Mark a resource to be replaced."""
        self.pulumi("state", "taint", urn, "--yes")


def _messages(diagnostics: list[offline.Diagnostic], severity: str) -> list[list[str]]:
    return [[one.urn, one.message] for one in diagnostics if one.severity == severity]


def _changes(events: list[auto.EngineEvent]) -> dict[str, int]:
    summaries = [one.summary_event for one in events if one.summary_event]
    return {
        str(getattr(op, "value", op)): count
        for one in summaries
        for op, count in one.resource_changes.items()
    }


def _diagnostics(events: list[auto.EngineEvent], severity: str) -> list[list[str]]:
    found = [one.diagnostic_event for one in events if one.diagnostic_event]
    return [[one.urn or "", one.message] for one in found if one.severity == severity]


def outputs_of(outputs: Mapping[str, Any]) -> Outcome:
    """Return a stack's outputs; of a secret, only that it is one."""
    shown = {key: "[secret]" if one.secret else one.value for key, one in outputs.items()}
    return {"outputs": shown}


def new_world(engine: str, work: Path, program: str) -> tuple[Path, Path]:
    """Copy a program into `work`; return its folder and the one of the provider's objects."""
    project, objects = work / engine / program, work / engine / "objects"
    shutil.copytree(PROGRAMS / program, project)
    objects.mkdir()
    return project, objects


@cache
def _pickle() -> str:
    """Return the provider of things as it stands in every state."""
    program = (
        "from pulumi.dynamic.dynamic import serialize_provider; from toy import Things; "
        "print(serialize_provider(Things()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=PROGRAMS / "toy",
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def import_document(step: Import) -> dict[str, Any]:
    """Return what the import file of a step holds, with the provider of each thing."""
    document: dict[str, Any] = {"resources": [_with_provider(one) for one in step.entries]}
    if step.name_table:
        document["nameTable"] = step.name_table
    return document


def _with_provider(entry: Mapping[str, Any]) -> dict[str, Any]:
    bags = {
        key: {"__provider": _pickle(), **entry[key]}
        for key in ("inputs", "outputs")
        if key in entry
    }
    return {**entry, **bags}


def comparable_state(deployment: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return a state without what differs from run to run, in an order of its own."""
    resources = [_comparable_resource(one) for one in deployment.get("resources") or []]
    return sorted(
        resources, key=lambda one: (one["urn"], one.get("id", ""), one.get("delete", False))
    )


def _comparable_resource(resource: Mapping[str, Any]) -> dict[str, Any]:
    entry = {key: value for key, value in resource.items() if key not in _DROPPED}
    if entry["type"].startswith("pulumi:providers:"):
        # Its id is random, and the offline engine leaves secrets out of its inputs.
        return {"urn": entry["urn"], "type": entry["type"], "custom": entry["custom"]}
    if provider := entry.get("provider"):
        entry["provider"] = provider.rpartition("::")[0]
    for key in ("inputs", "outputs"):
        if key in entry:
            entry[key] = {
                name: "<pickle>" if name == "__provider" else _decoded(value)
                for name, value in entry[key].items()
            }
    if trigger := entry.get("replacementTrigger"):
        entry["replacementTrigger"] = _decoded(trigger)
    if "dependencies" in entry:
        entry["dependencies"] = sorted(entry["dependencies"])
    if "propertyDependencies" in entry:
        entry["propertyDependencies"] = {
            key: sorted(urns) for key, urns in entry["propertyDependencies"].items()
        }
    return entry


def _decoded(value: Any) -> Any:
    """Read the JSON text that a secret is stored as: engines differ in its spelling."""
    if isinstance(value, list):
        return [_decoded(one) for one in value]
    if not isinstance(value, dict):
        return value
    if SIGNATURE in value and "plaintext" in value:
        return {"secret": _decoded(json.loads(value["plaintext"]))}
    return {key: _decoded(one) for key, one in value.items()}


def comparable_messages(messages: list[list[str]]) -> list[str]:
    """Return the line of each error or warning that says what is wrong, with its resource's name.

    Left out is what the real engine adds at the end: that the operation failed, or the program, and
    the SDK's complaint that it can reach the engine no more. Each engine introduces what a check
    finds in an import file in its own words.
    """
    found = []
    for urn, message in messages:
        lines = message.strip().splitlines()
        line = lines[-1] if lines[0].startswith("Program failed with") else lines[0]
        # The real engine has a slip of the pen in one of its messages.
        line = line.replace("was was", "was")
        if not re.fullmatch(_ECHOES, line):
            found.append(f"{urn.rpartition('::')[2]}: {line}")
    return sorted(found)


def read_world(objects: Path) -> dict[str, Any]:
    """Return the provider's objects."""
    files = sorted(objects.glob("*.json"))
    return {file.stem: json.loads(file.read_text()) for file in files}


def take_calls(objects: Path) -> list[str]:
    """Return the calls since the last time, and forget them."""
    log = objects / "calls.log"
    calls = log.read_text().splitlines() if log.exists() else []
    log.unlink(missing_ok=True)
    return calls
