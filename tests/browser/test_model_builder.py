"""A student's journey with the model builder: break a model, mend it, run its program."""

import re

CELLS = ("from engine.lab import ModelBuilder", "app = ModelBuilder()\napp")
OPENS = "Model builder, 10 layers"


def parameters(words: str) -> int:
    return int(re.search(r"Parameters: ([\d,]+)", words).group(1).replace(",", ""))


def click(widget, x, y):
    widget.page.page.mouse.click(*widget.at(x, y))


def test_the_pointer_selects_a_line_and_a_slider_changes_its_size(page, widget):
    assert parameters(widget.readout()) == 6_186
    click(widget, 100, 66 + 24 * 4 + 12)
    widget.wait_for("Selected, layer 5 of 10: nn.Conv2d(16, 32, 3, padding=1)")
    widget.control("size").focus()
    page.page.keyboard.press("ArrowRight")
    widget.wait_for("nn.Conv2d(16, 64, 3, padding=1)")
    assert parameters(widget.readout()) == int(page.kernel_value("app.state.totals[0]"))
    assert f"{parameters(widget.readout()):,}" in widget.label()
    page.screenshot("model_builder_wider")


def test_a_layer_that_does_not_fit_is_explained_and_mended(page, widget):
    click(widget, 100, 66 + 24 * 8 + 12)
    widget.wait_for("nn.Flatten()")
    widget.control("layer").select_option("LSTM")
    widget.wait_for("Layer 9 takes a sequence, not an image (B, 32, 2, 2): use words")
    assert "takes a sequence" in widget.label()
    page.screenshot("model_builder_does_not_fit")
    click(widget, 772, 66 + 24 * 8 + 12)  # its cross
    widget.wait_for("layer 9 of 9: nn.Linear(2, 10)")
    assert page.kernel_value("app.state.rows[-1].output") == "(32, 2, 10)"
    click(widget, 120, 66 + 24 * 9 + 16)  # add
    widget.wait_for("layer 10 of 10: nn.ReLU()")
    widget.button("Reset").click()
    widget.wait_for("(B, 1, 8, 8) to (B, 10). Parameters: 6,186")


def test_the_keyboard_does_all_of_it(page, widget):
    for key, words in (
        ("ArrowDown", "layer 2 of 10: nn.BatchNorm2d(16)"),
        ("Enter", "layer 3 of 11: nn.ReLU()"),
        (" ", "layer 3 of 10: nn.ReLU()"),
        ("ArrowUp", "layer 2 of 10: nn.BatchNorm2d(16)"),
        ("ArrowUp", "layer 1 of 10: nn.Conv2d(1, 16, 3, padding=1)"),
        ("ArrowRight", "layer 1 of 10: nn.Conv2d(1, 32, 3, padding=1)"),
    ):
        widget.key(key)
        widget.wait_for(words)
    assert page.kernel_value("app.controls['size'].value") == "32"
    widget.control("input").select_option("12 words out of 1,000")
    widget.wait_for("(B, 12) to (B, 2). Parameters: 97,410")
    assert page.kernel_value("app.state.program.count('Last()')") == "1"
    page.screenshot("model_builder_words")
