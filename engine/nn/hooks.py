"""Hooks: functions that a module calls before or after forward, or when gradients arrive."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from engine.autograd import Tensor, constant, record, wants_grad

_numbers = itertools.count()


class RemovableHandle:
    """What registering a hook returns: remove() takes the hook away again.

    In a with statement the hook is there until the block ends.
    """

    def __init__(self, hooks: dict, number: int) -> None:
        self._hooks, self.id = hooks, number

    def remove(self) -> None:
        """Take the hook away. A second call does nothing."""
        self._hooks.pop(self.id, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exception: object) -> None:
        self.remove()


def add(hooks: dict, kind: str, hook: Callable, with_kwargs: bool = False) -> RemovableHandle:
    """Put a hook, called "before" forward, "after" it or with the "gradient", behind the others."""
    handle = RemovableHandle(hooks, next(_numbers))
    hooks[handle.id] = (kind, hook, with_kwargs)
    return handle


def _of(module, kind: str) -> list[tuple[Callable, bool]]:
    return [entry[1:] for entry in module._hooks.values() if entry[0] == kind]


def call(module: Any, inputs: tuple, named: dict) -> Any:
    """module(*inputs, **named) with all of its hooks.

    Raises: RuntimeError if a pre-hook with keywords returns something other than a pair.
    """
    for hook, with_kwargs in _of(module, "before"):
        result = hook(module, inputs, named) if with_kwargs else hook(module, inputs)
        if result is None:
            continue
        if not with_kwargs:
            inputs = _tuple(result)
        elif isinstance(result, tuple) and len(result) == 2:
            inputs, named = result
        else:
            raise RuntimeError(f"a pre-hook must return a tuple of (inputs, named), got {result}")
    if _of(module, "gradient"):
        output = _call_with_backward_hooks(module, inputs, named)
    else:
        output = module.forward(*inputs, **named)
    for hook, with_kwargs in _of(module, "after"):
        seen = (inputs, named, output) if with_kwargs else (inputs, output)
        result = hook(module, *seen)
        output = output if result is None else result
    return output


def _call_with_backward_hooks(module, inputs: tuple, named: dict) -> Any:
    grad_output: tuple = ()
    inputs_have_gradients = wants_grad(*inputs)

    def on_output(gradients: tuple) -> tuple:
        nonlocal grad_output
        grad_output = gradients
        if not inputs_have_gradients:
            on_input((None,) * len(inputs))
        return gradients

    def on_input(grad_input: tuple) -> tuple:
        for hook, _ in _of(module, "gradient"):
            result = hook(module, grad_input, grad_output)
            replaced = grad_input if result is None else _tuple(result)
            if len(replaced) != len(grad_input):
                seen = f"got {len(replaced)}, but expected {len(grad_input)}"
                raise RuntimeError(f"a backward hook returned a wrong number of gradients: {seen}")
            grad_input = replaced
        return grad_input

    output = module.forward(*_gate(inputs, on_input), **named)
    if isinstance(output, Tensor):
        return _gate((output,), on_output)[0]
    return _gate(output, on_output) if isinstance(output, tuple) else output


def _gate(values: tuple, on_gradients: Callable[[tuple], tuple]) -> tuple:
    """Copies of the tensors; on the way back on_gradients sees all their gradients at once.

    Every copy is a node that lays its gradient down. All copies have one parent, older than they
    are: when the walk reaches it, all gradients are there, and it hands them on.
    """
    if not wants_grad(*values):
        return values
    shapes = [(v.array.shape, v.array.dtype) if isinstance(v, Tensor) else None for v in values]
    arrived: dict[int, np.ndarray] = {}

    def hand_on(_):
        shown = [  # zeros for a tensor without a gradient, as PyTorch does
            None if shape is None else constant(arrived.pop(i, np.zeros(*shape)))
            for i, shape in enumerate(shapes)
        ]
        kept = on_gradients(tuple(shown))
        return [None if gradient is None else gradient.array for gradient in kept]

    nothing = np.zeros(())
    name = "BackwardHookFunctionBackward"
    joint = record(nothing, values, hand_on, name)

    def copy(i: int, value: Any) -> Any:
        if not isinstance(value, Tensor) or not value._requires_grad:
            return value

        def lay_down(dy):
            arrived[i] = dy
            return (nothing,)

        return record(value.array.copy(), (joint,), lay_down, name)

    return tuple(copy(i, value) for i, value in enumerate(values))


def _tuple(value: Any) -> tuple:
    return value if isinstance(value, tuple) else (value,)
