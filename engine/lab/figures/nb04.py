"""Still figures of notebook 04: layers, activations, XOR, depth and width, first weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise, product
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

import engine
from engine.lab.colours import BLUE, GREY, INK, ORANGE, PAPER, SKY, class_field
from engine.lab.decision_boundary import PLOTS, BoundaryState
from engine.lab.figure import Figure
from engine.nn import functional as F


def _network(ax: Axes, sizes: Sequence[int], names: Sequence[str] = ()) -> None:
    """Layers of neurons from left to right, each joined to all of the next."""
    layers = [[(k, (size - 1) / 2 - i) for i in range(size)] for k, size in enumerate(sizes)]
    for left, right in pairwise(layers):
        for start, end in product(left, right):
            ax.plot(*zip(start, end, strict=True), color=GREY, lw=0.8, ls="-", zorder=1)
    fills = [PAPER, *[SKY] * (len(sizes) - 2), ORANGE]
    for layer, fill in zip(layers, fills, strict=True):
        ax.scatter(*zip(*layer, strict=True), s=170, c=fill, edgecolors=INK, zorder=2)
    top = max(sizes) / 2
    for k, name in enumerate(names):
        ax.text(k, top + 0.3, name, ha="center", va="bottom", fontsize=9)
    ax.set(xlim=(-0.5, len(sizes) - 0.5), ylim=(-top - 0.2, top + 1.1))
    ax.axis("off")


def _boxes(figure: Figure, boxes: Sequence[tuple[str, str]]) -> None:
    """A flow chart of (words, colour): boxes from left to right with arrows between them."""
    ax, arrow = figure.axes[0], {"arrowstyle": "-|>", "color": INK}
    for k, (words, fill) in enumerate(boxes):
        look = {"boxstyle": "round,pad=0.5", "facecolor": fill, "edgecolor": INK}
        ax.text(k, 0, words, ha="center", va="center", fontsize=9, bbox=look)
        if k:
            ax.annotate("", (k - 0.36, 0), (k - 0.64, 0), arrowprops=arrow)
    ax.set(xlim=(-0.5, len(boxes) - 0.5), ylim=(-0.6, 0.6))
    ax.axis("off")


def layers_figure() -> Figure:
    """The perceptron of notebook 01 beside a multi-layer perceptron 2-4-1."""
    figure = Figure(7, 2.8, columns=2)
    left, right = figure.axes
    _network(left, figure.keep("perceptron", [2, 1]), ["input", "output"])
    _network(right, figure.keep("mlp", [2, 4, 1]), ["input", "hidden", "output"])
    left.set_title("perceptron: 3 parameters")
    right.set_title("MLP: 17 parameters")
    return figure.describe(
        "Left, a perceptron: 2 input nodes joined to 1 output neuron. Right, a multi-layer "
        "perceptron: 2 inputs, a hidden layer of 4 neurons, 1 output; each node is joined to every "
        "node of the next layer."
    )


def activations_figure() -> Figure:
    """Five activation functions and their slopes."""
    figure, names = Figure(8, 3, columns=2), ("sigmoid", "tanh", "ReLU", "GELU", "SELU")
    value, slope = figure.axes
    for name in names:
        z = engine.linspace(-4, 4, 161, dtype=engine.float64).requires_grad_()
        y = getattr(F, name.lower())(z)
        y.sum().backward()
        x = figure.keep("x " + name, z)
        value.plot(x, figure.keep(name, y), label=name)
        slope.plot(x, figure.keep("slope of " + name, z.grad))
    value.set(title="activation f(z)", xlabel="z", ylim=(-2, 4))
    slope.set(title="slope f′(z)", xlabel="z", ylim=(-0.2, 2))
    value.legend(fontsize=8)
    return figure.describe(
        "Five activations from z = -4 to 4. Sigmoid rises from 0 to 1, tanh from -1 to 1; both are "
        "flat at the ends, sigmoid's slope is at most 0.25. ReLU is 0 and then z, with slopes 0 "
        "and 1. GELU is a ReLU with a rounded corner; SELU falls to -1.73 at z = -4."
    )


def xor_plane_figure(x: Any, y: Any, hidden: Any) -> Figure:
    """XOR before and after a hidden layer of two neurons.

    Shapes: x (4, 2) inputs, y (4,) classes, hidden (4, 2) outputs of the hidden layer.
    """
    figure = Figure(7, 3.2, columns=2)
    before, after = figure.axes
    figure.classes(before, x, y, name="inputs", size=130)
    figure.classes(after, hidden, y, name="hidden", size=130)
    look = {"ylim": (-0.4, 1.4)}
    before.set(title="input plane: no line separates", xlabel="x₁", ylabel="x₂", **look)
    after.set(title="hidden plane: one line is enough", xlabel="h₁", ylabel="h₂", **look)
    before.set_xlim(-0.4, 1.4)
    after.set_xlim(-0.4, 2.4)
    after.plot((0.25, 2.5), (-0.125, 1), color=INK, ls="--", lw=1.5)
    arrow = {"arrowstyle": "->"}
    after.annotate("two points in one", (1, 0), (0.95, 0.75), ha="right", arrowprops=arrow)
    folded = ", ".join(f"({a:g}, {b:g})" for a, b in figure.data["hidden"])
    return figure.describe(
        "Left, the four XOR points on the corners of a square: no straight line separates the "
        f"classes. Right, the same points after the hidden layer, in order {folded}: the line "
        "h₁ - 2 h₂ = ½ separates them."
    )


def xor_endings_figure(seeds: Sequence[int], steps: int = 1000) -> Figure:
    """What the XOR program with 4 ReLU neurons has drawn after its training, for some seeds."""
    figure, words = Figure(9, 2.9, columns=len(seeds), sharey=True), []
    ends = (*PLOTS["xor"].x, *PLOTS["xor"].y)
    for ax, seed in zip(figure.axes, seeds, strict=True):
        state = BoundaryState(seed=seed)
        state.step(steps)
        shown = class_field(figure.keep(f"field {seed}", state.field()))
        ax.imshow(shown, origin="lower", extent=ends, interpolation="bilinear")
        figure.classes(ax, state.x, state.y, name=f"points {seed}", size=90)
        ax.set(title=f"seed {seed}: loss {state.loss:.2f}", xlabel="x₁")
        ax.grid(False)
        words.append(f"seed {seed}: loss {state.loss:.2f}, {state.right} of 4 points right")
    figure.axes[0].set_ylabel("x₂")
    return figure.describe(
        f"Decision fields of four XOR networks after {steps:,} steps. {'; '.join(words)}. Blue is "
        "0, orange 1, white ½."
    )


def sine_figure(x: Any, fits: Mapping[int, Any]) -> Figure:
    """A sine and the ReLU networks that were built to follow it. Shapes: x (N,), each fit (N,)."""
    figure, gaps = Figure(7, 2.6, columns=len(fits), sharey=True), []
    x = figure.keep("x", x)
    for ax, (neurons, fit) in zip(figure.axes, fits.items(), strict=True):
        fit = figure.keep(f"{neurons} neurons", fit)
        ax.plot(x, np.sin(x), color=GREY, lw=3, ls="-", label="sin x")
        ax.plot(x, fit, color=BLUE, ls="--", lw=1.6, label="network")
        ax.set(title=f"{neurons} ReLU neurons", xlabel="x")
        gaps.append(f"{neurons} neurons miss by at most {np.abs(fit - np.sin(x)).max():.3f}")
    figure.axes[0].legend(fontsize=8)
    return figure.describe(
        f"One period of a sine and its copies by ReLU layers: {'; '.join(gaps)}."
    )


def depth_width_figure(x: Any, deep: Any) -> Figure:
    """Width beside depth, and the folds of a deep network. Shapes: x (N,), deep (N,)."""
    figure = Figure(9, 2.7, columns=3)
    shallow, narrow, folded = figure.axes
    _network(shallow, figure.keep("wide", [1, 6, 1]))
    _network(narrow, figure.keep("narrow", [1, 2, 2, 2, 1]))
    deep = figure.keep("deep", deep)
    folded.plot(figure.keep("x", x), deep)
    slopes = np.sign(np.round(np.diff(deep), 9))
    pieces = 1 + int((np.diff(slopes[slopes != 0]) != 0).sum())
    shallow.set_title("width: 6 neurons in 1 layer")
    narrow.set_title("depth: 6 neurons in 3 layers")
    folded.set(title=f"depth: {pieces} pieces", xlabel="x")
    return figure.describe(
        "Left, a shallow network: 1 input, 6 hidden neurons side by side, 1 output. Middle, a deep "
        "one: three hidden layers of 2. Right, a function of the deep one: a zigzag of "
        f"{pieces} straight pieces, where 6 neurons in one layer make at most 7."
    )


def spread_figure(spreads: Mapping[str, Any]) -> Figure:
    """Standard deviation by layer for some first weights. Shapes: each value (layers,)."""
    figure, words = Figure(7, 3.2), []
    ax = figure.axes[0]
    for name, stds in spreads.items():
        stds = figure.keep(name, stds)
        ax.semilogy(np.arange(1, len(stds) + 1), stds, label=name)
        words.append(f"{name} ends at {stds[-1]:.1g}")
    ax.set(xlabel="layer", ylabel="standard deviation")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.legend(fontsize=9, title="weights' std")
    return figure.describe(
        f"Spread of the outputs by ReLU layer on a logarithmic scale. {'; '.join(words)}."
    )


def linear_flow_figure(in_features: int = 11, out_features: int = 64) -> Figure:
    """Flow chart of a linear layer from in_features to out_features."""
    figure = Figure(8, 1.4)
    rows, columns = figure.keep("shapes", [out_features, in_features])
    start = (f"x\n{columns} features", PAPER)
    middle = [(f"x Wᵀ\nW is {rows} × {columns}", SKY), (f"+ b\n{rows} numbers", SKY)]
    _boxes(figure, [start, *middle, (f"y\n{rows} features", ORANGE)])
    return figure.describe(
        f"Flow chart of nn.Linear({columns}, {rows}): {columns} features are multiplied by a "
        f"weight matrix of {rows} rows and {columns} columns, {rows} biases are added, {rows} "
        "features come out."
    )


def forward_pass_figure(stations: Sequence[tuple[str, Sequence[int]]]) -> Figure:
    """A batch on its way through layers: for each box its name and the shape that leaves it."""
    figure, boxes = Figure(9.5, 1.2), []
    for k, (name, shape) in enumerate(stations):
        shown = tuple(figure.keep(f"{k} {name}", shape).tolist())
        fill = ORANGE if "ReLU" in name else SKY
        boxes.append((f"{name}\n{shown}", fill if k else PAPER))
    _boxes(figure, boxes)
    steps = ", then ".join(words.replace("\n", " ") for words, _ in boxes)
    return figure.describe(f"The forward pass as a chain of boxes: {steps}.")
