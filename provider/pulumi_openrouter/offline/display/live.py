"""The display in a shell: finished lines and, on a terminal, the running steps below them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from pulumi_openrouter.offline.display.events import Event, LineEvent, StepEvent
from pulumi_openrouter.offline.display.lines import OnEvent
from pulumi_openrouter.offline.planning.steps import Op

# More than this many rows would push the finished lines off a small screen.
_ROWS = 12


@contextmanager
def live_display(console: Console) -> Iterator[OnEvent]:
    """Show the events that the yielded function gets, until the context ends."""
    if not console.is_terminal:
        yield lambda event: _write(console.file, event)
        return
    columns = SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn()
    rows: dict[str, TaskID] = {}
    with Progress(*columns, console=console, transient=True) as progress:

        def follow(event: Event) -> None:
            if isinstance(event, LineEvent):
                console.print(event.line, soft_wrap=True)
            elif isinstance(event, StepEvent):
                _show(event, progress, rows)

        yield follow


def _write(file: IO[str], event: Event) -> None:
    if isinstance(event, LineEvent):
        file.write(event.line.plain + "\n")
        file.flush()


def _show(event: StepEvent, progress: Progress, rows: dict[str, TaskID]) -> None:
    """Show a step for as long as it runs."""
    step = event.step
    if event.phase != "begun":
        if (row := rows.pop(step.urn, None)) is not None:
            progress.remove_task(row)
    elif len(rows) < _ROWS and step.op is not Op.SAME and not step.internal:
        text = f"{step.op.value} {step.resource.type} {step.resource.name}"
        rows[step.urn] = progress.add_task(text, total=None)
