"""The live decision boundary of notebook 04: one hidden layer learns XOR, moons or a spiral."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import engine
from engine import optim
from engine.datasets import make_moons, make_spiral, make_xor
from engine.lab import svg
from engine.lab.app import App, Event
from engine.lab.colours import BLUE, GREY, INK, SKY, VERMILLION, class_field
from engine.lab.controls import Choice, Rates
from engine.lab.svg import Plot
from engine.nn import functional as F

DATA = ("xor", "moons", "spiral")
ACTIVATIONS = {"ReLU": engine.relu, "Tanh": engine.tanh, "Sigmoid": engine.sigmoid, "none": None}
INITIALIZATIONS = ("PyTorch", "Xavier", "He", "LeCun", "tiny (0.01)", "zero")
WIDTHS = (1, 2, 3, 4, 8, 16, 32)
RATES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
CELLS = 60  # of the field, along one side

# The losses at which XOR comes to rest, and what the network says there.
RESTS = {
    math.log(2): "ln 2: it says ½ to all four points",
    0.75 * math.log(3) - 0.5 * math.log(2): "¾·H(⅓): one point sure, the other three share ⅓ or ⅔",
    0.5 * math.log(2): "½ ln 2: two points right, two share ½",
}

_BOX = (52.0, 62.0, 330.0, 330.0)
_LOSS_BOX = (470.0, 62.0, 280.0, 330.0)
_ENDS = {
    "xor": ((-0.5, 1.5), (-0.5, 1.5)),
    "moons": ((-1.5, 2.5), (-1.75, 2.25)),
    "spiral": ((-1.3, 1.3), (-1.3, 1.3)),
}


def initial_weights(
    inputs: int, outputs: int, initialization: str, generator: engine.Generator
) -> tuple[engine.Tensor, engine.Tensor]:
    """First weight (outputs, inputs) and bias (outputs,) of a linear layer, float64.

    "PyTorch" draws both from U(±1/√inputs), as nn.Linear does, in its order; the others draw the
    weight (Xavier U(±√(6/(inputs + outputs))), He N(0, 2/inputs), LeCun N(0, 1/inputs), tiny
    N(0, 0.01²)) and leave the bias at 0.

    Raises: ValueError for another initialization.
    """
    draw = {"generator": generator, "dtype": engine.float64}
    if initialization in ("PyTorch", "Xavier"):
        fans = inputs if initialization == "PyTorch" else (inputs + outputs) / 6
        bound = 1 / math.sqrt(fans)
        weight = (2 * engine.rand(outputs, inputs, **draw) - 1) * bound
        if initialization == "PyTorch":
            return weight, (2 * engine.rand(outputs, **draw) - 1) * bound
    else:
        spreads = {"He": math.sqrt(2 / inputs), "LeCun": math.sqrt(1 / inputs)}
        spreads |= {"tiny (0.01)": 0.01, "zero": 0.0}
        if initialization not in spreads:
            raise ValueError(
                f"initialization must be one of {list(INITIALIZATIONS)}, got {initialization!r}"
            )
        weight = engine.randn(outputs, inputs, **draw) * spreads[initialization]
    return weight, engine.zeros(outputs, dtype=engine.float64)


class BoundaryState:
    """ŷ = σ(W₂ f(W₁x + b₁) + b₂) learns two classes: all points in each step, BCE, Adam.

    With the initialization "PyTorch" and the same seed the weights are those of
    nn.Sequential(nn.Linear(2, width), f, nn.Linear(width, 1)) in float64.

    Args: data: "xor", "moons" or "spiral". width: hidden neurons. activation, initialization: a
        key of ACTIVATIONS, one of INITIALIZATIONS. lr: Adam's learning rate. seed: of the weights.
    Shapes: x (N, 2), y (N, 1); w1 (width, 2), b1 (width,), w2 (1, width), b2 (1,).
    Raises: ValueError for another data set or initialization; KeyError for another activation.
    """

    def __init__(
        self,
        data: str = "xor",
        width: int = 4,
        activation: str = "ReLU",
        initialization: str = "PyTorch",
        lr: float = 0.1,
        seed: int = 0,
    ) -> None:
        self.width, self.activation, self.initialization = width, activation, initialization
        self.lr, self.seed = lr, seed
        self.ghost: list[float] | None = None
        self.data = data
        self.reset()

    @property
    def data(self) -> str:
        """The points in use; setting it drops the ghost, whose loss was one of other points."""
        return self._data

    @data.setter
    def data(self, name: str) -> None:
        if name not in DATA:
            raise ValueError(f"data must be one of {list(DATA)}, got {name!r}")
        self._data, self.ghost = name, None
        makers = {"xor": make_xor, "moons": make_moons, "spiral": make_spiral}
        x, y = makers[name]()
        self.x = engine.tensor(x, dtype=engine.float64)
        self.y = engine.tensor(y, dtype=engine.float64).view(-1, 1)

    @property
    def plot(self) -> Plot:
        """The scales of the field."""
        x, y = _ENDS[self.data]
        return Plot(x=x, y=y, box=_BOX, x_label="x₁", y_label="x₂", name="field")

    # --- the model ---

    def reset(self) -> None:
        """New first weights from the seed, and an optimizer without memory."""
        generator = engine.Generator().manual_seed(self.seed)
        first = initial_weights(2, self.width, self.initialization, generator)
        second = initial_weights(self.width, 1, self.initialization, generator)
        self.parameters = [p.requires_grad_() for p in (*first, *second)]
        self._optimizer = optim.Adam(self.parameters, lr=self.lr)
        self.steps = 0
        self.losses: list[float] = []
        self._measure()

    def logits(self, x: engine.Tensor) -> engine.Tensor:
        """z₂ = W₂ f(W₁x + b₁) + b₂. Shapes: x (N, 2); result (N, 1)."""
        w1, b1, w2, b2 = self.parameters
        f = ACTIVATIONS[self.activation]
        hidden = F.linear(x, w1, b1)
        return F.linear(hidden if f is None else f(hidden), w2, b2)

    def step(self, n: int = 1) -> None:
        """n steps of Adam on the mean loss over all points."""
        for _ in range(n):
            loss = F.binary_cross_entropy_with_logits(self.logits(self.x), self.y)
            self._optimizer.zero_grad()
            loss.backward()
            self._optimizer.step()
            self.steps += 1
            self._measure()

    def _measure(self) -> None:
        with engine.no_grad():
            logits = self.logits(self.x)
            self.losses.append(F.binary_cross_entropy_with_logits(logits, self.y).item())
            self.outputs = engine.sigmoid(logits).numpy()[:, 0]

    @property
    def loss(self) -> float:
        """Binary cross-entropy now."""
        return self.losses[-1]

    @property
    def right(self) -> int:
        """Points on their side of ½ by at least 0.01: a resting ½ counts as wrong."""
        return int((np.abs(self.outputs - self.y.numpy()[:, 0]) < 0.49).sum())

    @property
    def resting(self) -> bool:
        """Whether the loss has moved by less than 0.002 in the last 100 steps."""
        return self.steps >= 100 and abs(self.losses[-101] - self.losses[-1]) < 0.002

    def field(self) -> np.ndarray:
        """The output ŷ over the plot. Shapes: result (60, 60); row 0 is the lowest x₂."""
        (left, right), (low, high) = self.plot.x, self.plot.y
        half = (right - left) / CELLS / 2, (high - low) / CELLS / 2
        across = np.linspace(left + half[0], right - half[0], CELLS)
        up = np.linspace(low + half[1], high - half[1], CELLS)
        points = np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2)
        with engine.no_grad():
            return engine.sigmoid(self.logits(engine.tensor(points))).numpy().reshape(CELLS, CELLS)

    def neuron_lines(self) -> list[tuple[float, float, float, float, float]]:
        """For each hidden neuron x, y of two points of its line w·x + b = 0, and its output weight.

        A neuron without weights has no line. The points lie outside of the plot.
        """
        w1, b1, w2, _ = (p.detach().numpy() for p in self.parameters)
        lines = []
        for (wx, wy), b, out in zip(w1, b1, w2[0], strict=True):
            norm = math.hypot(wx, wy)
            if not 1e-12 < norm < math.inf:
                continue
            ux, uy, distance = wx / norm, wy / norm, -b / norm
            foot = distance * ux, distance * uy
            far = 10 + abs(distance)
            along = -uy * far, ux * far
            ends = foot[0] - along[0], foot[1] - along[1], foot[0] + along[0], foot[1] + along[1]
            lines.append((*ends, float(out)))
        return lines

    # --- what the app needs ---

    def trace(self) -> list[float] | None:
        """The losses of this run; before its first step those of the run that is still shown."""
        return list(self.losses) if self.steps else self.ghost

    def trouble(self) -> str:
        """Why the loss is no number any more."""
        return f"Adam's learning rate {self.lr:g} threw the weights too far."

    def verdict(self) -> str:
        """What the run has come to, in words."""
        total = len(self.outputs)
        if self.right == total and self.loss < 0.05:
            return "solved"
        if not self.resting:
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
        if event.target.get("points"):
            self._take(event.target["points"])

    def key(self, event: Event) -> None:
        """Left and right walk through the three sets of points."""
        step = {"ArrowLeft": -1, "ArrowRight": 1}.get(event.key)
        if step:
            self._take(DATA[(DATA.index(self.data) + step) % len(DATA)])

    def _take(self, name: str) -> None:
        self.data = name
        self.reset()


def render(state: BoundaryState) -> str:
    """The field with points and neuron lines, and the loss beside it."""
    plot = state.plot
    label = (
        f"Decision boundary of {state.width} {state.activation} neurons on {state.data} at step "
        f"{state.steps}: loss {state.loss:.3f}, {state.right} of {len(state.outputs)} points right."
    )
    lines = [
        plot.line((x0, x1), (y0, y1), width=1.6, opacity=0.75, **_side(out))
        for x0, y0, x1, y1, out in state.neuron_lines()
    ]
    size = 9 if state.data == "xor" else 4.5
    points = plot.points(state.x.numpy(), state.y.numpy().astype(int), size=size)
    parts = [plot.field(class_field(state.field())), plot.axes(grid=False), *lines, points]
    key = svg.text(
        217, 452, "neuron lines: solid push towards 1, dashed towards 0", anchor="middle"
    )
    return svg.document(770, 466, label, *_tabs(state.data), *parts, key, _loss_curve(state))


def _side(out: float) -> dict[str, Any]:
    return {"colour": VERMILLION, "dash": ""} if out > 0 else {"colour": BLUE, "dash": "7 4"}


def _tabs(chosen: str) -> list[str]:
    parts = []
    for k, name in enumerate(DATA):
        left, on = 52 + 114 * k, name == chosen
        face = {"fill": SKY if on else "#F4F4F4", "stroke": INK if on else GREY, "rx": 4}
        box = svg.rectangle(left, 16, 102, 28, **face)
        shown = "XOR" if name == "xor" else name
        words = svg.text(left + 51, 35, shown, anchor="middle", weight="700" if on else None)
        parts.append(svg.group(box, words, data_points=name, style="cursor: pointer"))
    return parts


def _loss_curve(state: BoundaryState) -> str:
    longest = max(state.steps, len(state.ghost or ()) - 1)
    end = 250
    while end < longest:
        end *= 2
    plot = Plot(x=(0, end), y=(0, 1), box=_LOSS_BOX, x_label="step", title="loss", name="loss")
    parts = [plot.axes()]
    if state.data == "xor":
        for rest, words in RESTS.items():
            parts.append(plot.horizontal(rest, dash="2 3"))
            parts.append(plot.text(0.98 * end, rest + 0.012, words.split(":")[0], anchor="end"))
    if state.ghost:
        ghost = plot.line(range(len(state.ghost)), state.ghost, colour=GREY, dash="5 4")
        parts.append(ghost)
    parts.append(plot.line(range(len(state.losses)), state.losses, colour=BLUE))
    return svg.group(*parts)


class DecisionBoundary(App):
    """Train one hidden layer on XOR, moons or a spiral and watch the boundary bend.

    Args: those of `BoundaryState`.
    """

    def __init__(self, data: str = "xor", **start: Any) -> None:
        controls = [
            Rates("lr", "learning rate", restart=True, options=RATES),
            Rates("width", "hidden neurons", restart=True, options=WIDTHS),
            Choice("activation", "activation", restart=True, options=tuple(ACTIVATIONS)),
            Choice("initialization", "start", restart=True, options=INITIALIZATIONS),
        ]
        state = BoundaryState(data, **start)
        keys = "Left and right arrow choose XOR, moons or spiral."
        super().__init__(state, render, controls, keys_help=keys, steps=4, most_steps=2000)
