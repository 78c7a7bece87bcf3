"""The start picker: where each start ends, the basins, the marks, the drawing, the app."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from engine.lab import StartPicker
from engine.lab.app import Event
from engine.lab.colours import CLASSES
from engine.lab.start_picker import GRID, STEPS, WELL, Start, descend, reached, render

TOP = 0.0754  # where (w² − 1)² + 0.3 w has its hill top


def ends_by_hand(starts, lr):
    """Plain NumPy: 4 w (w² − 1) + 0.3 is the slope."""
    w = np.array(starts, dtype=np.float64)
    with np.errstate(all="ignore"):  # some starts fly off
        for _ in range(STEPS):
            w = w - lr * (4 * w * (w * w - 1) + 0.3)
    return w


@pytest.mark.parametrize("lr", [0.03, 0.05, 0.1, 0.2])
def test_basins_are_those_of_the_derivative_written_by_hand(lr):
    start = Start(lr=lr)
    ends = ends_by_hand(GRID, lr)
    expected = np.where(np.abs(ends + 1.0356) < 0.011, 0, -1)
    expected[np.abs(ends - 0.9601) < 0.011] = 1
    np.testing.assert_array_equal(start.basins, expected)


def test_a_small_rate_splits_the_starts_at_the_hill_top():
    start = Start(lr=0.05)
    assert set(start.basins) == {0, 1}
    assert (start.basins[GRID < TOP] == 0).all()
    assert (start.basins[GRID > TOP] == 1).all()


def test_a_large_rate_breaks_the_basins_into_stripes():
    borders = {lr: np.count_nonzero(np.diff(Start(lr=lr).basins)) for lr in (0.05, 0.1, 0.15, 0.2)}
    assert borders[0.05] == 1
    assert borders[0.1] == 2 and borders[0.15] == 3
    assert borders[0.2] > 5


def test_neighbours_across_the_top_end_in_different_valleys():
    start = Start(lr=0.05)
    found = []
    for w in (0.07, 0.08):
        start.place(w)
        found.append((start.end, round(float(start.path[-1]), 3)))
    assert found == [(0, -1.036), (1, 0.96)]


def test_the_number_of_steps_is_the_first_of_the_stay():
    start = Start(1.5, lr=0.05)
    (minimum,) = WELL.minima[start.end]
    away = np.abs(start.path - minimum)
    assert (away[start.arrived :] < 0.01).all() and away[start.arrived - 1] >= 0.01
    assert f"{start.arrived} steps to the minimum on the right" in start.summary()
    start.place(round(minimum, 3))
    assert start.arrived == 0


def test_starts_that_never_settle_are_told():
    start = Start(1.9, lr=0.22)
    assert start.end == -1 and start.arrived == -1
    assert f"after {STEPS} steps no minimum is reached" in start.summary()
    assert sum(start.shares) < 1
    # A rate beyond the slider: everything overflows, and that is no minimum either.
    assert (reached(descend(np.array([-1.9, 0.0, 1.9]), 5.0)[-1]) == -1).all()


def test_events_move_the_start_within_the_view_and_letting_go_keeps_a_mark():
    start = Start(lr=0.05)
    start.press(Event("press", x=-0.3, plot="surface"))
    assert start.w == -0.3 and start.tried == []
    start.drag(Event("drag", x=7.0, plot="surface"))
    assert start.w == 1.9
    start.drop(Event("drop", x=0.4, plot="surface"))
    assert start.tried == [(0.4, 1)]
    start.drag(Event("drag", x=-0.4, plot=""))
    assert start.w == 0.4


def test_every_key_does_what_the_help_says():
    start = Start(0.0, lr=0.05)
    for key, shift, w in (
        ("ArrowRight", False, 0.05),
        ("ArrowRight", True, 0.055),
        ("ArrowLeft", False, 0.005),
        ("ArrowLeft", True, 0.0),
        ("ArrowUp", False, 0.0),
    ):
        start.key(Event("key", key=key, shift=shift))
        assert start.w == pytest.approx(w, abs=1e-12)
    start.key(Event("key", key="Enter"))
    start.key(Event("key", key=" "))
    assert start.tried == [(0.0, 0), (0.0, 0)]


def test_only_the_last_forty_marks_are_kept():
    start = Start(0.0, lr=0.05)
    for step in range(50):
        start.click(Event("click", x=step / 100, plot="surface"))
    assert len(start.tried) == 40 and start.tried[-1][0] == 0.49


@pytest.mark.parametrize("lr", [0.01, 0.05, 0.22])
@pytest.mark.parametrize("w", [-1.9, 0.075, 1.9])
def test_the_drawing_states_its_numbers_and_holds_no_nan(w, lr):
    start = Start(w, lr=lr)
    drawn = render(start)
    label = re.search('aria-label="([^"]*)"', drawn).group(1)
    assert f"start w = {w:.2f}, lr {lr:g}" in label
    assert f"Of {len(GRID)} starts, {start.shares[0]:.0%} end left" in label
    assert 'viewBox="0 0 640 402"' in drawn
    assert not re.search(r'="[^"]*\bnan\b[^"]*"', drawn)


def test_the_bar_of_basins_tells_left_from_right_by_colour_and_row():
    start = Start(1.5, lr=0.2)
    coded = re.search(r'href="data:image/png;base64,([^"]+)"', render(start)).group(1)
    with Image.open(io.BytesIO(base64.b64decode(coded))) as picture:
        rows = np.asarray(picture.convert("RGB"))
    assert rows.shape == (2, len(GRID), 3)
    for index in (0, 1):
        painted = (rows[index] != 255).any(axis=1)
        np.testing.assert_array_equal(painted, start.basins == index)
        colours = {"#{:02X}{:02X}{:02X}".format(*rgb) for rgb in rows[index][painted]}
        assert colours == {CLASSES[index].fill}


def test_the_app_changes_numbers_by_rate_drag_and_reset():
    app = StartPicker()
    assert repr(app) == "StartPicker()"
    assert "on the right" in app.picture.readout
    app.send("press", x=200, y=100, target={"grab": "start"})
    app.send("drag", x=230, y=100, target={"grab": "start"})
    app.send("drop", x=230, y=100, target={"grab": "start"})
    assert "on the left" in app.picture.readout
    assert len(app.state.tried) == 1
    before = app.state.basins.copy()
    app.controls["lr"].value = 0.2
    assert (app.state.basins != before).any() and "lr 0.2:" in app.picture.readout
    app.send("key", key="Enter")
    app.press("reset")
    assert app.state.tried == []


def test_starts_outside_the_view_and_unknown_rates_are_refused():
    with pytest.raises(ValueError, match="start must lie in -1.9 to 1.9, got 2"):
        StartPicker(2)
    with pytest.raises(ValueError, match="learning rate must be one of"):
        StartPicker(lr=0.4)
