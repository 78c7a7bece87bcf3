"""A small vocabulary for drawings: pure functions that return SVG text.

    plot = Plot(x=(-1, 2), y=(-1, 2), box=(50, 20, 300, 300), x_label="x₁", y_label="x₂")
    svg = document(370, 370, "One point at 1, 1.", plot.axes(), plot.marker(1, 1, CLASSES[0]))

The scales are fixed when the plot is made, so that pictures of one run can be compared. Plots work
in data units; `plot.to_data` turns the pixel of a pointer back into data units.
"""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape as _html_escape
from typing import Any

import numpy as np

from engine.lab.colours import BLUE, CLASSES, GREY, GRID, INK, PAPER, ClassStyle
from engine.lab.scale import nice_ticks, share_of, thinned, value_at


def escape(text: object) -> str:
    """Text made safe for SVG content and attributes."""
    return _html_escape(str(text), quote=True)


def number(value: float) -> str:
    """A coordinate with one decimal: nobody sees a tenth of a pixel, and the text stays short."""
    return f"{value:.1f}".removesuffix(".0")


def attributes(**values: object) -> str:
    """` name="value"` for each argument that is not None; `data_id` becomes `data-id`."""
    named = ((key.rstrip("_").replace("_", "-"), value) for key, value in values.items())
    return "".join(f' {key}="{escape(value)}"' for key, value in named if value is not None)


def document(width: float, height: float, label: str, *parts: str) -> str:
    """A whole picture on its own white ground, with the role and the label of an image.

    Args: width, height: the user coordinates. label: a sentence that states the numbers seen.
    """
    w, h = number(width), number(height)
    image_of = attributes(role="img", aria_label=label)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w} {h}" width="{w}" height="{h}"'
        f'{image_of} font-family="system-ui, Helvetica, Arial, sans-serif" font-size="13">'
        f'<rect width="100%" height="100%" fill="{PAPER}"/>' + "".join(parts) + "</svg>"
    )


def group(*parts: str, **attrs: object) -> str:
    """Parts that share attributes, for example `group(..., opacity=0.4)`."""
    return f"<g{attributes(**attrs)}>{''.join(parts)}</g>"


def text(
    x: float,
    y: float,
    words: object,
    *,
    anchor: str = "start",
    size: float = 13,
    colour: str = INK,
    weight: str | None = None,
    **attrs: object,
) -> str:
    """Words whose base line starts, ends or is centred (`anchor` start, end, middle) at x, y."""
    more = attributes(text_anchor=anchor, font_size=size, fill=colour, font_weight=weight, **attrs)
    return f'<text x="{number(x)}" y="{number(y)}"{more}>{escape(words)}</text>'


def line(
    x0: float,
    y0: float,
    x1: float,
    y1: float,
    *,
    colour: str = INK,
    width: float = 1.5,
    dash: str = "",
    **attrs: object,
) -> str:
    """A straight line between two pixels."""
    ends = f'x1="{number(x0)}" y1="{number(y0)}" x2="{number(x1)}" y2="{number(y1)}"'
    more = attributes(stroke=colour, stroke_width=width, stroke_dasharray=dash or None, **attrs)
    return f"<line {ends}{more}/>"


def rectangle(
    x: float, y: float, width: float, height: float, *, fill: str = "none", **attrs: object
) -> str:
    """A rectangle from its upper left corner."""
    place = f'x="{number(x)}" y="{number(y)}" width="{number(width)}" height="{number(height)}"'
    return f"<rect {place}{attributes(fill=fill, **attrs)}/>"


def arrow(
    x0: float, y0: float, x1: float, y1: float, *, colour: str = INK, width: float = 2.5
) -> str:
    """An arrow from one pixel to another; the head shrinks when the arrow is short."""
    length = math.hypot(x1 - x0, y1 - y0)
    if not math.isfinite(length) or length < 1e-6:
        return ""
    head = min(12.0, length / 2)
    ux, uy = (x1 - x0) / length, (y1 - y0) / length
    bx, by = x1 - head * ux, y1 - head * uy
    across, up = 0.45 * head * uy, 0.45 * head * ux
    corners = ((x1, y1), (bx - across, by + up), (bx + across, by - up))
    points = " ".join(f"{number(x)},{number(y)}" for x, y in corners)
    return line(x0, y0, bx, by, colour=colour, width=width) + (
        f'<polygon points="{points}"{attributes(fill=colour)}/>'
    )


def symbol(
    x: float,
    y: float,
    shape: str,
    *,
    fill: str = BLUE,
    size: float = 6,
    outline: str = INK,
    width: float = 1.2,
    **attrs: object,
) -> str:
    """A marker at a pixel: circle, square, triangle or cross; `size` is its radius in pixels.

    Raises: ValueError for another shape.
    """
    style = {"fill": fill, "stroke": outline, "stroke_width": width, **attrs}
    if shape == "circle":
        return (
            f'<circle cx="{number(x)}" cy="{number(y)}" r="{number(size)}"{attributes(**style)}/>'
        )
    if shape == "square":
        half = 0.9 * size
        style.pop("fill")
        return rectangle(x - half, y - half, 2 * half, 2 * half, fill=fill, **style)
    if shape == "triangle":
        corners = ((0, -1.15 * size), (size, 0.7 * size), (-size, 0.7 * size))
        points = " ".join(f"{number(x + dx)},{number(y + dy)}" for dx, dy in corners)
        return f'<polygon points="{points}"{attributes(**style)}/>'
    if shape == "cross":
        s = 0.85 * size
        path = f"M{number(x - s)} {number(y - s)}L{number(x + s)} {number(y + s)}"
        path += f"M{number(x - s)} {number(y + s)}L{number(x + s)} {number(y - s)}"
        style |= {"fill": "none", "stroke": fill, "stroke_width": max(width, 2.5)}
        return f'<path d="{path}"{attributes(**style)}/>'
    raise ValueError(f"shape must be circle, square, triangle or cross, got {shape!r}")


def handle(x: float, y: float, *, radius: float = 14, **attrs: object) -> str:
    """An unseen disc that a finger can hit; give it `data_grab="name"` to know what was grabbed."""
    seen = attributes(fill="transparent", style="cursor: grab", **attrs)
    return f'<circle cx="{number(x)}" cy="{number(y)}" r="{number(radius)}"{seen}/>'


def png(rgb: Any) -> str:
    """A data address that holds an image. Shapes: rgb (H, W, 3) or (H, W), uint8, top row first."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(rgb, dtype=np.uint8)).save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def image(
    x: float, y: float, width: float, height: float, rgb: Any, *, smooth: bool = False
) -> str:
    """An array as a picture stretched over a rectangle; `smooth` blends neighbouring cells."""
    look = None if smooth else "image-rendering: pixelated"
    place = f'x="{number(x)}" y="{number(y)}" width="{number(width)}" height="{number(height)}"'
    return f'<image {place} preserveAspectRatio="none"{attributes(style=look)} href="{png(rgb)}"/>'


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

    def to_data(self, px: float, py: float) -> tuple[float, float]:
        """Data values at a pixel, the inverse of `px` and `py`."""
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
        parts = []
        for value in self._ticks(self.x, self.x_ticks, self.log_x):
            at = float(self.px(value))
            if grid:
                parts.append(line(at, top, at, top + height, colour=GRID, width=1))
            parts.append(line(at, top + height, at, top + height + 4, width=1))
            parts.append(text(at, top + height + 17, f"{value:g}", anchor="middle", size=12))
        for value in self._ticks(self.y, self.y_ticks, self.log_y):
            at = float(self.py(value))
            if grid:
                parts.append(line(left, at, left + width, at, colour=GRID, width=1))
            parts.append(line(left - 4, at, left, at, width=1))
            parts.append(text(left - 7, at + 4, f"{value:g}", anchor="end", size=12))
        parts.append(rectangle(left, top, width, height, stroke=INK, stroke_width=1))
        middle = left + width / 2
        if self.title:
            parts.append(text(middle, top - 8, self.title, anchor="middle", weight="600"))
        if self.x_label:
            parts.append(text(middle, top + height + 34, self.x_label, anchor="middle"))
        if self.y_label:
            x, y = left - 36, top + height / 2
            turn = f"rotate(-90 {number(x)} {number(y)})"
            parts.append(text(x, y, self.y_label, anchor="middle", transform=turn))
        return "".join(parts)

    def _ticks(
        self, ends: tuple[float, float], given: Sequence[float] | None, log: bool
    ) -> Sequence[float]:
        if given is not None:
            return given
        if not log:
            return nice_ticks(*ends)
        low, high = math.ceil(math.log10(ends[0]) - 1e-9), math.floor(math.log10(ends[1]) + 1e-9)
        every = max(1, math.ceil((high - low) / 6))
        return [10.0**k for k in range(low, high + 1, every)]

    def clip(self, *parts: str) -> str:
        """Parts drawn inside the box only."""
        # A nested svg clips by itself; a clipPath would need an id that is unique in the page.
        left, top, width, height = map(number, self.box)
        view = f"{left} {top} {width} {height}"
        place = f'x="{left}" y="{top}" width="{width}" height="{height}" viewBox="{view}"'
        return f"<svg {place}>{''.join(parts)}</svg>"

    def line(
        self,
        xs: Iterable[float],
        ys: Iterable[float],
        *,
        colour: str = BLUE,
        width: float = 2,
        dash: str = "",
        **attrs: object,
    ) -> str:
        """A line through points, thinned to 300, broken where a value is not finite, clipped.

        Raises: ValueError if xs and ys differ in length.
        """
        xs, ys = np.asarray(list(xs), dtype=float), np.asarray(list(ys), dtype=float)
        if xs.shape != ys.shape:
            raise ValueError(f"a line needs as many x as y values, got {xs.size} and {ys.size}")
        if xs.size == 0:
            return ""
        keep = thinned(xs.size)
        with np.errstate(all="ignore"):
            columns, rows = self.px(xs[keep]), self.py(ys[keep])
        pieces, pen_down = [], False
        for column, row in zip(columns, rows, strict=True):
            if not (math.isfinite(column) and math.isfinite(row)):
                pen_down = False
                continue
            # Browsers draw nothing at all when a coordinate is astronomically large.
            column, row = max(-1e4, min(1e4, column)), max(-1e4, min(1e4, row))
            pieces.append(f"{'L' if pen_down else 'M'}{number(column)} {number(row)}")
            pen_down = True
        more = attributes(
            fill="none",
            stroke=colour,
            stroke_width=width,
            stroke_dasharray=dash or None,
            stroke_linejoin="round",
            **attrs,
        )
        return self.clip(f'<path d="{"".join(pieces)}"{more}/>') if pieces else ""

    def marker(self, x: float, y: float, style: ClassStyle, **attrs: Any) -> str:
        """A marker of a class (see `colours.CLASSES`) at a data point."""
        place = float(self.px(x)), float(self.py(y))
        return symbol(*place, style.shape, **{"fill": style.fill, **attrs})

    def points(self, x: Any, labels: Any, **attrs: Any) -> str:
        """Markers of many points. Shapes: x (N, 2), labels (N,) with 0, 1 or 2."""
        x, labels = np.asarray(x, dtype=float), np.asarray(labels).reshape(-1)
        return "".join(
            self.marker(float(point[0]), float(point[1]), CLASSES[int(label)], **attrs)
            for point, label in zip(x, labels, strict=True)
        )

    def text(self, x: float, y: float, words: object, **attrs: Any) -> str:
        """Words at a data point."""
        return text(float(self.px(x)), float(self.py(y)), words, **attrs)

    def arrow(self, x0: float, y0: float, x1: float, y1: float, **attrs: Any) -> str:
        """An arrow between two data points."""
        return arrow(*map(float, (self.px(x0), self.py(y0), self.px(x1), self.py(y1))), **attrs)

    def vertical(
        self, x: float, *, colour: str = GREY, dash: str = "5 4", width: float = 1.5
    ) -> str:
        """A line across the box at one x."""
        at, top, height = float(self.px(x)), self.box[1], self.box[3]
        return line(at, top, at, top + height, colour=colour, dash=dash, width=width)

    def horizontal(
        self, y: float, *, colour: str = GREY, dash: str = "5 4", width: float = 1.5
    ) -> str:
        """A line across the box at one y."""
        at, left, across = float(self.py(y)), self.box[0], self.box[2]
        return line(left, at, left + across, at, colour=colour, dash=dash, width=width)

    def field(self, rgb: Any, *, smooth: bool = True) -> str:
        """Colours over the whole box. Shapes: rgb (rows, columns, 3); row 0 is the LOWEST y."""
        return image(*self.box, np.asarray(rgb)[::-1], smooth=smooth)

    def bars(
        self,
        edges: Iterable[float],
        heights: Iterable[float],
        *,
        fill: str = BLUE,
        floor: float | None = None,
        **attrs: object,
    ) -> str:
        """Histogram bars between edges. Shapes: edges (K + 1,), heights (K,)."""
        edges, heights = list(map(float, edges)), list(map(float, heights))
        if len(edges) != len(heights) + 1:
            raise ValueError(f"{len(heights)} bars need {len(heights) + 1} edges, got {len(edges)}")
        base = float(self.py(self.y[0] if floor is None else floor))
        bars = []
        for left, right, height in zip(edges, edges[1:], heights, strict=False):
            x0, x1, top = float(self.px(left)), float(self.px(right)), float(self.py(height))
            upper, lower = min(top, base), max(top, base)
            bars.append(rectangle(x0, upper, max(x1 - x0 - 0.5, 0.5), lower - upper, fill=fill))
        return self.clip(group(*bars, **attrs))
