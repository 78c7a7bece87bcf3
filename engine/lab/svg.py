"""A small vocabulary for drawings: pure functions that return SVG text.

    plot = Plot(x=(-1, 2), y=(-1, 2), box=(50, 20, 300, 300), x_label="x₁", y_label="x₂")
    svg = document(370, 370, "One point at 1, 1.", plot.axes(), plot.marker(1, 1, CLASSES[0]))

The scales are fixed when the plot is made, so that pictures of one run can be compared. Plots work
in data units; `plot.to_data` turns the pixel of a pointer back into data units. Further keyword
arguments become attributes, see `element`.
"""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
from PIL import Image

from engine.lab.colours import BLUE, CLASSES, GREY, GRID, INK, PAPER, ClassStyle
from engine.lab.scale import nice_ticks, share_of, thinned, value_at

_SHORT = {"anchor": "text-anchor", "dash": "stroke-dasharray", "weight": "font-weight"}
_GHOST = {"colour": GREY, "dash": "5 4"}


def number(value: float) -> str:
    """At most two decimals: nobody sees a hundredth of a pixel, and the text stays short."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def element(tag: str, *content: str, **attributes: object) -> str:
    """`<tag name="value">content</tag>`; an attribute that is None or "" is left out.

    `data_id` becomes `data-id`; `anchor`, `dash` and `weight` are short for SVG's longer names.
    """
    named = ""
    for key, value in attributes.items():
        words = number(value) if isinstance(value, float) else escape(str(value))
        if value is not None and words:
            named += f' {_SHORT.get(key, key.replace("_", "-"))}="{words}"'
    return f"<{tag}{named}>{''.join(content)}</{tag}>" if content else f"<{tag}{named}/>"


def document(width: float, height: float, label: str, *parts: str) -> str:
    """A whole picture on its own white ground, with the role and the label of an image.

    Args: width, height: the user coordinates. label: a sentence that states the numbers seen.
    """
    view = {"xmlns": "http://www.w3.org/2000/svg", "viewBox": f"0 0 {width} {height}"}
    size = {"width": width, "height": height, "role": "img", "aria_label": label}
    font = {"font_family": "system-ui, Helvetica, Arial, sans-serif", "font_size": 13}
    return element(
        "svg", rectangle(0, 0, width, height, fill=PAPER), *parts, **view, **size, **font
    )


def group(*parts: str, **attrs: object) -> str:
    """Parts that share attributes, for example `group(..., opacity=0.4)`."""
    return element("g", *parts, **attrs)


def text(
    x: float, y: float, words: object, *, size: float = 13, colour: str = INK, **attrs: Any
) -> str:
    """Words whose base line starts, ends or is centred (`anchor` start, end, middle) at x, y.

    Nothing for empty words.
    """
    words = escape(str(words))
    return words and element("text", words, x=x, y=y, font_size=size, fill=colour, **attrs)


def line(
    x0: float, y0: float, x1: float, y1: float, colour: str = INK, width: float = 1.5, **more: Any
) -> str:
    """A straight line between two pixels; `dash` is a pattern like "5 4"."""
    ends = {"x1": x0, "y1": y0, "x2": x1, "y2": y1}
    return element("line", **ends, stroke=colour, stroke_width=width, **more)


def rectangle(
    x: float, y: float, width: float, height: float, *, fill: str = "none", **attrs: Any
) -> str:
    """A rectangle from its upper left corner."""
    return element("rect", x=x, y=y, width=width, height=height, fill=fill, **attrs)


def circle(x: float, y: float, radius: float, *, fill: str = "none", **attrs: Any) -> str:
    """A circle around a pixel."""
    return element("circle", cx=x, cy=y, r=radius, fill=fill, **attrs)


def polygon(corners: Iterable[tuple[float, float]], *, fill: str = "none", **attrs: Any) -> str:
    """A closed figure through pixels."""
    points = " ".join(f"{number(x)},{number(y)}" for x, y in corners)
    return element("polygon", points=points, fill=fill, **attrs)


def arrow(
    x0: float, y0: float, x1: float, y1: float, *, colour: str = INK, width: float = 2.5
) -> str:
    """An arrow from one pixel to another; the head shrinks when the arrow is short."""
    length = math.hypot(x1 - x0, y1 - y0)
    if not math.isfinite(length) or length < 1e-6:
        return ""
    share = min(12.0, length / 2) / length  # of the head
    dx, dy = share * (x1 - x0), share * (y1 - y0)
    bx, by = x1 - dx, y1 - dy
    head = [(x1, y1), (bx - 0.45 * dy, by + 0.45 * dx), (bx + 0.45 * dy, by - 0.45 * dx)]
    return line(x0, y0, bx, by, colour=colour, width=width) + polygon(head, fill=colour)


def symbol(
    x: float,
    y: float,
    shape: str,
    fill: str = BLUE,
    size: float = 6,
    width: float = 1.2,
    **more: Any,
) -> str:
    """A marker at a pixel: circle, square, triangle or cross; `size` is its radius in pixels.

    Raises: ValueError for another shape.
    """
    look = {"fill": fill, "stroke": INK, "stroke_width": width, **more}
    if shape == "circle":
        return circle(x, y, size, **look)
    if shape == "square":
        return rectangle(x - 0.9 * size, y - 0.9 * size, 1.8 * size, 1.8 * size, **look)
    if shape == "triangle":
        corners = [(0, -1.15 * size), (size, 0.7 * size), (-size, 0.7 * size)]
        return polygon([(x + dx, y + dy) for dx, dy in corners], **look)
    if shape == "cross":
        s = 0.85 * size
        d = f"M{number(x - s)} {number(y - s)}l{2 * s} {2 * s}m{-2 * s} 0l{2 * s} {-2 * s}"
        return element("path", d=d, **more, stroke=fill, stroke_width=max(width, 2.5))
    raise ValueError(f"shape must be circle, square, triangle or cross, got {shape!r}")


def handle(x: float, y: float, *, radius: float = 14, **attrs: Any) -> str:
    """An unseen disc that a finger can hit; give it `data_grab="name"` to know what was grabbed."""
    return circle(x, y, radius, fill="transparent", style="cursor: grab", **attrs)


def legend(x: float, y: float, *entries: tuple[str, str, float]) -> str:
    """Marks with their words in one row, from the left. Args: entries: (mark, words, width)."""
    parts = []
    for mark, words, width in entries:
        parts.append(group(mark, text(12, 4, words), transform=f"translate({x} {y})"))
        x += width
    return "".join(parts)


def image(
    x: float, y: float, width: float, height: float, rgb: Any, *, smooth: bool = False
) -> str:
    """An array as a picture stretched over a rectangle; `smooth` blends neighbouring cells.

    Shapes: rgb (H, W, 3) or (H, W), uint8, top row first.
    """
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(rgb, dtype=np.uint8)).save(buffer, "PNG", compress_level=1)
    data = base64.b64encode(buffer.getvalue()).decode("ascii")
    look = {"preserveAspectRatio": "none", "style": "" if smooth else "image-rendering: pixelated"}
    place = {"x": x, "y": y, "width": width, "height": height}
    return element("image", href=f"data:image/png;base64,{data}", **place, **look)


@dataclass(frozen=True)
class Plot:
    """A rectangle of a picture with fixed scales.

    Args:
        x, y: lowest and highest data value of each axis.
        box: left, top, width, height in pixels; leave 45 left and 40 below for labels.
        title, x_label, y_label: words around the box.
        x_ticks, y_ticks: values to mark; None chooses round ones, () marks none.
        log_x, log_y: logarithmic scales; both ends must be above 0.
        name: told to the state with each pointer event, when a picture has several plots.

    Raises: ValueError if an axis is empty or a logarithmic one is not positive.
    """

    x: tuple[float, float]
    y: tuple[float, float]
    box: tuple[float, float, float, float]
    title: str = ""
    x_label: str = ""
    y_label: str = ""
    x_ticks: Sequence[float] | None = None
    y_ticks: Sequence[float] | None = None
    log_x: bool = False
    log_y: bool = False
    name: str = "plot"

    def __post_init__(self) -> None:
        for axis, (low, high), log in (("x", self.x, self.log_x), ("y", self.y, self.log_y)):
            if not low < high:
                raise ValueError(f"the {axis} axis must rise, got {low} to {high}")
            if log and low <= 0:
                raise ValueError(f"a logarithmic {axis} axis starts above 0, got {low}")

    def px(self, x: Any) -> Any:
        """Pixel column of a data value (a number or an array)."""
        return self.box[0] + self.box[2] * share_of(x, self.x, self.log_x)

    def py(self, y: Any) -> Any:
        """Pixel row of a data value; larger values stand higher."""
        return self.box[1] + self.box[3] * (1 - share_of(y, self.y, self.log_y))

    def at(self, x: float, y: float) -> tuple[float, float]:
        """The pixel of a data point."""
        return float(self.px(x)), float(self.py(y))

    def to_data(self, px: float, py: float) -> tuple[float, float]:
        """Data values at a pixel, the inverse of `at`."""
        across = (px - self.box[0]) / self.box[2]
        up = 1 - (py - self.box[1]) / self.box[3]
        return value_at(across, self.x, self.log_x), value_at(up, self.y, self.log_y)

    def contains(self, px: float, py: float) -> bool:
        """Whether a pixel lies in the box."""
        left, top, width, height = self.box
        return left <= px <= left + width and top <= py <= top + height

    def axes(self, *, grid: bool = True) -> str:
        """Frame, ticks, grid and labels. Draw it first, or after a field with `grid=False`."""
        left, top, width, height = self.box
        right, bottom, middle = left + width, top + height, left + width / 2
        rules, marks = [], []
        for value in nice_ticks(*self.x, self.log_x) if self.x_ticks is None else self.x_ticks:
            at = self.px(value)
            rules.append(line(at, top, at, bottom, colour=GRID, width=1))
            marks.append(line(at, bottom, at, bottom + 4, width=1))
            marks.append(text(at, bottom + 17, f"{value:g}", anchor="middle", size=12))
        for value in nice_ticks(*self.y, self.log_y) if self.y_ticks is None else self.y_ticks:
            at = self.py(value)
            rules.append(line(left, at, right, at, colour=GRID, width=1))
            marks.append(line(left - 4, at, left, at, width=1))
            marks.append(text(left - 7, at + 4, f"{value:g}", anchor="end", size=12))
        turn = f"translate({left - 36} {top + height / 2}) rotate(-90)"
        marks += [
            rectangle(left, top, width, height, stroke=INK, stroke_width=1),
            text(middle, top - 8, self.title, anchor="middle", weight="600"),
            text(middle, bottom + 34, self.x_label, anchor="middle"),
            text(0, 0, self.y_label, anchor="middle", transform=turn),
        ]
        return "".join([*rules, *marks] if grid else marks)

    def clip(self, *parts: str) -> str:
        """Parts drawn inside the box only."""
        # A nested svg clips by itself; a clipPath would need an id that is unique in the page.
        left, top, width, height = self.box
        view = f"{left} {top} {width} {height}"
        return element("svg", *parts, x=left, y=top, width=width, height=height, viewBox=view)

    def line(
        self,
        xs: Iterable[float],
        ys: Iterable[float],
        *,
        colour: str = BLUE,
        width: float = 2,
        **more: Any,
    ) -> str:
        """A line through points, thinned to 300, broken where a value is not finite, clipped.

        Raises: ValueError if xs and ys differ in length.
        """
        xs, ys = np.asarray(list(xs), dtype=float), np.asarray(list(ys), dtype=float)
        if xs.shape != ys.shape:
            raise ValueError(f"a line needs as many x as y values, got {xs.size} and {ys.size}")
        keep = thinned(xs.size)
        with np.errstate(all="ignore"):
            places = np.stack([self.px(xs[keep]), self.py(ys[keep])], axis=-1)
        # Browsers draw nothing at all when a coordinate is astronomically large.
        near = np.where(np.isfinite(places), np.clip(places, -1e4, 1e4), np.nan)
        path, pen = "", "M"
        for x, y in near:
            gap = math.isnan(x + y)
            path += "" if gap else f"{pen}{number(x)} {number(y)}"
            pen = "M" if gap else "L"
        look = {"fill": "none", "stroke": colour, "stroke_width": width}
        drawn = element("path", d=path, **look, stroke_linejoin="round", **more)
        return self.clip(drawn) if path else ""

    def marker(self, x: float, y: float, style: ClassStyle, **attrs: Any) -> str:
        """A marker of a class (see `colours.CLASSES`) at a data point."""
        return symbol(*self.at(x, y), style.shape, **{"fill": style.fill, **attrs})

    def points(self, x: Any, labels: Any, **attrs: Any) -> str:
        """Markers of many points. Shapes: x (N, 2), labels (N,) with 0, 1 or 2."""
        pairs = zip(np.asarray(x), np.asarray(labels).reshape(-1), strict=True)
        return "".join(self.marker(x, y, CLASSES[int(k)], **attrs) for (x, y), k in pairs)

    def text(self, x: float, y: float, words: object, **attrs: Any) -> str:
        """Words at a data point."""
        return text(*self.at(x, y), words, **attrs)

    def arrow(self, x0: float, y0: float, x1: float, y1: float, **attrs: Any) -> str:
        """An arrow between two data points."""
        return arrow(*self.at(x0, y0), *self.at(x1, y1), **attrs)

    def vertical(self, x: float, **look: Any) -> str:
        """A line across the box at one x; grey and dashed unless `look` says otherwise."""
        ends = [*self.at(x, self.y[0]), *self.at(x, self.y[1])]
        return line(*ends, **{**_GHOST, **look})

    def horizontal(self, y: float, **look: Any) -> str:
        """A line across the box at one y; grey and dashed unless `look` says otherwise."""
        ends = [*self.at(self.x[0], y), *self.at(self.x[1], y)]
        return line(*ends, **{**_GHOST, **look})

    def field(self, rgb: Any, *, smooth: bool = True) -> str:
        """Colours over the whole box. Shapes: rgb (rows, columns, 3); row 0 is the LOWEST y."""
        return image(*self.box, np.asarray(rgb)[::-1], smooth=smooth)

    def bars(
        self, edges: Sequence[float], heights: Sequence[float], *, fill: str = BLUE, **attrs: Any
    ) -> str:
        """Histogram bars between edges, from the lowest y. Shapes: edges (K + 1,), heights (K,)."""
        if len(edges) != len(heights) + 1:
            raise ValueError(f"{len(heights)} bars need {len(heights) + 1} edges, got {len(edges)}")
        floor, columns = number(self.py(self.y[0])), self.px(edges)
        bars = (  # one path, which a browser shows sooner than many rectangles
            f"M{number(left)} {floor}V{number(top)}H{number(max(right - 0.5, left + 0.5))}V{floor}"
            for left, right, top in zip(columns, columns[1:], self.py(heights), strict=False)
        )
        return self.clip(element("path", d="".join(bars), fill=fill, **attrs))
