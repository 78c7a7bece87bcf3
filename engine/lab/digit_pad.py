"""The digit pad of notebook 05: draw a digit and watch what a network makes of it."""

from __future__ import annotations

import sys
from functools import cache
from typing import Any

import numpy as np

import engine
from engine import nn, optim
from engine.datasets import load_digits, split
from engine.lab import svg
from engine.lab.app import App, Event
from engine.lab.colours import BLUE, GRID, ORANGE, class_field
from engine.lab.controls import IntSlider
from engine.lab.cross_check import as_array
from engine.lab.svg import Plot
from engine.nn import functional as F

INK_FULL, INK_SOFT, TESTS = 16.0, 6.0, 360
PAD = Plot((0, 8), (-8, 0), (12, 40, 272, 272), name="pad")  # y is minus the row
KEYS_HELP = (
    "Digit pad. Arrow keys move the cursor, with shift they draw. Enter and space: paint or erase "
    "a cell. Home: clear. End: next test digit."
)


def _cell(event: Event) -> tuple[int, int]:
    return min(max(int(-event.y), 0), 7), min(max(int(event.x), 0), 7)


class PadState:
    """A drawing of 8 × 8, and what each layer of a network makes of it.

    Args: model: an nn.Sequential of the engine or of PyTorch from (B, 1, 8, 8), 0 to 1, to (B, 10);
    it is put into eval mode. None: the first stroke trains one.
    Attributes: ink: (8, 8), 0 to 16. layer: whose maps are shown. maps: by layer number, the
    name and (C, H, W) of each layer that makes images. shares: the ten probabilities.
    Raises: TypeError for a model without layers; ValueError for one that does not give 10 numbers.
    """

    def __init__(self, model: Any = None) -> None:
        self.cursor, self.layer, self.model = (3, 3), 3, model
        _, self.tests, _, self.targets = split(*load_digits(), test=TESTS)
        self.example = 0 if model is None else 1  # something to look at

    @property
    def example(self) -> int:
        """The test digit last loaded, 1 to 360; 0 for a drawing, which setting it clears."""
        return self._example

    @example.setter
    def example(self, number: int) -> None:
        self._example = number
        self.ink = self.tests[number - 1].reshape(8, 8).copy() if number else np.zeros((8, 8))
        self.look()

    def look(self) -> None:
        """Pass the drawing through the network, layer by layer."""
        self.maps, self.shares = dict[int, tuple[str, np.ndarray]](), np.full(10, 0.1)
        if self.model is None:
            if not self.ink.any():
                return
            self.model = small_cnn()
        if not hasattr(self.model, "children"):
            raise TypeError(f"model must be an nn.Sequential, got {type(self.model).__name__}")
        weight = next(self.model.eval().parameters())
        library = sys.modules[type(weight).__module__.split(".")[0]]  # engine or torch
        x = library.tensor(self.ink[None, None] / INK_FULL, dtype=weight.dtype)
        for number, layer in enumerate(self.model.children(), 1):
            x = layer(x)
            if x.ndim == 4:
                self.maps[number] = type(layer).__name__, as_array(x)[0]
        if tuple(x.shape) != (1, 10):
            raise ValueError(f"model must make (1, 10) of (1, 1, 8, 8), got {tuple(x.shape)}")
        odds = np.exp(as_array(x - x.max())[0])
        self.shares = odds / odds.sum()

    def paint(self, row: int, column: int, erase: bool = False) -> None:
        """Ink in a cell, and a softer edge around it; or a cell without ink."""
        self._example, self.cursor = 0, (row, column)
        soft = [(row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)]
        for r, c in [] if erase else soft:
            if 0 <= r < 8 and 0 <= c < 8:
                self.ink[r, c] = max(self.ink[r, c], INK_SOFT)
        self.ink[row, column] = 0 if erase else INK_FULL
        self.look()

    def press(self, event: Event) -> None:
        """Begin to draw, or on full ink to erase; or clear."""
        if event.target.get("grab") == "clear":
            self.example = 0
        if event.plot == "pad":
            row, column = _cell(event)
            self._erasing = self.ink[row, column] == INK_FULL
            self.paint(row, column, self._erasing)

    def drag(self, event: Event) -> None:
        """Draw on, or erase on."""
        if event.plot == "pad" and _cell(event) != self.cursor:
            self.paint(*_cell(event), self._erasing)

    def key(self, event: Event) -> None:
        """Everything from the keyboard; see KEYS_HELP."""
        (right, up), (row, column) = event.arrows, self.cursor
        self.cursor = min(max(row - up, 0), 7), min(max(column + right, 0), 7)
        if event.key in ("Enter", " "):
            self.paint(row, column, erase=self.ink[row, column] == INK_FULL)
        elif event.key in ("Home", "End"):
            self.example = self.example % TESTS + 1 if event.key == "End" else 0
        elif event.shift:
            self.paint(*self.cursor)

    def summary(self) -> str:
        """The numbers in words."""
        order = np.argsort(-self.shares, kind="stable")
        what = f"Your drawing, ink {self.ink.sum():.0f}."
        if self.example:
            what = f"Test digit {self.example}, a {self.targets[self.example - 1]}."
        if self.model is None:
            return f"{what}\nThe first stroke trains a small CNN, for a second or two."
        first, second = (f"{k} with {self.shares[k]:.1%}" for k in order[:2])
        return f"{what}\nRead as {first}, then {second}."


@cache
def small_cnn() -> nn.Sequential:
    """The CNN of notebook 05, trained once on moved digits: 300 batches, a second or two."""
    x, _, target, _ = split(*load_digits(), test=TESTS)
    x = np.pad(x.reshape(-1, 1, 8, 8) / INK_FULL, ((0, 0), (0, 0), (1, 1), (1, 1)))
    rng, layers = np.random.default_rng(0), list[nn.Module]()
    for channels, maps in ((1, 16), (16, 32)):
        conv = nn.Conv2d(channels, maps, 3, padding=1)
        layers += [conv, nn.BatchNorm2d(maps), nn.ReLU(), nn.MaxPool2d(2)]
    model = nn.Sequential(*layers, nn.Flatten(), nn.Linear(128, 10))
    for layer in (model[0], model[4], model[9]):  # the same network in each session
        nn.init.kaiming_uniform_(layer.weight, generator=engine.Generator().manual_seed(0))
    optimizer = optim.Adam(model.parameters(), lr=0.01)
    for _ in range(300):
        rows, (i, j) = rng.integers(len(x), size=64), rng.integers(3, size=2)
        batch = engine.tensor(x[rows, :, i : i + 8, j : j + 8], dtype=engine.get_default_dtype())
        optimizer.zero_grad()
        F.cross_entropy(model(batch), engine.tensor(target[rows])).backward()
        optimizer.step()
    return model


def render(state: PadState) -> str:
    """The pad, the maps of the chosen layer, and a bar for each of the ten digits."""
    (row, column), titles = state.cursor, {12: "draw here", 612: "probability"}
    parts = [svg.image(*PAD.box, 255 - 15 * state.ink)]
    for k in range(9):
        parts += [PAD.vertical(k, colour=GRID, dash=""), PAD.horizontal(-k, colour=GRID, dash="")]
    parts.append(svg.rectangle(*PAD.at(column, -row), 34, 34, stroke=BLUE, stroke_width=2.5))
    clear = svg.rectangle(12, 322, 84, 30, fill=GRID, rx=6) + svg.text(54, 342, "clear")
    parts.append(svg.group(clear, anchor="middle", data_grab="clear", style="cursor: pointer"))
    if state.layer in state.maps:
        name, maps = state.maps[state.layer]
        titles[306] = f"{len(maps)} maps after layer {state.layer}, {name}"
        words = f"from {maps.min():.2g} to {maps.max():.2g}; blue below 0, orange above"
        parts += [svg.image(306, 40, 272, 272, picture(maps)), svg.text(306, 342, words, size=12)]
    parts += [svg.text(x, 26, words, weight="600") for x, words in titles.items()]
    for digit, share in enumerate(state.shares):
        y, best = 40 + 28 * digit, share == state.shares.max()
        parts.append(svg.text(612, y + 14, digit, weight="600" if best else ""))
        parts.append(svg.rectangle(630, y, 90 * share, 18, fill=ORANGE if best else BLUE))
        parts.append(svg.text(636 + 90 * share, y + 14, f"{share:.1%}", size=12))
    label = f"Digit pad. {state.summary()}".replace("\n", " ")
    return svg.document(780, 364, label, *parts)


def picture(maps: np.ndarray) -> np.ndarray:
    """Maps side by side in blue, white and orange, stretched by a root so that faint ones show."""
    tiles = mosaic(maps, int(np.ceil(len(maps) ** 0.5)))
    signed = np.sign(tiles) * np.sqrt(np.abs(tiles) / max(np.abs(maps).max(), 1e-9))
    gap = list(bytes.fromhex(GRID[1:]))
    return np.where(np.isnan(tiles)[..., None], gap, class_field(0.5 + signed / 2))


def mosaic(maps: np.ndarray, columns: int = 4) -> np.ndarray:
    """Maps side by side, with a gap of one NaN pixel. Shapes: maps (C, H, W)."""
    room = (0, -len(maps) % columns), (0, 1), (0, 1)
    tiles = np.pad(maps, room, constant_values=np.nan)
    rows = tiles.reshape(-1, columns, *tiles.shape[1:]).swapaxes(1, 2)
    return rows.reshape(-1, columns * tiles.shape[2])[:-1, :-1]


class DigitPad(App):
    """Draw a digit and watch feature maps and probabilities; `model` as in `PadState`."""

    def __init__(self, model: Any = None) -> None:
        layers = IntSlider("layer", "maps after layer", low=1, high=8)
        controls = [layers, IntSlider("example", "test digit", low=0, high=TESTS)]
        super().__init__(PadState(model), render, controls, plots=[PAD], keys_help=KEYS_HELP)
