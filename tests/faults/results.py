"""The table of faults: what each test reports of itself, and how it becomes RESULTS.md.

A test records a `Case`; cases of the same fault are summed in one row. The order is that of the
sections and then of the faults' names, so that the file changes only when a result does.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from faults.world import Verdict

RESULTS = Path(__file__).with_name("RESULTS.md")
PROPERTY = "fault"

IN_PROCESS = "provider"
OFFLINE = "offline engine"
CLI = "Pulumi CLI"


class Section(enum.Enum):
    """The kinds of faults, in the order of the table."""

    REFUSED = "Overload and outages: the API answers, but not now"
    LOST = "Lost, cut and unreadable"
    AMBIGUOUS = "A create of which nobody knows whether it was made"
    KILLED = "Killed processes"
    PARTIAL = "Operations of several requests that fail in between"
    CONCURRENT = "Two runs at once"
    PAGING = "Listings that change while they are read"
    FORBIDDEN = "Refusals that time does not mend"
    NEWER = "Answers of a newer API"
    HOSTILE = "Hostile and wrong input"
    STATEFUL = "Random programs, random changes, random faults"


@dataclass(frozen=True)
class Case:
    """One fault as one test saw it.

    Attributes:
        section: The kind of fault, by the name of its `Section`.
        fault: What went wrong.
        how: How that was brought about.
        injected: How often.
        runs: Operations of the engine, from the faulty one to the last.
        converged: Cases that ended with the API equal to the program; of one case 0 or 1.
        duplicates: Workspaces too many at the end.
        losses: Workspaces, limits and people missing at the end.
        runner: Who ran the provider.
        cases: How many cases this is the sum of.
    """

    section: str
    fault: str
    how: str
    injected: int
    runs: int
    converged: int
    duplicates: int
    losses: int
    runner: str = IN_PROCESS
    cases: int = 1

    @classmethod
    def of(
        cls,
        verdict: Verdict,
        section: Section,
        fault: str,
        how: str,
        *,
        injected: int,
        runs: int,
        runner: str = IN_PROCESS,
    ) -> Case:
        """Return the case of a fault that ended with this verdict."""
        return cls(
            section.name,
            fault,
            how,
            injected,
            runs,
            int(verdict.converged),
            verdict.duplicates,
            verdict.losses,
            runner,
        )

    def __add__(self, other: Case) -> Case:
        """Sum two cases of one fault."""
        sums = {
            name: getattr(self, name) + getattr(other, name)
            for name in ("injected", "runs", "converged", "duplicates", "losses", "cases")
        }
        return Case(**{**asdict(self), **sums})


def rows(cases: Iterable[Case]) -> list[Case]:
    """Sum the cases of each fault; return them in the order of the table."""
    summed: dict[tuple[int, str, str, str], Case] = {}
    order = {section.name: place for place, section in enumerate(Section)}
    for case in cases:
        key = order[case.section], case.fault, case.how, case.runner
        summed[key] = summed[key] + case if key in summed else case
    return [summed[key] for key in sorted(summed)]


def updated(text: str, cases: Iterable[Case]) -> str:
    """Return the text of RESULTS.md after a run: faults that it did not bring about are kept."""
    new = rows(cases)
    known = {(case.section, case.fault, case.how, case.runner) for case in new}
    kept = [
        case
        for case in _read(text)
        if (case.section, case.fault, case.how, case.runner) not in known
    ]
    return table([*kept, *new])


def _read(text: str) -> Iterator[Case]:
    """Yield the cases of each row of RESULTS.md, summed."""
    names = {section.value: section.name for section in Section}
    section = ""
    for line in text.splitlines():
        if line.startswith("## "):
            section = names[line.removeprefix("## ")]
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if section and len(cells) == len(_COUNTED) + 3 and cells[-1].isdigit():
            fault, how, runner, *counts = cells
            numbers = dict(zip(_COUNTED, map(int, counts), strict=True))
            yield Case(section, fault, how, runner=runner, **numbers)


def table(cases: Iterable[Case]) -> str:
    """Return the text of RESULTS.md with these cases."""
    lines = [
        "# What the fault suite found",
        "",
        "Written by `python -m pytest tests/faults --write-results` from the results of its tests;",
        "rows of tests that did not run are kept. A case converges when the API ends equal to the",
        "program. Duplicates are workspaces too many, losses are workspaces, limits and people",
        "missing; both are counted in the sandbox's state. Run by: the provider classes in the",
        "test's process, whole programs on the offline engine, or whole programs on the CLI.",
    ]
    summed = rows(cases)
    for section in Section:
        of_section = [row for row in summed if row.section == section.name]
        if of_section:
            lines += ["", f"## {section.value}", "", *_HEAD, *map(_line, of_section)]
    total = [sum(getattr(row, name) for row in summed) for name in _COUNTED]
    words = "{} cases, {} faults injected, {} runs, {} cases converged, {} duplicates, {} losses."
    return "\n".join([*lines, "", "All together: " + words.format(*total), ""])


_COUNTED = ("cases", "injected", "runs", "converged", "duplicates", "losses")
_HEAD = [
    "| Fault | How | Run by | Cases | Injected | Runs | Converged | Duplicates | Losses |",
    "|---|---|---|--:|--:|--:|--:|--:|--:|",
]


def _line(row: Case) -> str:
    counts = " | ".join(str(getattr(row, name)) for name in _COUNTED)
    return f"| {row.fault} | {row.how} | {row.runner} | {counts} |"


def from_properties(properties: Iterable[tuple[str, Any]]) -> Iterable[Case]:
    """Yield the cases among the properties that a test has recorded."""
    for name, value in properties:
        if name == PROPERTY and isinstance(value, Mapping):
            yield Case(**value)
