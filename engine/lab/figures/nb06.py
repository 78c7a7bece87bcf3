"""Still figures of notebook 06: the unrolled network, gradients by step, gates, the race."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from engine.lab.colours import BLUE, GREY, INK, LINES, ORANGE, PAPER, SKY, VERMILLION
from engine.lab.figure import Figure

_ARROW = {"arrowstyle": "-|>", "color": INK, "shrinkA": 13, "shrinkB": 13, "lw": 1.4}


def unrolled_figure(steps: int = 4) -> Figure:
    """A recurrent network as a loop, and the same unrolled over `steps` steps."""
    figure = Figure(9, 2.9)
    ax = figure.axes[0]
    columns = figure.keep("columns", [-2, *range(1, steps + 1)])
    for x in columns:
        name = "ₜ" if x < 0 else "₀₁₂₃₄₅₆₇₈₉"[x]
        for y, word, fill in ((0, "x", PAPER), (1, "h", SKY), (2, "y", ORANGE)):
            look = {"boxstyle": "circle,pad=0.35", "facecolor": fill, "edgecolor": INK}
            ax.text(x, y, word + name, ha="center", va="center", bbox=look, fontsize=11)
        for y, word in ((0, "W_ih"), (1, "")):
            ax.annotate("", (x, y + 1), (x, y), arrowprops=_ARROW)
            ax.text(x + 0.08, y + 0.45, word, fontsize=9, color=BLUE)
        if x >= 1:
            ax.annotate("", (x, 1), (x - 1, 1), arrowprops=_ARROW)
            ax.text(x - 0.5, 1.12, "W_hh", ha="center", fontsize=9, color=VERMILLION)
    ax.text(0.08, 1, "h₀ = 0", ha="right", va="center", fontsize=10)
    loop = {**_ARROW, "connectionstyle": "arc3,rad=-2.6", "shrinkA": 0, "shrinkB": 0}
    ax.annotate("", (-1.88, 0.9), (-1.88, 1.1), arrowprops=loop)
    ax.text(-1.5, 1, "W_hh", va="center", fontsize=9, color=VERMILLION)
    ax.text(-0.85, 1, "=", ha="center", va="center", fontsize=20)
    ax.set(xlim=(-2.5, steps + 0.5), ylim=(-0.4, 2.4))
    ax.axis("off")
    return figure.describe(
        "Left, a recurrent network as a loop: input xₜ goes into state hₜ through W_ih, the state "
        "goes back into itself through W_hh, output yₜ comes from the state. Right, the same loop "
        f"unrolled: {steps} copies in a row from h₀ = 0, each state fed by its own input and by "
        "the state before. All copies share the same weights."
    )


def gradient_by_step_figure(curves: Mapping[str, Any]) -> Figure:
    """|∂L/∂xₜ| by step, L at the last one. Shapes: each curve (T,)."""
    figure, words = Figure(7, 3.2), []
    ax = figure.axes[0]
    for name, sizes in curves.items():
        sizes = figure.keep(name, sizes)
        ax.semilogy(np.arange(1, len(sizes) + 1), sizes, label=name)
        words.append(f"{name}: {sizes[0]:.0e} at step 1, {sizes[-1]:.0e} at step {len(sizes)}")
    ax.set(xlabel="step t", ylabel="|∂L/∂xₜ|")
    ax.legend(fontsize=9, loc="lower right")
    return figure.describe(
        f"Size of the gradient of the last output by input step, logarithmic. {'; '.join(words)}."
    )


def gates_figure(rows: Any) -> Figure:
    """Gates and memory of one LSTM cell. Shapes: rows (T, 6): number, mark, i, f, o, c."""
    figure = Figure(7.5, 4.2, rows=2, sharex=True)
    rows, (gates, memory) = figure.keep("rows", rows), figure.axes
    number, mark, *opened, c = rows.T
    t = np.arange(1, len(rows) + 1)
    for name, values in zip(
        ("input gate i", "forget gate f", "output gate o"), opened, strict=True
    ):
        gates.plot(t, values, marker=".", label=name)
    marked = mark > 0.5
    memory.bar(t, number, 0.5, color=np.where(marked, ORANGE, GREY).tolist(), label="number x")
    memory.scatter(t[marked], number[marked] + 0.08, marker="v", c=INK, label="marked")
    memory.plot(t, c, color=BLUE, marker="o", label="cell state c")
    gates.set(ylabel="open (1) or shut (0)", ylim=(-0.05, 1.1))
    memory.set(xlabel="step t", xticks=t, ylim=(0, 1.25))
    for ax in figure.axes:
        ax.legend(fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
    at = ", ".join(f"{number[k]:.1f} at step {t[k]}" for k in np.flatnonzero(marked))
    kept = ", ".join(f"{value:.2f}" for value in c)
    return figure.describe(
        f"Gates of an LSTM cell over {len(t)} steps. Marked are {at}: there the input gate opens "
        f"and the forget gate shuts. The cell state by step is {kept}."
    )


def adding_race_figure(runs: Mapping[str, Sequence[Sequence[float]]], goal: float) -> Figure:
    """Losses of the adding problem, means of 20 steps: by kind of network, some runs of each."""
    figure, words = Figure(7.5, 3.2), []
    ax = figure.axes[0]
    for n, (name, losses) in enumerate(runs.items()):
        for k, values in enumerate(losses):
            smooth = np.convolve(figure.keep(f"{name} {k}", values), np.ones(20) / 20, "valid")
            look = {"color": LINES[n][0], "ls": ("-", "--", ":")[n], "lw": 1.3}
            label = None if k else name
            ax.semilogy(np.arange(20, 20 + len(smooth)), smooth, label=label, **look)
        words.append(f"{name} {sum(np.mean(run[-20:]) < goal for run in losses)} of {len(losses)}")
    ax.axhline(1 / 6, color=GREY, ls="-.", lw=1)
    ax.set(xlabel="training step", ylabel="squared error, mean of 20", ylim=(goal / 1.5, 0.6))
    ax.legend(fontsize=9)
    return figure.describe(
        f"The adding problem, error by training step, each run until it is below {goal}. Runs that "
        f"get there: {', '.join(words)}. The others stay near 1/6, the error of always answering 1."
    )


def sunspot_figure(years: Any, numbers: Any, forecasts: Any) -> Figure:
    """Sunspot numbers of some years and their forecasts. Shapes: all (N,)."""
    figure = Figure(8.5, 3)
    years, ax = figure.keep("years", years), figure.axes[0]
    numbers, forecasts = figure.keep("numbers", numbers), figure.keep("forecasts", forecasts)
    ax.plot(years, numbers, color=GREY, ls="-", marker=".", label="measured")
    ax.plot(years, forecasts, color=BLUE, ls="--", label="forecast a year ahead")
    ax.set(xlabel="year", ylabel="sunspot number")
    ax.legend(fontsize=9, ncols=2)
    off, top = np.sqrt(np.mean((forecasts - numbers) ** 2)), numbers.argmax()
    return figure.describe(
        f"Sunspot numbers {years[0]:.0f} to {years[-1]:.0f} with forecasts made a year ahead, off "
        f"by {off:.1f} (root mean square). The highest maximum is {numbers[top]:.0f} in "
        f"{years[top]:.0f}; its forecast was {forecasts[top]:.0f}."
    )
