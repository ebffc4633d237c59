"""Unit tests: a program is run with Pulumi's mocks, and what it declares is handed back."""

from __future__ import annotations

import asyncio
import runpy
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

import pulumi
from pulumi.runtime import rpc
from pulumi.runtime.settings import ROOT, get_root_resource, reset_options
from pulumi.runtime.stack import Stack

from pulumi_openrouter import offline
from pulumi_openrouter.lifecycle.declaration import LeftOut
from pulumi_openrouter.lifecycle.membership_plan import Person, form_of
from pulumi_openrouter.lifecycle.properties import user_inputs
from pulumi_openrouter.lifecycle.session import Session
from pulumi_openrouter.registry import RESOURCES
from pulumi_openrouter.settings import Settings
from pulumi_openrouter.testing.project import (
    ProgramError,
    checked_config,
    config_text,
    find_folder,
    refuse_generator,
)

# A failure is shown where the test made the call, and not in here.
__tracebackhide__ = True

if TYPE_CHECKING:
    from pulumi_openrouter.lifecycle.base import Lifecycle
    from pulumi_openrouter.testing.project import ConfigInput

_CREATED_AT = "2026-01-01T00:00:00.000Z"


class MockError(Exception):
    """Resources have inputs that a preview would refuse; the text has a line for each input."""


@dataclass(frozen=True)
class Declared:
    """A resource that a program declares.

    Attributes:
        type: Its whole type, such as `pulumi-python:dynamic/openrouter:Workspace`.
        name: Its name in the program.
        id: The Pulumi id that the mocks gave it.
        inputs: The inputs that it was given, resolved. Those that are None are left out.
    """

    type: str
    name: str
    id: str
    inputs: Mapping[str, Any]


@dataclass(frozen=True)
class Program:
    """What a program has declared.

    `program["WorkspaceBudget chat"]` is the resource of that kind and name.

    Attributes:
        resources: All resources but the stack, by kind and name. If two have the same kind and name
            in different components, the later one is here.
        outputs: The outputs of the stack, resolved.
    """

    resources: dict[str, Declared] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)

    def __getitem__(self, kind_and_name: str) -> Declared:
        found = self.resources.get(kind_and_name)
        if found is None:
            declared = ", ".join(sorted(self.resources)) or "nothing"
            msg = f"the program declares no {kind_and_name!r}, but {declared}"
            raise KeyError(msg)
        return found

    def __contains__(self, kind_and_name: object) -> bool:
        return kind_and_name in self.resources


class MockRunner:
    """Runs programs with Pulumi's mocks; the fixture `openrouter_mocks` is one.

    Args:
        beside: The folder of the test file.
        root: Where to stop looking for a project.
    """

    def __init__(self, beside: Path, root: Path) -> None:
        self._beside = beside
        self._root = root

    def __call__(
        self,
        program: str | Path | Callable[[], object] | None = None,
        *,
        project: str = "test",
        stack: str = "test",
        config: Mapping[str, ConfigInput] | None = None,
    ) -> Program:
        """Run a program in this process and return what it has declared.

        No engine is started and nothing is sent. Values are checked as a preview checks them, each
        resource by itself. Outputs that only OpenRouter knows, such as `created_at`, have values
        that are made up.

        Args:
            program: A function, which may use whatever a function may use, or the folder of a
                project, from the folder of the test file on. An async function is awaited. Default:
                the project that the test file is in. Of a project, only the program is used, not
                its configuration.
            project: The name of the project.
            stack: The name of the stack.
            config: The configuration. A key without a namespace gets the project's.

        Raises:
            MockError: The inputs of a resource break a rule.
            ProgramError: There is no such program, it is a generator, or it ends with an exit code
                other than 0.
            TypeError: `config` is no mapping.
            Exception: Whatever the program raises.
        """
        run = program if callable(program) else self._main(program)
        refuse_generator(run)
        configuration = _configuration(project, checked_config(config))
        # All that the SDK knows of a run belongs to its thread, so a thread of its own keeps the
        # run apart from other mocks in the process of the test.
        with ThreadPoolExecutor(max_workers=1) as thread:
            return thread.submit(_run_with_mocks, run, project, stack, configuration).result()

    def _main(self, program: str | Path | None) -> Callable[[], object]:
        folder = find_folder(program, self._beside, self._root)
        main = folder / "__main__.py"
        if not main.is_file():
            msg = f"{folder} has no __main__.py; name the folder that has it"
            raise ProgramError(msg)

        def run() -> None:
            path, before = [*sys.path], {*sys.modules}
            sys.path.insert(0, str(folder))
            try:
                runpy.run_path(str(main), run_name="__main__")
            finally:
                sys.path[:] = path
                _forget_modules(folder, before)

        return run


def _forget_modules(folder: Path, before: Collection[str]) -> None:
    """Let the next run import the program's own modules anew, as a process of its own would."""
    for name in sys.modules.keys() - before:
        file = getattr(sys.modules[name], "__file__", None)
        if file is not None and Path(file).is_relative_to(folder):
            del sys.modules[name]


def _run_with_mocks(
    program: Callable[[], object],
    project: str,
    stack: str,
    configuration: tuple[dict[str, str], list[str]],
) -> Program:
    declared = Program()
    mocks = _Mocks(declared)
    reset_options()
    with _event_loop() as loop:
        pulumi.runtime.set_mocks(mocks, project=project, stack=stack, preview=False)
        # The root resource that came with it takes no program.
        ROOT.set(None)
        pulumi.runtime.set_all_config(*configuration)
        declared.outputs.update(loop.run_until_complete(_run(program)))
    if mocks.problems:
        raise MockError("\n".join(mocks.problems))
    return declared


@contextmanager
def _event_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """Offer an event loop, which the SDK finds as the one of this thread."""
    loops: list[asyncio.AbstractEventLoop] = []

    def make() -> None:
        loops.append(asyncio.new_event_loop())
        asyncio.set_event_loop(loops[-1])

    make()
    # The SDK's mocks want a loop in each thread that calls them, and leave it open.
    executor = ThreadPoolExecutor(max_workers=4, initializer=make)
    loops[0].set_default_executor(executor)
    try:
        yield loops[0]
    finally:
        executor.shutdown()
        for one in loops:
            one.close()


async def _run(program: Callable[[], object]) -> dict[str, Any]:
    """Run a program below a root stack and return the outputs of the stack."""
    await pulumi.runtime.run_in_stack(lambda: _to_the_end(program))
    root = get_root_resource()
    outputs = root.outputs if isinstance(root, Stack) else {}
    resolved: Any = await pulumi.Output.all(**outputs).future()
    return dict(resolved or {})


async def _to_the_end(program: Callable[[], object]) -> None:
    """Run a program and await it if it is async; `sys.exit(0)` ends it as it ends a process."""
    try:
        result = program()
        if asyncio.iscoroutine(result):
            await result
    except SystemExit as error:
        if error.code:
            msg = f"the program ended with exit code {error.code}"
            raise ProgramError(msg) from None


def _configuration(
    project: str, config: Mapping[str, ConfigInput]
) -> tuple[dict[str, str], list[str]]:
    values: dict[str, str] = {}
    secrets: list[str] = []
    for short, given in config.items():
        key = short if ":" in short else f"{project}:{short}"
        value = given
        if isinstance(value, offline.ConfigValue):
            secrets += [key] if value.secret else []
            value = value.value
        values[key] = config_text(value)
    return values, secrets


class _Mocks(pulumi.runtime.Mocks):
    """Answers for this package's resources; of other kinds, inputs become outputs."""

    def __init__(self, program: Program) -> None:
        self._program = program
        session = Session(Settings(management_key="sk-or-mgmt-mocked"), lambda _: None)
        self._lifecycles: dict[str, Lifecycle] = {
            f"pulumi-python:{one._resource_type_name}": one._provider_type.lifecycle_type(session)
            for one in RESOURCES
        }
        self.problems: list[str] = []

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[str, Any], None]:  # noqa: ARG002
        """Return nothing: this package has no functions that an engine calls."""
        return {}, None

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        """Note a resource, check it, and return its id and its outputs."""
        inputs = {
            name: value
            for name, value in _plain(user_inputs(args.inputs)).items()
            if value is not None
        }
        lifecycle = self._lifecycles.get(args.typ)
        id_ = args.resource_id or _id(args, inputs)
        kind = args.typ.rpartition(":")[2]
        declared = Declared(args.typ, args.name, id_, inputs)
        self._program.resources[f"{kind} {args.name}"] = declared
        if lifecycle is None:
            return id_, {**args.inputs}
        if not args.resource_id:
            self._check(lifecycle, kind, args.name, inputs)
        return id_, {**args.inputs, **_outputs(lifecycle, id_, inputs)}

    def _check(self, lifecycle: Lifecycle, kind: str, name: str, inputs: dict[str, Any]) -> None:
        """Note what is wrong with the inputs; the run ends with it."""
        for property_, reason in lifecycle.check({}, inputs).problems:
            self.problems.append(f'{kind} "{name}": {property_}: {reason}')


def _id(args: pulumi.runtime.MockResourceArgs, inputs: Mapping[str, Any]) -> str:
    """Return an id of the form that the resource has, the same in each run."""
    if "workspace" in inputs and args.typ.startswith("pulumi-python:dynamic/openrouter:"):
        part = "budgets" if args.typ.endswith("Budget") else "members"
        return f"{inputs['workspace']}/{part}"
    return str(uuid5(NAMESPACE_URL, f"{args.typ}/{args.name}"))


def _outputs(lifecycle: Lifecycle, id_: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return outputs that OpenRouter would have made up, as far as the inputs do not say them."""
    declaration = lifecycle.declaration
    unchanged = declaration.left_out_as(LeftOut.UNCHANGED)
    made_up: dict[str, Any] = {
        one: False for one in unchanged if one.startswith(("is_", "include_"))
    }
    if declaration.name == "Workspace":
        made_up |= {
            "slug": inputs.get("slug", id_),
            "name": inputs.get("name", id_),
            "io_logging_sampling_rate": 1.0,
            "default_guardrail_id": str(uuid5(NAMESPACE_URL, f"{id_}/guardrail")),
            "include_byok_in_budgets": False,
            "created_at": _CREATED_AT,
        }
    if declaration.name == "WorkspaceMembership":
        form = form_of(inputs)
        named = [str(one) for one in inputs.get(form, ())]
        made_up["members"] = [_person(form, name).entry(form) for name in named]
    return {**made_up, **{name: value for name, value in inputs.items() if value is not None}}


def _person(form: str, name: str) -> Person:
    user_id = name if form == "user_ids" else f"user_{uuid5(NAMESPACE_URL, name.lower()).hex[:27]}"
    return Person(name, user_id, "member", _CREATED_AT)


def _plain(value: Any) -> Any:
    """Return a value without the marks that it has for secrets."""
    value = rpc.unwrap_rpc_secret(value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value
