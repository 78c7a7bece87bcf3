"""Saving and loading: NumPy archives, which hold numbers and text and never run code."""

import json
import os
from contextlib import nullcontext
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from engine import dtypes
from engine.autograd import Tensor
from engine.creation import from_numpy
from engine.ops.arguments import refuse_options


def save(obj: object, f: str | os.PathLike | BinaryIO, **options: Any) -> None:
    """Store a tensor, a state_dict, or what dicts, lists and tuples make of them.

    Beside tensors obj may hold numbers, strings, bools and None; keys of dicts are strings or ints.
    The file is a .npz archive: one array for each tensor, and "structure", the rest as JSON. An old
    file is replaced when the new one is complete. What shares memory is stored once for each name.

    Args: f: a path, or a binary file open for writing. options: PyTorch's others raise
    NotImplementedError if set.
    Raises: TypeError that names the place in obj of what cannot be stored.
    """
    refuse_options(options, {"pickle_protocol": 2, "pickle_module": None})
    arrays: dict[str, Any] = {}
    arrays["structure"] = json.dumps(_packed(obj, "obj", arrays))
    if not isinstance(f, str | os.PathLike):
        return np.savez(f, **arrays)
    unfinished = Path(f"{os.path.realpath(f)}.{os.getpid()}.npz")
    try:
        np.savez(unfinished, **arrays)
        unfinished.replace(os.path.realpath(f))
    finally:
        unfinished.unlink(missing_ok=True)


def load(f: str | os.PathLike | BinaryIO, map_location: Any = None, **options: Any) -> Any:
    """What `save` stored, parameters as tensors. Nothing in the file is executed.

    Args: f: a path, or a binary file open for reading. map_location: None or the CPU. options:
    weights_only is True in any case; PyTorch's others raise NotImplementedError if set.
    Raises: FileNotFoundError; RuntimeError for a file that `save` did not write, or not whole.
    """
    refuse_options(options, {"weights_only": True, "mmap": None, "pickle_module": None})
    dtypes.device(map_location or "cpu")

    def rebuilt(node: dict[str, Any]) -> Any:
        if "tensor" in node:
            return from_numpy(archive[node["tensor"]]).requires_grad_(node["requires_grad"])
        return tuple(node["tuple"]) if "tuple" in node else dict(node["dict"])

    with open(f, "rb") if isinstance(f, str | os.PathLike) else nullcontext(f) as file:
        try:
            with np.load(file, allow_pickle=False) as archive:
                return json.loads(archive["structure"].item(), object_hook=rebuilt)
        except Exception as error:  # a damaged or hostile file may provoke any
            text = "engine.save did not write this file, or not whole (files of torch.save and"
            raise RuntimeError(f"{text} pickle may run code, and are not read): {error}") from error


def _packed(value: Any, place: str, arrays: dict[str, Any]) -> Any:
    """value as JSON has it, its tensors moved to arrays."""
    if isinstance(value, Tensor):
        number = str(len(arrays))
        arrays[number] = value.array
        return {"tensor": number, "requires_grad": value.requires_grad}
    if isinstance(value, dict) and all(isinstance(key, str | int) for key in value):
        return {"dict": [[k, _packed(v, f"{place}[{k!r}]", arrays)] for k, v in value.items()]}
    if isinstance(value, list | tuple):
        entries = [_packed(v, f"{place}[{i}]", arrays) for i, v in enumerate(value)]
        return {"tuple": entries} if isinstance(value, tuple) else entries
    if value is None or isinstance(value, str | int | float):
        return value
    known = "tensors, numbers, strings, None, and lists, tuples and dicts (by str or int) of them"
    raise TypeError(f"cannot save {place}: {type(value).__name__}; expected {known}")
