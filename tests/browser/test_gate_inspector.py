"""A student's journey with the gate inspector: step, mark, forget, play, another task."""

import re

import pytest

from engine.lab.gate_inspector import MEMORY, STEPS

CELLS = ("from engine.lab import GateInspector", "app = GateInspector()\napp")
OPENS = "LSTM unit that should remember the last marked number"


def cell_state(words: str) -> float:
    return float(re.search(r" = ([\d.]+); the task asks", words).group(1))


def test_stepping_shows_the_cell_state_of_the_state(page, widget):
    assert "Nothing read yet" in widget.readout()
    for t in (1, 2, 3):
        widget.button("Step").click()
        widget.wait_for(f"Step {t} reads")
    shown = cell_state(widget.readout())
    assert shown == pytest.approx(float(page.kernel_value("app.state.trace()[-1]")), abs=5e-4)
    assert "forget bias 5." in widget.label()


def test_a_click_marks_a_number_and_the_memory_takes_it(page, widget):
    widget.key("End")
    widget.wait_for(f"Step {STEPS} reads")
    before = widget.readout()
    page.page.mouse.click(*widget.at(*MEMORY.at(STEPS, 1.0)))
    after = widget.wait_for_change(before)
    assert ", marked." in after and ", not marked." in before
    assert cell_state(after) != cell_state(before)
    assert page.kernel_value(f"bool(app.state.marks[{STEPS - 1}])") == "True"
    widget.key(" ")
    widget.wait_for("not marked")
    page.screenshot("gates_remember")


def test_a_low_forget_bias_loses_the_number(page, widget):
    widget.control("Compare").check()
    widget.key("End")
    widget.wait_for(f"Step {STEPS} reads")
    kept = cell_state(widget.readout())
    widget.control("forget bias").focus()
    page.page.keyboard.press("Home")
    widget.wait_for("Forget gate 0.119")
    assert cell_state(widget.readout()) < 0.2 * kept
    widget.control("task").select_option("add up the marked numbers")
    widget.button("Reset").click()
    widget.wait_for("Nothing read yet")
    assert page.kernel_value("len(app.state.ghost)") == str(STEPS)
    page.screenshot("gates_ghost")


def test_play_reads_to_the_end_and_stops(page, widget):
    widget.button("Play").click()
    widget.wait_for(re.compile(r"Step \d+ reads"))
    page.screenshot("gates_playing")
    widget.wait_for("Done. Reset starts again.")
    assert page.kernel_value("app.state.steps") == str(STEPS)
    assert widget.button("Play").is_visible()
    widget.button("New seed").click()
    widget.wait_for("Seed 1.")
