"""Imports point one way, and the engine alone is light."""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from sources import ROOT, imported, modules

# From the ground up; a module may import from its own line and from those above it here.
LAYERS = (
    ("memory", "dtypes"),
    ("autograd", "printing", "random"),
    ("ops",),
    ("tensor",),
    ("creation",),
    ("nn",),
    ("optim",),
    ("utils",),
    ("datasets",),
    ("",),  # engine itself, which gathers the names
    ("lab",),
    ("measures",),
    ("grading",),
    ("course",),
)
LEVEL = {part: level for level, parts in enumerate(LAYERS) for part in parts}
ABOVE_THE_CORE = ("lab", "measures", "grading", "course")
MOST_SECONDS = 0.150


def part_of(name):
    return name.split(".")[1] if "." in name else ""


CORE = [name for name in modules() if part_of(name) not in ABOVE_THE_CORE]


@pytest.mark.parametrize("name", modules())
def test_a_module_imports_only_from_its_own_layer_and_below(name):
    part = part_of(name)
    assert part in LEVEL, f"{name}: give the new part its place in LAYERS"
    upwards = {
        target
        for target in imported(name)
        if target.split(".")[0] == "engine"
        and part_of(target) != part
        and LEVEL[part_of(target)] >= LEVEL[part]
    }
    assert not upwards, f"{name} imports upwards or sideways: {sorted(upwards)}"


def test_no_import_cycles():
    graph = {name: imported(name) & set(modules()) - {name} for name in modules()}
    while leaves := [name for name, targets in graph.items() if not targets & set(graph)]:
        for name in leaves:
            del graph[name]
    assert not graph, f"modules in or above a cycle: {sorted(graph)}"


@pytest.mark.parametrize("name", CORE)
def test_the_core_imports_numpy_and_the_standard_library_only(name):
    outside = {target.split(".")[0] for target in imported(name)} - {"engine", "numpy"}
    assert outside <= sys.stdlib_module_names, f"{name}: {outside - sys.stdlib_module_names}"


PROBE = """
import json, sys, time
before = set(sys.modules)
started = time.process_time()
import numpy
with_numpy = time.process_time()
import engine
seconds = time.process_time() - started
print(json.dumps({
    "seconds": seconds,
    "own": seconds - (with_numpy - started),
    "loaded": sorted(set(sys.modules) - before),
}))
"""


def import_in_a_fresh_process():
    # -P and PYTHONPATH: the engine of this folder, whatever is installed.
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    # With bytecode in store, as on every run after the first.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    environment["PYTHONPYCACHEPREFIX"] = str(Path(tempfile.gettempdir()) / "engine-bytecode")
    ran = subprocess.run(
        [sys.executable, "-P", "-c", PROBE],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    return json.loads(ran.stdout)


def test_importing_the_engine_loads_numpy_and_nothing_heavier():
    loaded = import_in_a_fresh_process()["loaded"]
    assert "engine.nn" in loaded
    strangers = {name.split(".")[0] for name in loaded} - sys.stdlib_module_names
    # Compiled parts of numpy.random register these two.
    strangers = {name for name in strangers if not re.match(r"_cython_\d|cython_runtime", name)}
    assert strangers == {"engine", "numpy"}, f"also loaded: {strangers - {'engine', 'numpy'}}"
    upper = [
        name for name in loaded if name.startswith("engine.") and part_of(name) in ABOVE_THE_CORE
    ]
    assert not upper, upper


def test_importing_the_engine_takes_less_than_150_ms():
    # Processor time, and the fastest of several runs: what the import costs, not what else the
    # machine was doing. Nothing in it waits, so alone on a machine the clock shows the same.
    import_in_a_fresh_process()
    runs = []
    while len(runs) < 20:
        runs.append(import_in_a_fresh_process())
        if len(runs) >= 5 and min(run["seconds"] for run in runs) < MOST_SECONDS:
            break
    fastest = min(runs, key=lambda run: run["seconds"])
    print(f"import engine: {1e3 * fastest['seconds']:.0f} ms, {1e3 * fastest['own']:.0f} its own")
    assert fastest["seconds"] < MOST_SECONDS
