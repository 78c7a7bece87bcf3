"""The learning-rate finder: its range test is the notebook's, its training PyTorch's."""

import io
import re
from contextlib import redirect_stdout

import numpy as np
import pytest
import torch

import engine
from engine import nn, optim
from engine.lab import RateFinder
from engine.lab.rate_finder import (
    OPTIMIZERS,
    FinderState,
    Network,
    batches,
    render,
    training_digits,
)
from engine.lab.state import Event
from engine.utils import LRFinder

MOMENTUM = "SGD, momentum 0.9"


@pytest.fixture
def float64():
    before = engine.get_default_dtype()
    engine.set_default_dtype(engine.float64)
    yield
    engine.set_default_dtype(before)


def test_the_range_test_is_that_of_the_notebook_s_cell(float64):
    state = FinderState(MOMENTUM)
    engine.manual_seed(0)
    model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Dropout(0.0), nn.Linear(64, 10))
    finder = LRFinder(
        model, optim.SGD(model.parameters(), lr=1e-4, momentum=0.9), nn.CrossEntropyLoss()
    )
    with redirect_stdout(io.StringIO()) as told:
        finder.range_test(batches(0), end_lr=10, num_iter=100)
        from matplotlib.figure import Figure

        _, steepest = finder.plot(ax=Figure().subplots())
    assert "diverged" in told.getvalue()
    assert state.rates.tolist() == finder.history["lr"]
    assert state.tested.tolist() == finder.history["loss"]
    assert state.steepest == steepest
    assert state.tenth == state.rates[np.argmin(state.tested)] / 10


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_training_is_that_of_the_same_program_in_pytorch(name):
    state = FinderState(name, pick=0.02, seed=2)
    state.step(30)
    start = Network(2)
    model = torch.nn.Sequential(torch.nn.Linear(64, 64), torch.nn.ReLU(), torch.nn.Linear(64, 10))
    parts = [torch.tensor(p.detach().numpy()) for p in start.parameters()]
    model.load_state_dict(dict(zip(model.state_dict(), parts, strict=True)), assign=True)
    make = {
        "SGD": lambda p: torch.optim.SGD(p, lr=0.02),
        MOMENTUM: lambda p: torch.optim.SGD(p, lr=0.02, momentum=0.9),
        "Adam": lambda p: torch.optim.Adam(p, lr=0.02),
    }
    optimizer = make[name](model.parameters())
    data = torch.utils.data.TensorDataset(
        *(torch.tensor(t.numpy()) for t in training_digits().tensors)
    )
    order = torch.Generator().manual_seed(2)
    loader = torch.utils.data.DataLoader(data, batch_size=50, shuffle=True, generator=order)
    losses = []
    for _ in range(2):
        for x, y in loader:
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    assert state.losses == pytest.approx(losses[:30], abs=1e-9)
    assert state.loss == pytest.approx(np.mean(losses[20:30]), abs=1e-9)


def test_the_rule_of_thumb_is_one():
    """The steepest point may lie behind the minimum, in the noise of the explosion."""
    behind = [state for seed in range(5) if (state := FinderState("Adam", seed=seed))]
    late = [state for state in behind if state.steepest > 10 * state.tenth]
    assert late and len(late) < 5
    for state in late[:1]:
        state.key(Event("key", key="Home"))
        state.step(200)
        at_steepest = state.loss
        state.key(Event("key", key="End"))
        state.step(200)
        assert state.loss < 0.1 < at_steepest


def test_a_pick_starts_the_training_again_from_the_same_seed():
    state = FinderState(pick=0.01)
    state.step(20)
    first = state.losses
    state.press(Event("press", x=0.5, plot="curve"))
    assert state.losses is first, "a press on the other plot picks nothing"
    state.press(Event("press", x=0.1, plot="range"))
    assert (state.pick, state.steps) == (0.1, 0)
    state.drag(Event("drag", x=1e9, plot="range"))
    assert state.pick == 10.0, "a drag beyond the axis stays on it"
    state.press(Event("press", x=0.01, plot="range"))
    state.step(20)
    assert state.losses == first


def test_keys_move_the_pick_and_take_the_marks():
    state = FinderState(pick=0.1)
    state.key(Event("key", key="ArrowRight"))
    assert state.pick == pytest.approx(0.1259, rel=1e-3)
    state.key(Event("key", key="ArrowLeft"))
    assert state.pick == pytest.approx(0.1)
    state.key(Event("key", key="Home"))
    assert state.pick == state.steepest
    state.key(Event("key", key="End"))
    assert state.pick == state.tenth
    state.step(3)
    state.key(Event("key", key="ArrowUp"))
    assert state.pick == state.tenth


def test_compare_keeps_the_last_run_that_had_begun():
    state = FinderState(pick=0.01, compare=True)
    state.step(15)
    first = state.losses
    for pick in (0.02, 0.05, 0.3):  # a drag passes many rates
        state.drag(Event("drag", x=pick, plot="range"))
    assert state.before == (0.01, first)
    state.step(15)
    assert f"before, lr 0.01: {np.mean(first[-10:]):.3f}" in state.summary()
    state.compare = False
    state.drag(Event("drag", x=0.2, plot="range"))
    assert state.before is None


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_drawing_states_its_numbers(name):
    state = FinderState(name, pick=1e-5)
    state.step(12)
    drawn = render(state)
    label = re.search('aria-label="([^"]+)"', drawn).group(1)
    assert f"lr 1e-05, {name}, seed 0; step 12: loss {state.loss:.3f}" in label
    assert f"steepest at {state.steepest:.3g}" in label
    assert f"minimum is {state.tenth:.3g}" in label
    assert 'data-grab="pick"' in drawn
    assert len(drawn) < 40_000


@pytest.mark.parametrize(
    ("bad", "words"),
    [({"optimizer": "SDG"}, "optimizer must be one of"), ({"pick": 0.0}, "pick must lie in")],
)
def test_bad_arguments_are_named(bad, words):
    with pytest.raises(ValueError, match=words):
        RateFinder(**bad)


def test_the_app_trains_stops_and_says_nothing_of_the_range_test(capsys):
    app = RateFinder()
    assert repr(app) == "RateFinder()"
    app.press("step")
    assert "step 1: loss" in app.picture.readout
    app.controls["optimizer"].value = "Adam"
    assert "Adam, seed 0; not trained yet" in app.picture.readout
    app.controls["compare"].value = True
    app.press("new_seed")
    assert "seed 1" in app.picture.readout
    assert capsys.readouterr().out == ""
    app.state.step(200)
    app.press("step")
    assert app.state.steps == 200 and "Done" in app.picture.readout
