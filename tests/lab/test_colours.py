"""Colours can be told apart and read on white."""

import itertools

import numpy as np
import pytest

from engine.lab import colours


def linear_rgb(colour: str) -> np.ndarray:
    """Red, green and blue of "#RRGGBB" as amounts of light, each 0 to 1."""
    channels = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def contrast(first: str, second: str) -> float:
    """Contrast ratio of two colours, from 1 to 21 (WCAG 2.1, relative luminance).

    Text needs 4.5, a line or an outline needs 3.
    """

    def luminance(colour: str) -> float:
        return float(linear_rgb(colour) @ np.array([0.2126, 0.7152, 0.0722]))

    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


# What dichromats see of a colour, as matrices for linear RGB: Machado, Oliveira and Fernandes, "A
# Physiologically-based Model for Simulation of Color Vision Deficiency" (2009), severity 1.
DEFICIENCIES = {
    "none": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
TO_XYZ = np.array(  # of sRGB (IEC 61966-2-1)
    [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
)
# Distances in CIE Lab, where 2.3 is just noticeable: of colours that share a plot, which differ by
# marker or dash too; of the two classes of most plots; of the ends of a field and white.
LEAST, LEAST_OF_TWO_CLASSES, LEAST_OF_FIELD = 15.0, 75.0, 25.0


def lab(colour: str, deficiency: str = "none") -> np.ndarray:
    """A colour as it is seen, in CIE Lab under D65 light."""
    linear = DEFICIENCIES[deficiency] @ linear_rgb(colour)
    share = TO_XYZ @ np.clip(linear, 0, 1) / TO_XYZ.sum(axis=1)
    x, y, z = np.where(share > (6 / 29) ** 3, np.cbrt(share), share / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def distance(first: str, second: str, deficiency: str = "none") -> float:
    """How far apart two colours look (CIE 1976)."""
    return float(np.linalg.norm(lab(first, deficiency) - lab(second, deficiency)))


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


def test_lab_has_the_known_values():
    assert lab("#FFFFFF") == pytest.approx([100, 0, 0], abs=0.01)
    assert lab("#000000") == pytest.approx([0, 0, 0], abs=0.01)
    assert lab("#FF0000") == pytest.approx([53.24, 80.09, 67.20], abs=0.05)


@pytest.mark.parametrize("deficiency", DEFICIENCIES)
def test_grey_stays_grey_for_everyone(deficiency):
    for grey in ("#FFFFFF", "#777777", "#000000"):
        assert distance(grey, "#FFFFFF", deficiency) == pytest.approx(
            distance(grey, "#FFFFFF"), abs=0.1
        )


def test_the_simulation_confuses_what_colour_blind_people_confuse():
    red, green, blue, bluish_green = "#E03030", "#7F8A1E", "#0080C0", "#009090"
    for deficiency in ("protanopia", "deuteranopia"):
        assert distance(red, green, deficiency) < 0.5 * distance(red, green)
    assert distance(blue, bluish_green, "tritanopia") < 0.5 * distance(blue, bluish_green)


@pytest.mark.parametrize("deficiency", DEFICIENCIES)
def test_colours_that_share_a_plot_are_told_apart_by_everyone(deficiency):
    fills, lines = (
        [getattr(style, part) for style in colours.CLASSES] for part in ("fill", "line")
    )
    for colour_set in (fills, lines, [colour for colour, _ in colours.LINES]):
        for first, second in itertools.combinations(colour_set, 2):
            apart = distance(first, second, deficiency)
            assert apart >= LEAST, f"{first} and {second} are {apart:.1f} apart"
    for pair in (fills[:2], lines[:2]):
        assert distance(*pair, deficiency) >= LEAST_OF_TWO_CLASSES


@pytest.mark.parametrize("deficiency", DEFICIENCIES)
def test_the_sides_of_a_class_field_are_told_apart_by_everyone(deficiency):
    low, middle, high = ("#{:02X}{:02X}{:02X}".format(*colours.class_field(s)) for s in (0, 0.5, 1))
    for first, second in itertools.combinations((low, middle, high), 2):
        assert distance(first, second, deficiency) >= LEAST_OF_FIELD


def test_a_palette_that_colour_blind_people_confuse_would_fail():
    assert min(distance("#E03030", "#7F8A1E", kind) for kind in DEFICIENCIES) < LEAST
