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

from engine.lab.controls import Control, Toggle
from engine.lab.picture import Picture
from engine.lab.state import EVENTS, Event, State
from engine.lab.svg import Plot

__all__ = ["App", "Event", "State"]

PICTURES_PER_SECOND = 30
ANSWER_SECONDS = 1.0  # a browser answers what a control was made to show at the latest after this

# Shared buttons: the attribute of the state that they need, words, icon and tooltip.
_BUTTONS = {
    "play": ("step", "Play", "play", "run step after step until you pause"),
    "step": ("step", "Step", "step-forward", "one step"),
    "reset": ("reset", "Reset", "undo", "start again; a seed stays the same"),
    "new_seed": ("seed", "New seed", "random", "start again from the next seed"),
}


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

    Raises: ValueError for more than four controls or a rate above 30; AttributeError for a control
    of something that the state does not have.
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
        self.state, self.render = state, render
        self._plots = plots if callable(plots) else lambda _: plots
        self._rate, self._steps, self._most_steps = rate, steps, most_steps
        self._text = text or f"{type(self).__name__}()"
        self._message, self._failed, self._played = "", False, 0
        self._lock, self._requests = threading.Lock(), list[tuple[Any, ...]]()
        self._playing = self._working = self._closed = False
        self._drawn = self._next_step = 0.0
        self._pressed_plot: Plot | None = None
        self._loop: asyncio.AbstractEventLoop | None = None  # there is one in a notebook
        with contextlib.suppress(RuntimeError):
            self._loop = asyncio.get_running_loop()
        self._known = {control.name: getattr(state, control.name) for control in controls}
        self._shown_lately: list[tuple[float, str, Any]] = []  # time, control, value set by the app
        self._restarts = {control.name for control in controls if control.restart}
        self._build(controls, keys_help)
        self._replace_earlier()
        self._draw()

    def _build(self, controls: Sequence[Control], keys_help: str) -> None:
        self.picture = Picture(keys_help=keys_help, hover=hasattr(self.state, "hover"))
        self.picture.on_msg(lambda _, content, __: self._ask("event", content["kind"], content))
        self.controls: dict[str, Any] = {}
        for control in controls:
            widget = control.widget(getattr(self.state, control.name))
            widget.observe(lambda new, name=control.name: self._ask("set", name, new.new), "value")
            self.controls[control.name] = widget
        self.buttons: dict[str, Any] = {}
        for name, (needs, words, icon, tooltip) in _BUTTONS.items():
            if hasattr(self.state, needs):
                layout = ipywidgets.Layout(width="auto", min_width="6.5em")
                face = {"description": words, "icon": icon, "tooltip": tooltip, "layout": layout}
                self.buttons[name] = ipywidgets.Button(**face)
                self.buttons[name].on_click(lambda _, name=name: self._ask("press", name))
        if hasattr(self.state, "ghost"):
            box = Toggle("ghost", "Compare").widget(self.state.ghost is not None)
            box.tooltip = "keep the last run as a grey line when you start again"
            box.observe(lambda _: self._ask("compare"), "value")
            self.buttons["compare"] = box
        flow = {"flex_flow": "row wrap", "align_items": "center", "grid_gap": "2px 14px"}
        rows = [list(row.values()) for row in (self.controls, self.buttons) if row]
        boxes = [ipywidgets.HBox(row, layout=ipywidgets.Layout(**flow)) for row in rows]
        self.box = ipywidgets.VBox([*boxes, self.picture])

    def _replace_earlier(self) -> None:
        # JupyterLab names the cell in each request. A frontend that does not may show the same
        # widget in two cells, so there the earlier one only stops playing.
        shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
        parent = (shell.get_parent() if hasattr(shell, "get_parent") else None) or {}
        cell = parent.get("metadata", {}).get("cellId", "")
        request = parent.get("header", {}).get("msg_id", "")
        earlier_request, earlier = App._shown.get(cell or self._text, (request, self))
        if not cell:
            earlier.stop()
        elif earlier_request != request:
            earlier.close()
        App._shown[cell or self._text] = (request, self)

    def __repr__(self) -> str:
        return self._text

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return {**self.box._repr_mimebundle_(), "text/plain": self._text}

    @property
    def playing(self) -> bool:
        """Whether play is on."""
        return self._playing

    def press(self, name: str) -> None:
        """Press a shared button by its name: play, step, reset or new_seed."""
        self.buttons[name].click()

    def send(self, kind: str, **content: Any) -> None:
        """Act as the picture does on a pointer or key event (x and y are pixels of the picture)."""
        self._ask("event", kind, content)

    def stop(self) -> None:
        """Stop playing."""
        self._playing = False

    def close(self) -> None:
        """Stop for good and give the widgets back; the picture stays as it is."""
        self._playing, self._closed = False, True
        inner = (*self.controls.values(), *self.buttons.values(), *self.box.children)
        for widget in (*inner, self.box):
            widget.close()

    async def settled(self) -> None:
        """Wait until everything asked for has been done (for ever while playing)."""
        while self._working:
            await asyncio.sleep(0.002)

    def _ask(self, kind: str, name: str = "", *value: Any) -> None:
        """Note a request, on any thread."""
        request = (kind, name, *value)
        with self._lock:
            if self._closed:
                return
            if request == ("press", "play"):
                self._playing = not self._playing  # at once, so that pause ends a long run of steps
            only_last_counts = kind == "set" or name in ("drag", "hover")
            if only_last_counts and self._requests and self._requests[-1][:2] == request[:2]:
                self._requests.pop()
            self._requests.append(request)
            idle, self._working = not self._working, True
        if self._loop is None:
            while requests := self._noted():
                self._serve(requests)
        elif idle:
            asyncio.run_coroutine_threadsafe(self._work(), self._loop)

    def _noted(self) -> list[tuple[Any, ...]]:
        """Take the requests. Where nothing is left to do, the next one starts a new worker."""
        with self._lock:
            requests, self._requests = self._requests, []
            self._working = not self._closed and bool(requests or self._playing)
        return requests

    async def _work(self) -> None:
        """Serve requests, step and draw; this and all below run on the main loop alone."""
        loop, pause = asyncio.get_running_loop(), 1 / self._rate
        while True:
            # What is asked while the last picture is new becomes one picture.
            await asyncio.sleep(max(0.0, self._drawn + 1 / PICTURES_PER_SECOND - loop.time()))
            requests, now = self._noted(), loop.time()
            if not self._working:
                return
            if self._playing and now >= self._next_step:
                late = now - self._next_step > pause
                self._next_step = pause + (now if late else self._next_step)
                requests.append(("run", self._steps))
            if requests:
                self._drawn = now
                self._serve(requests)
            else:
                await asyncio.sleep(0.005)

    def _serve(self, requests: Sequence[tuple[Any, ...]]) -> None:
        for kind, *rest in requests:
            try:
                with np.errstate(all="ignore"):
                    getattr(self, f"_do_{kind}")(*rest)
            except Exception as error:  # a task that dies would leave a dead picture without a word
                self._message = f"That did not work: {type(error).__name__}: {error}"
        self._draw()

    def _do_press(self, name: str) -> None:
        if name != "play":
            self.stop()
        if name == "new_seed":
            self.state.seed += 1
        if name in ("reset", "new_seed"):
            return self._restart()
        self._played = 0
        self._message = self._message if self._failed else ""
        if name == "step":
            self._do_run(1, playing=False)
        elif self._playing and self._loop is None:
            self.stop()
            self._message = "Play needs a running notebook; Step works everywhere."

    def _do_compare(self, _: str) -> None:
        if not self.buttons["compare"].value:
            self.state.ghost = None

    def _do_set(self, name: str, value: Any) -> None:
        if value == self._known[name]:  # a control that followed its state
            return
        latest = time.monotonic() - ANSWER_SECONDS
        self._shown_lately = [entry for entry in self._shown_lately if entry[0] > latest]
        if any(entry[1:] == (name, value) for entry in self._shown_lately):
            # The browser answers each value that a drag showed; the state is further by now.
            if self.controls[name].value == value:
                self._show(name, self._known[name])
            return
        setattr(self.state, name, value)
        self._known[name] = value
        if name in self._restarts:
            self._restart()
        else:
            self._message, self._failed = "", False

    def _do_event(self, kind: str, content: dict[str, Any]) -> None:
        px, py = content.get("x", 0.0), content.get("y", 0.0)
        if kind not in ("drag", "drop", "click"):
            inside = (plot for plot in self._plots(self.state) if plot.contains(px, py))
            self._pressed_plot = next(inside, None)
        plot = self._pressed_plot
        x, y = plot.to_data(px, py) if plot else (px, py)
        if kind in EVENTS and hasattr(self.state, kind):
            more = {name: content[name] for name in ("target", "key", "shift") if name in content}
            event = Event(kind, x, y, px, py, plot.name if plot else "", **more)
            getattr(self.state, kind)(event)

    def _restart(self) -> None:
        if "compare" in self.buttons and self.buttons["compare"].value:
            self.state.ghost = self.state.trace()
        self.state.reset()
        self._message, self._failed = "", False

    def _do_run(self, steps: int, playing: bool = True) -> None:
        """Take steps one by one, so that the first bad one can be named and a pause gets in."""
        end = time.perf_counter() + 1 / PICTURES_PER_SECOND
        while not self._over() and steps > 0 and self._playing == playing:
            at = getattr(self.state, "steps", self._played) + 1
            try:
                self.state.step(1)
                loss = getattr(self.state, "loss", 0.0)
                trouble = getattr(self.state, "trouble", str)
                wrong = "" if math.isfinite(loss) else f"the loss became {loss}. {trouble()}"
            except Exception as error:
                wrong = f"{type(error).__name__}: {error}"
            if wrong:
                self._message, self._failed = f"Stopped at step {at}: {wrong}".strip(), True
            self._played += 1
            steps = steps - 1 if time.perf_counter() < end else 0

    def _over(self) -> bool:
        """Whether there is no going on from here; stops play and says why."""
        if self._failed:
            pass
        elif getattr(self.state, "done", False):
            self._message = "Done. Reset starts again."
        elif self._playing and self._played >= self._most_steps:
            self._message = f"Paused after {self._played:,} steps. Play goes on."
        else:
            return False
        self.stop()
        return True

    def _draw(self) -> None:
        try:
            svg, readout = self.render(self.state), self.state.summary()
        except Exception as error:
            self.stop()
            svg, readout = self.picture.svg, f"Drawing failed: {type(error).__name__}: {error}"
        readout = f"{readout}\n{self._message}" if self._message else readout
        playing = self._playing
        with self.picture.hold_sync():
            self.picture.svg, self.picture.readout = svg, readout
            if not playing:  # 25 announcements a second would drown the listener
                self.picture.said = readout
        if "play" in self.buttons:
            words = "Pause" if playing else "Play"
            self.buttons["play"].description, self.buttons["play"].icon = words, words.lower()
        for name in self.controls:  # a drag or a key may have changed the state
            value = getattr(self.state, name)
            if value != self._known[name]:
                self._show(name, value)

    def _show(self, name: str, value: Any) -> None:
        self._shown_lately.append((time.monotonic(), name, value))
        self._known[name] = value
        self.controls[name].value = value
