"""Where bubblewrap is missing, Podman or Docker shut submissions in.

A program in Docker's place notes how it is called and runs the module without any container: what
is tested here is what Docker is asked for, and that values cross and containers end.
"""

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from submissions import FOLDER, SOLUTION, submission
from typer.testing import CliRunner

from engine.course import browser, packages
from engine.course.cli import app
from engine.grading.process import grade, load_assignment
from engine.grading.sandbox import (
    IMAGE,
    IMAGE_FILE,
    SandboxMissingError,
    build_image,
    find_sandbox,
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a script with a #! line"),
]

ROOT = Path(__file__).parents[2]
WHOLE = load_assignment(FOLDER, seed=3)
SHORT = replace(WHOLE, checks=[check for check in WHOLE.checks if check.id in ("01.1", "01.5")])
STAND_IN = f"""#!{sys.executable}
import json, os, subprocess, sys
here = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(here, "calls.jsonl"), "a") as file:
    print(json.dumps(sys.argv[1:]), file=file)
if sys.argv[1] == "image":
    sys.exit(not os.path.exists(os.path.join(here, "image")))
if sys.argv[1] == "build":
    if os.path.exists(os.path.join(here, "offline")):
        sys.exit("cannot reach the registry")
    with open(os.path.join(here, "image"), "w") as file:
        file.write(sys.stdin.read())
if sys.argv[1] == "run":
    module = sys.argv[sys.argv.index({IMAGE!r}) + 2 :]
    os.environ["PYTHONPATH"] = {str(ROOT)!r}
    os.execv(sys.executable, [sys.executable, *module])
"""


@pytest.fixture
def docker(tmp_path, monkeypatch):
    """Docker's stand-in, without bubblewrap and Podman; returns a function that tells its calls."""
    program = tmp_path / "bin" / "docker"
    program.parent.mkdir()
    program.write_text(STAND_IN)
    program.chmod(0o755)
    which = shutil.which

    def found(name, *more, **named):
        known = {"docker": str(program), "bwrap": None, "podman": None}
        return known[name] if name in known else which(name, *more, **named)

    monkeypatch.setattr(shutil, "which", found)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")

    def calls(kind):
        lines = (program.parent / "calls.jsonl").read_text().splitlines()
        return [call for call in map(json.loads, lines) if call[0] == kind]

    calls.folder = program.parent
    return calls


def test_without_the_image_there_is_no_sandbox(docker):
    with pytest.raises(SandboxMissingError, match="course doctor --install"):
        find_sandbox()
    build_image("docker")
    assert (docker.folder / "image").read_text() == IMAGE_FILE
    assert docker("build") == [["build", "--tag", IMAGE, "-"]]
    assert find_sandbox().level == "docker"


def test_an_image_that_cannot_be_built_says_why(docker):
    (docker.folder / "offline").touch()
    with pytest.raises(SandboxMissingError, match=r"docker cannot build .* cannot reach the reg"):
        build_image("docker")


def test_values_cross_and_every_container_ends(docker):
    build_image("docker")
    sandbox = find_sandbox()
    wrong = submission(answer_01_1="def forward(x, w, b):\n    return 7\n")
    assert [report.earned for report in grade(SOLUTION, SHORT, sandbox)] == [1, 3]
    assert [report.earned for report in grade(wrong, SHORT, sandbox)] == [0, 3]
    names = [argument for call in docker("run") for argument in call if "--name=" in argument]
    assert len(set(names)) == len(names) == 2
    assert [f"--name={call[1]}" for call in docker("kill")] == names


def test_a_container_is_asked_to_hold(docker):
    build_image("docker")
    grade(SOLUTION, SHORT, find_sandbox())
    (call,) = docker("run")
    options = call[: call.index(IMAGE)]
    for needed in (
        *("--rm", "--interactive", "--pull=never", "--network=none", "--read-only"),
        *("--cap-drop=ALL", "--user=65534:65534", "--security-opt=no-new-privileges"),
        *("--memory=2g", "--memory-swap=2g", "--pids-limit=32", "--ipc=none"),
    ):
        assert needed in options
    lent = [options[i + 1] for i, option in enumerate(options) if option == "--volume"]
    assert lent == [f"{ROOT / 'engine'}:/course/engine:ro"], "the engine, and nothing to write to"
    assert "--privileged" not in options


def test_doctor_builds_the_image_where_nothing_else_can_be_installed(docker, monkeypatch):
    monkeypatch.setattr(browser, "install_browser", lambda: None)
    monkeypatch.setattr(packages, "can_install", lambda *_: False)
    CliRunner().invoke(app, ["doctor", "--install"])
    assert find_sandbox().level == "docker"
