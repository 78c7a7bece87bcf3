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
from engine.lab.start_picker import GRID, PLOT, RATES, STEPS, WELL, Start, basins, render
from engine.lab.surfaces import descend

TOP = 0.0754  # where (w² − 1)² + 0.3 w has its hill top


def ends_by_hand(starts, lr):
    """Plain NumPy: 4 w (w² − 1) + 0.3 is the slope."""
    w = np.array(starts, dtype=np.float64)
    with np.errstate(all="ignore"):  # some starts fly off
        for _ in range(STEPS):
            w = w - lr * (4 * w * (w * w - 1) + 0.3)
    return w


def start_at(w, lr=0.05):
    start = Start(WELL, lr)
    start.place(w, 0.0)
    return start


@pytest.mark.parametrize("lr", RATES)
def test_basins_are_those_of_the_derivative_written_by_hand(lr):
    ends = ends_by_hand(GRID, lr)
    expected = np.where(np.abs(ends + 1.0356) < 0.011, 0, -1)
    expected[np.abs(ends - 0.9601) < 0.011] = 1
    np.testing.assert_array_equal(basins(lr), expected)


def test_a_small_rate_splits_the_starts_at_the_hill_top():
    np.testing.assert_array_equal(basins(0.05), GRID > TOP)


def test_a_large_rate_breaks_the_basins_into_stripes():
    borders = {lr: np.count_nonzero(np.diff(basins(lr))) for lr in (0.05, 0.1, 0.15, 0.2)}
    assert borders[0.05] == 1
    assert borders[0.1] == 2 and borders[0.15] == 3
    assert borders[0.2] > 5


def test_neighbours_across_the_top_end_in_different_valleys():
    left, right = start_at(0.07), start_at(0.08)
    assert (left.end, round(float(left.path[-1, 0]), 3)) == (0, -1.036)
    assert (right.end, round(float(right.path[-1, 0]), 3)) == (1, 0.96)


def test_the_number_of_steps_is_the_first_of_the_stay():
    start = start_at(1.5)
    arrived = WELL.settled(start.path)
    away = np.abs(start.path - WELL.minima[start.end])
    assert (away[arrived:] < 0.01).all() and away[arrived - 1] >= 0.01
    assert f"{arrived} steps to the minimum on the right" in start.summary()
    assert "0 steps to the minimum on the right" in start_at(0.96).summary()


def test_a_path_that_stands_still_is_cut_but_not_one_that_runs_on():
    assert len(start_at(1.5).path) < STEPS
    assert len(start_at(-1.0, lr=0.22).path) == STEPS + 1


def test_starts_that_never_settle_are_told():
    start = start_at(1.9, lr=0.22)
    assert start.end == -1 and WELL.settled(start.path) is None
    assert f"after {STEPS} steps no minimum is reached" in start.summary()
    # A rate beyond the slider: everything overflows, and that is no minimum either.
    path, losses = descend(WELL, np.array([[-1.9], [1.0], [1.9]]), 5.0, STEPS)
    assert not np.isfinite(losses[-1]).any()
    assert (WELL.reached(path[-1]) == -1).all()


def test_the_pointer_moves_the_start_within_the_view():
    start = Start(WELL, 0.05)
    start.press(Event("press", x=-0.3, plot="surface"))
    assert start.start == (-0.3,)
    start.drag(Event("drag", x=7.0, plot="surface"))
    assert start.start == (1.9,)
    start.drag(Event("drag", x=-0.4, plot=""))
    assert start.start == (1.9,)


def test_every_key_does_what_the_help_says():
    start = start_at(0.0)
    for key, shift, w in (
        ("ArrowRight", False, 0.1),
        ("ArrowRight", True, 0.11),
        ("ArrowLeft", False, 0.01),
        ("ArrowLeft", True, 0.0),
        ("ArrowUp", False, 0.0),
        ("Enter", False, 0.0),
    ):
        start.key(Event("key", key=key, shift=shift))
        assert start.start == pytest.approx((w,), abs=1e-12)


@pytest.mark.parametrize("lr", [0.01, 0.05, 0.22])
@pytest.mark.parametrize("w", [-1.9, 0.08, 1.9])
def test_the_drawing_states_its_numbers_and_holds_no_nan(w, lr):
    drawn = render(start_at(w, lr))
    label = re.search('aria-label="([^"]*)"', drawn).group(1)
    assert f"start w = {w:.2f}, lr {lr:g}" in label
    assert f"Of {len(GRID)} starts, {(basins(lr) == 0).mean():.0%} end left" in label
    assert 'viewBox="0 0 640 402"' in drawn
    assert not re.search(r'="[^"]*\bnan\b[^"]*"', drawn)


def test_the_bar_of_basins_tells_left_from_right_by_colour_and_row():
    drawn = render(start_at(1.5, lr=0.2))
    coded = re.search(r'href="data:image/png;base64,([^"]+)"', drawn).group(1)
    with Image.open(io.BytesIO(base64.b64decode(coded))) as picture:
        rows = np.asarray(picture.convert("RGB"))
    assert rows.shape == (2, len(GRID), 3)
    for index in (0, 1):
        painted = (rows[index] != 255).any(axis=1)
        np.testing.assert_array_equal(painted, basins(0.2) == index)
        colours = {"#{:02X}{:02X}{:02X}".format(*rgb) for rgb in rows[index][painted]}
        assert colours == {CLASSES[index].fill}


def test_the_app_changes_numbers_by_drag_rate_and_reset():
    app = StartPicker()
    assert repr(app) == "StartPicker()"
    assert "on the right" in app.picture.readout
    for kind, w in (("press", 1.6), ("drag", -0.5), ("drop", -0.5)):
        app.send(kind, x=float(PLOT.px(w)), y=100, target={"grab": "start"})
    assert "start w = -0.50, lr 0.05" in app.picture.readout
    assert "on the left" in app.picture.readout
    before = app.picture.svg
    app.controls["lr"].value = 0.2
    assert "start w = -0.50, lr 0.2" in app.picture.readout
    assert app.picture.svg != before
    app.press("reset")
    assert "start w = 1.60, lr 0.2" in app.picture.readout
