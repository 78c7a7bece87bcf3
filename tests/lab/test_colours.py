"""Colours can be told apart and read on white."""

import itertools

import numpy as np
import pytest

from engine.lab import colours


def contrast(first: str, second: str) -> float:
    """Contrast ratio of two colours, from 1 to 21 (WCAG 2.1, relative luminance).

    Text needs 4.5, a line or an outline needs 3.
    """

    def luminance(colour: str) -> float:
        channels = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
        linear = np.where(
            channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4
        )
        return float(linear @ np.array([0.2126, 0.7152, 0.0722]))

    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_the_ratio_of_wcag():
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)
    assert contrast("#0072B2", "#0072B2") == 1


@pytest.mark.parametrize("colour", [colours.INK, colours.GREY])
def test_text_is_readable_on_paper(colour):
    assert contrast(colour, colours.PAPER) >= 4.5


def test_lines_and_outlines_stand_out_on_paper_and_on_pale_fields():
    lines = {style.line for style in colours.CLASSES} | {colours.BLUE, colours.VERMILLION}
    assert all(contrast(line, colours.PAPER) >= 3 for line in lines)
    for share in (0.0, 0.5, 1.0):
        ground = "#{:02X}{:02X}{:02X}".format(*colours.class_field(share))
        assert contrast(colours.INK, ground) >= 4.5


def test_classes_and_lines_differ_by_more_than_colour():
    assert len({style.shape for style in colours.CLASSES}) == len(colours.CLASSES)
    assert len({dash for _, dash in colours.LINES}) == len(colours.LINES)


def test_the_two_classes_differ_in_lightness_too():
    for first, second in itertools.combinations(colours.CLASSES[:2], 2):
        assert contrast(first.fill, second.fill) >= 2


def test_a_class_field_is_blue_below_white_at_and_orange_above_one_half():
    low, middle, high = colours.class_field([0.0, 0.5, 1.0]).astype(int)
    assert low[2] > low[0]
    assert middle.tolist() == [255, 255, 255]
    assert high[0] > high[2]
    assert colours.class_field([np.nan]).tolist() == [[255, 255, 255]]
    assert colours.class_field(np.full((4, 5), 7.0)).tolist() == [[high.tolist()] * 5] * 4
