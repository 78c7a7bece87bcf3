"""The form that an answer must have before it can be measured."""

from typing import Any

import numpy as np

Answer = Any  # None, bool, number, string, array, or lists and dicts of these


class UnfitAnswerError(ValueError):
    """The answer does not have the form that the measure needs; the message says which."""


def parts_of(answer: Answer, count: int, form: str) -> list[Any]:
    """The parts of a list, or of an array with axes. UnfitAnswerError if there are others."""
    parts = list(answer) if isinstance(answer, np.ndarray) and answer.ndim else answer
    if not isinstance(parts, list) or len(parts) != count:
        raise UnfitAnswerError(form)
    return parts


def numbers_of(answer: Answer, count: int, form: str) -> list[float]:
    """So many finite numbers. UnfitAnswerError if they are not."""
    parts = parts_of(answer, count, form)
    try:
        numbers = [np.asarray(part, dtype=np.float64).item() for part in parts]
    except (TypeError, ValueError):
        raise UnfitAnswerError(f"{form} of numbers") from None
    if not np.isfinite(numbers).all():
        raise UnfitAnswerError(f"{form} of finite numbers")
    return numbers
