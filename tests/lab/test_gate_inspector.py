"""The gate inspector: equal to nn.LSTM with the same weights, stepped and marked, told in words."""

import math
import re

import numpy as np
import pytest

import engine
from engine import nn
from engine.lab import GateInspector
from engine.lab.app import Event
from engine.lab.gate_inspector import BIASES, MEMORY, STEPS, TABLE, TASKS, GateState, render

KEEP, ADD = TASKS


def key(state, name):
    state.key(Event("key", key=name))


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("bias", [BIASES[0], 1.0, BIASES[-1]])
def test_the_unit_is_an_lstm_of_nn(task, bias):
    state = GateState(task, bias, seed=2)
    state.step(STEPS)
    lstm = nn.LSTM(2, 1, batch_first=True, dtype=engine.float64)
    weight = [[0.0, 10.0], [0.0, TASKS[task]], [1.0, 0.0], [0.0, 0.0]]
    with engine.no_grad():
        for parameter in lstm.parameters():
            parameter.zero_()
        lstm.weight_ih_l0.copy_(engine.tensor(weight, dtype=engine.float64))
        lstm.bias_ih_l0.copy_(engine.tensor([-5.0, bias, 0.0, 5.0], dtype=engine.float64))
    x = engine.tensor(np.stack([state.numbers, state.marks], axis=1).astype(float))
    output, (_, c) = lstm(x)
    rows = state.rows()
    assert [row["h"] for row in rows] == pytest.approx(output[:, 0].tolist(), abs=1e-12)
    assert rows[-1]["c"] == pytest.approx(c.item(), abs=1e-12)


def test_a_high_forget_bias_keeps_what_was_marked_last_and_a_low_one_forgets_it():
    for seed in range(10):
        state = GateState(KEEP, 5.0, seed)
        state.step(STEPS)
        last = np.flatnonzero(state.marks)[-1]
        assert state.target() == pytest.approx(math.tanh(state.numbers[last]))
        assert state.trace()[-1] == pytest.approx(state.target(), abs=0.06)
        state.marks = np.arange(STEPS) == 0
        state.bias = -2.0
        assert state.trace()[-1] < 0.02


def test_adding_needs_an_open_forget_gate_at_the_marks():
    state = GateState(ADD, 6.0)
    state.step(STEPS)
    marked = np.tanh(state.numbers[state.marks])
    assert len(marked) == 2
    assert state.target() == pytest.approx(marked.sum())
    assert state.trace()[-1] == pytest.approx(marked.sum(), abs=0.06)
    state.task = KEEP
    assert state.trace()[-1] == pytest.approx(marked[-1], abs=0.06)


def test_each_half_has_one_mark_until_a_hand_changes_that():
    for seed in range(20):
        marks = GateState(seed=seed).marks
        assert marks[: STEPS // 2].sum() == marks[STEPS // 2 :].sum() == 1


def test_keys_step_and_mark():
    state = GateState()
    key(state, "ArrowLeft")
    assert state.steps == 0
    key(state, "ArrowRight")
    key(state, "ArrowRight")
    assert state.steps == 2 and not state.done
    marked = state.marks[1]
    key(state, " ")
    assert state.marks[1] != marked and state.steps == 2
    key(state, "End")
    assert state.done and len(state.rows()) == STEPS
    key(state, "ArrowRight")
    assert state.steps == STEPS
    key(state, "Home")
    assert state.steps == 0


@pytest.mark.parametrize("plot", [MEMORY, TABLE])
def test_a_click_marks_the_number_under_it(plot):
    app = GateInspector()
    for t in (1, 4, STEPS):
        before = app.state.marks.copy()
        x, y = plot.at(t + 0.3, sum(plot.y) / 2)
        app.send("press", x=x, y=y)
        app.send("click", x=x, y=y)
        assert np.flatnonzero(app.state.marks != before).tolist() == [t - 1]
    app.send("press", x=2, y=2)
    app.send("click", x=2, y=2)
    assert np.flatnonzero(app.state.marks != before).tolist() == [t - 1], (
        "beside the plots: nothing"
    )


def test_reset_keeps_numbers_and_marks_and_a_new_seed_brings_others():
    app = GateInspector()
    app.press("step")
    x, y = MEMORY.at(3, 1)
    app.send("press", x=x, y=y)
    app.send("click", x=x, y=y)
    numbers, marks = app.state.numbers, app.state.marks
    app.press("reset")
    assert app.state.steps == 0
    assert np.array_equal(app.state.numbers, numbers) and np.array_equal(app.state.marks, marks)
    app.press("new_seed")
    assert not np.array_equal(app.state.numbers, numbers)


def test_the_words_compute_the_cell_state():
    state = GateState(seed=4)
    assert "Nothing read yet: c = 0" in state.summary()
    for t in range(1, STEPS + 1):
        state.step()
        words = state.summary()
        f, before, i, g, c = map(
            float, re.search(r"c = (\S+) · (\S+) \+ (\S+) · (\S+) = ([\d.]+);", words).groups()
        )
        assert c == pytest.approx(f * before + i * g, abs=0.012), "as rounded in the words"
        assert c == pytest.approx(state.trace()[-1], abs=5e-4)
        assert f"Step {t} reads {state.numbers[t - 1]:.1f}, " in words
        assert ("not marked" in words) != state.marks[t - 1]


@pytest.mark.parametrize("steps", [0, 1, STEPS])
@pytest.mark.parametrize("task", TASKS)
def test_the_drawing_shows_each_gate_as_a_number(task, steps):
    state = GateState(task, 1.0)
    state.step(steps)
    drawn = render(state)
    label = re.search('aria-label="([^"]+)"', drawn).group(1)
    assert f"should {task}, forget bias 1." in label
    assert state.summary().replace("\n", " ") in label
    rows = state.rows()
    assert drawn.count(">0.99<") == sum(f"{row[n]:.2f}" == "0.99" for row in rows for n in "ifoc")
    assert drawn.count("<circle") == steps
    assert drawn.count("<polygon") == 2, "a triangle above each marked number"
    assert "nan" not in drawn and len(drawn) < 40_000


def test_the_bias_acts_at_once_and_compare_keeps_the_run_before():
    app = GateInspector()
    app.buttons["compare"].value = True
    for _ in range(STEPS):
        app.press("step")
    high = app.state.trace()
    app.controls["bias"].value = 0.0
    assert app.state.steps == STEPS, "the sequence stays as far as it was read"
    assert app.state.trace()[-1] < high[-1]
    app.press("reset")
    assert app.state.ghost is not None and len(app.state.ghost) == STEPS
    assert "stroke-dasharray" in app.picture.svg


def test_an_unknown_task_is_named():
    with pytest.raises(ValueError, match=r"task must be one of \['remember .*got 'forget'"):
        GateInspector("forget")
