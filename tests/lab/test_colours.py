"""Colours can be told apart and read on white."""

import itertools

import numpy as np
import pytest

from engine.lab import colours


def test_contrast_is_the_ratio_of_wcag():
    assert colours.contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert colours.contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)
    assert colours.contrast("#0072B2", "#0072B2") == 1


@pytest.mark.parametrize("colour", [colours.INK, colours.GREY])
def test_text_is_readable_on_paper(colour):
    assert colours.contrast(colour, colours.PAPER) >= 4.5


def test_lines_and_outlines_stand_out_on_paper_and_on_pale_fields():
    lines = {style.line for style in colours.CLASSES} | {colours.BLUE, colours.VERMILLION}
    assert all(colours.contrast(line, colours.PAPER) >= 3 for line in lines)
    for share in (0.0, 0.5, 1.0):
        ground = "#{:02X}{:02X}{:02X}".format(*colours.class_field(share))
        assert colours.contrast(colours.INK, ground) >= 4.5


def test_classes_and_lines_differ_by_more_than_colour():
    assert len({style.shape for style in colours.CLASSES}) == len(colours.CLASSES)
    assert len({dash for _, dash in colours.LINES}) == len(colours.LINES)


def test_the_two_classes_differ_in_lightness_too():
    for first, second in itertools.combinations(colours.CLASSES[:2], 2):
        assert colours.contrast(first.fill, second.fill) >= 2


def test_a_class_field_is_blue_below_white_at_and_orange_above_one_half():
    low, middle, high = colours.class_field([0.0, 0.5, 1.0]).astype(int)
    assert low[2] > low[0]
    assert middle.tolist() == [255, 255, 255]
    assert high[0] > high[2]
    assert colours.class_field([np.nan]).tolist() == [[255, 255, 255]]
    assert colours.class_field(np.full((4, 5), 7.0)).tolist() == [[high.tolist()] * 5] * 4


def test_a_height_field_darkens_with_height():
    light = colours.height_field(np.linspace(0, 1, 9)).astype(int).sum(axis=-1)
    assert np.all(np.diff(light) < 0)
