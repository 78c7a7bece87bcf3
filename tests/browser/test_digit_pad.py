"""A student's journey with the digit pad: draw, load, clear, keys, another layer's maps."""

import re

import pytest

MODEL = """
from engine import nn
from engine.lab import DigitPad
from engine.lab.digit_pad import small_cnn
model = small_cnn()
"""
CELLS = (MODEL, "app = DigitPad(model)\napp", "waiting = DigitPad()\nwaiting")
SEVEN = [
    (1, 1),
    (1, 2),
    (1, 3),
    (1, 4),
    (1, 5),
    (1, 6),
    (2, 6),
    (3, 5),
    (4, 4),
    (5, 4),
    (6, 3),
    (7, 3),
]


@pytest.fixture
def widget(page):
    page.run_cell(1)
    widget = page.widget("Digit pad. Test digit 1,")
    widget.key("Home")
    widget.wait_for("ink 0.")
    return widget


def cell(widget, row, column):
    return widget.at(12 + 34 * (column + 0.5), 40 + 34 * (row + 0.5))


def read_as(words: str) -> tuple[str, float]:
    digit, share = re.search(r"Read as (\d) with ([\d.]+)%", words).groups()
    return digit, float(share)


def test_a_drawn_seven_is_read(page, widget):
    mouse = page.page.mouse
    mouse.move(*cell(widget, *SEVEN[0]))
    mouse.down()
    for place in SEVEN[1:]:
        mouse.move(*cell(widget, *place), steps=3)
        page.page.wait_for_timeout(60)
    mouse.up()
    widget.wait_for("Read as 7 with")
    page.wait_idle()
    best = int(page.kernel_value("int(app.state.shares.argmax())"))
    share = float(page.kernel_value("round(float(app.state.shares.max()) * 100, 1)"))
    assert read_as(widget.readout()) == (str(best), share)
    assert "Read as 7" in widget.label()
    full = page.kernel_value("int((app.state.ink == 16).sum())")
    assert int(full) == len(SEVEN)
    page.screenshot("digit_pad_seven")
    mouse.click(*cell(widget, 1, 1))
    page.wait_idle()
    assert page.kernel_value("float(app.state.ink[1, 1])") == "0.0"
    widget.picture.locator("[data-grab='clear']").click()
    widget.wait_for("ink 0.")


def test_a_test_digit_is_loaded_and_its_layers_shown(page, widget):
    widget.control("test digit").focus()
    page.page.keyboard.press("ArrowRight")
    widget.wait_for("Test digit 1, a ")
    target = page.kernel_value("int(app.state.targets[0])")
    assert f"Test digit 1, a {target}." in widget.readout()
    widget.control("maps after layer").focus()
    for layer, words in ((4, "MaxPool2d"), (5, "Conv2d")):
        page.page.keyboard.press("ArrowRight")
        widget.picture.get_by_text(f"maps after layer {layer}, {words}").wait_for()
    page.screenshot("digit_pad_layer_5")


def test_everything_works_from_the_keyboard(page, widget):
    widget.key("ArrowUp")
    widget.key(" ")
    widget.wait_for("ink 40.")
    widget.key("Shift+ArrowDown")
    widget.wait_for(re.compile(r"ink (?!40\.)"))
    assert page.kernel_value("float(app.state.ink[3, 3])") == "16.0"
    widget.key("Home")
    widget.wait_for("ink 0.")
    widget.key("End")
    widget.wait_for("Test digit 1")


def test_the_first_stroke_trains_a_network_where_none_was_given(page):
    waiting = page.widget("first stroke trains a small CNN")
    waiting.key("Enter")
    waiting.wait_for("Read as")
    digit, share = read_as(waiting.readout())
    assert digit == page.kernel_value("str(waiting.state.shares.argmax())").strip("'")
    assert 10 < share <= 100
