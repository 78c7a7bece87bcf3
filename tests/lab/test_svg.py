"""The drawing vocabulary: valid SVG, fixed scales, few points, safe text."""

import base64
import io
import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from engine.lab import svg
from engine.lab.colours import CLASSES

PLOT = svg.Plot(x=(-2, 2), y=(0, 10), box=(50, 20, 400, 200), x_label="x", y_label="y", title="t")
LOG = svg.Plot(x=(1e-3, 1e3), y=(0.1, 1000), box=(0, 0, 600, 400), log_x=True, log_y=True)
_SVG = "{http://www.w3.org/2000/svg}"


def parsed(*parts, label="a picture"):
    return ElementTree.fromstring(svg.document(500, 300, label, *parts))


def test_a_document_is_an_image_with_a_label_on_a_white_ground():
    root = parsed(label='3 < 4 & "so on"')
    assert root.attrib["role"] == "img"
    assert root.attrib["aria-label"] == '3 < 4 & "so on"'
    assert root.attrib["viewBox"] == "0 0 500 300"
    assert root[0].attrib["fill"] == "#FFFFFF"


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30))
def test_words_come_back_as_they_were(words):
    root = parsed(svg.text(1, 2, f"{words}!", data_name=f"{words}!"))
    text = root.find(f"{_SVG}text")
    assert text.text == f"{words}!"
    assert text.attrib["data-name"] == f"{words}!"


def test_what_is_empty_is_not_written():
    assert svg.text(1, 2, "") == ""
    assert "dash" not in svg.line(0, 0, 1, 1, dash="")
    assert "fill" not in svg.element("g", fill=None)


@given(st.floats(-2, 2), st.floats(0, 10))
def test_pixels_and_data_are_inverse(x, y):
    assert PLOT.to_data(PLOT.px(x), PLOT.py(y)) == pytest.approx((x, y), abs=1e-9)


@given(st.floats(1e-3, 1e3), st.floats(0.1, 1000))
def test_pixels_and_data_are_inverse_on_logarithmic_scales(x, y):
    assert LOG.to_data(LOG.px(x), LOG.py(y)) == pytest.approx((x, y), rel=1e-9)


def test_larger_values_stand_higher_and_further_right():
    assert (PLOT.px(-2), PLOT.px(2)) == (50, 450)
    assert (PLOT.py(0), PLOT.py(10)) == (220, 20)
    assert PLOT.contains(50, 220)
    assert not PLOT.contains(49, 220)


def test_axes_name_their_ticks_and_labels():
    words = [node.text for node in parsed(PLOT.axes()).iter(f"{_SVG}text")]
    assert words == ["-2", "-1", "0", "1", "2", "0", "2", "4", "6", "8", "10", "t", "x", "y"]
    powers = [node.text for node in parsed(LOG.axes()).iter(f"{_SVG}text")]
    assert powers[:7] == ["0.001", "0.01", "0.1", "1", "10", "100", "1000"]


@pytest.mark.parametrize(
    ("ends", "expected"),
    [
        ((0, 1), [0, 0.2, 0.4, 0.6, 0.8, 1]),
        ((-0.6, 1.6), [-0.5, 0, 0.5, 1, 1.5]),
        ((0, 300), [0, 100, 200, 300]),
        ((1e-4, 5e-4), [1e-4, 2e-4, 3e-4, 4e-4, 5e-4]),
    ],
)
def test_ticks_are_round(ends, expected):
    assert svg.nice_ticks(*ends) == pytest.approx(expected)


def path_of(line):
    return parsed(line).find(f".//{_SVG}path").attrib["d"]


def test_a_long_line_is_thinned_to_300_points_with_both_ends():
    xs = np.linspace(-2, 2, 5000)
    path = path_of(PLOT.line(xs, xs + 5))
    points = re.findall(r"[ML]([\d.-]+) ([\d.-]+)", path)
    assert len(points) == 300
    assert (points[0][0], points[-1][0]) == ("50", "450")
    assert len(svg.thinned(7)) == 7


def test_a_line_breaks_where_a_value_is_not_finite_and_survives_huge_ones():
    path = path_of(PLOT.line([-2, -1, 0, 1, 2], [1, np.nan, 3, 1e300, np.inf]))
    assert path.count("M") == 2
    assert path.count("L") == 1
    assert "e+" not in path
    assert PLOT.line([0, 1], [np.nan, np.inf]) == ""
    assert PLOT.line([], []) == ""


def test_a_line_on_a_logarithmic_scale_survives_zero():
    assert "nan" not in LOG.line([1, 10], [0.0, 1.0])


def test_a_line_needs_as_many_x_as_y():
    with pytest.raises(ValueError, match="got 3 and 2"):
        PLOT.line([1, 2, 3], [1, 2])


@pytest.mark.parametrize("shape", ["circle", "square", "triangle", "cross"])
def test_each_marker_is_drawn_around_its_point(shape):
    marker = svg.symbol(100, 50, shape, data_grab="3")
    node = parsed(marker)[1]
    assert node.attrib["data-grab"] == "3"
    numbers = [float(v) for v in re.findall(r"-?\d+(?:\.\d+)?", marker)][:2]
    assert np.allclose(numbers, [100, 50], atol=8)


def test_an_unknown_marker_is_named():
    with pytest.raises(ValueError, match="got 'star'"):
        svg.symbol(0, 0, "star")


def test_points_take_the_shape_of_their_class():
    root = parsed(PLOT.points([[0, 1], [1, 2], [1, 3]], [0, 1, 2]))
    tags = [node.tag.removeprefix(_SVG) for node in root][1:]
    assert tags == ["circle", "rect", "polygon"]
    assert [node.attrib["fill"] for node in root][1:] == [style.fill for style in CLASSES]


def test_an_arrow_ends_at_its_tip_and_vanishes_without_length():
    head = parsed(svg.arrow(0, 0, 30, 40)).find(f"{_SVG}polygon").attrib["points"]
    assert head.startswith("30,40 ")
    assert svg.arrow(5, 5, 5, 5) == ""
    assert svg.arrow(5, 5, float("nan"), 5) == ""


def test_a_field_shows_its_first_row_at_the_bottom():
    rgb = np.zeros((2, 3, 3), dtype=np.uint8)
    rgb[0] = 255  # the lowest y is white
    address = parsed(PLOT.field(rgb)).find(f"{_SVG}image").attrib["href"]
    stored = base64.b64decode(address.removeprefix("data:image/png;base64,"))
    pixels = np.asarray(Image.open(io.BytesIO(stored)))
    assert pixels.shape == (2, 3, 3)
    assert pixels[0].max() == 0
    assert pixels[1].min() == 255


def test_bars_stand_on_the_floor_and_reach_their_height():
    drawn = next(parsed(PLOT.bars([-2, 0, 2], [5, 10])).iter(f"{_SVG}path")).attrib["d"]
    bars = re.findall(r"M(\S+) (\S+)V(\S+)H(\S+)V(\S+?)(?=M|$)", drawn)
    lefts, feet, tops, rights, ends = np.array(bars, dtype=float).T
    assert list(tops) == [120, 20]
    assert list(feet) == list(ends) == [220, 220]
    assert rights[0] == lefts[1] - 0.5
    with pytest.raises(ValueError, match="2 bars need 3 edges, got 2"):
        PLOT.bars([0, 1], [1, 2])


@pytest.mark.parametrize(
    ("axes", "message"),
    [
        ({"x": (1, 1), "y": (0, 1)}, "x axis must rise, got 1 to 1"),
        ({"x": (0, 1), "y": (2, 1)}, "y axis must rise, got 2 to 1"),
        ({"x": (0, 1), "y": (0, 1), "log_y": True}, "y axis starts above 0, got 0"),
    ],
)
def test_an_impossible_scale_is_named(axes, message):
    with pytest.raises(ValueError, match=message):
        svg.Plot(box=(0, 0, 10, 10), **axes)
