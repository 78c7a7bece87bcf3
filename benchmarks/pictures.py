"""What the benchmarks measured, as pictures with words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from engine.lab.colours import BLUE, INK, ORANGE, VERMILLION
from engine.lab.figure import Figure


class Speed(NamedTuple):
    """One workload: training steps per second of the engine and of PyTorch; 0 for no bound."""

    name: str
    engine: float
    torch: float
    must: float
    goal: float

    @property
    def ratio(self) -> float:
        """How many times as fast as PyTorch the engine is."""
        return self.engine / self.torch

    @property
    def verdict(self) -> str:
        """Which bound is reached."""
        if not self.must:
            return ""
        bounds = ((self.goal, "goal"), (self.must, "must"), (0, "BELOW MUST"))
        return next(words for bound, words in bounds if self.ratio >= bound)


class Size(NamedTuple):
    """One size of a problem: shortest step in milliseconds, highest memory in MB."""

    size: int
    engine_ms: float
    torch_ms: float
    engine_mb: float
    torch_mb: float


def gain_by_fusing(fused: Speed, op_by_op: Speed) -> str:
    """How many times as fast as its separate operations a fused one is, on either side."""
    ours, theirs = fused.engine / op_by_op.engine, fused.torch / op_by_op.torch
    return f"{ours:.1f} times as fast as op by op (PyTorch {theirs:.1f} times)"


def speed_figure(rows: Sequence[Speed]) -> Figure:
    """Bars of the ratio to PyTorch; marks for what is promised and what is aimed at."""
    figure = Figure(8.4, 0.42 * len(rows) + 1.1)
    ax, places = figure.axes[0], range(len(rows))
    ratios = figure.keep("ratio", [row.ratio for row in rows])
    ax.barh(places, ratios - 1, left=1, height=0.6, color=BLUE)
    for at, row in enumerate(rows):
        end = (max(row.ratio, row.goal, 1), at)  # of the bar and its marks
        ax.annotate(f"{row.ratio:.2f}", end, (6, 0), textcoords="offset points", va="center")
    looks = {
        "must": {"marker": "|", "s": 150, "color": INK, "linewidths": 2.5},
        "goal": {"marker": "D", "s": 30, "color": ORANGE, "edgecolors": INK},
    }
    for bound, look in looks.items():
        ax.scatter([getattr(row, bound) for row in rows], places, label=bound, zorder=3, **look)
    ax.axvline(1, color=INK, linewidth=1)
    ax.set_xscale("log", base=2)
    ticks = [t for t in (0.25, 0.5, 1, 2, 4, 8) if ratios.min() / 2 <= t <= 2 * ratios.max()]
    ax.set_xticks(ticks, [f"{t:g}" for t in ticks])
    ax.set_xlim(min(0.4, ratios.min() / 1.2), max(6.5, 1.4 * ratios.max()))
    ax.set_yticks(places, [row.name for row in rows])
    ax.invert_yaxis()
    ax.grid(axis="y", visible=False)
    ax.set_xlabel("training steps per second: engine / PyTorch")
    ax.legend(loc="lower right")
    told = "; ".join(f"{row.name} {row.ratio:.2f}" for row in rows)
    return figure.describe(f"Speed of the engine, PyTorch is 1, one thread each: {told}.")


def growth_figure(problems: Mapping[str, Sequence[Size]]) -> Figure:
    """Time and memory against the size of each problem, engine and PyTorch."""
    figure = Figure(2.5 * len(problems), 5, rows=2, columns=len(problems))
    told = []
    for column, (name, sizes) in enumerate(problems.items()):
        xs = [size.size for size in sizes]
        for row, what in enumerate(("ms", "mb")):
            ax = figure.axes[row * len(problems) + column]
            for who, colour, marker, dash in (
                ("engine", BLUE, "o", "-"), ("torch", VERMILLION, "s", (0, (5, 2))),
            ):  # fmt: skip
                ys = [getattr(size, f"{who}_{what}") for size in sizes]
                ys = figure.keep(f"{name}: {who} {what}", ys)
                label = {"engine": "engine", "torch": "PyTorch"}[who]
                ax.plot(xs, ys, color=colour, marker=marker, ms=4, ls=dash, label=label)
            ax.set_xscale("log", base=2)
            ax.set_yscale("symlog" if what == "mb" else "log", base=2)
            ax.set_xticks(xs, map(str, xs), fontsize=8)
            ax.minorticks_off()
            ax.yaxis.set_major_formatter("{x:g}")
            ax.tick_params(axis="y", labelsize=8)
            if not row:
                ax.set_title(name.replace(", ", "\n"))
        first, last = sizes[0], sizes[-1]
        told.append(
            f"{name} {first.size} to {last.size}: {first.engine_ms:.3g} to {last.engine_ms:.3g} ms "
            f"(PyTorch {first.torch_ms:.3g} to {last.torch_ms:.3g}), "
            f"{last.engine_mb:.0f} MB at the end (PyTorch {last.torch_mb:.0f})"
        )
    figure.axes[0].set_ylabel("ms a training step")
    figure.axes[len(problems)].set_ylabel("MB at most")
    figure.axes[0].legend()
    return figure.describe(f"Time and memory by size. {'; '.join(told)}.")
