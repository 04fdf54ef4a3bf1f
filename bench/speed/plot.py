"""The plot of a benchmark, legible on light and on dark pages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.speed.competitors import BRAIN_JS, CHARNN, PLAIN_NUMPY, PYTORCH
from bench.speed.results import Result

INK = "#7a7a7a"  # equal contrast with white and black
# Distinguished by shape as well as by colour; each legible on white and on black.
MARKS = {
    CHARNN.name: ("o", "#d9541e"),
    PYTORCH.name: ("s", "#3b82d6"),
    PLAIN_NUMPY.name: ("D", "#2e9e6b"),
    BRAIN_JS.name: ("^", "#a97bd1"),
}


def draw(results: Sequence[Result], file: Path) -> None:
    """Write the plot: speeds on the left, shares of the peak on the right.

    Raises:
        ImportError: Matplotlib is not installed.
    """
    with new_figure(file, (9, 0.75 * len(results) + 1.2)) as figure:
        speeds, shares = figure.subplots(1, 2, sharey=True, width_ratios=(2, 1))
        _draw_speeds(speeds, results)
        _draw_shares(shares, results)


@contextmanager
def new_figure(file: Path, inches: tuple[float, float]) -> Iterator[Any]:
    """A figure to draw on, written to the file in the end.

    Raises:
        ImportError: Matplotlib is not installed.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    style: dict[str, Any] = dict.fromkeys(
        ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color"), INK
    )
    # A fixed salt and no date: the same figures make the same file.
    with mpl.rc_context({**style, "svg.fonttype": "none", "svg.hashsalt": "charnn"}):
        figure = Figure(figsize=inches, layout="constrained")
        yield figure
        for axes in figure.axes:
            axes.set_facecolor("none")
            axes.spines[["top", "right"]].set_visible(False)
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})


def _draw_speeds(axes: Any, results: Sequence[Result]) -> None:
    for name, (shape, colour) in MARKS.items():
        points = [(r.speed(name), y) for y, r in enumerate(results) if name in r.rates]
        axes.plot(
            [x for x, _ in points],
            [y for _, y in points],
            shape,
            color=colour,
            markersize=8,
            label=name,
            zorder=3 if name == CHARNN.name else 2,  # visible on top of an equally fast one
        )
    for y, result in enumerate(results):
        speeds = [result.speed(name) for name in MARKS if name in result.rates]
        if speeds:
            axes.hlines(y, min(speeds), max(speeds), color=INK, alpha=0.4, zorder=0)
        _annotate_speedup(axes, y, result)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.set_xlabel("characters per second (logarithmic)")
    axes.set_yticks(range(len(results)), [str(result.network) for result in results])
    axes.set_ylim(len(results) - 0.5, -0.5)  # the first on top
    axes.grid(axis="x", color=INK, alpha=0.25)
    axes.figure.legend(loc="outside upper left", ncols=len(MARKS), frameon=False)


def _annotate_speedup(axes: Any, y: int, result: Result) -> None:
    speedup = result.charnn_speedup(PYTORCH.name)
    if speedup is None:
        return
    point = (result.speed(CHARNN.name), y)
    text = f"{speedup:.1f}x PyTorch"
    above = {"xytext": (6, 9), "textcoords": "offset points", "ha": "right"}
    axes.annotate(text, point, **above, color=MARKS[CHARNN.name][1], fontsize="small")


def _draw_shares(axes: Any, results: Sequence[Result]) -> None:
    for y, result in enumerate(results):
        share = result.share_of_peak(CHARNN.name)
        if share is not None:
            bar = axes.barh(y, 100 * share, height=0.45, color=MARKS[CHARNN.name][1])
            axes.bar_label(bar, fmt="%.0f %%", padding=4, color=INK)
    axes.set_xlim(0, 100)
    axes.set_xlabel("charnn, % of the matmul peak")
    axes.tick_params(axis="y", length=0)
