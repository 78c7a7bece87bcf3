"""Still figures of notebook 04: layers, activations, XOR, depth and width, first weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

import engine
from engine.lab.colours import BLUE, GREY, INK, ORANGE, PAPER, SKY, class_field
from engine.lab.decision_boundary import BoundaryState
from engine.lab.figure import Figure
from engine.nn import functional as F


def _network(ax: Axes, sizes: Sequence[int], names: Sequence[str] = ()) -> None:
    """Layers of neurons from left to right, each joined to all of the next."""
    layers = [[(float(k), (size - 1) / 2 - i) for i in range(size)] for k, size in enumerate(sizes)]
    for left, right in zip(layers, layers[1:], strict=False):
        for x0, y0 in left:
            for x1, y1 in right:
                ax.plot((x0, x1), (y0, y1), color=GREY, lw=0.8, ls="-", zorder=1)
    fills = [PAPER, *[SKY] * (len(sizes) - 2), ORANGE]
    for layer, fill in zip(layers, fills, strict=True):
        ax.scatter(*np.array(layer).T, s=170, c=fill, edgecolors=INK, zorder=2)
    for k, name in enumerate(names):
        ax.text(k, max(sizes) / 2 + 0.3, name, ha="center", va="bottom", fontsize=9)
    ax.set(xlim=(-0.5, len(sizes) - 0.5), ylim=(-max(sizes) / 2 - 0.2, max(sizes) / 2 + 1.1))
    ax.axis("off")


def _boxes(ax: Axes, words: Sequence[str], fills: Sequence[str]) -> None:
    """A flow chart: boxes from left to right with arrows between them."""
    for k, (text, fill) in enumerate(zip(words, fills, strict=True)):
        look = {"boxstyle": "round,pad=0.5", "facecolor": fill, "edgecolor": INK}
        ax.text(k, 0, text, ha="center", va="center", fontsize=9, bbox=look)
        if k:
            arrow = {"arrowstyle": "-|>", "color": INK}
            ax.annotate("", (k - 0.36, 0), (k - 0.64, 0), arrowprops=arrow)
    ax.set(xlim=(-0.5, len(words) - 0.5), ylim=(-0.6, 0.6))
    ax.axis("off")


def layers_figure() -> Figure:
    """The perceptron of notebook 01 beside a multi-layer perceptron 2-4-1."""
    figure = Figure(7, 2.8, columns=2)
    _network(figure.axes[0], figure.keep("perceptron", [2, 1]), ["input", "output"])
    _network(figure.axes[1], figure.keep("mlp", [2, 4, 1]), ["input", "hidden", "output"])
    for ax, title in zip(
        figure.axes, ("perceptron: 3 parameters", "MLP: 17 parameters"), strict=True
    ):
        ax.set_title(title)
    return figure.describe(
        "Left, a perceptron: 2 input nodes joined to 1 output neuron. Right, a multi-layer "
        "perceptron: 2 inputs, a hidden layer of 4 neurons, 1 output; each node is joined to every "
        "node of the next layer."
    )


def activations_figure() -> Figure:
    """Five activation functions and their slopes."""
    figure = Figure(8, 3, columns=2)
    x = engine.linspace(-4, 4, 161, dtype=engine.float64)
    functions = {
        "sigmoid": engine.sigmoid,
        "tanh": engine.tanh,
        "ReLU": engine.relu,
        "GELU": F.gelu,
        "SELU": F.selu,
    }
    for name, f in functions.items():
        z = x.clone().requires_grad_()
        y = f(z)
        y.sum().backward()
        figure.axes[0].plot(figure.keep("x " + name, x), figure.keep(name, y), label=name)
        figure.axes[1].plot(figure.data["x " + name], figure.keep("slope of " + name, z.grad))
    figure.axes[0].set(title="activation f(z)", xlabel="z", ylim=(-2, 4))
    figure.axes[1].set(title="slope f′(z)", xlabel="z", ylim=(-0.2, 2))
    figure.axes[0].legend(fontsize=8)
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
    before.set(title="input plane: no line separates", xlabel="x₁", ylabel="x₂")
    after.set(title="hidden plane: one line is enough", xlabel="h₁", ylabel="h₂")
    after.plot((0.25, 2.5), (-0.125, 1), color=INK, ls="--", lw=1.5)
    for ax, right in ((before, 1.4), (after, 2.4)):
        ax.set(xlim=(-0.4, right), ylim=(-0.4, 1.4))
    after.annotate(
        "two points in one", (1, 0), (0.95, 0.75), ha="right", arrowprops={"arrowstyle": "->"}
    )
    folded = ", ".join(f"({a:g}, {b:g})" for a, b in figure.data["hidden"])
    return figure.describe(
        "Left, the four XOR points on the corners of a square: no straight line separates the "
        f"classes. Right, the same points after the hidden layer, in order {folded}: the line "
        "h₁ - 2 h₂ = ½ separates them."
    )


def xor_endings_figure(seeds: Sequence[int], steps: int = 1000) -> Figure:
    """What the XOR program with 4 ReLU neurons has drawn after its training, for some seeds."""
    figure = Figure(9, 2.9, columns=len(seeds), sharey=True)
    words = []
    for ax, seed in zip(figure.axes, seeds, strict=True):
        state = BoundaryState(seed=seed)
        state.step(steps)
        ends = (*state.plot.x, *state.plot.y)
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
    figure = Figure(7, 2.6, columns=len(fits), sharey=True)
    x = figure.keep("x", x)
    gaps = []
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
    _network(figure.axes[0], figure.keep("wide", [1, 6, 1]))
    _network(figure.axes[1], figure.keep("narrow", [1, 2, 2, 2, 1]))
    x, deep = figure.keep("x", x), figure.keep("deep", deep)
    figure.axes[2].plot(x, deep)
    slopes = np.sign(np.round(np.diff(deep), 9))
    pieces = 1 + int((np.diff(slopes[slopes != 0]) != 0).sum())
    titles = (
        "width: 6 neurons in 1 layer",
        "depth: 6 neurons in 3 layers",
        f"depth: {pieces} pieces",
    )
    for ax, title in zip(figure.axes, titles, strict=True):
        ax.set_title(title)
    figure.axes[2].set_xlabel("x")
    return figure.describe(
        "Left, a shallow network: 1 input, 6 hidden neurons side by side, 1 output. Middle, a deep "
        "one: three hidden layers of 2. Right, a function of the deep one: a zigzag of "
        f"{pieces} straight pieces, where 6 neurons in one layer make at most 7."
    )


def spread_figure(spreads: Mapping[str, Any]) -> Figure:
    """Standard deviation by layer for some first weights. Shapes: each value (layers,)."""
    figure = Figure(7, 3.2)
    ax = figure.axes[0]
    words = []
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
    weights = figure.keep("shapes", [out_features, in_features])
    words = [
        f"x\n{in_features} features",
        f"x Wᵀ\nW is {weights[0]} × {weights[1]}",
        f"+ b\n{out_features} numbers",
        f"y\n{out_features} features",
    ]
    _boxes(figure.axes[0], words, [PAPER, SKY, SKY, ORANGE])
    return figure.describe(
        f"Flow chart of nn.Linear({in_features}, {out_features}): {in_features} features are "
        f"multiplied by a weight matrix of {out_features} rows and {in_features} columns, "
        f"{out_features} biases are added, {out_features} features come out."
    )


def forward_pass_figure(stations: Sequence[tuple[str, Sequence[int]]]) -> Figure:
    """A batch on its way through layers: for each box its name and the shape that leaves it."""
    figure = Figure(9.5, 1.2)
    words, fills = [], []
    for k, (name, shape) in enumerate(stations):
        shown = tuple(figure.keep(f"{k} {name}", shape).tolist())
        words.append(f"{name}\n{shown}")
        fills.append(PAPER if k == 0 else ORANGE if "ReLU" in name else SKY)
    _boxes(figure.axes[0], words, fills)
    steps = ", then ".join(text.replace("\n", " ") for text in words)
    return figure.describe(f"The forward pass as a chain of boxes: {steps}.")
