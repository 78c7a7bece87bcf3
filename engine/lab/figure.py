"""Still figures: a matplotlib figure with words for those who do not see it.

    def loss_figure(losses) -> Figure:
        figure = Figure(6, 3)
        ax = figure.axes[0]
        ax.plot(figure.keep("loss", losses))
        return figure.describe(f"Loss over 50 steps, falling from {losses[0]:.2f} to ...")

Nothing touches pyplot, so a figure leaves no state behind and needs no closing.
"""

from __future__ import annotations

import html
import io
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as MatplotlibFigure
from PIL import Image

from engine.lab.colours import CLASSES, GRID, INK, LINES
from engine.lab.cross_check import as_array

# matplotlib's names of the SVG markers, so that a class looks the same in both.
_MARKERS = {"circle": "o", "square": "s", "triangle": "^", "cross": "x"}
_DASHES = ("-", (0, (5, 2)), (0, (1, 1.5)), (0, (6, 2, 1, 2)), (0, (9, 3)))
_STYLE: Any = {
    "axes.prop_cycle": matplotlib.cycler(color=[c for c, _ in LINES], linestyle=_DASHES),
    "axes.edgecolor": INK,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.labelcolor": INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 11,
    "figure.facecolor": "white",
    "font.size": 10,
    "grid.color": GRID,
    "lines.linewidth": 2.0,
}


class Figure:
    """A still picture in a notebook.

    The output is a PNG, with `alt` as its text and once more in a fold below it, because JupyterLab
    gives the image itself no alternative text. Both are the same on every machine when `alt` is.

    Args: width, height: inches, at 100 dots. rows, columns: of axes. options: for
    matplotlib's `subplots`, for example `sharey=True`.
    Attributes: axes: the matplotlib axes, row by row. figure: the matplotlib figure. data: the
    arrays that were drawn, by name. alt: the words.
    """

    def __init__(
        self, width: float = 6, height: float = 3.5, rows: int = 1, columns: int = 1, **options: Any
    ) -> None:
        with matplotlib.rc_context(_STYLE):
            self.figure = MatplotlibFigure((width, height), dpi=100, layout="constrained")
            FigureCanvasAgg(self.figure)
            grid = self.figure.subplots(rows, columns, squeeze=False, **options)
        self.axes: list[Axes] = list(grid.ravel())
        self.data: dict[str, np.ndarray] = {}
        self.alt = ""

    def keep(self, name: str, values: Any) -> np.ndarray:
        """Values as an array, remembered in `data`.

        Args: values: an engine or torch tensor, an array, or a nested list of these.
        Raises: ValueError if the name is taken or the values are empty.
        """
        if name in self.data:
            raise ValueError(f"the figure has {name!r} already; it has {list(self.data)}")
        array = as_array(values)
        if array.size == 0:
            raise ValueError(f"nothing to draw: {name!r} has shape {array.shape}")
        self.data[name] = array
        return array

    def classes(
        self, ax: Axes, x: Any, labels: Any, *, name: str = "points", size: float = 36
    ) -> None:
        """Points by class: blue circles, orange squares. Shapes: x (N, 2), labels (N,)."""
        x, labels = self.keep(name, x), self.keep(f"{name} labels", labels).reshape(-1)
        for label in np.unique(labels).astype(int):
            style = CLASSES[label]
            look: dict[str, Any] = {
                "c": style.fill,
                "marker": _MARKERS[style.shape],
                "edgecolors": INK,
            }
            look |= {"s": size, "linewidths": 0.8, "zorder": 3, "label": f"class {label}"}
            ax.scatter(*x[labels == label].T, **look)

    def describe(self, alt: str) -> Figure:
        """Set the words of the picture: what it shows, with the numbers seen. Returns the figure.

        Raises: ValueError for fewer than 20 characters: no picture is told in so few.
        """
        if len(alt.strip()) < 20:
            raise ValueError(f"describe the picture with the numbers it shows, got {alt!r}")
        self.alt = " ".join(alt.split())
        return self

    def png(self) -> bytes:
        """The picture as PNG with at most 256 colours, which halves it and cannot be seen."""
        raw, packed = io.BytesIO(), io.BytesIO()
        self.figure.savefig(raw, format="png", metadata={"Software": None})
        raw.seek(0)
        with Image.open(raw) as picture:
            picture.convert("RGB").quantize(256).save(packed, "PNG", optimize=True)
        return packed.getvalue()

    def __repr__(self) -> str:
        return self.alt or "Figure without words yet: call describe()"

    def _ipython_display_(self) -> None:
        from IPython.display import publish_display_data

        if not self.alt:
            raise ValueError("a figure is shown with words: end with figure.describe('...')")
        picture = {"image/png": self.png(), "text/plain": self.alt}
        publish_display_data(picture, metadata={"image/png": {"alt": self.alt}})
        words = f"<summary>The picture in words</summary><p>{html.escape(self.alt)}</p>"
        fold = f"<details>{words}</details>"
        publish_display_data({"text/html": fold, "text/plain": "The picture in words: see above."})
