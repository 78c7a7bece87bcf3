"""The one picture that every widget shows: an SVG that sends pointer and key events back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anywidget
import traitlets

_STYLE = """
.lab-widget { max-width: 100%; }
.lab-picture { display: inline-block; max-width: 100%; touch-action: none; border-radius: 4px; }
.lab-picture > svg { display: block; max-width: 100%; height: auto; user-select: none; }
.lab-picture:focus-visible { outline: 3px solid #0072B2; outline-offset: 1px; }
.lab-readout { min-height: 4.5em; line-height: 1.5; white-space: pre-wrap; max-width: 46em;
  font-variant-numeric: tabular-nums; color: var(--jp-content-font-color1, #222); }
.lab-said { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
  white-space: nowrap; }
"""


class Picture(anywidget.AnyWidget):
    """Shows `svg` and a line of numbers below it; events come back as custom messages.

    Messages: {kind, x, y, target} with kind press, drag, drop, click, hover, leave or key. x and y
    are the SVG's own user coordinates. `target` holds the id and the data-* attributes of the
    element that was under the pointer when it was pressed. Moves come at most once in 30 ms.
    Keys (arrows, Enter, space, Home, End) come as {kind: "key", key, shift}.

    Args:
        svg: the drawing. readout: the numbers in words, shown below.
        said: announced to a screen reader once it has rested for 0.4 s.
        keys_help: what the keys do; empty means that the picture takes no focus.
        hover: whether moves without a pressed button are sent.
    """

    _esm = Path(__file__).with_name("picture.js").read_text(encoding="utf-8")
    _css = _STYLE

    svg = traitlets.Unicode("").tag(sync=True)
    readout = traitlets.Unicode("").tag(sync=True)
    said = traitlets.Unicode("").tag(sync=True)
    keys_help = traitlets.Unicode("").tag(sync=True)
    hover = traitlets.Bool(False).tag(sync=True)

    def show(self, **values: Any) -> None:
        """Send several values in one message."""
        with self.hold_sync():
            for name, value in values.items():
                setattr(self, name, value)
