"""Seconds for each submission of notebook 01, and memory: `python -m benchmarks --grading`.

Beside nbgrader's own autograde on some of the same notebooks, which runs each in a kernel. The
aim is 0.35 s a submission on two cores. Memory is the highest resident size of this process, which
reads, writes and compares; the students' code runs in others.
"""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from engine.grading.intake import collect
from engine.grading.process import load_assignment
from engine.grading.run import Journal, Row, grade_class, on_threads
from engine.grading.sandbox import find_sandbox

ROOT = Path(__file__).parents[1]
NAME = "01_perceptron"
AIM = 0.35  # seconds
WORKERS = 2


def measure(submissions: int, autograded: int) -> None:
    """Print the table, line by line.

    Args: submissions: how many are graded here. autograded: how many of them by nbgrader.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _hand_in(folder / "submitted", submissions)
        print(f"{'submissions of notebook 01, two at a time':45} s each   memory")
        ours = _here(folder, submissions)
        print(f"{'aim':45} {AIM:6.2f}")
        theirs = _nbgrader(folder, autograded)
        print(f"{f'nbgrader autograde, one at a time, {autograded}':45} {theirs:6.2f}")
        print(f"{'ratio':45} {theirs / ours:6.1f}")


def _hand_in(folder: Path, count: int) -> None:
    """Solved notebooks in nbgrader's layout, all different, as a class's are."""
    solution = json.loads((ROOT / "solutions" / NAME / f"{NAME}.ipynb").read_text("utf-8"))
    for number in range(count):
        place = folder / f"student_{number:04d}" / NAME
        place.mkdir(parents=True)
        solution["metadata"]["student"] = number
        (place / f"{NAME}.ipynb").write_text(json.dumps(solution), encoding="utf-8")


def _here(folder: Path, count: int) -> float:
    """Seconds for each, from the first to the last."""
    assignment = load_assignment(ROOT / "solutions" / NAME, seed=0)
    found = collect(folder / "submitted", NAME)
    quarter, done, started, seconds = max(count // 4, 1), 0, time.perf_counter(), 0.0

    def tell(row: Row) -> None:
        nonlocal done, seconds
        done, seconds = done + 1, (time.perf_counter() - started) / (done + 1)
        if row.earned != row.points:
            raise RuntimeError(f"a solved notebook got {row.earned} of {row.points} points")
        if done % quarter == 0:
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(f"{f'{done:,} in {row.level}':45} {seconds:6.2f} {memory:5.0f} MB", flush=True)

    with on_threads(WORKERS, assignment, find_sandbox()) as graders:
        grade_class(found, assignment, graders, Journal(folder / "out"), tell)
    return seconds


def _nbgrader(folder: Path, count: int) -> float:
    """Seconds for each of so many more submissions, without those to start."""
    course = folder / "nbgrader"
    for name in ("solutions", "exercises"):
        shutil.copytree(ROOT / name / NAME, course / name / NAME)
    shutil.copy(ROOT / "nbgrader_config.py", course)
    command = [sys.executable, "-m", "nbgrader"]

    def run(*arguments: str) -> float:
        started = time.perf_counter()
        subprocess.run([*command, *arguments], cwd=course, check=True, capture_output=True)
        return time.perf_counter() - started

    run("generate_assignment", NAME, "--force", "--CourseDirectory.release_directory=released")
    times = []
    for students in (1, 1 + count):
        shutil.rmtree(course / "submitted", ignore_errors=True)
        for number in range(students):
            student = f"student_{number:04d}"
            shutil.copytree(folder / "submitted" / student, course / "submitted" / student)
        times.append(run("autograde", NAME, "--force"))
    return (times[1] - times[0]) / count
