"""The widget of notebook 09: a PyTorch program, layer by layer, with its shapes and its cost."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any, NamedTuple

from engine.lab import svg
from engine.lab.app import App, Event
from engine.lab.colours import BLUE, GREY, INK, ORANGE, PAPER, SKY, VERMILLION
from engine.lab.controls import Choice, Rates

SIZES = (1, 2, 4, 8, 10, 16, 32, 64, 128, 256, 512)
MOST_LAYERS = 15
Shape = tuple[int, ...]  # without the batch axis


# Kind of layer -> its line of the program, and its arithmetic: for an input of shape s and a size
# n the shape of the output, the parameters, and the number of places where each of them works.
KINDS: dict[str, tuple[str, Callable[[Shape, int], tuple[Shape, int, int]]]] = {
    "Linear": ("nn.Linear({1}, {n})", lambda s, n: ((*s[:-1], n), (s[-1] + 1) * n, 1)),
    "ReLU": ("nn.ReLU()", lambda s, n: (s, 0, 1)),
    "Dropout": ("nn.Dropout(0.5)", lambda s, n: (s, 0, 1)),
    "Flatten": ("nn.Flatten()", lambda s, n: ((prod(s),), 0, 1)),
    "Conv2d": (
        "nn.Conv2d({0}, {n}, 3, padding=1)",
        lambda s, n: ((n, *s[1:]), (9 * s[0] + 1) * n, s[1] * s[2]),
    ),
    "BatchNorm2d": ("nn.BatchNorm2d({0})", lambda s, n: (s, 2 * s[0], 1)),
    "MaxPool2d": ("nn.MaxPool2d(2)", lambda s, n: ((s[0], s[1] // 2, s[2] // 2), 0, 1)),
    "AdaptiveAvgPool2d": ("nn.AdaptiveAvgPool2d(1)", lambda s, n: ((s[0], 1, 1), 0, 1)),
    "Embedding": ("nn.Embedding(1000, {n})", lambda s, n: ((*s, n), 1000 * n, 1)),
    "LSTM": (
        "nn.LSTM({1}, {n}, batch_first=True)",
        lambda s, n: ((s[0], n), 4 * n * (s[1] + n + 2), s[0]),
    ),
    "Last": ("Last()", lambda s, n: (s[1:], 0, 1)),
}
# What a kind takes; one that ends in 2d takes images, all others numbers of any shape.
TAKES = {"Embedding": "words", "LSTM": "a sequence", "Last": "a pair"}
LAST = """class Last(nn.Module):  # the last step of a sequence
    def forward(self, pair):
        output, _ = pair  # (B, T, H), and the states
        return output[:, -1]


"""
# What to change, by what a layer gets that only one kind takes, or else by what it takes.
CURES = {
    ("gets", "words"): "begin with Embedding",
    ("gets", "a pair"): "put Last behind the LSTM",
    ("takes", "an image"): "use an image, before Flatten",
    ("takes", "a sequence"): "use words",
    ("takes", "words"): "use words, put it first",
    ("takes", "a pair"): "put it behind an LSTM",
}
_BLOCK = "Conv2d {} BatchNorm2d ReLU MaxPool2d "
_CNN = _BLOCK.format(32) + _BLOCK.format(64) + "Conv2d 128 BatchNorm2d ReLU AdaptiveAvgPool2d"
# Words of an input -> its shape, the model to begin with.
INPUTS: dict[str, tuple[Shape, str]] = {
    "row of 11 features": ((11,), "Linear 64 ReLU Linear 32 ReLU Linear 1"),
    "8×8 digit": ((1, 8, 8), _BLOCK.format(16) + _BLOCK.format(32) + "Flatten Linear 10"),
    "32×32 colour image": ((3, 32, 32), _CNN + " Flatten Linear 10"),
    "12 words out of 1,000": ((12,), "Embedding 64 LSTM 64 Last Linear 2"),
}


class Row(NamedTuple):
    """A layer in its place: code, output shape and cost. Without `output` it does not fit.

    `problem` says why and what to change; it is empty behind a layer that does not fit.
    """

    code: str
    output: Shape | None = None
    params: int = 0
    mult_adds: int = 0
    problem: str = ""


def problem(kind: str, gets: str, s: Shape) -> str:
    """Why a layer cannot take what it gets, and what to change; empty where it can."""
    takes = "an image" if kind.endswith("2d") else TAKES.get(kind, "")
    cure = CURES.get(("gets", gets)) or CURES.get(("takes", takes))
    if gets != takes and cure:
        return f"takes {takes or 'numbers'}, not {gets} {axes(s)}: {cure}"
    if kind == "MaxPool2d" and min(s[1:]) < 2:
        return f"finds no 2×2 window in {axes(s)}: remove a pooling layer"
    return ""


def axes(shape: Shape | None) -> str:
    """A shape in words, its batch axis in front; empty for None."""
    return f"({', '.join(map(str, ('B', *shape)))})" if shape else ""


def megabytes(params: int) -> str:
    """Megabytes of so many float32 numbers."""
    return f"{params * 4 / 1024**2:.3f}"


def _of_selected(place: int) -> Any:
    """The kind (place 0) or the size (place 1) of the selected layer, to read and to set."""
    return property(
        lambda state: state.layers[state.selected][place],
        lambda state, value: state.layers[state.selected].__setitem__(place, value),
    )


class ModelBuilderState:
    """Layers in a row behind one kind of input.

    Args: data: a key of INPUTS. Raises: ValueError for another one.
    Attributes: layers: [kind, size] of each; only some kinds use the size. selected: the layer
    whose `kind` and `size` are read and set.
    """

    kind, size = _of_selected(0), _of_selected(1)

    def __init__(self, data: str = "8×8 digit") -> None:
        if data not in INPUTS:
            raise ValueError(f"data must be one of {list(INPUTS)}, got {data!r}")
        self.data = data
        self.reset()

    def reset(self) -> None:
        """The first model of this input."""
        self.layers, self.selected = list[list[Any]](), 0
        for word in INPUTS[self.data][1].split():
            if word in KINDS:
                self.layers.append([word, 16])
            else:
                self.layers[-1][1] = int(word)

    def add(self) -> None:
        """A ReLU behind the selected layer, which is selected then; at most 15 layers."""
        if len(self.layers) < MOST_LAYERS:
            self.selected += 1
            self.layers.insert(self.selected, ["ReLU", 16])

    def remove(self) -> None:
        """Remove the selected layer, but not the only one."""
        if len(self.layers) > 1:
            del self.layers[self.selected]
            self.selected = min(self.selected, len(self.layers) - 1)

    @property
    def rows(self) -> list[Row]:
        """The layers in their places."""
        s, rows = INPUTS[self.data][0], list[Row]()
        gets = "words" if "words" in self.data else ""
        for kind, n in self.layers:
            code, work = KINDS[kind]
            row = Row(f"{code.split('(')[0]}(…)")
            if not rows or rows[-1].output:
                by_axes = ("a row", "a sequence", "an image")[len(s) - 1]
                wrong = problem(kind, gets or by_axes, s)
                row = Row(code.format(s[0], s[-1], n=n), problem=wrong)
                if not wrong:
                    s, params, places = work(s, n)
                    row = Row(row.code, s, params, params * places)
                gets = "a pair" if kind == "LSTM" else ""
            rows.append(row)
        return rows

    @property
    def totals(self) -> tuple[int, int]:
        """Parameters, and multiply-adds for one example."""
        rows = self.rows
        return sum(row.params for row in rows), sum(row.mult_adds for row in rows)

    @property
    def program(self) -> str:
        """The model as a PyTorch program, up to a layer that does not fit."""
        text = "import torch\nfrom torch import nn\n\n\n" + LAST * ("Last" in dict(self.layers))
        text += "model = nn.Sequential(\n"
        for row in self.rows:
            if says := row.problem or axes(row.output):
                text += f"    {row.code},  # {says}\n"
        return f"{text})\n"

    def summary(self) -> str:
        """The cost of the whole and of the selected layer, and what does not fit."""
        rows, i, (params, mult_adds) = self.rows, self.selected, self.totals
        bad = [f"Layer {k} {row.problem}." for k, row in enumerate(rows, 1) if row.problem]
        through = f"{axes(INPUTS[self.data][0])} to {axes(rows[-1].output)}."
        return (
            f"{bad[0] if bad else through} Parameters: {params:,} = {megabytes(params)} MB. "
            f"Multiply-adds for one example: {mult_adds:,}.\nSelected, layer {i + 1} of "
            f"{len(rows)}: {rows[i].code}, {rows[i].params:,} parameters."
        )

    def press(self, event: Event) -> None:
        """Select the layer under the pointer, remove it by its cross, or add one."""
        self.selected = int(event.target.get("row", self.selected))
        if act := event.target.get("act"):
            getattr(self, act)()

    def key(self, event: Event) -> None:
        """Select, add, remove, change the size; see KEYS_HELP."""
        right, up = event.arrows
        if right:
            self.size = SIZES[min(max(SIZES.index(self.size) + right, 0), len(SIZES) - 1)]
        elif event.key in ("Enter", " "):
            self.add() if event.key == "Enter" else self.remove()
        else:
            self.selected = min(max(self.selected - up, 0), len(self.layers) - 1)


KEYS_HELP = (
    "Model as a program. Up and down arrows select a layer, left and right arrows "
    "change its size; Enter adds a layer, space removes the selected one."
)
_TOP, _ROW = 66, 24
_MONO = {"font_family": "ui-monospace, monospace", "size": 12}
# Columns of numbers: title, left and right end, colour of the bars.
_COLUMNS = (
    ("parameters", 440, 540, SKY),
    ("MB (float32)", 550, 635, SKY),
    ("multiply-adds", 645, 750, ORANGE),
)


def render(state: ModelBuilderState) -> str:
    """The program line by line, beside each line its output and its cost, bars for its share."""
    rows, (params, mult_adds) = state.rows, state.totals
    end = _TOP + _ROW * len(rows)
    parts = [
        svg.text(14, 24, f"x: {state.data}, {axes(INPUTS[state.data][0])}", size=15, weight="600"),
        svg.text(14, _TOP - 8, "model = nn.Sequential(", **_MONO),
        svg.text(14, end + 18, ")", **_MONO),
        *[_line(row, i, i == state.selected, params, mult_adds) for i, row in enumerate(rows)],
    ]
    sums = (f"{params:,}", megabytes(params), f"{mult_adds:,}")
    for (title, left, right, _), total in zip(_COLUMNS, sums, strict=True):
        parts.append(svg.text(right, _TOP - 8, title, anchor="end", colour=GREY))
        parts.append(svg.line(left, end + 2, right, end + 2))
        parts.append(svg.text(right - 4, end + 19, total, anchor="end", weight="600"))
    button = svg.rectangle(30, end + 5, 180, 22, fill=PAPER, stroke=BLUE, rx=4)
    button += svg.text(120, end + 20, "+ add below the selected", colour=BLUE, anchor="middle")
    parts.append(svg.group(button, data_act="add", style="cursor: pointer"))
    label = f"Model builder, {len(rows)} layers. {state.summary()}".replace("\n", " ")
    return svg.document(790, _TOP + _ROW * MOST_LAYERS + 34, label, *parts)


def _line(row: Row, i: int, selected: bool, params: int, mult_adds: int) -> str:
    y = _TOP + _ROW * i
    look = {"stroke": INK, "stroke_width": 2} if selected else {}
    ink = INK if row.output else VERMILLION if row.problem else GREY
    says = f"✗ {row.problem}" if row.problem else f"# {axes(row.output)}" * bool(row.output)
    parts = [
        svg.rectangle(24, y + 1, 730, _ROW - 2, fill=PAPER, rx=3, **look),
        svg.text(32, y + 17, f"{row.code},", colour=ink, **_MONO),
        svg.text(306, y + 17, says, **(_MONO if row.output else {"colour": ink, "size": 12})),
    ]
    shares = [row.params / max(params, 1)] * 2 + [row.mult_adds / max(mult_adds, 1)]
    words = (f"{row.params:,}", megabytes(row.params), f"{row.mult_adds:,}")
    for (_, left, right, fill), word, share in zip(_COLUMNS, words, shares, strict=True):
        bar = {"fill": fill, "opacity": 0.45}
        parts.append(svg.rectangle(left, y + 4, (right - left) * share, _ROW - 8, **bar))
        parts.append(svg.text(right - 4, y + 17, word * bool(share), anchor="end", size=12))
    cross = svg.circle(772, y + 12, 9, fill=PAPER, stroke=GREY)
    cross += svg.text(772, y + 16.5, "×", anchor="middle", size=14)
    parts.append(svg.group(cross, data_row=str(i), data_act="remove", style="cursor: pointer"))
    return svg.group(*parts, data_row=str(i))


class ModelBuilder(App):
    """Where do the parameters of a model sit, and where its work?

    Choose an input, click a line of the program, change its layer and size; × removes it.
    `state.program` is the program as text.

    Args: data: a key of `INPUTS`.
    """

    def __init__(self, data: str = "8×8 digit") -> None:
        controls = [
            Choice("data", "input", restart=True, options=tuple(INPUTS)),
            Choice("kind", "layer", options=tuple(KINDS)),
            Rates("size", "size", options=SIZES),
        ]
        super().__init__(ModelBuilderState(data), render, controls, keys_help=KEYS_HELP)
