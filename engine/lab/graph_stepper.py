"""GraphStepper: a small expression, forward node by node, then backward edge by edge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

import engine
from engine.lab import svg
from engine.lab.app import App, Event
from engine.lab.colours import BLUE, GREY, INK, PAPER, VERMILLION
from engine.lab.controls import Choice

STRIDE, PIXELS_PER_STRIDE = 0.5, 12  # of a drag
WIDTH, HEIGHT = 100, 60  # of a box
KEYS_HELP = (
    "Expression graph. Right arrow: next step. Left arrow: one step back. End: all steps. "
    "Home: to the start. Enter: choose the next input. Up and down arrows: change the chosen "
    "input by 0.5, with shift by 0.1."
)


@dataclass(frozen=True)
class Node:
    """A value of the graph, drawn at a column and a row.

    Inputs have a first `value`; results are computed by `rule` from all earlier values, in `words`.
    """

    name: str
    column: float
    row: float
    value: float = 0.0
    words: str = ""
    rule: Callable[[dict[str, engine.Tensor]], engine.Tensor] | None = None

    @property
    def title(self) -> str:
        """The name; of a result, name and words."""
        return f"{self.name} = {self.words}" if self.words else self.name


GRAPHS = {
    "L = (w·x + b − y)²": (
        Node("w", 0, 0, 2.0),
        Node("x", 0, 1, 3.0),
        Node("p", 1, 0.5, words="w·x", rule=lambda v: v["w"] * v["x"]),
        Node("b", 1, 1.6, 1.0),
        Node("z", 2, 0.7, words="p + b", rule=lambda v: v["p"] + v["b"]),
        Node("y", 2, 1.8, 4.0),
        Node("e", 3, 1.0, words="z − y", rule=lambda v: v["z"] - v["y"]),
        Node("L", 4, 1.0, words="e²", rule=lambda v: v["e"] ** 2),
    ),
    "s = w·x,  L = s + s²": (
        Node("w", 0, 0.5, 2.0),
        Node("x", 0, 1.6, 3.0),
        Node("s", 1, 1.05, words="w·x", rule=lambda v: v["w"] * v["x"]),
        Node("q", 2, 0.1, words="s²", rule=lambda v: v["s"] ** 2),
        Node("L", 3, 1.05, words="s + q", rule=lambda v: v["s"] + v["q"]),
    ),
    "L = (tanh(w·x) − y)²": (
        Node("w", 0, 0, 0.5),
        Node("x", 0, 1.1, 2.0),
        Node("y", 2, 1.65, 1.0),
        Node("p", 1, 0.55, words="w·x", rule=lambda v: v["w"] * v["x"]),
        Node("a", 2, 0.55, words="tanh p", rule=lambda v: v["p"].tanh()),
        Node("e", 3, 1.1, words="a − y", rule=lambda v: v["a"] - v["y"]),
        Node("L", 4, 1.1, words="e²", rule=lambda v: v["e"] ** 2),
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

    graph: a key of GRAPHS; `reset` takes a new one up. inputs: the values, which may be edited at
    any moment. chosen: the input that keys and drags change. steps: how far the walk has come.
    Values and local derivatives are read from the engine's own recorded graph.
    """

    def __init__(self, graph: str = "L = (w·x + b − y)²") -> None:
        self.graph = graph
        self.reset()

    def reset(self) -> None:
        """Back to the first values and the first step."""
        self.nodes = {node.name: node for node in GRAPHS[self.graph]}
        self.inputs = {name: node.value for name, node in self.nodes.items() if not node.rule}
        self.results = [name for name in self.nodes if name not in self.inputs]
        self.chosen, self.steps = next(iter(self.inputs)), 0
        self._compute()

    def _compute(self) -> None:
        tensors: dict[str, engine.Tensor] = {}
        for name, node in self.nodes.items():
            tensors[name] = node.rule(tensors) if node.rule else _leaf(self.inputs[name])
        self.values = {name: tensor.item() for name, tensor in tensors.items()}
        names = {t if t.is_leaf else t.grad_fn: name for name, t in tensors.items()}
        self.edges = []
        for child in reversed(self.results):  # newest first, as the engine walks
            made = tensors[child].grad_fn
            for parent, local in zip(made.parents, made.backward(np.ones(())), strict=True):
                if parent is not None:
                    self.edges.append(Edge(child, names[parent], float(local)))

    @property
    def last_step(self) -> int:
        """Number of steps of the whole walk."""
        return len(self.results) + 1 + len(self.edges)

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
        return {name: self.values[name] for name in (*self.inputs, *self.results[: self.steps])}

    @property
    def walked(self) -> list[Edge]:
        """The edges that the backward pass has walked."""
        return self.edges[: max(0, self.steps - len(self.results) - 1)]

    @property
    def gradients(self) -> dict[str, float]:
        """∂L/∂name as summed up so far, for what the backward pass has reached."""
        sums = {"L": 1.0} if self.steps > len(self.results) else {}
        for edge in self.walked:
            sums[edge.parent] = sums.get(edge.parent, 0.0) + sums[edge.child] * edge.local
        return sums

    def waiting(self, name: str) -> int:
        """How many uses of `name` have not sent their gradient yet."""
        return sum(edge.parent == name for edge in self.edges[len(self.walked) :])

    def set_input(self, name: str, value: float) -> None:
        """Give an input another value, kept within -10 and 10; the walk stays where it is."""
        self.inputs[name] = round(min(max(value, -10.0), 10.0), 6)
        self._compute()

    def news(self) -> str:
        """What the last step did, as a calculation."""
        if self.steps == 0:
            return "The inputs are known. Step forward."
        if not self.gradients:
            name = self.results[self.steps - 1]
            return f"Forward: {self.nodes[name].title} = {_number(self.values[name])}"
        if not self.walked:
            return "Backward starts: ∂L/∂L = 1"
        edge = self.walked[-1]
        upstream, local = self.gradients[edge.child], edge.local
        product = f"{_number(upstream)} × local {_number(local)} = {_number(upstream * local)}"
        return f"Backward, {edge.child} to {edge.parent}: upstream {product}"

    def summary(self) -> str:
        """The numbers seen, in words."""
        words = f"Step {self.steps} of {self.last_step}. {self.news()}\nValues: "
        words += ", ".join(f"{name} = {_number(value)}" for name, value in self.known.items())
        for name, value in self.gradients.items():
            words += f"\nGradients: ∂L/∂{name}" if name == "L" else f", ∂L/∂{name}"
            words += f" = {_number(value)}"
            if self.waiting(name):
                words += f" ({self.waiting(name)} use still to come)"
        return words

    def press(self, event: Event) -> None:
        """Choose the input that was pressed, for a drag or for the keys."""
        name, self._drag = event.target.get("grab"), None
        if name in self.inputs:
            self.chosen, self._drag = name, (event.py, self.inputs[name])

    def drag(self, event: Event) -> None:
        """Up makes the pressed input larger, down smaller, in strides of 0.5."""
        if self._drag is not None:
            began, value = self._drag
            strides = round((began - event.py) / PIXELS_PER_STRIDE)
            self.set_input(self.chosen, value + STRIDE * strides)

    def key(self, event: Event) -> None:
        """Walk and edit from the keyboard; see KEYS_HELP."""
        _, up = event.arrows
        walks = {"ArrowRight": 1, "ArrowLeft": -1, "End": self.last_step, "Home": -self.last_step}
        if up:
            stride = 0.1 if event.shift else STRIDE
            self.set_input(self.chosen, self.inputs[self.chosen] + up * stride)
        elif event.key == "Enter":
            names = list(self.inputs)
            self.chosen = names[(names.index(self.chosen) + 1) % len(names)]
        else:
            self.step(walks.get(event.key, 0))


def _leaf(value: float) -> engine.Tensor:
    return engine.tensor(value, dtype=engine.float64, requires_grad=True)


def render(state: GraphState) -> str:
    """The graph with the values and gradients that the walk has reached."""
    parts = [svg.text(12, 24, state.news(), size=16, weight="600")]
    parts += [_edge(state, edge, index) for index, edge in enumerate(state.edges)]
    parts += [_box(state, node) for node in state.nodes.values()]
    parts.append(svg.text(12, 296, "← → walk; ↑ ↓ or a drag change the chosen input", size=12))
    label = f"Graph of {state.graph}. {state.summary()}".replace("\n", ". ")
    return svg.document(760, 306, label, *parts)


def _corner(node: Node) -> tuple[float, float]:
    return 12 + 158 * node.column, 62 + 78 * node.row


def _edge(state: GraphState, edge: Edge, index: int) -> str:
    (x0, y0), (x1, y1) = (_corner(state.nodes[name]) for name in (edge.parent, edge.child))
    ends = x0 + WIDTH + 2, y0 + HEIGHT / 2, x1 - 2, y1 + HEIGHT / 2
    to_come = index - len(state.walked)
    if to_come >= 0:
        forward = edge.child in state.known
        return svg.arrow(*ends, colour=BLUE if forward else GREY, width=1 + forward)
    arrow = svg.arrow(*ends[2:], *ends[:2], colour=VERMILLION, width=5 if to_come == -1 else 2.5)
    x, y = (ends[0] + ends[2]) / 2, (ends[1] + ends[3]) / 2 - 7
    look = {"colour": VERMILLION, "stroke": PAPER, "stroke_width": 4, "paint_order": "stroke"}
    words = f"× {_number(edge.local, 3)}"
    return arrow + svg.text(x, y, words, anchor="middle", size=12, weight="600", **look)


def _box(state: GraphState, node: Node) -> str:
    (x, y), name = _corner(node), node.name
    is_input, chosen, middle = name in state.inputs, name == state.chosen, x + WIDTH / 2
    outline = {"stroke": INK if is_input else BLUE, "stroke_width": 3 if chosen else 1.3}
    parts = [svg.rectangle(x, y, WIDTH, HEIGHT, fill=PAPER, rx=8, **outline)]
    title = f"{node.title}  ▲▼" if chosen else node.title
    parts.append(svg.text(middle, y + 17, title, anchor="middle"))
    if name in state.known:
        value = _number(state.values[name])
        parts.append(svg.text(middle, y + 36, value, anchor="middle", size=15, weight="600"))
    if name in state.gradients:
        more = " + …" if state.waiting(name) else ""
        words = f"∂L/∂{name} = {_number(state.gradients[name], 3)}{more}"
        parts.append(svg.text(middle, y + 53, words, anchor="middle", size=12, colour=VERMILLION))
    return svg.group(*parts, data_grab=name, style="cursor: ns-resize" if is_input else None)


def _number(value: float, digits: int = 4) -> str:
    tiny = digits < 4 and 0 < abs(value) < 0.001  # a box has no room for an exponent
    return "0.00…" if tiny else f"{float(f'{value + 0.0:.{digits}g}'):g}".replace("-", "−")


class GraphStepper(App):
    """Step through an expression: forward by values, then backward by local × upstream."""

    def __init__(self) -> None:
        controls = [Choice("graph", "expression", restart=True, options=tuple(GRAPHS))]
        super().__init__(GraphState(), render, controls, keys_help=KEYS_HELP, rate=1)
