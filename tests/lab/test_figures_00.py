"""The still figures of notebook 00: what they draw and what they say."""

import numpy as np
import pytest

import engine
from engine.datasets import load_digits
from engine.lab.figures.nb00 import broadcast_figure, digit_figure

pytestmark = pytest.mark.slow  # every figure is drawn


def three():
    return load_digits()[0][3].reshape(8, 8)


def small_sum():
    matrix = engine.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    return broadcast_figure(matrix, engine.tensor([10.0, 20.0, 30.0]))


def words_in(ax):
    return [text.get_text() for text in ax.texts]


@pytest.mark.parametrize("figure", [digit_figure(three()), small_sum()], ids=["digit", "sum"])
def test_each_picture_is_drawn_small(figure):
    picture = figure.png()
    assert picture.startswith(b"\x89PNG") and 3_000 < len(picture) < 40_000


def test_a_digit_shows_its_64_numbers():
    figure = digit_figure(three())
    np.testing.assert_array_equal(figure.data["image"], load_digits()[0][3].reshape(8, 8))
    assert words_in(figure.axes[0]) == [f"{value:g}" for value in three().ravel()]


def test_a_digit_tells_its_size_its_range_and_its_top_row():
    alt = digit_figure(three()).alt
    assert "8 rows and 8 columns: 64 numbers from 0 (white) to 15 (black)" in alt
    assert f"The top row is {', '.join(f'{value:g}' for value in three()[0])}." in alt


def test_numbers_stay_readable_on_dark_and_on_light():
    ax = digit_figure(np.array([[0.0, 16.0]])).axes[0]
    assert [text.get_color() for text in ax.texts] == ["#222222", "white"]


def test_broadcasting_draws_the_row_once_for_each_row_of_the_matrix():
    data = small_sum().data
    np.testing.assert_array_equal(data["row"], [[10, 20, 30], [10, 20, 30]])
    np.testing.assert_array_equal(data["sum"], [[11, 22, 33], [14, 25, 36]])


def test_only_the_copies_of_the_row_are_dotted():
    dotted = [[patch.get_linestyle() for patch in ax.patches].count(":") for ax in small_sum().axes]
    assert dotted == [0, 3, 0]


def test_broadcasting_tells_shapes_and_sums():
    alt = small_sum().alt
    assert "shape (2, 3) plus a row of shape (3,)" in alt
    assert "[[11.0, 22.0, 33.0], [14.0, 25.0, 36.0]]" in alt


def test_sizes_that_do_not_fit_are_an_error():
    with pytest.raises(ValueError, match="broadcast"):
        broadcast_figure(np.ones((2, 3)), np.ones(2))
