"""Still figures of notebook 07: who reads whom, saturation, positions, the layer, attention."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from engine.lab.colours import BLUE, GREEN, GREY, INK, ORANGE, PAPER, SKY, VERMILLION
from engine.lab.figure import Figure


def _node(ax: Axes, x: float, y: float, words: object, fill: str) -> None:
    box = {"boxstyle": "round,pad=0.3", "facecolor": fill, "edgecolor": INK}
    ax.text(x, y, str(words), ha="center", va="center", bbox=box)


def _arrow(ax: Axes, start: Any, end: Any, shrink: float = 11, **look: Any) -> None:
    arrow = {"arrowstyle": "-|>", "color": INK, "shrinkA": shrink, "shrinkB": shrink, **look}
    ax.annotate("", end, start, arrowprops=arrow)


def readers_figure() -> Figure:
    """A list on its way through a recurrent network, and through one layer of attention."""
    figure = Figure(9, 2.6, columns=2)
    digits = figure.keep("digits", [7, 1, 4, 0, 9, 2])
    places, last = range(len(digits)), len(digits) - 1
    titles = ("recurrent: one after the other", "attention: each looks at all")
    for ax, fill, title in zip(figure.axes, (SKY, ORANGE), titles, strict=True):
        for t in places:
            _node(ax, t, 0, digits[t], PAPER)
            _node(ax, t, 1, "?", fill)
        ax.set(xlim=(-0.5, last + 0.5), ylim=(-0.4, 1.4), title=title)
        ax.axis("off")
    chain, full = figure.axes
    for t in places:
        _arrow(chain, (t, 0), (t, 1))
        if t:
            _arrow(chain, (t - 1, 1), (t, 1), color=VERMILLION, lw=2)
        for s in places:
            _arrow(full, (s, 0), (t, 1), color=INK if t == last else GREY, lw=0.8)
    return figure.describe(
        f"Left, a recurrent network of {len(digits)} digits: an arrow from each state to the next; "
        f"the first digit reaches the last place in {last} hops. Right, attention: an arrow from "
        "every digit to every place, one hop."
    )


def saturation_figure(raw: Any, scaled: Any) -> Figure:
    """Attention weights of one query, from raw scores and from scaled ones. Shapes: (keys,)."""
    figure, words = Figure(7, 2.5, columns=2, sharey=True), []
    shown = {"raw scores": (raw, VERMILLION), "scores divided by √d": (scaled, BLUE)}
    for ax, (name, (values, colour)) in zip(figure.axes, shown.items(), strict=True):
        weights = np.sort(figure.keep(name, values))[::-1]
        ax.bar(np.arange(1, len(weights) + 1), weights, color=colour, edgecolor=INK)
        ax.set(title=name, xlabel="key, best first", ylim=(0, 1.05))
        words.append(f"{name}: {weights[0]:.2f} for the best, {weights[1]:.2f} for the next")
    figure.axes[0].set_ylabel("weight")
    return figure.describe(f"One query's weights of {len(weights)} keys. {'; '.join(words)}.")


def positions_figure(table: Any) -> Figure:
    """The positional encoding, three of its columns, similarity by distance. Shapes: (T, d)."""
    figure = Figure(9, 2.8, columns=3)
    table, middle = figure.keep("table", table), len(table) // 2
    image, hands, alike = figure.axes
    shown = image.imshow(table, cmap="PuOr", vmin=-1, vmax=1, aspect="auto")
    figure.figure.colorbar(shown, ax=image)
    image.set(title="P", xlabel="number", ylabel="place")
    image.grid(False)
    hands.plot(table[:, [0, 4, 8]], label=["0", "4", "8"])
    hands.set(title="numbers 0, 4 and 8", xlabel="place", ylim=(-1.1, 1.7))
    hands.legend(fontsize=8, ncols=3, loc="upper center")
    products = figure.keep("products", table @ table[middle])
    alike.plot(np.arange(len(table)) - middle, products)
    alike.set(title=f"P · P with place {middle}", xlabel="distance in places")
    return figure.describe(
        f"Left, {len(table)} places in {table.shape[1]} columns: fast stripes, then slow ones. "
        "Middle, three columns, each a slower sine. Right, the similarity to place "
        f"{middle}: {products[middle]:.1f} with itself, {products[middle + 1]:.1f} at distance 1, "
        f"{products[middle + 10]:.1f} at distance 10, the same to both sides."
    )


def encoder_layer_figure() -> Figure:
    """Flow chart of an encoder layer: two blocks, the ways around them, two norms."""
    figure = Figure(9, 1.6)
    ax = figure.axes[0]
    names = ("x", "self-attention", "+", "LayerNorm", "feed-forward", "+", "LayerNorm", "y")
    fills = {"self-attention": ORANGE, "feed-forward": SKY}
    at = figure.keep("places", [0, 1.4, 2.6, 3.7, 5.2, 6.4, 7.5, 8.7])
    for k, name in enumerate(names):
        _node(ax, at[k], 0, name, fills.get(name, PAPER))
        if k:
            start, end = (0.16 + 0.034 * len(n) for n in names[k - 1 : k + 1])
            _arrow(ax, (at[k - 1] + start, 0), (at[k] - end, 0), shrink=0)
    for start, end in ((0, 2), (3, 5)):
        bend = {"connectionstyle": "arc3,rad=-0.4", "color": GREEN, "lw": 2, "ls": "--"}
        _arrow(ax, (at[start], 0.1), (at[end], 0.1), **bend)
        ax.text(at[start + 1], 0.8, "residual", color=GREEN, ha="center", fontsize=9)
    ax.set(xlim=(-0.3, 9), ylim=(-0.3, 1))
    ax.axis("off")
    return figure.describe(
        f"An encoder layer as a chain of {len(names)}: {', '.join(names).replace('+', 'plus')}. "
        "2 dashed residual arrows go around the two blocks to the plus behind each."
    )


def attention_figure(weights: Any, tokens: Any, outputs: Any) -> Figure:
    """Attention maps: rows ask, columns are looked at.

    Shapes: weights (maps, T, T), tokens, outputs (T,).
    """
    count, words = len(weights), []
    figure = Figure(min(1.4 + 2.6 * count, 10), 3.8 if count == 1 else 3, columns=count)
    maps, digits = figure.keep("weights", weights), figure.keep("tokens", tokens)
    said = figure.keep("outputs", outputs)
    for k, (ax, one) in enumerate(zip(figure.axes, maps, strict=True)):
        ax.imshow(one, cmap="Blues", vmin=0, vmax=1)
        ax.set_xticks(range(len(digits)), digits)
        ax.set_yticks(range(len(said)), [""] * len(said) if k else said)
        ax.set(xlabel="digit looked at", title=f"map {k + 1}" if count > 1 else "")
        ax.grid(False)
        words.append(f"map {k + 1}: largest weight of a row {one.max(1).mean():.2f} on average")
    figure.axes[0].set_ylabel("digit said")
    lists = " ".join(map(str, digits)), " ".join(map(str, said))
    return figure.describe(
        "Attention on the list {}, answer {}. ".format(*lists) + f"{'; '.join(words)}."
    )
