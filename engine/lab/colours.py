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
YELLOW = "#F0E442"
BLUE = "#0072B2"
VERMILLION = "#D55E00"
PURPLE = "#CC79A7"

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

_PALE_BLUE = (158, 202, 230)
_PALE_ORANGE = (250, 209, 138)
_WHITE = (255, 255, 255)
_DEEP_BLUE = (0, 68, 124)


def _mix(values: Any, stops: tuple[tuple[int, int, int], ...]) -> np.ndarray:
    shares = np.clip(np.nan_to_num(np.asarray(values, dtype=float), nan=0.5), 0.0, 1.0)
    places = np.linspace(0.0, 1.0, len(stops))
    channels = [np.interp(shares, places, [stop[c] for stop in stops]) for c in range(3)]
    return np.stack(channels, axis=-1).round().astype(np.uint8)


def class_field(share: Any) -> np.ndarray:
    """Colours of a decision field: 0 is pale blue (class 0), ½ white, 1 pale orange (class 1).

    Pale, so that markers on top keep their contrast. NaN becomes white.

    Shapes: share (...); result (..., 3), uint8.
    """
    return _mix(share, (_PALE_BLUE, _WHITE, _PALE_ORANGE))


def height_field(share: Any) -> np.ndarray:
    """Colours of heights from 0 (white, low) to 1 (deep blue, high). Shapes as `class_field`."""
    return _mix(share, (_WHITE, _PALE_BLUE, _DEEP_BLUE))


def contrast(first: str, second: str) -> float:
    """Contrast ratio of two colours, from 1 to 21 (WCAG 2.1, relative luminance).

    Text needs 4.5, a line or an outline needs 3.
    """

    def luminance(colour: str) -> float:
        channels = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
        linear = np.where(
            channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4
        )
        return float(linear @ np.array([0.2126, 0.7152, 0.0722]))

    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)
