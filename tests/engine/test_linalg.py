"""Products of vectors and matrices, beside PyTorch's."""

import pytest
from against_torch import check, check_error
from hypothesis import given, settings
from hypothesis import strategies as st

SHAPES = [
    ((3,), (3,)),
    ((2, 3), (3,)),
    ((3,), (3, 2)),
    ((2, 3), (3, 4)),
    ((5, 2, 3), (3,)),
    ((3,), (5, 3, 2)),
    ((5, 2, 3), (3, 4)),
    ((2, 3), (5, 3, 4)),
    ((5, 2, 3), (5, 3, 4)),
    ((1, 2, 3), (5, 3, 4)),
    ((6, 1, 2, 3), (5, 3, 4)),
    ((0, 3), (3, 2)),
    ((2, 0), (0, 2)),
]


@pytest.mark.parametrize("shapes", SHAPES)
def test_matmul(shapes):
    check(lambda t, x, y: x @ y, *shapes)


def test_the_kinds_of_product():
    check(lambda t, x, y: t.mm(x, y), (2, 3), (3, 4))
    check(lambda t, x, y: x.bmm(y), (5, 2, 3), (5, 3, 4))
    check(lambda t, x, y: t.outer(x, y), (2,), (3,))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 3), max_size=2), st.integers(1, 4), st.integers(1, 4), st.booleans())
def test_linear_is_one_operation_for_any_batch(batch, n_in, n_out, bias):
    shapes = [(*batch, n_in), (n_out, n_in)] + [(n_out,)] * bias
    check(lambda t, *inputs: t.nn.functional.linear(*inputs), *shapes)


EQUATIONS = [
    ("ij,jk->ik", (2, 3), (3, 4)),
    ("ij,jk", (2, 3), (3, 4)),
    ("bij,bjk->bik", (5, 2, 3), (5, 3, 4)),
    ("i,j->ij", (2,), (3,)),
    ("ij->ji", (2, 3)),
    ("ij->", (2, 3)),
    ("ij->i", (2, 3)),
    ("ii->i", (3, 3)),
    ("ii", (3, 3)),
    ("ij,ij->", (2, 3), (2, 3)),
    ("ij,kl->il", (2, 3), (4, 5)),
    ("...ij,...jk->...ik", (5, 2, 3), (3, 4)),
    ("...i->...", (2, 3)),
    ("bhid,bhjd->bhij", (2, 2, 3, 4), (2, 2, 5, 4)),
    ("ij,jk,kl->il", (2, 3), (3, 4), (4, 2)),
    ("bij,bjk->bik", (1, 2, 3), (5, 3, 4)),
    ("...ii->...i", (2, 3, 3)),
    ("...,i...", (3,), (2, 3)),
    ("ij...->i", (2, 3, 4)),
    ("iij->j", (2, 2, 3)),
]


@pytest.mark.parametrize("equation,shapes", [(e, s) for e, *s in EQUATIONS])
def test_einsum(equation, shapes):
    check(lambda t, *inputs: t.einsum(equation, *inputs), *shapes)


def test_shapes_and_types_that_do_not_fit():
    check_error(lambda t, x, y: x @ y, (2, 3), (4, 5), match=["2x3", "4x5"])
    check_error(lambda t, x, y: x @ y, (), (3,))
    check_error(lambda t, x, y: x @ y.double(), (2, 3), (3, 2), match="float64")
    check_error(lambda t, x, y: t.mm(x, y), (2, 3), (3,))
    check_error(lambda t, x, y: t.bmm(x, y), (2, 2, 3), (3, 3, 2))
    check_error(lambda t, x, y: t.outer(x, y), (2, 3), (3,))
    check_error(lambda t, x, w: t.nn.functional.linear(x, w), (2, 3), (5, 4), match=["2x3", "4x5"])
    check_error(lambda t, x, w: t.nn.functional.linear(x, w.double()), (2, 3), (5, 3))
    check_error(lambda t, x, y: t.einsum("ij,jk->ik", x, y), (2, 3), (4, 5), match="[2, 3]")
    check_error(lambda t, x, y: t.einsum("ij->ik", x, y), (2, 3), (4, 5))
    check_error(lambda t, x, y: t.einsum("ij,jk,kl", x, y), (2, 3), (3, 4))
    check_error(lambda t, x: t.einsum("ij", x), (2, 3, 4), match="[2, 3, 4]")
    check_error(lambda t, x: t.matmul(x, 2), (2, 3), match="int")
    check_error(lambda t, x, y: t.bmm(x, y), (5, 2, 3), (1, 3, 2), match=["5", "1"])


def test_a_transposed_input_gives_the_same_numbers():
    check(lambda t, x, w: t.nn.functional.linear(x.t(), w.t()), (4, 2), (4, 5))
