"""Setting .venv up: once, again at no cost, and anew after an interruption."""

import importlib.util
import os
import shutil
import subprocess
import sys

import pytest
from sources import ROOT

pytestmark = pytest.mark.slow  # they make real venvs


@pytest.fixture(scope="session")
def fresh_venv(tmp_path_factory):
    """One real venv; the tests copy it, which is twenty times as fast as making one."""
    venv = tmp_path_factory.mktemp("fresh") / ".venv"
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    return venv


@pytest.fixture
def bootstrap(tmp_path, monkeypatch, fresh_venv):
    """The script, working in a folder of its own; what it would install is only counted."""
    spec = importlib.util.spec_from_file_location("bootstrap", ROOT / "scripts" / "bootstrap.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    venv = tmp_path / "a folder with spaces" / ".venv"
    venv.parent.mkdir()
    for name in ("requirements.txt", "pyproject.toml"):
        (venv.parent / name).write_text((ROOT / name).read_text())
    for name, path in {
        "ROOT": venv.parent,
        "VENV": venv,
        "PYTHON": venv / script.PYTHON.relative_to(script.VENV),
        "DONE": venv / script.DONE.name,
        "BEGUN": venv / script.BEGUN.name,
    }.items():
        monkeypatch.setattr(script, name, path)
    really_run = script.subprocess.run

    def run(command, **keywords):
        if command[1:3] != ["-m", "venv"]:
            return really_run(command, **keywords)
        shutil.copytree(fresh_venv, command[3], symlinks=True)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(script.subprocess, "run", run)
    script.installs = []
    monkeypatch.setattr(script, "install", lambda: script.installs.append("run"))
    return script


def test_the_second_run_does_nothing(bootstrap):
    assert bootstrap.main() == 0 and bootstrap.main() == 0
    assert len(bootstrap.installs) == 1
    assert bootstrap.is_usable()


def test_a_change_of_what_is_needed_installs_again_into_the_same_venv(bootstrap):
    bootstrap.main()
    (bootstrap.VENV / "kept").touch()
    with (bootstrap.ROOT / "requirements.txt").open("a") as file:
        file.write("one-more==1.0\n")
    assert bootstrap.main() == 0
    assert len(bootstrap.installs) == 2 and (bootstrap.VENV / "kept").exists()


def test_an_interrupted_run_is_done_again_from_the_start(bootstrap, monkeypatch):
    def interrupted():
        (bootstrap.VENV / "half").touch()
        raise KeyboardInterrupt

    with monkeypatch.context() as first, pytest.raises(KeyboardInterrupt):
        first.setattr(bootstrap, "install", interrupted)
        bootstrap.main()
    assert bootstrap.main() == 0
    assert not (bootstrap.VENV / "half").exists() and bootstrap.installs == ["run"]


@pytest.mark.parametrize("damage", ["empty folder", "a file", "no pip", "dead link"])
def test_a_venv_that_cannot_work_is_made_anew(bootstrap, damage):
    if damage == "empty folder":
        bootstrap.VENV.mkdir()
    elif damage == "a file":
        bootstrap.VENV.touch()
    else:
        assert bootstrap.main() == 0
        bootstrap.DONE.unlink()
        if damage == "no pip":
            (pip,) = bootstrap.VENV.rglob("site-packages/pip")
            shutil.rmtree(pip)
        else:
            bootstrap.PYTHON.unlink()
    bootstrap.installs.clear()
    assert bootstrap.main() == 0
    assert bootstrap.is_usable() and bootstrap.installs == ["run"]


def test_a_moved_venv_is_made_anew(bootstrap):
    bootstrap.main()
    recorded, _ = bootstrap.DONE.read_text().split("\n")
    bootstrap.DONE.write_text(f"{recorded}\n{bootstrap.VENV.parent / 'elsewhere'}")
    (bootstrap.VENV / "old").touch()
    assert bootstrap.main() == 0
    assert not (bootstrap.VENV / "old").exists() and len(bootstrap.installs) == 2


def test_a_failed_installation_is_reported_and_not_taken_for_done(bootstrap, monkeypatch, capsys):
    def failing():
        raise bootstrap.SetupError("Is there a network?")

    monkeypatch.setattr(bootstrap, "install", failing)
    assert bootstrap.main() == 1
    assert "Is there a network?" in capsys.readouterr().err
    assert not bootstrap.is_ready(bootstrap.fingerprint())


@pytest.mark.parametrize("version", [(3, 10), (3, 14), (2, 7)])
def test_another_python_is_refused_with_advice(bootstrap, version):
    with pytest.raises(bootstrap.SetupError, match=r"(?s)3\.11, 3\.12 or 3\.13.*PYTHON=") as error:
        bootstrap.check_python(version)
    assert f"Python {version[0]}.{version[1]}" in str(error.value)
    bootstrap.check_python((3, 12))


def test_torch_s_index_can_be_chosen_and_switched_off(bootstrap, monkeypatch):
    def nobody_is_asked(*arguments, **keywords):
        raise AssertionError("the network was asked")

    monkeypatch.setattr(bootstrap.urllib.request, "urlopen", nobody_is_asked)
    for index in ("https://mirror.example/cpu", ""):
        monkeypatch.setitem(os.environ, "TORCH_INDEX", index)
        assert bootstrap.torch_index() == index


def test_an_index_that_does_not_answer_is_not_used(bootstrap, monkeypatch):
    def silent(*arguments, **keywords):
        raise TimeoutError

    monkeypatch.delenv("TORCH_INDEX", raising=False)
    monkeypatch.setattr(bootstrap.urllib.request, "urlopen", silent)
    assert bootstrap.torch_index() == ""


def test_torch_is_asked_for_as_requirements_pin_it(bootstrap):
    lines = (bootstrap.ROOT / "requirements.txt").read_text().splitlines()
    assert bootstrap.torch_requirement() in lines


def test_it_needs_nothing_but_python(bootstrap):
    import ast

    tree = ast.parse((ROOT / "scripts" / "bootstrap.py").read_text())
    modules = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert modules <= sys.stdlib_module_names
