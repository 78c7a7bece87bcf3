"""Numbers behind a plot: round ticks, shares of an axis, points worth drawing, ends of a line."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

MOST_POINTS = 300  # a line with more points takes longer to send and looks the same


def thinned(count: int) -> np.ndarray:
    """At most 300 indices out of `count`, evenly spread, the first and the last among them."""
    return np.linspace(0, count - 1, min(count, MOST_POINTS)).round().astype(int)


def nice_ticks(low: float, high: float, log: bool = False) -> list[float]:
    """About five round values between two ends: steps of 1, 2 or 5 times a power of ten.

    On a logarithmic scale they are powers of ten.
    """
    if log:
        first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
        return [10.0**k for k in range(first, last + 1, max(1, math.ceil((last - first) / 6)))]
    power = 10.0 ** math.floor(math.log10((high - low) / 5))
    step = next(power * m for m in (1, 2, 5, 10) if power * m >= (high - low) / 5 * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(k * step, 12) for k in range(first, last + 1)]


def share_of(at: Any, ends: tuple[float, float], log: bool) -> Any:
    """Where a value (or an array) lies between two ends: 0 at the first, 1 at the second."""
    low, high = ends
    if log:
        return np.log(np.maximum(at, 1e-300) / low) / math.log(high / low)
    return (np.asarray(at, dtype=float) - low) / (high - low)


def value_at(part: float, ends: tuple[float, float], log: bool) -> float:
    """The value at a share of the way between two ends, the inverse of `share_of`."""
    low, high = ends
    return low * (high / low) ** part if log else low + part * (high - low)


def foot(w: Any, b: float, near: Any) -> np.ndarray:
    """The point of the line w·x + b = 0 that is nearest to `near`, (2,), or `near` if w is 0."""
    w, near = np.asarray(w), np.asarray(near)
    return near - (w @ near + b) * w / max(w @ w, 1e-24)


def line_ends(w: Any, b: float, near: Any, reach: float) -> np.ndarray:
    """Two points of the line w·x + b = 0, (2, 2): `reach` to either side of its foot."""
    along = reach * np.array([w[1], -w[0]]) / max(np.hypot(*w), 1e-12)
    return foot(w, b, near) + np.array([-along, along])
