"""Measures meet answers of every form: what is unfit is named, and nothing of it is run."""

import numpy as np
import pytest

from engine.measures import MEASURES, UnfitAnswerError, digits
from engine.measures.digits import digits_right
from engine.measures.layers import network_of

STRANGE = [None, True, 7, -1.5, "x", [], {}, [[]], {"a": 1}, np.zeros(0), np.zeros((3, 5)), [None]]
STRANGE += [float("nan"), [1, [2, [3]]], np.array(5), "import os", [{}] * 3, [np.ones(2)] * 7]
INPUTS = {
    "perceptron": (np.ones(2),),
    "three_perceptrons": (np.ones(2),),
    "steps_with_momentum": (np.ones(2),),
    "filter_responses": (np.ones((4, 4)),),
    "nearly_all_right": (["healthy"] * 6,),
}


@pytest.mark.parametrize("name", MEASURES)
@pytest.mark.parametrize("answer", STRANGE, ids=lambda answer: repr(answer)[:20])
def test_an_answer_of_another_form_is_refused_and_never_an_error_of_the_grader(name, answer):
    with pytest.raises(UnfitAnswerError, match=r"\w{3}"):
        MEASURES[name](answer, *INPUTS.get(name, (1,)))


CONV, HEAD = "Conv2d(1, 4, kernel_size=(3, 3), stride=(2, 2), padding=(1, 1))", "Linear(64, 10)"


def test_a_network_is_read_from_its_own_words():
    texts = [CONV, "BatchNorm2d(4)", "ReLU()", "Flatten()", HEAD]
    model, work = network_of(texts)
    assert [type(layer).__name__ for layer in model] == [text.split("(")[0] for text in texts]
    assert work == 4 * 9 * 16 + 64 * 10
    again, _ = network_of([str(layer) for layer in model])
    assert str(again) == str(model)


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        (["__import__('os').system('touch here')"], "build it from AdaptiveAvgPool2d"),
        (["Linear(64, __import__('os'))"], "build it from"),
        (["Module()"], "build it from"),
        (["Linear"], "build it from"),
        (["Linear(100000, 100000)"], "none of them huge"),
        (["Conv2d(1, 512, 3, 1, 1)"], "more than 20,000 numbers"),
        (["AdaptiveAvgPool2d(1000)"], "more than 20,000 numbers"),
        ([CONV, "Linear(3, 10)"], "mend the layers"),
        (["Flatten()", "Linear(64, 11)"], r"end with \(B, 10\)"),
        (["ReLU()"] * 41, "1 to 40 layers"),
        (["("], "build it from"),
        ([7], "build it from"),
        ("ReLU()", "1 to 40 layers"),
    ],
)
def test_layers_that_are_none_or_too_much_are_refused(layers, message):
    with pytest.raises(UnfitAnswerError, match=message):
        network_of(layers)


@pytest.mark.slow
def test_training_on_digits_is_the_same_every_time():
    layers = ["Flatten()", HEAD]
    first = digits_right(layers, 3)
    digits._in_a_process.cache_clear()
    assert first == digits_right(layers, 3)
    assert 0.9 * 1797 < first < 0.985 * 1797, "a linear layer reads most digits, and not all"


def test_a_state_that_does_not_fit_is_refused():
    answer = {"layers": ["Flatten()", HEAD], "state": {"1.weight": np.zeros((10, 63))}}
    with pytest.raises(UnfitAnswerError, match="let `fit` return"):
        MEASURES["digits_read"](answer, 0)
    state = {"1.weight": np.zeros((10, 64)), "1.bias": np.zeros(10)}
    assert MEASURES["digits_read"]({**answer, "state": state}, 0) == "hardly more than by guessing"
    assert MEASURES["digits_read"]({**answer, "state": {"w": np.zeros(9999)}}, 0).startswith("more")
