"""Training steps per second, engine beside PyTorch: `make bench`, or `python benchmarks/training.py`.

Both run in this process, in turn, with one thread each; a row gives the medians over the rounds and
their ratio. "must" is the least that the engine promises, "goal" what it aims at.
"""

from __future__ import annotations

import os

for _library in ("OMP", "OPENBLAS", "MKL"):
    os.environ[f"{_library}_NUM_THREADS"] = "1"  # before NumPy loads its BLAS

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch

import engine
from engine.datasets import load_digits


class Workload(NamedTuple):
    """A training step to be timed. build(t) prepares it on engine or torch and returns it."""

    name: str
    build: Callable[[object], Callable[[], object]]
    must: float
    goal: float


def xor(t) -> Callable[[], object]:
    """The XOR program: 2-4-1, ReLU and sigmoid, binary cross-entropy, Adam."""
    x = t.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    y = t.tensor([[0.0], [1.0], [1.0], [0.0]])
    nn = t.nn
    model = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 1), nn.Sigmoid())
    return _step(t, model, nn.BCELoss(), t.optim.Adam(model.parameters(), lr=0.1), x, y)


def digits_mlp(t) -> Callable[[], object]:
    """Digits through 64-256-128-10 in batches of 64, cross-entropy, SGD with momentum."""
    images, labels = load_digits()
    x = t.from_numpy(images[:64] / 16).float()
    y = t.from_numpy(labels[:64])
    nn = t.nn
    model = nn.Sequential(
        *(nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 10))
    )
    optimizer = t.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    return _step(t, model, nn.CrossEntropyLoss(), optimizer, x, y)


WORKLOADS = [
    Workload("XOR 2-4-1, batch 4, BCE, Adam", xor, 3.5, 5.0),
    Workload("MLP 64-256-128-10, batch 64, SGD", digits_mlp, 1.3, 1.6),
]


def _step(t, model, criterion, optimizer, x, y) -> Callable[[], object]:
    def step():
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    return step


def steps_per_second(step: Callable[[], object], seconds: float) -> float:
    """How often step ran in a stretch of about the given length."""
    steps, start = 0, time.perf_counter()
    while (passed := time.perf_counter() - start) < seconds:
        for _ in range(10):
            step()
        steps += 10
    return steps / passed


def compare(workload: Workload, rounds: int, seconds: float) -> tuple[float, float]:
    """The median steps per second of the engine and of PyTorch."""
    programs = []
    for t in (engine, torch):
        t.manual_seed(0)
        programs.append(workload.build(t))
        steps_per_second(programs[-1], seconds / 2)  # warm up
    rates: list[list[float]] = [[], []]
    for _ in range(rounds):
        for program, rate in zip(programs, rates, strict=True):
            rate.append(steps_per_second(program, seconds))
    return statistics.median(rates[0]), statistics.median(rates[1])


def table(rounds: int, seconds: float) -> Iterator[str]:
    """The lines of the table, one as soon as it is measured."""
    yield f"{'training steps per second':36} {'engine':>9} {'PyTorch':>9} {'ratio':>6} must  goal"
    for workload in WORKLOADS:
        ours, theirs = compare(workload, rounds, seconds)
        ratio = ours / theirs
        mark = "  below must" if ratio < workload.must else ""
        yield (
            f"{workload.name:36} {ours:9,.0f} {theirs:9,.0f} {ratio:6.2f} "
            f"{workload.must:4} {workload.goal:5}{mark}"
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9, help="measurements of each side")
    parser.add_argument("--seconds", type=float, default=0.5, help="length of a measurement")
    options = parser.parse_args()
    torch.set_num_threads(1)
    for line in table(options.rounds, options.seconds):
        print(line, flush=True)


if __name__ == "__main__":
    main()
