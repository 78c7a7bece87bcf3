"""The filter editor: outputs agree with loops, edits and keys reach the kernel, words agree."""

import re

import numpy as np
import pytest

from engine.datasets import load_digits
from engine.lab import FilterEditor
from engine.lab.app import Event
from engine.lab.filter_editor import KERNEL_CELL, OWN, PRESETS, FilterState, plots, render


def by_loops(state):
    """The output by definition, with Python loops only."""
    p, s, d = state.padding, state.stride, state.dilation
    room = np.pad(state.image, p)
    n = (len(room) - 2 * d - 1) // s + 1
    out = np.zeros((n, n))
    for i, j, u, v in np.ndindex(n, n, 3, 3):
        out[i, j] += room[i * s + u * d, j * s + v * d] * state.kernel[u, v]
    return out


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize(("stride", "padding", "dilation"), [(1, 0, 1), (2, 1, 1), (3, 2, 3)])
def test_the_output_is_the_definition_s(preset, stride, padding, dilation):
    state = FilterState(preset)
    state.stride, state.padding, state.dilation, state.digit = stride, padding, dilation, 7
    assert np.allclose(state.output, by_loops(state), atol=1e-12)
    for at in np.ndindex(state.output.shape):
        state.at = at
        assert (state.patch * state.kernel).sum() == pytest.approx(state.output[at], abs=1e-12)


def test_the_ten_digits_are_one_of_each():
    _, labels = load_digits()
    assert labels[:10].tolist() == list(range(10))
    assert FilterState().images.shape == (10, 8, 8)


def test_presets_do_what_their_names_say():
    state = FilterState("identity")
    state.padding = 1
    assert np.array_equal(state.output, state.image)
    state.preset = "move left"
    assert np.array_equal(state.output[:, :-1], state.image[:, 1:])
    state.preset = "blur"
    assert state.output[4, 4] == pytest.approx(state.image[3:6, 3:6].mean())
    state.preset = "outline"
    state.images = np.full((10, 8, 8), 9.0)
    assert np.abs(state.output[1:-1, 1:-1]).max() == 0, "an even area has no outline"


def test_an_edit_makes_the_kernel_your_own_and_leaves_the_presets_alone():
    state = FilterState("identity")
    state.chosen = (0, 0)
    state.edit(-3.5)
    assert state.preset == OWN and state.kernel[0, 0] == -3.5 and state.kernel[1, 1] == 1
    state.preset = OWN
    assert state.kernel[0, 0] == -3.5, "choosing your own changes nothing"
    state.edit(100)
    assert state.kernel[0, 0] == 9
    state.preset = "identity"
    assert state.kernel.sum() == 1


def test_a_drag_changes_the_pressed_weight_and_nothing_else():
    state = FilterState("vertical edges")
    state.press(Event("press", py=100, target={"weight": "3"}))
    state.drag(Event("drag", py=75))
    assert state.chosen == (1, 0)
    assert state.kernel.tolist() == [[-1, 0, 1], [0, 0, 1], [-1, 0, 1]]  # 25 pixels: two strides
    before = state.kernel.copy()
    state.press(Event("press", py=100, target={"digit": "4"}))
    state.drag(Event("drag", py=10))
    assert state.digit == 4 and np.array_equal(state.kernel, before)


def test_pointing_at_the_output_works_that_pixel_out():
    app = FilterEditor()
    (plot,) = plots(app.state)
    left, top, side, _ = plot.box
    cell = side / 6
    app.send("hover", x=left + 4.5 * cell, y=top + 1.5 * cell)
    assert app.state.place == (1, 4)
    assert "Row 2, column 5: " in app.picture.readout
    app.send("hover", x=1, y=1)
    assert app.state.place == (1, 4), "outside of the output nothing moves"


def test_a_smaller_output_keeps_the_chosen_pixel_inside():
    state = FilterState()
    state.at = (5, 5)
    state.dilation = 3
    assert state.output.shape == (2, 2) and state.place == (1, 1)


def test_everything_works_from_the_keyboard():
    app = FilterEditor()
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "ArrowLeft"):
        app.send("key", key=key)
    assert app.state.place == (3, 3)
    for _ in range(9):
        app.send("key", key="ArrowUp")
    assert app.state.place == (0, 3), "the edge holds"
    app.send("key", key="ArrowLeft", shift=True)
    app.send("key", key="ArrowUp", shift=True)
    assert app.state.chosen == (0, 1) and app.state.place == (0, 3)
    app.send("key", key="Enter")
    app.send("key", key="Enter")
    app.send("key", key=" ")
    assert app.state.kernel[0, 1] == 0.5
    assert app.controls["preset"].value == OWN
    app.send("key", key="Home")
    assert app.state.digit == 9
    app.send("key", key="End")
    assert app.state.digit == 0


def test_words_and_picture_state_the_calculation():
    state = FilterState()
    state.at = (0, 0)
    value = state.output[0, 0]
    label = re.search('aria-label="([^"]+)"', render(state)).group(1)
    products = re.search("kernel = (.+?) = ", label).group(1).replace("−", "-")
    terms = [float(x) * float(w) for x, w in re.findall(r"([\d.]+)·(-?[\d.]+)", products)]
    assert len(terms) == 9 and sum(terms) == value == 33
    assert "Output 6 × 6, from −35 to 40; digit 0; kernel: vertical edges, sum 0" in label
    assert f"Σ patch × kernel = {value:g}" in render(state)


@pytest.mark.parametrize("preset", PRESETS)
def test_the_drawing_fits_and_is_whole(preset):
    state = FilterState(preset)
    state.padding = 2
    assert state.output.shape == (10, 10)
    drawn = render(state)
    assert "nan" not in drawn and len(drawn) < 40_000
    right, bottom = plots(state)[0].at(10, -10)
    assert right <= 780 and bottom <= 356
    assert drawn.count("data-weight") == 9 and drawn.count("data-digit") == 10
    assert f'width="{KERNEL_CELL - 3}"' in drawn


def test_numbers_of_the_output_stay_inside_their_cells():
    state = FilterState("blur")
    state.kernel = state.kernel + 0.5
    assert np.abs(state.output).max() > 50
    anchored = r'<text[^>]*font-size="(\d+)"[^>]*text-anchor="middle"[^>]*>([\d.]+)</text>'
    shown = [words for size, words in re.findall(anchored, render(state)) if size == "8"]
    assert len(shown) == 36 and max(map(len, shown)) == 4
    assert np.allclose([float(words) for words in shown], state.output.ravel(), atol=0.051)


def test_a_kernel_that_is_not_known_is_named():
    with pytest.raises(KeyError, match="emboss"):
        FilterEditor("emboss")


def test_the_controls_reach_the_state():
    app = FilterEditor()
    assert repr(app) == "FilterEditor()"
    app.controls["stride"].value = 2
    app.controls["padding"].value = 1
    app.controls["dilation"].value = 2
    app.controls["preset"].value = "blur"
    assert "Output 3 × 3" in app.picture.readout and "kernel: blur, sum 1" in app.picture.readout
