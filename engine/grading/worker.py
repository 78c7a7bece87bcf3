"""The process that runs a student's cells: python -m engine.grading.worker

For each check it forks, where the system can, so that nothing of one check reaches the next.

Requests, each with an "id" that its reply repeats:
    {"cells": [[name, source], ...], "seconds"}   run them; replied {"stopped": {name: its error}}
    {"name", "args", "seconds"}                   call a function; the reply is an Outcome
    {"end": True}                                 forget everything
"""

import contextlib
import linecache
import os
import sys
from typing import Any, BinaryIO

from engine.grading.answers import Namespace, TimeLimitError, in_one_line, time_limit
from engine.grading.channel import receive, send

# Of one process each. Root's sandbox has a user of its own, so that these count its processes.
MEMORY_BYTES, PROCESSES, OPEN_FILES, FILE_BYTES = 2 * 2**30, 32, 64, 64 * 2**20
DONE = 73  # how a fork ends that was asked to; a student's exit(0) must not look like it


def run_cells(cells: list[list[str]], seconds: float) -> tuple[dict[str, Any], dict[str, str]]:
    """Run cells in one namespace, as a notebook does; a cell that fails does not stop the rest.

    Each cell that is still running after its share of the seconds is stopped.

    Returns: the names, and the error of each cell that failed by the cell's name.
    """
    names: dict[str, Any] = {"__name__": "__main__"}
    stopped = {}
    for name, source in cells:
        filename = f"<{name}>"
        # So that an error can quote the student's line.
        linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
        try:
            with time_limit(seconds / len(cells)):
                exec(compile(source, filename, "exec"), names)
        except TimeLimitError:
            stopped[name] = f"not done after {seconds / len(cells):.1f} s"
        except (Exception, SystemExit) as error:
            stopped[name] = in_one_line(error, names)
    return names, stopped


def serve(requests: BinaryIO, replies: BinaryIO) -> None:
    """Run the cells of the first request and answer calls until the end is asked for."""
    start = receive(requests)
    names, stopped = run_cells(start["cells"], start["seconds"])
    send(replies, {"id": start["id"], "stopped": stopped})
    student = Namespace(names)
    while "end" not in (request := receive(requests)):
        outcome = student.call(request["name"], request["args"], request["seconds"])
        send(replies, {"id": request["id"], **vars(outcome), "changed": list(outcome.changed)})
    send(replies, {"id": request["id"]})


def main() -> int:
    """Serve one check after the other, each in a process of its own where the system forks."""
    requests, replies = private_streams()
    limit(alone=sys.argv[1:] == ["bubblewrap"])
    # Loaded once; a fork has them for nothing.
    import engine.datasets
    import engine.nn
    import engine.optim  # noqa: F401

    if not hasattr(os, "fork"):
        serve(requests, replies)
        return 0
    while True:
        child = os.fork()
        if child == 0:
            try:
                serve(requests, replies)
            except BaseException:
                os._exit(1)
            os._exit(DONE)
        _, status = os.waitpid(child, 0)
        if os.waitstatus_to_exitcode(status) != DONE:
            return 1


def private_streams() -> tuple[BinaryIO, BinaryIO]:
    """Keep the channel; what the student prints or reads goes nowhere."""
    # Unbuffered: what one fork has read ahead would be lost to the next.
    requests, replies = os.fdopen(os.dup(0), "rb", buffering=0), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    return requests, replies


def limit(alone: bool) -> None:
    """Bind this process and all that it starts.

    Args: alone: whether the system counts this process's user apart from everybody else.
    """
    with contextlib.suppress(ImportError):  # Windows
        import resource

        limits = {
            "RLIMIT_AS": MEMORY_BYTES,
            "RLIMIT_NOFILE": OPEN_FILES,
            "RLIMIT_FSIZE": FILE_BYTES,
            "RLIMIT_CORE": 0,
            **({"RLIMIT_NPROC": PROCESSES} if alone else {}),
        }
        for name, most in limits.items():
            with contextlib.suppress(ValueError, OSError, AttributeError):  # macOS refuses some
                resource.setrlimit(getattr(resource, name), (most, most))


if __name__ == "__main__":
    sys.exit(main())
