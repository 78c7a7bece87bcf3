"""Whole programs of the course, run on the engine and on PyTorch from the same seed."""

import pytest
import torch

import engine

pytestmark = pytest.mark.slow  # whole trainings, on the engine and on PyTorch

ROWS = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
LABELS = [[0.0], [1.0], [1.0], [0.0]]


def hidden_relu_with_adam(t):
    nn = t.nn
    model = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 1), nn.Sigmoid())
    return model, t.optim.Adam(model.parameters(), lr=0.1)


def shared_sigmoid_with_sgd(t):
    nn = t.nn
    sigmoid = nn.Sigmoid()
    model = nn.Sequential(nn.Linear(2, 2), sigmoid, nn.Linear(2, 1), sigmoid)
    return model, t.optim.SGD(model.parameters(), lr=1)


def single_layer_with_momentum(t):
    nn = t.nn
    model = nn.Sequential(nn.Linear(2, 1), nn.Sigmoid())
    return model, t.optim.SGD(model.parameters(), lr=0.5, momentum=0.9)


def printed(t, build, seed, dtype, steps=1000):
    """What the XOR program prints: the loss of every hundredth step, and its answers."""
    before = t.get_default_dtype()
    t.set_default_dtype(dtype)
    try:
        t.manual_seed(seed)
        model, optimizer = build(t)
        x, y = t.tensor(ROWS), t.tensor(LABELS)
        criterion = t.nn.BCELoss()
        lines = []
        for step in range(steps):
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            if step % 100 == 0:
                lines.append(f"{step} {loss.item():.4f}")
        lines.append(" ".join(f"{answer:.4f}" for (answer,) in model(x).tolist()))
        return lines
    finally:
        t.set_default_dtype(before)


PROGRAMS = [hidden_relu_with_adam, shared_sigmoid_with_sgd, single_layer_with_momentum]


@pytest.mark.parametrize("build", PROGRAMS)
@pytest.mark.parametrize("seed", [0, 1])
def test_a_thousand_steps_of_xor_print_pytorchs_four_digits(build, seed):
    ours = printed(engine, build, seed, engine.float64)
    assert ours == printed(torch, build, seed, torch.float64)


@pytest.mark.parametrize("build", PROGRAMS)
@pytest.mark.parametrize("seed", [0, 1])
def test_in_32_bits_too_as_long_as_rounding_has_not_grown(build, seed):
    ours = printed(engine, build, seed, engine.float32, steps=200)
    assert ours == printed(torch, build, seed, torch.float32, steps=200)
