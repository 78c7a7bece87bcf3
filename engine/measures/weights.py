"""Weights chosen by hand, put to work."""

import numpy as np

from engine.measures.forms import Answer, UnfitAnswerError, numbers_of, parts_of


def perceptron(answer: Answer, x: np.ndarray) -> int:
    """Output of the perceptron (w, b) for one input x (D,): 1 if w·x + b > 0, else 0."""
    form = "return a pair (w, b)"
    return _fires(parts_of(answer, 2, form), x, form)


def three_perceptrons(answer: Answer, x: np.ndarray) -> int:
    """Output of two perceptrons that read x (D,) and a third that reads their two outputs."""
    form = "return three pairs, ((w1, b1), (w2, b2), (w3, b3))"
    first, second, third = (parts_of(pair, 2, form) for pair in parts_of(answer, 3, form))
    hidden = np.array([_fires(first, x, form), _fires(second, x, form)])
    return _fires(third, hidden, form)


def filter_responses(answer: Answer, image: np.ndarray) -> np.ndarray:
    """What a filter of 3 × 3 weights answers on an image (H, W): (H - 2, W - 2)."""
    form = "return a 3 × 3 table"
    kernel = np.array([numbers_of(row, 3, form) for row in parts_of(answer, 3, form)])
    windows = np.lib.stride_tricks.sliding_window_view(image, (3, 3))
    return (windows * kernel).sum((2, 3)) + 0.0


def _fires(neuron: list[Answer], x: np.ndarray, form: str) -> int:
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
