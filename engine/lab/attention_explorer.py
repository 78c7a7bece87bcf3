"""The attention explorer of notebook 07: where each place of a small Transformer looks."""

from __future__ import annotations

import math
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np

import engine
from engine.datasets import make_reversal
from engine.lab import svg
from engine.lab.app import App, Event
from engine.lab.colours import BLUE, GREY, INK, ORANGE, VERMILLION, class_field
from engine.lab.controls import Choice, Control, Rates, Toggle
from engine.lab.cross_check import as_array
from engine.lab.svg import Plot
from engine.nn import functional as F

MOST_PLACES = 12  # that fit into the picture
TEMPERATURES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 100.0)
CELL, LEFT, TOP, STRIPS = 26, 66, 66, 480  # pixels of the picture
_SAID = Plot(
    (-0.5, 9.5), (0, 1), (540, 66, 215, 140), "", "symbol said", "", range(10), (0, 0.5, 1)
)


class Look(NamedTuple):
    """What becomes of one list of T places; S symbols. One array for each layer in `weights`,
    (heads, T, T), and `values`, (heads, T, d / heads); `said` (T, S), probabilities.
    """

    weights: list[np.ndarray]
    values: list[np.ndarray]
    said: np.ndarray


def _tensor(value: Any) -> Any:
    return engine.tensor(as_array(value), dtype=engine.float64)


def _linear(part: Any, x: Any, kind: str = "") -> Any:
    weight, bias = getattr(part, f"{kind}weight"), getattr(part, f"{kind}bias")
    return F.linear(x, _tensor(weight), None if bias is None else _tensor(bias))


def _norm(part: Any, x: Any) -> Any:
    bias = None if part.bias is None else _tensor(part.bias)
    return F.layer_norm(x, part.normalized_shape, _tensor(part.weight), bias, part.eps)


def look(model: Any, tokens: np.ndarray, temperature: float = 1.0, positions: bool = True) -> Look:
    """Pass a list through a model, with all attention scores divided by a temperature.

    Args: model: see `AttentionState`. positions: whether they are added. Shapes: tokens (T,).
    """
    x = _tensor(model.embed.weight)[tokens] + _tensor(model.positions)[: len(tokens)] * positions
    weights, values = [], []
    for layer in encoder_layers(model):
        part, first = layer.self_attn, layer.norm_first
        packed = _linear(part, _norm(layer.norm1, x) if first else x, "in_proj_")
        packed = packed.reshape(len(tokens), 3, part.num_heads, -1)
        q, k, v = packed.permute(1, 2, 0, 3).unbind()  # (heads, T, d / heads) each
        scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
        weights.append(F.softmax(scores / temperature, dim=-1))
        values.append(v)
        x = x + _linear(part.out_proj, (weights[-1] @ v).transpose(0, 1).flatten(1))
        x = x if first else _norm(layer.norm1, x)
        inner = _linear(layer.linear1, _norm(layer.norm2, x) if first else x)
        x = x + _linear(layer.linear2, getattr(F, layer.activation.__name__)(inner))
        x = x if first else _norm(layer.norm2, x)
    said = F.softmax(_linear(model.out, x), dim=-1)
    return Look([w.numpy() for w in weights], [v.numpy() for v in values], said.numpy())


def encoder_layers(model: Any) -> list[Any]:
    """The encoder layers of a model of either library, from input to output."""
    return [m for m in model.modules() if type(m).__name__ == "TransformerEncoderLayer"]


class AttentionState:
    """A list of digits in a Transformer, and the place whose view is shown.

    Args: model: a module of the engine or of PyTorch with `embed` (an Embedding of at most 10
        symbols), `positions` (a table that is added), encoder layers and `out` (a Linear).
        seed: of the list.
    Attributes: tokens: the list, (T,). head: layer and head shown, from 0. row: the place that
        asks. place: the place that typing changes. positions, temperature: see `look`.
    Raises: TypeError if the model lacks a part; ValueError for more than 10 symbols, or a model
        that does something else with its parts than `look`.
    """

    def __init__(self, model: Any, seed: int = 0) -> None:
        missing = [n for n in ("embed", "positions", "out") if not hasattr(model, n)]
        if missing or not encoder_layers(model):
            needed = "embed, positions, out and TransformerEncoderLayers"
            raise TypeError(f"the model needs {needed}; it lacks {missing or 'the layers'}")
        self.symbols = len(model.embed.weight)
        if self.symbols > 10:
            raise ValueError(f"digits name at most 10 symbols, the model has {self.symbols}")
        self.model, self.seed = model, seed
        self.heads = [
            (i, head)
            for i, layer in enumerate(encoder_layers(model))
            for head in range(layer.self_attn.num_heads)
        ]
        self.head, self.row, self.place = self.heads[0], 0, 0
        self.positions, self.temperature = True, 1.0
        self.reset()
        library = import_module(type(model.embed).__module__.partition(".")[0])
        own = F.softmax(_tensor(model(library.tensor(self.tokens)[None])[0]), dim=-1).numpy()
        if not np.allclose(own, self.look().said, atol=1e-4):
            raise ValueError("the model is not embed + positions, encoder layers, out (dropout?)")

    def reset(self) -> None:
        """The list of this seed."""
        length = min(len(self.model.positions), MOST_PLACES)
        self.tokens = make_reversal(1, length, self.symbols, self.seed)[0][0]

    def look(self) -> Look:
        """Weights, values and answer of the list as it stands."""
        return look(self.model, self.tokens, self.temperature, self.positions)

    def summary(self) -> str:
        """What the chosen place sees and says, and the whole answer."""
        return _summary(self, self.look())

    def hover(self, event: Event) -> None:
        """Show the row under the pointer."""
        self.row = int(event.target.get("row", self.row))

    def click(self, event: Event) -> None:
        """Choose a row, or a place of the list; a second click there counts its symbol up."""
        self.hover(event)
        before, self.place = self.place, int(event.target.get("place", self.place))
        if "place" in event.target and self.place == before:
            self.tokens[before] = (self.tokens[before] + 1) % self.symbols

    def key(self, event: Event) -> None:
        """Up and down choose the row, left and right the place; a digit is written there."""
        right, up = event.arrows
        self.row = (self.row - up) % len(self.tokens)
        self.place = (self.place + right) % len(self.tokens)
        if event.key.isdecimal() and int(event.key) < self.symbols:
            self.tokens[self.place] = int(event.key)
            self.place = (self.place + 1) % len(self.tokens)


def entropy(weights: np.ndarray) -> float:
    """-Σ w ln w: 0 where one weight is 1, ln T where all T are equal. Shapes: weights (T,)."""
    return float(-(weights * np.log(np.maximum(weights, 1e-300))).sum())


def _summary(state: AttentionState, seen: Look) -> str:
    layer, head = state.head
    row, weights = state.row, seen.weights[layer][head][state.row]
    best, said = int(weights.argmax()), int(seen.said[row].argmax())
    return (
        f"Place {row} (digit {state.tokens[row]}) looks most at place {best} (digit "
        f"{state.tokens[best]}), weight {weights[best]:.2f}; entropy {entropy(weights):.2f} of at "
        f"most {math.log(len(weights)):.2f}. It says {said}, probability "
        f"{seen.said[row, said]:.2f}.\n"
        f"list   {' '.join(map(str, state.tokens))}   (seed {state.seed})\n"
        f"answer {' '.join(map(str, seen.said.argmax(1)))}"
    )


def render(state: AttentionState) -> str:
    """The map of all rows; below it the weights of one row over the values that they mix."""
    seen, (layer, head), length = state.look(), state.head, len(state.tokens)
    weights, values = seen.weights[layer][head], seen.values[layer][head]
    row, side, best = weights[state.row], CELL * length, seen.said.argmax(1)
    ask = {"x": LEFT - 58, "width": side + 140, "height": CELL}
    shades = (255 - weights[..., None] * (255, 165, 105)).round()
    bars = Plot((0, length), (0, 1), (LEFT, 400, side, 56), x_ticks=(), y_ticks=(0, 1))
    strips = class_field(0.5 + np.vstack([values, row @ values]).T / 6)  # from -3 to 3
    framed = {
        (LEFT, TOP, side, side): shades,
        (LEFT, STRIPS, side, 72): strips[:, :-1],
        (LEFT + side + 40, STRIPS, CELL, 72): strips[:, -1:],
    }
    middle = {"anchor": "middle", "size": 12}
    parts = [
        *(svg.image(*box, rgb) + svg.rectangle(*box, stroke=INK) for box, rgb in framed.items()),
        bars.axes(grid=False),
        bars.bars(range(length + 1), row, fill=BLUE),
        _SAID.axes(),
        _SAID.bars(np.arange(state.symbols + 1) - 0.5, seen.said[state.row], fill=ORANGE),
    ]
    for t, token in enumerate(state.tokens):
        x, at = LEFT + CELL * (t + 0.5), TOP + CELL * (t + 0.5) + 4
        chosen = {"weight": "700"} if t == state.row else {}
        parts += [
            svg.text(x, TOP - 30, t, colour=GREY, anchor="middle", size=10),
            svg.text(LEFT - 46, at, t, colour=GREY, anchor="middle", size=10),
            svg.text(x, TOP - 8, token, anchor="middle", size=16, weight="600"),
            svg.text(LEFT - 22, at, token, anchor="middle", **chosen),
            svg.text(LEFT + side + 22, at, best[t], anchor="middle", **chosen),
            svg.text(LEFT + side + 58, at, f"{seen.said[t, best[t]]:.2f}", colour=GREY, **middle),
            svg.text(x, 472, f"{row[t]:.2f}".lstrip("0"), anchor="middle", size=10),
            svg.rectangle(y=TOP + CELL * t, **ask, fill="transparent", data_row=t),
            svg.rectangle(x - 13, TOP - 28, CELL, 26, fill="transparent", data_place=t),
        ]
    cursor = LEFT + CELL * state.place + 1
    words = f"layer {layer + 1}, head {head + 1}"
    parts += [
        svg.rectangle(cursor, TOP - 27, CELL - 2, 25, stroke=VERMILLION, dash="3 2"),
        svg.rectangle(y=TOP + CELL * state.row, **ask, stroke=VERMILLION, stroke_width=2.5),
        svg.text(LEFT + side / 2, 18, f"places and digits looked at, {words}", anchor="middle"),
        svg.text(LEFT - 32, TOP - 10, "asks", **middle),
        svg.text(LEFT + side + 22, TOP - 10, "says", **middle),
        svg.text(LEFT + side + 58, TOP - 10, "prob.", colour=GREY, **middle),
        svg.text(647, 52, f"what place {state.row} says", anchor="middle", weight="600"),
        svg.text(LEFT + side + 12, 432, f"weights of place {state.row}, entropy "
                 f"{entropy(row):.2f}"),
        svg.text(540, 300, "Rows ask, columns are looked at."),
        svg.text(540, 320, "Darker: larger weight, 0 to 1."),
        svg.text(LEFT + side + 20, STRIPS + 42, "=", anchor="middle", size=18),
        svg.text(LEFT + side + 76, STRIPS + 34, "values of the places, and their mix:"),
        svg.text(LEFT + side + 76, STRIPS + 54, "blue below 0, orange above"),
    ]  # fmt: skip
    label = f"Attention of {words}. {_summary(state, seen)}"
    return svg.document(780, 566, " ".join(label.split()), *parts)


class AttentionExplorer(App):
    """Where does each place look, and what does it take home?

    Hover a row; click a digit of the list, or type another. Temperature divides the scores.

    Args: those of `AttentionState`.
    """

    def __init__(self, model: Any, seed: int = 0) -> None:
        state = AttentionState(model, seed)
        names = {f"layer {i + 1}, head {head + 1}": (i, head) for i, head in state.heads}
        controls: list[Control] = [
            Toggle("positions", "positions"),
            Rates("temperature", "temperature", options=TEMPERATURES),
        ]
        if len(names) > 1:
            controls.insert(0, Choice("head", "attention of", options=names))
        keys = (
            "Attention picture. Up and down choose the place that asks; left and right choose a "
            "digit of the list, a digit key writes there."
        )
        super().__init__(state, render, controls, keys_help=keys)
