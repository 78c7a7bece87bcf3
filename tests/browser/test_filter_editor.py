"""A student's journey with the filter editor: point, drag a weight, keys, sliders."""

import re

CELLS = ("from engine.lab import FilterEditor", "app = FilterEditor()\napp")
OPENS = "Filter editor."


def result(words: str) -> float:
    """What the products add up to, as the numbers below the picture say."""
    return float(re.search(r"= (−?[\d.]+)\n", words).group(1).replace("−", "-"))


def test_pointing_at_the_output_works_a_pixel_out(page, widget):
    widget.wait_for("Row 3, column 3: ")
    page.page.mouse.move(*widget.at(522 + 25 * 4.5, 40 + 25 * 1.5))
    widget.wait_for("Row 2, column 5: ")
    value = float(page.kernel_value("float(app.state.output[1, 4])"))
    assert result(widget.readout()) == value
    assert f"= {value:g}".replace("-", "−") in widget.label()
    page.screenshot("filter_editor_point")


def test_a_dragged_weight_changes_output_and_name(page, widget):
    before = widget.readout()
    box = widget.picture.locator("[data-weight='4']").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.page.mouse.move(x, y)
    page.page.mouse.down()
    page.page.mouse.move(x, y - 42, steps=8)
    page.page.mouse.up()
    widget.wait_for("kernel: your own, sum 2")
    assert widget.readout() != before
    assert page.kernel_value("float(app.state.kernel[1, 1])") == "2.0"
    assert result(widget.readout()) == float(page.kernel_value("float(app.state.output[2, 2])"))
    assert widget.control("kernel").input_value() == "your own"


def test_everything_works_from_the_keyboard(page, widget):
    widget.key("ArrowRight")
    widget.wait_for("Row 3, column 4: ")
    widget.key("Shift+ArrowUp")
    widget.wait_for("in row 1, column 3")
    widget.key("Enter")
    widget.wait_for("Chosen: weight 1.5 in row 1, column 3")
    widget.key("End")
    widget.wait_for("digit 1;")
    assert page.kernel_value("app.state.digit") == "1"
    assert result(widget.readout()) == float(page.kernel_value("float(app.state.output[2, 3])"))


def test_presets_digits_and_sliders(page, widget):
    widget.control("kernel").select_option("blur")
    widget.wait_for("kernel: blur, sum 1")
    widget.picture.locator("[data-digit='7']").click()
    widget.wait_for("digit 7;")
    for label, words in (("padding", "Output 8 × 8"), ("stride", "4 × 4"), ("dilation", "3 × 3")):
        widget.control(label).focus()
        page.page.keyboard.press("ArrowRight")
        widget.wait_for(words)
    page.screenshot("filter_editor_sliders")
