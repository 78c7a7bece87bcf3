"""`course exercises`: generate exercises/ from solutions/ with nbgrader's own steps."""

from pathlib import Path
from typing import Annotated

import typer

from engine.course.paths import course_root
from engine.grading.exercises import load_exercises
from engine.grading.table import released_table

app = typer.Typer(help="Generate the students' exercise notebooks from solutions/.")


@app.callback(invoke_without_command=True)
def exercises(
    refresh: Annotated[bool, typer.Option(help="Write exercises/ anew.")] = False,
    check: Annotated[bool, typer.Option(help="Fail if exercises/ is out of date.")] = False,
) -> None:
    """Generate exercises/ from solutions/, or check that it is up to date."""
    if refresh == check:
        raise typer.BadParameter("choose one of --refresh and --check")
    root = course_root()
    found = differences(root)
    if refresh:
        write(root)
    for path in found:
        typer.echo(f"{'written' if refresh else 'out of date'}: {path.as_posix()}")
    if not found:
        typer.echo("exercises/ is up to date")
    elif check:
        typer.echo("Run `course exercises --refresh`. Edit solutions/, never exercises/.")
        raise typer.Exit(1)


def generate(folder: Path, root: Path) -> dict[str, bytes]:
    """The files of one exercise folder by name, from the instructor's folder.

    Raises: ValueError if a mutant passes its check or a cell's metadata are not nbgrader's.
    """
    table = released_table(load_exercises(folder))
    files = {"checks.json": table.encode()}
    for notebook in sorted(folder.glob("*.ipynb")):
        files[notebook.name] = _release(notebook, root / "nbgrader_config.py").encode()
    return files


def differences(root: Path) -> list[Path]:
    """Files below root/exercises that are missing, left over, or not as generated."""
    wanted = _wanted(root)
    present = {
        path.relative_to(root)
        for path in (root / "exercises").rglob("*")
        if path.is_file() and ".ipynb_checkpoints" not in path.parts
    }
    changed = {p for p in present & wanted.keys() if (root / p).read_bytes() != wanted[p]}
    return sorted((present ^ wanted.keys()) | changed)


def write(root: Path) -> None:
    """Bring root/exercises up to date: write what differs, remove what is left over."""
    wanted = _wanted(root)
    for path in differences(root):
        if path in wanted:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(wanted[path])
        else:
            (root / path).unlink()


def _wanted(root: Path) -> dict[Path, bytes]:
    return {
        Path("exercises", folder.name, name): content
        for folder in sorted((root / "solutions").iterdir())
        if (folder / "checks.py").is_file()
        for name, content in generate(folder, root).items()
    }


def _release(notebook: Path, config_file: Path) -> str:
    # nbgrader is an instructor's package and takes two seconds to load.
    import nbformat
    from traitlets.config import PyFileConfigLoader
    from traitlets.utils.importstring import import_item

    config = PyFileConfigLoader(config_file.name, path=str(config_file.parent)).load_config()
    content = nbformat.read(notebook, as_version=4)
    resources = {"unique_key": notebook.stem, "metadata": {"name": notebook.stem}}
    for step in config.GenerateAssignment.preprocessors:
        # SaveCells fills the instructor's gradebook; nothing in the notebook depends on it.
        if not step.endswith(".SaveCells"):
            content, resources = import_item(step)(config=config)(content, resources)
    return nbformat.writes(content, version=4) + "\n"
