"""The console command `course`: open the course, refresh its notebooks, find what is missing."""

from __future__ import annotations


def main() -> None:
    """Run the command; where only the bare engine is installed, say what it needs."""
    try:
        from engine.course.cli import app
    except ModuleNotFoundError as missing:
        if (missing.name or "").split(".")[0] == "engine":
            raise
        raise SystemExit(
            f"course: the package {missing.name} is not installed. The command needs the course "
            "extra: pip install 'perceptron-to-transformer[course]', or make lab in a clone."
        ) from None
    app(prog_name="course")
