"""Still figures of notebook 02, gradient descent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.lab.colours import CLASSES, GREY, INK, LINES, SKY
from engine.lab.figure import Figure
from engine.lab.start_picker import GRID, WELL, basins
from engine.lab.surfaces import SURFACES, Surface, descend


def _run(surface: Surface, lr: float, steps: int) -> np.ndarray:
    return descend(surface, np.array(surface.start), lr, steps)[0]


def _curve(ax: Any, surface: Surface) -> None:
    ax.plot(*surface.points(np.linspace(*surface.x, 200)[:, None]).T, color=GREY, linestyle="-")
    ax.set(xlim=surface.x, ylim=surface.y, xlabel="w")


def _contours(ax: Any, surface: Surface, wide: float) -> None:
    x, y = np.meshgrid(np.linspace(-wide, wide, 141), np.linspace(-1.2, 1.2, 61))
    losses, _ = surface.at(np.stack([x, y], axis=-1))
    ax.contour(x, y, losses, levels=(0.05, 0.5, 2, 5, 12, 40, 100, 200), colors=SKY, linewidths=1)
    ax.set_xlabel("w₁")


def _paths(name: str, rates: Sequence[float], steps: int, words: str) -> Figure:
    """A panel for each learning rate: the surface and the path on it; `data` keeps the paths."""
    figure, surface, ends = Figure(8, 3, columns=len(rates), sharey=True), SURFACES[name], []
    w, y_label = ("w", "loss") if len(surface.start) == 1 else ("w₁", "w₂")
    for ax, lr, (colour, _) in zip(figure.axes, rates, LINES, strict=False):
        path = figure.keep(f"lr {lr:g}", _run(surface, lr, steps))
        if w == "w":
            _curve(ax, surface)
        else:
            _contours(ax, surface, wide=max(1.5, 1.05 * np.abs(path[:, 0]).max()))
        points = surface.points(path)
        ax.plot(*points.T, "o-", color=colour, markersize=3.5, linewidth=1)
        ax.plot(*points[0], "^", color=colour, markersize=9, zorder=4)
        ax.set_title(f"lr {lr:g}")
        ends.append(f"lr {lr:g} ends at {w} = {path[-1, 0]:.2f}")
    figure.axes[0].set_ylabel(y_label)
    return figure.describe(f"{words} {'; '.join(ends)}.")


def three_rates_figure() -> Figure:
    """|w₁| over 100 steps in the ravine for lr 0.19, 0.20 and 0.21."""
    figure, ends = Figure(6.5, 2.8), []
    ax = figure.axes[0]
    for lr, (colour, _), dash in zip((0.21, 0.20, 0.19), LINES, ("--", "-", ":"), strict=False):
        size = figure.keep(f"lr {lr:.2f}", np.abs(_run(SURFACES["ravine"], lr, 100)[:, 0]))
        ax.semilogy(size, linestyle=dash, color=colour)
        ax.annotate(f"lr {lr:.2f}", (101, size[-1]), va="center", color=colour)
        ends.append(f"at {size[-1]:.2g} for lr {lr:.2f}")
    ax.set(xlabel="step", ylabel="distance |w₁|", xlim=(0, 112))
    return figure.describe(
        "Distance |w₁| from the minimum over 100 steps, logarithmic; all three runs start at 1 "
        f"and end {', '.join(ends)}."
    )


def loss_curve_figure(x: Any, y: Any) -> Figure:
    """The patients with three lines y = w x, and the loss of every w. Shapes: x, y (N,)."""
    figure, told = Figure(8, 3, columns=2), []
    left, right = figure.axes
    x, y = figure.keep("x", x), figure.keep("y", y)
    left.plot(x, y, "o", color=SKY, markersize=2.5, zorder=1)
    w = figure.keep("w", np.linspace(-1.2, 2.2, 69))
    losses = figure.keep("losses", ((w[:, None] * x - y) ** 2).mean(axis=1))
    right.plot(w, losses, color=GREY, linestyle="-")
    ends = np.array([-2.3, 3.6])
    for slope, (colour, _), look in zip((-0.5, 0.0, 0.6), LINES, ("--s", ":o", "-^"), strict=False):
        loss = ((slope * x - y) ** 2).mean()
        left.plot(ends, slope * ends, look[:-1], color=colour, label=f"w = {slope:g}")
        right.plot(slope, loss, look[-1], color=colour, markersize=8, zorder=3)
        told.append(f"{loss:.2f} at w = {slope:g}")
    left.set(xlabel="body mass index (standard deviations)", ylabel="disease progression")
    left.legend(loc="upper left", fontsize=8)
    right.set(xlabel="w", ylabel="loss L(w)", ylim=(0, 4.5))
    return figure.describe(
        f"Left: {len(x)} patients, progression against body mass index, with three lines y = w x. "
        f"Right: the loss of every w, a bowl. It is {', '.join(told)}."
    )


def one_weight_figure() -> Figure:
    """Eight steps on the bowl for three learning rates."""
    words = (
        "Eight steps from w = -1 on the bowl whose minimum is at w = 0.59. The smallest rate "
        "creeps, the middle one zig-zags inwards, the largest zig-zags outwards:"
    )
    return _paths("bowl", (0.03, 0.9, 1.01), 8, words)


def ravine_figure(steps: int = 20) -> Figure:
    """Paths in the ravine ½ (10 w₁² + w₂²) for lr 0.19, 0.20 and 0.21."""
    words = f"Paths of {steps} steps from w = (1, 1) across a valley."
    return _paths("ravine", (0.19, 0.20, 0.21), steps, words)


def double_well_figure() -> Figure:
    """The loss (w² − 1)² + 0.3 w with its two minima and the starts that lead to each."""
    figure, told = Figure(6.5, 3), []
    ax = figure.axes[0]
    _curve(ax, WELL)
    every_sixth = slice(4, -4, 6)  # from -1.8 to 1.8
    starts = figure.keep("starts", GRID[every_sixth])
    ends = figure.keep("ends", basins(0.05)[every_sixth])
    for index, (marker, name) in enumerate((("o", "left"), ("s", "right"))):
        mine, (w, loss) = WELL.points(starts[ends == index, None]), WELL.points(WELL.minima)[index]
        look = {"marker": marker, "color": CLASSES[index].fill, "markeredgecolor": INK}
        ax.plot(*mine.T, linestyle="", markersize=5, label=f"ends {name}", **look)
        ax.plot(w, loss, linestyle="", markersize=12, **look)
        told.append(f"{len(mine)} end {name} at w = {w:.2f} with loss {loss:.2f}")
    ax.set_ylabel("loss")
    ax.legend(loc="upper center", fontsize=9)
    return figure.describe(
        f"A loss with two valleys and a hill top at w = 0.08. Of {len(starts)} starts, "
        f"{' and '.join(told)}."
    )


def large_step_figure() -> Figure:
    """On the double well a slightly larger learning rate ends in the other valley."""
    words = "Two runs of 30 steps on the double well from w = 1.6:"
    return _paths("double well", (0.13, 0.15), 30, words)
