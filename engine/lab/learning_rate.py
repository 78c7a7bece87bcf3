"""How large may a step be? Gradient descent on three surfaces, one learning rate at a time."""

from __future__ import annotations

import numpy as np

from engine.lab.app import App
from engine.lab.colours import BLUE, GREY, INK, VERMILLION
from engine.lab.controls import Choice, Control, Rates
from engine.lab.surfaces import NEAR, SURFACES, Descent, descend, ravine, scene
from engine.lab.svg import Plot, document, symbol, text

MOST_STEPS = 300
LOW, HIGH = 1e-6, 1e6  # ends of the loss axis
VIEW = (50, 28, 320, 320)
RATES = (
    *(0.001, 0.003, 0.01, 0.015, 0.018, 0.019, 0.02, 0.021, 0.03, 0.05),
    *(0.1, 0.13, 0.15, 0.18, 0.19, 0.2, 0.21, 0.22, 0.23, 0.25, 0.3, 0.4),
    *(0.5, 0.7, 0.9, 0.95, 0.99, 1.0, 1.01, 1.1, 1.5),
)
RULER = Plot((0.001, 1.5), (0, 1), (440, 308, 300, 40), "", "learning rate", y_ticks=(), log_x=True)


class Explorer(Descent):
    """A descent that goes on step by step and judges itself; ghost: path and losses before."""

    ghost: tuple[np.ndarray, np.ndarray] | None = None

    @property
    def steps(self) -> int:
        """Steps since the start."""
        return len(self.losses) - 1

    @property
    def loss(self) -> float:
        """The loss at the last point; inf or NaN once a run has overflowed."""
        return float(self.losses[-1])

    @property
    def done(self) -> bool:
        """Whether there is nothing more to see."""
        return self.steps >= MOST_STEPS or not np.isfinite(self.loss)

    def step(self, n: int = 1) -> None:
        """Take n steps; ends where the loss is no number any more."""
        n = min(n, MOST_STEPS - self.steps)
        path, losses = descend(self.surface, self.path[-1], self.lr, n)
        self.path = np.concatenate([self.path, path[1:]])
        self.losses = np.concatenate([self.losses, losses[1:]])
        self.asked = max(self.asked, self.steps)

    def reset(self) -> None:
        """Back to the start; after a change of surface or rate, as far again as it was."""
        if not self.changed:
            self.asked = 0
        self.run()

    def trace(self) -> tuple[np.ndarray, np.ndarray]:
        """The run for a ghost: path and losses."""
        return self.path, self.losses

    def trouble(self) -> str:
        """Why the loss stopped being a number."""
        return f"Steps of lr {self.lr:g} jump higher at each crossing, until 64 bits overflow."

    def verdict(self) -> tuple[str, str]:
        """One of starts, converges, oscillates, diverges; and the evidence in words.

        A weight zig-zags where its last moves change sign. Its three last moves are compared with
        the three before: zig-zags that grow diverge (once the loss is above its start), zig-zags
        that do not shrink oscillate, everything else is on its way.
        """
        if not np.isfinite(self.loss):
            return "diverges", f"the loss is {self.loss} at step {self.steps}"
        if self.steps < 6:
            return "starts", f"{self.steps} of the 6 steps that a verdict needs"
        since = self.surface.settled(self.path)
        if since is not None:
            return "converges", f"within {NEAR} of a minimum since step {since}"
        moves = np.diff(self.path, axis=0)[-8:]  # (steps, D)
        zigzag = (moves[1:] * moves[:-1] < 0).any(axis=0)
        early, late = (np.abs(part).max(axis=0) for part in (moves[-6:-3], moves[-3:]))
        if (zigzag & (late > 1.001 * early)).any() and self.loss > self.losses[0]:
            return "diverges", f"the loss has grown from {self.losses[0]:.3g} to {self.loss:.3g}"
        if (zigzag & (late >= 0.999 * early)).any():
            return "oscillates", f"it jumps by {late[zigzag].max():.2f}, to and fro"
        return "converges", f"still on its way, {'in zig-zag' if zigzag.any() else 'from one side'}"

    def summary(self) -> str:
        """The numbers in words."""
        w = ", ".join(f"{value:.3g}" for value in self.path[-1])
        word, evidence = self.verdict()
        return (
            f"lr {self.lr:g}, limit 2/λmax = {2 / self.surface.steepest:.3g}; step {self.steps}: "
            f"w = {w if len(self.start) == 1 else f'({w})'}, loss {self.loss:.4g}\n"
            f"{word.capitalize()}: {evidence}."
        )


def render(state: Explorer) -> str:
    """The surface with the path, the loss by step, and a ruler of learning rates."""
    surface, (word, _), limit = state.surface, state.verdict(), 2 / state.surface.steepest
    colour = VERMILLION if word in ("oscillates", "diverges") else BLUE
    ghost, old = state.ghost or (None, ())
    span = (0, max(100, state.steps))
    curve = Plot(
        span, (LOW, HIGH), (440, 28, 300, 190), "loss above the lowest", "step", log_y=True
    )
    parts = [scene(surface.plot(VIEW), state, colour, ghost), curve.axes(), RULER.axes()]
    floor, _ = surface.at(surface.minima[0])
    for losses, ink, dash in ((old, GREY, "4 3"), (state.losses, colour, "")):
        above = np.maximum(np.array(losses) - floor, LOW)
        parts.append(curve.line(range(len(above)), above, colour=ink, dash=dash))
    parts += [
        text(210, 20, word, anchor="middle", weight="600", colour=colour),
        RULER.vertical(limit, colour=INK, dash="", width=2.5),
        text(RULER.px(limit), 300, f"2/λmax = {limit:.3g}", anchor="middle", size=12),
        symbol(RULER.px(state.lr), 328, "circle", fill=colour, size=7),
    ]
    return document(760, 400, f"Gradient descent on the {surface.name}. {state.summary()}", *parts)


class LearningRateExplorer(App):
    """Which learning rate converges, oscillates, diverges?

    Args: surface: "bowl" (one weight on measured data), "ravine" (two weights, one steep) or
        "double well" (two minima). lr: the first learning rate, one of the slider's.
    Raises: ValueError for another surface or a learning rate that the slider does not have.
    """

    def __init__(self, surface: str = "bowl", lr: float = 0.1) -> None:
        if surface not in SURFACES:
            raise ValueError(f"surface must be one of {list(SURFACES)}, got {surface!r}")
        chosen = SURFACES[surface]
        controls: list[Control] = [Rates("lr", "learning rate", restart=True, options=RATES)]
        if surface == "ravine":
            options = {"10": chosen, "30": ravine(30.0), "100": ravine(100.0)}
            controls.append(Choice("surface", "λmax", restart=True, options=options))
        super().__init__(
            Explorer(chosen, lr),
            render,
            controls,
            plots=[chosen.plot(VIEW)],
            keys_help="Arrow keys move the start; so does a click or a drag in the left picture.",
            rate=10,
            text=f"LearningRateExplorer(surface={surface!r})",
        )
