"""Still figures of notebook 03, backpropagation."""

from __future__ import annotations

import numpy as np

from engine.lab.colours import BLUE, GREY, INK, VERMILLION
from engine.lab.figure import Figure
from engine.lab.graph_stepper import GraphState

_MIDDLE = {"ha": "center", "va": "center", "size": 9}


def graph_figure(gradients: bool = True) -> Figure:
    """The graph of L = (w·x + b − y)² with its values, and its gradients unless they are asked."""
    state = GraphState()
    state.step(state.last_step)
    figure = Figure(7.6, 2.9)
    ax = figure.axes[0]
    ax.set_axis_off()
    ax.set(xlim=(-0.45, 4.45), ylim=(2.2, -0.4))
    places = {name: np.array([node.column, node.row]) for name, node in state.nodes.items()}
    for edge in state.edges:
        tail, head = places[edge.parent], places[edge.child]
        look = {"arrowstyle": "-|>", "color": BLUE, "shrinkA": 32, "shrinkB": 32, "lw": 1.6}
        if gradients:
            tail, head = head, tail
            look |= {"color": VERMILLION, "linestyle": (0, (5, 2))}
        ax.annotate("", xytext=tail, xy=head, arrowprops=look)
        if gradients:
            (x, y), factor = (tail + head) / 2, f"× {edge.local:g}".replace("-", "−")
            ground = {"boxstyle": "square,pad=0.1", "fc": "white", "ec": "none"}
            ax.text(x, y, factor, color=VERMILLION, bbox=ground, **_MIDDLE)
    for name, node in state.nodes.items():
        gradient = f"{state.gradients[name]:g}" if gradients else "?"
        words = f"{node.title}\n{state.values[name]:g}\n∂L/∂{name} = {gradient}"
        box = {"boxstyle": "round,pad=0.35", "fc": "white", "ec": BLUE if node.rule else INK}
        ax.text(node.column, node.row, words.replace("-", "−"), color=INK, bbox=box, **_MIDDLE)
    figure.keep("values", [state.values[name] for name in places])
    values = ", ".join(f"{name} = {state.values[name]:g}" for name in places)
    alt = f"Graph of L = (w·x + b − y)², from the inputs on the left to the loss. Values: {values}."
    if not gradients:
        return figure.describe(f"{alt} The gradient of the loss for each of them is unknown.")
    figure.keep("gradients", [state.gradients[name] for name in places])
    slopes = ", ".join(f"{name} {state.gradients[name]:g}" for name in places)
    return figure.describe(f"{alt} Gradients, found from right to left: {slopes}.")


def step_size_figure() -> Figure:
    """Error of forward and central differences against the step h, for (tanh 2w − 1)² at ½."""

    def loss(w: np.ndarray) -> np.ndarray:
        return (np.tanh(2 * w) - 1) ** 2

    w, t = 0.5, np.tanh(1.0)
    exact = 4 * (t - 1) * (1 - t * t)
    figure = Figure(6, 3.2)
    ax = figure.axes[0]
    h = figure.keep("h", 10.0 ** np.arange(-13, -0.75, 0.25))
    one_sided = figure.keep("forward", np.abs((loss(w + h) - loss(w)) / h - exact))
    central = figure.keep("central", np.abs((loss(w + h) - loss(w - h)) / (2 * h) - exact))
    ax.loglog(h, one_sided, label="forward difference")
    ax.loglog(h, central, label="central difference")
    ax.set(xlabel="step h", ylabel="error of the gradient")
    ax.annotate("rounding", (1e-12, 1e-8), ha="center", color=GREY)
    ax.annotate("the curve bends", (1e-2, 1e-9), ha="center", color=GREY)
    ax.legend(frameon=False)
    return figure.describe(
        "Error of the numeric gradient against the step h, both axes logarithmic. With h = 0.1 "
        f"the forward difference is off by {one_sided[-1]:.3f}, the central one by "
        f"{central[-1]:.4f}. Near h = 1e-5 the central one is off by less than 1e-9. With "
        "h = 1e-13 both are off by more than 1e-8: rounding takes over."
    )
