"""Still figures of notebook 09: one changed import, and what layers cost."""

from __future__ import annotations

from collections.abc import Mapping

import engine
from engine.lab.colours import BLUE, ORANGE, PALE_ORANGE
from engine.lab.figure import Figure

PROGRAM = """engine.set_default_dtype(engine.float64)
engine.manual_seed(0)
layer = engine.nn.Linear(2, 1)
x = engine.ones(4, 2)
loss = (layer(x) ** 2).mean()
loss.backward()
print(loss)
print(layer.weight.grad)"""


def one_import_figure() -> Figure:
    """A program on the engine, and the same one on PyTorch with its first line changed."""
    lines, before = list[str](), engine.get_default_dtype()
    exec(PROGRAM, {"engine": engine, "print": lambda shown: lines.append(str(shown))})
    engine.set_default_dtype(before)
    figure, mark = Figure(9, 2.9, columns=2), {"facecolor": PALE_ORANGE, "edgecolor": "none"}
    for ax, first in zip(figure.axes, ("import engine", "import torch as engine"), strict=True):
        shown = figure.keep(first, [first, *PROGRAM.splitlines(), "", *lines])
        for k, line in enumerate(shown):
            look = {"bbox": mark, "weight": "bold"} if k == 0 else {}
            look |= {"color": BLUE, "weight": "bold"} if k > 9 else {}
            ax.text(0.01, 0.98 - k / 12, line, family="monospace", va="top", **look)
        ax.axis("off")
    return figure.describe(
        "The same nine lines twice: left the first is import engine, right import torch as "
        f"engine. Both print {lines[0]} and {lines[1]}."
    )


def cost_figure(costs: Mapping[str, tuple[int, int]]) -> Figure:
    """Parameters and multiply-adds by layer on one logarithmic scale each.

    Args: costs: {layer: (parameters, multiply-adds)}; a 0 has no bar.
    """
    figure = Figure(9, 0.8 + 0.3 * len(costs), columns=2, sharey=True)
    numbers = figure.keep("costs", list(costs.values()))
    titles = ("parameters", "multiply-adds for one example")
    looks: tuple[dict[str, str], ...] = ({"color": BLUE}, {"color": ORANGE, "hatch": "///"})
    for ax, title, column, look in zip(figure.axes, titles, numbers.T, looks, strict=True):
        bars = ax.barh(list(costs), column, edgecolor="white", **look)
        ax.bar_label(bars, [f"{n:,}" for n in column], padding=3, fontsize=8)
        ax.set(xscale="log", xlim=(1, 60 * max(column)), title=title)
        ax.grid(axis="y", visible=False)
    figure.axes[0].invert_yaxis()
    most = [max(costs, key=lambda name: costs[name][k]) for k in (0, 1)]
    words = "; ".join(f"{name} {p:,} and {m:,}" for name, (p, m) in costs.items())
    return figure.describe(
        f"Parameters and multiply-adds by layer: {words}. The most parameters: {most[0]}; the "
        f"most work: {most[1]}."
    )
