"""The plot: for each step, time above and requests below, against N."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

# Fixed, so that the same figures give the same file: ids of the drawing's parts come from it.
SALT = "pulumi-openrouter"


@dataclass(frozen=True)
class Curves:
    """What one step took at each N."""

    package: Sequence[float]
    engine: Sequence[float]
    latency: Sequence[float]
    requests: Sequence[int]


def draw(sizes: Sequence[int], curves: Mapping[str, Curves], svg: Path) -> None:
    """Write the plot; the same figures always give the same file."""
    with mpl.rc_context({"svg.hashsalt": SALT, "svg.fonttype": "none", "font.size": 9}):
        figure = Figure(figsize=(3 * len(curves), 5.5), layout="constrained")
        rows = figure.subplots(2, len(curves), sharex=True)
        for column, (step, one) in enumerate(curves.items()):
            time, requests = rows[0][column], rows[1][column]
            time.set_title(step)
            time.plot(sizes, one.package, "o-", color="tab:blue", label="pulumi-openrouter")
            time.plot(sizes, one.engine, "s--", color="tab:gray", label="engine's floor")
            time.plot(sizes, one.latency, ":", color="tab:red", label="latency floor")
            requests.plot(sizes, one.requests, "o-", color="tab:blue")
            requests.set_xlabel("N workspaces (3 N resources)")
            for axes in (time, requests):
                axes.set_ylim(bottom=0)
                axes.grid(alpha=0.3)
        rows[0][0].set_ylabel("seconds")
        rows[1][0].set_ylabel("requests")
        names = rows[0][0].get_legend_handles_labels()
        figure.legend(*names, loc="outside lower center", ncols=3)
        figure.savefig(svg, metadata={"Date": None, "Creator": None})
