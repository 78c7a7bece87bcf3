"""A student's journey with the attention explorer: rows, digits, positions, temperature."""

import re

from widget_models import CELL

MODEL = """
from engine import optim
from engine.datasets import make_reversal
from engine.nn import functional as F

engine.manual_seed(0)
model = Reader()
optimizer = optim.Adam(model.parameters(), lr=0.01)
x, y = map(engine.tensor, make_reversal(64 * 150, seed=1))
for step in range(150):
    batch = slice(64 * step, 64 * step + 64)
    loss = F.cross_entropy(model(x[batch]).flatten(0, 1), y[batch].flatten())
    optimizer.zero_grad(), loss.backward(), optimizer.step()
"""
CELLS = (
    CELL + MODEL,
    "from engine.lab import AttentionExplorer\napp = AttentionExplorer(model)\napp",
)
OPENS = "Attention of layer 1, head 1."


def lists(words: str) -> tuple[list[str], list[str]]:
    given, answer = (re.search(rf"{name} +([\d ]+\d)", words) for name in ("list", "answer"))
    return given.group(1).split(), answer.group(1).split()


def test_the_list_comes_out_reversed_and_typing_changes_it(page, widget):
    given, answer = lists(widget.readout())
    assert answer == given[::-1]
    assert "looks most at place 11" in widget.readout()
    for digit in "314159":
        widget.key(digit)
    widget.wait_for("list 3 1 4 1 5 9")
    given, answer = lists(widget.readout())
    assert answer == given[::-1]
    assert page.kernel_value("app.state.tokens.tolist()") == str([int(d) for d in given])
    widget.key("ArrowLeft")
    widget.key("7")
    widget.wait_for("list 3 1 4 1 5 7")
    assert page.page.locator(".jp-Cell").count() == 2, "digits did not reach the notebook"
    assert page.page.locator(".jp-MarkdownCell").count() == 0
    page.screenshot("attention_typed")


def test_rows_by_keyboard_and_by_pointer(page, widget):
    widget.key("ArrowDown")
    widget.wait_for("Place 1 ")
    weight = float(page.kernel_value("float(app.state.look().weights[0][0][1].max())"))
    assert f"weight {weight:.2f}" in widget.readout()
    widget.picture.locator("[data-row='8']").hover()
    widget.wait_for("Place 8 ")
    assert "looks most at place 3" in widget.readout()
    assert "Place 8 " in widget.label()
    page.screenshot("attention_row_8")


def test_a_second_click_counts_a_digit_up(page, widget):
    place = widget.picture.locator("[data-place='4']")
    place.click()
    before = int(page.kernel_value("int(app.state.tokens[4])"))
    place.click()
    expected = (before + 1) % 10
    widget.wait_for(re.compile(rf"list( +\d){{4}} {expected} "))
    given, answer = lists(widget.readout())
    assert given[4] == answer[7] == str(expected)


def test_without_positions_every_row_is_nearly_flat(page, widget):
    before = widget.readout()
    widget.control("positions").uncheck()
    given, answer = lists(widget.wait_for_change(before))
    assert answer != given[::-1]
    assert page.kernel_value("app.state.positions") == "False"
    said = {}
    for digit, answered in zip(given, answer, strict=True):
        assert said.setdefault(digit, answered) == answered, "equal digits, equal answers"
    page.screenshot("attention_without_positions")


def test_heat_raises_the_entropy_and_new_seed_another_list(page, widget):
    widget.control("temperature").focus()
    page.page.keyboard.press("End")
    widget.wait_for("entropy 2.48 of at most 2.48")
    page.screenshot("attention_hot")
    page.page.keyboard.press("Home")
    widget.wait_for("weight 1.00; entropy 0.0")
    before, _ = lists(widget.readout())
    widget.button("New seed").click()
    widget.wait_for("seed 1")
    assert lists(widget.readout())[0] != before
