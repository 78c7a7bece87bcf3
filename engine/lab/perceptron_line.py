"""The widget of notebook 01: a perceptron, its points and its line, all of which can be dragged."""

from __future__ import annotations

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
_GATE_PLOT = Plot(x=(-0.6, 1.6), y=(-0.6, 1.6), box=_BOX, x_label="x₁", y_label="x₂")
_IRIS_PLOT = Plot(
    x=(-3.3, 3.3),
    y=(-3.3, 3.3),
    box=_BOX,
    x_label="x₁: petal length, standardized",
    y_label="x₂: sepal width, standardized",
)


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

    def predictions(self) -> np.ndarray:
        """ŷ of every point, (N,)."""
        z = engine.tensor(self.x) @ self.w + self.b  # (N,)
        return (z > 0).numpy().astype(np.int64)

    @property
    def wrong(self) -> np.ndarray:
        """Indices of the points with ŷ ≠ y."""
        return np.flatnonzero(self.predictions() != self.y)

    @property
    def errors(self) -> int:
        """How many points are wrong."""
        return len(self.wrong)

    @property
    def next_wrong(self) -> int | None:
        """The point that the next step will use: the first wrong one after the last one used."""
        wrong = self.wrong
        if not len(wrong):
            return None
        later = wrong[wrong >= self._next]
        return int(later[0] if len(later) else wrong[0])

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

    def trace(self) -> tuple[float, float, float]:
        """What a later run is compared with: the line."""
        return self.numbers()

    def summary(self) -> str:
        """Weights, errors and updates; the earlier run's weights when there is one."""
        w1, w2, b = self.numbers()
        count = len(self.y)
        words = (
            f"w₁ = {w1:.2f}   w₂ = {w2:.2f}   b = {b:.2f}   (seed {self.seed})\n"
            f"errors: {self.errors} of {count}   updates: {self.steps}   "
            f"fewest errors so far: {self.fewest}"
        )
        if self.ghost is not None:
            words += "\nearlier run (grey): w₁ = {:.2f}   w₂ = {:.2f}   b = {:.2f}".format(
                *self.ghost
            )
        return words

    def foot(self) -> tuple[float, float]:
        """The point of the line nearest to the middle of the plot; the arrow starts here."""
        w1, w2, b = self.numbers()
        (left, right), (low, high) = self.plot.x, self.plot.y
        cx, cy = (left + right) / 2, (low + high) / 2
        square = w1 * w1 + w2 * w2
        if square < 1e-24:
            return cx, cy
        far = (w1 * cx + w2 * cy + b) / square
        return cx - far * w1, cy - far * w2

    def tip(self) -> tuple[float, float]:
        """Where the arrow ends: at foot + w, shortened or stretched to stay easy to grab."""
        w1, w2, _ = self.numbers()
        (fx, fy), span = self.foot(), self.plot.x[1] - self.plot.x[0]
        length = max(float(np.hypot(w1, w2)), 1e-12)
        drawn = min(max(length, 0.1 * span), 0.35 * span) / length
        return fx + drawn * w1, fy + drawn * w2

    def press(self, event: Event) -> None:
        """Select what is under the pointer."""
        self.selected = event.target.get("grab", self.selected)
        self._pivot = self.foot()

    def drag(self, event: Event) -> None:
        """Turn the line by the tip of w, shift it, or move a point."""
        grabbed = event.target.get("grab", "")
        if grabbed == "w":
            dx, dy = event.x - self._pivot[0], event.y - self._pivot[1]
            if np.hypot(dx, dy) > 1e-3:
                self._set(dx, dy, -(dx * self._pivot[0] + dy * self._pivot[1]))
        elif grabbed == "b":
            w1, w2, _ = self.numbers()
            self._set(w1, w2, -(w1 * event.x + w2 * event.y))
        elif grabbed.isdecimal():
            self._move(int(grabbed), event.x, event.y)

    def click(self, event: Event) -> None:
        """A click on a point gives it the other class."""
        grabbed = event.target.get("grab", "")
        if grabbed.isdecimal():
            self._flip(int(grabbed))

    def key(self, event: Event) -> None:
        """Enter selects the next thing; arrows change it; space flips a point; Home selects w."""
        order = ["w", "b", *map(str, range(len(self.y)))]
        at = order.index(self.selected)
        if event.key in ("Enter", "Home", "End"):
            jump = -1 if event.shift else 1
            goal = {"Enter": (at + jump) % len(order), "Home": 0, "End": len(order) - 1}
            self.selected = order[goal[event.key]]
            return
        if event.key == " ":
            if self.selected.isdecimal():
                self._flip(int(self.selected))
            return
        by = 0.25 if event.shift else 0.05
        dx = by * ((event.key == "ArrowRight") - (event.key == "ArrowLeft"))
        dy = by * ((event.key == "ArrowUp") - (event.key == "ArrowDown"))
        w1, w2, b = self.numbers()
        if self.selected == "w":
            self._set(w1 + dx, w2 + dy, b)
        elif self.selected == "b":
            self._set(w1, w2, b + dx + dy)
        else:
            x, y = self.x[int(self.selected)]
            self._move(int(self.selected), x + dx, y + dy)

    def _set(self, w1: float, w2: float, b: float) -> None:
        self.w = engine.tensor([w1, w2], dtype=engine.float64)
        self.b = engine.tensor(b, dtype=engine.float64)
        self.fewest = min(self.fewest, self.errors)

    def _move(self, i: int, x: float, y: float) -> None:
        self.x[i] = np.clip(x, *self.plot.x), np.clip(y, *self.plot.y)
        self.fewest = self.errors  # other points, another problem

    def _flip(self, i: int) -> None:
        self.y[i] = 1 - self.y[i]
        self.fewest = self.errors


def render(state: PerceptronState) -> str:
    """The plane cut by the line, the arrow w, the points; wrong ones carry a ring."""
    plot, (w1, w2, b) = state.plot, state.numbers()
    next_wrong, wrong = state.next_wrong, set(state.wrong.tolist())
    (fx, fy), (tx, ty) = state.foot(), state.tip()
    parts = [_half_planes(plot, w1, w2, fx, fy), plot.axes()]
    if state.ghost is not None:
        parts.append(_boundary(plot, *state.ghost, colour=GREY, dash="6 5"))
    parts.append(_boundary(plot, w1, w2, b, colour=INK, width=2.5))
    parts.append(_boundary(plot, w1, w2, b, colour="transparent", width=18, data_grab="b"))
    size, margin = (5, 3) if state.preset == "iris" else (9, 6)
    for i, (point, label) in enumerate(zip(state.x, state.y, strict=True)):
        column, row = float(plot.px(point[0])), float(plot.py(point[1]))
        if i in wrong:
            ring = {"fill": "none", "stroke": INK, "stroke_width": 2.5 if i == next_wrong else 1.2}
            dash = None if i == next_wrong else "3 2"
            place = f'cx="{svg.number(column)}" cy="{svg.number(row)}" r="{size + margin}"'
            parts.append(f"<circle {place}{svg.attributes(**ring, stroke_dasharray=dash)}/>")
        style = CLASSES[int(label)]
        parts.append(svg.symbol(column, row, style.shape, fill=style.fill, size=size))
        parts.append(svg.handle(column, row, radius=size + 5, data_grab=str(i)))
        if state.selected == str(i):
            parts.append(_selection(column, row, size + 10))
    tip = float(plot.px(tx)), float(plot.py(ty))
    words = float(plot.px(tx + 0.22 * (tx - fx))), float(plot.py(ty + 0.22 * (ty - fy))) + 4
    parts.append(plot.clip(plot.arrow(fx, fy, tx, ty)))
    parts.append(plot.clip(svg.text(*words, "w", anchor="middle", weight="700", size=15)))
    parts.append(svg.handle(*tip, data_grab="w"))
    if state.selected == "w":
        parts.append(_selection(*tip, 16))
    elif state.selected == "b":
        parts.append(_selection(float(plot.px(fx)), float(plot.py(fy)), 16))
    return svg.document(480, 490, _label(state), *parts, _legend(next_wrong is not None))


def _label(state: PerceptronState) -> str:
    w1, w2, b = state.numbers()
    name = next(words for words, preset in PRESETS.items() if preset == state.preset)
    return (
        f"Perceptron on {name}: {state.errors} of {len(state.y)} points are on the wrong side of "
        f"the line {w1:.2f} x₁ + {w2:.2f} x₂ + {b:.2f} = 0 after {state.steps} updates."
    )


def _half_planes(plot: Plot, w1: float, w2: float, fx: float, fy: float) -> str:
    length = float(np.hypot(w1, w2))
    if length < 1e-12:
        return ""
    far = 3 * (plot.x[1] - plot.x[0])
    nx, ny = far * w1 / length, far * w2 / length
    halves = []
    for side, fill in ((1, "#FDEBC8"), (-1, "#D3E8F5")):
        corners = [(fx - ny, fy + nx), (fx + ny, fy - nx)]
        corners += [(x + side * nx, y + side * ny) for x, y in reversed(corners)]
        points = " ".join(f"{plot.px(x):.1f},{plot.py(y):.1f}" for x, y in corners)
        halves.append(f'<polygon points="{points}" fill="{fill}"/>')
    return plot.clip(*halves)


def _boundary(plot: Plot, w1: float, w2: float, b: float, **look: object) -> str:
    """The line w₁ x₁ + w₂ x₂ + b = 0 across the box."""
    if np.hypot(w1, w2) < 1e-12:
        return ""
    if abs(w2) >= abs(w1):
        xs = list(plot.x)
        ys = [-(b + w1 * x) / w2 for x in xs]
    else:
        ys = list(plot.y)
        xs = [-(b + w2 * y) / w1 for y in ys]
    return plot.line(xs, ys, **look)  # type: ignore[arg-type]


def _selection(x: float, y: float, half: float) -> str:
    return svg.rectangle(
        x - half, y - half, 2 * half, 2 * half, stroke=INK, stroke_dasharray="2 3", rx=4
    )


def _legend(some_wrong: bool) -> str:
    blue, orange = CLASSES[0], CLASSES[1]
    parts = [
        svg.symbol(64, 20, blue.shape, fill=blue.fill),
        svg.text(76, 24, "class 0"),
        svg.symbol(150, 20, orange.shape, fill=orange.fill),
        svg.text(162, 24, "class 1 (the side w points to)"),
    ]
    if some_wrong:
        parts.append(
            '<circle cx="376" cy="20" r="8" fill="none" stroke="#222222" stroke-width="2.5"/>'
        )
        parts.append(svg.text(390, 24, "next wrong"))
    return "".join(parts)


class PerceptronLine(App):
    """Where does the line go when the perceptron meets its next wrong point?

    Drag the tip of w to turn the line, the line to shift it (b), a point to move it; click a point
    to change its class. Step applies the rule once to the next wrong point.

    Args: preset: "and", "or", "nand", "xor" or "iris". lr: one of 0.01, 0.1, 0.5, 1.
    """

    def __init__(self, preset: str = "and", lr: float = 0.5) -> None:
        super().__init__(
            PerceptronState(preset, lr),
            render,
            [
                Choice("preset", "points", options=PRESETS, restart=True),
                Rates("lr", "learning rate", options=(0.01, 0.1, 0.5, 1.0)),
            ],
            plots=lambda state: [state.plot],
            keys_help=(
                "Perceptron picture. Enter selects w, the line or a point; arrow keys change it, "
                "with Shift faster; space changes a point's class."
            ),
            rate=4,
            most_steps=300,
            text="PerceptronLine()" if preset == "and" else f"PerceptronLine(preset={preset!r})",
        )
