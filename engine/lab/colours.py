"""Colours of the course: the Okabe-Ito palette, which people with colour blindness can tell apart.

A colour never carries a meaning alone: classes also differ by marker, lines also by dashes.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

BLACK = "#000000"
ORANGE = "#E69F00"
SKY = "#56B4E9"
GREEN = "#009E73"
BLUE = "#0072B2"
VERMILLION = "#D55E00"
PURPLE = "#CC79A7"
PALE_BLUE, PALE_ORANGE = "#D3E8F5", "#FDEBC8"  # the two sides of a line
SAND, MINT = "#F5D08A", "#BFE3D0"  # boxes with words in them

INK = "#222222"  # text, axes and the outline of every marker
GREY = "#6B6B6B"  # secondary text and ghosts of earlier runs
GRID = "#E3E3E3"
PAPER = "#FFFFFF"


class ClassStyle(NamedTuple):
    """How the points of one class look; `words` is what a label calls them."""

    fill: str
    line: str
    shape: str
    words: str


# Orange has too little contrast on white for a thin line, so lines take vermillion.
CLASSES = (
    ClassStyle(BLUE, BLUE, "circle", "blue circle"),
    ClassStyle(ORANGE, VERMILLION, "square", "orange square"),
    ClassStyle(GREEN, GREEN, "triangle", "green triangle"),
)

# Lines of one plot, in the order of their use: colour and SVG dash pattern.
LINES = ((BLUE, ""), (VERMILLION, "7 4"), (GREEN, "2 3"), (PURPLE, "9 3 2 3"), (BLACK, "12 4"))


def class_field(share: Any) -> np.ndarray:
    """Colours of a decision field: 0 is pale blue (class 0), ½ white, 1 pale orange (class 1).

    Pale, so that markers on top keep their contrast. NaN becomes white.

    Shapes: share (...); result (..., 3), uint8.
    """
    share = np.clip(np.nan_to_num(np.asarray(share, dtype=float), nan=0.5), 0.0, 1.0)
    red, green, blue = zip((158, 202, 230), (255, 255, 255), (250, 209, 138), strict=True)
    mixed = [np.interp(share, (0.0, 0.5, 1.0), channel) for channel in (red, green, blue)]
    return np.stack(mixed, axis=-1).round().astype(np.uint8)
