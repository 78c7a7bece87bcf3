"""Where a student's code runs: a process that sees nothing, reaches nobody and leaves nothing.

On Linux that is bubblewrap: no network, a read-only system without home folders, solutions or
other submissions, a small /tmp of its own, its own process numbers, no capabilities, a cleared
environment. Where there is none, a container of Podman or Docker gives the same, more slowly. Where
there is neither, code runs only if the instructor says that it is trusted.
"""

import contextlib
import itertools
import os
import queue
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np

import engine
from engine.grading.channel import ChannelError, receive, send
from engine.grading.values import Value

ADVICE = (
    "On Linux install bubblewrap (Debian, Ubuntu: apt install bubblewrap). On macOS and Windows "
    "install Podman or Docker, or use WSL2; then run: course doctor --install. Only for "
    "submissions that you would run on your own machine anyway: --trust-submissions."
)
TMP_BYTES = 64 * 2**20

IMAGE = f"perceptron-to-transformer:{sys.version_info[0]}.{sys.version_info[1]}-{np.__version__}"
IMAGE_FILE = f"""FROM docker.io/library/python:{sys.version_info[0]}.{sys.version_info[1]}-slim
RUN pip install --no-cache-dir numpy=={np.__version__}
"""

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
    """A way to run Python shut in; every result row states its level.

    level: "bubblewrap", "podman", "docker", or "none".
    """

    level: str

    def start(self, module: str) -> "Running":
        """Run `python -m module level`; its standard input and output are the channel."""
        return Running(self, module)


class Running:
    """A process that was started in a sandbox; end() leaves nothing of it behind."""

    def __init__(self, sandbox: Sandbox, module: str) -> None:
        self._folder, self._container, environment = None, [], dict(_ENVIRONMENT)
        command = [sys.executable, "-P", "-s", "-m", module, sandbox.level]
        if sandbox.level == "none":
            self._folder = tempfile.TemporaryDirectory("-grading", ignore_cleanup_errors=True)
            environment |= dict.fromkeys(("HOME", "TMPDIR", "TEMP"), self._folder.name)
        elif sandbox.level == "bubblewrap":
            command = [*_bubblewrap(), *command]
        else:
            name = f"grading-{secrets.token_hex(8)}"
            self._container = [sandbox.level, "kill", name]
            command = [*_container(sandbox.level, name), "python", *command[1:]]
            environment = dict(os.environ)  # of the program that starts it, not of the container
        if os.name == "nt":  # where Python does not start without it
            environment["SYSTEMROOT"] = os.environ["SYSTEMROOT"]
        self.process = subprocess.Popen(
            command,
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
        """End the process and all that it started, and remove its folder or container."""
        if self._container:  # it does not end with the program that started it
            subprocess.run(self._container, capture_output=True, check=False)
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
    for program in container_programs():
        known = subprocess.run([program, "image", "inspect", IMAGE], capture_output=True)
        if known.returncode == 0:
            return Sandbox(program)
    if trusted:
        return Sandbox("none")
    raise SandboxMissingError(f"There is no sandbox here, and nothing was run. {ADVICE}")


def container_programs() -> list[str]:
    """Which of Podman and Docker are here."""
    return [program for program in ("podman", "docker") if shutil.which(program)]


def build_image(program: str) -> None:
    """Make the image that holds Python and NumPy; the engine is lent to each container.

    Raises: SandboxMissingError with the last lines of what the program said.
    """
    command = [program, "build", "--tag", IMAGE, "-"]
    done = subprocess.run(command, input=IMAGE_FILE, capture_output=True, text=True)
    if done.returncode:
        raise SandboxMissingError(f"{program} cannot build an image: {done.stderr[-300:].strip()}")


def _container(program: str, name: str) -> list[str]:
    """The command line up to the image."""
    command = [program, "run", "--rm", "--interactive", "--pull=never", f"--name={name}"]
    command += "--network=none --read-only --cap-drop=ALL --user=65534:65534".split()
    command += f"--security-opt=no-new-privileges --tmpfs=/tmp:rw,size={TMP_BYTES}".split()
    command += "--memory=2g --memory-swap=2g --pids-limit=32 --ipc=none --workdir=/tmp".split()
    command += "--ulimit=nofile=256:256 --ulimit=nproc=4096:4096".split()  # the user's may be less
    command += ["--volume", f"{_COURSE / 'engine'}:/course/engine:ro"]
    for variable, value in {**_ENVIRONMENT, "PYTHONPATH": "/course"}.items():
        if variable != "PATH":  # the image has its own
            command += ["--env", f"{variable}={value}"]
    return [*command, IMAGE]


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
