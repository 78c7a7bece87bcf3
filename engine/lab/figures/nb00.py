"""Still figures of notebook 00, the start page."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.patches import Rectangle

from engine.lab.colours import GREY, INK
from engine.lab.cross_check import as_array
from engine.lab.figure import Figure


def digit_figure(image: Any) -> Figure:
    """A picture as the numbers it is made of. Shape: image (n, m), 0 white to 16 black."""
    figure = Figure(4.2, 4.2)
    ax, image = figure.axes[0], figure.keep("image", image)
    ax.imshow(image, cmap="Greys", vmin=0, vmax=16)
    for (i, j), value in np.ndenumerate(image):
        colour = "white" if value > 8 else INK
        ax.text(j, i, f"{value:g}", ha="center", va="center", color=colour)
    ax.set_axis_off()
    (n, m), top = image.shape, ", ".join(f"{value:g}" for value in image[0])
    return figure.describe(
        f"A handwritten digit of {n} rows and {m} columns: {n * m} numbers from {image.min():g} "
        f"(white) to {image.max():g} (black). The top row is {top}."
    )


def broadcast_figure(matrix: Any, row: Any) -> Figure:
    """A matrix plus a row, which broadcasting repeats: (n, m) + (m,) → (n, m)."""
    matrix, row = as_array(matrix), as_array(row)
    figure = Figure(7.5, 1.9, columns=3)
    stretched = np.broadcast_to(row, matrix.shape)
    parts = {"matrix": matrix, "row": stretched, "sum": matrix + row}
    for ax, (name, values), sign in zip(figure.axes, parts.items(), ("+", "=", ""), strict=True):
        figure.keep(name, values)
        n, m = values.shape
        for (i, j), value in np.ndenumerate(values):
            copied = name == "row" and i > 0
            look = {"facecolor": "white", "edgecolor": GREY if copied else INK}
            ax.add_patch(Rectangle((j, n - 1 - i), 1, 1, linestyle=":" if copied else "-", **look))
            colour = GREY if copied else INK
            ax.text(j + 0.5, n - 0.5 - i, f"{value:g}", ha="center", va="center", color=colour)
        ax.text(m + 0.35, n / 2, sign, fontsize=16, ha="center", va="center")
        ax.set(xlim=(-0.1, m + 0.7), ylim=(-0.1, n + 0.1), aspect="equal")
        ax.set_axis_off()
    return figure.describe(
        f"A matrix of shape {matrix.shape} plus a row of shape {row.shape}. The row is used for "
        f"each of the {matrix.shape[0]} rows of the matrix. The sums: {(matrix + row).tolist()}."
    )
