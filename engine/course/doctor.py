"""What the course needs and what this machine has."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

from engine.course.browser import BrowserMissingError, find_browser
from engine.grading import breakout, sandbox

State = Literal["ok", "note", "missing"]
PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;#]+)\s*(?:;\s*(.*))?$")


@dataclass(frozen=True)
class Finding:
    """One line of the report. `missing` means that something will not work; `note` is to know."""

    subject: str
    state: State
    text: str


def examine(root: Path) -> Iterator[Finding]:
    """Everything the doctor looks at, one finding at a time."""
    yield python_finding(sys.version_info[:2])
    yield from package_findings(root)
    yield notebooks_finding(root)
    yield kernel_finding()
    yield browser_finding()
    yield sandbox_finding(root)


def python_finding(version: tuple[int, int]) -> Finding:
    """The course is tested with Python 3.11 to 3.13."""
    state: State = "ok" if (3, 11) <= version <= (3, 13) else "missing"
    return Finding("Python", state, f"{version[0]}.{version[1]} (3.11 to 3.13 are tested)")


def pinned_versions(requirements: str) -> dict[str, str]:
    """Names and versions of the lines `name==version` that hold on this platform."""
    pins = {}
    for line in requirements.splitlines():
        if match := PIN.match(line.strip()):
            name, version, condition = match.groups()
            if condition == 'sys_platform != "win32"' and sys.platform == "win32":
                continue
            pins[name] = version
    return pins


def package_findings(
    root: Path, installed: Callable[[str], str] = metadata.version
) -> Iterator[Finding]:
    """Compare what is installed with what requirements.txt pins."""
    file = root / "requirements.txt"
    if not file.is_file():
        yield Finding("packages", "note", "no requirements.txt here, versions are not compared")
        return
    pins = pinned_versions(file.read_text(encoding="utf-8"))
    fitting = 0
    for name, wanted in pins.items():
        try:
            version = installed(name)
        except metadata.PackageNotFoundError:
            if name == "torch":
                text = "not installed: comparisons with PyTorch explain themselves instead"
                yield Finding(name, "note", text)
            else:
                yield Finding(name, "missing", f"not installed, the course uses {wanted}")
            continue
        # A local part (2.13.0+cpu) names the build, not the version.
        if version.split("+")[0] == wanted:
            fitting += 1
        else:
            yield Finding(name, "note", f"{version} installed, the course was tested with {wanted}")
    yield Finding("packages", "ok", f"{fitting} of {len(pins)} have the tested version")


def notebooks_finding(root: Path) -> Finding:
    """Whether the notebooks are where they should be."""
    count = len(list((root / "notebooks").glob("[0-9][0-9]_*.ipynb")))
    return Finding("notebooks", "ok" if count else "missing", f"{count} in notebooks/")


def kernel_finding() -> Finding:
    """Start a kernel, let it import the engine, and say how long that took."""
    from jupyter_client.manager import start_new_kernel

    started = time.perf_counter()
    try:
        manager, client = start_new_kernel(
            startup_timeout=60, kernel_name="python3", extra_arguments=["--log-level=ERROR"]
        )
    except Exception as error:  # a broken kernel can fail in any way; the reader wants to see it
        return Finding("kernel", "missing", f"does not start: {type(error).__name__}: {error}")
    try:
        reply = client.execute_interactive("import engine", timeout=60)["content"]
    except TimeoutError:
        return Finding("kernel", "missing", "starts, but does not answer within 60 s")
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    if reply["status"] != "ok":
        text = f"import engine fails in it: {reply.get('ename')}: {reply.get('evalue')}"
        return Finding("kernel", "missing", text)
    return Finding(
        "kernel", "ok", f"starts and imports engine: {time.perf_counter() - started:.1f} s"
    )


def browser_finding() -> Finding:
    """Only the tests need a browser of this kind, so its absence is a note."""
    try:
        browser = find_browser()
    except BrowserMissingError as error:
        return Finding("browser", "note", f"{error} Only make test needs it.")
    try:
        ran = subprocess.run([browser, "--version"], capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired) as error:
        return Finding("browser", "note", f"{browser} does not run: {error}")
    if ran.returncode != 0:
        return Finding("browser", "note", f"{browser} ends with code {ran.returncode}")
    return Finding("browser", "ok", f"{ran.stdout.strip() or 'found'} ({browser})")


def sandbox_finding(root: Path) -> Finding:
    """Only grading needs a sandbox, so its absence is a note; one that leaks is a fault."""
    try:
        found = sandbox.find_sandbox()
        breakout.examine(found, [root / "solutions"])
    except sandbox.SandboxMissingError as error:
        return Finding("sandbox", "note", f"{error} Only grading needs it.")
    except breakout.BrokenSandboxError as error:
        return Finding("sandbox", "missing", str(error))
    return Finding("sandbox", "ok", f"{found.level}: every attempt to break out failed")
