"""Loading values into a module: what fits is copied, what does not is reported."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from engine.dtypes import Size
from engine.memory import changes


class IncompatibleKeys(NamedTuple):
    """What load_state_dict returns: the names that were not given, and those that nobody has."""

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        text = f"_IncompatibleKeys(missing_keys={self[0]}, unexpected_keys={self[1]})"
        return text if any(self) else "<All keys matched successfully>"


def load(module: Any, given: Mapping[str, Any], strict: bool) -> IncompatibleKeys:
    """module.load_state_dict(given, strict)"""
    if not isinstance(given, Mapping):
        raise TypeError(f"Expected state_dict to be dict-like, got {type(given)}.")
    own = module.state_dict(keep_vars=True)
    keys = IncompatibleKeys([n for n in own if n not in given], [n for n in given if n not in own])
    errors = [
        f'{kind} key(s) in state_dict: "' + '", "'.join(names) + '". '
        for kind, names in (("Missing", keys[0]), ("Unexpected", keys[1]))
        if names and strict
    ]
    for name in [name for name in own if name in given]:
        array, value = own[name].array, getattr(given[name], "array", given[name])
        seen, expected = Size(getattr(value, "shape", ())), Size(array.shape)
        if not hasattr(value, "__array__"):
            errors.append(f'"{name}": expected a tensor, but received {type(value)}')
        elif seen != expected:
            text = f"size mismatch for {name}: copying a param with shape {seen} from checkpoint"
            errors.append(f"{text}, the shape in current model is {expected}.")
        else:
            array[...] = np.asarray(value)
            changes.note(array)
    if errors:
        text = f"Error(s) in loading state_dict for {type(module).__name__}:"
        raise RuntimeError("\n\t".join([text, *errors]))
    return keys
