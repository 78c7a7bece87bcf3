"""The stored outputs are what every machine prints: another BLAS kernel, no SIMD, and PyTorch."""

import json
import os
import re
import subprocess
import sys
import time

import notebook_files
import pytest
from notebook_files import NOTEBOOKS, SOLUTIONS, other_kernels
from torch_twin import on_torch, shown_texts

from engine.course.execution import default_environment, execute
from engine.course.normal_form import normalized

SECONDS_AT_MOST = 60
each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)

PROBE = """
import json, numpy, threadpoolctl
from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__
print(json.dumps({
    "features": [name for name in __cpu_dispatch__ if __cpu_features__.get(name)],
    "kernels": [pool.get("architecture") for pool in threadpoolctl.threadpool_info()],
}))
"""


def test_the_course_has_notebooks():
    assert NOTEBOOKS, "without notebooks the tests of this folder would pass by testing nothing"
    assert SOLUTIONS, "and so would the tests of the solutions"


def spent():
    """Seconds of the processor in ended child processes, which other work does not stretch.

    Windows does not count them: there the clock has to do.
    """
    times = os.times()
    return times.children_user + times.children_system if os.name != "nt" else time.perf_counter()


def numeric_kernels(environment):
    ran = subprocess.run(
        [sys.executable, "-c", PROBE], capture_output=True, text=True, env=environment, check=True
    )
    return json.loads(ran.stdout)


def test_the_other_kernels_are_really_other_kernels():
    ordinary = numeric_kernels(default_environment())
    other = numeric_kernels(other_kernels())
    assert other["features"] == [], "NumPy still dispatches SIMD kernels"
    # The oldest x86 kernels answer to either name; such a machine has no other to offer.
    if ordinary["kernels"] and ordinary["kernels"] not in (["Prescott"], ["Katmai"]):
        assert other["kernels"] != ordinary["kernels"], "OpenBLAS chose the same kernel"


@pytest.mark.parametrize("path", NOTEBOOKS + SOLUTIONS, ids=lambda path: "/".join(path.parts[-2:]))
def test_nbval_finds_the_stored_outputs_with_other_kernels(path):
    started = spent()
    ran = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env"),
            *("--nbval-cell-timeout=120", "-p", "no:cacheprovider", "-p", "no:xdist"),
            *("--color=no", "--quiet", str(path)),
        ],
        capture_output=True,
        text=True,
        env=other_kernels(),
        cwd=notebook_files.ROOT,
        timeout=10 * SECONDS_AT_MOST,
    )
    seconds = spent() - started
    print(f"{path.stem}: {seconds:.1f} s")
    advice = f"if the new output is right: course notebooks --refresh {path.stem[:2]}"
    assert ran.returncode == 0, f"{ran.stdout[-6000:]}{ran.stderr[-2000:]}\n{advice}"
    assert re.search(r"^\d+ passed", ran.stdout, re.MULTILINE), ran.stdout[-2000:]
    assert seconds < SECONDS_AT_MOST, f"the notebook takes {seconds:.0f} s"


@each_notebook
def test_pytorch_prints_the_stored_outputs(path):
    stored = notebook_files.read(path)
    ran = normalized(execute(on_torch(stored), path.parent))
    differences = [
        f"cell {number}\nstored:  {shown_texts(ours)}\nPyTorch: {shown_texts(theirs)}"
        for number, (ours, theirs) in enumerate(zip(stored["cells"], ran["cells"], strict=True))
        if ours["cell_type"] == "code" and shown_texts(ours) != shown_texts(theirs)
    ]
    assert not differences, "\n\n".join(differences)
