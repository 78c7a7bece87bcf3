"""What a check does with an answer that is not itself the result, such as weights.

A measure gets the answer and the case's inputs and returns what is compared. It is public: it
says how an answer is used, not what it should be.
"""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

import engine
from engine import nn, optim
from engine.datasets import make_adding
from engine.grading.values import Value


class UnfitAnswerError(ValueError):
    """The answer does not have the form that the measure needs; the message says which."""


def perceptron(answer: Value, x: np.ndarray) -> int:
    """Output of the perceptron (w, b) for one input x (D,): 1 if w·x + b > 0, else 0."""
    form = "return a pair (w, b)"
    return _fires(_parts(answer, 2, form), x, form)


def three_perceptrons(answer: Value, x: np.ndarray) -> int:
    """Output of two perceptrons that read x (D,) and a third that reads their two outputs."""
    form = "return three pairs, ((w1, b1), (w2, b2), (w3, b3))"
    first, second, third = (_parts(pair, 2, form) for pair in _parts(answer, 3, form))
    hidden = np.array([_fires(first, x, form), _fires(second, x, form)])
    return _fires(third, hidden, form)


def steps_with_momentum(answer: Value, start: np.ndarray) -> str:
    """After how many steps of SGD with (lr, momentum) w stays within 1% of its first distance.

    The valley is ½ (100 w₁² + w₂²), with its minimum at 0; start is (2,), 60 steps are the target.
    """
    lr, momentum = _numbers(answer, 2, "return a pair (lr, momentum)")
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


def xor_solved(answer: Value, networks: int) -> int:
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


MEASURES: dict[str, Callable[..., Value]] = {
    "perceptron": perceptron,
    "three_perceptrons": three_perceptrons,
    "steps_with_momentum": steps_with_momentum,
    "xor_solved": xor_solved,
}


def _parts(answer: Value, count: int, form: str) -> list[Any]:
    parts = list(answer) if isinstance(answer, np.ndarray) and answer.ndim else answer
    if not isinstance(parts, list) or len(parts) != count:
        raise UnfitAnswerError(form)
    return parts


def _numbers(answer: Value, count: int, form: str) -> list[float]:
    parts = _parts(answer, count, form)
    try:
        numbers = [np.asarray(part, dtype=np.float64).item() for part in parts]
    except (TypeError, ValueError):
        raise UnfitAnswerError(f"{form} of numbers") from None
    if not np.isfinite(numbers).all():
        raise UnfitAnswerError(f"{form} of finite numbers")
    return numbers


def _fires(neuron: list[Value], x: np.ndarray, form: str) -> int:
    try:
        weights, bias = (np.asarray(part, dtype=np.float64) for part in neuron)
    except (TypeError, ValueError):
        raise UnfitAnswerError(f"{form} of numbers") from None
    if weights.shape != x.shape or bias.ndim != 0:
        seen = f"w has shape {weights.shape} and b shape {bias.shape}"
        raise UnfitAnswerError(f"{form}, where w holds {x.size} numbers and b is one; here {seen}")
    if not (np.isfinite(weights).all() and np.isfinite(bias)):
        raise UnfitAnswerError(f"{form} of finite numbers")
    return int(weights @ x + bias > 0)


def _recipe(answer: Value) -> tuple[Callable[..., engine.Tensor], float, float]:
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


def adding_error(answer: Value, seed: int) -> str:
    """The mean squared error on 1,000 new sequences of the adding problem with 50 steps, roughly.

    answer: [mode, W_ih, W_hh, b_ih, b_hh, W, b] of a recurrent layer, whose mode is "RNN_TANH",
    "RNN_RELU", "LSTM" or "GRU", and of the linear layer that reads its last state.
    """
    layer = "nn.RNN, nn.LSTM or nn.GRU with 2 inputs, one layer, one direction and H up to 32"
    form = f"return a pair (memory, head): {layer}, and nn.Linear(H, 1)"
    mode, *weights = _parts(answer, 7, form)
    relu = partial(nn.RNN, nonlinearity="relu")
    layers = {"RNN_TANH": nn.RNN, "RNN_RELU": relu, "LSTM": nn.LSTM, "GRU": nn.GRU}
    try:
        hidden = min(np.shape(weights[1])[1], 32)
        memory = layers[mode](2, hidden, batch_first=True, dtype=engine.float64)
        head = nn.Linear(hidden, 1, dtype=engine.float64)
        for part, own in ((memory, weights[:4]), (head, weights[4:])):
            arrays = (engine.tensor(np.asarray(w, dtype=np.float64)) for w in own)
            part.load_state_dict(dict(zip(part.state_dict(), arrays, strict=True)))
    except (TypeError, ValueError, KeyError, IndexError, RuntimeError):
        raise UnfitAnswerError(form) from None
    x, y = map(engine.tensor, make_adding(1000, 50, seed=seed))
    with engine.no_grad():
        error = ((head(memory(x)[0][:, -1])[:, 0] - y) ** 2).mean().item()
    limits = {0.01: "below 0.01", 0.12: "between 0.01 and 0.12", 0.25: "near 1/6"}
    return next((text for limit, text in limits.items() if error < limit), "above 1/4")


MEASURES["adding_error"] = adding_error


def nearly_all_right(answer: Value, truth: list[str]) -> str:
    """How many of the names in answer are those in truth; one may be wrong."""
    if not isinstance(answer, list) or len(answer) != len(truth):
        raise UnfitAnswerError(f"return {len(truth)} names")
    wrong = [
        str(number)
        for number, (name, true) in enumerate(zip(answer, truth, strict=True), start=1)
        if not isinstance(name, str) or name != true
    ]
    if len(wrong) <= 1:
        return f"{len(truth) - 1} of {len(truth)} right, or all"
    return f"{len(truth) - len(wrong)} of {len(truth)} right; wrong: number {', '.join(wrong)}"


MEASURES["nearly_all_right"] = nearly_all_right
