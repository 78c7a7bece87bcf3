"""Training steps per second, engine beside PyTorch: `make bench`, or `python -m benchmarks`.

Both run in this process, in turn, with one thread each; a row gives the medians over the rounds and
their ratio. "must" is the least that the engine promises, "goal" what it aims at.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import torch
from threadpoolctl import threadpool_limits

import engine
from benchmarks import growth
from benchmarks.pictures import Speed, gain_by_fusing, growth_figure, speed_figure
from benchmarks.workloads import WORKLOADS, Workload
from engine.lab.figure import Figure


def steps_per_second(step: Callable[[], object], seconds: float) -> float:
    """How often step ran in a stretch of about the given length."""
    steps, start = 0, time.perf_counter()
    while (passed := time.perf_counter() - start) < seconds:
        for _ in range(10):
            step()
        steps += 10
    return steps / passed


def compare(workload: Workload, rounds: int, seconds: float) -> tuple[float, float]:
    """The median steps per second of the engine and of PyTorch, each time of a new model.

    A model that has seen the same batch for long has dead units. Their momentum decays to numbers
    below 1e-38, with which a processor is slow: of the MLP 11 % from step 700 on, and a step of
    either library takes a quarter to a third longer. That is no measure of a training.
    """
    rates: list[list[float]] = [[], []]
    for _ in range(rounds):
        for t, rate in zip((engine, torch), rates, strict=True):
            t.manual_seed(0)
            program = workload.build(t)
            steps_per_second(program, seconds / 4)  # warm up
            rate.append(steps_per_second(program, seconds))
    return statistics.median(rates[0]), statistics.median(rates[1])


def speeds(rounds: int, seconds: float, out: Path) -> None:
    """Print the table, each row as soon as it is measured, and draw it."""
    print(f"{'training steps per second':40} {'engine':>9} {'PyTorch':>9} {'ratio':>6} must  goal")
    rows = []
    for workload in WORKLOADS:
        ours, theirs = compare(workload, rounds, seconds)
        row = Speed(workload.name, ours, theirs, workload.must, workload.goal)
        rows.append(row)
        print(
            f"{row.name:40} {ours:9,.0f} {theirs:9,.0f} {row.ratio:6.2f} "
            f"{row.must or '':4} {row.goal or '':5} {row.verdict}".rstrip(),
            flush=True,
        )
    for fused, row in pairwise(rows):
        if not row.must:
            print(f"\n{fused.name}: {gain_by_fusing(fused, row)}")
    draw(speed_figure([row for row in rows if row.must]), out / "speed.png")


def draw(figure: Figure, path: Path) -> None:
    """Store a picture, and say where it is and what it shows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(figure.png())
    print(f"\n{path}: {figure.alt}")


def main() -> None:
    """Measure, print and draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=21, help="measurements of each side")
    parser.add_argument("--seconds", type=float, default=0.2, help="length of a measurement")
    parser.add_argument("--growth", action="store_true", help="time and memory against size")
    parser.add_argument("--grading", type=int, metavar="N", help="grade N submissions")
    parser.add_argument("--out", type=Path, default=Path("build"), help="folder for the picture")
    options = parser.parse_args()
    if options.grading:
        from benchmarks.grading import measure  # Linux alone, and nbgrader

        return measure(options.grading, autograded=6)
    torch.set_num_threads(1)
    with threadpool_limits(1):
        if not options.growth:
            return speeds(options.rounds, options.seconds, options.out)
        draw(growth_figure(growth.measure()), options.out / "growth.png")


if __name__ == "__main__":
    main()
