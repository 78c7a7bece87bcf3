"""The still figures of notebook 05: what they draw, and that their words state it."""

import numpy as np
import pytest

from engine.datasets import load_digits
from engine.lab.figures import nb05

pytestmark = pytest.mark.slow  # every figure is drawn

DIGIT = load_digits()[0][0].reshape(8, 8)
EDGE = np.array([[-1.0, 0, 1]] * 3)
SETTINGS = [(3, 1, 0, 1), (3, 2, 0, 1), (3, 1, 1, 1), (1, 3, 0, 1), (3, 1, 0, 2)]
RNG = np.random.default_rng(0)
FILTERS, MAPS = RNG.normal(size=(16, 3, 3)), np.maximum(RNG.normal(size=(16, 8, 8)), 0)
MAPS[:2] = 0
REST = {"linear": [95.0, 93.0, 94.0], "CNN": [98.0, 98.5, 99.25]}
MOVED = {"linear": [43.0, 44.0, 45.0], "CNN": [77.0, 79.0, 82.5]}


def figures():
    response = [[(DIGIT[i : i + 3, j : j + 3] * EDGE).sum() for j in range(6)] for i in range(6)]
    return {
        "pixel": nb05.one_pixel_figure(DIGIT),
        "filter": nb05.filter_figure(DIGIT, EDGE, response),
        "windows": nb05.windows_figure(8, SETTINGS),
        "inside": nb05.inside_figure(DIGIT, FILTERS, MAPS),
        "shift": nb05.shift_figure(REST, MOVED),
    }


@pytest.fixture(scope="module")
def drawn():
    return figures()


def test_every_figure_is_small_not_empty_and_told_in_words(drawn):
    for name, figure in drawn.items():
        assert 2_000 < len(figure.png()) < 40_000, name
        assert len(figure.alt) > 60 and figure.data, name


def test_drawing_again_gives_the_same_words(drawn):
    assert {n: f.alt for n, f in figures().items()} == {n: f.alt for n, f in drawn.items()}


def numbers(ax):
    """The numbers written into a picture's cells, row by row."""
    return [float(text.get_text().replace("−", "-")) for text in ax.texts]


def test_the_moved_digit_is_the_digit_one_column_on(drawn):
    figure = drawn["pixel"]
    moved = figure.data["moved"]
    assert np.array_equal(moved[:, 1:], DIGIT[:, :-1]) and not moved[:, 0].any()
    changed = (moved != DIGIT).sum()
    assert changed == 46 and "46 of 64 numbers changed, by up to 13" in figure.alt
    assert figure.axes[2].get_title() == "46 of 64 numbers changed"
    assert numbers(figure.axes[0]) == DIGIT.ravel().tolist()
    assert numbers(figure.axes[1]) == moved.ravel().tolist()


def test_the_filter_s_numbers_are_written_and_its_ends_told(drawn):
    figure = drawn["filter"]
    response = figure.data["response"]
    assert numbers(figure.axes[2]) == response.ravel().tolist()
    assert f"from {response.min():g} (blue) to {response.max():g} (orange)" in figure.alt
    shown = figure.axes[2].images[0].get_array()
    low, high = (np.argwhere(response == end)[0] for end in (response.min(), response.max()))
    assert shown[tuple(low)][2] > shown[tuple(low)][0], "negative is blue"
    assert shown[tuple(high)][0] > shown[tuple(high)][2], "positive is orange"


def test_windows_read_what_a_convolution_reads(drawn):
    figure, words = drawn["windows"], drawn["windows"].alt
    for k, s, p, d in SETTINGS:
        title = f"kernel {k}, stride {s}, padding {p}, dilation {d}"
        reads = figure.data[title]
        assert len(reads) == (8 + 2 * p - d * (k - 1) - 1) // s + 1
        assert (np.diff(reads, axis=1) == d).all() and (np.diff(reads[:, 0]) == s).all()
        assert reads.min() == -p and reads.max() < 8 + p
        assert f"{title}: {len(reads)} windows" in words
    assert "stride 2, padding 0, dilation 1: 3 windows, never reads pixel 8;" in words
    assert (
        "kernel 1, stride 3, padding 0, dilation 1: 3 windows, never reads pixel 2, 3, 5, 6, 8;"
        in words
    )


def test_the_look_inside_names_the_strongest_and_the_empty_maps(drawn):
    alt = drawn["inside"].alt
    strongest = MAPS.max(axis=(1, 2)).argmax() + 1
    assert f"stands in map {strongest}, 2 maps are empty" in alt
    assert len(drawn["inside"].axes[1].images[0].get_array()) == 4 * 3 + 3


def test_the_shift_figure_states_the_means_of_the_seeds(drawn):
    figure = drawn["shift"]
    assert "linear 94.0 % at rest, 44.0 % moved; CNN 98.6 % at rest, 79.5 % moved" in figure.alt
    at_rest, moved = figure.axes[0].collections[2:4]
    assert at_rest.get_offsets()[:, 0].tolist() == REST["CNN"]
    assert moved.get_offsets()[:, 0].tolist() == MOVED["CNN"]
    assert len(at_rest.get_paths()[0].vertices) != len(moved.get_paths()[0].vertices), "markers"
    heights = [set(marks.get_offsets()[:, 1]) for marks in (at_rest, moved)]
    assert heights == [{0.85}, {1.15}], "marks of equal counts stand one above the other"
