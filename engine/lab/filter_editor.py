"""The filter editor of notebook 05: a 3 × 3 kernel, a digit, and what comes out of their slide."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np

import engine
from engine.datasets import load_digits
from engine.lab import svg
from engine.lab.app import App, Event
from engine.lab.colours import BLUE, GREY, GRID, INK, PAPER, VERMILLION, class_field
from engine.lab.controls import Choice, IntSlider
from engine.nn import functional as F

OWN = "your own"
PRESETS = {
    "vertical edges": ((-1, 0, 1), (-1, 0, 1), (-1, 0, 1)),
    "horizontal edges": ((-1, -1, -1), (0, 0, 0), (1, 1, 1)),
    "outline": ((-1, -1, -1), (-1, 8, -1), (-1, -1, -1)),
    "sharpen": ((0, -1, 0), (-1, 5, -1), (0, -1, 0)),
    "blur": ((1 / 9,) * 3,) * 3,
    "identity": ((0, 0, 0), (0, 1, 0), (0, 0, 0)),
    "move left": ((0, 0, 0), (0, 0, 1), (0, 0, 0)),
}
STRIDE, PIXELS_PER_STRIDE, LARGEST = 0.5, 10, 9.0  # of an edit, of a drag, of a weight
CELL, KERNEL_CELL, TOP = 25, 46, 40
LEFT, KERNEL_LEFT, OUT_LEFT = 62, 332, 522  # on the left is room for a padding of 2
KEYS_HELP = (
    "Filter editor. Arrow keys: choose an output pixel. Shift and an arrow: choose a weight. Enter "
    "and space: make it larger or smaller by 0.5. Home and End: previous and next digit."
)


class FilterState:
    """y = kernel ⋆ digit, and one output pixel worked out as patch × kernel.

    preset: a key of PRESETS, or OWN after an edit. stride, padding, dilation: as in `F.conv2d`.
    digit: 0 to 9, the first of its kind. chosen: the kernel cell that is edited; at: the output
    pixel that is worked out, both (row, column).
    """

    def __init__(self, preset: str = "vertical edges") -> None:
        self.stride, self.padding, self.dilation, self.digit = 1, 0, 1, 0
        self.chosen, self.at = (1, 2), (2, 2)
        self.preset = preset
        data, _ = load_digits()
        self.images = data[:10].reshape(10, 8, 8)  # the file begins with one of each

    @property
    def preset(self) -> str:
        """The name of the kernel."""
        return self._preset

    @preset.setter
    def preset(self, name: str) -> None:
        self._preset = name
        if name != OWN:
            self.kernel = np.array(PRESETS[name], dtype=float)

    @property
    def image(self) -> np.ndarray:
        """The digit, (8, 8), grey values 0 to 16."""
        return self.images[self.digit]

    @property
    def output(self) -> np.ndarray:
        """What comes out, (H', W')."""
        pair = self.image, self.kernel
        x, w = (engine.tensor(array, dtype=engine.float64)[None, None] for array in pair)
        return F.conv2d(x, w, None, self.stride, self.padding, self.dilation)[0, 0].numpy()

    @property
    def place(self) -> tuple[int, int]:
        """`at`, kept within the output."""
        return _moved(self.at, 0, 0, len(self.output) - 1)

    @property
    def window(self) -> tuple[np.ndarray, np.ndarray]:
        """Rows and columns, (3,) each, of the image that are read for `place`; may lie outside."""
        row, column = (at * self.stride - self.padding for at in self.place)
        return row + self.dilation * np.arange(3), column + self.dilation * np.arange(3)

    @property
    def patch(self) -> np.ndarray:
        """The nine pixels of the window, 0 in the padding. Shape: (3, 3)."""
        rows, columns = (places + self.padding for places in self.window)
        return np.pad(self.image, self.padding)[np.ix_(rows, columns)]

    def edit(self, weight: float) -> None:
        """Give the chosen kernel cell another weight, kept within -9 and 9."""
        self.kernel[self.chosen], self._preset = min(max(weight, -LARGEST), LARGEST), OWN

    def press(self, event: Event) -> None:
        """Choose the kernel cell, the digit or the output pixel that was pressed."""
        self._drag, target = None, event.target
        if "weight" in target:
            self.chosen = divmod(int(target["weight"]), 3)
            self._drag = event.py, self.kernel[self.chosen]
        self.digit = int(target.get("digit", self.digit))
        self.hover(event)

    def drag(self, event: Event) -> None:
        """Up makes the pressed weight larger, down smaller, in strides of 0.5."""
        if self._drag:
            began, weight = self._drag
            self.edit(weight + STRIDE * round((began - event.py) / PIXELS_PER_STRIDE))

    def hover(self, event: Event) -> None:
        """Work out the output pixel under the pointer."""
        if event.plot == "output":
            self.at = int(-event.y), int(event.x)

    def key(self, event: Event) -> None:
        """Move and edit from the keyboard; see KEYS_HELP."""
        right, up = event.arrows
        change = {"Enter": STRIDE, " ": -STRIDE}.get(event.key, 0)
        if change:
            self.edit(self.kernel[self.chosen] + change)
        self.digit = (self.digit + (event.key == "End") - (event.key == "Home")) % 10
        if event.shift:
            self.chosen = _moved(self.chosen, right, up, 2)
        else:
            self.at = _moved(self.place, right, up, len(self.output) - 1)

    def products(self) -> list[str]:
        """Pixel · weight in words, for the nine of the window."""
        pairs = zip(self.patch.flat, self.kernel.flat, strict=True)
        return [f"{x:g}·{_number(weight)}" for x, weight in pairs]

    def summary(self) -> str:
        """The numbers in words."""
        output, (row, column), (r, c) = self.output, self.place, self.chosen
        ends = f"from {_number(output.min())} to {_number(output.max())}"
        return (
            f"Row {row + 1}, column {column + 1}: patch × kernel = {' + '.join(self.products())} = "
            f"{_number(output[row, column])}\nOutput {len(output)} × {len(output)}, {ends}; digit "
            f"{self.digit}; kernel: {self.preset}, sum {_number(self.kernel.sum())}. Chosen: "
            f"weight {_number(self.kernel[r, c])} in row {r + 1}, column {c + 1}."
        )


def _moved(place: tuple[int, int], right: int, up: int, last: int) -> tuple[int, int]:
    return min(max(place[0] - up, 0), last), min(max(place[1] + right, 0), last)


def _number(value: float) -> str:
    return f"{round(value, 2) + 0.0:.4g}".replace("-", "−")


def plots(state: FilterState) -> list[svg.Plot]:
    """Where the output stands; its y is minus the row."""
    n = len(state.output)
    return [svg.Plot((0, n), (-n, 0), (OUT_LEFT, TOP, n * CELL, n * CELL), name="output")]


def grid(
    x: float, y: float, cell: float, values: Any, size: float = 10, signed: bool = False
) -> str:
    """Numbers on their colours: grey for 0 to 16, or blue, white, orange by sign.

    Args: x, y: the upper left corner. cell: the side of a cell. size: of the numbers.
    """
    box = x, y, cell * values.shape[1], cell * values.shape[0]
    most = max(np.abs(values).max(), 1e-9)
    shown = class_field(0.5 + values / (2 * most)) if signed else 255 - 15 * values
    parts = [svg.image(*box, shown), svg.rectangle(*box, stroke=INK, stroke_width=1)]
    for (row, column), value in np.ndenumerate(values):
        ink = PAPER if not signed and value > 8 else INK
        place = x + (column + 0.5) * cell, y + (row + 0.5) * cell + 0.36 * size
        parts.append(svg.text(*place, _number(value), anchor="middle", size=size, colour=ink))
    return "".join(parts)


def render(state: FilterState) -> str:
    """The padded digit with the window, the kernel with the calculation, the output, ten digits."""
    output, (row, column), p = state.output, state.place, state.padding
    corner, side, top = (LEFT - p * CELL, TOP + 50 - p * CELL), (8 + 2 * p) * CELL, TOP - 14
    parts = [
        svg.text(12, top, f"digit {state.digit}, padding {p}", weight="600"),
        svg.text(KERNEL_LEFT, top, "kernel: drag a weight", weight="600"),
        svg.text(OUT_LEFT, top, f"output {len(output)} × {len(output)}", weight="600"),
        svg.rectangle(*corner, side, side, stroke=GREY, dash="4 3"),
        grid(LEFT, TOP + 50, CELL, state.image),
        grid(KERNEL_LEFT, TOP, KERNEL_CELL, state.kernel, 15, signed=True),
        grid(OUT_LEFT, TOP, CELL, output.round(1), 8 if (output % 1).any() else 9, signed=True),
        _frame(OUT_LEFT + column * CELL, TOP + row * CELL, CELL, VERMILLION),
    ]
    for y, x in product(*state.window):
        parts.append(_frame(LEFT + x * CELL, TOP + 50 + y * CELL, CELL, VERMILLION))
    for k, words in enumerate(state.products()):
        i, j = divmod(k, 3)
        look = {"data_weight": k, "style": "cursor: ns-resize"}
        at, ink = (KERNEL_LEFT + j * KERNEL_CELL, TOP + i * KERNEL_CELL), BLUE
        parts.append(_frame(*at, KERNEL_CELL, ink if (i, j) == state.chosen else "none", **look))
        parts.append(svg.text(KERNEL_LEFT + 61 * j, 206 + 20 * i, words, size=12))
    words = f"Σ patch × kernel = {_number(output[row, column])}"
    parts.append(svg.text(KERNEL_LEFT, 274, words, weight="600", colour=VERMILLION))
    for digit, image in enumerate(state.images):
        x, ink = 12 + 74 * digit, BLUE if digit == state.digit else GRID
        frame = _frame(x, 356, 44, ink, data_digit=digit, style="cursor: pointer")
        parts += [svg.image(x, 356, 44, 44, 255 - 15 * image), frame]
    label = f"Filter editor. {state.summary()}".replace("\n", ". ")
    return svg.document(780, 410, label, *parts)


def _frame(x: float, y: float, side: float, ink: str, **more: Any) -> str:
    look = {"fill": "transparent", "stroke": ink, "stroke_width": 2.5, **more}
    return svg.rectangle(x + 1.5, y + 1.5, side - 3, side - 3, **look)


class FilterEditor(App):
    """What does a kernel look for? Edit its weights, and see each output as patch × kernel.

    Args: preset: a key of PRESETS.
    """

    def __init__(self, preset: str = "vertical edges") -> None:
        sliders = (("stride", 1, 3), ("padding", 0, 2), ("dilation", 1, 3))
        controls = [IntSlider(name, name, low=low, high=high) for name, low, high in sliders]
        kernels = Choice("preset", "kernel", options=(*PRESETS, OWN))
        everything = FilterState(preset), render, [kernels, *controls]
        super().__init__(*everything, plots=plots, keys_help=KEYS_HELP)
