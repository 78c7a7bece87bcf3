"""The learning-rate finder of notebook 08: a range test, a pick, and where the pick leads."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np

import engine
from engine import nn, optim
from engine.datasets import load_digits, split
from engine.lab import svg
from engine.lab.app import App, Event
from engine.lab.colours import BLUE, GREEN, GREY, PAPER, PURPLE, VERMILLION
from engine.lab.controls import Choice, Toggle
from engine.lab.decision_boundary import initial_weights
from engine.lab.svg import Plot
from engine.nn import functional as F
from engine.utils import LRFinder
from engine.utils.data import DataLoader, TensorDataset

MOST_STEPS = 200
SKIPPED = (10, 5)  # steps at both ends that LRFinder.plot() leaves out
# A maker by name, with the rates at which its range test begins and ends.
OPTIMIZERS = {
    "SGD": (lambda p, lr: optim.SGD(p, lr=lr), 1e-3, 10.0),
    "SGD, momentum 0.9": (lambda p, lr: optim.SGD(p, lr=lr, momentum=0.9), 1e-4, 10.0),
    "Adam": (lambda p, lr: optim.Adam(p, lr=lr), 1e-5, 10.0),
}
_RANGE = Plot(
    x=(1e-5, 10.0),
    y=(0, 4),
    box=(50, 40, 400, 270),
    title="range test: loss while the rate rises",
    x_label="learning rate",
    log_x=True,
    name="range",
)
_HALO = {"stroke": PAPER, "stroke_width": 4, "paint_order": "stroke"}  # over the pick's line
_CURVE = Plot((0, MOST_STEPS), (0, 4), (520, 40, 240, 270), "training at the picked rate", "step")


class Network(nn.Module):
    """64-64-10 with ReLU; its weights are those of two nn.Linear after manual_seed(seed)."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        random = engine.Generator().manual_seed(seed)
        self.w1, self.b1 = map(nn.Parameter, initial_weights(64, 64, "PyTorch", random))
        self.w2, self.b2 = map(nn.Parameter, initial_weights(64, 10, "PyTorch", random))

    def forward(self, x: engine.Tensor) -> engine.Tensor:
        """Shapes: x (B, 64); result (B, 10)."""
        return F.linear(engine.relu(F.linear(x, self.w1, self.b1)), self.w2, self.b2)


@cache
def training_digits() -> TensorDataset:
    """The 1,000 training digits of the notebook, pixels from 0 to 1."""
    images, digits = load_digits()
    x, _, y, _ = split(images / 16, digits, test=397)
    x, _, y, _ = split(x, y, test=400)
    return TensorDataset(engine.tensor(x), engine.tensor(y))


def batches(seed: int) -> DataLoader:
    """Shuffled batches of 50, in the order of this seed."""
    order = engine.Generator().manual_seed(seed)
    return DataLoader(training_digits(), batch_size=50, shuffle=True, generator=order)


@dataclass
class FinderState:
    """A range test, and a training from the same seed with the rate that you pick.

    Args: optimizer: a key of OPTIMIZERS. pick: the learning rate. seed: of weights and batches.
    compare: whether the last run stays in the picture.
    Attributes: rates, tested: the range test. steepest: where its loss falls fastest, as
    LRFinder.plot() says; tenth: a tenth of the rate at its minimum. losses: of the training's
    batches. before: picked rate and losses of the run before, or None.
    """

    optimizer: str = "SGD, momentum 0.9"
    pick: float = 0.01
    seed: int = 0
    compare: bool = False

    def __post_init__(self) -> None:
        if self.optimizer not in OPTIMIZERS:
            raise ValueError(f"optimizer must be one of {list(OPTIMIZERS)}, got {self.optimizer!r}")
        if not _RANGE.x[0] <= self.pick <= _RANGE.x[1]:
            raise ValueError(f"pick must lie in {_RANGE.x[0]} to {_RANGE.x[1]}, got {self.pick!r}")
        self.losses: list[float] = []
        self.before: tuple[float, list[float]] | None = None
        self.reset()

    def reset(self) -> None:
        """Test this optimizer and seed, then start its training anew."""
        make, start, end = OPTIMIZERS[self.optimizer]
        model = Network(self.seed)
        finder = LRFinder(model, make(model.parameters(), start), nn.CrossEntropyLoss())
        with contextlib.redirect_stdout(io.StringIO()):  # it says when it stops
            finder.range_test(batches(self.seed), end_lr=end, num_iter=100)
        self.rates, self.tested = (np.array(finder.history[name]) for name in ("lr", "loss"))
        inner = slice(SKIPPED[0], -SKIPPED[1])
        self.steepest = float(self.rates[inner][np.gradient(self.tested[inner]).argmin()])
        self.tenth = float(self.rates[self.tested.argmin()] / 10)
        self._train(self.pick)

    def _train(self, pick: float) -> None:
        """Start the training with a rate; compared is the last run that had begun."""
        if not self.compare:
            self.before = None
        elif self.losses:
            self.before = self.pick, self.losses
        self.pick = float(np.clip(pick, *_RANGE.x))
        self._model = Network(self.seed)
        self._optimizer = OPTIMIZERS[self.optimizer][0](self._model.parameters(), self.pick)
        self._batches = _endless(batches(self.seed))
        self.losses = []

    def step(self, n: int = 1) -> None:
        """n batches of the training."""
        for _ in range(n):
            x, y = next(self._batches)
            self._optimizer.zero_grad()
            loss = F.cross_entropy(self._model(x), y)
            loss.backward()
            self._optimizer.step()
            self.losses.append(loss.item())

    @property
    def steps(self) -> int:
        """Batches of the training so far."""
        return len(self.losses)

    @property
    def loss(self) -> float:
        """Mean loss of the last 10 batches, ln 10 before the first."""
        return float(np.mean(self.losses[-10:] or np.log(10)))

    @property
    def done(self) -> bool:
        """Whether 200 steps are over."""
        return self.steps >= MOST_STEPS

    def press(self, event: Event) -> None:
        """Pick the rate under the pointer."""
        if event.plot == "range":
            self._train(event.x)

    drag = press

    def key(self, event: Event) -> None:
        """Left, right: a quarter more or less. Home: the steepest point. End: the other mark."""
        marks = {"Home": self.steepest, "End": self.tenth}
        self._train(marks.get(event.key, self.pick * 10 ** (0.1 * event.arrows[0])))

    def summary(self) -> str:
        """The numbers in words."""
        now = f"step {self.steps}: loss {self.loss:.3f}" if self.steps else "not trained yet"
        if self.before:
            now += f"; before, lr {self.before[0]:.3g}: {_smooth(self.before[1])[-1]:.3f}"
        return (
            f"lr {self.pick:.3g}, {self.optimizer}, seed {self.seed}; {now}.\nThe range test: "
            f"steepest at {self.steepest:.3g}, a tenth of that is {self.steepest / 10:.3g}; a "
            f"tenth of the rate at the minimum is {self.tenth:.3g}."
        )


def _endless(loader: DataLoader) -> Iterator[list[engine.Tensor]]:
    while True:
        yield from loader


def _smooth(losses: list[float]) -> list[float]:
    """At each step the mean of the last 10 losses."""
    return [float(np.mean(losses[max(0, end - 10) : end])) for end in range(1, len(losses) + 1)]


def render(state: FinderState) -> str:
    """The range test with its marks and the pick, and the loss of the training."""
    at = float(np.interp(np.log(state.pick), np.log(state.rates), state.tested))
    pick_x, pick_y = _RANGE.at(state.pick, min(at, 4))
    parts = [_RANGE.axes(), _CURVE.axes(), _RANGE.line(state.rates, np.minimum(state.tested, 4))]
    parts.append(svg.line(pick_x, 40, pick_x, 310, colour=VERMILLION, width=2))
    for words, rate, shape, fill, y in (
        ("steepest", state.steepest, "triangle", GREEN, 78),
        ("minimum / 10", state.tenth, "square", PURPLE, 98),
    ):
        x = _RANGE.px(rate)
        parts.append(svg.line(x, y, x, 310, colour=fill, dash="2 3"))
        parts.append(svg.symbol(x, y, shape, fill=fill))
        look = {"anchor": "end", "size": 12, **_HALO}
        parts.append(svg.text(x - 12, y + 4, f"{words}: {rate:.2g}", **look))
    side, gap = ("end", -6) if state.pick > 1e-3 else ("start", 6)
    parts.append(svg.text(pick_x + gap, 58, f"pick: {state.pick:.2g}", anchor=side, weight="600"))
    parts.append(svg.symbol(pick_x, pick_y, "circle", fill=VERMILLION, size=8))
    parts.append(svg.handle(pick_x, pick_y, data_grab="pick"))
    runs = [(state.losses, BLUE, "")]
    if state.before:
        runs.insert(0, (state.before[1], GREY, "5 4"))
    for losses, ink, dash in runs:
        shown = np.minimum(_smooth(losses), 4)
        parts.append(_CURVE.line(range(1, len(shown) + 1), shown, colour=ink, dash=dash))
    return svg.document(780, 360, f"Learning-rate finder. {state.summary()}", *parts)


class RateFinder(App):
    """Pick a learning rate on the curve of a range test, then see where it leads.

    Args: optimizer: "SGD", "SGD, momentum 0.9" or "Adam". pick: the first rate, 1e-5 to 10.
    Raises: ValueError for another optimizer or rate.
    """

    def __init__(self, optimizer: str = "SGD, momentum 0.9", pick: float = 0.01) -> None:
        controls = [
            Choice("optimizer", "optimizer", restart=True, options=tuple(OPTIMIZERS)),
            Toggle("compare", "Compare"),
        ]
        super().__init__(
            FinderState(optimizer, pick),
            render,
            controls,
            plots=[_RANGE, _CURVE],
            keys_help="Drag the pick, or move it with the left and right arrow keys. Home takes "
            "the steepest point, End a tenth of the minimum's rate.",
            steps=2,
        )
