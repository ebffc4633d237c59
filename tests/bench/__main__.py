"""`make bench`: run the chapters and write them into RESULTS.md, with its plot beside this file."""

from __future__ import annotations

import argparse
import functools
import os
import platform
import subprocess
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bench.cost import Cost
from bench.counts import Requests
from bench.flight import InFlight
from bench.growth import Growth
from bench.real import RealEngine
from bench.results import updated
from bench.section import Section
from bench.server import running
from bench.startup import StartUp
from bench.sweep import Sweep
from harness.project import Engine, pulumi_on_path

HERE = Path(__file__).parent
RESULTS = HERE / "RESULTS.md"
SVG = HERE / "time-and-requests.svg"


def main() -> None:
    """Measure requests and time, and write RESULTS.md."""
    # Where it is set, every process that is measured would compile whatever has changed.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    version = _pulumi_version() if pulumi_on_path() else None
    whole = _whole(version)
    arguments = _arguments([section.anchor for section in whole])
    chosen = arguments.only or [section.anchor for section in whole]
    sections = [
        section
        for section in (_quick(version) if arguments.quick else whole)
        if section.anchor in chosen and (version or not isinstance(section, RealEngine))
    ]
    if not sections:
        message = "error: this chapter needs the Pulumi CLI, and there is no `pulumi` on PATH"
        raise SystemExit(message)
    machine = _machine()
    head = _head(version, machine)
    measured = _measured(sections, Console(stderr=True))
    order = [section.title for section in whole]
    if arguments.quick:
        print(updated("", head, measured, order), end="")  # noqa: T201 - what was asked for
    elif arguments.only:
        alone = f"This chapter was measured by itself. The machine: {machine}."
        measured = {title: f"{alone}\n\n{text}" for title, text in measured.items()}
        RESULTS.write_text(updated(RESULTS.read_text(), None, measured, order))
    else:
        RESULTS.write_text(updated(RESULTS.read_text(), head, measured, order))


def _arguments(chapters: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=main.__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="use small sizes, repeat nothing, and only print"
    )
    parser.add_argument(
        "--only",
        nargs="+",
        choices=chapters,
        metavar="CHAPTER",
        help=f"measure these chapters and keep the others: {', '.join(chapters)}",
    )
    return parser.parse_args()


def _whole(version: str | None) -> list[Section]:
    engines = _engines(version)
    sizes = {Engine.OFFLINE: 250, Engine.CLI: 20}
    return [
        Requests([(Engine.OFFLINE, 20), (Engine.OFFLINE, 250)] + [(e, 20) for e in engines[1:]]),
        InFlight(engines),
        Cost({engine: sizes[engine] for engine in engines}, repetitions=5),
        RealEngine({20: 5, 100: 3, 200: 3}, version or ""),
        Growth((100, 1000), repetitions=3),
        StartUp(repetitions=5),
        Sweep((10, 50, 100, 175, 250), SVG),
    ]


def _quick(version: str | None) -> list[Section]:
    return [
        Requests([(Engine.OFFLINE, 5)]),
        InFlight([Engine.OFFLINE]),
        Cost({Engine.OFFLINE: 20}, repetitions=1),
        RealEngine({1: 1, 5: 1}, version or ""),
        Growth((20, 60), repetitions=1),
        StartUp(repetitions=1),
    ]


def _engines(version: str | None) -> list[Engine]:
    return [Engine.OFFLINE, *([Engine.CLI] if version else [])]


def _measured(sections: Sequence[Section], console: Console) -> dict[str, str]:
    """Run the sections and return the text of each one's chapter by its title."""
    columns = (
        TextColumn("{task.description:32}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    chapters = {}
    with running() as server, Progress(*columns, console=console, refresh_per_second=2) as bar:
        for section in sections:
            task = bar.add_task(section.title, total=len(section))
            lines = section.run(server, functools.partial(bar.advance, task))
            chapters[section.title] = "\n".join(lines)
    return chapters


def _head(version: str | None, machine: str) -> str:
    ran = "the offline engine" + (f" and the Pulumi CLI {version}" if version else "")
    return "\n".join(
        [
            "# Results of the bench",
            "",
            f"Written by `make bench`, on {ran}. Times depend on the machine and on what else it "
            "does; counts do not, and the tests assert them.",
            "",
            f"The machine: {machine}.",
        ]
    )


def _machine() -> str:
    words = [f"{os.cpu_count()} cores", platform.machine(), platform.system()]
    words.append(f"{platform.python_implementation()} {platform.python_version()}")
    return ", ".join([*words, f"load {os.getloadavg()[0]:.1f} when the bench began"])


def _pulumi_version() -> str:
    """Return the version of the CLI, such as `3.274.1`; an official one puts a `v` before it."""
    command = ["pulumi", "version"]
    environment = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "1"}
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment)
    return done.stdout.strip().removeprefix("v")


if __name__ == "__main__":
    main()
