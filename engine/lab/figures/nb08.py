"""Still figures of notebook 08: batches, misleading losses, the range test, the order of checks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from engine.lab.colours import INK, LINES, MINT, PAPER, SAND, SKY
from engine.lab.figure import Figure
from engine.lab.hospital import HospitalState

_BATCHES = ((SKY, ""), (SAND, "//"), (MINT, "\\\\"))  # colour and hatching


def _box(ax: Any, x: float, y: float, words: str, fill: str, **look: Any) -> None:
    frame = {"boxstyle": "round,pad=0.45", "facecolor": fill, "edgecolor": INK}
    ax.text(x, y, words, **{"ha": "center", "va": "center", "fontsize": 9, "bbox": frame, **look})


def _arrow(ax: Any, x: Sequence[float], y: Sequence[float], words: str = "") -> None:
    """Ends as (from, to); the words stand above its middle, or beside it if it points down."""
    ax.annotate("", (x[1], y[1]), (x[0], y[0]), arrowprops={"arrowstyle": "-|>", "color": INK})
    ax.text(np.mean(x) + 0.03 * (x[0] == x[1]), np.mean(y), words, va="bottom", fontsize=8)


def patients_figure(steps: int = 150) -> Figure:
    """Losses of the ten patients of the hospital, by number, without their diseases."""
    figure, told = Figure(10, 3.6, rows=2, columns=5, sharex=True, sharey=True), []
    for k, ax in enumerate(figure.axes, start=1):
        state = HospitalState(k)
        while state.steps < steps and not state.done:
            state.step()
        losses = figure.keep(f"patient {k}", state.sick.losses)
        ax.plot(np.minimum(losses, 4), lw=1.5)
        end = losses[-1, 0]
        fate = "falls below 1.5" if end < 1.5 else "stays above 1.5"
        told.append(f"{k} {fate if np.isfinite(end) else 'becomes NaN'}")
        ax.set(title=f"patient {k}", ylim=(0, 4.1), xlim=(0, steps))
        if not np.isfinite(end):
            ax.text(steps / 2, 2, "NaN", ha="center", fontsize=14)
    figure.axes[0].legend(["training", "validation"], fontsize=7)
    figure.axes[5].set(xlabel="step", ylabel="loss")
    return figure.describe(
        f"Training and validation loss of ten sick programs over {steps} steps. Their training "
        f"losses: {', '.join(told)}."
    )


def batching_figure(epochs: Sequence[Sequence[Sequence[int]]]) -> Figure:
    """A data set in its order, and how it is dealt in each epoch: epochs, batches, numbers."""
    count = sum(map(len, epochs[0]))
    rows = {"data set": [list(range(count))]}
    rows |= {f"epoch {k}": list(map(list, e)) for k, e in enumerate(epochs, start=1)}
    figure, told = Figure(8, 2.4), []
    ax = figure.axes[0]
    for y, (name, batches) in enumerate(rows.items()):
        figure.keep(name, np.concatenate(batches))
        ax.text(-0.9, -y, name, ha="right", va="center")
        x = 0.0
        for k, batch in enumerate(batches):
            fill, hatch = _BATCHES[k % 3] if y else (PAPER, "")
            for sample in batch:
                ax.bar(x, 0.7, 0.95, -y - 0.35, color=fill, hatch=hatch, edgecolor=INK, lw=0.7)
                box = {"facecolor": PAPER, "edgecolor": "none", "pad": 1}
                ax.text(x, -y, sample, ha="center", va="center", bbox=box)
                x += 1
            x += 0.4 if y else 0
        if y:
            told.append(f"{name}: {', then '.join(map(str, batches))}")
    ax.set(xlim=(-3, count + 1), ylim=(-len(rows) + 0.4, 0.5))
    ax.axis("off")
    return figure.describe(
        f"A data set of {count} numbered samples dealt into batches. {'. '.join(told)}."
    )


def train_validation_figure() -> Figure:
    """What a batch of training and what validation do with the weights."""
    figure = Figure(9, 2.6)
    ax, places = figure.axes[0], figure.keep("places", [0, 1, 2, 3, 4])
    upper = ("training\nbatch", "model.train()\nforward", "loss", "backward()\ngradients", "step()")
    lower = ("validation\ndata", "model.eval()\nforward, no_grad()", "loss", "a number\nto watch")
    for y, words, fill in ((0.6, upper, SKY), (-0.6, lower, SAND)):
        for x, station in zip(places, words, strict=False):
            _box(ax, x, y, station, fill if x else PAPER)
            if x:
                _arrow(ax, (x - 0.62, x - 0.42), (y, y))
    ax.plot((4, 4, 1), (0.85, 1.2, 1.2), color=INK, lw=1, ls="-")
    _arrow(ax, (1, 1), (1.2, 0.92))
    ax.text(2.5, 1.24, "weights change", ha="center", va="bottom", fontsize=9)
    ax.text(4, -0.6, "weights stay", ha="center", va="center", fontsize=9)
    ax.set(xlim=(-0.5, 4.5), ylim=(-1, 1.45))
    ax.axis("off")
    return figure.describe(
        "Two chains, of 5 and 4 boxes. Training: batch, forward in training mode, loss, "
        "backward, step, and an arrow back to the model: the weights change. Validation: "
        "data, forward in eval mode without gradients, loss, a number to watch: the weights stay."
    )


def _bands(figure: Figure, curves: Mapping[str, Any], xs: Any, x_label: str) -> None:
    """A line for each name, the first seed's, in a band of all. Shapes: each value (seeds, N)."""
    ax = figure.axes[0]
    for (name, values), (colour, _), dash in zip(
        curves.items(), LINES, ("-", "--", ":"), strict=False
    ):
        values = figure.keep(name, values)
        ax.plot(xs, values[0], color=colour, ls=dash, label=name)
        ax.fill_between(xs, values.min(0), values.max(0), color=colour, alpha=0.15)
    ax.set(xlabel=x_label, ylabel="loss", ylim=(0, None))
    ax.legend(fontsize=9)


def three_curves_figure(runs: Any) -> Figure:
    """Three losses by epoch. Shapes: runs (seeds, epochs, 3): training mode, eval, validation."""
    figure, runs = Figure(6.5, 3), np.asarray(runs)
    names = ("training digits, training mode", "training digits, eval()", "validation, eval()")
    curves = {name: runs[..., k] for k, name in enumerate(names)}
    _bands(figure, curves, np.arange(1, runs.shape[1] + 1), "epoch")
    ends = ", ".join(f"{name} {runs[0, -1, k]:.2f}" for k, name in enumerate(names))
    below = int((runs[..., 2] < runs[..., 0]).sum())
    return figure.describe(
        f"Losses of a network with Dropout over {runs.shape[1]} epochs, {len(runs)} seeds. At the "
        f"end of seed 0: {ends}. Validation is below training mode in {below} of "
        f"{runs[..., 0].size} epochs."
    )


def overfitting_figure(runs: Any, every: int = 10) -> Figure:
    """Training and validation loss, and where to stop. Shapes: runs (seeds, N, 2)."""
    figure, runs = Figure(6.5, 3), np.asarray(runs)
    xs = every * np.arange(runs.shape[1])
    _bands(figure, {"training": runs[..., 0], "validation": runs[..., 1]}, xs, "step")
    best = int(runs[0, :, 1].argmin())
    figure.axes[0].axvline(xs[best], color=INK, ls=":", lw=1.2)
    figure.axes[0].text(xs[best] + 2, 2.1, "stop here")
    return figure.describe(
        f"Loss on few digits, {len(runs)} seeds. Training falls to {runs[0, -1, 0]:.3f}. "
        f"Validation falls to {runs[0, best, 1]:.2f} at step {xs[best]}, and then rises to "
        f"{runs[0, -1, 1]:.2f}."
    )


def debug_chart_figure() -> Figure:
    """Questions from top to bottom; a wrong answer leads to the right, to what to look at."""
    rows = (
        ("Is a loss inf or NaN?", "yes", "NaN hook: rate too large? log 0? 0 / 0? first weights?"),
        ("Is the first loss near ln(classes)?", "no", "data check, output check, softmax twice?"),
        (
            "Does one batch go to loss 0?",
            "no",
            "zero_grad? rate? gradients? dead, saturated neurons?",
        ),
        ("Is the training loss low?", "no", "underfitting: larger model, range test, more epochs"),
        (
            "Is the validation loss low?",
            "no",
            "overfitting: more data, Dropout, decay; labels? eval()?",
        ),
        ("Is it as good in use?", "no", "leak: is a validation row in training?"),
    )
    figure = Figure(9, 4.4)
    ax, places = figure.axes[0], figure.keep("places", np.arange(len(rows), 0, -1))
    for y, (question, wrong, look) in zip(places, rows, strict=True):
        _box(ax, 0, y, question, SKY)
        _box(ax, 0.75, y, look, PAPER, ha="left")
        _arrow(ax, (0.42, 0.72), (y, y), wrong)
        _arrow(ax, (0, 0), (y - 0.3, y - 0.7), "no" if wrong == "yes" else "yes")
    _box(ax, 0, 0, "done: ask the test part, once", MINT)
    ax.set(xlim=(-0.45, 2.3), ylim=(-0.4, len(rows) + 0.5))
    ax.axis("off")
    told = " ".join(f"{question} If {wrong}: {look}." for question, wrong, look in rows)
    return figure.describe(f"A flow chart of {len(rows)} questions. {told} At the end: done.")
