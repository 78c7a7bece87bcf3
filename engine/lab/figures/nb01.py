"""Still figures of notebook 01, the perceptron."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from engine.datasets import logic_gate
from engine.lab.colours import BLUE, GREY, INK, LINES
from engine.lab.cross_check import as_array
from engine.lab.figure import Figure
from engine.lab.perceptron_line import PerceptronState
from engine.lab.scale import foot, line_ends


def ruler_figure() -> Figure:
    """AND and OR with a line between their classes, XOR with a line that fails."""
    figure = Figure(8, 2.9, columns=3, sharey=True)
    for ax, name, offset in zip(figure.axes, ("and", "or", "xor"), (1.5, 0.5, 0.5), strict=True):
        x, y = logic_gate(name)
        figure.classes(ax, x, y, name=name, size=90)
        _line(ax, (1, 1), -offset)
        ax.set(title=name.upper(), xlabel="x₁")
    figure.axes[0].set_ylabel("x₂")
    figure.axes[0].legend(loc="lower left", fontsize=8)
    return figure.describe(
        "The four points of AND, OR and XOR. One straight line parts the classes of AND (3 points "
        "of class 0, 1 of class 1) and of OR (1 and 3). In XOR the classes lie on the two "
        "diagonals: the line drawn has 1 of the 4 points on the wrong side."
    )


def neuron_figure(n: int = 3) -> Figure:
    """The structure of a perceptron: n inputs, weights, the sum, the step, one output."""
    figure = Figure(7, 2.9)
    ax, middle, centred = figure.axes[0], (n - 1) / 2 + 0.4, {"ha": "center", "va": "center"}
    ax.set(xlim=(-0.6, 7.4), ylim=(-0.3, n + 0.1))
    ax.set_axis_off()
    heights = figure.keep("heights of inputs", np.linspace(n - 0.4, 0.5, n))
    nodes = [(2.9, middle, "Σ"), (5.0, middle, "f"), (6.9, middle, "ŷ")]
    for height, i in zip(heights, "₁₂₃₄₅", strict=False):
        nodes.append((0.0, height, f"x{i}"))
        _arrow(ax, (0.33, height), (2.57, middle))
        box = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}
        ax.text(1.45, (height + middle) / 2, f"w{i}", color=BLUE, bbox=box, **centred)
    for x, y, words in nodes:
        ax.plot(x, y, "o", markersize=30, markerfacecolor="white", markeredgecolor=INK)
        ax.text(x, y, words, fontsize=13, **centred)
    _arrow(ax, (2.9, middle + 1.15), (2.9, middle + 0.4))
    ax.text(3.05, middle + 0.8, "b", color=BLUE)
    for start, end, words in ((3.25, 4.65, "z"), (5.35, 6.55, "")):
        _arrow(ax, (start, middle), (end, middle))
        ax.text((start + end) / 2, middle + 0.12, words, ha="center")
    for x, words in ((0, "inputs"), (2.9, "weighted sum"), (5.0, "step"), (6.9, "output")):
        ax.text(x, -0.2, words, ha="center", color=GREY)
    return figure.describe(
        f"A perceptron from left to right: {n} inputs, each multiplied by its weight w; their sum "
        "plus the bias b is z; the step function f makes the output ŷ, 0 or 1, of it."
    )


def normal_figure(w: Any, b: float, x: Any) -> Figure:
    """The line w·x + b = 0, its normal w, and points with their distance from the line."""
    w, x = as_array(w), as_array(x)
    figure = Figure(4.4, 4.0)
    ax = figure.axes[0]
    labels = (x @ w + b > 0).astype(int)
    figure.classes(ax, x, labels, size=80)
    _line(ax, w, b)
    at, unit = figure.keep("foot", foot(w, b, (0, 0))), w / np.linalg.norm(w)
    _arrow(ax, at, at + 0.6 * unit, colour=BLUE)
    right, up = at + 0.66 * unit
    ax.text(right, up, "w", color=BLUE, fontsize=13)
    distances = [f"{z:+.2f}" for z in figure.keep("z", x @ w + b) / np.linalg.norm(w)]
    for point, distance in zip(x, distances, strict=True):
        ax.annotate(distance, point + [0.07, -0.12], fontsize=9)
    ax.set(xlabel="x₁", ylabel="x₂", aspect="equal")
    return figure.describe(
        f"The line {w[0]:.1f} x₁ + {w[1]:.1f} x₂ {b:+.1f} = 0 with the arrow w at a right angle to "
        f"it. {int(labels.sum())} of the {len(x)} points lie on the arrow's side. Their signed "
        f"distances from the line: {', '.join(distances)}."
    )


def learning_figure(stations: Sequence[int] = (0, 5, 11)) -> Figure:
    """The first run of `PerceptronLine()` on AND at three moments, given in updates."""
    figure, told = Figure(8, 3.3, columns=len(stations), sharey=True), []
    state = PerceptronState()
    for ax, station in zip(figure.axes, stations, strict=True):
        state.step(station - state.steps)
        *w, b = figure.keep(f"w, b after {station}", state.numbers())
        figure.classes(ax, state.x, state.y, name=f"points after {station}", size=90)
        wrong = state.x[state.wrong]
        ax.plot(*wrong.T, "o", markersize=19, markerfacecolor="none", markeredgecolor=INK)
        _line(ax, w, b)
        _arrow(ax, state.foot(), state.foot() + 0.5 * state.w / np.hypot(*w), colour=BLUE)
        name = f"{station} updates" if station else "start"
        ax.set(title=f"{name}: {state.errors} wrong", xlabel="x₁", aspect="equal")
        told.append(
            f"after {station} updates the line is {w[0]:.2f} x₁ {w[1]:+.2f} x₂ {b:+.2f} = 0 "
            f"and {state.errors} of 4 points are wrong"
        )
    figure.axes[0].set_ylabel("x₂")
    return figure.describe(
        f"A perceptron learns AND: {'; '.join(told)}. Wrong points carry a ring."
    )


def mistakes_figure(histories: dict[str, Sequence[int]]) -> Figure:
    """Mistakes per epoch of several perceptrons, by name."""
    figure, told = Figure(6.5, 2.6), []
    ax = figure.axes[0]
    looks = zip(histories.items(), LINES, "os^", (11, 6, 4), strict=False)
    for (name, history), (colour, _), marker, size in looks:  # equal counts stay visible
        counts = figure.keep(name, np.asarray(history))
        epochs, style = np.arange(1, len(counts) + 1), {"color": colour, "markersize": size}
        ax.plot(epochs, counts, marker, linestyle="-", **style)
        ax.annotate(name, (len(counts), counts[-1]), (6, 2), textcoords="offset points")
        told.append(f"{name} makes {counts[0]} in epoch 1 and {counts[-1]} in epoch {len(counts)}")
    ax.set(xlabel="epoch", ylabel="mistakes", ylim=(-0.3, 4.3), yticks=range(5))
    return figure.describe(f"Mistakes per epoch of four points: {'; '.join(told)}.")


def _line(ax: Axes, w: Any, b: float) -> None:
    """The line w·x + b = 0 through a square of points between 0 and 1."""
    ax.plot(*line_ends(w, b, (0.5, 0.5), 3).T, linestyle="--", color=INK, linewidth=1.5)
    ax.set(xlim=(-0.5, 1.5), ylim=(-0.5, 1.5), xticks=(0, 1), yticks=(0, 1))


def _arrow(ax: Axes, start: Any, end: Any, colour: str = INK) -> None:
    style = {"arrowstyle": "-|>", "color": colour, "lw": 1.6, "mutation_scale": 14}
    ax.annotate("", tuple(end), tuple(start), arrowprops=style)
