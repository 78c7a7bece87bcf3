"""Which minimum does gradient descent reach? Pick a start on a loss with two valleys."""

from __future__ import annotations

import numpy as np

import engine
from engine.lab.app import App, Event
from engine.lab.colours import CLASSES, INK
from engine.lab.controls import Rates
from engine.lab.learning_rate import NEAR, double_well, landscape, surface_plot, trajectory
from engine.lab.svg import document, handle, image, symbol, text

STEPS = 300
STILL = 1e-9  # a smaller move cannot be seen, and later ones are smaller still
WELL = double_well()
PLOT = surface_plot(WELL, (50, 20, 560, 290))
GRID = np.linspace(*WELL.x, 153)  # the starts whose ends the bar shows
_RATES = (0.01, 0.03, 0.05, 0.1, 0.15, 0.2, 0.22)


def descend(starts: np.ndarray, lr: float) -> np.ndarray:
    """The paths of many starts. Shapes: starts (N,), result (301, N)."""
    paths = np.tile(np.asarray(starts, dtype=np.float64), (STEPS + 1, 1))
    with np.errstate(all="ignore"):
        for step in range(STEPS):
            w = engine.from_numpy(paths[step])
            move = lr * WELL.slope(w.unsqueeze(1)).squeeze(1)
            paths[step + 1 :] = (w - move).numpy()
            if not (np.abs(move.numpy()) > STILL).any():  # all have arrived, or are NaN
                break
    return paths


def reached(ends: np.ndarray) -> np.ndarray:
    """The minimum at each end of a path: 0 left (the deeper one), 1 right, -1 none."""
    near = [np.abs(ends - minimum) < NEAR for (minimum,) in WELL.minima]
    return np.select(near, [0, 1], -1)


class Start:
    """A start that can be moved; its path and the basins for the present learning rate.

    Attributes: path: (301,). end: 0 left, 1 right, -1 neither. arrived: the first step from which
    the path stays within 0.01 of that minimum (-1: never). basins: what each start of GRID reaches.
    tried: the last 40 starts that were let go of, with what they reached.
    """

    def __init__(self, w: float = 1.5, lr: float = 0.05) -> None:
        self.w, self.lr = w, lr
        self.reset()

    def reset(self) -> None:
        """Forget the starts that were tried and compute the basins for the learning rate."""
        self.tried: list[tuple[float, int]] = []
        self.basins = reached(descend(GRID, self.lr)[-1])
        self.place(self.w)

    def place(self, w: float) -> None:
        """Move the start, within the view."""
        self.w = round(min(max(w, WELL.x[0]), WELL.x[1]), 3)
        self.path = descend(np.array([self.w]), self.lr)[:, 0]
        self.end = int(reached(self.path[-1:])[0])
        away = np.flatnonzero(reached(self.path) != self.end)
        self.arrived = -1 if self.end < 0 else int(away[-1]) + 1 if away.size else 0

    @property
    def shares(self) -> tuple[float, float]:
        """Shares of GRID that reach the left and the right minimum."""
        return float((self.basins == 0).mean()), float((self.basins == 1).mean())

    def summary(self) -> str:
        """The numbers in words."""
        begin = f"start w = {self.w:.2f}, lr {self.lr:g}:"
        left, right = self.shares
        shares = f"Of {len(GRID)} starts, {left:.0%} end left and {right:.0%} right."
        if self.end < 0:
            return f"{begin} after {STEPS} steps no minimum is reached.\n{shares}"
        side = ("left (the lowest)", "right (only a local one)")[self.end]
        loss = float(WELL.heights(self.path[-1:]))
        ends = f"{self.arrived} steps to the minimum on the {side}"
        return f"{begin} {ends}\nend w = {self.path[-1]:.3f}, loss {loss:.3f}\n{shares}"

    def drag(self, event: Event) -> None:
        """The start follows the pointer."""
        if event.plot == "surface":
            self.place(event.x)

    press = drag

    def drop(self, event: Event) -> None:
        """Letting go, or Enter, keeps a mark where this start is."""
        self.drag(event)
        self.tried = [*self.tried[-39:], (self.w, self.end)]

    click = drop

    def key(self, event: Event) -> None:
        """Left and right move the start by 0.05 (with shift 0.005); Enter keeps a mark."""
        move = {"ArrowLeft": -0.05, "ArrowRight": 0.05}.get(event.key, 0.0)
        if move:
            self.place(self.w + move * (0.1 if event.shift else 1))
        elif event.key in ("Enter", " "):
            self.drop(event)


def _basin_bar(basins: np.ndarray) -> str:
    """Two rows, so that the bar reads without colour: above who ends left, below who ends right."""
    rows = np.full((2, len(basins), 3), 255)
    for index in (0, 1):
        rgb = [int(CLASSES[index].fill[i : i + 2], 16) for i in (1, 3, 5)]
        rows[index, basins == index] = rgb
    return image(PLOT.box[0], 354, PLOT.box[2], 28, rows)


def render(state: Start) -> str:
    """The curve with the path, the start, the marks of earlier starts and the bar of basins."""
    colour = CLASSES[state.end].line if state.end >= 0 else INK
    parts = [landscape(PLOT, WELL), _basin_bar(state.basins), PLOT.vertical(state.w, colour=colour)]
    parts.append(text(50, 396, "upper row: starts that end left; lower row: right", size=12))
    for w, end in state.tried:
        shape, fill = (CLASSES[end].shape, CLASSES[end].fill) if end >= 0 else ("cross", INK)
        parts.append(symbol(float(PLOT.px(w)), 347, shape, fill=fill, size=4))
    for (minimum,), style in zip(WELL.minima, CLASSES, strict=False):
        height = float(WELL.heights(np.array([minimum])))
        parts.append(PLOT.marker(minimum, height, style, size=8))
    with np.errstate(all="ignore"):
        parts.append(trajectory(PLOT, WELL, state.path[:, None], colour))
    y = min(float(WELL.heights(np.array([state.w]))), WELL.y[1])
    place = float(PLOT.px(state.w)), float(PLOT.py(y))
    parts += [symbol(*place, "triangle", fill=colour, size=10), handle(*place, data_grab="start")]
    return document(640, 402, f"A loss with two valleys. {state.summary()}", *parts)


class StartPicker(App):
    """Move the start of gradient descent along a double well and see where it ends.

    Args: w: the first start, -1.9 to 1.9. lr: one of 0.01, 0.03, 0.05, 0.1, 0.15, 0.2, 0.22.
    Raises: ValueError for another start or learning rate.
    """

    def __init__(self, w: float = 1.5, lr: float = 0.05) -> None:
        if not WELL.x[0] <= w <= WELL.x[1]:
            raise ValueError(f"the start must lie in {WELL.x[0]} to {WELL.x[1]}, got {w}")
        rates = Rates("lr", "learning rate", restart=True, options=_RATES)
        help_words = "Arrow keys move the start, with shift finely; Enter keeps a mark."
        super().__init__(Start(w, lr), render, [rates], plots=[PLOT], keys_help=help_words)
