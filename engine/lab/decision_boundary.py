"""The live decision boundary of notebook 04: one hidden layer learns XOR, moons or a spiral."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np

import engine
from engine import optim
from engine.datasets import make_moons, make_spiral, make_xor
from engine.lab import svg
from engine.lab.app import App, Event
from engine.lab.colours import BLUE, GREY, INK, PAPER, SKY, VERMILLION, class_field
from engine.lab.controls import Choice, Rates
from engine.lab.scale import line_ends
from engine.lab.svg import Plot
from engine.nn import functional as F
from engine.nn import init

DATA = {"xor": make_xor, "moons": make_moons, "spiral": make_spiral}
_BOX = (52.0, 62.0, 330.0, 330.0)
PLOTS = {
    "xor": Plot((-0.5, 1.5), (-0.5, 1.5), _BOX, "", "x₁", "x₂"),
    "moons": Plot((-1.5, 2.5), (-1.75, 2.25), _BOX, "", "x₁", "x₂"),
    "spiral": Plot((-1.3, 1.3), (-1.3, 1.3), _BOX, "", "x₁", "x₂"),
}
ACTIVATIONS: dict[str, Callable[[engine.Tensor], engine.Tensor]] = {
    "ReLU": engine.relu,
    "Tanh": engine.tanh,
    "Sigmoid": engine.sigmoid,
    "none": lambda z: z,
}
INITIALIZATIONS: dict[str, Callable[..., engine.Tensor]] = {
    "PyTorch": partial(init.kaiming_uniform_, a=math.sqrt(5)),
    "Xavier": init.xavier_uniform_,
    "He": partial(init.kaiming_normal_, nonlinearity="relu"),
    "LeCun": partial(init.kaiming_normal_, nonlinearity="linear"),
    "tiny (0.01)": partial(init.normal_, std=0.01),
    "zero": partial(init.normal_, std=0.0),
}
CELLS = 60  # of the field, along one side

# The losses at which XOR comes to rest, and what the network says there.
RESTS = {
    math.log(2): "ln 2: it says ½ to all four points",
    0.75 * math.log(3) - 0.5 * math.log(2): "¾·H(⅓): one point sure, the other three share ⅓ or ⅔",
    0.5 * math.log(2): "½ ln 2: two points right, two share ½",
}


def initial_weights(
    inputs: int, outputs: int, initialization: str, generator: engine.Generator
) -> tuple[engine.Tensor, engine.Tensor]:
    """First weight (outputs, inputs) and bias (outputs,) of a linear layer, float64.

    The bias is 0, but that of "PyTorch", which draws both as nn.Linear does, in its order.
    """
    weight = engine.zeros(outputs, inputs, dtype=engine.float64)
    bias = engine.zeros(outputs, dtype=engine.float64)
    INITIALIZATIONS[initialization](weight, generator=generator)
    if initialization == "PyTorch":
        init.uniform_(bias, -1 / math.sqrt(inputs), 1 / math.sqrt(inputs), generator=generator)
    return weight, bias


@dataclass
class BoundaryState:
    """ŷ = σ(W₂ f(W₁x + b₁) + b₂) learns two classes: all points in each step, BCE, Adam.

    With the initialization "PyTorch" and the same seed the weights are those of
    nn.Sequential(nn.Linear(2, width), f, nn.Linear(width, 1)) in float64.

    Args: data, activation, initialization: a key of DATA, ACTIVATIONS, INITIALIZATIONS.
        width: hidden neurons. lr: Adam's learning rate. seed: of the weights. ghost: see `State`.
    Shapes: x (N, 2), y (N, 1); w1 (width, 2), b1 (width,), w2 (1, width), b2 (1,).
    Raises: ValueError for another data set or initialization.
    """

    data: str = "xor"
    width: int = 4
    activation: str = "ReLU"
    initialization: str = "PyTorch"
    lr: float = 0.1
    seed: int = 0
    ghost: list[float] | None = None

    def __post_init__(self) -> None:
        for name, known in ((self.data, DATA), (self.initialization, INITIALIZATIONS)):
            if name not in known:
                raise ValueError(f"must be one of {list(known)}, got {name!r}")
        self.reset()

    def reset(self) -> None:
        """New first weights from the seed, and an optimizer without memory."""
        x, y = DATA[self.data]()
        self.x = engine.tensor(x, dtype=engine.float64)
        self.y = engine.tensor(y, dtype=engine.float64).view(-1, 1)
        generator = engine.Generator().manual_seed(self.seed)
        first = initial_weights(2, self.width, self.initialization, generator)
        second = initial_weights(self.width, 1, self.initialization, generator)
        self.parameters = [p.requires_grad_() for p in (*first, *second)]
        self._optimizer = optim.Adam(self.parameters, lr=self.lr)
        self.losses: list[float] = []
        self._measure()

    def logits(self, x: engine.Tensor) -> engine.Tensor:
        """z₂ = W₂ f(W₁x + b₁) + b₂. Shapes: x (N, 2); result (N, 1)."""
        w1, b1, w2, b2 = self.parameters
        return F.linear(ACTIVATIONS[self.activation](F.linear(x, w1, b1)), w2, b2)

    def step(self, n: int = 1) -> None:
        """n steps of Adam on the mean loss over all points."""
        for _ in range(n):
            self._optimizer.zero_grad()
            self._loss.backward()
            self._optimizer.step()
            self._measure()

    def _measure(self) -> None:
        logits = self.logits(self.x)
        self._loss = F.binary_cross_entropy_with_logits(logits, self.y)
        self.losses.append(self._loss.item())
        self.outputs = engine.sigmoid(logits.detach()).numpy()[:, 0]

    @property
    def steps(self) -> int:
        """Steps since the reset."""
        return len(self.losses) - 1

    @property
    def loss(self) -> float:
        """Binary cross-entropy now."""
        return self.losses[-1]

    @property
    def right(self) -> int:
        """Points on their side of ½ by at least 0.01: a resting ½ counts as wrong."""
        return int((np.abs(self.outputs - self.y.numpy()[:, 0]) < 0.49).sum())

    def field(self) -> np.ndarray:
        """The output ŷ over the plot. Shapes: result (60, 60); row 0 is the lowest x₂."""
        share = (np.arange(CELLS) + 0.5) / CELLS
        ends = PLOTS[self.data].x, PLOTS[self.data].y
        across, up = (low + (high - low) * share for low, high in ends)
        points = np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2)
        with engine.no_grad():
            return engine.sigmoid(self.logits(engine.tensor(points))).numpy().reshape(CELLS, CELLS)

    def neuron_lines(self) -> list[tuple[np.ndarray, float]]:
        """For each hidden neuron two points (2, 2) of its line w·x + b = 0, and its output weight.

        The points lie outside of the plot. A neuron without weights, or whose line does not cross
        the plot, has none.
        """
        plot = PLOTS[self.data]
        middle, wide = np.array([np.mean(plot.x), np.mean(plot.y)]), plot.x[1] - plot.x[0]
        w1, b1, w2, _ = (p.detach().numpy() for p in self.parameters)
        neurons = zip(w1, b1, w2[0], np.hypot(*w1.T), strict=True)
        return [
            (line_ends(w, b, middle, wide), float(out))
            for w, b, out, size in neurons
            if size > 1e-12 and abs(w @ middle + b) < wide * size
        ]

    def trace(self) -> list[float] | None:
        """The losses of this run; before its first step those of the run that is still shown."""
        return self.losses if self.steps else self.ghost

    def verdict(self) -> str:
        """What the run has come to, in words; it rests if 100 steps change the loss by < 0.002."""
        total = len(self.outputs)
        if self.right == total and self.loss < 0.05:
            return "solved"
        if self.steps < 100 or not abs(self.losses[-101] - self.loss) < 0.002:
            return "learning" if self.steps else "not trained yet"
        for rest, words in RESTS.items():
            if self.data == "xor" and abs(self.loss - rest) < 0.004:
                return f"at rest on {words}"
        return f"at rest with {total - self.right} of {total} points wrong"

    def summary(self) -> str:
        """The numbers in words."""
        ghost = f" (run before: {self.ghost[-1]:.3f})" if self.ghost else ""
        return (
            f"Step {self.steps}: loss {self.loss:.3f}{ghost}, {self.right} of {len(self.outputs)} "
            f"points right: {self.verdict()}.\n{self.data}, seed {self.seed}, "
            f"{self.width} {self.activation} neurons, start {self.initialization}, lr {self.lr:g}."
        )

    def click(self, event: Event) -> None:
        """A click on one of the three names above the field takes those points."""
        self._take(event.target.get("points", self.data))

    def key(self, event: Event) -> None:
        """Left and right walk through the three sets of points."""
        names = list(DATA)
        self._take(names[(names.index(self.data) + event.arrows[0]) % len(names)])

    def _take(self, name: str) -> None:
        if name != self.data:
            self.data, self.ghost = name, None  # a loss on other points compares nothing
            self.reset()


@cache
def _points(data: str) -> str:
    """The frame and the points, which stay the same from the first picture to the last."""
    plot, size = PLOTS[data], 9 if data == "xor" else 4.5
    return plot.axes(grid=False) + plot.points(*DATA[data](), size=size)


def render(state: BoundaryState) -> str:
    """The field with points and neuron lines, and the loss beside it."""
    plot, tabs, lines = PLOTS[state.data], [], []
    for left, name in zip((52, 166, 280), DATA, strict=True):
        chosen = name == state.data
        face = svg.rectangle(left, 16, 102, 28, fill=SKY if chosen else PAPER, stroke=INK, rx=4)
        words = svg.text(left + 51, 35, name, anchor="middle", weight="700" if chosen else "")
        tabs.append(svg.group(face, words, data_points=name, style="cursor: pointer"))
    for (start, end), out in state.neuron_lines():
        look = {"colour": VERMILLION} if out > 0 else {"colour": BLUE, "dash": "7 4"}
        lines.append(svg.line(*plot.at(*start), *plot.at(*end), width=1.6, opacity=0.75, **look))
    field = plot.field(class_field(state.field())) + plot.clip(*lines) + _points(state.data)
    key = svg.text(52, 452, "neuron lines: solid push towards 1, dashed towards 0")
    label = (
        f"Decision boundary of {state.width} {state.activation} neurons on {state.data} at step "
        f"{state.steps}: loss {state.loss:.3f}, {state.right} of {len(state.y)} points right."
    )
    return svg.document(770, 466, label, *tabs, field, key, _loss_curve(state))


def _loss_curve(state: BoundaryState) -> str:
    ghost = state.ghost or []
    doublings = math.ceil(math.log2(max(len(state.losses), len(ghost), 251) / 251))
    end = 250 * 2**doublings
    plot = Plot((0, end), (0, 1), (470.0, 62.0, 280.0, 330.0), "loss", "step")
    parts = [plot.axes()]
    for rest, words in RESTS.items() if state.data == "xor" else ():
        parts.append(plot.horizontal(rest, dash="2 3"))
        parts.append(plot.text(0.98 * end, rest + 0.012, words.split(":")[0], anchor="end"))
    parts.append(plot.line(range(len(ghost)), ghost, colour=GREY, dash="5 4"))
    parts.append(plot.line(range(len(state.losses)), state.losses, colour=BLUE))
    return svg.group(*parts)


class DecisionBoundary(App):
    """Train one hidden layer on XOR, moons or a spiral and watch the boundary bend.

    Args: those of `BoundaryState`.
    """

    def __init__(self, data: str = "xor", **start: Any) -> None:
        rates = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
        controls = [
            Rates("lr", "learning rate", restart=True, options=rates),
            Rates("width", "hidden neurons", restart=True, options=(1, 2, 3, 4, 8, 16, 32)),
            Choice("activation", "activation", restart=True, options=tuple(ACTIVATIONS)),
            Choice("initialization", "start", restart=True, options=tuple(INITIALIZATIONS)),
        ]
        state = BoundaryState(data, **start)
        keys = "Left and right arrow choose xor, moons or spiral."
        super().__init__(state, render, controls, keys_help=keys, steps=4)
