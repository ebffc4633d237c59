"""The display in a shell: finished lines and, on a terminal, the running steps below them."""

from __future__ import annotations

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from pulumi_openrouter.offline.display.events import Event, LineEvent, StepEvent
from pulumi_openrouter.offline.planning.steps import Op

# More than this many rows would push the finished lines off a small screen.
_ROWS = 12


class LiveDisplay:
    """What an operation is shown on. Use it as a context manager."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._rows: dict[str, TaskID] = {}

    def __enter__(self) -> LiveDisplay:
        """Start the display."""
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the display; only the finished lines stay on the screen."""
        self._progress.stop()

    def follow(self, event: Event) -> None:
        """Print a finished line, or show a step for as long as it runs."""
        if isinstance(event, LineEvent):
            self._print(event)
        elif isinstance(event, StepEvent):
            self._show(event)

    def _print(self, event: LineEvent) -> None:
        if self._console.is_terminal:
            self._console.print(event.line, soft_wrap=True)
        else:
            # A file or a pipe gets the line exactly as it is, at once.
            self._console.file.write(event.line.plain + "\n")
            self._console.file.flush()

    def _show(self, event: StepEvent) -> None:
        step = event.step
        if event.phase != "begun":
            if (row := self._rows.pop(step.urn, None)) is not None:
                self._progress.remove_task(row)
        elif len(self._rows) < _ROWS and step.op is not Op.SAME and not step.internal:
            text = f"{step.op.value} {step.resource.type} {step.resource.name}"
            self._rows[step.urn] = self._progress.add_task(text, total=None)
