"""Running notebooks outside JupyterLab: a fresh kernel of this Python in clean surroundings."""

from __future__ import annotations

import copy
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from traitlets import default

from engine.course.normal_form import Notebook, as_text, from_text, normalized
from engine.course.paths import as_told

# Variables that choose other numeric kernels, another number of threads or another picture.
NUMERIC_VARIABLES = (
    "NPY_DISABLE_CPU_FEATURES",
    "OPENBLAS_CORETYPE",
    "OPENBLAS_NUM_THREADS",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "MPLBACKEND",
)


class ThisPythonsKernel(AsyncKernelManager):
    """Starts the kernel of this very Python, not one that the user has registered as python3."""

    @default("kernel_spec_manager")
    def _look_nowhere_else(self) -> KernelSpecManager:
        return KernelSpecManager(kernel_dirs=[])


class NotebookError(Exception):
    """A notebook did not run to its end; the message shows the cell and its error."""


def execute(
    notebook: Notebook,
    folder: Path,
    timeout: float = 120,
    environment: dict[str, str] | None = None,
) -> Notebook:
    """Run every cell in order in a fresh kernel and return the notebook with its outputs.

    Args: folder: the working folder of the kernel. timeout: seconds for one cell. environment:
        the kernel's variables; the present ones where it is None.
    Raises: NotebookError where a cell fails or takes too long, or the kernel dies.
    """
    node = nbformat.from_dict(copy.deepcopy(notebook))
    client = NotebookClient(
        node,
        kernel_manager_class=ThisPythonsKernel,
        timeout=timeout,
        resources={"metadata": {"path": str(folder)}},
        record_timing=False,
        kernel_name="python3",
        extra_arguments=["--log-level=ERROR"],
    )
    with tempfile.TemporaryDirectory() as profile:
        # A profile of one's own may load extensions and start-up files.
        variables = {**(os.environ if environment is None else environment), "IPYTHONDIR": profile}
        try:
            client.execute(env=variables)
        except CellExecutionError as error:
            raise NotebookError(str(error)) from None
        except (CellTimeoutError, DeadKernelError) as error:
            raise NotebookError(f"{type(error).__name__}: {error}") from None
    return from_text(nbformat.writes(node))


def default_environment() -> dict[str, str]:
    """The present environment without what would change numbers or pictures."""
    return {name: text for name, text in os.environ.items() if name not in NUMERIC_VARIABLES}


def refresh(path: Path) -> tuple[bool, float]:
    """Run the notebook on default kernels and store it in the normal form.

    Returns whether the file changed, and the seconds the run took. A notebook that fails is left
    as it was.

    Raises: NotebookError as execute does; ValueError where the file is no notebook.
    """
    before = path.read_text(encoding="utf-8")
    started = time.perf_counter()
    ran = execute(from_text(before), path.parent, environment=default_environment())
    seconds = time.perf_counter() - started
    after = as_text(normalized(ran))
    if after == before:
        return False, seconds
    with _replacing(path) as partial:
        partial.write_text(after, encoding="utf-8", newline="\n")
    return True, seconds


def refresh_all(paths: Iterable[Path], report: Callable[[str], None]) -> list[tuple[Path, str]]:
    """Refresh each notebook, report one line each, and return those that failed with the reason."""
    failed = []
    for path in paths:
        try:
            changed, seconds = refresh(path)
        except (NotebookError, ValueError) as error:
            failed.append((path, str(error)))
            report(f"{as_told(path)}: failed")
        else:
            verdict = "stored" if changed else "unchanged"
            report(f"{as_told(path)}: {verdict}, {seconds:.1f} s")
    return failed


@contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """A file beside path that takes its place only when it is complete."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
