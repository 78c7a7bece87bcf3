"""What a check does with an answer that is not itself the result, such as weights.

A measure gets the answer and the case's inputs and returns what is compared. It is public: it says
how an answer is used, not what it should be.
"""

from collections.abc import Callable
from typing import Any

from engine.measures.digits import digits_by_cnn, digits_read
from engine.measures.forms import UnfitAnswerError
from engine.measures.predictions import adding_error, nearly_all_right
from engine.measures.recipes import steps_with_momentum, xor_solved
from engine.measures.weights import filter_responses, perceptron, three_perceptrons

__all__ = ["MEASURES", "UnfitAnswerError"]


class _Named(dict[str, Callable[..., Any]]):
    """Functions by their names."""

    def __missing__(self, name: str) -> Callable[..., Any]:
        raise ValueError(f"measure {name!r}: expected one of {', '.join(self)}")


MEASURES = _Named(
    (measure.__name__, measure)
    for measure in (
        adding_error,
        digits_by_cnn,
        digits_read,
        filter_responses,
        nearly_all_right,
        perceptron,
        steps_with_momentum,
        three_perceptrons,
        xor_solved,
    )
)
