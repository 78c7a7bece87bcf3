"""Still figures of notebook 05: filters, windows, what a CNN sees, one-pixel shifts, shortcuts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from engine.lab.colours import BLUE, CLASSES, GREY, INK, PAPER, SKY, VERMILLION, class_field
from engine.lab.digit_pad import mosaic
from engine.lab.figure import Figure


def _picture(
    ax: Axes, values: np.ndarray, title: str, signed: bool = False, numbers: bool = True
) -> None:
    """A picture with its numbers: grey from white (0) to black, or blue, white, orange by sign."""
    most = max(float(np.nanmax(np.abs(values))), 1e-9)
    shown = class_field(0.5 + values / (2 * most)) if signed else values / most
    ax.imshow(shown, cmap="gray_r", vmin=0, vmax=1)
    for (row, column), value in np.ndenumerate(values if numbers else np.empty((0, 0))):
        ink = PAPER if not signed and value > most / 2 else INK
        words = f"{value:g}".replace("-", "−")
        ax.text(column, row, words, ha="center", va="center", fontsize=8, color=ink)
    ax.set(title=title, xticks=[], yticks=[])
    ax.spines[:].set_visible(numbers)


def one_pixel_figure(image: Any) -> Figure:
    """A digit, the same digit one pixel to the right, and which numbers differ. Shape: (8, 8)."""
    figure = Figure(8, 2.9, columns=3)
    image = figure.keep("image", image)
    moved = figure.keep("moved", np.pad(image, ((0, 0), (1, 0)))[:, :-1])
    changed = figure.keep("changed", moved - image)
    count = np.count_nonzero(changed)
    _picture(figure.axes[0], image, "a digit")
    _picture(figure.axes[1], moved, "one pixel to the right")
    _picture(figure.axes[2], changed, f"{count} of 64 numbers changed", signed=True)
    return figure.describe(
        "Left, a handwritten digit as 8 × 8 numbers from 0 to 16. Middle, the same digit one pixel "
        f"to the right. Right, the differences: {count} of 64 numbers changed, by up to "
        f"{np.abs(changed).max():g}."
    )


def filter_figure(image: Any, kernel: Any, response: Any) -> Figure:
    """An image, a kernel and what comes out of its slide. Shapes: (H, W), (k, k), (H', W')."""
    figure = Figure(8, 3, columns=3)
    _picture(figure.axes[0], figure.keep("image", image), "image (8, 8)")
    _picture(figure.axes[1], figure.keep("kernel", kernel), "kernel (3, 3)", signed=True)
    response = figure.keep("response", response)
    _picture(figure.axes[2], response, "response (6, 6)", signed=True)
    return figure.describe(
        f"Left, an image of 8 × 8 numbers. Middle, a kernel of 3 × 3. Right, its 6 × 6 responses, "
        f"from {response.min():g} (blue) to {response.max():g} (orange)."
    )


def windows_figure(size: int, options: Sequence[tuple[int, int, int, int]]) -> Figure:
    """Which pixels of a row each window reads, for (kernel, stride, padding, dilation)."""
    figure, words = Figure(9, 2.6, columns=len(options)), []
    for ax, (k, s, p, d) in zip(figure.axes, options, strict=True):
        starts = range(-p, size + p - d * (k - 1), s)
        title = f"kernel {k}, stride {s}, padding {p}, dilation {d}"
        reads = figure.keep(title, [[start + d * j for j in range(k)] for start in starts])
        unread = np.setdiff1d(np.arange(size), reads)
        border = np.setdiff1d(np.arange(-p, size + p), np.arange(size))
        look = {"s": 200, "marker": "s", "edgecolors": INK}
        ax.scatter(np.arange(size), np.zeros(size), c=SKY, **look)
        ax.scatter(border, 0 * border, c=PAPER, linestyle=":", **look)
        ax.plot(unread, 0 * unread, "x", color=VERMILLION, ms=12, mew=3)
        for row, places in enumerate(reads, 1):
            ax.plot(places, [-row] * k, "o-", color=BLUE, ms=5, lw=1.2)
        ax.set(xlim=(-1.8, size + 0.8), ylim=(-8.8, 0.8))
        ax.set_title(f"kernel {k}, stride {s},\npadding {p}, dilation {d}", fontsize=10)
        ax.axis("off")
        gone = ", ".join(map(str, unread + 1))
        never = f"never reads pixel {gone}" if gone else "reads all"
        words.append(f"{title}: {len(reads)} windows, {never}")
    return figure.describe(f"A row of {size} pixels and the windows under it. {'; '.join(words)}.")


def inside_figure(image: Any, filters: Any, maps: Any) -> Figure:
    """Learned filters and what each makes of an image. Shapes: (H, W), (16, k, k), (16, H', W')."""
    figure = Figure(9, 3, columns=3, width_ratios=(1, 2, 2))
    image, filters = figure.keep("image", image), figure.keep("filters", filters)
    maps = figure.keep("maps", maps)
    largest = np.abs(filters).max((1, 2), keepdims=True)
    left, middle, right = figure.axes
    _picture(left, image, "input", numbers=False)
    _picture(middle, mosaic(filters / largest), "learned filters", signed=True, numbers=False)
    _picture(right, mosaic(maps), "their feature maps after ReLU", numbers=False)
    strongest, dark = maps.max((1, 2)).argmax() + 1, int((maps.max((1, 2)) == 0).sum())
    return figure.describe(
        f"Left, a digit. Middle, {len(filters)} learned filters of 3 × 3, blue for negative and "
        f"orange for positive weights. Right, the feature map of each; the largest value stands "
        f"in map {strongest}, {dark} maps are empty."
    )


def shift_figure(at_rest: Mapping[str, Any], shifted: Mapping[str, Any]) -> Figure:
    """Share of the test digits read right, at rest and moved, a mark for each seed, by network."""
    figure, words = Figure(7, 2.6), []
    ax = figure.axes[0]
    for row, name in enumerate(at_rest):
        rest = figure.keep(f"{name} at rest", at_rest[name])
        moved = figure.keep(f"{name} moved", shifted[name])
        ax.plot((moved.mean(), rest.mean()), (row, row), color=GREY, lw=1, ls="-", zorder=1)
        for values, style, marker in ((rest, CLASSES[0], "o"), (moved, CLASSES[1], "s")):
            y = [row + (0.15 if marker == "s" else -0.15)] * len(values)  # or one hides the other
            ax.scatter(values, y, 45, style.fill, marker=marker, edgecolors=INK, zorder=2)
        words.append(f"{name} {rest.mean():.1f} % at rest, {moved.mean():.1f} % moved")
    ax.set(yticks=range(len(at_rest)), yticklabels=list(at_rest), xlim=(35, 101))
    ax.set(xlabel="right, in % (blue circles: at rest; orange squares: moved by one pixel)")
    ax.invert_yaxis()
    return figure.describe(f"Test digits read right, mean of the seeds: {'; '.join(words)}.")
