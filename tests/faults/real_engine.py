"""Stacks of random lives on the Pulumi CLI: the same programs, run by the real engine.

A `RealStack` looks to a life as the driver's `Stack` does. Its programs run in this process, the
engine and the provider in theirs; the state comes from `pulumi stack export`.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pulumi
from pulumi import automation

import pulumi_openrouter as openrouter
from faults.declared import Declared, Key, Options
from faults.driver import EngineError, Recorded
from harness.project import MONITOR_GONE
from pulumi_openrouter.errors import AlreadyExistsError
from pulumi_openrouter.registry import RESOURCES
from pulumi_openrouter.sandbox import Sandbox
from pulumi_openrouter.testing.stack import cli_variables

PROJECT = "lives"

ATTEMPTS = 3
"""How often a run is begun whose connection to the engine is lost."""

_KINDS: Mapping[str, Any] = {one.__name__: one for one in RESOURCES}


class RealStack:
    """A stack on the CLI. All operations raise AlreadyExistsError or EngineError when they fail."""

    def __init__(self, sandbox: Sandbox, folder: Path, name: str) -> None:
        (folder / "work").mkdir(parents=True, exist_ok=True)
        self.resources: dict[Key, Recorded] = {}
        self.leaving: list[Recorded] = []
        self.notices: list[str] = []
        self._name = name
        self._incarnations: dict[str, int] = {}
        self._stated: dict[str, Mapping[str, Any]] = {}
        self._variables = {
            **cli_variables(folder),
            "PULUMI_PYTHON_CMD": sys.executable,
            **sandbox.environment,
        }
        self._stack = automation.create_or_select_stack(
            name,
            project_name=PROJECT,
            program=lambda: None,
            work_dir=str(folder / "work"),
            opts=automation.LocalWorkspaceOptions(
                project_settings=automation.ProjectSettings(
                    PROJECT,
                    automation.ProjectRuntimeInfo("python", {"virtualenv": sys.prefix}),
                ),
                env_vars=self._variables,
            ),
        )

    def close(self) -> None:
        """Leave everything to the folder's end."""

    def up(
        self,
        program: Sequence[Declared],
        *,
        refresh: bool = False,
        adopt: bool = False,
        replacing: Sequence[Key] = (),
        targets: Sequence[Key] | None = None,
        **_: Any,
    ) -> Counter[str]:
        """Run `up` without a preview; return how many steps of each kind it took."""
        result = self._run(
            "up",
            program,
            adopt=adopt,
            refresh=refresh,
            replace=self._in_state(replacing),
            target=self._targets(program, targets),
        )
        return _steps(result.summary.resource_changes)

    def preview(
        self,
        program: Sequence[Declared],
        *,
        adopt: bool = False,
        replacing: Sequence[Key] = (),
        targets: Sequence[Key] | None = None,
        **_: Any,
    ) -> Counter[str]:
        """Run `preview`; return the steps that it plans."""
        result = self._run(
            "preview",
            program,
            adopt=adopt,
            replace=self._in_state(replacing),
            target=self._targets(program, targets),
        )
        self.notices = result.stdout.splitlines()
        return _steps(result.change_summary)

    def refresh(self) -> list[Key]:
        """Run `refresh`; return one key where something has changed or gone."""
        steps = _steps(self._run("refresh", ()).summary.resource_changes)
        return [] if {*steps} <= {"same"} else [("something",)]

    def destroy(self, **_: Any) -> None:
        """Run `destroy` without a preview."""
        self._run("destroy", ())

    def _run(
        self, operation: str, program: Sequence[Declared], *, adopt: bool = False, **options: Any
    ) -> Any:
        self._variables["OPENROUTER_ADOPT_EXISTING"] = "1" if adopt else ""
        given = {name: value for name, value in options.items() if value}
        if operation in {"up", "preview"}:
            given["program"] = lambda: _declare(program, self._name)
        try:
            return self._try(operation, given)
        finally:
            if operation != "preview":
                self._read({one.key: one for one in program})

    def _try(self, operation: str, given: Mapping[str, Any]) -> Any:
        for attempt in range(ATTEMPTS):
            try:
                return getattr(self._stack, operation)(**given)
            except automation.CommandError as error:
                told = _told(str(error))
                if told is not None or attempt + 1 == ATTEMPTS:
                    raise told or EngineError(str(error)[-300:]) from None
        raise AssertionError

    def _targets(
        self, program: Sequence[Declared], targets: Sequence[Key] | None
    ) -> list[str] | None:
        """Return what to target: the engine refuses names that nothing has, or has any more."""
        if targets is None:
            return None
        known = {*self.resources, *(one.key for one in program)}
        # A run that targets nothing is one that targets the stack itself.
        stack = f"urn:pulumi:{self._name}::{PROJECT}::pulumi:pulumi:Stack::{PROJECT}-{self._name}"
        return [stack, *(self._urn(key) for key in targets if key in known)]

    def _in_state(self, keys: Sequence[Key]) -> list[str] | None:
        """Return what to replace: the engine refuses names that the state does not have."""
        return [self._urn(key) for key in keys if key in self.resources] or None

    def _urn(self, key: Key) -> str:
        return _urn(key, self._name)

    def _read(self, program: Mapping[Key, Declared]) -> None:
        """Take over the state."""
        deployment = self._stack.export_stack().deployment or {}
        self.resources, self.leaving = {}, []
        urns: dict[str, Key] = {}
        for one in deployment.get("resources") or ():
            kind = one["type"].rpartition(":")[2]
            if kind not in _KINDS or not one["type"].startswith("pulumi-python:dynamic/openrouter"):
                continue
            key = _key(one["urn"])
            urns[one["urn"]] = key
            # What a replacement has left behind has the key of what is declared, and is not it.
            declared = None if one.get("delete") else program.get(key)
            record = self._recorded(key, one, urns, declared)
            if one.get("delete"):
                self.leaving.append(record)
            else:
                self.resources[key] = record

    def _recorded(
        self, key: Key, one: Mapping[str, Any], urns: Mapping[str, Key], declared: Declared | None
    ) -> Recorded:
        inputs = {name: v for name, v in one["inputs"].items() if not name.startswith("__")}
        token = one["outputs"].get("__incarnation", one["id"])
        # The state has what the program states as soon as the program's step has been taken.
        stated = self._stated.get(token, inputs)
        if declared is not None and _matches(declared.inputs, inputs):
            stated = dict(declared.inputs)
        self._stated[token] = stated
        created = self._incarnations.setdefault(token, len(self._incarnations))
        options = Options(protect=bool(one.get("protect")), retain=bool(one.get("retainOnDelete")))
        parents = [urns[urn] for urn in one.get("dependencies") or () if urn in urns]
        return Recorded(
            key,
            one["id"],
            inputs,
            one["outputs"],
            parents[0] if parents else None,
            options,
            stated,
            created,
            bool(one.get("pendingReplacement")),
        )


class _Component(pulumi.ComponentResource):
    """A component of any type."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind, kind.rpartition(":")[2].lower())


def _declare(program: Sequence[Declared], stack: str) -> None:
    """Run a program: the constructors, in its order."""
    components: dict[str, _Component] = {}
    workspaces: dict[str, openrouter.Workspace] = {}
    for one in program:
        parent = None
        if one.within:
            parent = components.get(one.within) or _Component(one.within)
            components[one.within] = parent
        options = pulumi.ResourceOptions(
            parent=parent,
            protect=one.options.protect or None,
            retain_on_delete=one.options.retain or None,
            delete_before_replace=one.options.delete_first,
            aliases=[_urn(key, stack) for key in one.options.aliases],
        )
        inputs = dict(one.inputs)
        if one.kind == "Workspace":
            if inputs["name"] == one.name:
                del inputs["name"]
            workspaces[one.name] = openrouter.Workspace(one.name, options, **inputs)
            continue
        workspace = workspaces[one.of] if one.of else inputs.pop("workspace")
        _KINDS[one.kind](one.name, options, workspace=workspace, **inputs)


def _urn(key: Key, stack: str) -> str:
    kind, name, *within = key
    type_ = "$".join([*within, f"pulumi-python:dynamic/openrouter:{kind}"])
    return f"urn:pulumi:{stack}::{PROJECT}::{type_}::{name}"


def _key(urn: str) -> Key:
    *_, types, name = urn.split("::")
    *within, kind = types.split("$")
    return (kind.rpartition(":")[2], name, *within)


def _matches(stated: Mapping[str, Any], inputs: Mapping[str, Any]) -> bool:
    """Return whether checked inputs are those of a program, whatever form they have now."""
    names = {*stated, *inputs} - {"adopt", "workspace"}
    return all(_plain(inputs.get(name)) == _plain(stated.get(name)) for name in names)


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return sorted(str(item).lower() for item in value) or None
    return value or None


def _steps(changes: Mapping[Any, int] | None) -> Counter[str]:
    return +Counter({str(getattr(op, "value", op)): n for op, n in (changes or {}).items()})


def _told(text: str) -> AlreadyExistsError | EngineError | None:
    """Return the first error that the engine printed, in one line.

    None where it printed none of its own: then the connection between the engine and the program,
    which run in two processes, was lost.
    """
    errors = re.findall(r"^\s*error: (.*)$", text, re.MULTILINE)
    # The SDK reports as errors what follows from the end of a run.
    after = ("update failed", MONITOR_GONE, "Exception calling application")
    ours = [one for one in errors if not any(words in one for words in after)]
    if not ours:
        return None
    line = " ".join(ours[0].split())
    return AlreadyExistsError(line) if "exists already" in text else EngineError(line)
