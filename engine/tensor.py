"""Tensor's operators, methods and properties: tables that name the operation behind each."""

from __future__ import annotations

import functools
from collections.abc import Callable

from engine.autograd import Tensor
from engine.ops import (
    activation,
    conversion,
    elementwise,
    indexing,
    inplace,
    linalg,
    reduction,
    shape,
)
from engine.ops.promotion import is_operand
from engine.printing import tensor_repr


def _named(module, names: str) -> dict:
    return {name: getattr(module, name) for name in names.split()}


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
    **_named(indexing, "item"),
    **_named(inplace, "add_ sub_ mul_ div_ fill_ copy_ zero_"),
    **_named(conversion, "size dim numel detach requires_grad_ numpy to cpu double long"),
    "float": conversion.float_,
    "int": conversion.int_,
    "bool": conversion.bool_,
    "tolist": indexing.to_list,
    "where": lambda x, condition, other: elementwise.where(condition, x, other),
}

PROPERTIES: dict[str, tuple[Callable, Callable | None]] = {
    "shape": (conversion.get_shape, None),
    "dtype": (conversion.get_dtype, None),
    "device": (conversion.get_device, None),
    "ndim": (conversion.get_ndim, None),
    "data": (conversion.get_data, conversion.set_data),
    "T": (conversion.get_T, None),
}

OPERATORS = {
    "__add__": elementwise.add,
    "__radd__": lambda x, other: elementwise.add(other, x),
    "__iadd__": inplace.add_,
    "__sub__": elementwise.sub,
    "__rsub__": lambda x, other: elementwise.sub(other, x),
    "__isub__": inplace.sub_,
    "__mul__": elementwise.mul,
    "__rmul__": elementwise.mul,
    "__imul__": inplace.mul_,
    "__truediv__": elementwise.div,
    "__rtruediv__": lambda x, other: elementwise.div(other, x),
    "__itruediv__": inplace.div_,
    "__floordiv__": elementwise.floor_divide,
    "__rfloordiv__": lambda x, other: elementwise.floor_divide(other, x),
    "__mod__": elementwise.remainder,
    "__rmod__": lambda x, other: elementwise.remainder(other, x),
    "__pow__": elementwise.pow,
    "__rpow__": lambda x, other: elementwise.pow(other, x),
    "__matmul__": linalg.matmul,
    "__neg__": elementwise.neg,
    "__abs__": elementwise.abs,
    "__invert__": elementwise.invert,
    "__and__": elementwise.logical_and,
    "__rand__": elementwise.logical_and,
    "__or__": elementwise.logical_or,
    "__ror__": elementwise.logical_or,
    "__xor__": elementwise.logical_xor,
    "__rxor__": elementwise.logical_xor,
    "__eq__": lambda x, other: elementwise.eq(x, other) if is_operand(other) else NotImplemented,
    "__ne__": lambda x, other: elementwise.ne(x, other) if is_operand(other) else NotImplemented,
    "__lt__": elementwise.lt,
    "__le__": elementwise.le,
    "__gt__": elementwise.gt,
    "__ge__": elementwise.ge,
    "__hash__": object.__hash__,
    "__getitem__": indexing.getitem,
    "__setitem__": indexing.setitem,
    "__len__": conversion.length,
    "__iter__": conversion.iterate,
    "__contains__": conversion.contains,
    "__bool__": conversion.truth,
    "__float__": conversion.as_float,
    "__int__": conversion.as_int,
    "__index__": conversion.as_index,
    "__format__": conversion.formatted,
    "__array__": conversion.to_array,
    "__deepcopy__": conversion.deep_copied,
    "__repr__": lambda x: tensor_repr(x.array, x._requires_grad, x.grad_fn),
}

for _name, _operation in (METHODS | OPERATORS).items():
    setattr(Tensor, _name, _operation)
for _name, (_getter, _setter) in PROPERTIES.items():
    setattr(Tensor, _name, property(_getter, _setter))


def as_function(name: str) -> Callable[..., Tensor]:
    """The function ``engine.exp`` of the method ``exp``. It takes tensors only, as in PyTorch."""
    operation = FUNCTIONS[name]

    @functools.wraps(operation)
    def function(input, *args, **kwargs):  # noqa: A002 - PyTorch's own name
        if not isinstance(input, Tensor):
            raise TypeError(
                f"{name}(): argument 'input' (position 1) must be Tensor, "
                f"not {type(input).__name__}"
            )
        return operation(input, *args, **kwargs)

    return function
