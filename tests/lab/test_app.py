"""The shared app without a browser: buttons, controls, threads, and what stops play."""

import asyncio
import threading
import time

import pytest

from engine.lab import app as app_module
from engine.lab import svg
from engine.lab.app import App
from engine.lab.controls import Choice, IntSlider, Rates, Toggle

PLOT = svg.Plot(x=(0, 10), y=(0, 1), box=(50, 20, 300, 200), name="plane")


class Walk:
    """A state that notices when two threads touch it at once."""

    def __init__(self):
        self.lr, self.width, self.kind, self.noisy, self.seed = 0.1, 4, "a", False, 0
        self.ghost, self.limit, self.bad_at, self.events = None, None, None, []
        self.pause, self.busy, self.clashes, self.threads = 0.0, False, 0, set()
        self.reset()

    def _alone(self):
        self.clashes += self.busy
        self.busy = True
        self.threads.add(threading.get_ident())
        time.sleep(self.pause)
        self.busy = False

    def reset(self):
        self._alone()
        self.steps = 0

    def step(self, n=1):
        self._alone()
        for _ in range(n):
            self.steps += 1
        if self.bad_at == self.steps and self.kind == "b":
            raise ZeroDivisionError("a count of nothing")

    @property
    def loss(self):
        return float("inf") if self.bad_at == self.steps else 1.0 / (1 + self.steps)

    @property
    def done(self):
        return self.limit is not None and self.steps >= self.limit

    def trace(self):
        return self.steps

    def trouble(self):
        return "The learning rate is too large."

    def drag(self, event):
        self.events.append(event)
        self.lr = 0.3

    def key(self, event):
        self.events.append(event)

    def summary(self):
        return f"{self.steps} steps, lr {self.lr}, width {self.width}, seed {self.seed}"


CONTROLS = (
    Rates("lr", "learning rate", options=(0.1, 0.3, 1.0)),
    IntSlider("width", "width", low=1, high=8, restart=True),
    Choice("kind", "kind", options={"kind A": "a", "kind B": "b"}),
    Toggle("noisy", "noise"),
)


def drawing(state):
    return svg.document(400, 300, f"{state.steps} steps", PLOT.axes())


def walk(**options):
    return App(Walk(), drawing, CONTROLS, **{"plots": [PLOT], "keys_help": "keys", **options})


def in_a_loop(journey):
    """Run a coroutine in a thread with a loop of its own, as a kernel has one."""
    result = []

    def work():
        try:
            result.append((asyncio.run(journey()), None))
        except BaseException as error:
            result.append((None, error))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(30)
    assert result, "the journey did not end in 30 s"
    value, error = result[0]
    if error is not None:
        raise error
    return value


def test_a_new_app_is_drawn_and_does_not_play():
    async def journey():
        app = walk()
        await asyncio.sleep(0.1)
        return app

    app = in_a_loop(journey)
    assert app.state.steps == 0
    assert not app.playing
    assert 'aria-label="0 steps"' in app.picture.svg
    assert app.picture.readout == "0 steps, lr 0.1, width 4, seed 0"


def test_the_output_text_is_constant():
    app = walk()
    assert app._repr_mimebundle_()["text/plain"] == "App()"
    app.press("step")
    assert app._repr_mimebundle_()["text/plain"] == "App()"
    assert walk(text="Walk(2)")._repr_mimebundle_()["text/plain"] == "Walk(2)"


def test_step_reset_and_new_seed():
    app = walk()
    app.press("step")
    app.press("step")
    assert app.state.steps == 2
    app.press("new_seed")
    assert (app.state.steps, app.state.seed) == (0, 1)
    app.press("step")
    app.press("reset")
    assert (app.state.steps, app.state.seed) == (0, 1)


def test_controls_set_the_state_and_restart_only_where_declared():
    app = walk()
    app.press("step")
    app.controls["lr"].value = 1.0
    app.controls["kind"].value = "b"
    app.controls["noisy"].value = True
    assert (app.state.lr, app.state.kind, app.state.noisy, app.state.steps) == (1.0, "b", True, 1)
    app.controls["width"].value = 5
    assert (app.state.width, app.state.steps) == (5, 0)


def test_a_control_follows_a_value_that_the_pointer_changed():
    app = walk()
    app.send("drag", x=60, y=30)
    assert app.controls["lr"].value == 0.3
    assert app.picture.readout.startswith("0 steps, lr 0.3")


class Slide(Walk):
    def drag(self, event):
        self.lr = (0.1, 0.3, 1.0)[round(event.x)]


def answer(app, index):
    """What the browser sends when its slider has taken a value: the place of this value."""
    app.controls["lr"].set_state({"index": index})


def test_a_late_answer_to_a_value_that_a_drag_showed_is_no_request():
    app = App(Slide(), drawing, CONTROLS)
    for index in (1, 2):
        app.send("drag", x=index)
    answer(app, 1)
    assert app.state.lr == app.controls["lr"].value == 1.0
    answer(app, 2)
    assert app.state.lr == app.controls["lr"].value == 1.0


def test_a_request_is_heard_at_once_where_no_drag_was_and_later_everywhere(monkeypatch):
    app = App(Slide(), drawing, CONTROLS)
    app.send("drag", x=1)
    app.send("drag", x=2)
    answer(app, 0)
    assert app.state.lr == 0.1
    monkeypatch.setattr(app_module, "ANSWER_SECONDS", 0.0)
    answer(app, 1)
    assert app.state.lr == 0.3


def test_compare_keeps_the_last_trace_until_it_is_taken_away():
    app = walk()
    app.press("step")
    app.press("reset")
    assert app.state.ghost is None
    app.buttons["compare"].value = True
    app.press("step")
    app.press("step")
    app.press("reset")
    assert app.state.ghost == 2
    app.buttons["compare"].value = False
    assert app.state.ghost is None


def test_events_come_in_data_units_of_the_plot_where_the_press_began():
    app = walk()
    app.send("press", x=50, y=220, target={"grab": "spot"})
    app.send("drag", x=350, y=20, target={"grab": "spot"})
    app.send("drag", x=380, y=20)
    app.send("key", key="Enter", shift=True)
    inside, outside, key = app.state.events
    assert (inside.x, inside.y, inside.plot) == (10.0, 1.0, "plane")
    assert inside.target == {"grab": "spot"}
    assert (outside.x, outside.px, outside.plot) == (11.0, 380.0, "plane")
    assert (key.key, key.shift, key.plot) == ("Enter", True, "")


def test_an_event_of_no_known_kind_reaches_no_method():
    app = walk()
    app.send("reset")
    app.send("__init__")
    assert app.state.events == []
    assert "did not work" not in app.picture.readout


def test_play_steps_until_pause_and_announces_only_the_end():
    async def journey():
        app = walk(rate=30)
        app.press("step")
        await app.settled()
        said = app.picture.said
        app.press("play")
        await asyncio.sleep(0.3)
        assert app.buttons["play"].description == "Pause"
        during = app.picture.said
        app.press("play")
        paused_at = app.state.steps
        await app.settled()
        await asyncio.sleep(0.1)
        return app, said, during, paused_at

    app, said, during, paused_at = in_a_loop(journey)
    assert during == said
    assert 3 <= app.state.steps <= 17
    assert app.state.steps == paused_at
    assert app.picture.said == app.picture.readout
    assert app.buttons["play"].description == "Play"


def test_at_most_thirty_pictures_a_second():
    drawn = []

    def counted(state):
        drawn.append(time.perf_counter())
        return drawing(state)

    async def journey():
        app = App(Walk(), counted, CONTROLS, rate=30)
        drawn.clear()
        app.press("play")
        end = time.perf_counter() + 0.4
        while time.perf_counter() < end:
            app.send("drag", x=60, y=30)
            await asyncio.sleep(0.001)
        app.stop()
        await app.settled()

    in_a_loop(journey)
    assert 2 <= len(drawn) <= 0.4 * 30 + 3


def test_reset_from_another_thread_during_play_never_touches_the_state_there():
    async def journey():
        app = walk(rate=30, steps=5)
        app.state.pause = 0.002

        def hammer():
            for turn in range(30):
                app.press(("reset", "play", "new_seed")[turn % 3])
                app.controls["width"].value = 1 + turn % 8
                app.send("drag", x=60.0 + turn, y=30.0)
                time.sleep(0.003)

        threads = [threading.Thread(target=hammer) for _ in range(3)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            await asyncio.sleep(0.01)
        app.stop()
        await app.settled()
        return app, threading.get_ident()

    app, home = in_a_loop(journey)
    assert app.state.clashes == 0
    assert app.state.threads == {home}
    assert "did not work" not in app.picture.readout
    assert len(app.state.events) > 0


def test_a_loss_that_is_not_finite_stops_play_at_its_first_step():
    async def journey():
        app = walk(rate=30, steps=10)
        app.state.bad_at = 13
        app.press("play")
        await asyncio.sleep(0.4)
        await app.settled()
        app.press("step")
        await app.settled()
        return app

    app = in_a_loop(journey)
    assert app.state.steps == 13
    message = "Stopped at step 13: the loss became inf. The learning rate is too large."
    assert app.picture.readout.splitlines()[-1] == message


def test_reset_after_a_bad_step_makes_a_new_run_possible():
    app = walk()
    app.state.bad_at = 1
    app.press("step")
    assert "Stopped at step 1" in app.picture.readout
    app.state.bad_at = None
    app.press("reset")
    app.press("step")
    assert app.picture.readout == "1 steps, lr 0.1, width 4, seed 0"


def test_a_step_that_raises_stops_and_names_the_step_and_the_error():
    app = walk()
    app.controls["kind"].value = "b"
    app.state.bad_at = 2
    app.press("step")
    app.press("step")
    assert "Stopped at step 2: ZeroDivisionError: a count of nothing" in app.picture.readout


def test_play_stops_when_the_state_is_done_and_after_most_steps():
    async def journey():
        done = walk(rate=30, text="Walk('done')")
        long = walk(rate=30, steps=4, most_steps=9, text="Walk('long')")
        done.state.limit = 3
        for app in (done, long):
            app.press("play")
        await asyncio.sleep(0.5)
        await done.settled()
        await long.settled()
        return done, long

    done, long = in_a_loop(journey)
    assert done.state.steps == 3
    assert done.picture.readout.endswith("Done. Reset starts again.")
    assert long.state.steps == 9
    assert long.picture.readout.endswith("Paused after 9 steps. Play goes on.")


def test_an_app_shown_again_stops_the_earlier_one():
    async def journey():
        earlier = walk(rate=30, text="Walk('again')")
        earlier.press("play")
        await asyncio.sleep(0.15)
        later = walk(rate=30, text="Walk('again')")
        await asyncio.sleep(0.05)
        at = earlier.state.steps
        await asyncio.sleep(0.2)
        return earlier, later, at

    earlier, later, at = in_a_loop(journey)
    assert 1 <= earlier.state.steps == at
    assert not earlier.playing
    assert later.state.steps == 0


def test_a_closed_app_hears_nothing():
    app = walk()
    app.close()
    app.send("drag", x=60, y=30)
    assert app.state.events == []


def test_a_drawing_that_fails_says_so_and_stops():
    def broken(state):
        if state.steps:
            raise KeyError("colour")
        return drawing(state)

    app = App(Walk(), broken)
    app.press("step")
    assert app.picture.readout == "Drawing failed: KeyError: 'colour'"
    assert 'aria-label="0 steps"' in app.picture.svg


def test_play_without_a_running_loop_says_what_is_missing():
    app = walk()
    app.press("play")
    assert not app.playing
    assert "Play needs a running notebook" in app.picture.readout


def test_a_state_without_time_or_seed_has_no_such_buttons():
    class Still:
        size = 3

        def summary(self):
            return f"size {self.size}"

    app = App(
        Still(), lambda s: svg.document(10, 10, "still"), [IntSlider("size", "size", low=1, high=5)]
    )
    assert app.buttons == {}
    app.controls["size"].value = 5
    assert app.picture.readout == "size 5"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"controls": [*CONTROLS, Toggle("noisy", "again")]}, "at most 4 controls, got 5"),
        ({"controls": [Rates("lr", "lr", options=(0.5,))]}, r"one of \[0.5\], got 0.1"),
        ({"controls": [IntSlider("width", "w", low=5, high=9)]}, "5 to 9, got 4"),
        ({"controls": [Choice("kind", "kind", options=["x"])]}, r"one of \['x'\], got 'a'"),
        ({"rate": 31}, "0 to 30, got 31"),
        ({"rate": 0}, "0 to 30, got 0"),
    ],
)
def test_a_wrong_declaration_is_named(options, message):
    with pytest.raises(ValueError, match=message):
        App(Walk(), drawing, **options)


def test_a_control_of_nothing_is_named():
    with pytest.raises(AttributeError, match="'Walk' object has no attribute 'depth'"):
        App(Walk(), drawing, [Toggle("depth", "depth")])
