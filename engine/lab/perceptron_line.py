"""The widget of notebook 01: a perceptron, its points and its line, all of which can be dragged."""

from __future__ import annotations

import numpy as np

import engine
from engine.datasets import load_iris, logic_gate
from engine.lab import svg
from engine.lab.app import App, Event
from engine.lab.colours import CLASSES, GREY, INK, PALE_BLUE, PALE_ORANGE
from engine.lab.controls import Choice, Rates
from engine.lab.scale import foot, line_ends
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
    Shapes: x (N, 2), y (N,) and w (2,) NumPy arrays; b a float.
    Raises: ValueError for another preset.
    """

    ghost: tuple[float, float, float] | None = None

    def __init__(self, preset: str = "and", lr: float = 0.5, seed: int = 0) -> None:
        self.lr, self.seed = lr, seed
        self.preset = preset

    @property
    def preset(self) -> str:
        """The points in use; setting it puts moved points back and starts again."""
        return self._preset

    @preset.setter
    def preset(self, name: str) -> None:
        if name not in PRESETS.values():
            raise ValueError(f"preset must be one of {list(PRESETS.values())}, got {name!r}")
        self._preset, self.ghost, self.selected = name, None, "w"
        if name == "iris":
            data, species = load_iris()
            chosen = data[:, [2, 1]]
            self.x = (chosen - chosen.mean(axis=0)) / chosen.std(axis=0)
            self.y = (species == 0).astype(np.int64)
        else:
            self.x, self.y = logic_gate(name)
        self.reset()

    @property
    def plot(self) -> Plot:
        """The scales of the picture."""
        return _IRIS_PLOT if self.preset == "iris" else _GATE_PLOT

    def reset(self) -> None:
        """The first weights of this seed; the points stay where they are."""
        generator = engine.Generator().manual_seed(self.seed)
        self.w = engine.randn(2, generator=generator, dtype=engine.float64).numpy()
        self.b, self.steps, self._next = 0.0, 0, 0
        self.fewest = self.errors

    @property
    def wrong(self) -> np.ndarray:
        """Indices of the points with ŷ ≠ y."""
        return np.flatnonzero((self.x @ self.w + self.b > 0) != self.y)

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
            self.w = self.w + self.lr * error * self.x[i]
            self.b += self.lr * error
            self._next = (i + 1) % len(self.y)
            self.steps += 1
            self.fewest = min(self.fewest, self.errors)

    def numbers(self) -> tuple[float, float, float]:
        """w₁, w₂, b as floats."""
        return float(self.w[0]), float(self.w[1]), float(self.b)

    trace = numbers  # what a later run is compared with: the line

    def summary(self) -> str:
        """Weights, errors and updates; the earlier run's weights when there is one."""
        weights = "w₁ = {:.2f}   w₂ = {:.2f}   b = {:.2f}"
        earlier = f"\nearlier run (grey): {weights.format(*self.ghost)}" if self.ghost else ""
        return (
            f"{weights.format(*self.numbers())}   (seed {self.seed})\n"
            f"wrong: {self.errors} of {len(self.y)}   updates: {self.steps}   "
            f"fewest wrong so far: {self.fewest}{earlier}"
        )

    def foot(self) -> np.ndarray:
        """The point of the line nearest to the middle of the plot, (2,); the arrow starts here."""
        return foot(self.w, self.b, np.mean([self.plot.x, self.plot.y], axis=1))

    def tip(self) -> np.ndarray:
        """Where the arrow ends: at foot + w, shortened or stretched to stay easy to grab."""
        span, length = self.plot.x[1] - self.plot.x[0], max(np.hypot(*self.w), 1e-12)
        return self.foot() + self.w * np.clip(length, 0.1 * span, 0.35 * span) / length

    def press(self, event: Event) -> None:
        """Select what is under the pointer."""
        self.selected = event.target.get("grab", self.selected)
        self._pivot = self.foot()

    def drag(self, event: Event) -> None:
        """Turn the line by the tip of w, shift it, or move a point."""
        grabbed, at = event.target.get("grab", ""), np.array([event.x, event.y])
        if grabbed == "w" and np.hypot(*(at - self._pivot)) > 1e-3:
            self.w = at - self._pivot
            self.b = -self.w @ self._pivot
        elif grabbed == "b":
            self.b = -self.w @ at
        elif grabbed.isdecimal():
            self._move(int(grabbed), at)
        self.fewest = self.errors  # what a hand has changed is another problem

    def click(self, event: Event) -> None:
        """A click on a point gives it the other class."""
        self._flip(event.target.get("grab", ""))

    def key(self, event: Event) -> None:
        """Enter selects the next thing, with shift the last; arrows change it; space flips it."""
        order = ["w", "b", *map(str, range(len(self.y)))]
        if event.key == "Enter":
            along = order.index(self.selected) + (-1 if event.shift else 1)
            self.selected = order[along % len(order)]
            return
        move = (0.25 if event.shift else 0.05) * np.array(event.arrows)
        if event.key == " ":
            self._flip(self.selected)
        elif self.selected == "w":
            self.w = self.w + move
        elif self.selected == "b":
            self.b += move.sum()
        else:
            self._move(int(self.selected), self.x[int(self.selected)] + move)
        self.fewest = self.errors

    def _move(self, i: int, at: np.ndarray) -> None:
        self.x[i] = np.clip(at, *self.plot.x)  # the plot is a square

    def _flip(self, grabbed: str) -> None:
        if grabbed.isdecimal():
            self.y[int(grabbed)] ^= 1
            self.fewest = self.errors


def render(state: PerceptronState) -> str:
    """The plane cut by the line, the arrow w, the points; wrong ones carry a ring."""
    plot, wrong, next_wrong = state.plot, state.wrong, state.next_wrong
    middle, tip, reach = state.foot(), state.tip(), 3 * (plot.x[1] - plot.x[0])
    start, end = line_ends(state.w, state.b, middle, reach)
    aside = np.array([start[1] - end[1], end[0] - start[0]])  # to the side of w
    half = [plot.at(*corner) for corner in (start, end, end + aside, start + aside)]
    sides = svg.rectangle(*plot.box, fill=PALE_BLUE), svg.polygon(half, fill=PALE_ORANGE)
    parts = [plot.clip(*sides), plot.axes()]
    if state.ghost is not None:
        *w, b = state.ghost
        parts.append(plot.line(*line_ends(w, b, middle, reach).T, colour=GREY, dash="6 5"))
    ends = np.stack([start, end], axis=1)
    parts.append(plot.line(*ends, colour=INK, width=2.5))
    parts.append(plot.line(*ends, colour="transparent", width=18, data_grab="b"))
    places = {"w": plot.at(*tip), "b": plot.at(*middle)}
    size = 5 if state.preset == "iris" else 9
    ring = {"stroke": INK, "stroke_width": 2.5}
    for i, (point, label) in enumerate(zip(state.x, state.y, strict=True)):
        x, y = places[str(i)] = plot.at(*point)
        if i in wrong:
            look = ring if i == next_wrong else {"stroke": INK, "dash": "3 2"}
            parts.append(svg.circle(x, y, 1.65 * size, **look))
        parts.append(svg.symbol(x, y, CLASSES[label].shape, fill=CLASSES[label].fill, size=size))
        parts.append(svg.handle(x, y, radius=size + 5, data_grab=str(i)))
    name_at = plot.at(*np.clip(tip + 0.22 * (tip - middle), *np.multiply(0.95, plot.x)))
    name = svg.text(*name_at, "w", anchor="middle", weight="700", size=15, dy=4)
    x, y = places[state.selected]
    parts += [
        plot.clip(plot.arrow(*middle, *tip), name),
        svg.handle(*places["w"], data_grab="w"),
        svg.rectangle(x - 18, y - 18, 36, 36, stroke=INK, dash="2 3", rx=4),
    ]
    blue, orange = (svg.symbol(0, 0, style.shape, fill=style.fill) for style in CLASSES[:2])
    known = [(blue, "class 0", 86), (orange, "class 1 (the side w points to)", 226)]
    if next_wrong is not None:
        known.append((svg.circle(0, 0, 8, **ring), "next wrong", 0))
    words = next(words for words, preset in PRESETS.items() if preset == state.preset)
    w1, w2, b = state.numbers()
    label = (
        f"Perceptron on {words}: {len(wrong)} of {len(state.y)} points are on the wrong side of "
        f"the line {w1:.2f} x₁ + {w2:.2f} x₂ + {b:.2f} = 0 after {state.steps} updates."
    )
    return svg.document(480, 490, label, *parts, svg.legend(64, 20, *known))


class PerceptronLine(App):
    """Where does the line go when the perceptron meets its next wrong point?

    Drag the tip of w to turn the line, the line to shift it (b), a point to move it; click a point
    to change its class. Step applies the rule once to the next wrong point.

    Args: preset: "and", "or", "nand", "xor" or "iris". lr: one of 0.01, 0.1, 0.5, 1.
    """

    def __init__(self, preset: str = "and", lr: float = 0.5) -> None:
        controls = [
            Choice("preset", "points", options=PRESETS),
            Rates("lr", "learning rate", options=(0.01, 0.1, 0.5, 1.0)),
        ]
        keys = (
            "Perceptron picture. Enter selects w, the line or a point; arrow keys change it, "
            "with Shift faster; space changes a point's class."
        )
        state, plots = PerceptronState(preset, lr), lambda state: [state.plot]
        pace = {"rate": 4, "most_steps": 300}
        super().__init__(state, render, controls, plots=plots, keys_help=keys, **pace)
