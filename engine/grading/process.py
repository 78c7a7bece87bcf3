"""Grade a submission: the answer cells run in a process of their own, on fresh inputs.

The process keeps a crash or an endless loop away from the grader. It is no sandbox: run only
code of people you trust in it.
"""

import contextlib
import os
import queue
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np

from engine.grading.answers import Outcome
from engine.grading.channel import ChannelError, receive, send
from engine.grading.exercises import Choice, evaluate, load_exercises
from engine.grading.submission import Cells, answer_cells, literal, setup_cells
from engine.grading.values import Value
from engine.grading.verdict import Report, judge

_START_SECONDS = 20.0
# The worker stops a slow call by itself and says so; this is for what it cannot stop.
_GRACE_SECONDS = 2.0
_KINDS = {"value", "error", "timeout", "unreadable", "missing", "unanswered", "unusable"}
_ENDED = Outcome("crash", text="the process that ran the cells ended")


def grade(submission: bytes, folder: Path, seed: int) -> list[Report]:
    """Judge a notebook on fresh inputs; the same seed gives the same inputs again.

    Args: submission: the notebook file. folder: the instructor's, such as
        solutions/01_perceptron, with checks.py and a notebook of the folder's name.
    Raises: ValueError if the submission is not a notebook.
    """
    source = (folder / f"{folder.name}.ipynb").read_bytes()
    cells = [*setup_cells(source), *answer_cells(submission)]
    reports = []
    for number, exercise in enumerate(load_exercises(folder)):
        # A process for each exercise: a crash in one leaves the others alone.
        with Process(cells) as student:
            if isinstance(exercise, Choice):
                reports.append(judge(exercise, student))
            else:
                check = evaluate(exercise, np.random.default_rng([seed, number]))
                reports.append(judge(check, student))
    return reports


class Process:
    """A student whose cells run in a process that starts with the first call."""

    def __init__(self, cells: Cells) -> None:
        self._cells = cells
        self._worker: subprocess.Popen[bytes] | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._over: Outcome | None = None

    def __enter__(self) -> "Process":
        return self

    def __exit__(self, *error: object) -> None:
        self._end()
        if self._folder is not None:
            self._folder.cleanup()

    def value(self, name: str) -> Outcome:
        return literal(self._cells, name)

    def call(self, name: str, args: list, seconds: float) -> Outcome:
        if self._worker is None and self._over is None:
            self._start()
        if self._over is not None:
            return self._over
        reply = self._ask({"name": name, "args": args, "seconds": seconds}, seconds)
        return self._over or _outcome(reply)

    def _start(self) -> None:
        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self._worker = subprocess.Popen(
            [sys.executable, "-P", "-m", "engine.grading.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=self._folder.name,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
            start_new_session=True,
        )
        self._ask({"cells": self._cells, "seconds": _START_SECONDS}, _START_SECONDS)

    def _ask(self, message: dict[str, Value], seconds: float) -> dict[str, Value]:
        """One request and its reply; afterwards self._over says whether the worker is lost."""
        request = secrets.token_hex(8)
        answer: queue.Queue[dict[str, Value] | None] = queue.Queue()
        exchange = (self._worker, {"id": request, **message}, answer)
        # Both directions may block for ever, so that a thread waits and this one counts.
        threading.Thread(target=_exchange, args=exchange, daemon=True).start()
        try:
            reply = answer.get(timeout=seconds + _GRACE_SECONDS)
        except queue.Empty:
            self._over = Outcome("timeout")
            reply = None
        else:
            if reply is None or reply.get("id") != request:
                self._over = _ENDED
        if self._over is not None:
            self._end()
        return reply or {}

    def _end(self) -> None:
        worker, self._worker = self._worker, None
        if worker is None:
            return
        with contextlib.suppress(ProcessLookupError):
            if hasattr(os, "killpg"):
                os.killpg(worker.pid, signal.SIGKILL)
            else:
                worker.kill()
        worker.wait()
        for pipe in (worker.stdin, worker.stdout):
            with contextlib.suppress(OSError):
                if pipe is not None:
                    pipe.close()


def _exchange(
    worker: subprocess.Popen[bytes], message: dict[str, Value], answer: queue.Queue[Any]
) -> None:
    try:
        send(cast(BinaryIO, worker.stdin), message)
        answer.put(receive(cast(BinaryIO, worker.stdout)))
    except (ChannelError, EOFError, OSError, ValueError):
        answer.put(None)


def _outcome(reply: dict[str, Value]) -> Outcome:
    """The reply as an Outcome; nothing in it is taken on trust."""
    kind, text, changed = (reply.get(key) for key in ("kind", "text", "changed"))
    if kind not in _KINDS or not isinstance(text, str) or not isinstance(changed, list):
        return _ENDED
    names = tuple(str(name)[:40] for name in changed[:10])
    line = " ".join(text.split())[:300]
    return Outcome(kind, reply.get("value"), line, names, int(bool(reply.get("printed"))))
