"""The graph stepper: its walk agrees with PyTorch's gradients, edits, the drawing, the app."""

import re

import pytest
import torch

from engine.lab import GraphStepper
from engine.lab.app import Event
from engine.lab.graph_stepper import GRAPHS, GraphState, render

SQUARE, TWICE, BENT = GRAPHS
IN_TORCH = {
    SQUARE: lambda w, x, b, y: (w * x + b - y) ** 2,
    TWICE: lambda w, x: w * x + (w * x) ** 2,
    BENT: lambda w, x, y: (torch.tanh(w * x) - y) ** 2,
}


def walked_to_the_end(graph):
    state = GraphState(graph)
    state.step(state.last_step)
    return state


def key(name, shift=False):
    return Event(kind="key", key=name, shift=shift)


def numbers_of(picture):
    return re.findall(r">([^<]*)</text>", picture)


@pytest.mark.parametrize("graph", GRAPHS)
@pytest.mark.parametrize("change", [{}, {"w": -1.5}, {"x": 0.0}, {"w": 4.0, "x": -2.5}])
def test_a_whole_walk_finds_pytorch_s_gradients(graph, change):
    state = walked_to_the_end(graph)
    for name, value in change.items():
        state.set_input(name, value)
    inputs = {
        name: torch.tensor(value, dtype=torch.float64, requires_grad=True)
        for name, value in state.inputs.items()
    }
    loss = IN_TORCH[graph](**inputs)
    loss.backward()
    assert state.values["L"] == pytest.approx(loss.item(), rel=1e-12, abs=1e-12)
    for name, tensor in inputs.items():
        assert state.gradients[name] == pytest.approx(tensor.grad.item(), rel=1e-12, abs=1e-12)


def test_forward_shows_one_value_more_at_each_step():
    state = GraphState(SQUARE)
    assert list(state.known) == ["w", "x", "b", "y"]
    for name, value in (("p", 6.0), ("z", 7.0), ("e", 3.0), ("L", 9.0)):
        state.step()
        assert list(state.known)[-1] == name
        assert state.known[name] == value
        assert state.gradients == {}


def test_backward_walks_one_edge_at_each_step_from_the_loss():
    state = GraphState(SQUARE)
    state.step(5)
    assert state.gradients == {"L": 1.0}
    seen = []
    while not state.done:
        state.step()
        seen.append((state.walked[-1].child, state.walked[-1].parent, state.walked[-1].local))
    assert seen == [
        ("L", "e", 6.0),
        *(("e", "z", 1.0), ("e", "y", -1.0), ("z", "p", 1.0), ("z", "b", 1.0)),
        *(("p", "w", 3.0), ("p", "x", 2.0)),
    ]
    assert state.steps == state.last_step == 12


def test_a_value_used_twice_waits_for_both_gradients_before_it_sends():
    state = GraphState(TWICE)
    state.step(5)  # three operations, the start, and the first edge: L to s
    assert state.gradients == {"L": 1.0, "s": 1.0}
    assert state.waiting("s") == 1
    assert "∂L/∂s = 1 (1 use still to come)" in state.summary()
    state.step(2)
    assert state.gradients["s"] == 1 + 2 * 6
    assert state.waiting("s") == 0
    state.step()
    assert state.walked[-1].child == "s"
    assert state.gradients["w"] == 39


def test_the_news_are_upstream_times_local():
    state = GraphState(SQUARE)
    assert "Step forward" in state.news()
    state.step(2)
    assert state.news() == "Forward: z = p + b = 7"
    state.step(3)
    assert state.news() == "Backward starts: ∂L/∂L = 1"
    state.step(6)
    assert state.news() == "Backward, p to w: upstream 6 × local 3 = 18"


@pytest.mark.parametrize(
    ("graph", "change"),
    [(BENT, {"w": -5.0}), (SQUARE, {"w": 10.0, "x": 10.0, "y": -10.0}), (TWICE, {"x": -10.0})],
)
def test_very_small_and_very_large_gradients_fit_into_their_boxes(graph, change):
    state = walked_to_the_end(graph)
    for name, value in change.items():
        state.set_input(name, value)
    words = [text for text in numbers_of(render(state)) if text.startswith(("∂L/∂", "× "))]
    assert len(words) == len(state.nodes) + len(state.edges)
    assert max(map(len, words)) <= len("∂L/∂w = −1234"), words


def test_an_edit_keeps_the_place_of_the_walk():
    state = GraphState(SQUARE)
    state.step(6)
    state.set_input("y", 7.0)
    assert state.steps == 6
    assert state.gradients == {"L": 1.0, "e": 0.0}
    assert "−0" not in state.summary(), "a zero has no sign"


def test_inputs_stay_between_minus_ten_and_ten():
    state = GraphState()
    state.set_input("w", 40)
    assert state.inputs["w"] == 10
    state.set_input("w", -10.5)
    assert state.inputs["w"] == -10


def test_steps_stay_within_the_walk_and_reset_restores_the_inputs():
    state = GraphState()
    state.step(-1)
    assert state.steps == 0
    state.step(1000)
    assert state.steps == state.last_step
    assert state.done
    state.set_input("w", 0.5)
    state.reset()
    assert (state.steps, state.inputs["w"]) == (0, 2.0)


def test_every_key_does_what_the_help_says():
    state = GraphState(SQUARE)
    for name, steps in (("ArrowRight", 1), ("End", 12), ("ArrowLeft", 11), ("Home", 0)):
        state.key(key(name))
        assert state.steps == steps, name
    state.key(key("ArrowUp"))
    assert state.inputs["w"] == 2.5
    state.key(key("Enter"))
    assert state.chosen == "x"
    state.key(key("ArrowDown", shift=True))
    assert state.inputs["x"] == 2.9
    for _ in range(3):
        state.key(key("Enter"))
    assert state.chosen == "w"
    state.key(key(" "))
    assert (state.steps, state.inputs["w"], state.inputs["x"]) == (0, 2.5, 2.9)


def test_a_drag_changes_the_pressed_input_and_nothing_else():
    state = GraphState(SQUARE)
    state.press(Event(kind="press", py=150, target={"grab": "x"}))
    state.drag(Event(kind="drag", py=150 - 4 * 12))
    assert (state.chosen, state.inputs["x"], state.inputs["w"]) == ("x", 5.0, 2.0)
    state.drag(Event(kind="drag", py=150 + 12))
    assert state.inputs["x"] == 2.5
    state.press(Event(kind="press", py=10))
    state.drag(Event(kind="drag", py=100))
    assert state.inputs["x"] == 2.5


def test_the_drawing_shows_what_the_walk_has_reached():
    state = GraphState(SQUARE)
    assert "p = w·x" in numbers_of(render(state))
    assert "6" not in numbers_of(render(state))
    state.step(1)
    assert "6" in numbers_of(render(state))
    state.step(5)
    drawn = render(state)
    assert drawn.startswith("<svg")
    assert {"∂L/∂L = 1", "∂L/∂e = 6", "× 6"} <= set(numbers_of(drawn))
    assert "∂L/∂z" not in drawn


def test_the_label_of_the_drawing_states_the_numbers():
    label = re.search(r'aria-label="([^"]*)"', render(walked_to_the_end(SQUARE))).group(1)
    for words in ("Graph of L = (w·x + b − y)²", "L = 9", "∂L/∂w = 18", "∂L/∂y = −6"):
        assert words in label


def test_an_unfinished_sum_is_marked_in_the_drawing():
    state = GraphState(TWICE)
    state.step(5)
    assert "∂L/∂s = 1 + …" in numbers_of(render(state))


def test_drawing_changes_nothing():
    state = walked_to_the_end(BENT)
    before = state.summary()
    assert render(state) == render(state)
    assert state.summary() == before


def test_the_app_steps_goes_back_edits_and_starts_another_graph():
    app = GraphStepper()
    assert repr(app) == "GraphStepper()"
    app.press("step")
    assert "p = 6" in app.picture.readout
    app.send("key", key="ArrowLeft")
    assert app.state.steps == 0
    app.send("key", key="ArrowUp")
    app.send("key", key="End")
    assert "w = 2.5" in app.picture.readout
    assert "∂L/∂w = 27" in app.picture.readout
    app.controls["graph"].value = TWICE
    assert app.picture.readout.startswith("Step 0 of 9.")
    app.press("reset")
    assert app.state.inputs == {"w": 2.0, "x": 3.0}


def test_the_app_says_when_the_walk_is_done():
    app = GraphStepper()
    app.controls["graph"].value = TWICE
    for _ in range(app.state.last_step + 1):
        app.press("step")
    assert "Done. Reset starts again." in app.picture.readout
    assert app.state.gradients["w"] == 39
