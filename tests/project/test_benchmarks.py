"""`make bench`: the same work on both sides, tables and pictures. How fast, people read."""

import io
import re
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image
from sources import ROOT

import engine
from benchmarks import growth
from benchmarks.__main__ import main
from benchmarks.pictures import Size, Speed, gain_by_fusing, growth_figure, speed_figure
from benchmarks.workloads import WORKLOADS

ROWS = [Speed("XOR", 500, 100, 3.5, 5.0), Speed("  op by op", 50, 100, 0, 0)]
SIZES = {
    "MLP, width": [Size(64, 0.1, 0.2, 2, 8), Size(128, 0.21, 0.3, 3, 8)],
    "LSTM, length": [Size(25, 2, 1, 0, 0), Size(50, 4, 2, 0, 0)],
}


def losses(build, *size):
    """Three training steps on each side, from the same seed."""
    sides = []
    for t in (engine, torch):
        t.manual_seed(0)
        step = build(t, *size)
        sides.append([step().item() for _ in range(3)])
    return sides


@pytest.mark.parametrize("workload", WORKLOADS, ids=lambda workload: workload.name.strip())
def test_a_timed_step_is_the_same_on_both_sides(workload):
    ours, theirs = losses(workload.build)
    assert ours == pytest.approx(theirs, rel=1e-3)


@pytest.mark.parametrize("name", growth.GROWTH)
def test_a_step_that_grows_is_the_same_on_both_sides(name):
    build, sizes = growth.GROWTH[name]
    ours, theirs = losses(build, sizes[0])
    assert ours == pytest.approx(theirs, rel=1e-3)


@pytest.mark.parametrize(
    ("ratio", "words"), [(5.0, "goal"), (4.9, "must"), (3.5, "must"), (3.49, "BELOW MUST")]
)
def test_a_verdict_names_the_bound_that_is_reached(ratio, words):
    row = ROWS[0]._replace(engine=ratio * 100)
    assert (row.ratio, row.verdict) == (pytest.approx(ratio), words)
    assert row._replace(must=0).verdict == ""


def test_the_gain_by_fusing_is_told_for_both_sides():
    assert gain_by_fusing(*ROWS) == "10.0 times as fast as op by op (PyTorch 1.0 times)"


def picture(figure):
    return np.asarray(Image.open(io.BytesIO(figure.png())).convert("L"))


def test_the_picture_of_speed_shows_and_tells_every_ratio():
    figure = speed_figure([ROWS[0], Speed("LSTM", 50, 100, 0.7, 0.9)])
    assert figure.data["ratio"].tolist() == [5.0, 0.5]
    assert "XOR 5.00; LSTM 0.50." in figure.alt
    marks = [scatter.get_offsets().tolist() for scatter in figure.axes[0].collections]
    assert marks == [[[3.5, 0], [0.7, 1]], [[5.0, 0], [0.9, 1]]], "must and goal, row by row"
    assert picture(figure).std() > 20


def test_the_picture_of_growth_shows_and_tells_time_and_memory():
    figure = growth_figure(SIZES)
    assert figure.data["MLP, width: engine ms"].tolist() == [0.1, 0.21]
    assert figure.data["LSTM, length: torch mb"].tolist() == [0, 0]
    assert "MLP, width 64 to 128: 0.1 to 0.21 ms (PyTorch 0.2 to 0.3), 3 MB" in figure.alt
    assert picture(figure).std() > 20


@pytest.mark.slow
def test_the_command_prints_a_row_for_each_workload_and_draws_it(tmp_path):
    options = ["--rounds", "1", "--seconds", "0.001", "--out", str(tmp_path / "new")]
    command = [sys.executable, "-m", "benchmarks", *options]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    rows = re.findall(r"^.{40} +[\d,]+ +[\d,]+ +\d+\.\d\d(?: .*)?$", printed, re.MULTILINE)
    assert len(rows) == 8
    assert re.search(r"^LSTM.*Adam: \d+\.\d times as fast as op by op", printed, re.MULTILINE)
    assert f"{tmp_path / 'new' / 'speed.png'}: Speed of the engine" in printed
    assert Image.open(tmp_path / "new/speed.png").size[0] > 800


@pytest.mark.slow
def test_growth_is_measured_for_each_size(monkeypatch, capsys):
    name = "MLP, samples in a batch"
    small = growth.GROWTH[name]._replace(sizes=(2, 4))
    monkeypatch.setattr(growth, "GROWTH", {name: small})
    sizes = growth.measure()[name]
    assert [size.size for size in sizes] == [2, 4]
    assert all(size.engine_ms > 0 and size.torch_ms > 0 for size in sizes)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3 and lines[0].startswith(name)
    # The first size has none to be compared with.
    assert [len(line.split()) for line in lines[1:]] == [5, 6]


def test_the_options_choose_what_is_measured(monkeypatch, tmp_path, capsys):
    asked = []
    monkeypatch.setattr(growth, "measure", lambda: SIZES)
    grading = SimpleNamespace(measure=lambda *numbers, **named: asked.append(numbers))
    monkeypatch.setitem(sys.modules, "benchmarks.grading", grading)  # the real one is for Linux
    for options in (["--growth", "--out", str(tmp_path)], ["--grading", "30"]):
        monkeypatch.setattr(sys, "argv", ["benchmarks", *options])
        main()
    assert Image.open(tmp_path / "growth.png").size[0] > 400 and asked == [(30,)]
    assert "growth.png: Time and memory by size" in capsys.readouterr().out
