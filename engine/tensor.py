"""Tensor's operators, methods and properties: tables that name the operation behind each."""

import functools
from collections.abc import Callable

from engine.autograd import Tensor
from engine.ops.arguments import require_tensor
from engine.ops.promotion import is_operand
from engine.printing import tensor_repr

from engine.ops import (  # isort: skip
    activation, conversion, elementwise, indexing, inplace, linalg, reduction, shape,
)  # fmt: skip


def _named(module, names: str) -> dict[str, Callable]:
    """The operations of a module; name=function where Tensor has another name for a function."""
    pairs = [name.partition("=") for name in names.split()]
    return {name: getattr(module, function or name) for name, _, function in pairs}


# What is both a function, engine.exp(x), and a method, x.exp().
FUNCTIONS = {
    **_named(elementwise, "add sub mul div floor_divide remainder pow neg abs exp log sqrt sin"),
    **_named(elementwise, "cos sign round clamp maximum minimum masked_fill eq ne lt le gt ge"),
    **_named(elementwise, "isnan isinf isfinite"),
    **_named(reduction, "sum mean max min amax amin argmax argmin var std norm cumsum any all"),
    **_named(reduction, "unique"),
    **_named(indexing, "gather index_select"),
    **_named(shape, "reshape flatten transpose permute t squeeze unsqueeze split chunk unbind"),
    **_named(shape, "flip roll broadcast_to tril triu clone"),
    **_named(linalg, "matmul mm bmm outer"),
    **_named(activation, "relu sigmoid tanh softmax"),
}

METHODS = {
    **FUNCTIONS,
    **_named(shape, "view expand repeat contiguous"),
    **_named(indexing, "item tolist=to_list"),
    **_named(inplace, "add_ sub_ mul_ div_ fill_ copy_ zero_"),
    **_named(conversion, "size dim numel detach requires_grad_ numpy to cpu"),
    **_named(conversion, "float=float_ double int=int_ long bool=bool_"),
    "where": lambda x, condition, other: elementwise.where(condition, x, other),
}

# __add__, __sub__, ... without the underscores
OPERATORS: dict[str, Callable] = {
    **_named(elementwise, "add sub mul truediv=div floordiv=floor_divide mod=remainder pow neg"),
    **_named(elementwise, "abs invert and=logical_and or=logical_or xor=logical_xor lt le gt ge"),
    **_named(linalg, "matmul"),
    **_named(inplace, "iadd=add_ isub=sub_ imul=mul_ itruediv=div_"),
    **_named(indexing, "getitem setitem"),
    **_named(conversion, "len=length iter=iterate contains bool=truth index=as_index"),
    **_named(conversion, "format=formatted array=to_array deepcopy=deep_copied"),
    "float": lambda x: float(indexing.item(x)),
    "int": lambda x: int(indexing.item(x)),
    "eq": lambda x, other: elementwise.eq(x, other) if is_operand(other) else NotImplemented,
    "ne": lambda x, other: elementwise.ne(x, other) if is_operand(other) else NotImplemented,
    "hash": object.__hash__,
    "repr": lambda x: tensor_repr(x.array, x._requires_grad, x.grad_fn),
}

for _name, _operation in METHODS.items():
    setattr(Tensor, _name, _operation)
for _name, _operation in OPERATORS.items():
    setattr(Tensor, f"__{_name}__", _operation)
for _name in "add sub mul truediv floordiv mod pow and or xor".split():
    setattr(Tensor, f"__r{_name}__", lambda x, other, f=OPERATORS[_name]: f(other, x))
for _name in "shape dtype device ndim data T".split():
    _getter, _setter = (getattr(conversion, f"{verb}_{_name}", None) for verb in ("get", "set"))
    setattr(Tensor, _name, property(_getter, _setter))


def as_function(name: str) -> Callable[..., Tensor]:
    """The function ``engine.exp`` of the method ``exp``. It takes tensors only, as in PyTorch."""
    operation = FUNCTIONS[name]

    @functools.wraps(operation)
    def function(input, *args, **kwargs):  # noqa: A002 - PyTorch's own name
        require_tensor(name, "input", input)
        return operation(input, *args, **kwargs)

    return function
