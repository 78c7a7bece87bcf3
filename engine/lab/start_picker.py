"""Which minimum does gradient descent reach? Pick a start on a loss with two valleys."""

from __future__ import annotations

import numpy as np

import engine
from engine.lab.app import App, Event
from engine.lab.colours import CLASSES, INK
from engine.lab.controls import Rates
from engine.lab.learning_rate import (
    NEAR,
    Surface,
    double_well,
    landscape,
    surface_plot,
    trajectory,
)
from engine.lab.svg import Plot, document, handle, rectangle, symbol, text

STEPS = 300
STILL = 1e-9  # a smaller move cannot be seen, and later ones are smaller still
GRID = 153  # starts from -1.9 to 1.9 whose end the coloured bar shows
_RATES = (0.01, 0.03, 0.05, 0.1, 0.15, 0.2, 0.22)
_BOX = (50, 20, 560, 290)
_BAR = 24  # height of the bar of basins, in pixels


def reached(surface: Surface, starts: np.ndarray, lr: float, steps: int = STEPS) -> np.ndarray:
    """The minimum that each start reaches: 0 left (deeper), 1 right, -1 none.

    Shapes: starts (N,), result (N,).
    """
    with np.errstate(all="ignore"):
        w = engine.from_numpy(np.asarray(starts, dtype=np.float64)[:, None])
        for _ in range(steps):
            move = lr * surface.slope(w)
            w = w - move
            if not (np.abs(move.numpy()) > STILL).any():  # all have arrived, or are NaN
                break
        ends = w.numpy()[:, 0]
    found = np.full(ends.shape, -1)
    for index, (minimum,) in enumerate(surface.minima):
        found[np.abs(ends - minimum) < NEAR] = index
    return found


class Start:
    """A start that can be moved; the whole path and the basins for the present learning rate.

    Attributes: path: (steps + 1, 1). basins: what each of the grid's starts reaches.
    tried: the starts that were let go of, with what they reached, at most 40.
    """

    def __init__(self, w: float = 1.5, lr: float = 0.05) -> None:
        self.surface = double_well()
        self.w, self.lr = w, lr
        self.grid = np.linspace(*self.surface.x, GRID)
        self.reset()

    def reset(self) -> None:
        """Forget the starts that were tried and compute the basins for the learning rate."""
        self.tried: list[tuple[float, int]] = []
        self.basins = reached(self.surface, self.grid, self.lr)
        self._run()

    def _run(self) -> None:
        self.path = np.full((STEPS + 1, 1), self.w)
        with np.errstate(all="ignore"):
            for step in range(STEPS):
                w = engine.from_numpy(self.path[step])
                move = (self.lr * self.surface.slope(w)).numpy()
                self.path[step + 1 :] = w.numpy() - move
                if not abs(move[0]) > STILL:
                    break

    @property
    def end(self) -> int:
        """0: the left, deeper minimum; 1: the right one; -1: neither."""
        return int(reached(self.surface, self.path[-1], self.lr, 0)[0])

    @property
    def arrived(self) -> int:
        """The first step from which the path stays within 0.01 of the minimum (-1: never)."""
        if self.end < 0:
            return -1
        far = np.flatnonzero(np.abs(self.path[:, 0] - self.surface.minima[self.end][0]) >= NEAR)
        return int(far[-1]) + 1 if far.size else 0

    @property
    def shares(self) -> tuple[float, float]:
        """Shares of the grid's starts that reach the left and the right minimum."""
        return float((self.basins == 0).mean()), float((self.basins == 1).mean())

    def summary(self) -> str:
        """The numbers in words."""
        left, right = self.shares
        shares = f"Of {GRID} starts, {left:.0%} end left and {right:.0%} right."
        begin = f"start w = {self.w:.2f}, lr {self.lr:g}: "
        if self.end < 0:
            return f"{begin}after {STEPS} steps no minimum is reached.\n{shares}"
        side = ("left (the lowest)", "right (only a local one)")[self.end]
        w = float(self.path[-1, 0])
        loss = float(self.surface.heights(self.path[-1]))
        ends = f"{self.arrived} steps to the minimum on the {side}"
        return f"{begin}{ends}\nend w = {w:.3f}, loss {loss:.3f}\n{shares}"

    def place(self, w: float) -> None:
        """Move the start, within the view."""
        low, high = self.surface.x
        self.w = round(min(max(w, low), high), 3)
        self._run()

    def drag(self, event: Event) -> None:
        """The start follows the pointer."""
        if event.plot == "surface":
            self.place(event.x)

    press = drag

    def drop(self, event: Event) -> None:
        """Letting go keeps a mark where this start was."""
        if event.plot == "surface":
            self.place(event.x)
            self.tried = [*self.tried[-39:], (self.w, self.end)]

    click = drop

    def key(self, event: Event) -> None:
        """Left and right move the start by 0.05 (with shift 0.005); Enter keeps a mark."""
        move = 0.005 if event.shift else 0.05
        if event.key in ("ArrowLeft", "ArrowRight"):
            self.place(self.w + (move if event.key == "ArrowRight" else -move))
        elif event.key in ("Enter", " "):
            self.tried = [*self.tried[-39:], (self.w, self.end)]


def _plot(surface: Surface) -> Plot:
    return surface_plot(surface, _BOX)


def basin_bar(plot: Plot, grid: np.ndarray, basins: np.ndarray, y: float, height: float) -> str:
    """A bar below the curve: every start coloured by what it reaches, wide for left, low for right.

    The two also differ in height, so that the bar reads without colour.
    """
    half = (grid[1] - grid[0]) / 2
    parts, first = [], 0
    for last in range(1, len(grid) + 1):
        if last < len(grid) and basins[last] == basins[first]:
            continue
        if basins[first] >= 0:
            left = float(plot.px(max(grid[first] - half, grid[0])))
            right = float(plot.px(min(grid[last - 1] + half, grid[-1])))
            high = height if basins[first] == 0 else height / 2
            fill = CLASSES[basins[first]].fill
            parts.append(rectangle(left, y + height - high, right - left, high, fill=fill))
        first = last
    return "".join(parts)


def render(state: Start) -> str:
    """The curve with the path, the start, the marks of earlier starts and the bar of basins."""
    surface = state.surface
    plot = _plot(surface)
    style = CLASSES[state.end] if state.end >= 0 else None
    colour = style.line if style else INK
    parts = [landscape(plot, surface), basin_bar(plot, state.grid, state.basins, 354, _BAR)]
    parts.append(text(50, 395, "tall: this start ends left, low: it ends right", size=12))
    for w, end in state.tried:
        shape = CLASSES[end].shape if end >= 0 else "cross"
        fill = CLASSES[end].fill if end >= 0 else INK
        parts.append(symbol(float(plot.px(w)), 347, shape, fill=fill, size=4))
    for index, (minimum,) in enumerate(surface.minima):
        height = float(surface.heights(np.array([minimum])))
        parts.append(plot.marker(minimum, height, CLASSES[index], size=8))
    parts.append(plot.vertical(state.w, colour=colour))
    with np.errstate(all="ignore"):
        parts.append(trajectory(plot, surface, state.path, colour))
    y = min(float(surface.heights(np.array([state.w]))), surface.y[1])
    place = float(plot.px(state.w)), float(plot.py(y))
    parts.append(symbol(*place, "triangle", fill=colour, size=10))
    parts.append(handle(*place, data_grab="start"))
    return document(640, 402, f"A loss with two valleys. {state.summary()}", *parts)


class StartPicker(App):
    """Move the start of gradient descent along a double well and see where it ends.

    Args: w: the first start, -1.9 to 1.9. lr: one of 0.01, 0.03, 0.05, 0.1, 0.15, 0.2, 0.22.
    Raises: ValueError for another start or learning rate.
    """

    def __init__(self, w: float = 1.5, lr: float = 0.05) -> None:
        low, high = double_well().x
        if not low <= w <= high:
            raise ValueError(f"the start must lie in {low} to {high}, got {w}")
        state = Start(w, lr)
        super().__init__(
            state,
            render,
            [Rates("lr", "learning rate", restart=True, options=_RATES)],
            plots=[_plot(state.surface)],
            keys_help="Arrow keys move the start, with shift finely; Enter keeps a mark.",
        )
