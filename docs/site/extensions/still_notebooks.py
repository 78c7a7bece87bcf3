"""Notebooks as pages: every picture gets its words, every widget stands still.

A widget's stored output is one line of text, `PerceptronLine()`, because a widget lives in a
kernel. That line also makes the widget: here it is made once more, and its first picture is shown.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
from html import escape, unescape
from typing import Any

import engine
from engine import lab
from engine.lab.app import App

CALL = re.compile(r"(\w+)\(.*\)")


class Replay:
    """Cells of a notebook, run in order and only as far as a widget needs them."""

    def __init__(self, cells: list[dict[str, Any]]) -> None:
        self.cells, self.done = cells, 0
        self.names: dict[str, Any] = {"__name__": "__main__"}

    def value(self, place: int) -> Any:
        """What the last line of a cell gives after all cells before it."""
        dtype = engine.get_default_dtype()
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                for cell in self.cells[self.done : place]:
                    if cell["cell_type"] == "code":
                        exec("".join(cell["source"]), self.names)
                *statements, expression = "".join(self.cells[place]["source"]).splitlines()
                exec("\n".join(statements), self.names)
                self.done = place
                return eval(expression, self.names)
        finally:
            engine.set_default_dtype(dtype)


def still(notebook: dict[str, Any]) -> dict[str, Any]:
    """The notebook with stills for widgets, and words of pictures where MyST-NB looks for them.

    Raises: ValueError for a cell with two pictures: words are given to a cell.
    """
    replay = Replay(notebook["cells"])
    for place, cell in enumerate(notebook["cells"]):
        words, shown = [], []
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            text = "".join(data.get("text/plain", ""))
            if is_widget(text):
                picture = opened(text, replay, place).picture
                shown += [displayed("image/svg+xml", picture.svg)]
                shown += [displayed("text/html", caption(picture.readout))]
                words.append(label(picture.svg))
            else:
                shown.append(output)
            if "image/png" in data:
                words.append(output["metadata"]["image/png"]["alt"])
        if len(words) > 1:
            raise ValueError(f"two pictures in one cell: {words}")
        if words:
            cell["outputs"] = shown
            cell["metadata"]["mystnb"] = {"image": {"alt": words[0]}}
    return notebook


def displayed(mime: str, content: str) -> dict[str, Any]:
    """An output of a cell."""
    return {"output_type": "display_data", "metadata": {}, "data": {mime: content}}


def is_widget(text: str) -> bool:
    """Whether the text of an output is a widget's."""
    call = CALL.fullmatch(text)
    found = getattr(lab, call[1], None) if call and call[1] in lab.__all__ else None
    return isinstance(found, type) and issubclass(found, App)


def opened(text: str, replay: Replay, place: int) -> App:
    """The widget as it opens; one that shows a model of its notebook needs the cells before."""
    name = text.partition("(")[0]
    try:
        return eval(text, {name: getattr(lab, name)})
    except TypeError:  # an argument is missing
        return replay.value(place)


def label(svg: str) -> str:
    """The words of a drawing."""
    found = re.search(r'aria-label="([^"]*)"', svg)
    return " ".join(unescape(found[1]).split()) if found else ""


def caption(readout: str) -> str:
    """What stands below the still picture: its numbers, and where it moves."""
    readout = escape(readout).replace("\n", "<br>")
    live = "A still picture. In JupyterLab, <code>make lab</code>, this widget is live."
    return f'<p class="still-readout">{readout}</p><p class="still-note">{live}</p>'


def _read(app, docname: str, content: list[str]) -> None:
    if str(app.env.doc2path(docname)).endswith(".ipynb"):
        content[0] = json.dumps(still(json.loads(content[0])))


def setup(app) -> dict[str, bool]:
    """Called by Sphinx."""
    app.connect("source-read", _read)
    return {"parallel_read_safe": True}
