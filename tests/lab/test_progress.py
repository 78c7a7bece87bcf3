"""The progress bar: yields every item, ends cleanly on an interrupt, and prints the same always."""

import os
import signal
import threading
from importlib import import_module

import ipywidgets
import pytest

from engine.lab import progress

module = import_module("engine.lab.progress")


@pytest.fixture
def shown(monkeypatch):
    """Outputs that a notebook would show, and the words at the end of each bar."""
    outputs, labels = [], []
    monkeypatch.setattr(module, "publish_display_data", lambda data: outputs.append(data))

    class Label(ipywidgets.Label):
        def __init__(self, value, **look):
            super().__init__(value, **look)
            labels.append(self)

    monkeypatch.setattr(module.ipywidgets, "Label", Label)
    # A shell that starts the tests with & lets them ignore interrupts.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield outputs, labels
    signal.signal(signal.SIGINT, before)


def test_every_item_comes_once_and_in_order(shown):
    outputs, labels = shown
    assert list(progress(["a", "b", "c"], "letters")) == ["a", "b", "c"]
    assert labels[0].value == "letters: 3 of 3, done"
    assert outputs[0]["text/plain"] == "letters: 3 steps"
    assert "application/vnd.jupyter.widget-view+json" in outputs[0]


def test_an_interrupt_ends_the_walk_after_the_step_at_hand(shown):
    before, seen = signal.getsignal(signal.SIGINT), []
    for step in progress(range(100), "LSTM"):
        if step == 4:
            os.kill(os.getpid(), signal.SIGINT)
        seen.append(step)
    assert seen == [0, 1, 2, 3, 4]
    assert shown[1][0].value.startswith("LSTM: 5 of 100, interrupted")
    assert signal.getsignal(signal.SIGINT) == before


def test_a_second_interrupt_is_an_ordinary_one(shown):
    with pytest.raises(KeyboardInterrupt):
        for _ in progress(range(100)):
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)
    assert shown[1][0].value == "training: 0 of 100, left early"


def test_an_error_in_the_loop_gives_the_interrupt_back(shown):
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(ZeroDivisionError):
        for step in progress(range(3)):
            1 / step
    assert signal.getsignal(signal.SIGINT) == before


def test_nothing_to_do_is_done(shown):
    assert list(progress([])) == []
    assert shown[1][0].value == "training: 0 of 0, done"


def test_it_works_where_no_signals_are_to_be_had(shown):
    seen = []
    thread = threading.Thread(target=lambda: seen.extend(progress(range(3))))
    thread.start()
    thread.join()
    assert seen == [0, 1, 2]


def test_something_without_a_length_is_refused(shown):
    with pytest.raises(TypeError, match="len"):
        next(progress(iter([1, 2])))
