"""The gate inspector of notebook 06: an LSTM reads numbers one by one and opens its gates."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

import engine
from engine.lab import svg
from engine.lab.app import App, Event
from engine.lab.colours import BLUE, GREY, INK, ORANGE, PAPER, SKY
from engine.lab.controls import Choice, Rates
from engine.lab.svg import Plot

STEPS = 12
BIASES = (-2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0)
TASKS = {"remember the last marked number": -10.0, "add up the marked numbers": 0.0}
ROWS = {
    "x": "number x",
    "i": "input gate i",
    "f": "forget gate f",
    "o": "output gate o",
    "c": "cell state c",
}
_X, _LEFT, _WIDTH = (0.5, STEPS + 0.5), 120, 632
_TICKS = range(1, STEPS + 1)
_WORDS = "marked numbers (triangles) and the cell state c (line)"
MEMORY = Plot(_X, (0, 2), (_LEFT, 30, _WIDTH, 170), _WORDS, x_ticks=_TICKS, name="memory")
TABLE = Plot(
    _X, (0, 5), (_LEFT, 232, _WIDTH, 150), "", "step t", x_ticks=_TICKS, y_ticks=(), name="table"
)
KEYS_HELP = (
    "Gates of an LSTM. Right arrow: next step. Left arrow: one step back. Home: start. End: all "
    "steps. Space: mark the number of this step, or unmark it."
)


def sigmoid(a: float) -> float:
    """1 / (1 + e⁻ᵃ)."""
    return 1 / (1 + math.exp(-a))


@dataclass
class GateState:
    """One LSTM unit, wired by hand, that reads twelve numbers of which some are marked.

    i = σ(10 mark - 5), f = σ(bias + w mark), o = σ(5), g = tanh(number), c = f c + i g,
    h = o tanh(c); w is TASKS[task]: -10 shuts f at a mark, 0 leaves it open.

    Args: task: a key of TASKS. bias: the forget bias. seed: of numbers and marks. ghost: see
    `State`. steps: how many were read.
    Shapes: numbers (12,), marks (12,) bool.
    """

    task: str = "remember the last marked number"
    bias: float = 5.0
    seed: int = 0
    ghost: list[float] | None = None
    steps: int = 0

    def __post_init__(self) -> None:
        if self.task not in TASKS:
            raise ValueError(f"task must be one of {list(TASKS)}, got {self.task!r}")
        self._drawn = -1
        self.reset()

    def reset(self) -> None:
        """Back to the first step; another seed brings other numbers and marks."""
        self.steps = 0
        if self._drawn != self.seed:
            generator = engine.Generator().manual_seed(self.seed)
            draw = {"generator": generator, "dtype": engine.float64}
            self.numbers = (0.1 + 0.8 * engine.rand(STEPS, **draw).numpy()).round(1)
            early, late = engine.randint(0, STEPS // 2 - 1, (2,), generator=generator).tolist()
            self.marks = np.isin(np.arange(STEPS), (early, STEPS // 2 + late))
            self._drawn = self.seed

    def rows(self) -> list[dict[str, float]]:
        """i, f, g, o, c, h of the steps read so far."""
        rows, c = list[dict[str, float]](), 0.0
        for number, mark in zip(self.numbers[: self.steps], self.marks, strict=False):
            i, o, g = sigmoid(10 * mark - 5), sigmoid(5), math.tanh(number)
            f = sigmoid(self.bias + TASKS[self.task] * mark)
            c = f * c + i * g
            rows.append({"i": i, "f": f, "g": g, "o": o, "c": c, "h": o * math.tanh(c)})
        return rows

    @property
    def done(self) -> bool:
        """Whether all numbers were read."""
        return self.steps >= STEPS

    def step(self, n: int = 1) -> None:
        """Read n numbers more, or fewer where n is negative."""
        self.steps = min(max(self.steps + n, 0), STEPS)

    def click(self, event: Event) -> None:
        """Mark a number, or unmark it."""
        if event.plot:
            self._flip(round(event.x))

    def key(self, event: Event) -> None:
        """Step with the arrows, mark with space."""
        if event.key == " ":
            self._flip(max(self.steps, 1))
        self.step({"Home": -STEPS, "End": STEPS}.get(event.key, event.arrows[0]))

    def _flip(self, t: int) -> None:
        t = min(max(t, 1), STEPS)
        self.marks = self.marks ^ (np.arange(1, STEPS + 1) == t)

    def trace(self) -> list[float]:
        """c by step."""
        return [row["c"] for row in self.rows()]

    def target(self) -> float:
        """What the task would keep of the steps read, were all gates quite open or shut."""
        kept = np.tanh(self.numbers[: self.steps])[self.marks[: self.steps]]
        return float(kept.sum() if TASKS[self.task] == 0 else kept[-1:].sum())

    def summary(self) -> str:
        """What this step's gates do, in words and numbers."""
        if not self.steps:
            return f"Nothing read yet: c = 0. Step reads the first number. Seed {self.seed}."
        rows = [dict.fromkeys("c", 0.0), *self.rows()]
        before, now, mark = rows[-2]["c"], rows[-1], self.marks[self.steps - 1]
        number = f"{self.numbers[self.steps - 1]:.1f}, {'marked' if mark else 'not marked'}"
        return (
            f"Step {self.steps} reads {number}. Forget gate {now['f']:.3f} keeps {now['f']:.0%} of "
            f"{before:.2f}; input gate {now['i']:.3f} lets in {now['i']:.0%} of g = {now['g']:.2f}."
            f"\nc = {now['f']:.3f} · {before:.2f} + {now['i']:.3f} · {now['g']:.2f} = "
            f"{now['c']:.3f}; the task asks for {self.target():.3f}. Output gate {now['o']:.3f}: "
            f"h = {now['h']:.3f}. Seed {self.seed}."
        )


def render(state: GateState) -> str:
    """Bars with marks, the cell state so far, and a table of numbers, gates and cell state."""
    rows, parts = state.rows(), [MEMORY.axes(), TABLE.axes(grid=False)]
    for t, (number, mark) in enumerate(zip(state.numbers, state.marks, strict=True), start=1):
        look = {"fill": ORANGE if mark else PAPER, "stroke": INK, "stroke_width": 1}
        parts.append(MEMORY.bars((t - 0.3, t + 0.3), (number,), **look))
        parts.append(svg.symbol(*MEMORY.at(t, 1.8), "triangle", fill=ORANGE) if mark else "")
        values = {"x": float(number), **(rows[t - 1] if t <= len(rows) else {})}
        for row, name in enumerate(ROWS):
            if name in values:
                shade = {"fill": SKY, "fill_opacity": min(values[name], 1.0)}
                if name == "x":
                    shade = {"fill": ORANGE if mark else PAPER}
                x, y = TABLE.at(t - 0.46, 4.94 - row)
                parts.append(svg.rectangle(x, y, _WIDTH / STEPS * 0.92, 26.4, **shade))
                words = f"{values[name]:.{1 if name == 'x' else 2}f}"
                parts.append(TABLE.text(t, 4.35 - row, words, anchor="middle"))
    for row, words in enumerate(ROWS.values()):
        parts.append(svg.text(_LEFT - 8, TABLE.py(4.35 - row), words, anchor="end", size=12))
    for trace, ink, dash in ((state.ghost, GREY, "5 4"), (state.trace(), BLUE, "")):
        if trace:
            parts.append(MEMORY.line(range(1, len(trace) + 1), trace, colour=ink, dash=dash))
    dots = (svg.circle(*MEMORY.at(t, row["c"]), 4, fill=BLUE) for t, row in enumerate(rows, 1))
    parts.append(MEMORY.clip(*dots))
    if rows:
        x, y = TABLE.at(state.steps - 0.5, 5)
        frame = {"stroke": INK, "stroke_width": 2.5}
        parts.append(svg.rectangle(x, y, _WIDTH / STEPS, TABLE.box[3], **frame))
    label = f"LSTM unit that should {state.task}, forget bias {state.bias:g}. "
    return svg.document(770, 424, label + state.summary().replace("\n", " "), *parts)


class GateInspector(App):
    """Step through twelve numbers and see what the gates of one LSTM unit do with them.

    With Compare ticked, the cell state of the last run stays in grey.

    Args: task: "remember the last marked number" or "add up the marked numbers". bias: the
        forget bias, one of BIASES.
    """

    def __init__(self, task: str = "remember the last marked number", bias: float = 5.0) -> None:
        controls = [Choice("task", "task", options=tuple(TASKS)),
                    Rates("bias", "forget bias", options=BIASES)]  # fmt: skip
        super().__init__(
            GateState(task, bias), render, controls, plots=[MEMORY, TABLE], keys_help=KEYS_HELP,
            rate=2,
        )  # fmt: skip
