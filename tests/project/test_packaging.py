"""One truth about what is needed: pyproject.toml, and every other file agrees with it."""

import importlib.util
import re
import sys
import tomllib
from importlib import metadata

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from sources import ROOT, imported, modules

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
CPU_INDEX = "https://download.pytorch.org/whl/cpu"


def requirements(lines):
    found = {}
    for line in lines:
        line = re.sub(r"(^|\s)#.*", "", line).strip()
        if line:
            requirement = Requirement(line)
            found[canonicalize_name(requirement.name)] = requirement
    return found


PINS = requirements((ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines())
CHOSEN = requirements(
    [*PROJECT["dependencies"], *(line for extra in EXTRAS.values() for line in extra)]
)


def version(requirement):
    pinned = re.fullmatch(r"==([^*]+)", str(requirement.specifier))
    assert pinned, f"{requirement} is not pinned to one version"
    return pinned[1]


def test_the_engine_needs_numpy_alone():
    assert list(requirements(PROJECT["dependencies"])) == ["numpy"]


def test_names_are_the_agreed_ones():
    assert PROJECT["name"] == "perceptron-to-transformer"
    assert PROJECT["scripts"] == {"course": "engine.course:main"}
    assert set(EXTRAS) == {"course", "grading", "cluster", "site", "tests"}


@pytest.mark.parametrize("name", CHOSEN)
def test_what_pyproject_chooses_is_pinned_within_its_bounds(name):
    assert name in PINS, (
        f"requirements.txt does not pin {name}: add a line with the version that "
        f"`.venv/bin/python -m pip install '{CHOSEN[name]}'` chose"
    )
    pinned = version(PINS[name])
    assert CHOSEN[name].specifier.contains(pinned), (
        f"requirements.txt pins {name} {pinned}, pyproject.toml wants {CHOSEN[name].specifier}"
    )


def test_torch_is_the_same_everywhere_and_names_no_build():
    pinned, chosen = version(PINS["torch"]), version(CHOSEN["torch"])
    assert pinned == chosen, f"requirements.txt has torch {pinned}, pyproject.toml {chosen}"
    assert re.fullmatch(r"[\d.]+", pinned), "name no build, such as +cpu"


def needed():
    """Every package that pyproject.toml asks for, directly or not -> who asks for it."""
    found = dict.fromkeys(CHOSEN, "pyproject.toml")
    todo = [(name, extra) for name in CHOSEN for extra in ("", *CHOSEN[name].extras)]
    seen = set()
    while todo:
        name, extra = todo.pop()
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        for line in metadata.requires(name) or ():
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
                wanted = canonicalize_name(requirement.name)
                found.setdefault(wanted, name)
                todo += [(wanted, part) for part in ("", *requirement.extras)]
    return found


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems need others")
def test_requirements_are_pinned_complete_and_no_more():
    """What a pinned package needs is pinned too, so that a clone next year gets the same."""
    for requirement in PINS.values():
        version(requirement)
    try:
        everything = needed()
    except metadata.PackageNotFoundError as error:
        pytest.fail(f"{error.name} is needed, but not installed: pin it, then `make setup`")
    # A CUDA build of torch brings its own libraries; the course is pinned on the CPU build.
    missing = {
        f"{name} (for {asker})"
        for name, asker in everything.items()
        if name not in PINS and not name.startswith(("nvidia-", "cuda-", "triton"))
    }
    assert not missing, f"requirements.txt does not pin {sorted(missing)}"
    left = sorted(set(PINS) - set(everything))
    assert not left, f"nothing needs these any more, take them out of requirements.txt: {left}"


def test_pinning_takes_installed_versions_and_keeps_the_rest(capsys):
    spec = importlib.util.spec_from_file_location("pin", ROOT / "scripts/pin.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    now = metadata.version("numpy")
    text = f"# engine\nnumpy==0.1\n\n# site\nno-such-package==1.0\npytest=={pytest.__version__}\n"
    expected = f"# engine\nnumpy=={now}\n\n# site\npytest=={pytest.__version__}\n"
    assert script.pinned(text) == expected
    printed = capsys.readouterr().out
    assert f"0.1 -> {now}" in printed and "1.0 -> gone" in printed and "pytest" not in printed


@pytest.mark.parametrize(
    ("file", "requirements_file"),
    [("environment.yml", "requirements.txt"), (".binder/environment.yml", "../requirements.txt")],
)
def test_the_conda_environment_is_python_and_the_pinned_requirements(file, requirements_file):
    environment = yaml.safe_load((ROOT / file).read_text(encoding="utf-8"))
    assert environment["name"] == PROJECT["name"]
    *conda, pip = environment["dependencies"]
    assert [re.split("[=<>]", name)[0] for name in conda] == ["python", "pip"]
    python = conda[0].split("=")[1]
    assert PROJECT["requires-python"] == ">=3.11,<3.14" and python in ("3.11", "3.12", "3.13")
    assert pip == {"pip": [f"--extra-index-url {CPU_INDEX}", f"-r {requirements_file}"]}
    assert ((ROOT / file).parent / requirements_file).resolve() == ROOT / "requirements.txt"


def test_binder_installs_the_package_itself():
    script = ROOT / ".binder" / "postBuild"
    assert "pip install --no-deps --no-build-isolation --editable ." in script.read_text()
    if sys.platform != "win32":
        assert script.stat().st_mode & 0o111, "postBuild is not executable"


def test_the_workflow_runs_what_runs_here():
    workflow = yaml.safe_load((ROOT / ".github/workflows/test.yml").read_text(encoding="utf-8"))
    linux = [step.get("run") for step in workflow["jobs"]["linux"]["steps"]]
    assert "bash .ci/run" in linux
    assert "make test" in (ROOT / ".ci/run").read_text()
    others = workflow["jobs"]["others"]
    runs = " ".join(step.get("run", "") for step in others["steps"])
    assert "make" not in runs and "tests/engine" in runs and "tests/notebooks" in runs
    systems = {entry["os"].split("-")[0] for entry in others["strategy"]["matrix"]["include"]}
    assert systems == {"macos", "windows"}


# Where the name on the package index is not the name that is imported.
DISTRIBUTIONS = {"IPython": "ipython", "yaml": "pyyaml", "PIL": "pillow"}
# Part of another choice: ipykernel and ipywidgets are made of IPython, Typer of Click.
GIVEN = {"ipython"}


def test_every_import_of_the_package_is_declared():
    outside = {
        target.split(".")[0]
        for name in modules()
        for target in imported(name)
        if target.split(".")[0] not in {"engine", *sys.stdlib_module_names}
    }
    needed = {canonicalize_name(DISTRIBUTIONS.get(name, name)) for name in outside}
    assert needed - GIVEN <= set(CHOSEN), f"not in pyproject.toml: {needed - GIVEN - set(CHOSEN)}"


def test_data_files_of_the_package_are_packed():
    patterns = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"][
        "setuptools"
    ]["package-data"]["engine"]
    package = ROOT / "engine"
    packed = {path for pattern in patterns for path in package.glob(pattern)}
    data = {
        path
        for path in package.rglob("*")
        if path.is_file() and path.suffix != ".py" and "__pycache__" not in path.parts
    }
    unpacked = sorted(path.name for path in data - packed)
    assert not unpacked, f"add a pattern to package-data in pyproject.toml for {unpacked}"


def test_the_licence_is_mit_and_refers_to_the_data_s_own():
    text = (ROOT / "LICENSE").read_text()
    assert PROJECT["license"] == "MIT" and text.startswith("MIT License")
    assert "BSD-3-Clause" in text
    assert "BSD" in (ROOT / "engine/datasets/LICENSES.md").read_text()
