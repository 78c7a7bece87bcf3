"""The still figures of notebook 09: what they print and count is true, and their words say it."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

import engine
from engine.lab.figures.nb09 import PROGRAM, cost_figure, one_import_figure

COSTS = {"0 Conv2d": (896, 917_504), "4 Conv2d": (18_496, 4_734_976), "8 Conv2d": (73_856, 200)}


def printed_by_torch():
    before, lines = torch.get_default_dtype(), []
    try:
        exec(PROGRAM, {"engine": torch, "print": lambda shown: lines.append(str(shown))})
    finally:
        torch.set_default_dtype(before)
    return lines


def test_the_program_prints_on_pytorch_what_the_figure_says():
    figure, theirs = one_import_figure(), printed_by_torch()
    assert len(theirs) == 2
    for first in ("import engine", "import torch as engine"):
        shown = figure.data[first].tolist()
        assert shown[0] == first and shown[1:-3] == PROGRAM.splitlines()
        assert shown[-2:] == theirs
    assert all(line in figure.alt for line in theirs)
    drawn = [[text.get_text() for text in ax.texts] for ax in figure.axes]
    assert drawn == [figure.data[name].tolist() for name in figure.data]


def test_the_figure_leaves_the_default_dtype_alone():
    before = engine.get_default_dtype()
    one_import_figure()
    assert engine.get_default_dtype() is before


def test_bars_are_the_costs_and_the_words_name_the_largest():
    figure = cost_figure(COSTS)
    np.testing.assert_array_equal(figure.data["costs"], list(COSTS.values()))
    for ax, column in zip(figure.axes, (0, 1), strict=True):
        assert [bar.get_width() for bar in ax.patches] == [row[column] for row in COSTS.values()]
        assert ax.get_xscale() == "log"
    assert "8 Conv2d 73,856 and 200" in figure.alt
    assert "The most parameters: 8 Conv2d; the most work: 4 Conv2d." in figure.alt
    hatches = {ax.patches[0].get_hatch() for ax in figure.axes}
    assert len(hatches) == 2, "the two columns differ by more than colour"


@pytest.mark.parametrize("draw", [one_import_figure, lambda: cost_figure(COSTS)])
def test_the_picture_is_small_and_not_blank(draw):
    png = draw().png()
    assert len(png) < 60_000
    pixels = np.asarray(Image.open(io.BytesIO(png)).convert("L"))
    assert (pixels < 128).mean() > 0.005
