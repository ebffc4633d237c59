"""The engine's exceptions. Everything that a caller may have to catch is an OfflineError.

OfflineError
+-- ProjectError     the project, the stack's name or its configuration cannot be used
+-- StateError       the state file, its lock, a deployment or an import file cannot be used
+-- OperationError   an up, preview, refresh, destroy or import failed; what succeeded is saved
"""

from dataclasses import dataclass, field


class OfflineError(Exception):
    """Base class of the engine's errors; the text is for the user."""


class ProjectError(OfflineError):
    """The project, the stack's name or its configuration cannot be used."""


class StateError(OfflineError):
    """The state file, its lock, a deployment to import or an import file cannot be used."""


@dataclass(slots=True, frozen=True)
class Diagnostic:
    """A message of an operation. `urn` is empty if it is not about a single resource."""

    severity: str
    urn: str
    message: str


@dataclass(slots=True, frozen=True)
class StepRecord:
    """One step that was done, or that a preview expects; `diff` has its changes as lines."""

    op: str
    urn: str
    diff: list[str] = field(default_factory=list)


@dataclass(eq=False)
class OperationError(OfflineError):
    """An operation failed. What succeeded before is saved.

    `diagnostics` has the errors (and warnings) in the order in which they came, `resource_changes`
    what was done, counted by operation, `steps` the same one by one, `stdout` all that was printed.
    """

    message: str
    diagnostics: list[Diagnostic]
    resource_changes: dict[str, int] = field(default_factory=dict)
    steps: list[StepRecord] = field(default_factory=list)
    stdout: str = ""

    def __str__(self) -> str:
        return self.message


class Stopped(Exception):  # noqa: N818  # a state of the run, no error of its own
    """The run failed or was canceled, which has been reported already: nothing new may start."""
