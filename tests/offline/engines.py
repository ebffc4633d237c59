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

from harness.project import cli_variables, pulumi_on_path, pulumi_version
from pulumi_openrouter import offline

has_cli = pulumi_on_path
cli_version = cache(pulumi_version)

PROGRAMS = Path(__file__).with_name("programs")
STACK = "dev"

Outcome = dict[str, Any]
# What marks a value with a meaning of its own in a state.
SIGNATURE = "4dabf18193072939515e22adb298388d"
_ECHOES = r"\w+ failed|an unhandled error occurred: .*|Resource monitor has terminated.*"
_DROPPED = ("created", "modified", "sourcePosition", "stackTrace")


class Engine(Protocol):
    """One of the two engines, on a stack of its own."""

    def set_config(self, key: str, value: str, *, secret: bool) -> None:
        """Set a configuration value."""

    def run(self, operation: str, options: Mapping[str, Any]) -> Outcome:
        """Run an operation; return whether it worked, its changes, errors and outputs."""

    def export(self) -> dict[str, Any]:
        """Return the state."""

    def load(self, deployment: dict[str, Any]) -> None:
        """Replace the state."""

    def taint(self, urn: str) -> None:
        """Mark a resource to be replaced."""


class OfflineEngine:
    """Ours."""

    def __init__(self, work: Path) -> None:
        self._stack = offline.create_or_select_stack(STACK, work)

    def set_config(self, key: str, value: str, *, secret: bool) -> None:
        """Set a configuration value."""
        self._stack.set_config(key, offline.ConfigValue(value, secret))

    def run(self, operation: str, options: Mapping[str, Any]) -> Outcome:
        """Run an operation."""
        method: Callable[..., Any] = getattr(self._stack, operation)
        try:
            result = method(**options)
        except offline.OperationError as error:
            errors = [one for one in error.diagnostics if one.severity == "error"]
            return {
                "ok": False,
                "changes": error.resource_changes,
                "errors": [[one.urn, one.message] for one in errors],
            }
        outputs = outputs_of(result.outputs) if operation == "up" else {}
        return {"ok": True, "changes": result.summary.resource_changes, **outputs}

    def export(self) -> dict[str, Any]:
        """Return the state."""
        return self._stack.export_stack().deployment

    def load(self, deployment: dict[str, Any]) -> None:
        """Replace the state."""
        self._stack.import_stack(offline.Deployment(3, deployment))

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
        self._work = work
        # The programs name no virtualenv: `python` has to be the one that runs the tests.
        python = Path(sys.executable).parent
        self._environment = {
            "PATH": f"{python}{os.pathsep}{os.environ.get('PATH', '')}",
            **cli_variables(home),
        }
        options = auto.LocalWorkspaceOptions(env_vars=self._environment)
        self._stack = auto.create_or_select_stack(STACK, work_dir=str(work), opts=options)

    def set_config(self, key: str, value: str, *, secret: bool) -> None:
        """Set a configuration value."""
        self._stack.set_config(key, auto.ConfigValue(value, secret))

    def run(self, operation: str, options: Mapping[str, Any]) -> Outcome:
        """Run an operation."""
        events: list[auto.EngineEvent] = []
        method: Callable[..., Any] = getattr(self._stack, operation)
        try:
            result = method(on_event=events.append, color="never", **options)
        except auto.CommandError:
            errors = _errors(events)
            # Without a reason it is not the scenario that failed, but the CLI or its language host.
            if not errors:
                raise
            return {"ok": False, "changes": _changes(events), "errors": errors}
        outputs = outputs_of(result.outputs) if isinstance(result, auto.UpResult) else {}
        return {"ok": True, "changes": _changes(events), **outputs}

    def export(self) -> dict[str, Any]:
        """Return the state, with its secrets readable."""
        text = self.command("stack", "export", "--show-secrets").stdout
        deployment: dict[str, Any] = json.loads(text)["deployment"]
        return deployment

    def command(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run the CLI for what its Automation API does not do: secrets, replacement by URN."""
        return subprocess.run(
            ["pulumi", "--non-interactive", *arguments, "--stack", STACK],  # noqa: S607
            cwd=self._work,
            env={**os.environ, **self._environment},
            capture_output=True,
            text=True,
            check=True,
        )

    def load(self, deployment: dict[str, Any]) -> None:
        """Replace the state."""
        self._stack.import_stack(auto.Deployment(3, deployment))

    def taint(self, urn: str) -> None:
        """Mark a resource to be replaced."""
        self.command("state", "taint", urn, "--yes")


def _changes(events: list[auto.EngineEvent]) -> dict[str, int]:
    summaries = [one.summary_event for one in events if one.summary_event]
    return {
        str(getattr(op, "value", op)): count
        for one in summaries
        for op, count in one.resource_changes.items()
    }


def _errors(events: list[auto.EngineEvent]) -> list[list[str]]:
    found = [one.diagnostic_event for one in events if one.diagnostic_event]
    return [[one.urn or "", one.message] for one in found if one.severity == "error"]


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


def comparable_errors(errors: list[list[str]]) -> list[str]:
    """Return the line of each error that says what is wrong, with the name of its resource.

    Left out is what the real engine adds at the end: that the operation failed, or the program, and
    the SDK's complaint that it can reach the engine no more.
    """
    found = []
    for urn, message in errors:
        lines = message.strip().splitlines()
        line = lines[-1] if lines[0].startswith("Program failed with") else lines[0]
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
