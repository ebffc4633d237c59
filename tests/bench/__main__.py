"""`make bench`: run every section and write RESULTS.md with its plot beside this file."""

from __future__ import annotations

import argparse
import functools
import os
import platform
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bench.cost import Cost
from bench.counts import Requests
from bench.flight import InFlight
from bench.growth import Growth
from bench.section import Section
from bench.server import running
from bench.startup import StartUp
from bench.sweep import Sweep
from harness.project import Engine, pulumi_on_path

HERE = Path(__file__).parent
SVG = HERE / "time-and-requests.svg"


def main() -> None:
    """Run the bench: all of it, or a short run that only prints."""
    parser = argparse.ArgumentParser(prog="bench", description=main.__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="small sizes, nothing repeated, nothing written"
    )
    quick = parser.parse_args().quick
    # Where it is set, every process that is measured would compile whatever has changed.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    console = Console(stderr=True)
    engines = [Engine.OFFLINE, *([Engine.CLI] if pulumi_on_path() else [])]
    report = [*_head(engines), *_chapters(_quick() if quick else _whole(engines), console)]
    text = "\n".join(report) + "\n"
    if quick:
        print(text)  # noqa: T201 - what was asked for
    else:
        (HERE / "RESULTS.md").write_text(text)


def _whole(engines: Sequence[Engine]) -> list[Section]:
    sizes = {Engine.OFFLINE: 250, Engine.CLI: 20}
    return [
        Requests([(Engine.OFFLINE, 20), (Engine.OFFLINE, 250)] + [(e, 20) for e in engines[1:]]),
        InFlight(engines),
        Cost({engine: sizes[engine] for engine in engines}, repetitions=5),
        Growth((100, 1000), repetitions=3),
        StartUp(repetitions=5),
        Sweep((10, 50, 100, 175, 250), SVG),
    ]


def _quick() -> list[Section]:
    return [
        Requests([(Engine.OFFLINE, 5)]),
        InFlight([Engine.OFFLINE]),
        Cost({Engine.OFFLINE: 20}, repetitions=1),
        Growth((20, 60), repetitions=1),
        StartUp(repetitions=1),
    ]


def _chapters(sections: Sequence[Section], console: Console) -> list[str]:
    columns = (
        TextColumn("{task.description:32}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    lines = []
    with running() as server, Progress(*columns, console=console, refresh_per_second=2) as bar:
        for section in sections:
            task = bar.add_task(section.title, total=len(section))
            chapter = section.run(server, functools.partial(bar.advance, task))
            lines += ["", f"## {section.title}", "", *chapter]
    return lines


def _head(engines: Sequence[Engine]) -> list[str]:
    ran = "the offline engine and the Pulumi CLI" if len(engines) > 1 else "the offline engine"
    return [
        "# Results of the bench",
        "",
        f"Written by `make bench`, on {ran}. Times depend on the machine and on what else it does; "
        "counts do not, and the tests assert them.",
        "",
        f"The machine: {_machine()}.",
    ]


def _machine() -> str:
    words = [f"{os.cpu_count()} cores", platform.machine(), platform.system()]
    words.append(f"{platform.python_implementation()} {platform.python_version()}")
    return ", ".join([*words, f"load {os.getloadavg()[0]:.1f} when the bench began"])


if __name__ == "__main__":
    main()
