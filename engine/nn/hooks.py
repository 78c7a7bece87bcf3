"""Hooks: functions that a module calls before or after forward, or when gradients arrive."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from engine.autograd import Tensor, constant, record, wants_grad


class RemovableHandle(AbstractContextManager):
    """What registering a hook returns: remove() takes the hook away again.

    In a with statement the hook is there until the block ends. kind says when the hook is called:
    "before" forward, "after" it, or with the "gradient"; hooks of a kind in their order.
    """

    def __init__(self, hooks: dict, kind: str, hook: Callable, with_kwargs: bool = False) -> None:
        self._hooks = hooks
        hooks[self] = (kind, hook, with_kwargs)

    def remove(self) -> None:
        """Take the hook away. A second call does nothing."""
        self._hooks.pop(self, None)

    def __exit__(self, *exception: object) -> None:
        self.remove()


def _of(module, kind: str) -> list[tuple[Callable, bool]]:
    return [entry[1:] for entry in module._hooks.values() if entry[0] == kind]


def call_with_hooks(module: Any, inputs: tuple, named: dict) -> Any:
    """module(*inputs, **named) with all of its hooks."""
    for hook, with_kwargs in _of(module, "before"):
        result = hook(module, inputs, named) if with_kwargs else hook(module, inputs)
        if result is not None:
            inputs, named = result if with_kwargs else (_tuple(result), named)
    output = _forward(module, inputs, named)
    for hook, with_kwargs in _of(module, "after"):
        result = hook(module, *((inputs, named, output) if with_kwargs else (inputs, output)))
        output = output if result is None else result
    return output


def _forward(module, inputs: tuple, named: dict) -> Any:
    """forward(), between two gates if hooks are to see gradients."""
    if not _of(module, "gradient"):
        return module.forward(*inputs, **named)
    grad_output: tuple = ()

    def on_output(gradients: tuple) -> tuple:
        nonlocal grad_output
        grad_output = gradients
        if gated is inputs:  # no input wants a gradient: no other call will come
            on_input((None,) * len(inputs))
        return gradients

    def on_input(grads: tuple) -> tuple:
        for hook, _ in _of(module, "gradient"):
            result = hook(module, grads, grad_output)
            new = grads if result is None else _tuple(result)
            if len(new) != len(grads):
                raise RuntimeError(f"hooked gradients: got {len(new)}, but expected {len(grads)}")
            grads = new
        return grads

    gated = _gate(inputs, on_input)
    output = module.forward(*gated, **named)
    gated_output = _gate(_tuple(output), on_output)
    return gated_output if isinstance(output, tuple) else gated_output[0]


def _gate(values: tuple, on_gradients: Callable[[tuple], tuple]) -> tuple:
    """Copies of the tensors; on the way back on_gradients sees all their gradients at once.

    Every copy is a node that lays its gradient down. All copies have one parent, older than they
    are: when the walk reaches it, all gradients are there, and it hands them on.
    """
    if not wants_grad(*values):
        return values
    name, nothing = "BackwardHookFunctionBackward", np.zeros(())
    arrived: dict[int, np.ndarray] = {}

    def hand_on(_):
        shown = [  # zeros for a tensor without a gradient, as PyTorch does
            constant(arrived.pop(i, np.zeros_like(v.array))) if isinstance(v, Tensor) else None
            for i, v in enumerate(values)
        ]
        return [None if g is None else g.array for g in on_gradients(tuple(shown))]

    joint = record(nothing, values, hand_on, name)

    def copy(i: int, value: Any) -> Any:
        def lay_down(dy):
            arrived[i] = dy
            return (nothing,)

        return record(value.array.copy(), (joint,), lay_down, name) if wants_grad(value) else value

    return tuple(copy(i, value) for i, value in enumerate(values))


def _tuple(value: Any) -> tuple:
    return value if isinstance(value, tuple) else (value,)
