"""The app that every widget of the course shares: one picture, a few controls, the same buttons.

A widget is a state (plain Python, see `engine.lab.state`), a drawing `render(state) -> str` (see
`svg`) and:

    class CoinCounter(App):
        def __init__(self, p: float = 0.5) -> None:
            super().__init__(CoinState(p), render, [Rates("p", "chance", options=(0.1, 0.5, 0.9))])

Widget messages may arrive on another thread than the one that steps the model. So handlers only
note what was asked, under a lock; one task on the main loop reads the notes, changes the state,
steps it and draws. `Run all` draws once and plays nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets
import numpy as np

from engine.lab.controls import Control
from engine.lab.picture import Picture
from engine.lab.state import Event, State
from engine.lab.svg import Plot

__all__ = ["App", "Event", "State"]

PICTURES_PER_SECOND = 30


class App:
    """Controls, shared buttons and the picture of one state.

    Args:
        state: see `State`. render: draws it as SVG, changing nothing.
        controls: at most four, in the order of their use.
        plots: plots of the picture, or a function of the state that gives them, so that events
            come in data units.
        keys_help: what the keys do in the picture, read to whoever focuses it.
        rate: pictures per second of play, at most 30. steps: model steps for each picture.
        most_steps: play pauses by itself after so many steps.
        text: the constant text of the output; default is the class name and "()".

    Raises: ValueError for more than four controls, an unknown attribute, or a rate above 30.
    """

    _shown: dict[str, tuple[str, App]] = {}

    def __init__(
        self,
        state: Any,
        render: Callable[[Any], str],
        controls: Sequence[Control] = (),
        *,
        plots: Sequence[Plot] | Callable[[Any], Sequence[Plot]] = (),
        keys_help: str = "",
        rate: float = 25,
        steps: int = 1,
        most_steps: int = 2000,
        text: str | None = None,
    ) -> None:
        if len(controls) > 4:
            raise ValueError(f"a widget has at most 4 controls, got {len(controls)}")
        if not 0 < rate <= PICTURES_PER_SECOND:
            raise ValueError(f"rate must lie in 0 to {PICTURES_PER_SECOND}, got {rate}")
        for control in controls:
            if not hasattr(state, control.name):
                raise ValueError(f"{type(state).__name__} has no attribute {control.name!r}")
        self.state, self.render = state, render
        self._plots = plots if callable(plots) else lambda _: plots
        self._declared = {c.name: c for c in controls}
        self._rate, self._steps, self._most_steps = rate, steps, most_steps
        self._text = text or f"{type(self).__name__}()"
        self._message, self._failed = "", False
        self._lock = threading.Lock()
        self._requests: list[tuple[Any, ...]] = []
        self._playing, self._closed = False, False
        self._worker: Any = None
        self._drawn, self._next_step, self._played = -1.0, 0.0, 0
        self._drag_plot: Plot | None = None
        self._woken: asyncio.Event | None = None
        try:
            self._loop: asyncio.AbstractEventLoop | None = asyncio.get_running_loop()
        except RuntimeError:
            self._loop = None
        self._build(keys_help)
        self._known = {name: getattr(state, name) for name in self._declared}
        self._replace_earlier()
        self._draw()

    def _build(self, keys_help: str) -> None:
        state = self.state
        self.picture = Picture(keys_help=keys_help, hover=hasattr(state, "hover"))
        self.picture.on_msg(lambda _, content, buffers: self._ask("event", content))
        self.controls: dict[str, Any] = {}
        for name, control in self._declared.items():
            widget = control.widget(getattr(state, name))
            widget.observe(lambda change, name=name: self._ask("set", name, change["new"]), "value")
            self.controls[name] = widget
        self.buttons: dict[str, Any] = {}
        if hasattr(state, "step"):
            self._button("play", "Play", "play", "run step after step until you pause")
            self._button("step", "Step", "step-forward", "one step")
        if hasattr(state, "reset"):
            kept = "start again from the same seed" if hasattr(state, "seed") else "start again"
            self._button("reset", "Reset", "undo", kept)
        if hasattr(state, "seed"):
            self._button("new_seed", "New seed", "random", "start again from the next seed")
        if hasattr(state, "ghost"):
            box = ipywidgets.Checkbox(
                value=state.ghost is not None,
                description="Compare",
                tooltip="keep the last run as a grey line when you start again",
                indent=False,
                layout=ipywidgets.Layout(width="max-content"),
            )
            box.observe(lambda change: self._ask("compare", change["new"]), "value")
            self.buttons["compare"] = box
        rows = [list(self.controls.values()), list(self.buttons.values())]
        flow = {"flex_flow": "row wrap", "align_items": "center", "grid_gap": "2px 14px"}
        boxes = [ipywidgets.HBox(row, layout=ipywidgets.Layout(**flow)) for row in rows if row]
        self.box = ipywidgets.VBox([*boxes, self.picture])

    def _button(self, name: str, words: str, icon: str, tooltip: str) -> None:
        layout = ipywidgets.Layout(width="auto", min_width="6.5em")
        button = ipywidgets.Button(description=words, icon=icon, tooltip=tooltip, layout=layout)
        button.on_click(lambda _: self._ask(name))
        self.buttons[name] = button

    def __repr__(self) -> str:
        return self._text

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        view = "application/vnd.jupyter.widget-view+json"
        reference = {"version_major": 2, "version_minor": 0, "model_id": self.box.model_id}
        return {"text/plain": self._text, view: reference}

    def _replace_earlier(self) -> None:
        # JupyterLab names the cell in each request. A frontend that does not may show the same
        # widget in two cells, so there the earlier one only stops playing.
        cell, request = "", ""
        shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
        if shell is not None and hasattr(shell, "get_parent"):
            parent = shell.get_parent() or {}
            cell = parent.get("metadata", {}).get("cellId", "")
            request = parent.get("header", {}).get("msg_id", "")
        earlier_request, earlier = App._shown.get(cell or self._text, ("", None))
        if earlier is not None and not cell:
            earlier.stop()
        elif earlier is not None and earlier_request != request:
            earlier.close()
        App._shown[cell or self._text] = (request, self)

    @property
    def playing(self) -> bool:
        """Whether play is on."""
        return self._playing

    def press(self, name: str) -> None:
        """Press a shared button by its name: play, step, reset or new_seed."""
        self.buttons[name].click()

    def send(self, kind: str, **content: Any) -> None:
        """Act as the picture does on a pointer or key event (x and y are pixels of the picture)."""
        self._ask("event", {"kind": kind, **content})

    def stop(self) -> None:
        """Stop playing."""
        with self._lock:
            self._playing = False

    def close(self) -> None:
        """Stop for good and give the widgets back; the picture stays as it is."""
        with self._lock:
            self._playing, self._closed = False, True
            self._requests.clear()
        rows = [child for row in self.box.children for child in getattr(row, "children", ())]
        for widget in (*rows, *self.box.children, self.box):
            widget.close()

    async def settled(self) -> None:
        """Wait until everything asked for has been done (for ever while playing)."""
        while self._worker is not None:
            await asyncio.sleep(0.002)

    def _ask(self, *request: Any) -> None:
        with self._lock:
            if self._closed:
                return
            if request == ("play",):
                self._playing = not self._playing
                self._played = 0
                self._next_step = 0.0
            if self._requests and _same_kind(self._requests[-1], request):
                self._requests.pop()
            self._requests.append(request)
            loop = self._loop
            if loop is not None and not loop.is_closed():
                if self._worker is None:
                    self._worker = asyncio.run_coroutine_threadsafe(self._work(), loop)
                elif self._woken is not None:
                    loop.call_soon_threadsafe(self._woken.set)
                return
        self._serve_without_loop()

    def _serve_without_loop(self) -> None:
        requests, self._requests = self._requests, []
        for request in requests:
            self._serve(request)
        if self._playing:
            self._playing = False
            self._message = "Play needs a running notebook; Step works everywhere."
        self._draw()

    async def _work(self) -> None:
        """Serve requests, step and draw; this and all below run on the main loop alone."""
        loop = asyncio.get_running_loop()
        self._woken = asyncio.Event()
        try:
            while True:
                # What is asked during this pause becomes one picture.
                await asyncio.sleep(max(0.0, self._drawn + 1 / PICTURES_PER_SECOND - loop.time()))
                self._woken.clear()
                with self._lock:
                    requests, self._requests = self._requests, []
                    if self._closed or not (requests or self._playing):
                        return
                for request in requests:
                    self._serve(request)
                if self._playing and loop.time() >= self._next_step:
                    self._next_step = max(loop.time(), self._next_step + 1 / self._rate)
                    self._advance(self._steps)
                self._drawn = loop.time()
                self._draw()
                if self._playing:
                    with contextlib.suppress(TimeoutError):
                        pause = max(0.0, self._next_step - loop.time())
                        await asyncio.wait_for(self._woken.wait(), pause)
        finally:
            with self._lock:
                self._worker = None
                if self._requests and not self._closed:
                    self._worker = asyncio.run_coroutine_threadsafe(self._work(), loop)

    def _serve(self, request: tuple[Any, ...]) -> None:
        kind, *rest = request
        try:
            with np.errstate(all="ignore"):
                getattr(self, f"_serve_{kind}")(*rest)
        except Exception as error:  # a task that dies would leave a dead picture without a word
            self._message = f"That did not work: {type(error).__name__}: {error}"
        self._follow_state()

    def _serve_play(self) -> None:
        if not self._failed:
            self._message = ""

    def _serve_step(self) -> None:
        self.stop()
        if not self._failed:
            self._message = ""
        self._advance(1)

    def _serve_reset(self) -> None:
        self.stop()
        self._restart()

    def _serve_new_seed(self) -> None:
        self.stop()
        self.state.seed += 1
        self._restart()

    def _serve_compare(self, on: bool) -> None:
        if not on:
            self.state.ghost = None

    def _serve_set(self, name: str, value: Any) -> None:
        if value == self._known[name]:
            return
        setattr(self.state, name, value)
        self._known[name] = value
        if self._declared[name].restart:
            self._restart()
        else:
            self._message, self._failed = "", False

    def _serve_event(self, content: dict[str, Any]) -> None:
        kind = str(content.get("kind", ""))
        if kind not in ("press", "drag", "drop", "click", "hover", "leave", "key"):
            return
        px, py = float(content.get("x", 0.0)), float(content.get("y", 0.0))
        if kind not in ("drag", "drop", "click"):
            self._drag_plot = next((p for p in self._plots(self.state) if p.contains(px, py)), None)
        plot = self._drag_plot
        x, y = plot.to_data(px, py) if plot else (px, py)
        handler = getattr(self.state, kind, None)
        if handler is not None:
            where = {"x": x, "y": y, "px": px, "py": py, "plot": plot.name if plot else ""}
            keys = {"key": str(content.get("key", "")), "shift": bool(content.get("shift"))}
            handler(Event(kind=kind, target=content.get("target") or {}, **where, **keys))

    def _restart(self) -> None:
        box = self.buttons.get("compare")
        if box is not None and box.value:
            self.state.ghost = self.state.trace()
        self.state.reset()
        self._message, self._failed = "", False

    def _advance(self, steps: int) -> None:
        """Take steps one by one, so that the first bad one can be named."""
        began, in_play = time.perf_counter(), self._playing
        for _ in range(steps):
            if self._failed:
                return self.stop()
            if self._finished():
                break
            at = getattr(self.state, "steps", self._played)
            try:
                with np.errstate(all="ignore"):
                    self.state.step(1)
            except Exception as error:
                return self._fail(f"Stopped at step {at + 1}: {type(error).__name__}: {error}")
            loss = getattr(self.state, "loss", None)
            if loss is not None and not math.isfinite(loss):
                why = getattr(self.state, "trouble", lambda: "")()
                return self._fail(
                    f"Stopped at step {at + 1}: the loss became {loss}. {why}".strip()
                )
            self._played += 1
            if self._finished():
                break
            if self._playing and self._played >= self._most_steps:
                self._message = f"Paused after {self._played:,} steps. Play goes on."
                self.stop()
            if in_play and not self._playing:
                break  # paused, or the last step allowed
            if time.perf_counter() - began > 1 / PICTURES_PER_SECOND:
                break  # slow steps: show what there is, and let a pause in
        self._follow_state()
        return None

    def _finished(self) -> bool:
        if not getattr(self.state, "done", False):
            return False
        self._message = "Done. Reset starts again."
        self.stop()
        return True

    def _fail(self, message: str) -> None:
        self._message, self._failed = message, True
        self.stop()

    def _follow_state(self) -> None:
        # A drag or a key may have changed what a control shows.
        for name, widget in self.controls.items():
            value = getattr(self.state, name)
            if value != self._known[name]:
                self._known[name] = value
                widget.value = value

    def _draw(self) -> None:
        try:
            svg = self.render(self.state)
            readout = self.state.summary()
        except Exception as error:
            self.stop()
            svg, readout = self.picture.svg, f"Drawing failed: {type(error).__name__}: {error}"
        if self._message:
            readout = f"{readout}\n{self._message}"
        values = {"svg": svg, "readout": readout}
        playing = self._playing
        if not playing:
            values["said"] = readout  # 25 announcements a second would drown the listener
        if self._closed:
            return
        self.picture.show(**values)
        play = self.buttons.get("play")
        if play is not None:
            words = "Pause" if playing else "Play"
            if play.description != words:
                play.description, play.icon = words, words.lower()


def _same_kind(earlier: tuple[Any, ...], later: tuple[Any, ...]) -> bool:
    """Whether the later request makes the earlier one needless: only the last value counts."""
    if earlier[0] == later[0] == "set":
        return earlier[1] == later[1]
    if earlier[0] == later[0] == "event":
        return earlier[1].get("kind") == later[1].get("kind") in ("drag", "hover")
    return False
