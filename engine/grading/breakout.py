"""Try to break out of the sandbox, before a student does: python -m engine.grading.breakout"""

import os
import secrets
import socket
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.grading import worker
from engine.grading.channel import receive, send
from engine.grading.sandbox import ADVICE, Sandbox, UnfitMachineError

SECONDS = 60.0  # for all attempts, on a busy machine


class BrokenSandboxError(UnfitMachineError):
    """The sandbox does not hold; the message says what came through."""


def examine(sandbox: Sandbox, secret: list[Path]) -> None:
    """Attempt what a hostile submission would, and return if all of it fails.

    Args: secret: files and folders that must be out of sight: solutions, submissions, gradebook.
    Raises: BrokenSandboxError naming what succeeded, or that the sandbox does not even start.
    """
    abstract = f"\0{secrets.token_hex(8)}"
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as local:
        local.bind(abstract)
        local.listen()
        targets = {
            "port": server.getsockname()[1],
            "abstract": abstract[1:],
            "secret": [str(path.absolute()) for path in secret],
            "home": [str(path) for path in Path.home().iterdir()],
            "command": " ".join(sys.orig_argv),
            "names": sorted(os.environ),
        }
        running = sandbox.start("engine.grading.breakout")
        try:
            came_through = running.ask(targets, SECONDS)["through"]
        except (TimeoutError, EOFError):
            raise BrokenSandboxError(f"The sandbox does not start here. {ADVICE}") from None
        finally:
            running.end()
    if came_through:
        raise BrokenSandboxError(f"The sandbox does not hold: {'; '.join(came_through)}. {ADVICE}")


def attempts(targets: dict) -> dict[str, Callable[[], bool]]:
    """What is tried, by what it would mean; each returns whether it came through, or fails."""

    def reaches(family: int, address: Any) -> bool:
        with socket.socket(family, socket.SOCK_STREAM) as client:
            client.settimeout(2)
            client.connect(address)
        return True

    def sees_home() -> bool:
        places = [Path(sys.prefix), Path(sys.base_prefix), Path(__file__)]
        needed = {str(parent) for place in places for parent in (place, *place.parents)}
        return any(Path(path).exists() for path in targets["home"] if path not in needed)

    def writes(folder: str) -> bool:
        attempt = Path(folder, "written_by_a_submission")
        attempt.write_text("x")
        attempt.unlink()
        return True

    def sees_the_grader() -> bool:
        wanted = targets["command"].split()
        lines = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline")]
        return wanted in [line.decode(errors="replace").split("\0")[:-1] for line in lines]

    def has_powers() -> bool:
        status = Path("/proc/self/status").read_text()
        powers = [
            line.split()[1] for line in status.splitlines() if line.startswith(("CapE", "CapP"))
        ]
        return any(int(power, 16) for power in powers)

    def becomes_root() -> bool:
        os.setuid(0)
        return os.geteuid() == 0 and has_powers()

    def takes_memory() -> bool:
        return len(bytearray(worker.MEMORY_BYTES)) > 0

    def fills_the_disk() -> bool:
        with open(Path(tempfile.gettempdir(), "large"), "wb") as file:
            for _ in range(2 * worker.FILE_BYTES // 2**20):
                file.write(bytes(2**20))
        return True

    def forks_without_end() -> bool:
        children = []
        try:
            for _ in range(worker.PROCESSES + 1):
                if (child := os.fork()) == 0:
                    threading.Event().wait()
                children.append(child)
            return True
        finally:
            for child in children:
                os.kill(child, 9)
                os.waitpid(child, 0)

    # Given to the sandbox, or set by every shell and container.
    known = {"HOME", "HOSTNAME", "LANG", "LC_CTYPE", "MPLBACKEND", "OLDPWD", "PATH", "PWD"}
    known |= {"SHLVL", "TERM", "_"}
    families = ("PYTHON", "OMP_", "OPENBLAS_", "MKL_")
    strange = [
        name
        for name in targets["names"]
        if name in os.environ and name not in known and not name.startswith(families)
    ]
    return {
        "it reaches the network": lambda: reaches(socket.AF_INET, ("127.0.0.1", targets["port"])),
        "it reaches other programs": lambda: reaches(socket.AF_UNIX, "\0" + targets["abstract"]),
        **{f"it sees {path}": Path(path).exists for path in targets["secret"]},
        "it sees the home folder": sees_home,
        "it writes to the engine": lambda: writes(str(Path(__file__).parent)),
        "it writes to the system": lambda: writes("/usr"),
        "it writes beside the engine": lambda: writes(str(Path(__file__).parents[2])),
        "it sees the grader's process": sees_the_grader,
        f"it sees the grader's variables {strange}": lambda: bool(strange),
        "it has a capability": has_powers,
        "it becomes root": becomes_root,
        "it takes more memory than allowed": takes_memory,
        "it fills the disk": fills_the_disk,
        "it starts processes without end": forks_without_end,
    }


def main() -> int:
    """Try everything and send what came through."""
    requests, replies = worker.private_streams()
    worker.limit(alone=sys.argv[1:] == ["bubblewrap"])
    came_through = []
    for meaning, attempt in attempts(receive(requests)).items():
        try:
            if attempt():
                came_through.append(meaning)
        except (OSError, MemoryError, ValueError):
            continue
    send(replies, {"through": came_through})
    return 0


if __name__ == "__main__":
    sys.exit(main())
