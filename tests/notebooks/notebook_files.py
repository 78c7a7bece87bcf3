"""The notebooks under test, and what the tests of this folder ask of their cells."""

import ast
import os
import platform
import sys
from pathlib import Path

from engine.course.normal_form import Notebook, from_text
from engine.course.paths import course_notebooks, solution_notebooks

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = course_notebooks(ROOT)
SOLUTIONS = solution_notebooks(ROOT)
INSIDE = "engine-inside"


def read(path: Path) -> Notebook:
    return from_text(path.read_text(encoding="utf-8"))


def code_cells(notebook: Notebook) -> list[tuple[int, dict]]:
    """The code cells with their position among all cells."""
    return [(i, cell) for i, cell in enumerate(notebook["cells"]) if cell["cell_type"] == "code"]


def prose(notebook: Notebook) -> str:
    return "\n\n".join(
        cell["source"] for cell in notebook["cells"] if cell["cell_type"] == "markdown"
    )


def has_tag(cell: dict, tag: str) -> bool:
    return tag in cell.get("metadata", {}).get("tags", ())


def imports(source: str) -> list[ast.Import | ast.ImportFrom]:
    return [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]


def dispatched_features() -> list[str]:
    """The SIMD levels that NumPy would choose on this CPU beyond what it was built for."""
    from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__

    return [feature for feature in __cpu_dispatch__ if __cpu_features__.get(feature)]


def other_kernels() -> dict[str, str]:
    """The environment in which NumPy takes another BLAS kernel and plain loops instead of SIMD."""
    environment = dict(os.environ)
    environment.pop("PYTEST_ADDOPTS", None)
    environment.pop("PYTEST_XDIST_WORKER", None)
    if platform.machine().lower() in ("x86_64", "amd64"):
        environment["OPENBLAS_CORETYPE"] = "Prescott"
    elif sys.platform.startswith("linux"):
        environment["OPENBLAS_CORETYPE"] = "ARMV8"
    if features := dispatched_features():
        environment["NPY_DISABLE_CPU_FEATURES"] = " ".join(features)
    return environment
