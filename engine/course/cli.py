"""The command line of the course. Each command is thin: the work is done in its own module."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Annotated, Never

import typer
from rich.console import Console
from rich.table import Table

from engine.course import browser, doctor, normal_form, packages, paths
from engine.course.exercises import app as exercises
from engine.course.grade import grade
from engine.course.lab import lab_command, lab_environment
from engine.course.links import links
from engine.course.release import release
from engine.course.site import site
from engine.course.update import restore, update
from engine.grading import sandbox

app = typer.Typer(
    help="From the perceptron to the Transformer: open the course and look after it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(exercises, name="exercises")
for command in (grade, release, site, update, restore, links):
    app.command()(command)
MARKS = {"ok": "[green]✓ ok", "note": "[yellow]! note", "missing": "[red]✗ missing"}


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def lab(context: typer.Context) -> None:
    """Open JupyterLab on the first notebook. Further options go to JupyterLab (--port 9000)."""
    command = lab_command(_root(), context.args)
    try:
        raise typer.Exit(subprocess.run(command, env=lab_environment()).returncode)
    except KeyboardInterrupt:
        raise typer.Exit(0) from None


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def formgrader(context: typer.Context) -> None:
    """Open nbgrader's formgrader: texts and plots to read, points by hand, due dates."""
    root = _root()
    command = lab_command(root, context.args, "/formgrader")
    try:
        # nbgrader reads its configuration from the folder in which the server starts.
        raise typer.Exit(subprocess.run(command, env=lab_environment(), cwd=root).returncode)
    except KeyboardInterrupt:
        raise typer.Exit(0) from None


@app.command()
def notebooks(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Notebooks: 01, 01_perceptron; all where none is named."),
    ] = None,
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Run them and store their outputs in the normal form.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Only look whether they are in the normal form.")
    ] = False,
) -> None:
    """Run notebooks and store their outputs, or check the form in which they are stored."""
    if refresh == check:
        _fail("Say what to do: course notebooks --refresh, or course notebooks --check.", code=2)
    try:
        chosen = paths.stored_notebooks(_root(), names)
    except ValueError as error:
        _fail(str(error), code=2)
    if not chosen:
        _fail("There are no notebooks in notebooks/ and solutions/.")
    failed = _refresh(chosen) if refresh else _check(chosen)
    if failed:
        advice = "" if refresh else " `course notebooks --refresh` runs notebooks and mends this."
        _fail(f"{failed} of {len(chosen)} notebooks failed.{advice}")


def _refresh(chosen: list[Path]) -> int:
    # Loading nbclient takes half a second, which the other commands need not spend.
    from engine.course.execution import refresh_all

    failed = refresh_all(chosen, typer.echo)
    for path, reason in failed:
        typer.echo(f"\n{paths.as_told(path)}\n{reason}", err=True)
    return len(failed)


def _check(chosen: list[Path]) -> int:
    failed = 0
    for path in chosen:
        try:
            found = normal_form.problems(path.read_text(encoding="utf-8"))
        except ValueError as error:
            found = [str(error)]
        failed += bool(found)
        for problem in found or ["ok"]:
            typer.echo(f"{paths.as_told(path)}: {problem}")
    return failed


@app.command("doctor")
def examine(
    install: Annotated[
        bool,
        typer.Option("--install", help="Install a browser for the tests, a sandbox for grading."),
    ] = False,
) -> None:
    """Look at Python, packages, kernel, browser and sandbox, and say what is missing."""
    root = _root()
    if install:
        try:
            browser.install_browser()
            if not shutil.which("bwrap") and packages.can_install("debian", "ubuntu"):
                packages.install("bubblewrap")
            elif not shutil.which("bwrap"):
                for program in sandbox.container_programs()[:1]:
                    sandbox.build_image(program)
        except (
            browser.BrowserMissingError,
            packages.InstallationError,
            sandbox.SandboxMissingError,
        ) as error:
            _fail(str(error))
    table = Table("", "", "", show_header=False, box=None, pad_edge=False)
    findings = list(doctor.examine(root))
    for finding in findings:
        table.add_row(MARKS[finding.state], finding.subject, finding.text)
    Console(soft_wrap=False).print(table)
    if any(finding.state == "missing" for finding in findings):
        _fail("Something is missing. make lab, or python3 scripts/bootstrap.py, installs it.")


def _root() -> Path:
    try:
        return paths.course_root()
    except paths.CourseNotFoundError as error:
        _fail(str(error))


def _fail(message: str, code: int = 1) -> Never:
    typer.echo(f"course: {message}", err=True)
    raise typer.Exit(code)
