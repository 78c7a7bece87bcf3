"""The engine beside PyTorch: names, arguments and whole programs, for comparing."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

import engine

# Public one floor up, and no part of the modules that work with them.
_EVERYWHERE = {"Tensor", "Generator", "default_generator", "annotations"}


def signatures(module: ModuleType, names: Iterable[str] = ()) -> dict[str, tuple[str, ...]]:
    """Classes and functions of a module and the names of their arguments, as far as they are told.

    A tensor that a function takes first is given by place, so its name is left out. Arguments that
    Python cannot read, as of functions written in C++, are ().

    Args: names: those to look for; without them, all public ones.
    """
    public = getattr(module, "__all__", None) or set(vars(module)) - _EVERYWHERE
    found = {name: getattr(module, name, None) for name in names or sorted(public)}
    return {
        name: _arguments(thing)
        for name, thing in found.items()
        if callable(thing) and not name.startswith("_")
    }


def _arguments(thing: Any) -> tuple[str, ...]:
    try:
        parameters = inspect.signature(thing).parameters.values()
    except (TypeError, ValueError):
        return ()
    told = [p.name for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    return tuple(told if isinstance(thing, type) else told[1:])


def listings() -> dict[str, str]:
    """The programs of `tests/programs` by the names of their files: each runs on both libraries.

    Raises: FileNotFoundError where the course's repository is not there.
    """
    folder = Path(engine.__file__).parents[1] / "tests" / "programs"
    programs = {path.stem: path.read_text("utf-8") for path in sorted(folder.glob("l[0-9]*.py"))}
    if not programs:
        raise FileNotFoundError(f"no programs in {folder}: it comes with the course's repository")
    return programs
