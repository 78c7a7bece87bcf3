"""What all optimizers share: parameter groups, state, and the walk over both in a step."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from operator import is_
from typing import Any

from engine.autograd import Tensor, constant
from engine.ops.arguments import refuse_options
from engine.optim.bundle import Bundle, bundles_of, layout

# PyTorch's word for each option that must not be negative.
NOT_NEGATIVE = {"lr": "learning rate", "eps": "epsilon value", "momentum": "momentum value"}
NOT_NEGATIVE |= {"weight_decay": "weight_decay value", "alpha": "alpha value"}


class Optimizer:
    """Base of all optimizers.

    A subclass names its state tensors in _state_names(group), and writes its rule for step t of one
    long vector of numbers in _update(bundle, group, t). Optimizer brings the gradients into that
    form; the bundle adds the change to the parameters, in place.

    Args: params: an iterable of tensors, or of dicts with the key "params" and options that
    replace the defaults for this group. defaults: the options of a group. options: PyTorch's
    further ones, which `offered` lists with the only value that they may have.

    Attributes: param_groups: a list of dicts. state: maps each parameter to a dict of tensors.

    Raises: TypeError if params is one tensor or holds something else than tensors; ValueError if
    it is empty, or holds a tensor that was computed or that is in another group, and for a negative
    lr, eps, momentum, weight_decay or alpha. NotImplementedError, naming the argument, for
    PyTorch's options that are not offered.
    """

    offered: Mapping[str, Any] = {}

    def __init__(self, params: Iterable[Any], defaults: dict[str, Any],
                 options: Mapping[str, Any] = {}) -> None:  # fmt: skip
        if isinstance(params, Tensor):
            raise TypeError("params should be an iterable of Tensors or dicts, but got one Tensor")
        for name, value in defaults.items():
            if name in NOT_NEGATIVE and not value >= 0:
                raise ValueError(f"Invalid {NOT_NEGATIVE[name]}: {value}, expected at least 0")
        refuse_options(options, self.offered)
        self.defaults = {**defaults, **self.offered, **options}
        self.state: defaultdict[Any, dict[str, Any]] = defaultdict(dict)
        self.param_groups: list[dict[str, Any]] = []
        self._plans: dict[int, tuple[list[object], list[Bundle]]] = {}
        groups = list(params)
        if not groups:
            raise ValueError("optimizer got an empty parameter list, expected at least one Tensor")
        for group in groups if isinstance(groups[0], dict) else [{"params": groups}]:
            self.add_param_group(group)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Optimize further parameters, with options of their own: {"params": [...], "lr": 0.1}."""
        if not isinstance(param_group, dict) or isinstance(param_group["params"], set):
            raise TypeError(f"param_group must be a dict of ordered collections, got {param_group}")
        params = param_group["params"]
        params = [params] if isinstance(params, Tensor) else list(params)
        for p in params:
            if not isinstance(p, Tensor):
                raise TypeError(f"expected Tensors, but one of the params is {type(p).__name__}")
            if not p.is_leaf:
                raise ValueError(f"can't optimize a non-leaf Tensor: got one of {p.grad_fn.name()}")
        if any(not set(params).isdisjoint(group["params"]) for group in self.param_groups):
            raise ValueError("some parameters appear in more than one parameter group")
        self.param_groups.append(self._completed(param_group, params))

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients: set them to None, or to zeros if set_to_none is False."""
        for group in self.param_groups:
            for p in group["params"]:
                if set_to_none:
                    p._grad = None
                elif p._grad is not None:
                    p._grad.zero_()

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change every parameter that has a gradient, and return closure() if one is given.

        closure computes the loss anew, with its gradients, before the parameters change.
        """
        loss = None if closure is None else closure()
        for place, group in enumerate(self.param_groups):
            params = [p for p in group["params"] if p._grad is not None]
            about = (params, self.state, self._state_names(group))
            known, bundles = self._plans.get(place, ([None], []))
            now = layout(*about)
            if len(now) != len(known) or not all(map(is_, now, known)):
                bundles = bundles_of(*about)
                self._plans[place] = (layout(*about), bundles)
            for bundle in bundles:
                self._update(bundle, group, bundle.count())
        return loss

    def state_dict(self) -> dict[str, Any]:
        """The state and the options, as PyTorch lays them out: parameters are numbered 0, 1, ...

        {"state": {0: {"step": ..., ...}, ...}, "param_groups": [{"lr": ..., "params": [0, 1]}]}
        """
        params = dict.fromkeys(p for group in self.param_groups for p in group["params"])
        number = {p: i for i, p in enumerate(params)}
        groups = [{**g, "params": [number[p] for p in g["params"]]} for g in self.param_groups]
        state = {number[p]: dict(tensors) for p, tensors in self.state.items()}
        return {"state": state, "param_groups": groups}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue from a copy of what `state_dict` returned, here or in PyTorch.

        Raises: ValueError if the groups differ in number or size.
        """
        saved = state_dict["param_groups"]
        sizes, got = ([len(g["params"]) for g in groups] for groups in (self.param_groups, saved))
        if got != sizes:
            text = "the number of groups differs, or one doesn't match the size of the optimizer's"
            raise ValueError(f"{text}: got sizes {got}, expected {sizes}")
        param: dict[int, Tensor] = {}
        for place, (theirs, ours) in enumerate(zip(saved, self.param_groups, strict=True)):
            self.param_groups[place] = self._completed(theirs, ours["params"])
            param |= zip(theirs["params"], ours["params"], strict=True)
        self.state.clear()
        for number, tensors in state_dict["state"].items():
            for name, tensor in tensors.items():
                dtype = (tensor if name == "step" else param[number]).array.dtype
                self.state[param[number]][name] = constant(tensor.array.astype(dtype))

    def _completed(self, group: dict[str, Any], params: list[Tensor]) -> dict[str, Any]:
        """A group with all its options. NotImplementedError for what is not offered."""
        group = {**self.defaults, **group, "params": params}
        refuse_options({name: group[name] for name in self.offered}, self.offered)
        if isinstance(group.get("lr"), Tensor):
            raise NotImplementedError("lr as a Tensor is not supported: expected a number")
        return group

    def __repr__(self) -> str:
        text = f"{type(self).__name__} ("
        for place, group in enumerate(self.param_groups):
            options = [f"    {key}: {group[key]}\n" for key in sorted(group.keys() - {"params"})]
            text += f"\nParameter Group {place}\n" + "".join(options)
        return text + ")"
