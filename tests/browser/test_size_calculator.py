"""A student's journey with the size calculator: sliders, layers, the input, a misfit."""

CELLS = ("from engine.lab import SizeCalculator", "app = SizeCalculator()\napp")
OPENS = "Size calculator."


def sizes(page) -> str:
    return "Sizes: " + page.kernel_value("' → '.join(map(str, app.state.sizes))").strip("'")


def test_the_input_is_dragged_until_nothing_is_wasted(page, widget):
    widget.wait_for("Rows never read, by layer: 1, 0, 0")
    widget.drag("input", 0, 9)
    widget.wait_for("Rows never read, by layer: 0, 0, 0")
    assert page.kernel_value("app.state.size") == "27"
    assert sizes(page) == "Sizes: 27 → 12 → 6 → 6"
    assert sizes(page) in widget.readout() and sizes(page) in widget.label()


def test_a_slider_sets_the_layer_that_was_clicked(page, widget):
    widget.picture.locator("[data-grab='1']").click()
    widget.wait_for("Layer 2: ")
    widget.control("stride").focus()
    page.page.keyboard.press("ArrowRight")
    widget.wait_for("Sizes: 28 → 12 → 4 → 4")
    assert page.kernel_value("app.state.layers[1].stride") == "3"
    assert sizes(page) in widget.readout()
    page.screenshot("size_calculator_stride")


def test_layers_come_and_go_until_a_kernel_does_not_fit(page, widget):
    widget.picture.locator("[data-grab='pool']").click()
    widget.wait_for("Sizes: 28 → 12 → 6 → 3 → 3.")
    widget.picture.locator("[data-grab='pool']").click()
    widget.wait_for("Sizes: 28 → 12 → 6 → 3 → 1 → 1.")
    widget.key("End")
    widget.control("padding").focus()
    widget.key("ArrowRight")
    widget.key("ArrowRight")
    widget.wait_for("Layer 5: ")
    widget.control("padding").focus()
    page.page.keyboard.press("ArrowLeft")
    widget.wait_for("Layer 5 does not fit: a window spans 3, there are 1.")
    page.screenshot("size_calculator_misfit")
    widget.picture.locator("[data-grab='remove']").click()
    widget.wait_for("Sizes: 28 → 12 → 6 → 3 → 1.")
    assert page.kernel_value("len(app.state.layers)") == "4"


def test_everything_works_from_the_keyboard(page, widget):
    widget.key("ArrowUp")
    widget.wait_for("Sizes: 29 → 13 → 6 → 6")
    widget.key("ArrowRight")
    widget.wait_for("Layer 2: ")
    widget.key("Enter")
    widget.wait_for("Sizes: 29 → 13 → 6 → 4 → 4")
    widget.key(" ")
    widget.wait_for("Sizes: 29 → 13 → 6 → 4 → 2 → 2")
    widget.key("Home")
    widget.wait_for("Sizes: 29 → 13 → 6 → 4 → 4.")
    assert sizes(page) in widget.readout()
