"""Which minimum does gradient descent reach? Pick a start on a loss with two valleys."""

from __future__ import annotations

from functools import cache

import numpy as np

from engine.lab.app import App
from engine.lab.colours import CLASSES, INK
from engine.lab.controls import Rates
from engine.lab.surfaces import SURFACES, Descent, descend, scene
from engine.lab.svg import document, image, text

STEPS = 300
STILL = 1e-9  # a smaller move cannot be seen, and later ones are smaller still
WELL = SURFACES["double well"]
PLOT = WELL.plot((50, 20, 560, 290))
GRID = np.linspace(*WELL.x, 153)  # the starts whose ends the bar shows
RATES = (0.01, 0.03, 0.05, 0.1, 0.15, 0.2, 0.22)


@cache
def basins(lr: float) -> np.ndarray:
    """What each start of GRID reaches: minimum 0 (left, the deeper one), 1 (right), -1 none."""
    path, _ = descend(WELL, GRID[:, None], lr, STEPS, STILL)
    return WELL.reached(path[-1])


class Start(Descent):
    """A descent that always runs to its end."""

    asked, still = STEPS, STILL

    def reset(self) -> None:
        """Back to the first start; after a change of rate a new run from the present one."""
        if not self.changed:
            self.start = WELL.start
        self.run()

    @property
    def end(self) -> int:
        """The minimum that the path reaches, as in `basins`."""
        return int(WELL.reached(self.path[-1]))

    def summary(self) -> str:
        """The numbers in words."""
        begin = f"start w = {self.start[0]:.2f}, lr {self.lr:g}:"
        left, right = ((basins(self.lr) == index).mean() for index in (0, 1))
        shares = f"Of {len(GRID)} starts, {left:.0%} end left and {right:.0%} right."
        if self.end < 0:
            return f"{begin} after {STEPS} steps no minimum is reached.\n{shares}"
        side = ("left (the lowest)", "right (only a local one)")[self.end]
        ends = f"{WELL.settled(self.path)} steps to the minimum on the {side}"
        return (
            f"{begin} {ends}\nend w = {self.path[-1, 0]:.3f}, loss {self.losses[-1]:.3f}\n{shares}"
        )


def bar(ends: np.ndarray) -> str:
    """Two rows, so that the bar reads without colour: above who ends left, below who ends right."""
    rows = np.full((2, len(ends), 3), 255)
    for index in (0, 1):
        rows[index, ends == index] = list(bytes.fromhex(CLASSES[index].fill[1:]))
    return image(PLOT.box[0], 354, PLOT.box[2], 28, rows)


def render(state: Start) -> str:
    """The curve with the path and its start, above the bar of basins."""
    colour = CLASSES[state.end].line if state.end >= 0 else INK
    minima = zip(WELL.points(WELL.minima), CLASSES, strict=False)
    parts = [
        scene(PLOT, state, colour),
        bar(basins(state.lr)),
        text(50, 396, "upper row: starts that end left; lower row: right", size=12),
        PLOT.vertical(state.start[0], colour=colour),
        *(PLOT.marker(x, y, style, size=8) for (x, y), style in minima),
    ]
    return document(640, 402, f"A loss with two valleys. {state.summary()}", *parts)


class StartPicker(App):
    """Move the start of gradient descent along a double well and see where it ends."""

    def __init__(self) -> None:
        rates = Rates("lr", "learning rate", restart=True, options=RATES)
        keys = "Arrow keys move the start by 0.1, with shift by 0.01."
        super().__init__(Start(WELL, 0.05), render, [rates], plots=[PLOT], keys_help=keys)
