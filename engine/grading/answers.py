"""Call a student's function and say in plain terms what came of it."""

import contextlib
import copy
import ctypes
import dis
import inspect
import io
import linecache
import threading
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from engine.grading.values import Value, gap, plain

# A body of these alone does nothing: a docstring, a comment, `pass` or `...`.
_IDLE = {"RESUME", "NOP", "LOAD_CONST", "RETURN_VALUE", "RETURN_CONST"}


@dataclass(frozen=True)
class Outcome:
    """What came of one call.

    kind: "value"; "error" (value: the error's type), "timeout", "crash" or "unreadable" for this
    call; "missing", "unanswered" or "unusable" for every call. text: a sentence for the student.
    changed: the inputs that the call altered in place. printed: characters that it printed.
    """

    kind: str
    value: Value = None
    text: str = ""
    changed: tuple[str, ...] = ()
    printed: int = 0


class Student(Protocol):
    """Someone's answers, in this process or in another one."""

    def call(self, name: str, args: list, seconds: float) -> Outcome:
        """Call the function of that name on copies of args."""

    def value(self, name: str) -> Outcome:
        """Read the variable of that name."""


class Namespace:
    """The answers in a dictionary of names: a notebook's, or the grading worker's."""

    def __init__(self, names: dict[str, Any]) -> None:
        self._names = names

    def value(self, name: str) -> Outcome:
        if name not in self._names:
            return undefined(name)
        if self._names[name] is ...:
            return Outcome("unanswered")
        try:
            return Outcome("value", plain(self._names[name]))
        except TypeError as error:
            return Outcome("unreadable", text=f"`{name}` is {error}, which a check cannot read.")

    def call(self, name: str, args: list, seconds: float) -> Outcome:
        function = self._names.get(name)
        if not callable(function):
            if (found := self.value(name)).kind in ("missing", "unanswered"):
                return found
            text = f"`{name}` is no longer a function: a line below gave the name another value. "
            return Outcome("unusable", text=text + "Run the cell that defines it again.")
        if (misfit := _misfit(name, function, args)) is not None:
            return Outcome("unusable", text=misfit)
        given = copy.deepcopy(args)
        printed = _Counter()
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(_Counter()):
            outcome = _guarded(function, given, seconds)
        pairs = zip(_input_names(function, len(args)), given, args, strict=True)
        changed = tuple(label for label, after, before in pairs if not _same(after, before))
        return replace(outcome, changed=changed, printed=printed.characters)


def undefined(name: str) -> Outcome:
    """What comes of an answer whose cell has not run."""
    text = f"`{name}` is not defined yet: run the cell that defines it, then this one."
    return Outcome("missing", text=text)


def _guarded(function: Any, args: list, seconds: float) -> Outcome:
    try:
        with time_limit(seconds):
            result = function(*args)
            if (no_answer(function) if result is None else result) is ...:
                return Outcome("unanswered")
            return _readable(result)
    except TimeLimitError:
        return Outcome("timeout")
    except (Exception, SystemExit) as error:
        if isinstance(error, NotImplementedError) and not error.args:  # a stub's, and no module's
            return Outcome("unanswered")
        line = in_one_line(error, getattr(function, "__globals__", None))
        return Outcome("error", type(error).__name__, line)


def _readable(result: Any) -> Outcome:
    try:
        return Outcome("value", plain(result))
    except TypeError as error:
        return Outcome("unreadable", text=f"{error}, which a check cannot read")


def _misfit(name: str, function: Any, args: list) -> str | None:
    try:
        signature = inspect.signature(function)
    except ValueError:
        return None
    try:
        signature.bind(*args)
    except TypeError:
        wanted = f"{len(args)} input{'' if len(args) == 1 else 's'}"
        return f"`{name}{signature}` cannot be called with {wanted}. Restore its first line."
    return None


def _input_names(function: Any, count: int) -> list[str]:
    try:
        names = list(inspect.signature(function).parameters)
    except ValueError:
        names = []
    return [*names, *(f"input {i + 1}" for i in range(len(names), count))][:count]


def _same(after: Any, before: Any) -> bool:
    if isinstance(before, np.ndarray):
        return isinstance(after, np.ndarray) and np.array_equal(after, before, equal_nan=True)
    return _readable(after).kind == "value" and gap(plain(after), before, 0.0) is None


def no_answer(function: Any) -> Any:
    """What stands for the None that a function gave: `...` if nothing is written in it, else None.

    A helper that calls a student's function returns it, so that a check can tell an exercise that
    is open from a `return` that is missing.
    """
    code = getattr(function, "__code__", None)
    idle = code is not None and {step.opname for step in dis.get_instructions(code)} <= _IDLE
    return ... if idle else None


def in_one_line(error: BaseException, names: dict[str, Any] | None) -> str:
    """The error in one line, with the innermost line of code that lives among these names."""
    message = " ".join(str(error).split())[:200]
    text = f"{type(error).__name__}: {message}" if message else type(error).__name__
    lines = [
        linecache.getline(frame.f_code.co_filename, number).strip()
        for frame, number in traceback.walk_tb(error.__traceback__)
        if frame.f_globals is names
    ]
    return f"{text}, in the line `{lines[-1]}`" if lines and lines[-1] else text


class _Counter(io.TextIOBase):
    """Swallow what the student prints; an endless loop of prints must not fill the memory."""

    characters = 0

    def write(self, text: str) -> int:
        self.characters += len(text)
        return len(text)


class TimeLimitError(BaseException):
    """Raised in a call that takes too long; no `except Exception` of the student stops it."""


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise TimeLimitError in this thread after so many seconds.

    It works on every system and in every thread, at the next Python instruction: a loop is
    stopped, one long call into NumPy or time.sleep is not (interrupt the kernel for those; in
    grading the whole process is ended).
    """
    raise_in = ctypes.pythonapi.PyThreadState_SetAsyncExc
    thread = ctypes.c_ulong(threading.get_ident())
    lock = threading.Lock()
    active = True

    def expire() -> None:
        with lock:
            if active:
                raise_in(thread, ctypes.py_object(TimeLimitError))

    timer = threading.Timer(max(seconds, 0.0), expire)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        with lock:
            active = False
        timer.cancel()
        # An error that is still on its way must not hit the code after this block.
        raise_in(thread, None)
