"""Answers held against a truth that whoever answers does not see."""

from functools import partial

import numpy as np

import engine
from engine import nn
from engine.datasets import make_adding
from engine.measures.forms import Answer, UnfitAnswerError, parts_of


def adding_error(answer: Answer, seed: int) -> str:
    """The mean squared error on 1,000 new sequences of the adding problem with 50 steps, roughly.

    answer: [mode, W_ih, W_hh, b_ih, b_hh, W, b] of a recurrent layer, whose mode is "RNN_TANH",
    "RNN_RELU", "LSTM" or "GRU", and of the linear layer that reads its last state.
    """
    layer = "nn.RNN, nn.LSTM or nn.GRU with 2 inputs, one layer, one direction and H up to 32"
    form = f"return a pair (memory, head): {layer}, and nn.Linear(H, 1)"
    mode, *weights = parts_of(answer, 7, form)
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


def nearly_all_right(answer: Answer, truth: list[str]) -> str:
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
