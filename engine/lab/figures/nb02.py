"""Still figures of notebook 02, gradient descent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.lab.colours import CLASSES, GREY, INK, LINES, SKY
from engine.lab.figure import Figure
from engine.lab.learning_rate import SURFACES, Descent, double_well
from engine.lab.start_picker import descend, reached


def _run(surface: str, lr: float, steps: int) -> np.ndarray:
    descent = Descent(surface, lr)
    descent.step(steps - descent.steps)
    return np.array(descent.path)[: steps + 1]


def _paths(kind: str, rates: Sequence[float], steps: int, y: tuple[float, float]) -> Figure:
    """A panel for each learning rate: the surface and the path on it; `data` keeps the paths."""
    figure, surface = Figure(8, 3, columns=len(rates), sharey=True), SURFACES[kind]()
    for ax, lr, (colour, _) in zip(figure.axes, rates, LINES, strict=False):
        path = figure.keep(f"lr {lr:g}", _run(kind, lr, steps))
        low, high = surface.x
        if len(surface.start) == 2:
            high = max(high, 1.05 * np.abs(path[:, 0]).max())
            low, heights = -high, path[:, 1]
            grid = np.stack(np.meshgrid(np.linspace(low, high, 141), np.linspace(*y, 61)), -1)
            look = {"levels": [0.05, 0.5, 2, 5, 12, 40, 100, 200], "colors": SKY, "linewidths": 1}
            ax.contour(grid[..., 0], grid[..., 1], surface.heights(grid), **look)
        else:
            w, heights = np.linspace(low, high, 200), surface.heights(path)
            ax.plot(w, surface.heights(w[:, None]), color=GREY, linestyle="-")
        ax.plot(path[:, 0], heights, "o-", color=colour, markersize=3.5, linewidth=1)
        ax.plot(path[0, 0], heights[0], "^", color=colour, markersize=9, zorder=4)
        ax.set(title=f"lr {lr:g}", xlabel="w₁" if path.shape[1] == 2 else "w")
        ax.set(xlim=(low, high), ylim=y)
    figure.axes[0].set_ylabel("w₂" if len(surface.start) == 2 else "loss")
    return figure


def three_rates_figure() -> Figure:
    """|w₁| over 100 steps in the ravine for lr 0.19, 0.20 and 0.21."""
    figure, ends = Figure(6.5, 2.8), []
    ax = figure.axes[0]
    for lr, (colour, _), dash in zip((0.21, 0.20, 0.19), LINES, ("--", "-", ":"), strict=False):
        size = figure.keep(f"lr {lr:.2f}", np.abs(_run("ravine", lr, 100)[:, 0]))
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
    figure = Figure(8, 3, columns=2)
    left, right = figure.axes
    x, y = figure.keep("x", x), figure.keep("y", y)
    left.plot(x, y, "o", color=SKY, markersize=2.5, zorder=1)
    w = figure.keep("w", np.linspace(-1.2, 2.2, 69))
    losses = figure.keep("losses", ((w[:, None] * x - y) ** 2).mean(axis=1))
    right.plot(w, losses, color=GREY, linestyle="-")
    marks = zip((-0.5, 0.0, 0.6), LINES, ("--", ":", "-"), "so^", strict=False)
    told = []
    for slope, (colour, _), dash, marker in marks:
        loss = float(((slope * x - y) ** 2).mean())
        ends = np.array([-2.3, 3.6])
        left.plot(ends, slope * ends, linestyle=dash, color=colour, label=f"w = {slope:g}")
        right.plot(slope, loss, marker, color=colour, markersize=8, zorder=3)
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
    figure = _paths("bowl", (0.03, 0.9, 1.01), 8, (0, 5))
    ends = "; ".join(f"{name} ends at w = {path[-1, 0]:.2f}" for name, path in figure.data.items())
    return figure.describe(
        f"Eight steps from w = -1 on the bowl whose minimum is at w = 0.59. {ends}. The smallest "
        "rate creeps, the middle one zig-zags inwards, the largest zig-zags outwards."
    )


def ravine_figure(steps: int = 20) -> Figure:
    """Paths in the ravine ½ (10 w₁² + w₂²) for lr 0.19, 0.20 and 0.21."""
    figure = _paths("ravine", (0.19, 0.20, 0.21), steps, (-1.2, 1.2))
    ends = "; ".join(f"{n} ends at w₁ = {p[-1, 0]:.2f}" for n, p in figure.data.items())
    return figure.describe(f"Paths of {steps} steps from w = (1, 1) across a valley. {ends}.")


def double_well_figure(lr: float = 0.05) -> Figure:
    """The loss (w² − 1)² + 0.3 w with its two minima and the starts that lead to each."""
    figure, surface = Figure(6.5, 3), double_well()
    ax, starts = figure.axes[0], figure.keep("starts", np.linspace(-1.8, 1.8, 25))
    ends = figure.keep("ends", reached(descend(starts, lr)[-1]))
    w = np.linspace(*surface.x, 200)
    ax.plot(w, surface.heights(w[:, None]), color=GREY, linestyle="-")
    told = []
    for index, (marker, name) in enumerate((("o", "left"), ("s", "right"))):
        mine, style = starts[ends == index], CLASSES[index]
        look = {"linestyle": "", "marker": marker, "color": style.fill, "markeredgecolor": INK}
        ax.plot(mine, surface.heights(mine[:, None]), markersize=5, label=f"ends {name}", **look)
        (minimum,) = surface.minima[index]
        height = float(surface.heights(np.array([minimum])))
        ax.plot(minimum, height, markersize=12, **look)
        told.append(f"{len(mine)} end {name} at w = {minimum:.2f} with loss {height:.2f}")
    ax.set(xlabel="w", ylabel="loss", ylim=(-0.6, 4))
    ax.legend(loc="upper center", fontsize=9)
    return figure.describe(
        f"A loss with two valleys and a hill top at w = 0.08. Of {len(starts)} starts, "
        f"{' and '.join(told)}."
    )


def large_step_figure() -> Figure:
    """On the double well a slightly larger learning rate ends in the other valley."""
    figure = _paths("double well", (0.13, 0.15), 30, (-0.6, 4))
    told = "; ".join(
        f"{name} goes to {path[1, 0]:.2f} and ends at {path[-1, 0]:.2f}"
        for name, path in figure.data.items()
    )
    return figure.describe(f"Two runs on the double well from w = 1.6: {told}.")
