"""The widget of notebook 01: a perceptron, its points and its line, all of which can be dragged."""

from __future__ import annotations

from typing import Any

import numpy as np

import engine
from engine.datasets import load_iris, logic_gate
from engine.lab import svg
from engine.lab.app import App, Event
from engine.lab.colours import CLASSES, GREY, INK
from engine.lab.controls import Choice, Rates
from engine.lab.svg import Plot

PRESETS = {"AND": "and", "OR": "or", "NAND": "nand", "XOR": "xor", "iris: setosa or not": "iris"}
_BOX = (52.0, 42.0, 396.0, 396.0)
# Both axes have one scale, so that the arrow stands at a right angle on the line.
_GATE_PLOT = Plot((-0.6, 1.6), (-0.6, 1.6), _BOX, "", "x₁", "x₂")
_IRIS_WORDS = ("x₁: petal length, standardized", "x₂: sepal width, standardized")
_IRIS_PLOT = Plot((-3.3, 3.3), (-3.3, 3.3), _BOX, "", *_IRIS_WORDS)


class PerceptronState:
    """A perceptron ŷ = 1 if w·x + b > 0 else 0, and the points it learns (Rosenblatt, 1958).

    One step takes the next wrong point and applies w += lr (y - ŷ) x, b += lr (y - ŷ).

    Args: preset: "and", "or", "nand", "xor" or "iris". lr: learning rate. seed: of the first w.
    Shapes: x (N, 2) and y (N,) NumPy arrays; w (2,) and b () engine tensors, float64.
    Raises: ValueError for another preset.
    """

    def __init__(self, preset: str = "and", lr: float = 0.5, seed: int = 0) -> None:
        self.lr, self.seed = lr, seed
        self.ghost: tuple[float, float, float] | None = None
        self.preset = preset
        self.reset()

    @property
    def preset(self) -> str:
        """The points in use; setting it puts moved points back."""
        return self._preset

    @preset.setter
    def preset(self, name: str) -> None:
        if name not in PRESETS.values():
            raise ValueError(f"preset must be one of {list(PRESETS.values())}, got {name!r}")
        self._preset = name
        if name == "iris":
            data, species = load_iris()
            chosen = data[:, [2, 1]]
            self.x = (chosen - chosen.mean(axis=0)) / chosen.std(axis=0)
            self.y = (species == 0).astype(np.int64)
        else:
            self.x, self.y = logic_gate(name)
        self.ghost = None
        self.selected = "w"

    @property
    def plot(self) -> Plot:
        """The scales of the picture."""
        return _IRIS_PLOT if self.preset == "iris" else _GATE_PLOT

    def reset(self) -> None:
        """The first weights of this seed; the points stay where they are."""
        generator = engine.Generator().manual_seed(self.seed)
        self.w = engine.randn(2, generator=generator, dtype=engine.float64)
        self.b = engine.tensor(0.0, dtype=engine.float64)
        self.steps, self._next = 0, 0
        self.fewest = self.errors

    @property
    def wrong(self) -> np.ndarray:
        """Indices of the points with ŷ ≠ y."""
        z = engine.tensor(self.x) @ self.w + self.b  # (N,)
        return np.flatnonzero((z > 0).numpy() != self.y)

    @property
    def errors(self) -> int:
        """How many points are wrong."""
        return len(self.wrong)

    @property
    def next_wrong(self) -> int | None:
        """The point that the next step will use: the first wrong one after the last one used."""
        wrong = self.wrong
        return next((int(i) for i in (*wrong[wrong >= self._next], *wrong)), None)

    @property
    def done(self) -> bool:
        """Whether no point is wrong."""
        return self.errors == 0

    def step(self, n: int = 1) -> None:
        """Apply the perceptron rule n times, or until no point is wrong."""
        for _ in range(n):
            i = self.next_wrong
            if i is None:
                return
            error = 2 * int(self.y[i]) - 1  # y - ŷ of a wrong point: +1 or -1
            self.w = self.w + self.lr * error * engine.tensor(self.x[i])
            self.b = self.b + self.lr * error
            self._next = (i + 1) % len(self.y)
            self.steps += 1
            self.fewest = min(self.fewest, self.errors)

    def numbers(self) -> tuple[float, float, float]:
        """w₁, w₂, b as floats."""
        return self.w[0].item(), self.w[1].item(), self.b.item()

    trace = numbers  # what a later run is compared with: the line

    def summary(self) -> str:
        """Weights, errors and updates; the earlier run's weights when there is one."""
        earlier = f"\nearlier run (grey): {_weights(self.ghost)}" if self.ghost else ""
        return (
            f"{_weights(self.numbers())}   (seed {self.seed})\n"
            f"errors: {self.errors} of {len(self.y)}   updates: {self.steps}   "
            f"fewest errors so far: {self.fewest}{earlier}"
        )

    def foot(self) -> np.ndarray:
        """The point of the line nearest to the middle of the plot, (2,); the arrow starts here."""
        return _foot(self.plot, *self.numbers())

    def tip(self) -> np.ndarray:
        """Where the arrow ends: at foot + w, shortened or stretched to stay easy to grab."""
        w, span = self.w.numpy(), self.plot.x[1] - self.plot.x[0]
        length = max(float(np.linalg.norm(w)), 1e-12)
        return self.foot() + w * np.clip(length, 0.1 * span, 0.35 * span) / length

    def press(self, event: Event) -> None:
        """Select what is under the pointer."""
        self.selected = event.target.get("grab", self.selected)
        self._pivot = self.foot()

    def drag(self, event: Event) -> None:
        """Turn the line by the tip of w, shift it, or move a point."""
        grabbed, at = event.target.get("grab", ""), np.array([event.x, event.y])
        if grabbed == "w" and np.linalg.norm(at - self._pivot) > 1e-3:
            self._set(at - self._pivot, -(at - self._pivot) @ self._pivot)
        elif grabbed == "b":
            self._set(self.w.numpy(), -self.w.numpy() @ at)
        elif grabbed.isdecimal():
            self._move(int(grabbed), at)

    def click(self, event: Event) -> None:
        """A click on a point gives it the other class."""
        self._flip(event.target.get("grab", ""))

    def key(self, event: Event) -> None:
        """Enter selects the next thing; arrows change it; space flips a point; Home selects w."""
        order = ["w", "b", *map(str, range(len(self.y)))]
        along = order.index(self.selected) + (-1 if event.shift else 1)
        goal = {"Enter": along % len(order), "Home": 0, "End": -1}
        move = (0.25 if event.shift else 0.05) * np.array(event.arrows)
        if event.key in goal:
            self.selected = order[goal[event.key]]
        elif event.key == " ":
            self._flip(self.selected)
        elif self.selected == "w":
            self._set(self.w.numpy() + move, self.b.item())
        elif self.selected == "b":
            self._set(self.w.numpy(), self.b.item() + move.sum())
        else:
            self._move(int(self.selected), self.x[int(self.selected)] + move)

    def _set(self, w: np.ndarray, b: float) -> None:
        self.w = engine.tensor(w, dtype=engine.float64)
        self.b = engine.tensor(b, dtype=engine.float64)
        self.fewest = min(self.fewest, self.errors)

    def _move(self, i: int, at: np.ndarray) -> None:
        self.x[i] = np.clip(at, self.plot.x[0], self.plot.x[1])  # the plot is a square
        self.fewest = self.errors  # other points, another problem

    def _flip(self, grabbed: str) -> None:
        if grabbed.isdecimal():
            self.y[int(grabbed)] ^= 1
            self.fewest = self.errors


def _weights(numbers: tuple[float, float, float]) -> str:
    return "w₁ = {:.2f}   w₂ = {:.2f}   b = {:.2f}".format(*numbers)


def _foot(plot: Plot, w1: float, w2: float, b: float) -> np.ndarray:
    middle, w = np.array([np.mean(plot.x), np.mean(plot.y)]), np.array([w1, w2])
    return middle - (w @ middle + b) * w / max(w @ w, 1e-24)


def render(state: PerceptronState) -> str:
    """The plane cut by the line, the arrow w, the points; wrong ones carry a ring."""
    plot, (w1, w2, b) = state.plot, state.numbers()
    next_wrong, wrong = state.next_wrong, set(state.wrong.tolist())
    foot, tip = state.foot(), state.tip()
    places = {"w": plot.at(*tip), "b": plot.at(*foot)}
    parts = [_half_planes(plot, w1, w2, b), plot.axes()]
    if state.ghost is not None:
        parts.append(_boundary(plot, *state.ghost, colour=GREY, dash="6 5"))
    parts.append(_boundary(plot, w1, w2, b, colour=INK, width=2.5))
    parts.append(_boundary(plot, w1, w2, b, colour="transparent", width=18, data_grab="b"))
    size, margin = (5, 3) if state.preset == "iris" else (9, 6)
    for i, (point, label) in enumerate(zip(state.x, state.y, strict=True)):
        x, y = places[str(i)] = plot.at(*point)
        if i in wrong:
            ring = {"width": 2.5} if i == next_wrong else {"width": 1.2, "dash": "3 2"}
            parts.append(_ring(x, y, size + margin, **ring))
        style = CLASSES[label]
        parts.append(svg.symbol(x, y, style.shape, fill=style.fill, size=size))
        parts.append(svg.handle(x, y, radius=size + 5, data_grab=str(i)))
    name_at = plot.at(*(tip + 0.22 * (tip - foot)))
    parts.append(plot.clip(plot.arrow(*foot, *tip)))
    parts.append(plot.clip(svg.text(*name_at, "w", anchor="middle", weight="700", size=15, dy=4)))
    parts.append(svg.handle(*places["w"], data_grab="w"))
    half = size + 10 if state.selected.isdecimal() else 16
    x, y = places[state.selected]
    frame = {"stroke": INK, "dash": "2 3", "rx": 4}
    parts.append(svg.rectangle(x - half, y - half, 2 * half, 2 * half, **frame))
    blue, orange = (svg.symbol(0, 0, style.shape, fill=style.fill) for style in CLASSES[:2])
    known = [(blue, "class 0", 86), (orange, "class 1 (the side w points to)", 226)]
    if next_wrong is not None:
        known.append((_ring(0, 0, 8, width=2.5), "next wrong", 0))
    name = next(words for words, preset in PRESETS.items() if preset == state.preset)
    label = (
        f"Perceptron on {name}: {len(wrong)} of {len(state.y)} points are on the wrong side of "
        f"the line {w1:.2f} x₁ + {w2:.2f} x₂ + {b:.2f} = 0 after {state.steps} updates."
    )
    return svg.document(480, 490, label, *parts, svg.legend(64, 20, *known))


def _ring(x: float, y: float, radius: float, width: float, dash: str = "") -> str:
    return svg.circle(x, y, radius, stroke=INK, stroke_width=width, dash=dash)


def _half_planes(plot: Plot, w1: float, w2: float, b: float) -> str:
    start, end = _ends(plot, w1, w2, b)
    halves = []
    for turn, fill in ((1, "#FDEBC8"), (-1, "#D3E8F5")):
        side = turn * np.array([(start - end)[1], (end - start)[0]])
        corners = (start, end, end + side, start + side)
        halves.append(svg.polygon([plot.at(*corner) for corner in corners], fill=fill))
    return plot.clip(*halves)


def _boundary(plot: Plot, w1: float, w2: float, b: float, **look: Any) -> str:
    return plot.line(*_ends(plot, w1, w2, b).T, **look)


def _ends(plot: Plot, w1: float, w2: float, b: float) -> np.ndarray:
    """Two points of the line w₁ x₁ + w₂ x₂ + b = 0 far outside the box, (2, 2)."""
    far = 3 * (plot.x[1] - plot.x[0]) / max(np.hypot(w1, w2), 1e-12)
    along = far * np.array([w2, -w1])
    return _foot(plot, w1, w2, b) + np.array([-along, along])


class PerceptronLine(App):
    """Where does the line go when the perceptron meets its next wrong point?

    Drag the tip of w to turn the line, the line to shift it (b), a point to move it; click a point
    to change its class. Step applies the rule once to the next wrong point.

    Args: preset: "and", "or", "nand", "xor" or "iris". lr: one of 0.01, 0.1, 0.5, 1.
    """

    def __init__(self, preset: str = "and", lr: float = 0.5) -> None:
        controls = [
            Choice("preset", "points", options=PRESETS, restart=True),
            Rates("lr", "learning rate", options=(0.01, 0.1, 0.5, 1.0)),
        ]
        keys = (
            "Perceptron picture. Enter selects w, the line or a point; arrow keys change it, "
            "with Shift faster; space changes a point's class."
        )
        text = "PerceptronLine()" if preset == "and" else f"PerceptronLine(preset={preset!r})"
        pace: dict[str, Any] = {"rate": 4, "most_steps": 300, "keys_help": keys, "text": text}
        state = PerceptronState(preset, lr)
        super().__init__(state, render, controls, plots=lambda state: [state.plot], **pace)
