"""Grade a class on many machines: the same function, on the workers of a Dask scheduler.

Workers grade and nothing else: the machine that asks them reads submissions and writes results.
The course must be installed on each of them, with the same files and packages:

    dask scheduler
    dask worker tcp://scheduler:8786 --nworkers 2 --nthreads 1
    course grade submissions --assignment 01_perceptron --scheduler tcp://scheduler:8786
"""

import hashlib
import socket
import sys
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from functools import cache
from importlib.metadata import version
from pathlib import Path

import distributed
import numpy as np

import engine
from engine.grading.breakout import examine
from engine.grading.process import Assignment
from engine.grading.run import Graders, grade_one
from engine.grading.sandbox import Sandbox, UnfitMachineError, find_sandbox

_COURSE = Path(engine.__file__).resolve().parents[1]
_SECONDS = 20.0  # for a scheduler to answer, and for a first worker to be there


def grade_there(content: bytes, assignment: Assignment, wanted: str, trusted: bool) -> dict:
    """`grade_one` on a worker, in the worker's own sandbox.

    Args: wanted: the `environment` of the machine that asks. trusted: see `find_sandbox`.
    Raises: UnfitMachineError where the worker must not grade.
    """
    return grade_one(content, assignment, fit_sandbox(wanted, trusted))


@cache
def fit_sandbox(wanted: str, trusted: bool) -> Sandbox:
    """The sandbox of this worker, which has been tried, once a process.

    Raises: UnfitMachineError if the environment is another one, or the sandbox missing or broken.
    """
    if (here := environment()) != wanted:
        raise UnfitMachineError(
            f"{socket.gethostname()} has {here}, and {wanted} is asked for: "
            "install the same edition of the course with the same packages there."
        )
    sandbox = find_sandbox(trusted=trusted)
    if sandbox.level != "none":
        examine(sandbox, [_COURSE / "solutions"])
    return sandbox


@cache
def environment() -> str:
    """What a grade depends on here: Python, NumPy, Dask and every file of the engine."""
    files = hashlib.sha256()
    for path in sorted((_COURSE / "engine").rglob("*")):
        if path.is_file() and not {"__pycache__", ".ipynb_checkpoints"} & {*path.parts}:
            files.update(f"{path.relative_to(_COURSE).as_posix()}\0".encode())
            files.update(path.read_bytes())
    python = ".".join(map(str, sys.version_info[:3]))
    return (
        f"Python {python}, NumPy {np.__version__}, distributed {version('distributed')}, "
        f"engine {files.hexdigest()[:12]}"
    )


@contextmanager
def on_cluster(address: str, assignment: Assignment, trusted: bool = False) -> Iterator[Graders]:
    """The workers of a scheduler as graders.

    Workers that are lost lose nothing: what they had goes to others. Workers may come later.

    Args: address: such as "tcp://10.0.0.1:8786"; for tls:// Dask's own configuration names the
        certificates.
    Raises: UnfitMachineError where no scheduler answers, no worker comes, one of them must not
        grade, or the scheduler goes away in between.
    """
    wanted = environment()
    try:
        client = distributed.Client(address, timeout=_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise UnfitMachineError(f"No Dask scheduler answers at {address}: {error}") from None
    with client:
        try:
            client.wait_for_workers(1, timeout=_SECONDS)
        except TimeoutError:
            raise UnfitMachineError(f"The scheduler at {address} has no workers.") from None
        found = client.run(fit_sandbox, wanted, trusted, on_error="return")
        if unfit := {key: error for key, error in found.items() if isinstance(error, Exception)}:
            reasons = "\n".join(f"  {worker}: {error}" for worker, error in unfit.items())
            raise UnfitMachineError(f"Nothing was graded. Workers that must not grade:\n{reasons}")
        try:
            # Not pure: two students with the same notebook are graded one by one, as everywhere.
            with client.get_executor(pure=False) as pool:
                yield Graders(
                    lambda one: pool.submit(grade_there, one, assignment, wanted, trusted),
                    sum(client.nthreads().values()),
                )
        except CancelledError:
            raise UnfitMachineError(
                f"The scheduler at {address} is gone. What was graded is kept: run this again."
            ) from None
