"""The live decision boundary: it trains as PyTorch does, names its endings, draws what it says."""

import asyncio
import math
import re

import numpy as np
import pytest
import torch

from engine.lab import DecisionBoundary
from engine.lab.decision_boundary import (
    ACTIVATIONS,
    INITIALIZATIONS,
    RESTS,
    BoundaryState,
    initial_weights,
    render,
)


def torch_losses(seed: int, width: int, lr: float, steps: int) -> list[float]:
    torch.manual_seed(seed)
    double = {"dtype": torch.float64}
    model = torch.nn.Sequential(
        torch.nn.Linear(2, width, **double), torch.nn.ReLU(), torch.nn.Linear(width, 1, **double)
    )
    x = torch.tensor([[0.0, 0], [0, 1], [1, 0], [1, 1]], **double)
    y = torch.tensor([[0.0], [1], [1], [0]], **double)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    losses = []
    for _ in range(steps):
        loss = torch.nn.functional.binary_cross_entropy_with_logits(model(x), y)
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return losses


def test_a_seed_trains_as_the_same_program_does_in_pytorch():
    state = BoundaryState(seed=3, width=4, lr=0.1)
    state.step(200)
    assert state.losses[:-1] == pytest.approx(torch_losses(3, 4, 0.1, 200), abs=1e-10)


@pytest.mark.parametrize(
    ("seed", "loss", "right", "words"),
    [
        (3, 0.0, 4, "solved"),
        (0, math.log(2) / 2, 2, "½ ln 2"),
        (1, 0.4774, 3, "¾·H(⅓)"),
        (6, math.log(2), 0, "ln 2: it says ½ to all"),
    ],
)
def test_each_ending_of_xor_is_named(seed, loss, right, words):
    state = BoundaryState(seed=seed)
    state.step(1000)
    assert state.loss == pytest.approx(loss, abs=0.001)
    assert state.right == right
    assert words in state.verdict()


def test_the_resting_losses_are_entropies():
    third = -(1 / 3 * math.log(1 / 3) + 2 / 3 * math.log(2 / 3))
    assert list(RESTS) == pytest.approx([math.log(2), 0.75 * third, 0.5 * math.log(2)])


def test_before_and_while_it_moves_nothing_is_called_at_rest():
    state = BoundaryState(seed=6)
    assert state.verdict() == "not trained yet"
    state.step(5)
    assert state.verdict() == "learning"


@pytest.mark.parametrize("data", ["moons", "spiral"])
def test_moons_and_spiral_are_learned_by_sixteen_tanh_neurons(data):
    state = BoundaryState(data, width=16, activation="Tanh", lr=0.1)
    state.step(500)
    assert state.right >= 190
    assert "of 200 points right" in state.summary()


def test_without_activation_the_boundary_stays_a_line():
    state = BoundaryState("moons", width=16, activation="none")
    state.step(400)
    bends = np.diff(np.log(state.field() / (1 - state.field())), n=2, axis=1)
    assert np.abs(bends).max() < 1e-6
    assert state.right < 190


def test_reset_repeats_the_run_and_another_seed_does_not():
    state = BoundaryState(seed=2)
    state.step(30)
    first = state.trace()
    state.reset()
    assert (state.steps, state.seed) == (0, 2)
    state.step(30)
    assert state.trace() == first
    state.seed = 3
    state.reset()
    state.step(30)
    assert state.trace() != first


@pytest.mark.parametrize(
    ("name", "std", "bias"),
    [
        ("Xavier", math.sqrt(2 / 700), 0.0),
        ("He", math.sqrt(2 / 300), 0.0),
        ("LeCun", math.sqrt(1 / 300), 0.0),
        ("PyTorch", 1 / math.sqrt(900), 1 / math.sqrt(900)),
        ("tiny (0.01)", 0.01, 0.0),
        ("zero", 0.0, 0.0),
    ],
)
def test_first_weights_have_the_spread_of_their_name(name, std, bias):
    import engine

    weight, b = initial_weights(300, 400, name, engine.Generator().manual_seed(0))
    assert weight.shape == (400, 300) and b.shape == (400,)
    assert weight.numpy().std() == pytest.approx(std, rel=0.02)
    assert b.numpy().std() == pytest.approx(bias, rel=0.1)
    limit = math.sqrt(6 / 700) if name == "Xavier" else np.inf
    assert np.abs(weight.numpy()).max() <= limit


def test_the_global_random_stream_is_left_alone():
    import engine

    engine.manual_seed(5)
    expected = engine.rand(3).tolist()
    engine.manual_seed(5)
    BoundaryState(seed=1).step(2)
    assert engine.rand(3).tolist() == expected


def test_neuron_lines_lie_where_the_neuron_is_zero():
    state = BoundaryState(seed=4, width=3)
    w1, b1, w2, _ = (p.detach().numpy() for p in state.parameters)
    lines = state.neuron_lines()
    assert len(lines) == 3
    for w, b, out, (ends, weight) in zip(w1, b1, w2[0], lines, strict=True):
        assert ends @ w + b == pytest.approx([0, 0], abs=1e-9)
        assert np.linalg.norm(ends - 0.5, axis=1).min() > math.sqrt(0.5) * 2, "outside of the plot"
        assert weight == out
    state.parameters[1].data[0] = 100.0
    assert len(state.neuron_lines()) == 2, "a line far away is not drawn"
    assert BoundaryState(initialization="zero").neuron_lines() == []


@pytest.mark.parametrize("bad", [{"data": "circles"}, {"initialization": "best"}])
def test_unknown_names_are_refused_with_those_known(bad):
    with pytest.raises(ValueError, match="must be one of .*got"):
        BoundaryState(**bad)


def test_the_drawing_states_its_numbers_and_holds_points_lines_and_field():
    state = BoundaryState(seed=3)
    state.step(50)
    drawn = render(state)
    label = re.search('aria-label="([^"]+)"', drawn).group(1)
    assert f"loss {state.loss:.3f}" in label and "at step 50" in label
    # Two of each class; a square is also the frame of a plot, so only its stroke tells it.
    assert drawn.count("<circle") == 2
    assert drawn.count("data:image/png;base64,") == 1
    assert drawn.count('stroke-width="1.6"') == len(state.neuron_lines()) > 1
    assert all(f">{name}<" in drawn for name in ("xor", "moons", "spiral"))
    assert len(drawn) < 40_000


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("initialization", INITIALIZATIONS)
def test_every_combination_trains_and_draws(activation, initialization):
    state = BoundaryState("moons", 8, activation, initialization, lr=0.03)
    before = state.loss
    state.step(20)
    if initialization == "zero" and activation != "Sigmoid":
        # Every slope is 0 but that of the output bias, and one bias cannot tell classes apart.
        assert state.loss == pytest.approx(math.log(2), abs=1e-4)
    else:
        assert state.loss < before
    assert render(state).endswith("</svg>")


def test_a_picture_can_be_drawn_of_an_overflowing_network():
    state = BoundaryState(lr=1e200)
    with np.errstate(all="ignore"):
        state.step(3)
        assert not math.isfinite(state.loss)
        assert render(state).endswith("</svg>")


def test_controls_buttons_and_keys_reach_the_state():
    app = DecisionBoundary()
    assert repr(app) == "DecisionBoundary()"
    app.press("step")
    assert app.state.steps == 1 and "Step 1: loss" in app.picture.readout
    app.controls["width"].value = 8
    assert (app.state.width, app.state.steps) == (8, 0)
    app.controls["activation"].value = "Tanh"
    app.controls["initialization"].value = "Xavier"
    app.controls["lr"].value = 0.03
    assert "8 Tanh neurons, start Xavier, lr 0.03" in app.picture.readout
    app.press("new_seed")
    assert app.state.seed == 1
    for name in ("moons", "spiral", "xor"):
        app.send("key", key="ArrowRight")
        assert app.state.data == name
    app.send("key", key="ArrowLeft")
    assert app.state.data == "spiral" and "of 200 points" in app.picture.readout
    app.send("click", x=80, y=30, target={"points": "moons"})
    assert app.state.data == "moons"
    app.send("click", x=300, y=300, target={})
    assert app.state.data == "moons"


def test_compare_keeps_the_run_before_as_a_grey_line():
    app = DecisionBoundary()
    app.buttons["compare"].value = True
    app.press("step")
    lines = app.picture.svg.count("<path")
    app.press("new_seed")
    assert app.state.ghost is not None and len(app.state.ghost) == 2
    assert "run before: " in app.picture.readout
    assert app.picture.svg.count("<path") == lines + 1
    app.press("new_seed")
    assert len(app.state.ghost) == 2, "a run that has not begun is nothing to compare with"
    app.send("key", key="ArrowRight")
    assert app.state.ghost is None, "the loss on other points compares nothing"


def test_play_trains_until_it_is_paused():
    async def main():
        app = DecisionBoundary()
        app.press("play")
        await asyncio.sleep(0.4)
        app.press("play")
        await app.settled()
        return app

    app = asyncio.run(main())
    assert app.state.steps > 4 and not app.playing
    assert f"Step {app.state.steps}:" in app.picture.readout
