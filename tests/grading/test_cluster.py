"""A class on a Dask cluster: a real scheduler and its workers, one of which is killed."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import distributed
import pytest
from submissions import FOLDER, SOLUTION, submission

from engine.grading import cluster
from engine.grading.intake import collect
from engine.grading.process import load_assignment
from engine.grading.run import Journal, grade_class
from engine.grading.sandbox import UnfitMachineError, find_sandbox

ROOT = Path(__file__).parents[2]
NAME = FOLDER.name
WHOLE = load_assignment(FOLDER, seed=3)
SHORT = replace(WHOLE, checks=[check for check in WHOLE.checks if check.id in ("01.1", "01.5")])
WRONG = submission(answer_01_1="def forward(x, w, b):\n    return int(w @ x > 0)\n")
HOSTILE = submission(answer_01_1="import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\n")
KINDS = (("honest", SOLUTION, 4), ("wrong", WRONG, 3), ("hostile", HOSTILE, 3))

pytestmark = pytest.mark.slow


@pytest.fixture
def start(tmp_path):
    """Starts Dask's own programs and ends them."""
    with contextlib.ExitStack() as stack:

        def program(*arguments, **more):
            command = [sys.executable, "-m", "dask", *arguments]
            environment = {**os.environ, "PYTHONPATH": str(ROOT), **more}
            log = stack.enter_context((tmp_path / "dask.log").open("a"))
            running = subprocess.Popen(
                command, env=environment, cwd=tmp_path, stdout=log, stderr=log
            )
            stack.callback(running.wait)
            stack.callback(running.kill)
            return running

        yield program


@pytest.fixture
def scheduler(start, tmp_path):
    """The address of a scheduler without workers, and its process."""
    file = tmp_path / "scheduler.json"
    options = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", file)
    process = start("scheduler", *map(str, options))
    deadline = time.monotonic() + 60
    while not file.exists():
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.05)
    return json.loads(file.read_text())["address"], process


def worker(start, address, **environment):
    options = ("--nthreads", "1", "--no-dashboard", "--no-nanny", "--host", "127.0.0.1")
    return start("worker", address, *options, **environment)


def class_of(folder, count):
    folder.mkdir()
    for number in range(count):
        name, content, _ = KINDS[number % 3]
        (folder / f"{number:02d}-{name}.ipynb").write_bytes(content)
    return collect(folder, NAME)


def test_a_lost_worker_costs_nothing_and_nothing_is_graded_twice(start, scheduler, tmp_path):
    address, _ = scheduler
    pair = [worker(start, address) for _ in range(2)]
    with distributed.Client(address, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=60)
    found, told = class_of(tmp_path / "submitted", 18), []

    def tell(row):
        told.append(row.student)
        if len(told) == 4:
            pair[0].send_signal(signal.SIGKILL)

    journal = Journal(tmp_path / "out")
    with cluster.on_cluster(address, SHORT) as graders:
        assert graders.count == 2
        rows = grade_class(found, SHORT, graders, journal, tell)
    assert pair[0].wait() == -signal.SIGKILL
    deserved = {name: earned for name, _, earned in KINDS}
    assert {row.student: (row.state, row.earned) for row in rows} == {
        one.student: ("graded", deserved[one.student.split("-")[1]]) for one in found
    }
    assert {row.level for row in rows} == {find_sandbox().level}
    assert sorted(told) == sorted(row.student for row in journal.rows())
    assert len(set(told)) == len(told) == 18


def test_a_scheduler_that_goes_away_leaves_what_was_graded(start, scheduler, tmp_path):
    address, process = scheduler
    worker(start, address)
    found, told = class_of(tmp_path / "submitted", 9), []

    def tell(row):
        told.append(row.student)
        if len(told) == 2:
            process.send_signal(signal.SIGKILL)

    journal = Journal(tmp_path / "out")
    with (
        pytest.raises(UnfitMachineError, match="is gone. What was graded is kept"),
        cluster.on_cluster(address, SHORT) as graders,
    ):
        grade_class(found, SHORT, graders, journal, tell)
    assert [row.student for row in journal.rows()] == told
    assert 2 <= len(told) < 9


def test_a_worker_with_another_course_is_refused(start, scheduler, monkeypatch):
    address, _ = scheduler
    worker(start, address)
    there = cluster.environment()
    monkeypatch.setattr(cluster, "environment", lambda: "Python 3.0, engine 0")
    with (
        pytest.raises(UnfitMachineError, match="Python 3.0, engine 0 is asked for") as refused,
        cluster.on_cluster(address, SHORT),
    ):
        pass
    assert there in str(refused.value) and "tcp://127.0.0.1" in str(refused.value)


def test_a_worker_without_a_sandbox_is_refused(start, scheduler):
    address, _ = scheduler
    worker(start, address, PATH="/nowhere")
    with (
        pytest.raises(UnfitMachineError, match="There is no sandbox here"),
        cluster.on_cluster(address, SHORT),
    ):
        pass


def test_what_is_missing_is_named(scheduler, monkeypatch):
    monkeypatch.setattr(cluster, "_SECONDS", 0.5)
    address, _ = scheduler
    for wrong, words in (
        ("tcp://127.0.0.1:1", "No Dask scheduler answers at tcp://127.0.0.1:1"),
        ("carrier pigeon", "No Dask scheduler answers at carrier pigeon"),
        (address, "has no workers"),
    ):
        with pytest.raises(UnfitMachineError, match=words), cluster.on_cluster(wrong, SHORT):
            pass


def test_the_command_grades_on_a_cluster(start, scheduler, tmp_path):
    address, _ = scheduler
    worker(start, address)
    class_of(tmp_path / "submitted", 3)
    command = [sys.executable, "-m", "engine.course", "grade", str(tmp_path / "submitted")]
    command += ["--assignment", NAME, "--out", str(tmp_path / "out"), "--no-gradebook"]
    command += ["--scheduler", address]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "3 graded, 0 to be looked at" in ran.stdout
    table = (tmp_path / "out" / NAME / "grades_plain.csv").read_text()
    assert table.count(f",{find_sandbox().level},") == 3
