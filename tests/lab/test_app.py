"""The shared app without a browser: buttons, controls, events, declarations."""

import asyncio

import pytest
from walk import CONTROLS, Walk, drawing, in_a_loop, walk

from engine.lab import app as app_module
from engine.lab import svg
from engine.lab.app import App
from engine.lab.controls import Choice, IntSlider, Rates, Toggle


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
