"""Losses of one or two weights, gradient descent on them, and how both are drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

import engine
from engine.datasets import load_diabetes
from engine.lab.colours import GREY, INK, SKY
from engine.lab.state import Event
from engine.lab.svg import Plot, circle, handle, symbol

NEAR = 0.01  # so near to a minimum counts as arrived


@dataclass(frozen=True, eq=False)
class Surface:
    """A loss with known minima.

    loss: (..., D) weights to (...) losses, on engine tensors. minima: the deepest first.
    steepest: λmax, the largest second derivative at the deepest minimum. start: where runs begin.
    x, y: the view.
    """

    name: str
    loss: Callable[[engine.Tensor], engine.Tensor]
    minima: tuple[tuple[float, ...], ...]
    steepest: float
    start: tuple[float, ...]
    x: tuple[float, float]
    y: tuple[float, float]

    def at(self, w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Losses and slopes ∂L/∂w, by autograd. Shapes: w (..., D), results (...) and (..., D)."""
        weights = engine.tensor(w, dtype=engine.float64, requires_grad=True)
        losses = self.loss(weights)
        losses.sum().backward()
        return losses.detach().numpy(), weights.grad.numpy()

    def points(self, w: np.ndarray) -> np.ndarray:
        """Where weights are drawn: (w₁, w₂) or (w, loss). Shapes: w (N, D), result (N, 2)."""
        w = np.asarray(w, dtype=np.float64)
        return w if w.shape[-1] == 2 else np.stack([w[:, 0], self.at(w)[0]], axis=1)

    def reached(self, w: np.ndarray) -> np.ndarray:
        """Index of the minimum within 0.01, or -1. Shapes: w (..., D), result (...)."""
        near = (np.abs(w[..., None, :] - np.array(self.minima)) < NEAR).all(axis=-1)
        return np.where(near.any(axis=-1), near.argmax(axis=-1), -1)

    def settled(self, path: np.ndarray) -> int | None:
        """The step since which a path stays within 0.01 of a minimum. Shapes: path (steps, D)."""
        reached = self.reached(path)
        elsewhere = np.flatnonzero(reached != reached[-1])
        return None if reached[-1] < 0 else int(elsewhere[-1]) + 1 if elsewhere.size else 0

    def plot(self, box: tuple[float, float, float, float]) -> Plot:
        """The axes of the view: w₂ over w₁, or the loss over w."""
        x_label, y_label = ("w₁", "w₂") if len(self.start) == 2 else ("w", "loss")
        return Plot(self.x, self.y, box, x_label=x_label, y_label=y_label, name="surface")


def bowl() -> Surface:
    """One weight on measured data: L(w) = mean((w x − y)²), disease progression from body mass.

    Both columns in standard deviations, so that L'' = 2 and the minimum is their correlation r.
    """
    data, target = load_diabetes()
    r = float(np.corrcoef(data[:, 2], target)[0, 1])

    def loss(w: engine.Tensor) -> engine.Tensor:
        return (w[..., 0] - r) ** 2 + (1 - r * r)

    return Surface("bowl", loss, ((r,),), 2.0, (-1.0,), x=(-1.5, 2.5), y=(0.0, 5.0))


def ravine(steepness: float = 10.0) -> Surface:
    """Two weights: L(w) = ½ (steepness · w₁² + w₂²), steepness at least 1."""

    def loss(w: engine.Tensor) -> engine.Tensor:
        return 0.5 * (steepness * w[..., 0] ** 2 + w[..., 1] ** 2)

    view = (-1.5, 1.5)
    return Surface("ravine", loss, ((0.0, 0.0),), steepness, (1.0, 1.0), x=view, y=view)


def double_well() -> Surface:
    """One weight, two valleys: L(w) = (w² − 1)² + 0.3 w; the left valley is the deeper one."""
    left, _, right = map(float, sorted(np.roots([4.0, 0.0, -4.0, 0.3]).real))

    def loss(w: engine.Tensor) -> engine.Tensor:
        return (w[..., 0] * w[..., 0] - 1) ** 2 + 0.3 * w[..., 0]

    minima, steepest = ((left,), (right,)), 12 * left**2 - 4
    return Surface("double well", loss, minima, steepest, (1.6,), x=(-1.9, 1.9), y=(-0.6, 4.0))


SURFACES = {surface.name: surface for surface in (bowl(), ravine(), double_well())}


def descend(
    surface: Surface, w: np.ndarray, lr: float, steps: int, still: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """w ← w − lr · ∂L/∂w, ended early where no loss is finite or every move is below `still`.

    Shapes: w (..., D); the path (steps + 1, ..., D) and its losses (steps + 1, ...).
    """
    path, losses = [], []
    with np.errstate(all="ignore"):
        for _ in range(steps + 1):
            loss, slope = surface.at(w)
            path.append(w)
            losses.append(loss)
            move = lr * slope
            if not np.isfinite(loss).any() or np.abs(move).max() < still:
                break
            w = w - move
    return np.array(path), np.array(losses)


class Descent:
    """Gradient descent from a start that pointer and arrow keys move.

    surface, lr: `reset` takes a new one up. start: (D,). path: the weights, (steps + 1, D).
    losses: (steps + 1,). asked: the steps of a new run; fewer where it ends early. still: see
    `descend`.
    """

    asked, still = 40, 0.0

    def __init__(self, surface: Surface, lr: float) -> None:
        self.surface, self.lr, self.start = surface, lr, surface.start
        self.run()

    def run(self) -> None:
        """Descend anew from the start."""
        self.used, start = (self.surface, self.lr), np.array(self.start)
        self.path, self.losses = descend(self.surface, start, self.lr, self.asked, self.still)

    @property
    def changed(self) -> bool:
        """Whether the path belongs to another surface or rate."""
        return self.used != (self.surface, self.lr)

    def place(self, x: float, y: float) -> None:
        """Put the start somewhere in the view and run again."""
        view = zip((x, y), (self.surface.x, self.surface.y), strict=True)
        # Rounded, so that a start on an axis can be hit exactly.
        point = [round(min(max(value, low), high), 2) for value, (low, high) in view]
        self.start = tuple(point[: len(self.start)])
        self.run()

    def press(self, event: Event) -> None:
        """A press or a drag on the surface moves the start there."""
        if event.plot == "surface":
            self.place(event.x, event.y)

    drag = press

    def key(self, event: Event) -> None:
        """Arrow keys move the start by 0.1, with shift by 0.01."""
        stride, (right, up) = 0.01 if event.shift else 0.1, event.arrows
        if right or up:
            x, y, *_ = *self.start, 0.0
            self.place(x + stride * right, y + stride * up)


def scene(plot: Plot, state: Descent, colour: str, ghost: np.ndarray | None = None) -> str:
    """The surface with its minima, an earlier path, the path and, to be dragged, its start."""
    surface, points = state.surface, state.surface.points
    parts = [plot.axes(grid=False)]
    if len(surface.start) == 1:
        w = np.linspace(*surface.x, 121)[:, None]
        parts.append(plot.line(*points(w).T, colour=GREY))
    else:  # contour lines of the ravine
        turn = np.linspace(0, 2 * np.pi, 73)
        ring = np.stack([np.cos(turn) / np.sqrt(surface.steepest), np.sin(turn)])
        for loss in (0.02, 0.1, 0.3, 0.7, 1.5, 3, 6, 10):
            parts.append(plot.line(*ring * np.sqrt(2 * loss), colour=SKY, width=1))
    parts += [symbol(*plot.at(*point), "cross", fill=INK) for point in points(surface.minima)]
    with np.errstate(all="ignore"):
        if ghost is not None:
            parts.append(plot.line(*points(ghost).T, colour=GREY, dash="4 3", width=1.5))
        x, y = points(state.path).T
        parts.append(plot.line(x, y, colour=colour, width=1.5))
        places = [plot.at(*point) for point in zip(x[:60], y[:60], strict=True)]
    parts += [circle(*place, 3, fill=colour) for place in places if plot.contains(*place)]
    place = plot.at(x[0], min(y[0], surface.y[1]))
    parts.append(symbol(*place, "triangle", fill=colour, size=9))
    return "".join(parts) + handle(*place, data_grab="start")
