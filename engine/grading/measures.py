"""What a check does with an answer that is not itself the result, such as weights.

A measure gets the answer and the case's inputs and returns what is compared. It is public: it
says how an answer is used, not what it should be.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

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


MEASURES: dict[str, Callable[..., Value]] = {
    "perceptron": perceptron,
    "three_perceptrons": three_perceptrons,
}


def _parts(answer: Value, count: int, form: str) -> list[Any]:
    parts = list(answer) if isinstance(answer, np.ndarray) and answer.ndim else answer
    if not isinstance(parts, list) or len(parts) != count:
        raise UnfitAnswerError(form)
    return parts


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
