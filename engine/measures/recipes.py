"""Recipes for training: rates, activations and the like, with which the measure trains."""

import math
from collections.abc import Callable

import numpy as np

import engine
from engine import nn, optim
from engine.measures.forms import Answer, UnfitAnswerError, numbers_of


def steps_with_momentum(answer: Answer, start: np.ndarray) -> str:
    """After how many steps of SGD with (lr, momentum) w stays within 1% of its first distance.

    The valley is ½ (100 w₁² + w₂²), with its minimum at 0; start is (2,), 60 steps are the target.
    """
    lr, momentum = numbers_of(answer, 2, "return a pair (lr, momentum)")
    w, velocity = start.tolist(), [0.0, 0.0]
    target, most, needed, distance = 60, 1000, 0, math.hypot(*w)
    for step in range(1, most + 1):
        slopes = (100 * w[0], w[1])
        velocity = [momentum * v + slope for v, slope in zip(velocity, slopes, strict=True)]
        w = [x - lr * v for x, v in zip(w, velocity, strict=True)]
        if math.hypot(*w) > 1000 * distance:
            return "w flies off"
        if math.hypot(*w) > 0.01 * distance:
            needed = step + 1
    if needed > most:
        return f"more than {most} steps"
    return f"{needed} steps" if needed > target else f"{target} steps or fewer"


def xor_solved(answer: Answer, networks: int) -> int:
    """How many of so many XOR networks 2-2-1 end with a loss below 0.05; 57 of 60 count as all.

    answer: a dict with "activation" (relu, tanh, sigmoid or gelu), "scale" s (first weights from
    N(0, s² / n_in), biases 0) and "lr". Each network takes 300 steps of Adam on the four rows.
    """
    f, scale, lr = _recipe(answer)
    rng = np.random.default_rng(0)
    spread = scale / np.sqrt(2)  # both layers read two numbers
    start = [rng.normal(size=(networks, 2, n)) * spread for n in (2, 1)]
    start += [np.zeros((networks, 1, n)) for n in (2, 1)]
    params = [engine.tensor(part, requires_grad=True) for part in start]
    w1, w2, b1, b2 = params
    x = engine.tensor(np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]))  # (4, 2)
    y = engine.tensor(np.array([[0.0], [1], [1], [0]])).expand(networks, 4, 1)
    optimizer, bce = optim.Adam(params, lr=lr), nn.BCEWithLogitsLoss(reduction="none")
    for _ in range(300):
        losses = bce(f(x @ w1 + b1) @ w2 + b2, y).mean((1, 2))  # (networks,)
        optimizer.zero_grad()
        losses.sum().backward()
        optimizer.step()
    return min(int((losses < 0.05).sum().item()), networks * 57 // 60)


def _recipe(answer: Answer) -> tuple[Callable[..., engine.Tensor], float, float]:
    form = 'return a dict such as {"activation": "relu", "scale": 1.0, "lr": 0.1}'
    activations: dict[str, Callable[..., engine.Tensor]] = {
        "relu": engine.relu,
        "tanh": engine.tanh,
        "sigmoid": engine.sigmoid,
        "gelu": nn.functional.gelu,
    }
    if not isinstance(answer, dict) or answer.keys() != {"activation", "scale", "lr"}:
        raise UnfitAnswerError(form)
    f = answer["activation"]
    if not isinstance(f, str) or f not in activations:
        raise UnfitAnswerError(f"{form}; the activations are {', '.join(activations)}")
    numbers = answer["scale"], answer["lr"]
    if not all(isinstance(n, int | float) and 0 <= n <= 10 for n in numbers):
        raise UnfitAnswerError(f"{form}, with a scale and an lr between 0 and 10")
    return activations[f], *numbers
