"""Loading values into a module: what fits is copied, what does not is reported."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from engine.autograd import Tensor
from engine.dtypes import Size
from engine.memory import changes


class IncompatibleKeys(NamedTuple):
    """What load_state_dict returns: the names that were not given, and those that nobody has."""

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        missing, unexpected = self
        return f"_IncompatibleKeys(missing_keys={missing}, unexpected_keys={unexpected})"

    def complaints(self) -> list[str]:
        """One line for each kind of mismatch, in PyTorch's words."""
        found = (("Missing", self.missing_keys), ("Unexpected", self.unexpected_keys))
        return [
            f"{kind} key(s) in state_dict: " + ", ".join(f'"{key}"' for key in keys) + ". "
            for kind, keys in found
            if keys
        ]


def load(own: Mapping[str, Tensor], given: Mapping[str, Any]) -> tuple[IncompatibleKeys, list[str]]:
    """Copy given values into own tensors.

    Returns: the keys that do not match, and one line for each value that does not fit.
    """
    missing, errors = [name for name in own if name not in given], []
    for name, tensor in own.items():
        if name in missing:
            continue
        value = given[name]
        if not isinstance(value, Tensor) and not hasattr(value, "__array__"):
            errors.append(f'"{name}": expected a tensor, but received {type(value)}')
            continue
        array = value.array if isinstance(value, Tensor) else np.asarray(value)
        seen, expected = Size(array.shape), Size(tensor.array.shape)
        if seen != expected:
            errors.append(
                f"size mismatch for {name}: copying a param with shape {seen} from checkpoint, "
                f"the shape in current model is {expected}."
            )
            continue
        tensor.array[...] = array
        changes.note(tensor.array)
    return IncompatibleKeys(missing, [name for name in given if name not in own]), errors
