"""Plots the parts' `ratios` and `growth` as SVG. The same results give the same file."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

Panel = dict[str, Any]

_STYLE = {"svg.fonttype": "none", "svg.hashsalt": "benchmarks", "font.size": 9, "axes.grid": True, "grid.alpha": 0.3}
_WIDTH_INCHES, _PANEL_INCHES = 7.5, 3.2
_LEGEND_POINTS = 24  # the room between the axes and the title


def plot_ratios(panels: Iterable[Panel], path: Path) -> None:
    """Plot how many times as fast ours is as each of the others, in bars; a line marks 1, where both are equal."""
    _plot(panels, path, _bars)


def plot_growth(panels: Iterable[Panel], path: Path) -> None:
    """Plot the cost of one record or order, over the number of them."""
    _plot(panels, path, _lines)


def _plot(panels: Iterable[Panel], path: Path, draw: Callable[[Axes, Panel], None]) -> None:
    panels = list(panels)
    if not panels:
        return
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(_WIDTH_INCHES, _PANEL_INCHES * len(panels)), layout="constrained")
        for axes, panel in zip(figure.subplots(len(panels), squeeze=False)[:, 0], panels, strict=True):
            draw(axes, panel)
            axes.set_title(panel["label"], loc="left", pad=_LEGEND_POINTS)
            axes.set_xlabel(panel.get("x_label", ""))
            # Above the axes, no bar and no line can run through it.
            place: dict[str, Any] = {"loc": "lower left", "bbox_to_anchor": (0, 1), "borderaxespad": 0}
            axes.legend(**place, frameon=False, ncols=len(panel["series"]))
        figure.savefig(path, format="svg", metadata={"Date": None})


def _bars(axes: Axes, panel: Panel) -> None:
    series = panel["series"]
    width = 0.8 / len(series)
    axes.axhline(1, color="black", linewidth=0.8)
    for number, (name, values) in enumerate(series.items()):
        places = [place + (number - (len(series) - 1) / 2) * width for place in range(len(values))]
        bars = axes.bar(places, values, width, label=name)
        labels = axes.bar_label(bars, fmt=lambda value: f"{value:.{1 if value >= 1 else 2}f}", fontsize=7, padding=1)
        for label in labels:  # it covers the line at 1, which would cross it
            label.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 0.5})
    axes.margins(y=0.12)
    axes.set_xticks(range(len(panel["x"])), [str(x) for x in panel["x"]])
    axes.grid(visible=False)


def _lines(axes: Axes, panel: Panel) -> None:
    for name, values in panel["series"].items():
        axes.plot(panel["x"], values, marker="o", markersize=4, label=name)
    axes.set_xscale("log")
    axes.set_xticks(panel["x"], [f"{x:,}" for x in panel["x"]])
    axes.minorticks_off()
    axes.set_ylim(bottom=0)
