"""How large may a step be? Gradient descent on three surfaces, one learning rate at a time."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

import engine
from engine.datasets import load_diabetes
from engine.lab.app import App, Event
from engine.lab.colours import BLACK, BLUE, GREY, INK, SKY, VERMILLION
from engine.lab.controls import Choice, Control, Rates
from engine.lab.svg import Plot, document, handle, symbol, text

AT_FIRST = 40  # steps that the first picture shows
MOST_STEPS = 300
NEAR = 0.01  # so near to a minimum counts as arrived
LOW, HIGH = 1e-6, 1e6  # ends of the loss axis
_LEFT, _LOSS = (50, 28, 320, 320), (440, 28, 300, 190)


@dataclass(frozen=True)
class Surface:
    """A loss with known minima.

    loss: (..., D) weights to (...) losses, on engine tensors. minima: the deepest first.
    steepest: λmax, the largest second derivative at the deepest minimum. start: where runs begin.
    x, y: the view. rates: learning rates worth trying.
    """

    name: str
    loss: Callable[[engine.Tensor], engine.Tensor]
    minima: tuple[tuple[float, ...], ...]
    steepest: float
    start: tuple[float, ...]
    x: tuple[float, float]
    y: tuple[float, float]
    rates: Sequence[float]

    @property
    def limit(self) -> float:
        """2 / λmax: above it, steps near the deepest minimum grow."""
        return 2 / self.steepest

    def slope(self, w: engine.Tensor) -> engine.Tensor:
        """∂L/∂w by autograd. Shapes: w and result (..., D)."""
        w = w.detach().requires_grad_()
        self.loss(w).sum().backward()
        assert w.grad is not None  # backward() has just filled it
        return w.grad

    def heights(self, w: np.ndarray) -> np.ndarray:
        """Losses of many weights. Shapes: w (..., D), result (...)."""
        return self.loss(engine.from_numpy(np.asarray(w, dtype=np.float64))).numpy()


def bowl() -> Surface:
    """One weight on measured data: L(w) = mean((w x − y)²), disease progression from body mass.

    Both columns in standard deviations, so that L'' = 2 and the minimum is their correlation.
    """
    data, target = load_diabetes()
    r = float(np.corrcoef(data[:, 2], target)[0, 1])
    rates = (0.001, 0.01, 0.03, 0.1, 0.3, 0.5, 0.7, 0.9, 0.95, 0.99, 1.0, 1.01, 1.1, 1.5)
    return Surface(
        "bowl", lambda w: (w[..., 0] - r) ** 2 + (1 - r * r), ((r,),), 2.0, (-1.0,), (-1.5, 2.5),
        (0.0, 5.0), rates,
    )  # fmt: skip


def ravine(steepness: float = 10.0) -> Surface:
    """Two weights: L(w) = ½ (steepness · w₁² + w₂²)."""
    rates = (0.001, 0.003, 0.01, 0.015, 0.018, 0.019, 0.02, 0.021, 0.03, 0.1, 0.15, 0.18, 0.19)
    return Surface(
        "ravine", lambda w: 0.5 * (steepness * w[..., 0] ** 2 + w[..., 1] ** 2), ((0.0, 0.0),),
        max(steepness, 1.0), (1.0, 1.0), (-1.5, 1.5), (-1.5, 1.5),
        (*rates, 0.2, 0.21, 0.25, 0.3, 1.0),
    )  # fmt: skip


def double_well() -> Surface:
    """One weight, two valleys: L(w) = (w² − 1)² + 0.3 w; the left valley is the deeper one."""
    left, _, right = sorted(np.roots([4.0, 0.0, -4.0, 0.3]).real)
    rates = (0.001, 0.003, 0.01, 0.03, 0.05, 0.1, 0.13, 0.15, 0.18, 0.2, 0.22, 0.23, 0.25, 0.3)
    return Surface(
        "double well", _two_wells, ((float(left),), (float(right),)), float(12 * left**2 - 4),
        (1.6,), (-1.9, 1.9), (-0.6, 4.0), (*rates, 0.4, 0.5),
    )  # fmt: skip


def _two_wells(w: engine.Tensor) -> engine.Tensor:
    w = w[..., 0]
    bent = w * w - 1
    return bent * bent + 0.3 * w


SURFACES = {"bowl": bowl, "ravine": ravine, "double well": double_well}


class Descent:
    """w ← w − lr · ∂L/∂w, with every point kept.

    Attributes: path: the weights, (steps + 1, D). losses: (steps + 1,).
    """

    def __init__(self, surface: str, lr: float, steepness: float = 10.0) -> None:
        if surface not in SURFACES:
            raise ValueError(f"surface must be one of {list(SURFACES)}, got {surface!r}")
        self.kind, self.lr, self.steepness = surface, lr, steepness
        self.surface = SURFACES[surface]()
        self.start, self.ghost = self.surface.start, None
        self._begin()
        self.step(AT_FIRST)

    def _begin(self) -> None:
        if self.kind == "ravine":
            self.surface = ravine(self.steepness)
        self._settings = (self.lr, self.steepness)
        self.path, self.losses = [np.array(self.start)], []
        self.losses.append(float(self.surface.heights(self.path[0])))

    @property
    def steps(self) -> int:
        """Steps since the start."""
        return len(self.path) - 1

    @property
    def loss(self) -> float:
        """The loss at the last point; inf or NaN once a run has overflowed."""
        return self.losses[-1]

    @property
    def done(self) -> bool:
        """Whether there is nothing more to see."""
        return self.steps >= MOST_STEPS or not math.isfinite(self.loss)

    def step(self, n: int = 1) -> None:
        """Take n steps; ends where the loss is no number any more."""
        with np.errstate(all="ignore"):
            for _ in range(n):
                if self.done:
                    return
                w = engine.from_numpy(self.path[-1])
                w = w - self.lr * self.surface.slope(w)
                self.path.append(w.numpy())
                self.losses.append(float(self.surface.heights(w.numpy())))

    def reset(self) -> None:
        """Back to the start; after a change of lr or steepness, run as far again as it was."""
        changed = self._settings != (self.lr, self.steepness)
        again = max(self.steps, AT_FIRST) if changed and self.steps else 0
        self._begin()
        self.step(again)

    def trace(self) -> tuple[float, np.ndarray, list[float]]:
        """The run for a ghost: lr, path and losses."""
        return self._settings[0], np.array(self.path), list(self.losses)

    def trouble(self) -> str:
        """Why the loss stopped being a number."""
        return f"Steps of lr {self.lr:g} jump higher at each crossing, until 64 bits overflow."

    def arrived(self) -> int | None:
        """The step since which the path has been within 0.01 of a minimum, or None."""
        far = np.flatnonzero(~(self._away(np.array(self.path)) < NEAR))  # NaN is far too
        since = int(far[-1]) + 1 if far.size else 0
        return since if since <= self.steps else None

    def _away(self, path: np.ndarray) -> np.ndarray:
        """Distance to the nearest minimum. Shapes: path (..., D), result (...)."""
        offsets = path[..., None, :] - np.array(self.surface.minima)
        return np.linalg.norm(offsets, axis=-1).min(axis=-1)

    def verdict(self) -> tuple[str, str]:
        """One of starts, converges, oscillates, diverges; and the evidence in words.

        An axis zig-zags where its last moves change sign. Its three last moves are compared with
        the three before: zig-zags that grow diverge (once the loss is above its start), zig-zags
        that do not shrink oscillate, everything else is on its way.
        """
        if not math.isfinite(self.loss):  # step() went no further
            return "diverges", f"the loss is {self.loss} at step {self.steps}"
        if self.steps < 6:
            return "starts", f"{self.steps} of the 6 steps that a verdict needs"
        moves = np.diff(np.array(self.path), axis=0)  # (steps, D)
        since = self.arrived()
        if since is not None:
            return "converges", f"within {NEAR} of a minimum since step {since}"
        recent = moves[-8:]
        crossing = ((recent[1:] * recent[:-1]) < 0).any(axis=0)
        sizes = np.abs(moves)
        late, early = sizes[-3:].max(axis=0), sizes[-6:-3].max(axis=0)
        if (crossing & (late > 1.001 * early)).any() and self.loss > self.losses[0]:
            return "diverges", f"the loss has grown from {self.losses[0]:.3g} to {self.loss:.3g}"
        held = crossing & (late >= 0.999 * early)
        if held.any():
            axis = int(np.flatnonzero(held)[0])
            same = np.abs(sizes[:, axis] / sizes[-1, axis] - 1) < 1e-3
            length = int(np.argmin(np.append(same[::-1], False)))
            name = "w" if moves.shape[1] == 1 else ("w₁", "w₂")[axis]
            jump = f"{name} jumps by {sizes[-1, axis]:.2f}"
            return "oscillates", f"{jump}, for {length} steps" if length > 2 else f"now {jump}"
        how = "in zig-zag" if crossing.any() else "from one side"
        return "converges", f"{how}, still {self._away(self.path[-1]):.2g} from the minimum"

    def summary(self) -> str:
        """The numbers in words."""
        w = ", ".join(f"{value:.3g}" for value in self.path[-1])
        word, evidence = self.verdict()
        where = f"({w})" if len(self.path[-1]) > 1 else w
        limit = f"limit 2/λmax = {self.surface.limit:.3g}"
        numbers = f"lr {self.lr:g}, {limit}; step {self.steps}: w = {where}, loss {self.loss:.4g}"
        return f"{numbers}\n{word.capitalize()}: {evidence}."

    def place(self, x: float, y: float) -> None:
        """Put the start somewhere in the view and run as many steps as before."""
        (x0, x1), (y0, y1) = self.surface.x, self.surface.y
        # Two decimals, so that a start on an axis can be hit exactly.
        point = (round(min(max(x, x0), x1), 2), round(min(max(y, y0), y1), 2))
        self.start = point[: len(self.start)]
        again = max(self.steps, AT_FIRST)
        self._begin()
        self.step(again)

    def press(self, event: Event) -> None:
        """A press in the left plot moves the start there."""
        if event.plot == "surface":
            self.place(event.x, event.y)

    drag = press

    def key(self, event: Event) -> None:
        """Arrow keys move the start by a tenth."""
        dx = {"ArrowRight": 0.1, "ArrowLeft": -0.1}.get(event.key, 0.0)
        dy = {"ArrowUp": 0.1, "ArrowDown": -0.1}.get(event.key, 0.0)
        if dx or dy:
            self.place(self.start[0] + dx, (*self.start, 0.0)[1] + dy)


def surface_plot(surface: Surface, box: tuple[float, float, float, float] = _LEFT) -> Plot:
    """The plot of a surface: L over w, or w₂ over w₁."""
    flat = len(surface.start) == 2
    labels = ("w₁", "w₂") if flat else ("w", "loss")
    return Plot(surface.x, surface.y, box, x_label=labels[0], y_label=labels[1], name="surface")


def landscape(plot: Plot, surface: Surface) -> str:
    """Axes with the curve of a one-weight loss, or with contour lines of the ravine."""
    if len(surface.start) == 1:
        w = np.linspace(*surface.x, 121)
        return plot.axes() + plot.line(w, surface.heights(w[:, None]), colour=GREY)
    rings = ""
    turn = np.linspace(0, 2 * math.pi, 73)
    for level in (0.02, 0.1, 0.3, 0.7, 1.5, 3, 6, 10):
        wide, high = math.sqrt(2 * level / surface.steepest), math.sqrt(2 * level)
        rings += plot.line(wide * np.cos(turn), high * np.sin(turn), colour=SKY, width=1)
    return plot.axes(grid=False) + rings


def trajectory(plot: Plot, surface: Surface, path: np.ndarray, colour: str, dash: str = "") -> str:
    """A path on a landscape; a marker for each of the first 60 points."""
    x = path[:, 0]
    y = path[:, 1] if path.shape[1] == 2 else surface.heights(path)
    dots = "".join(
        symbol(float(plot.px(a)), float(plot.py(b)), "circle", fill=colour, size=3, width=0)
        for a, b in zip(x[:60], y[:60], strict=True)
        if plot.contains(float(plot.px(a)), float(plot.py(b)))
    )
    return plot.line(x, y, colour=colour, dash=dash, width=1.5) + dots


def render(state: Descent) -> str:
    """The surface with the path, the loss by step, and a ruler of learning rates."""
    surface, path = state.surface, np.array(state.path)
    left = surface_plot(surface)
    ticks = [10.0**k for k in range(-6, 7, 3)]
    span = (0, max(100, state.steps))
    right = Plot(
        span, (LOW, HIGH), _LOSS, "loss above the lowest", "step", y_ticks=ticks, log_y=True
    )
    floor = float(surface.heights(np.array(surface.minima[0])))
    word, _ = state.verdict()
    colour = {"diverges": VERMILLION, "oscillates": VERMILLION}.get(word, BLUE)
    with np.errstate(all="ignore"):
        parts = [landscape(left, surface), right.axes()]
        if state.ghost is not None:
            _, old, losses = state.ghost
            parts.append(trajectory(left, surface, old, GREY, "4 3"))
            parts.append(_losses(right, losses, floor, GREY, "4 3"))
        parts.append(trajectory(left, surface, path, colour))
        parts.append(_losses(right, state.losses, floor, colour))
    for minimum in surface.minima:
        height = minimum[1] if len(minimum) == 2 else float(surface.heights(np.array(minimum)))
        parts.append(symbol(float(left.px(minimum[0])), float(left.py(height)), "cross", fill=INK))
    y = path[0, 1] if path.shape[1] == 2 else float(surface.heights(path[0]))
    at = float(left.px(path[0, 0])), max(float(left.py(y)), left.box[1])
    parts.append(symbol(*at, "triangle", fill=colour, size=8))
    parts.append(handle(*at, data_grab="start"))
    middle = left.box[0] + left.box[2] / 2
    parts.append(text(middle, 20, word, anchor="middle", weight="600", colour=colour))
    parts.append(_ruler(state, colour))
    return document(760, 400, f"Gradient descent on the {surface.name}. {state.summary()}", *parts)


def _losses(plot: Plot, losses: Sequence[float], floor: float, colour: str, dash: str = "") -> str:
    above = np.clip(np.array(losses) - floor, LOW, None)
    return plot.line(np.arange(len(losses)), above, colour=colour, dash=dash)


def _ruler(state: Descent, colour: str) -> str:
    """A scale of learning rates with the limit and the present value."""
    low, high = state.surface.rates[0], max(state.surface.rates[-1], 1.0)
    plot = Plot((low, high), (0, 1), (440, 308, 300, 40), x_label="learning rate", y_ticks=(),
                log_x=True)  # fmt: skip
    limit = state.surface.limit
    words = f"2/λmax = {limit:.3g}"
    side = "end" if float(plot.px(limit)) > plot.box[0] + plot.box[2] / 2 else "start"
    return (
        plot.axes()
        + plot.vertical(limit, colour=BLACK, dash="", width=2.5)
        + text(float(plot.px(limit)), 300, words, anchor=side, size=12)
        + symbol(float(plot.px(state.lr)), 328, "circle", fill=colour, size=7)
    )


class LearningRateExplorer(App):
    """Which learning rate converges, oscillates, diverges?

    Args: surface: "bowl" (one weight on measured data), "ravine" (two weights, one steep) or
        "double well" (two minima). lr: the first learning rate, one of the slider's.
    Raises: ValueError for another surface or a learning rate that the slider does not have.
    """

    def __init__(self, surface: str = "bowl", lr: float = 0.1) -> None:
        state = Descent(surface, lr)
        controls: list[Control] = [
            Rates("lr", "learning rate", restart=True, options=state.surface.rates)
        ]
        if surface == "ravine":
            steepnesses = {"10": 10.0, "30": 30.0, "100": 100.0}
            controls.append(Choice("steepness", "λmax", restart=True, options=steepnesses))
        super().__init__(
            state,
            render,
            controls,
            plots=[surface_plot(state.surface)],
            keys_help="Arrow keys move the start; so does a click or a drag in the left picture.",
            rate=10,
            most_steps=MOST_STEPS,
            text=f"LearningRateExplorer(surface={surface!r})",
        )
