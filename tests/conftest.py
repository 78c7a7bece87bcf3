"""Surroundings of every test: one thread, chosen random examples, the course's folder."""

import os

# Before NumPy is first imported: the numeric libraries read these once.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
os.environ.setdefault("JUPYTER_PLATFORM_DIRS", "1")

from pathlib import Path  # noqa: E402

import pytest  # noqa: E402
from hypothesis import HealthCheck, settings  # noqa: E402

# Assertions in shared files show what they compared too; pytest does it by itself in test files.
pytest.register_assert_rewrite("against_torch", "submissions", "walk", "browser.jupyter")

# The same examples on every run: a green build stays green until the code changes. Deadlines
# measure the machine, which other work may share.
settings.register_profile(
    "course",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("course")


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder of the course."""
    return Path(__file__).resolve().parent.parent


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """A table of the run: each folder of tests, what failed in it and where its time went."""
    files: dict[str, dict[str, list[float]]] = {}
    for outcome in ("passed", "failed", "error"):
        for report in terminalreporter.getreports(outcome):
            *_, folder, file = report.nodeid.split("::")[0].split("/")
            seconds = files.setdefault(folder, {}).setdefault(file, [0.0, 0, 0])
            seconds[0] += getattr(report, "duration", 0.0)  # what failed to load ran for none
            seconds[1] += report.when == "call"
            seconds[2] += outcome in ("failed", "error")
    if sum(len(found) for found in files.values()) < 2:
        return  # one file says it all by itself
    terminalreporter.section("where the time went (all workers together)")
    terminalreporter.write_line(f"{'tests/':12} {'tests':>6} {'failed':>7} {'seconds':>8}  slowest")
    for folder, found in sorted(files.items()):
        total = [sum(column) for column in zip(*found.values(), strict=True)]
        slowest = sorted(found, key=lambda file: -found[file][0])[:2]
        words = ", ".join(f"{file} {found[file][0]:.0f} s" for file in slowest)
        counts = f"{total[1]:6,} {total[2] or '-':>7} {total[0]:8,.0f}"
        terminalreporter.write_line(f"{folder:12} {counts}  {words}")
