"""The process that runs a student's cells: python -m engine.grading.worker

First request: {"id", "cells": [[name, source], ...], "seconds"}, answered by its id when the cells
have run. Each later one: {"id", "name", "args", "seconds"}, answered by its id and an Outcome.
"""

import linecache
import os
import sys
from typing import Any, BinaryIO

from engine.grading.answers import Namespace, TimeLimitError, time_limit
from engine.grading.channel import receive, send


def run_cells(cells: list[list[str]], seconds: float) -> dict[str, Any]:
    """Run cells in one namespace, as a notebook does; a cell that fails does not stop the rest.

    Each cell that is still running after its share of the seconds is stopped.
    """
    names: dict[str, Any] = {"__name__": "__main__"}
    for name, source in cells:
        filename = f"<{name}>"
        # So that an error can quote the student's line.
        linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
        try:
            with time_limit(seconds / len(cells)):
                exec(compile(source, filename, "exec"), names)
        except (Exception, SystemExit, TimeLimitError):
            # What the cell did not define is reported as missing when a check asks for it.
            continue
    return names


def serve(requests: BinaryIO, replies: BinaryIO) -> None:
    """Answer calls until the stream of requests ends."""
    start = receive(requests)
    student = Namespace(run_cells(start["cells"], start["seconds"]))
    send(replies, {"id": start["id"]})
    while True:
        try:
            request = receive(requests)
        except EOFError:
            return
        outcome = student.call(request["name"], request["args"], request["seconds"])
        send(replies, {"id": request["id"], **vars(outcome), "changed": list(outcome.changed)})


def _private_streams() -> tuple[BinaryIO, BinaryIO]:
    """Keep the channel; what the student prints or reads goes nowhere."""
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    return requests, replies


if __name__ == "__main__":
    serve(*_private_streams())
    sys.exit(0)
