"""Where a student's code runs: a process that sees nothing, reaches nobody and leaves nothing.

On Linux that is bubblewrap: no network, a read-only system without home folders, solutions or
other submissions, a small /tmp of its own, its own process numbers, no capabilities, a cleared
environment. Where bubblewrap is missing, code runs only if the instructor says that it is trusted.
"""

import contextlib
import itertools
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import engine
from engine.grading.channel import ChannelError, receive, send
from engine.grading.values import Value

ADVICE = (
    "On Linux install bubblewrap (Debian, Ubuntu: apt install bubblewrap). On Windows grade in "
    "WSL2, on macOS in a Linux container or virtual machine. Only for submissions that you would "
    "run on your own machine anyway: --trust-submissions."
)
TMP_BYTES = 64 * 2**20

_COURSE = Path(engine.__file__).resolve().parents[1]
_ENVIRONMENT = {
    "HOME": "/tmp",
    "LANG": "C.UTF-8",
    "PATH": "/usr/bin:/bin",
    "PYTHONPATH": str(_COURSE),
    "PYTHONDONTWRITEBYTECODE": "1",
    "MPLBACKEND": "Agg",
    # Each thread counts as a process, and many submissions run at once.
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
}
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64")
# Graders that work side by side begin far from each other.
_users = itertools.count(os.getpid() * 1009)


class UnfitMachineError(RuntimeError):
    """Nothing may be graded on this machine; the message says why and what to do."""


class SandboxMissingError(UnfitMachineError):
    """There is no sandbox on this machine; the message says how to get one."""


@dataclass(frozen=True)
class Sandbox:
    """A way to run Python shut in. level: "bubblewrap" or "none"; every result row states it."""

    level: str

    def start(self, module: str) -> "Running":
        """Run `python -m module level`; its standard input and output are the channel."""
        return Running(self, module)


class Running:
    """A process that was started in a sandbox; end() leaves nothing of it behind."""

    def __init__(self, sandbox: Sandbox, module: str) -> None:
        self._folder, environment = None, dict(_ENVIRONMENT)
        if sandbox.level == "none":
            self._folder = tempfile.TemporaryDirectory("-grading", ignore_cleanup_errors=True)
            environment |= dict.fromkeys(("HOME", "TMPDIR", "TEMP"), self._folder.name)
        if os.name == "nt":  # where Python does not start without it
            environment["SYSTEMROOT"] = os.environ["SYSTEMROOT"]
        shut_in = _bubblewrap() if sandbox.level == "bubblewrap" else []
        self.process = subprocess.Popen(
            [*shut_in, sys.executable, "-P", "-s", "-m", module, sandbox.level],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=self._folder.name if self._folder else "/",
            env=environment,
            start_new_session=True,
        )

    def ask(self, message: dict[str, Value], seconds: float) -> dict[str, Value]:
        """Send a message and return the reply.

        Raises: TimeoutError after so many seconds, EOFError where the process has ended or sent
            what is no frame of values. Nothing more is to be asked then.
        """
        replies: queue.Queue[dict[str, Value] | None] = queue.Queue()
        # Both directions may block for ever, so that a thread waits and this one counts.
        threading.Thread(target=self._exchange, args=(message, replies), daemon=True).start()
        try:
            reply = replies.get(timeout=seconds)
        except queue.Empty:
            raise TimeoutError(f"no reply within {seconds:g} s") from None
        if reply is None:
            raise EOFError("the process ended, or sent what is no frame of values")
        return reply

    def _exchange(
        self, message: dict[str, Value], replies: queue.Queue[dict[str, Value] | None]
    ) -> None:
        try:
            send(cast(BinaryIO, self.process.stdin), message)
            replies.put(receive(cast(BinaryIO, self.process.stdout)))
        except (ChannelError, EOFError, OSError, ValueError):
            replies.put(None)

    def end(self) -> None:
        """End the process and all that it started, and remove its folder."""
        with contextlib.suppress(ProcessLookupError):
            if hasattr(os, "killpg"):
                os.killpg(self.process.pid, signal.SIGKILL)
            else:
                self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError):
                if pipe is not None:
                    pipe.close()
        if self._folder:
            self._folder.cleanup()


def find_sandbox(*, trusted: bool = False) -> Sandbox:
    """The sandbox of this machine; none at all for trusted submissions where there is none.

    Raises: SandboxMissingError where there is none and the submissions are not trusted.
    """
    if sys.platform == "linux" and shutil.which("bwrap"):
        return Sandbox("bubblewrap")
    if trusted:
        return Sandbox("none")
    raise SandboxMissingError(f"There is no sandbox here, and nothing was run. {ADVICE}")


def _bubblewrap() -> list[str]:
    """bubblewrap's part of the command line.

    Root needs care: in a user namespace of root's the limit on processes does not bind, and
    without one root keeps its powers. So root's sandbox takes a user number of its own that
    belongs to nobody, and with it loses every capability.
    """
    by_root = os.geteuid() == 0
    command = [shutil.which("bwrap") or "bwrap"]
    command += "--unshare-pid --unshare-net --unshare-ipc --unshare-uts".split()
    command += "--unshare-cgroup-try --die-with-parent --new-session --cap-drop ALL".split()
    command += (
        "--cap-add CAP_SETUID --cap-add CAP_SETGID" if by_root else "--unshare-user"
    ).split()
    for name in _SYSTEM:
        if Path(name).is_symlink():
            command += ["--symlink", os.readlink(name), name]
        elif Path(name).is_dir():
            command += ["--ro-bind", name, name]
    command += ["--proc", "/proc", "--dev", "/dev"]
    for name in ("/tmp", "/dev/shm"):
        command += ["--perms", "1777", "--size", str(TMP_BYTES), "--tmpfs", name]
    places = {Path(sys.base_prefix).resolve(), Path(sys.prefix).absolute(), _COURSE / "engine"}
    for place in sorted(place for place in places if "usr" not in place.parts[1:2]):
        for parent in reversed(place.parents):  # bubblewrap would make them for root's eyes alone
            command += ["--perms", "0755", "--dir", str(parent)]
        command += ["--ro-bind", str(place), str(place)]
    command += ["--remount-ro", "/", "--chdir", "/tmp"]
    if by_root:
        user = str(200_000 + next(_users) % 100_000)
        command += [shutil.which("setpriv") or "setpriv", "--reuid", user, "--regid", user]
        command += ["--clear-groups"]
    return command
