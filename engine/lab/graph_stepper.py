"""GraphStepper: a small expression, forward node by node, then backward edge by edge."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import engine
from engine.lab import svg
from engine.lab.app import App, Event
from engine.lab.colours import BLUE, GREY, INK, PAPER, VERMILLION
from engine.lab.controls import Choice

LOWEST, HIGHEST, STRIDE = -10.0, 10.0, 0.5  # of an input
PIXELS_PER_STRIDE = 12  # of a drag
BOX_WIDTH, BOX_HEIGHT = 100, 60
COLUMN, ROW, LEFT, TOP = 158, 78, 12, 62
KEYS_HELP = (
    "Expression graph. Right arrow: next step. Left arrow: one step back. End: all steps. "
    "Home: to the start. Enter: choose the next input. Up and down arrows: change the chosen "
    "input by 0.5, with shift by 0.1."
)


@dataclass(frozen=True)
class Operation:
    """One node that is computed: `name` = `words`, by applying `function` to `arguments`."""

    name: str
    words: str
    function: Callable[..., Any]
    arguments: tuple[str, ...]


@dataclass(frozen=True)
class Graph:
    """An expression: its inputs with their first values, its operations, and where they stand."""

    inputs: dict[str, float]
    operations: tuple[Operation, ...]
    places: dict[str, tuple[float, float]]  # column, row


def _square(tensor: engine.Tensor) -> engine.Tensor:
    return tensor**2


GRAPHS = {
    "L = (w·x + b − y)²": Graph(
        {"w": 2.0, "x": 3.0, "b": 1.0, "y": 4.0},
        (
            Operation("p", "w·x", operator.mul, ("w", "x")),
            Operation("z", "p + b", operator.add, ("p", "b")),
            Operation("e", "z − y", operator.sub, ("z", "y")),
            Operation("L", "e²", _square, ("e",)),
        ),
        {
            **{"w": (0, 0), "x": (0, 1), "p": (1, 0.5), "b": (1, 1.6)},
            **{"z": (2, 0.7), "y": (2, 1.8), "e": (3, 1.0), "L": (4, 1.0)},
        },
    ),
    "s = w·x,  L = s + s²": Graph(
        {"w": 2.0, "x": 3.0},
        (
            Operation("s", "w·x", operator.mul, ("w", "x")),
            Operation("q", "s²", _square, ("s",)),
            Operation("L", "s + q", operator.add, ("s", "q")),
        ),
        {"w": (0, 0.5), "x": (0, 1.6), "s": (1, 1.05), "q": (2, 0.1), "L": (3, 1.05)},
    ),
    "L = (tanh(w·x) − y)²": Graph(
        {"w": 0.5, "x": 2.0, "y": 1.0},
        (
            Operation("p", "w·x", operator.mul, ("w", "x")),
            Operation("a", "tanh p", engine.Tensor.tanh, ("p",)),
            Operation("e", "a − y", operator.sub, ("a", "y")),
            Operation("L", "e²", _square, ("e",)),
        ),
        {
            **{"w": (0, 0), "x": (0, 1.1), "p": (1, 0.55), "a": (2, 0.55)},
            **{"y": (2, 1.65), "e": (3, 1.1), "L": (4, 1.1)},
        },
    ),
}


@dataclass(frozen=True)
class Edge:
    """One use of `parent` by `child`, with the local derivative ∂child/∂parent."""

    child: str
    parent: str
    local: float


class GraphState:
    """A walk through one graph: first its operations, then ∂L/∂L = 1, then edge by edge.

    graph: a key of GRAPHS. inputs: the values, which may be edited at any moment. chosen: the
    input that keys change. steps: how far the walk has come. Values and local derivatives are read
    from the engine's own recorded graph.

    Raises: ValueError for an unknown graph.
    """

    def __init__(self, graph: str = "L = (w·x + b − y)²") -> None:
        self.graph = graph

    @property
    def graph(self) -> str:
        """The expression; choosing one starts it from the beginning."""
        return self._graph

    @graph.setter
    def graph(self, name: str) -> None:
        if name not in GRAPHS:
            raise ValueError(f"graph must be one of {list(GRAPHS)}, got {name!r}")
        self._graph = name
        self.reset()

    def reset(self) -> None:
        """Back to the first values and the first step."""
        self.shape = GRAPHS[self._graph]
        self.inputs = dict(self.shape.inputs)
        self.chosen = next(iter(self.inputs))
        self.steps = 0
        self._compute()

    def _compute(self) -> None:
        tensors = {
            name: engine.tensor(value, dtype=engine.float64, requires_grad=True)
            for name, value in self.inputs.items()
        }
        for op in self.shape.operations:
            tensors[op.name] = op.function(*(tensors[name] for name in op.arguments))
        self.values = {name: tensor.item() for name, tensor in tensors.items()}
        names = {t if t.is_leaf else t.grad_fn: name for name, t in tensors.items()}
        self.edges = []
        for op in reversed(self.shape.operations):  # newest first, as the engine walks
            node = tensors[op.name].grad_fn
            for parent, local in zip(node.parents, node.backward(np.ones(())), strict=True):
                if parent is not None:
                    self.edges.append(Edge(op.name, names[parent], float(local)))

    @property
    def last_step(self) -> int:
        """Number of steps of the whole walk."""
        return len(self.shape.operations) + 1 + len(self.edges)

    @property
    def done(self) -> bool:
        """Whether every edge has been walked."""
        return self.steps >= self.last_step

    def step(self, n: int = 1) -> None:
        """Go n steps on (back if n is negative), within the walk."""
        self.steps = min(max(self.steps + n, 0), self.last_step)

    @property
    def known(self) -> dict[str, float]:
        """The values that the forward pass has reached."""
        reached = [op.name for op in self.shape.operations[: self.steps]]
        return {name: self.values[name] for name in (*self.inputs, *reached)}

    @property
    def walked(self) -> list[Edge]:
        """The edges that the backward pass has walked."""
        return self.edges[: max(0, self.steps - len(self.shape.operations) - 1)]

    @property
    def gradients(self) -> dict[str, float]:
        """∂L/∂name as summed up so far, for what the backward pass has reached."""
        sums = {"L": 1.0} if self.steps > len(self.shape.operations) else {}
        for edge in self.walked:
            sums[edge.parent] = sums.get(edge.parent, 0.0) + sums[edge.child] * edge.local
        return sums

    def waiting(self, name: str) -> int:
        """How many uses of `name` have not sent their gradient yet."""
        return sum(edge.parent == name for edge in self.edges[len(self.walked) :])

    def set_input(self, name: str, value: float) -> None:
        """Give an input another value, kept within -10 and 10; the walk stays where it is."""
        self.inputs[name] = round(min(max(value, LOWEST), HIGHEST), 6)
        self._compute()

    def news(self) -> str:
        """What the last step did, as a calculation."""
        if self.steps == 0:
            return "The inputs are known. Step forward."
        if not self.gradients:
            op = self.shape.operations[self.steps - 1]
            return f"Forward: {op.name} = {op.words} = {_number(self.values[op.name])}"
        if not self.walked:
            return "Backward starts: ∂L/∂L = 1"
        edge = self.walked[-1]
        upstream = self.gradients[edge.child]
        return (
            f"Backward, {edge.child} to {edge.parent}: upstream {_number(upstream)} × local "
            f"{_number(edge.local)} = {_number(upstream * edge.local)}"
        )

    def summary(self) -> str:
        """The numbers seen, in words."""
        known = ", ".join(f"{name} = {_number(value)}" for name, value in self.known.items())
        gradients = ", ".join(
            f"∂L/∂{name} = {_number(value)}"
            + (f" ({self.waiting(name)} use still to come)" if self.waiting(name) else "")
            for name, value in self.gradients.items()
        )
        parts = [f"Step {self.steps} of {self.last_step}. {self.news()}", f"Values: {known}"]
        if gradients:
            parts.append(f"Gradients: {gradients}")
        return "\n".join(parts)

    def press(self, event: Event) -> None:
        """Choose the input that was pressed, for a drag or for the keys."""
        name = event.target.get("grab", "")
        self._drag = None
        if name in self.inputs:
            self.chosen = name
            self._drag = (event.py, self.inputs[name])

    def drag(self, event: Event) -> None:
        """Up makes the pressed input larger, down smaller, in strides of 0.5."""
        if self._drag is not None:
            began, value = self._drag
            strides = round((began - event.py) / PIXELS_PER_STRIDE)
            self.set_input(self.chosen, value + STRIDE * strides)

    def click(self, event: Event) -> None:
        """The Back mark in the picture goes one step back."""
        if event.target.get("grab") == "back":
            self.step(-1)

    def key(self, event: Event) -> None:
        """Walk and edit from the keyboard; see KEYS_HELP."""
        stride = 0.1 if event.shift else STRIDE
        names = list(self.inputs)
        if event.key in ("ArrowUp", "ArrowDown"):
            sign = 1 if event.key == "ArrowUp" else -1
            self.set_input(self.chosen, self.inputs[self.chosen] + sign * stride)
        elif event.key == "Enter":
            self.chosen = names[(names.index(self.chosen) + 1) % len(names)]
        else:
            far = {"ArrowRight": 1, "ArrowLeft": -1, "End": self.last_step, "Home": -self.last_step}
            self.step(far.get(event.key, 0))


def render(state: GraphState) -> str:
    """The graph with the values and gradients that the walk has reached."""
    shape, news = state.shape, state.news()
    walked = {(edge.child, edge.parent) for edge in state.walked}
    latest = state.walked[-1] if state.walked else None
    parts = [svg.text(LEFT, 24, news, size=16, weight="600")]
    for edge in state.edges:
        seen = (edge.child, edge.parent) in walked
        parts.append(_edge(state, edge, seen, edge == latest))
    parts += [_box(state, name) for name in shape.places]
    parts.append(_legend())
    back = svg.rectangle(664, 8, 76, 24, fill=PAPER, stroke=GREY, rx=4)
    back += svg.text(702, 25, "◀ Back", anchor="middle")
    parts.append(svg.group(back, data_grab="back", style="cursor: pointer"))
    label = f"Graph of {state.graph}. {state.summary()}".replace("\n", ". ")
    return svg.document(760, 306, label, *parts)


def _corner(state: GraphState, name: str) -> tuple[float, float]:
    column, row = state.shape.places[name]
    return LEFT + COLUMN * column, TOP + ROW * row


def _edge(state: GraphState, edge: Edge, walked: bool, latest: bool) -> str:
    (x0, y0), (x1, y1) = _corner(state, edge.parent), _corner(state, edge.child)
    start = (x0 + BOX_WIDTH + 2, y0 + BOX_HEIGHT / 2)
    end = (x1 - 2, y1 + BOX_HEIGHT / 2)
    if not walked:
        colour = BLUE if edge.child in state.known else GREY
        return svg.arrow(*start, *end, colour=colour, width=2 if colour == BLUE else 1)
    words = f"× {_number(edge.local, 3)}"
    width = 7 * len(words) + 2
    level = abs(start[1] - end[1]) < ROW / 3  # a label on a short level edge would hide it
    x, y = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2 + (-7 if level else 4)
    label = svg.rectangle(x - width / 2, y - 11, width, 14, fill=PAPER)
    label += svg.text(x, y, words, anchor="middle", size=12, colour=VERMILLION, weight="600")
    arrow = svg.arrow(*end, *start, colour=VERMILLION, width=5 if latest else 2.5)
    return arrow + label


def _box(state: GraphState, name: str) -> str:
    x, y = _corner(state, name)
    middle, is_input = x + BOX_WIDTH / 2, name in state.inputs
    words = next((f"{name} = {op.words}" for op in state.shape.operations if op.name == name), name)
    chosen = is_input and name == state.chosen
    outline = {"stroke": INK if is_input else BLUE, "stroke_width": 3 if chosen else 1.3}
    parts = [svg.rectangle(x, y, BOX_WIDTH, BOX_HEIGHT, fill=PAPER, rx=8, **outline)]
    parts.append(svg.text(middle, y + 17, f"{words}  ▲▼" if chosen else words, anchor="middle"))
    if name in state.known:
        value = _number(state.values[name])
        parts.append(svg.text(middle, y + 36, value, anchor="middle", size=15, weight="600"))
    if name in state.gradients:
        more = " + …" if state.waiting(name) else ""
        words = f"∂L/∂{name} = {_number(state.gradients[name], 3)}{more}"
        parts.append(svg.text(middle, y + 53, words, anchor="middle", size=12, colour=VERMILLION))
    grab = {"data_grab": name, "style": "cursor: ns-resize"} if is_input else {}
    return svg.group(*parts, **grab)


def _legend() -> str:
    y = 292
    return (
        svg.arrow(LEFT, y, LEFT + 34, y, colour=BLUE, width=2)
        + svg.text(LEFT + 42, y + 4, "forward: values", size=12)
        + svg.arrow(LEFT + 194, y, LEFT + 160, y, colour=VERMILLION, width=2.5)
        + svg.text(LEFT + 202, y + 4, "backward: × local derivative", size=12)
        + svg.text(LEFT + 400, y + 4, "thick frame: chosen input; drag it, or ↑ ↓", size=12)
    )


def _number(value: float, digits: int = 4) -> str:
    return f"{value + 0.0:.{digits}g}".replace("-", "−")


class GraphStepper(App):
    """Step through an expression: forward by values, then backward by local × upstream.

    Args: graph: one of `list(GRAPHS)`; the list above the picture has them all.
    """

    def __init__(self, graph: str = "L = (w·x + b − y)²") -> None:
        controls = [Choice("graph", "expression", options=tuple(GRAPHS))]
        super().__init__(GraphState(graph), render, controls, keys_help=KEYS_HELP, rate=1)
