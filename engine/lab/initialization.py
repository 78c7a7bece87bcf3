"""The initialization explorer of notebook 04: what a scale does to twenty layers, both ways."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

import engine
from engine.lab import svg
from engine.lab.app import App, Event
from engine.lab.colours import BLUE, GREY, INK, ORANGE, VERMILLION
from engine.lab.controls import Choice, IntSlider
from engine.lab.decision_boundary import ACTIVATIONS
from engine.lab.svg import Plot

WIDTH = 100  # neurons in every layer, and examples in the batch
GAINS = (0.1, 0.2, 0.4, 0.58, 0.8, 1.0, 1.41, 2.0, 3.0, 5.0, 10.0)
# Named starts as gains: the weights' standard deviation is gain / √n for layers of n to n.
MARKS = {0.58: "nn.Linear", 1.0: "Xavier, LeCun", 1.41: "He"}
BINS = 31
MOST_SHOWN = 5
SMALLEST, LARGEST = 1e-10, 1e10  # ends of the picture; the numbers go beyond

_GAIN_PLOT = Plot(x=(0.09, 11), y=(0, 1), box=(52, 44, 700, 26), log_x=True, name="gain")


@dataclass(frozen=True)
class Reading:
    """What one forward and backward pass through all layers shows.

    activation_std, gradient_std: (depth,), of each layer's output and of ∂L/∂output.
    layers: the numbers of the layers whose histograms are kept. activations, gradients:
    (layers, 31) shares of all values in bins from -2 to 2; what lies outside is in the end bins.
    """

    activation_std: np.ndarray
    gradient_std: np.ndarray
    layers: tuple[int, ...]
    activations: np.ndarray
    gradients: np.ndarray


class InitializationState:
    """a⁽ˡ⁾ = f(W⁽ˡ⁾a⁽ˡ⁻¹⁾), l = 1 ... depth, W ~ N(0, gain²/n), n = 100, before any training.

    The input is 100 examples from N(0, 1). The upstream gradient at the last layer is N(0, 1) too,
    so that both stories start at 1, at opposite ends.

    Args: gain: one of GAINS. activation: a key of ACTIVATIONS. depth: 2 to 30. seed: of it all.
    """

    def __init__(
        self, gain: float = 1.0, activation: str = "ReLU", depth: int = 20, seed: int = 0
    ) -> None:
        self.gain, self.activation, self.depth, self.seed = gain, activation, depth, seed
        self.ghost: np.ndarray | None = None
        self.reset()

    def reset(self) -> None:
        """Draw the weights of this seed and pass the batch through, forward and backward."""
        generator = engine.Generator().manual_seed(self.seed)
        draw = {"generator": generator, "dtype": engine.float64}
        f = ACTIVATIONS[self.activation]
        signal = engine.randn(WIDTH, WIDTH, **draw).requires_grad_()
        upstream = engine.randn(WIDTH, WIDTH, **draw)
        outputs = []
        with np.errstate(all="ignore"):
            for _ in range(self.depth):
                weight = engine.randn(WIDTH, WIDTH, **draw) * (self.gain / math.sqrt(WIDTH))
                signal = signal @ weight.T
                signal = signal if f is None else f(signal)
                signal.retain_grad()
                outputs.append(signal)
            (signal * upstream).sum().backward()
        values = [output.detach().numpy() for output in outputs]
        gradients = [output.grad.numpy() for output in outputs]
        shown = np.linspace(1, self.depth, min(self.depth, MOST_SHOWN)).round().astype(int)
        self.reading = Reading(
            activation_std=np.array([value.std() for value in values]),
            gradient_std=np.array([gradient.std() for gradient in gradients]),
            layers=tuple(int(layer) for layer in shown),
            activations=np.stack([_histogram(values[layer - 1]) for layer in shown]),
            gradients=np.stack([_histogram(gradients[layer - 1]) for layer in shown]),
        )
        self._last = values[-1]

    @property
    def saturated(self) -> float:
        """Share of the last layer's outputs where the activation's slope is below 0.05."""
        slopes = {"Tanh": lambda a: 1 - a * a, "Sigmoid": lambda a: a * (1 - a)}
        if self.activation not in slopes:
            return 0.0
        return float((slopes[self.activation](self._last) < 0.05).mean())

    def verdict(self) -> str:
        """What becomes of the signal, and of the gradient, in words."""
        forward = float(self.reading.activation_std[-1])
        backward = float(self.reading.gradient_std[0])
        signal = f"signal {_fate(forward)}"
        if self.saturated > 0.5:
            signal = f"{self.saturated:.0%} of the last layer is saturated"
        elif forward > 0 and self._last.std(axis=0).mean() < 0.001 * forward:
            # A sigmoid keeps a spread between neurons, but every example gives the same one.
            signal = "signal lost: all examples look alike"
        return f"{signal}, gradient {_fate(backward)}"

    def trace(self) -> np.ndarray:
        """Standard deviations by layer, outputs then gradients. Shapes: (2, depth)."""
        return np.stack([self.reading.activation_std, self.reading.gradient_std])

    def summary(self) -> str:
        """The numbers in words."""
        reading = self.reading
        name = next((f" ({mark})" for gain, mark in MARKS.items() if gain == self.gain), "")
        return (
            f"Standard deviation of the outputs: layer 1 {reading.activation_std[0]:.2g}, layer "
            f"{self.depth} {reading.activation_std[-1]:.2g}; of the gradient: layer {self.depth} "
            f"{reading.gradient_std[-1]:.2g}, layer 1 {reading.gradient_std[0]:.2g}.\n"
            f"Verdict: {self.verdict()}. Weights: std {self.gain:g}/√n{name}, "
            f"{self.activation}, seed {self.seed}."
        )

    def press(self, event: Event) -> None:
        """A press on the scale axis takes the nearest scale."""
        if event.plot == "gain":
            self._take(min(GAINS, key=lambda gain: abs(math.log(gain / max(event.x, 1e-9)))))

    def drag(self, event: Event) -> None:
        """A drag along the scale axis does the same."""
        self.press(event)

    def key(self, event: Event) -> None:
        """Left and right: a smaller or a larger scale. Home and End: the ends."""
        at = GAINS.index(self.gain)
        ends = {"ArrowLeft": at - 1, "ArrowRight": at + 1, "Home": 0, "End": len(GAINS) - 1}
        if event.key in ends:
            self._take(GAINS[max(0, min(len(GAINS) - 1, ends[event.key]))])

    def _take(self, gain: float) -> None:
        if gain != self.gain:
            self.gain = gain
            self.reset()


def _fate(std: float) -> str:
    if std < 0.01:
        return "vanishes"
    return "kept" if std <= 100 else "explodes"


def _histogram(values: np.ndarray) -> np.ndarray:
    inside = np.clip(np.nan_to_num(values, nan=0.0, posinf=2.0, neginf=-2.0), -2.0, 2.0)
    counts, _ = np.histogram(inside, bins=BINS, range=(-2.0, 2.0))
    return counts / values.size


def render(state: InitializationState) -> str:
    """The scale axis, the spread by layer both ways, and histograms of a few layers."""
    reading = state.reading
    label = (
        f"{state.depth} {state.activation} layers at scale {state.gain:g}: outputs end at a "
        f"standard deviation of {reading.activation_std[-1]:.2g}, gradients at "
        f"{reading.gradient_std[0]:.2g}; {state.verdict()}."
    )
    return svg.document(
        780, 560, label, _scale_axis(state), _spread(state), _histograms(state.reading)
    )


def _scale_axis(state: InitializationState) -> str:
    plot = _GAIN_PLOT
    left, top, width, height = plot.box
    middle = top + height / 2
    parts = [svg.text(left, 16, "scale of the weights: standard deviation × √n", weight="600")]
    parts.append(svg.rectangle(left, top, width, height, fill="#F4F4F4", stroke=GREY))
    for gain in GAINS:
        x = float(plot.px(gain))
        parts.append(svg.text(x, top + height + 15, f"{gain:g}", anchor="middle", size=11))
        mark = MARKS.get(gain)
        if mark:
            parts.append(svg.line(x, top, x, top + height, colour=INK, dash="3 2"))
            side = {"x": x + 2, "anchor": "start"} if mark == "He" else {"x": x, "anchor": "middle"}
            parts.append(svg.text(y=top - 6, words=mark, size=12, **side))
    x = float(plot.px(state.gain))
    parts.append(svg.symbol(x, middle, "circle", size=9, fill=ORANGE))
    return svg.group(*parts) + svg.handle(x, middle, data_grab="gain")


def _spread(state: InitializationState) -> str:
    ticks = [10.0**k for k in (-10, -5, 0, 5, 10)]
    plot = Plot(
        x=(0.5, 30.5),
        y=(SMALLEST, LARGEST),
        box=(66, 118, 240, 390),
        x_label="layer",
        title="standard deviation by layer",
        y_ticks=ticks,
        log_y=True,
        name="spread",
    )
    parts = [plot.axes(), plot.horizontal(1.0, dash="2 3")]
    for std, colour, dash in _two_lines(state.ghost, GREY, GREY):
        parts.append(plot.line(range(1, len(std) + 1), std, colour=colour, dash=dash, width=1.5))
    for std, colour, dash in _two_lines(state.trace(), BLUE, VERMILLION):
        parts.append(plot.line(range(1, len(std) + 1), std, colour=colour, dash=dash, width=2.5))
    parts.append(svg.text(76, 136, "outputs ——", colour=BLUE, size=12))
    parts.append(svg.text(76, 152, "gradients – –", colour=VERMILLION, size=12))
    return svg.group(*parts)


def _two_lines(trace: np.ndarray | None, first: str, second: str) -> list[tuple[Any, str, str]]:
    if trace is None:
        return []
    seen = np.clip(np.nan_to_num(trace, nan=LARGEST), SMALLEST, LARGEST)
    return [(seen[0], first, ""), (seen[1], second, "7 4")]


def _histograms(reading: Reading) -> str:
    edges = np.linspace(-2, 2, BINS + 1)
    parts = []
    rows = ((reading.activations, BLUE, "outputs"), (reading.gradients, VERMILLION, "gradients"))
    for row, (shares, fill, words) in enumerate(rows):
        for column, layer in enumerate(reading.layers):
            box = (345 + 86 * column, 118 + 208 * row, 76, 165)
            title = f"{words} 1" if column == 0 and layer == 1 else f"layer {layer}"
            ticks: dict[str, Any] = {"x_ticks": (-1, 0, 1), "y_ticks": ()}
            # The square root keeps a spike and a broad hill visible on one fixed scale.
            plot = Plot(x=(-2, 2), y=(0, 1), box=box, title=title, **ticks)
            bars = plot.bars(edges, np.sqrt(shares[column]), fill=fill)
            parts.append(plot.axes(grid=False) + bars)
    words = "values from -2 to 2, those outside in the end bars; height: √share"
    parts.append(svg.text(560, 540, words, anchor="middle", size=12))
    return svg.group(*parts)


class InitializationExplorer(App):
    """Scale × activation × depth: what reaches the last layer, and what comes back to the first.

    The scale is set on its axis in the picture, by dragging or with the arrow keys. With Compare
    ticked, Reset keeps the present lines in grey.

    Args: those of `InitializationState`.
    """

    def __init__(self, **start: Any) -> None:
        controls = [
            Choice("activation", "activation", restart=True, options=tuple(ACTIVATIONS)),
            IntSlider("depth", "layers", restart=True, low=2, high=30),
        ]
        keys = "Left and right arrow change the scale; Home and End take the ends."
        super().__init__(
            InitializationState(**start), render, controls, plots=[_GAIN_PLOT], keys_help=keys
        )
