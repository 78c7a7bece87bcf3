"""What all optimizers share: parameter groups, state, and the walk over both in a step."""

from __future__ import annotations

import copy
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from engine.autograd import Tensor, constant
from engine.optim.bundle import Bundle, bundles_of

# PyTorch's arguments that choose another implementation or another rule.
UNSUPPORTED = ("amsgrad", "maximize", "foreach", "capturable", "differentiable", "fused")


class Optimizer:
    """Base of all optimizers.

    A subclass names its buffers and writes its rule for one long vector of numbers; Optimizer
    brings the gradients into that form and adds the change to the parameters, in place.

    Args: params: an iterable of tensors, or of dicts with the key "params" and options that
    replace the defaults for this group. defaults: the options of a group.

    Attributes: param_groups: a list of dicts. state: maps each parameter to a dict of tensors.

    Raises: TypeError if params is one tensor or holds something else than tensors; ValueError if
    it is empty, or holds a tensor that was computed or that is in another group.
    NotImplementedError, naming the argument, for PyTorch's options that are not offered.
    """

    def __init__(self, params: Iterable[Any], defaults: dict[str, Any]) -> None:
        if isinstance(params, Tensor):
            raise TypeError(
                "params argument given to the optimizer should be an iterable of Tensors or "
                f"dicts, but got one {type(params).__name__} of shape {tuple(params.array.shape)}"
            )
        self.defaults = defaults
        self.state: defaultdict[Any, dict[str, Any]] = defaultdict(dict)
        self.param_groups: list[dict[str, Any]] = []
        self._plans: dict[int, list[Bundle]] = {}
        self._opt_called = self._watched = False
        groups = list(params)
        if not groups:
            raise ValueError("optimizer got an empty parameter list, expected at least one Tensor")
        for group in groups if isinstance(groups[0], dict) else [{"params": groups}]:
            self.add_param_group(group)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Optimize further parameters, with options of their own: {"params": [...], "lr": 0.1}."""
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group)}")
        params = param_group["params"]
        if isinstance(params, set):
            raise TypeError(
                "optimizer parameters need to be organized in ordered collections, but got a set, "
                "whose order changes between runs. Please use a list instead."
            )
        params = [params] if isinstance(params, Tensor) else list(params)
        for p in params:
            if not isinstance(p, Tensor):
                raise TypeError(
                    "optimizer can only optimize Tensors, but one of the params is "
                    f"{type(p).__name__}"
                )
            if not p.is_leaf:
                raise ValueError(
                    "can't optimize a non-leaf Tensor: expected a leaf, got the result of "
                    f"{p.grad_fn.name()}"
                )
        param_group["params"] = params
        for name, default in self.defaults.items():
            param_group.setdefault(name, default)
        refuse_unsupported(param_group)
        if len(set(map(id, params))) < len(params):
            warnings.warn(
                "optimizer contains a parameter group with duplicate parameters; "
                "in future, this will cause an error",
                stacklevel=3,
            )
        known = {id(p) for group in self.param_groups for p in group["params"]}
        if any(id(p) in known for p in params):
            raise ValueError("some parameters appear in more than one parameter group")
        self.param_groups.append(param_group)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients: set them to None, or to zeros if set_to_none is False."""
        for group in self.param_groups:
            for p in group["params"]:
                if set_to_none:
                    p.grad = None
                elif p.grad is not None:
                    p.grad.zero_()

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change every parameter that has a gradient, and return closure() if one is given.

        closure computes the loss anew, with its gradients, before the parameters change.
        """
        loss = None if closure is None else closure()
        self._opt_called = True
        for place, group in enumerate(self.param_groups):
            params = [p for p in group["params"] if p._grad is not None]
            plan = self._plans.get(place)
            names = self._buffer_names(group)
            if plan is None or not _fits(plan, params, names, self.state):
                plan = self._plans[place] = bundles_of(params, self.state, names, self._has_step)
            for bundle in plan:
                self._update(bundle, group)
        return loss

    def _watch_steps(self) -> None:
        # A scheduler asks whether step() was called since the first scheduler was made.
        if not self._watched:
            self._watched, self._opt_called = True, False

    _has_step = True  # whether the state counts the steps

    def _buffer_names(self, group: dict[str, Any]) -> tuple[str, ...]:
        raise NotImplementedError(f"{type(self).__name__} does not name its buffers")

    def _update(self, bundle: Bundle, group: dict[str, Any]) -> None:
        raise NotImplementedError(f"{type(self).__name__} does not say how to update")

    def state_dict(self) -> dict[str, Any]:
        """The state and the options, as PyTorch lays them out: parameters are numbered 0, 1, ...

        {"state": {0: {"step": ..., ...}, ...}, "param_groups": [{"lr": ..., "params": [0, 1]}]}
        """
        params = [p for group in self.param_groups for p in group["params"]]
        number: dict[Any, int] = {}
        for p in params:
            number.setdefault(p, len(number))
        groups = [
            {**_options(group), "params": [number[p] for p in group["params"]]}
            for group in self.param_groups
        ]
        state = {number.get(p, p): values for p, values in self.state.items()}
        return {"state": state, "param_groups": groups}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue from a copy of what `state_dict` returned, here or in PyTorch.

        Raises: ValueError if the groups differ in number or size.
        """
        saved = state_dict["param_groups"]
        sizes, saved_sizes = ([len(g["params"]) for g in gs] for gs in (self.param_groups, saved))
        if len(sizes) != len(saved_sizes):
            raise ValueError(
                "loaded state dict has a different number of parameter groups: "
                f"got {len(saved_sizes)}, expected {len(sizes)}"
            )
        if sizes != saved_sizes:
            raise ValueError(
                "loaded state dict contains a parameter group that doesn't match the size of "
                f"optimizer's group: got {saved_sizes} parameters, expected {sizes}"
            )
        groups: list[dict[str, Any]] = []
        owner: dict[Any, Tensor] = {}
        for group, saved_group in zip(self.param_groups, saved, strict=True):
            options = {**self.defaults, **copy.deepcopy(_options(saved_group))}
            refuse_unsupported(options)
            groups.append({**options, "params": group["params"]})
            owner |= dict(zip(saved_group["params"], group["params"], strict=True))
        state: defaultdict[Any, dict[str, Any]] = defaultdict(dict)
        for key, values in state_dict["state"].items():
            p = owner.get(key)
            state[key if p is None else p] = {
                name: _loaded(value, p, name) for name, value in values.items()
            }
        self.state, self.param_groups, self._plans = state, groups, {}

    def __repr__(self) -> str:
        text = f"{type(self).__name__} ("
        for place, group in enumerate(self.param_groups):
            text += f"\nParameter Group {place}\n"
            for key, value in sorted(_options(group).items()):
                text += f"    {key}: {value}\n"
        return text + ")"


def refuse_unsupported(options: dict[str, Any]) -> None:
    """Raise NotImplementedError naming the first option that the engine does not offer."""
    for name in UNSUPPORTED:
        if options.get(name):
            raise NotImplementedError(
                f"{name}={options[name]!r} is not supported: leave {name} at its default"
            )
    if isinstance(options.get("lr"), Tensor):
        raise NotImplementedError("lr as a Tensor is not supported: expected a number")


def refuse_outside(name: str, value: float, low: float = 0.0, high: float | None = None) -> None:
    """Raise ValueError unless low <= value (< high). name stands in PyTorch's message."""
    if isinstance(value, Tensor):
        raise NotImplementedError(f"{name} as a Tensor is not supported: expected a number")
    if not low <= value or (high is not None and not value < high):
        wanted = f"at least {low}" if high is None else f"in [{low}, {high})"
        raise ValueError(f"Invalid {name}: {value}, expected a number {wanted}")


def _options(group: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in group.items() if key != "params"}


def _loaded(value: Any, p: Tensor | None, name: str) -> Any:
    if not isinstance(value, Tensor) or p is None:
        return copy.deepcopy(value)
    kind = value.array.dtype if name == "step" else p.array.dtype
    return constant(value.array.astype(kind))


def _fits(plan: list[Bundle], params: list[Tensor], names: tuple[str, ...], state: Any) -> bool:
    """Whether bundles still describe these parameters and nobody exchanged their state."""
    return len(params) == sum(len(bundle.params) for bundle in plan) and all(
        bundle.fits(params, names, state) for bundle in plan
    )
