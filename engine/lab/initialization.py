"""The initialization explorer of notebook 04: what a scale does to twenty layers, both ways."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

import engine
from engine.lab import svg
from engine.lab.app import App
from engine.lab.colours import BLUE, GREY, INK, ORANGE, VERMILLION
from engine.lab.controls import Choice, IntSlider, Rates
from engine.lab.decision_boundary import ACTIVATIONS
from engine.lab.svg import Plot

WIDTH = 100  # neurons in every layer, and examples in the batch
GAINS = (0.1, 0.2, 0.4, 0.58, 0.8, 1.0, 1.41, 2.0, 3.0, 5.0, 10.0)
# Named starts as gains: the weights' standard deviation is gain / √n for layers of n to n.
MARKS = {0.58: "nn.Linear", 1.0: "Xavier, LeCun", 1.41: "He"}
BARS = 31  # of a histogram
EDGES = np.linspace(-2, 2, BARS + 1)
MOST_SHOWN, MOST_LAYERS = 5, 30  # layers with a histogram, layers of a network
SMALLEST, LARGEST = 1e-10, 1e10  # ends of the picture; the numbers go beyond

_SCALE_WORDS = "scale of the weights: standard deviation × √n"
_SCALE = Plot((0.09, 11), (0, 1), (52, 28, 700, 26), "", _SCALE_WORDS, "", GAINS, (), log_x=True)
_SPREAD = Plot(
    x=(0.5, 30.5),
    y=(SMALLEST, LARGEST),
    box=(66, 128, 240, 380),
    title="standard deviation by layer",
    x_label="layer",
    y_ticks=(1e-10, 1e-5, 1, 1e5, 1e10),
    log_y=True,
)


@lru_cache(1)  # a moved slider keeps the seed
def draws(seed: int) -> list[engine.Tensor]:
    """The input, the upstream gradient and 30 weight matrices of N(0, 1), (100, 100) each."""
    options = {"generator": engine.Generator().manual_seed(seed), "dtype": engine.float64}
    return [engine.randn(WIDTH, WIDTH, **options) for _ in range(MOST_LAYERS + 2)]


@dataclass
class InitializationState:
    """a⁽ˡ⁾ = f(W⁽ˡ⁾a⁽ˡ⁻¹⁾), l = 1 ... depth, W ~ N(0, gain²/n), n = 100, before any training.

    The input is 100 examples from N(0, 1). The upstream gradient at the last layer is N(0, 1) too,
    so that both stories start at 1, at opposite ends.

    Args: gain: one of GAINS. activation: a key of ACTIVATIONS. depth: 2 to 30. seed: of it all.
    ghost: see `State`.
    Attributes: values: each layer's output and ∂L/∂output, (100, 100) each, in two rows. stds:
    their standard deviations, (2, depth).
    """

    gain: float = 1.0
    activation: str = "ReLU"
    depth: int = 20
    seed: int = 0
    ghost: np.ndarray | None = None

    def __post_init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Draw the weights of this seed and pass the batch through, forward and backward."""
        signal, upstream, *weights = draws(self.seed)
        signal, outputs = signal.clone().requires_grad_(), []
        for weight in weights[: self.depth]:
            z = signal @ (weight * (self.gain / math.sqrt(WIDTH))).T
            signal = ACTIVATIONS[self.activation](z)
            signal.retain_grad()
            outputs.append(signal)
        signal.backward(upstream)
        gradients = [output.grad for output in outputs]
        self.values = [[a.detach().numpy() for a in row] for row in (outputs, gradients)]
        self.stds = np.array([[a.std() for a in row] for row in self.values])

    @property
    def saturated(self) -> float:
        """Share of the last layer's outputs where the activation's slope is below 0.05."""
        slopes = {"Tanh": lambda a: 1 - a * a, "Sigmoid": lambda a: a * (1 - a)}
        return float((slopes.get(self.activation, np.ones_like)(self.values[0][-1]) < 0.05).mean())

    def verdict(self) -> str:
        """What becomes of the signal, and of the gradient, in words."""
        forward, backward = self.stds[0, -1], self.stds[1, 0]
        signal = f"signal {_fate(forward)}"
        if self.saturated > 0.5:
            signal = f"{self.saturated:.0%} of the last layer is saturated"
        elif forward > 0 and self.values[0][-1].std(axis=0).mean() < 0.001 * forward:
            # A sigmoid keeps a spread between neurons, but every example gives the same one.
            signal = "signal lost: all examples look alike"
        return f"{signal}, gradient {_fate(backward)}"

    def trace(self) -> np.ndarray:
        """Standard deviations by layer, outputs then gradients. Shapes: (2, depth)."""
        return self.stds

    def summary(self) -> str:
        """The numbers in words."""
        outputs, gradients = self.stds
        name = f" ({MARKS[self.gain]})" if self.gain in MARKS else ""
        return (
            f"Standard deviation: outputs {outputs[0]:.2g} (layer 1) to {outputs[-1]:.2g} (layer "
            f"{self.depth}), gradient {gradients[-1]:.2g} (layer {self.depth}) to "
            f"{gradients[0]:.2g} (layer 1).\nVerdict: {self.verdict()}. Weights: std "
            f"{self.gain:g}/√n{name}, {self.activation}, seed {self.seed}."
        )

    def histograms(self) -> dict[int, np.ndarray]:
        """Shares of the values in 31 bars from -2 to 2, (2, 31), of at most 5 layers by number.

        What lies outside of -2 to 2 stands in the end bars.
        """
        layers = np.linspace(1, self.depth, min(self.depth, MOST_SHOWN)).round().astype(int)
        return {int(at): np.array([_shares(row[at - 1]) for row in self.values]) for at in layers}


def _shares(values: np.ndarray) -> np.ndarray:
    """np.histogram's, of bars of equal width and in a third of its time."""
    bar = (np.clip(values, -2, 2).reshape(-1) + 2) * (BARS / 4)
    return np.bincount(np.minimum(bar.astype(int), BARS - 1), minlength=BARS) / values.size


def _fate(std: float) -> str:
    return "vanishes" if std < 0.01 else "kept" if std <= 100 else "explodes"


@lru_cache(64)  # half of the time of a picture
def _empty_histogram(box: tuple[float, float, float, float], title: str) -> tuple[Plot, str]:
    plot = Plot((-2, 2), (0, 1), box, title, x_ticks=(-1, 0, 1), y_ticks=())
    return plot, plot.axes(grid=False)


def render(state: InitializationState) -> str:
    """The scale axis, the spread by layer both ways, and histograms of a few layers."""
    parts = [_SCALE.axes(grid=False), _SPREAD.axes(), _SPREAD.horizontal(1.0, dash="2 3")]
    for gain, words in MARKS.items():
        parts.append(_SCALE.vertical(gain, colour=INK, dash="3 2"))
        parts.append(_SCALE.text(gain, 1.3, words, anchor="middle", size=11))
    parts.append(svg.symbol(*_SCALE.at(state.gain, 0.5), "circle", fill=ORANGE, size=9))
    histograms = state.histograms()
    rows = (("outputs", BLUE, ""), ("gradients", VERMILLION, "7 4"))
    for row, (words, colour, dash) in enumerate(rows):
        for trace, ink in ((state.ghost, GREY), (state.stds, colour)):
            if trace is not None:
                std = np.clip(trace[row], SMALLEST, LARGEST)
                parts.append(_SPREAD.line(range(1, len(std) + 1), std, colour=ink, dash=dash))
        mark = svg.line(-14, 0, 8, 0, colour=colour, width=2, dash=dash)
        parts.append(svg.legend(92, 144 + 18 * row, (mark, words, 0)))
        for column, (layer, shares) in enumerate(histograms.items()):
            title = f"{words} 1" if layer == 1 else f"layer {layer}"
            box = (345 + 86 * column, 128 + 208 * row, 76, 160)
            plot, axes = _empty_histogram(box, title)
            # The square root keeps a spike and a broad hill visible on one fixed scale.
            parts += [axes, plot.bars(EDGES, np.sqrt(shares[row]), fill=colour)]
    words = "values from -2 to 2, those outside in the end bars; height: √share"
    parts.append(svg.text(560, 540, words, anchor="middle", size=12))
    label = (
        f"{state.depth} {state.activation} layers at scale {state.gain:g}: outputs end at a "
        f"standard deviation of {state.stds[0, -1]:.2g}, gradients at {state.stds[1, 0]:.2g}; "
        f"{state.verdict()}."
    )
    return svg.document(780, 560, label, *parts)


class InitializationExplorer(App):
    """Scale × activation × depth: what reaches the last layer, and what comes back to the first.

    With Compare ticked, the lines of the last setting stay in grey.

    Args: those of `InitializationState`.
    """

    def __init__(self, gain: float = 1.0, activation: str = "ReLU", depth: int = 20) -> None:
        controls = [
            Rates("gain", "scale", restart=True, options=GAINS),
            Choice("activation", "activation", restart=True, options=tuple(ACTIVATIONS)),
            IntSlider("depth", "layers", restart=True, low=2, high=MOST_LAYERS),
        ]
        super().__init__(InitializationState(gain, activation, depth), render, controls)
