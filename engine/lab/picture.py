"""The one picture that every widget shows: an SVG that sends pointer and key events back."""

from __future__ import annotations

from pathlib import Path

import anywidget
import traitlets


class Picture(anywidget.AnyWidget):
    """Shows `svg` and a line of numbers below it; events come back as custom messages.

    Messages: {kind, x, y, target} with kind press, drag, drop, click, hover or leave. x and y are
    the SVG's own user coordinates. `target` holds the id and the data-* attributes of the element
    that was under the pointer when it was pressed. Moves come at most once in 30 ms.
    Keys (arrows, Enter, space, Home, End, digits) come as {kind: "key", key, shift}.

    Args:
        svg: the drawing. readout: the numbers in words, shown below.
        said: announced to a screen reader once it has rested for 0.4 s.
        keys_help: what the keys do, fixed; empty means that the picture takes no focus.
        hover: whether moves without a pressed button are sent.
    """

    _esm = Path(__file__).with_name("picture.js")
    _css = Path(__file__).with_name("picture.css")

    svg = traitlets.Unicode("").tag(sync=True)
    readout = traitlets.Unicode("").tag(sync=True)
    said = traitlets.Unicode("").tag(sync=True)
    keys_help = traitlets.Unicode("").tag(sync=True)
    hover = traitlets.Bool(False).tag(sync=True)
