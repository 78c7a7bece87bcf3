"""The gradient widget of notebook 06: how much of it reaches the first step of a sequence?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

import engine
from engine.lab import svg
from engine.lab.app import App, Event
from engine.lab.colours import GREY, INK, LINES
from engine.lab.controls import Rates
from engine.lab.svg import Plot
from engine.nn import init
from engine.ops.recurrent import recurrent

KINDS = {"RNN": ("RNN_TANH", 1), "LSTM": ("LSTM", 4), "GRU": ("GRU", 3)}  # mode, blocks of rows
HIDDEN, BATCH, INPUTS = 32, 16, 2
LENGTHS = (2, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100)
SCALES = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 4.0, 6.0, 8.0)
BIASES = (-2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0)
SMALLEST, LARGEST = 1e-20, 1e10  # ends of the picture; the numbers go beyond
PLOT = Plot(
    x=(0, 101),
    y=(SMALLEST, LARGEST),
    box=(62, 34, 690, 350),
    title="|∂L/∂xₜ|: how much the last output depends on input t",
    x_label="step t",
    x_ticks=(1, 20, 40, 60, 80, 100),
    y_ticks=(1e-20, 1e-15, 1e-10, 1e-5, 1, 1e10),
    log_y=True,
)
KEYS_HELP = "Left and right arrow: choose a step, with shift ten steps. Home, End: first, last."


@dataclass
class GradientState:
    """|∂L/∂xₜ|, t = 1 ... T, of an RNN, an LSTM and a GRU, L the sum of the last output.

    The layers are as PyTorch starts them, nn.RNN(2, 32) and so on, but for W_hh times `scale` and
    the LSTM's forget bias. The inputs are 16 sequences from N(0, 1).

    Args: length: T, one of LENGTHS. scale: one of SCALES. bias: one of BIASES. seed: of weights
    and inputs. ghost: see `State`.
    Attributes: sizes: of each kind (T,). largest: |λ| of the RNN's W_hh. at: the chosen step.
    """

    length: int = 50
    scale: float = 1.0
    bias: float = 1.0
    seed: int = 0
    ghost: dict[str, np.ndarray] | None = None
    at: int = 1

    def __post_init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Draw weights and inputs of this seed, go forward once and back once."""
        self.sizes = {kind: self._sizes(kind) for kind in KINDS}
        self.at = min(self.at, self.length)

    def _sizes(self, kind: str) -> np.ndarray:
        mode, blocks = KINDS[kind]
        # A generator of its own: a widget must not change what the next cell draws.
        draw = {"generator": engine.Generator().manual_seed(self.seed)}
        shapes = ((INPUTS,), (HIDDEN,), (), ())
        weights = [engine.zeros(blocks * HIDDEN, *s, dtype=engine.float64) for s in shapes]
        for weight in weights:
            init.uniform_(weight, -(HIDDEN**-0.5), HIDDEN**-0.5, **draw)
        weights[1].mul_(self.scale)
        if kind == "RNN":
            self.largest = float(np.abs(np.linalg.eigvals(weights[1].numpy())).max())
        if kind == "LSTM":
            for weight, value in zip(weights[2:], (self.bias, 0.0), strict=True):
                weight[HIDDEN : 2 * HIDDEN].fill_(value)
        x = engine.randn(BATCH, self.length, INPUTS, dtype=engine.float64, **draw)
        x = x.transpose(0, 1).requires_grad_()
        first = [engine.zeros(BATCH, HIDDEN, dtype=engine.float64)] * (1 + (kind == "LSTM"))
        recurrent(mode, x, first, weights, False)[0][-1].sum().backward()
        return x.grad.norm(dim=(1, 2)).numpy()

    def ratio(self, kind: str) -> float:
        """The gradient at the first step over the one at the last."""
        return float(self.sizes[kind][0] / self.sizes[kind][-1])

    def verdict(self, kind: str) -> str:
        """What becomes of the gradient on its way back to the first step."""
        ratio = self.ratio(kind)
        if ratio > 100:
            return "explodes"
        return "arrives" if ratio > 0.01 else "fades" if ratio > 1e-6 else "vanishes"

    def trace(self) -> dict[str, np.ndarray]:
        """The curves by kind."""
        return self.sizes

    def hover(self, event: Event) -> None:
        """Choose the step under the pointer."""
        if event.plot:
            self.at = int(np.clip(round(event.x), 1, self.length))

    press = drag = hover

    def key(self, event: Event) -> None:
        """Choose a step: arrows, Home, End."""
        ends = {"Home": 1, "End": self.length}
        moved = self.at + event.arrows[0] * (10 if event.shift else 1)
        self.at = int(np.clip(ends.get(event.key, moved), 1, self.length))

    def summary(self) -> str:
        """The numbers in words."""
        ways = (
            f"{kind} {self.ratio(kind):.1e}, {self.verdict(kind)} "
            f"(× {self.ratio(kind) ** (1 / (self.length - 1)):.2f} a step)"
            for kind in KINDS
        )
        here = ", ".join(f"{kind} {sizes[self.at - 1]:.1e}" for kind, sizes in self.sizes.items())
        return (
            f"First step over last: {'; '.join(ways)}.\nStep {self.at} of {self.length}: {here}. "
            f"Largest |λ| of the RNN's W_hh: {self.largest:.2f}. Seed {self.seed}."
        )


def render(state: GradientState) -> str:
    """The three curves, those of the run before, and the chosen step."""
    parts = [PLOT.axes(), PLOT.horizontal(1.0, dash="2 3"), PLOT.vertical(state.at, colour=INK)]
    looks = zip(KINDS, LINES, ("circle", "square", "triangle"), strict=False)
    for row, (kind, (colour, dash), shape) in enumerate(looks):
        curves = [(state.sizes[kind], colour)]
        if state.ghost is not None:
            curves.insert(0, (state.ghost[kind], GREY))
        for sizes, ink in curves:
            shown = np.clip(sizes, SMALLEST, LARGEST)
            parts.append(PLOT.line(range(1, len(sizes) + 1), shown, colour=ink, dash=dash))
        here = float(np.clip(state.sizes[kind][state.at - 1], SMALLEST, LARGEST))
        parts.append(svg.symbol(*PLOT.at(state.at, here), shape, fill=colour, size=5))
        mark = svg.line(-24, 0, 4, 0, colour=colour, width=2, dash=dash)
        mark += svg.symbol(-10, 0, shape, fill=colour, size=5)
        words = f"{kind} {state.verdict(kind)}: first / last {state.ratio(kind):.0e}"
        parts.append(svg.legend(490, 54 + 20 * row, (mark, words, 0)))
    label = f"Gradient by step over {state.length} steps at scale {state.scale:g}. "
    return svg.document(770, 428, label + state.summary().replace("\n", " "), *parts)


class GradientOverTime(App):
    """How much of the gradient reaches the first step: RNN, LSTM and GRU before training.

    With Compare ticked, the curves of the last setting stay in grey.

    Args: those of `GradientState`.
    """

    def __init__(self, length: int = 50, scale: float = 1.0, bias: float = 1.0) -> None:
        controls = [
            Rates("length", "steps T", restart=True, options=LENGTHS),
            Rates("scale", "scale of W_hh", restart=True, options=SCALES),
            Rates("bias", "forget bias", restart=True, options=BIASES),
        ]
        state = GradientState(length, scale, bias)
        super().__init__(state, render, controls, plots=[PLOT], keys_help=KEYS_HELP)
