"""Calling a student's function: every way in which it can go wrong has a name."""

import sys
import threading
import time

import numpy as np
import pytest

from engine.grading.answers import Namespace, TimeLimitError, time_limit

X = [np.array([1.0, 2.0]), 3.0]


def outcome_of(source, args=X, seconds=5.0):
    names = {}
    exec(source, names)
    return Namespace(names).call("f", args, seconds)


def test_a_result_comes_back_as_a_plain_value():
    outcome = outcome_of("def f(x, b): return x + b, 1")
    assert outcome.kind == "value"
    assert [np.asarray(part).tolist() for part in outcome.value] == [[4.0, 5.0], 1]


def test_none_is_a_result_if_the_function_did_something():
    outcome = outcome_of("def f(x, b): y = x + b")
    assert (outcome.kind, outcome.value) == ("value", None)


@pytest.mark.parametrize(
    "body", ["'''Add.'''", "...", "pass", "return ...", "raise NotImplementedError", "return None"]
)
def test_an_empty_body_is_an_open_answer(body):
    assert outcome_of(f"def f(x, b):\n    {body}").kind == "unanswered"


def test_a_message_of_not_implemented_is_an_error_to_be_read():
    """A stub raises it without one; a module without `forward` says what is missing."""
    outcome = outcome_of("def f(x, b): raise NotImplementedError('forward is missing')")
    assert (outcome.kind, outcome.value) == ("error", "NotImplementedError")
    assert outcome.text.startswith("NotImplementedError: forward is missing")


def test_an_ellipsis_in_place_of_the_function_is_an_open_answer():
    assert outcome_of("f = ...").kind == "unanswered"


def test_a_missing_name_asks_to_run_its_cell():
    outcome = outcome_of("g = 1")
    assert outcome.kind == "missing"
    assert "`f` is not defined yet: run the cell" in outcome.text


def test_a_name_that_is_no_function_any_more_is_explained():
    outcome = outcome_of("f = 3")
    assert outcome.kind == "unusable"
    assert "`f` is no longer a function" in outcome.text


@pytest.mark.parametrize("head", ["def f(x)", "def f()", "def f(x, b, c)"])
def test_a_wrong_number_of_inputs_shows_the_first_line(head):
    outcome = outcome_of(f"{head}: return 1")
    assert outcome.kind == "unusable"
    assert f"`{head[4:]}` cannot be called with 2 inputs" in outcome.text


def test_further_inputs_with_defaults_are_welcome():
    assert outcome_of("def f(x, b, c=1): return c").value == 1


def test_an_error_of_several_lines_is_told_in_one():
    outcome = outcome_of("def f(x, b): raise ValueError('one\\ntwo')")
    assert (outcome.kind, outcome.value) == ("error", "ValueError")
    assert outcome.text == "ValueError: one two"


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("return f(x, b)", "RecursionError"),
        ("import sys; sys.exit(0)", "SystemExit"),
        ("raise KeyError", "KeyError"),
        ("return x @ x.reshape(1, 2)", "ValueError"),
    ],
)
def test_no_error_leaves_the_check(body, error):
    assert outcome_of(f"def f(x, b): {body}").value == error


def test_a_value_that_cannot_be_read_is_named():
    outcome = outcome_of("def f(x, b): return {1}")
    assert outcome.kind == "unreadable"
    assert "a value of type set" in outcome.text


def test_the_inputs_of_the_check_survive_and_the_change_is_reported():
    args = [np.array([1.0, 2.0]), 3.0]
    outcome = outcome_of("def f(x, b):\n    x += b\n    return x", args)
    assert args[0].tolist() == [1.0, 2.0]
    assert outcome.value.tolist() == [4.0, 5.0]
    assert outcome.changed == ("x",)


def test_prints_are_swallowed_and_counted_and_warnings_swallowed(capfd):
    outcome = outcome_of(
        "import sys\ndef f(x, b): print('abc'); print('d', file=sys.stderr); return 1"
    )
    assert outcome.kind == "value"
    assert outcome.printed == 4
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "body",
    [
        "while True: pass",
        "while True: print('x')",
        "while True:\n        try: 1 / 0\n        except Exception: pass",
        "return sum(1 for _ in iter(int, 1))",
    ],
)
def test_an_endless_loop_is_stopped(body):
    started = time.monotonic()
    assert outcome_of(f"def f(x, b):\n    {body}", seconds=0.2).kind == "timeout"
    assert time.monotonic() - started < 3


def test_the_time_limit_works_in_another_thread():
    kinds = []
    source = "def f(x, b):\n    while True: pass"
    thread = threading.Thread(target=lambda: kinds.append(outcome_of(source, seconds=0.2).kind))
    thread.start()
    thread.join(timeout=5)
    assert kinds == ["timeout"]


def test_the_time_limit_never_hits_the_code_after_it():
    # Blocks that end about when their limit does: the error comes inside the block or not at all.
    previous = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        for _ in range(200):
            end = time.perf_counter() + 0.001
            try:
                with time_limit(0.001):
                    while time.perf_counter() < end:
                        pass
            except TimeLimitError:
                pass
            sum(range(1000))
    finally:
        sys.setswitchinterval(previous)


def test_a_variable_is_read_as_it_is():
    student = Namespace({"a": "b", "c": ..., "d": {1}})
    assert student.value("a").value == "b"
    assert [student.value(name).kind for name in "cde"] == ["unanswered", "unreadable", "missing"]
