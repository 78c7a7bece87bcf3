"""The command `course`, as it is called."""

import json
import os
import sys
from importlib import metadata
from pathlib import Path

import pytest
from jupyter_server.services.kernels.websocket import KernelWebsocketHandler
from traitlets.utils.importstring import import_item
from typer.testing import CliRunner

from engine.course import browser, doctor, lab, packages, paths
from engine.course.cli import app
from engine.course.execution import NotebookError, execute, refresh
from engine.course.normal_form import as_text, from_text, normalized, problems

pytestmark = pytest.mark.slow  # kernels are started


def notebook(*sources):
    cells = [
        {"cell_type": "code", "source": s, "outputs": [], "metadata": {}, "execution_count": None}
        for s in sources
    ]
    return normalized({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A small course of two notebooks, the current folder inside of it."""
    (tmp_path / "engine").mkdir()
    (tmp_path / "notebooks").mkdir()
    for name in ("00_start", "01_next"):
        (tmp_path / "notebooks" / f"{name}.ipynb").write_text(as_text(notebook("print(6 * 7)")))
    monkeypatch.chdir(tmp_path / "notebooks")
    return tmp_path


def call(*arguments):
    return CliRunner().invoke(app, arguments)


def test_refresh_stores_outputs_and_check_is_content_afterwards(course):
    before = call("notebooks", "--check", "00")
    assert before.exit_code == 1 and "`course notebooks --refresh`" in before.output
    refreshed = call("notebooks", "--refresh", "00")
    assert refreshed.exit_code == 0 and "00_start.ipynb: stored" in refreshed.output
    assert call("notebooks", "--check", "00").exit_code == 0
    stored = from_text((course / "notebooks/00_start.ipynb").read_text())
    assert stored["cells"][0]["outputs"] == [
        {"output_type": "stream", "name": "stdout", "text": "42\n"}
    ]
    assert "unchanged" in call("notebooks", "--refresh", "00").output
    assert call("notebooks", "--check").exit_code == 1, "01 was not refreshed"


def test_a_notebook_that_fails_is_named_and_left_as_it_was(course):
    path = course / "notebooks/01_next.ipynb"
    path.write_text(as_text(notebook("print('before')", "1 / 0")))
    before = path.read_text()
    result = call("notebooks", "--refresh")
    assert result.exit_code == 1
    assert "01_next.ipynb: failed" in result.output and "ZeroDivisionError" in result.output
    assert "00_start.ipynb: stored" in result.output, "the others are still done"
    assert path.read_text() == before
    assert not list(path.parent.glob(".*"))


def test_a_name_that_fits_no_notebook_is_an_error_that_lists_them(course):
    result = call("notebooks", "--refresh", "07")
    assert result.exit_code == 2 and "'07'" in result.output and "01_next" in result.output


def test_notebooks_wants_one_of_its_two_options(course):
    assert call("notebooks").exit_code == 2
    assert call("notebooks", "--refresh", "--check").exit_code == 2


def test_a_file_that_is_no_notebook_is_reported(course):
    (course / "notebooks/01_next.ipynb").write_text("{}")
    for option in ("--check", "--refresh"):
        result = call("notebooks", option, "01")
        assert result.exit_code == 1 and "format 4" in result.output


def test_the_course_is_found_from_inside_and_from_far_away(course, tmp_path_factory):
    assert paths.course_root() == course
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    assert (paths.course_root(elsewhere) / "pyproject.toml").is_file(), "around the engine"


def test_where_no_course_is_the_message_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(paths.engine, "__file__", str(tmp_path / "a" / "engine" / "__init__.py"))
    monkeypatch.chdir(tmp_path)
    result = call("notebooks", "--check")
    assert result.exit_code == 1 and "Change into your copy of the course" in result.output


def test_execution_keeps_errors_that_are_announced():
    announced = notebook("1 / 0", "print('on')")
    announced["cells"][0]["metadata"] = {"tags": ["raises-exception"]}
    ran = execute(announced, Path.cwd())
    assert ran["cells"][0]["outputs"][0]["ename"] == "ZeroDivisionError"
    assert ran["cells"][1]["outputs"][0]["text"] == "on\n"


def test_execution_ends_a_cell_that_takes_too_long():
    with pytest.raises(NotebookError, match="CellTimeoutError"):
        execute(notebook("import time; time.sleep(60)"), Path.cwd(), timeout=1)


def test_refreshing_does_not_take_over_this_process_s_numeric_kernels(course, monkeypatch):
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Prescott")
    path = course / "notebooks/00_start.ipynb"
    path.write_text(as_text(notebook("import os; print(os.environ.get('OPENBLAS_CORETYPE'))")))
    refresh(path)
    assert "None" in path.read_text() and problems(path.read_text()) == []


def test_lab_opens_the_first_notebook_and_passes_options_on(course):
    command = lab.lab_command(course, ["--port", "9000"])
    assert command[:3] == [sys.executable, "-m", "jupyterlab"]
    assert "--LabApp.default_url=/lab/tree/notebooks/00_start.ipynb" in command
    assert command[-2:] == ["--port", "9000"]


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="root is a Unix notion")
@pytest.mark.parametrize(("user", "allowed"), [(0, True), (1000, False)])
def test_lab_starts_for_root_too(course, monkeypatch, user, allowed):
    monkeypatch.setattr(os, "geteuid", lambda: user)
    assert ("--allow-root" in lab.lab_command(course)) == allowed


def test_lab_asks_no_server_on_the_internet(monkeypatch):
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "mine")
    first, rest = lab.lab_environment()["JUPYTER_CONFIG_PATH"].split(os.pathsep)
    assert rest == "mine"
    settings = json.loads((Path(first) / "jupyter_lab_config.json").read_text())["LabApp"]
    assert settings["news_url"] is None
    assert settings["check_for_updates_class"] == "jupyterlab.NeverCheckForUpdate"
    page = json.loads((Path(first) / "labconfig/page_config.json").read_text())
    assert page["disabledExtensions"]["@jupyterlab/apputils-extension:announcements"]


def test_lab_sends_the_kernels_messages_at_once(monkeypatch):
    settings = json.loads((lab.CONFIGURATION / "jupyter_lab_config.json").read_text())["ServerApp"]
    chosen = import_item(settings["kernel_websocket_connection_class"])
    done = []
    monkeypatch.setattr(chosen.__base__, "connect", lambda _: done.append("connected"))
    monkeypatch.setattr(
        KernelWebsocketHandler, "set_nodelay", lambda _, value: done.append(f"no delay: {value}")
    )
    handler = KernelWebsocketHandler.__new__(KernelWebsocketHandler)
    chosen(websocket_handler=handler).connect()
    assert done == ["no delay: True", "connected"]


def test_doctor_finds_this_machine_well():
    result = call("doctor")
    assert result.exit_code == 0, result.output
    for subject in ("Python", "packages", "notebooks", "kernel", "browser"):
        assert subject in result.output


def test_doctor_compares_versions_with_the_pins(tmp_path):
    (tmp_path / "requirements.txt").write_text(
        "# chosen\nnumpy==2.0\nrich==13.0\ntorch==2.0\nx==1\n"
    )
    installed = {"numpy": "2.0", "rich": "14.0"}

    def version(name):
        if name not in installed:
            raise metadata.PackageNotFoundError(name)
        return installed[name]

    found = {f.subject: f for f in doctor.package_findings(tmp_path, version)}
    assert found["rich"].state == "note" and "13.0" in found["rich"].text
    assert found["torch"].state == "note", "the course runs without torch"
    assert found["x"].state == "missing"
    assert found["packages"].text.startswith("1 of 4")


def test_doctor_takes_a_local_build_for_its_version(tmp_path):
    (tmp_path / "requirements.txt").write_text("torch==2.13.0\n")
    findings = list(doctor.package_findings(tmp_path, lambda name: "2.13.0+cpu"))
    assert [finding.state for finding in findings] == ["ok"]


@pytest.mark.parametrize(
    ("version", "state"),
    [((3, 10), "missing"), ((3, 11), "ok"), ((3, 13), "ok"), ((3, 14), "missing")],
)
def test_doctor_knows_which_pythons_are_tested(version, state):
    assert doctor.python_finding(version).state == state


def test_the_browser_can_be_named(tmp_path, monkeypatch):
    chrome = tmp_path / "chrome"
    chrome.touch()
    monkeypatch.setenv(browser.VARIABLE, str(chrome))
    assert browser.find_browser() == chrome
    chrome.unlink()
    with pytest.raises(browser.BrowserMissingError, match="not a file"):
        browser.find_browser()


def test_a_missing_browser_is_named_with_the_ways_to_get_one(monkeypatch):
    monkeypatch.delenv(browser.VARIABLE, raising=False)
    monkeypatch.setattr(browser.shutil, "which", lambda name: None)
    monkeypatch.setattr(browser, "PLACES", ())
    monkeypatch.setattr(browser, "_playwrights_own", lambda: "")
    with pytest.raises(browser.BrowserMissingError, match="apt install chromium"):
        browser.find_browser()
    monkeypatch.setattr(packages, "can_install", lambda *systems: True)
    monkeypatch.setattr(packages, "install", lambda name: packages.run("/nowhere/apt-get"))
    with pytest.raises(browser.BrowserMissingError, match="installing it failed"):
        browser.install_browser()
    assert doctor.browser_finding().state == "note"


@pytest.mark.parametrize("apt", [True, False])
def test_the_browser_is_installed_the_machine_s_ordinary_way(monkeypatch, apt):
    ran = []
    found = iter([browser.BrowserMissingError("none"), Path("chromium")])

    def find():
        if isinstance(result := next(found), Exception):
            raise result
        return result

    monkeypatch.delenv(browser.VARIABLE, raising=False)
    monkeypatch.setattr(browser, "find_browser", find)
    monkeypatch.setattr(packages, "can_install", lambda *systems: apt)
    monkeypatch.setattr(packages, "run", lambda *command: ran.append(command))
    assert browser.install_browser() == Path("chromium")
    assert ran[-1][-1] == "chromium"
    assert ("apt-get" in ran[-1]) == apt


@pytest.mark.parametrize(("user", "system"), [(0, "debian"), (1, "debian"), (0, "fedora")])
def test_packages_are_only_installed_by_root_where_there_is_apt(monkeypatch, user, system):
    monkeypatch.setattr(packages.os, "geteuid", lambda: user, raising=False)
    monkeypatch.setattr(packages.shutil, "which", lambda name: name)
    monkeypatch.setattr(packages.Path, "read_text", lambda path, **_: f"NAME=x\nID={system}\n")
    assert packages.can_install("debian", "ubuntu") == (user == 0 and system == "debian")


def test_a_failed_installation_says_which_command(monkeypatch):
    with pytest.raises(packages.InstallationError, match="exit status 3"):
        packages.run(sys.executable, "-c", "exit(3)")


def test_the_doctor_tells_a_sandbox_that_holds_from_one_that_leaks(monkeypatch, tmp_path):
    from engine.grading import sandbox

    assert doctor.sandbox_finding(tmp_path).state == "ok"
    monkeypatch.setattr(sandbox, "find_sandbox", lambda: sandbox.Sandbox("none"))
    leaking = doctor.sandbox_finding(tmp_path)
    assert leaking.state == "missing"
    assert "it reaches the network" in leaking.text
    monkeypatch.undo()
    monkeypatch.setenv("PATH", "/nowhere")
    assert doctor.sandbox_finding(tmp_path).state == "note"
