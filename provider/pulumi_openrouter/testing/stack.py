"""A program on an engine, against a sandbox, and what each operation has done."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote

from pulumi import automation

from pulumi_openrouter import offline
from pulumi_openrouter.sandbox.server import Sandbox
from pulumi_openrouter.settings import KEY_VARIABLES
from pulumi_openrouter.testing.organization import LiveWorkspace, live_workspaces
from pulumi_openrouter.testing.project import (
    ConfigInput,
    ProgramSource,
    checked_config,
    config_text,
    copy_folder,
    find_folder,
    write_call,
    write_project,
)

# A failure is shown where the test made the call, and not in here.
__tracebackhide__ = True

SETTINGS = (
    *KEY_VARIABLES,
    "OPENROUTER_BASE_URL",
    "OPENROUTER_ADOPT_EXISTING",
)
"""The environment variables that a test must not take over from whoever runs it."""

_LOOPBACK = "127.0.0.1,localhost"

_REPLACES = frozenset({"replace", "create-replacement", "import-replacement"})


def sandbox_environment(sandbox: Sandbox) -> dict[str, str]:
    """Return the environment variables that lead a program to a sandbox, and nowhere else."""
    no_proxy = ",".join(filter(None, [os.environ.get("NO_PROXY"), _LOOPBACK]))
    return {
        **dict.fromkeys(SETTINGS, ""),
        **sandbox.environment,
        "NO_PROXY": no_proxy,
        "no_proxy": no_proxy,
    }


@dataclass(frozen=True)
class Result:
    """What an operation has done, or, of a preview, what it would do.

    A resource is named by its kind and its name in the program, such as `WorkspaceBudget chat`.
    All lists are sorted, because engines work on several resources at the same time. The stack
    itself and providers are left out.

    Attributes:
        created: Resources that were created.
        updated: Resources that were updated.
        replaced: Resources that were replaced.
        deleted: Resources that were deleted.
        requests: The requests that were sent, such as `PUT /workspaces/chat-test/budgets/monthly`;
            a workspace is named by its slug. Their order and their bodies are in
            `openrouter_sandbox.requests()`.
        writes: Those of the requests that change something.
        outputs: The outputs of the stack, for `up`.
        stdout: What the engine has printed.
    """

    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)
    outputs: Mapping[str, Any] = field(default_factory=dict)
    stdout: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether no resource was created, updated, replaced or deleted."""
        return not (self.created or self.updated or self.replaced or self.deleted)


class OperationFailed(Exception):  # noqa: N818 - a test reads `raises(OperationFailed)`
    """An operation failed; the text is what the engine has printed of it.

    Attributes:
        result: What was done before.
    """

    def __init__(self, message: str, result: Result) -> None:
        super().__init__(message)
        self.result = result

    @property
    def errors(self) -> list[str]:
        """The first line of each error, without the word `error:` before it."""
        found = (line.partition("error: ") for line in str(self).splitlines())
        return [*dict.fromkeys(text for _, error, text in found if error)]


class Stack:
    """A stack of a program, with a state of its own in a temporary folder.

    Nothing is destroyed when a test ends: the sandbox and the state go together.

    Attributes:
        name: The name of the stack.
        engine: "offline", or "pulumi" for the Pulumi CLI.
    """

    def __init__(
        self,
        name: str,
        folder: Path,
        *,
        engine: Literal["offline", "pulumi"],
        sandbox: Sandbox,
        environment: Mapping[str, str],
        config: Mapping[str, ConfigInput],
    ) -> None:
        self.name = name
        self.engine = engine
        self._sandbox = sandbox
        self._folder = folder
        self._slugs: dict[str, str] = {}
        variables = {**sandbox_environment(sandbox), **environment}
        self._stack: Any = (
            offline.create_or_select_stack(name, folder, variables)
            if engine == "offline"
            else _cli_stack(name, folder, variables)
        )
        for key, value in config.items():
            self.set_config(key, value)

    def set_config(self, key: str, value: ConfigInput, *, secret: bool = False) -> None:
        """Set a value of the configuration; a key without a namespace gets the project's."""
        if isinstance(value, offline.ConfigValue):
            secret = secret or value.secret
            value = value.value
        kind = offline.ConfigValue if self.engine == "offline" else automation.ConfigValue
        self._stack.set_config(key, kind(config_text(value), secret))

    def change_program(self, program: Callable[[], object]) -> None:
        """Run another function from now on, as if somebody had edited the program."""
        write_call(self._folder, program)

    def preview(self, *, refresh: bool = False) -> Result:
        """Return what `up` would do; raises OperationFailed."""
        return self._run("preview", refresh=refresh)

    def up(self, *, refresh: bool = False) -> Result:
        """Create, update and delete what differs from the program; raises OperationFailed."""
        return self._run("up", refresh=refresh)

    def refresh(self) -> Result:
        """Take over into the state what has changed at the API; raises OperationFailed."""
        return self._run("refresh")

    def destroy(self) -> Result:
        """Delete all resources; raises OperationFailed."""
        return self._run("destroy")

    @property
    def outputs(self) -> dict[str, Any]:
        """The outputs of the stack, secret ones in plain text."""
        return {name: output.value for name, output in self._stack.outputs().items()}

    @property
    def workspaces(self) -> dict[str, LiveWorkspace]:
        """Every workspace that the organization has now, by its slug, the default one included."""
        return live_workspaces(self._sandbox)

    def _run(self, operation: str, **options: Any) -> Result:
        steps: list[tuple[str, str]] = []
        with self._recorded() as requests:
            try:
                if self.engine == "pulumi":
                    options["on_event"] = _recorder(operation, steps)
                done = getattr(self._stack, operation)(**options)
            except offline.OperationError as error:
                done, failure = error, str(error)
            except (offline.OfflineError, automation.CommandError) as error:
                done, failure = None, str(error)
            else:
                failure = ""
        steps += [(one.op, one.urn) for one in getattr(done, "steps", ())]
        outputs = getattr(done, "outputs", None) or {}
        result = Result(
            **_by_operation(steps),
            requests=sorted(requests),
            writes=sorted(one for one in requests if not one.startswith("GET ")),
            outputs={name: output.value for name, output in outputs.items()},
            stdout=getattr(done, "stdout", failure),
        )
        if failure:
            raise OperationFailed(failure, result)
        return result

    @contextmanager
    def _recorded(self) -> Iterator[list[str]]:
        """Fill the list, at the end, with the requests that were sent meanwhile."""
        self._learn_slugs()
        before = self._sandbox.counts()["total"]
        found: list[str] = []
        yield found
        self._learn_slugs()
        found += [
            f"{one['method']} {self._readable(one['path'])}"
            for one in self._sandbox.requests()
            if one["number"] > before
        ]

    def _learn_slugs(self) -> None:
        """Remember the slug of each workspace; one that is deleted is not in the state any more."""
        self._slugs |= {one["id"]: one["slug"] for one in self._sandbox.state()["workspaces"]}

    def _readable(self, path: str) -> str:
        return "/".join(self._slugs.get(part, part) for part in unquote(path).split("/"))


class StackFactory:
    """Makes stacks for one test; the fixture `openrouter_stack` is one.

    Args:
        engine: "offline" or "pulumi".
        sandbox: The API that the programs work with.
        folder: An empty folder for projects and states.
        beside: The folder of the test file.
        root: Where to stop looking for a project.
    """

    def __init__(
        self,
        *,
        engine: Literal["offline", "pulumi"],
        sandbox: Sandbox,
        folder: Path,
        beside: Path,
        root: Path,
    ) -> None:
        self._engine: Literal["offline", "pulumi"] = engine
        self._sandbox = sandbox
        self._folder = folder
        self._beside = beside
        self._root = root
        self._made = 0

    def __call__(
        self,
        program: ProgramSource | None = None,
        *,
        stack: str = "test",
        config: Mapping[str, ConfigInput] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Stack:
        """Return a new stack of a program.

        Args:
            program: The folder of a project, from the folder of the test file on, or a function.
                The folder is copied without virtual environments and hidden folders, so a test
                changes nothing in it. Default: the project that the test file is in.

                A function runs as in a program of its own, in a process of its own, which imports
                its module anew. So it has to be defined at the top level of a file (or of a class)
                and takes no arguments. An async one is awaited. It may use whatever its module
                imports and defines, and `pulumi.Config`. It does not see fixtures, local variables
                of the test, or anything that the test has changed in a module.
            stack: The name of the stack. Of a project it also chooses `Pulumi.<stack>.yaml`.
            config: Values of the configuration, which come before those of `Pulumi.<stack>.yaml`.
                A key without a namespace gets the project's, which is `test` for a function.
                Encrypted values of the file have to be given here.
            environment: Environment variables for the program, beside those that lead it to the
                sandbox.

        Raises:
            ProgramError: There is no such program, or it cannot be run in a process of its own.
            TypeError: `config` is no mapping.
        """
        given = checked_config(config)
        self._made += 1
        folder = self._folder / str(self._made)
        if callable(program):
            folder.mkdir()
            write_project(folder, "test")
            write_call(folder, program)
        else:
            source = find_folder(program, self._beside, self._root)
            copy_folder(source, folder, stack, given)
        return Stack(
            stack,
            folder,
            engine=self._engine,
            sandbox=self._sandbox,
            environment=environment or {},
            config=given,
        )


def cli_variables(folder: Path) -> dict[str, str]:
    """Return the environment that gives the CLI a home and a backend of its own in a folder."""
    backend = folder / "backend"
    backend.mkdir(parents=True, exist_ok=True)
    return {
        "PULUMI_BACKEND_URL": backend.as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": "",
        "PULUMI_CONFIG_PASSPHRASE_FILE": "",
        "PULUMI_HOME": str(folder / "home"),
        "PULUMI_SKIP_UPDATE_CHECK": "1",
    }


def _cli_stack(name: str, folder: Path, environment: Mapping[str, str]) -> automation.Stack:
    own = cli_variables(folder.with_name(f"{folder.name}-pulumi"))
    options = automation.LocalWorkspaceOptions(env_vars={**own, **environment})
    return automation.create_or_select_stack(name, work_dir=str(folder), opts=options)


def _recorder(operation: str, steps: list[tuple[str, str]]) -> Callable[[Any], None]:
    """Return a callback that notes what the CLI plans, in a preview, or has done."""

    def record(event: Any) -> None:
        found = event.resource_pre_event if operation == "preview" else event.res_outputs_event
        if found is not None:
            steps.append(
                (getattr(found.metadata.op, "value", found.metadata.op), found.metadata.urn)
            )

    return record


def _by_operation(steps: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, dict[str, str]] = {}
    for op, urn in steps:
        _, _, types, name = urn.split("::", 3)
        kind = types.rpartition("$")[2]
        if not kind.startswith("pulumi:"):
            done = "replace" if op in _REPLACES else op
            found.setdefault(done, {})[urn] = f"{kind.rpartition(':')[2]} {name}"
    names = {"created": "create", "updated": "update", "replaced": "replace", "deleted": "delete"}
    return {name: sorted(found.get(op, {}).values()) for name, op in names.items()}
