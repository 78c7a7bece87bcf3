"""The size calculator of notebook 05: a chain of layers, its sizes, and the pixels nobody reads."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from engine.lab import svg
from engine.lab.app import App, Event
from engine.lab.colours import BLUE, GREY, INK, ORANGE, PAPER, SKY
from engine.lab.controls import IntSlider

SMALLEST, LARGEST, MOST_LAYERS = 3, 40, 5
BUTTONS = {"conv": "+ conv", "pool": "+ pool", "remove": "remove"}
LIMITS = {"kernel": (1, 7), "stride": (1, 4), "padding": (0, 3), "dilation": (1, 3)}
KEYS_HELP = (
    "Size calculator. Left and right arrows: choose a layer. Up and down: input size. Enter: add a "
    "convolution. Space: add a pooling. Home: remove the layer."
)


@dataclass(frozen=True)
class Layer:
    """A convolution or a pooling; kernel and all else are the same for height and width."""

    kind: str = "conv"
    kernel: int = 3
    stride: int = 1
    padding: int = 0
    dilation: int = 1

    @property
    def span(self) -> int:
        """From the first to the last pixel of a window."""
        return self.dilation * (self.kernel - 1) + 1

    def windows(self, n: int) -> np.ndarray:
        """The pixels of each window on n pixels; padding lies outside of 0 to n - 1.

        Shapes: (size of the output, kernel).
        """
        starts = np.arange(-self.padding, n + self.padding - self.span + 1, self.stride)
        return starts[:, None] + self.dilation * np.arange(self.kernel)

    def misfit(self, n: int) -> str:
        """Why the layer cannot work on n pixels, or ""."""
        if self.kind == "pool" and 2 * self.padding > self.span:
            return f"a pooling that spans {self.span} takes a padding of at most {self.span // 2}"
        room = n + 2 * self.padding
        return f"a window spans {self.span}, there are {room}" if self.span > room else ""

    def formula(self, n: int) -> str:
        """The size of the output, worked out."""
        k, s, p, d = self.kernel, self.stride, self.padding, self.dilation
        top = n + 2 * p - d * (k - 1) - 1
        return (
            f"⌊({n} + 2·{p} − {d}·({k} − 1) − 1) / {s}⌋ + 1 = ⌊{top / s:.4g}⌋ + 1 = {top // s + 1}"
        )


NEW = {"conv": Layer(), "pool": Layer("pool", 2, 2)}


def _setting(name: str) -> Any:
    """A property of the state that reads and writes the chosen layer."""

    def change(state: SizeState, value: int) -> None:
        state.layers[state.chosen] = replace(state.layers[state.chosen], **{name: value})

    return property(lambda state: getattr(state.layers[state.chosen], name), change)


class SizeState:
    """A chain of layers on an image of size × size. chosen: the layer that the sliders set."""

    kernel, stride, padding, dilation = map(_setting, LIMITS)

    def __init__(self) -> None:
        self.size, self.chosen = 28, 0
        self.layers = [Layer(kernel=5, stride=2), NEW["pool"], Layer(padding=1)]

    @property
    def sizes(self) -> list[int]:
        """The size of the image and after each layer, up to the first that does not fit."""
        sizes = [self.size]
        for layer in self.layers:
            if layer.misfit(sizes[-1]):
                break
            sizes.append(len(layer.windows(sizes[-1])))
        return sizes

    @property
    def field(self) -> int:
        """Receptive field: how many pixels of the image, in a row, one output sees."""
        field, step = 1, 1
        for layer in self.layers:
            field, step = field + (layer.span - 1) * step, step * layer.stride
        return field

    def unread(self, index: int) -> np.ndarray:
        """The pixels in a row of a layer's input that none of its windows reads."""
        n = self.sizes[index]
        return np.setdiff1d(np.arange(n), self.layers[index].windows(n))

    def press(self, event: Event) -> None:
        """Choose the layer that was pressed, take hold of the input, or add and remove layers."""
        grab = event.target.get("grab", "")
        self._drag = (event.py, self.size) if grab == "input" else None
        if grab.isdigit():
            self.chosen = int(grab)
        self.change(grab)

    def drag(self, event: Event) -> None:
        """Up makes the input larger, by 1 for each 8 pixels."""
        if self._drag:
            began, size = self._drag
            self.size = min(max(size + round((began - event.py) / 8), SMALLEST), LARGEST)

    def key(self, event: Event) -> None:
        """Everything from the keyboard; see KEYS_HELP."""
        right, up = event.arrows
        self.chosen = min(max(self.chosen + right, 0), len(self.layers) - 1)
        self.size = min(max(self.size + up, SMALLEST), LARGEST)
        self.change({"Enter": "conv", " ": "pool", "Home": "remove"}.get(event.key, ""))

    def change(self, what: str) -> None:
        """Add a "conv" or "pool" behind the chosen layer, or "remove" it; one to five remain."""
        if what in NEW and len(self.layers) < MOST_LAYERS:
            self.chosen += 1
            self.layers.insert(self.chosen, NEW[what])
        elif what == "remove" and len(self.layers) > 1:
            del self.layers[self.chosen]
            self.chosen = min(self.chosen, len(self.layers) - 1)

    def news(self) -> str:
        """The chosen layer's formula with its numbers, or why there is none."""
        sizes, layer, name = self.sizes, self.layers[self.chosen], f"Layer {self.chosen + 1}"
        if self.chosen >= len(sizes):
            return f"{name} gets nothing: an earlier layer does not fit."
        n = sizes[self.chosen]
        misfit = layer.misfit(n)
        return f"{name} does not fit: {misfit}." if misfit else f"{name}: {layer.formula(n)}"

    def summary(self) -> str:
        """The numbers in words."""
        sizes = self.sizes
        words = f"{self.news()}\nSizes: {' → '.join(map(str, sizes))}"
        if len(sizes) <= len(self.layers):
            return f"{words}, then layer {len(sizes)} does not fit."
        waste = ", ".join(str(len(self.unread(i))) for i in range(len(self.layers)))
        return f"{words}. Rows never read, by layer: {waste}. Receptive field: {self.field} pixels."


def render(state: SizeState) -> str:
    """The chain, the chosen layer's formula, its input with the unread pixels, and its windows."""
    sizes, parts = state.sizes, [_box(12, 14, f"input {state.size}", "input", "▲▼ drag")]
    for i, layer in enumerate(state.layers):
        title = f"{layer.kind} {layer.kernel} → {sizes[i + 1] if i + 1 < len(sizes) else '✗'}"
        words, x = f"s {layer.stride}, p {layer.padding}, d {layer.dilation}", 130 + 118 * i
        ink = {"stroke": BLUE, "stroke_width": 3} if i == state.chosen else {}
        parts += [_box(x, 14, title, str(i), words, **ink), svg.arrow(x - 18, 40, x - 2, 40)]
    for k, (grab, words) in enumerate(BUTTONS.items()):
        parts.append(_box(12 + 95 * k, 82, words, grab))
    parts.append(svg.text(304, 103, state.news()))
    if state.chosen < len(sizes):
        parts.append(_reading(state.layers[state.chosen], sizes[state.chosen]))
    label = f"Size calculator. {state.summary()}".replace("\n", " ")
    return svg.document(780, 400, label, *parts)


def _box(x: float, y: float, title: str, grab: str, words: str = "", **ink: Any) -> str:
    look = {"fill": PAPER, "rx": 6, "stroke": GREY, **ink}
    width, height = (100, 52) if words else (84, 32)
    box = svg.rectangle(x, y, width, height, **look)
    lines = svg.text(x + width / 2, y + 21, title, weight="600")
    lines += svg.text(x + width / 2, y + 41, words, size=12)
    return svg.group(box, lines, anchor="middle", data_grab=grab, style="cursor: pointer")


def _reading(layer: Layer, n: int) -> str:
    """The layer's input as a plane and as a row, unread pixels crossed out, with some windows."""
    windows = np.empty((0, 1)) if layer.misfit(n) else layer.windows(n)
    read, p, cell = np.isin(np.arange(n), windows), layer.padding, 500 / (n + 2 * layer.padding)
    both, cell, rise = np.outer(read, read), min(22.0, cell), min(22.0, 200 / (len(windows) or 1))
    cross = np.kron(~both, np.eye(5) + np.eye(5)[::-1]) > 0  # 5 × 5 dots for each pixel
    plane = np.where(both[..., None], _rgb(SKY), _rgb(ORANGE)).repeat(5, 0).repeat(5, 1)
    parts = [
        svg.text(12, 146, f"its input {n} × {n}: {1 - both.mean():.0%} never read"),
        svg.image(12, 156, 220, 220, np.where(cross[..., None], _rgb(INK), plane)),
        svg.text(262, 146, f"a row of it (dashed: padding) and its {len(windows)} windows"),
    ]
    for i in range(-p, n + p):
        inside = 0 <= i < n
        fill = PAPER if not inside else SKY if read[i] else ORANGE
        x, look = 262 + (i + p) * cell, {"stroke": INK, "dash": "" if inside else "2 2"}
        parts.append(svg.rectangle(x, 158, cell, cell, fill=fill, **look))
        if inside and not read[i]:
            parts.append(svg.symbol(x + cell / 2, 158 + cell / 2, "cross", INK, 0.4 * cell))
    for row, places in enumerate(262 + (windows + p + 0.5) * cell):
        y = 194 + rise * row
        parts.append(svg.line(places[0], y, places[-1], y, colour=BLUE))
        parts += [svg.circle(x, y, min(5, 0.4 * cell, 0.5 * rise), fill=BLUE) for x in places]
    return "".join(parts)


def _rgb(colour: str) -> np.ndarray:
    return np.array(list(bytes.fromhex(colour[1:])))


class SizeCalculator(App):
    """How large is the output, and what is never read? Convolutions and poolings in a chain."""

    def __init__(self) -> None:
        controls = [
            IntSlider(name, name, low=low, high=high) for name, (low, high) in LIMITS.items()
        ]
        super().__init__(SizeState(), render, controls, keys_help=KEYS_HELP)
