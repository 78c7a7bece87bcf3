"""The same seed gives PyTorch's random numbers: each method, each size, in any order."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import random
from engine.random import Generator

FLOATS = {np.dtype(np.float32): torch.float32, np.dtype(np.float64): torch.float64}
SEEDS = st.integers(0, 2**32 - 1)
SIZES = st.integers(0, 40)


def pair(seed):
    return Generator().manual_seed(seed), torch.Generator().manual_seed(seed)


def same_state(ours, theirs):
    """Both go on with the same numbers, also with the normal that may be waiting."""
    equal(ours.normal((1,)), torch.randn(1, generator=theirs))
    equal(ours.uniform((3,)), torch.rand(3, generator=theirs))


def equal(ours, theirs):
    theirs = theirs.numpy()
    assert ours.dtype == theirs.dtype
    np.testing.assert_array_equal(ours, theirs)


@settings(max_examples=40, deadline=None)
@given(SEEDS, SIZES, st.sampled_from(list(FLOATS)))
def test_uniform_numbers_agree_to_the_bit(seed, size, dtype):
    ours, theirs = pair(seed)
    equal(ours.uniform((size,), dtype), torch.rand(size, generator=theirs, dtype=FLOATS[dtype]))


@settings(max_examples=40, deadline=None)
@given(
    SEEDS,
    st.floats(-1e6, 1e6, width=32, allow_subnormal=False),
    st.floats(0, 1e6, width=32),
    st.sampled_from([*FLOATS]),
)
def test_uniform_numbers_of_an_interval_agree_to_the_bit(seed, low, width, dtype):
    ours, theirs = pair(seed)
    expected = torch.empty(6, 5, dtype=FLOATS[dtype]).uniform_(low, low + width, generator=theirs)
    equal(ours.uniform((6, 5), dtype, low, low + width), expected)


@settings(max_examples=40, deadline=None)
@given(
    SEEDS, st.integers(0, 15), st.floats(-100, 100), st.floats(0, 100), st.sampled_from([*FLOATS])
)
def test_fewer_than_16_normals_agree_to_the_bit(seed, size, mean, std, dtype):
    ours, theirs = pair(seed)
    expected = torch.empty(size, dtype=FLOATS[dtype]).normal_(mean, std, generator=theirs)
    equal(ours.normal((size,), dtype, mean, std), expected)


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.integers(16, 200), st.floats(-3, 3), st.floats(0, 3))
def test_16_normals_and_more_agree_to_one_rounding(seed, size, mean, std):
    for dtype, bound in ((np.float32, 1e-6), (np.float64, 2e-15)):
        ours, theirs = pair(seed)
        expected = torch.empty(size, dtype=FLOATS[np.dtype(dtype)])
        expected.normal_(mean, std, generator=theirs)
        x = ours.normal((size,), dtype, mean, std)
        assert x.dtype == dtype
        assert np.abs(x - expected.numpy()).max() <= bound * (1 + std)
        same_state(ours, theirs)


@pytest.mark.parametrize("dtype", FLOATS)
def test_the_upper_end_of_an_interval_is_never_drawn(dtype):
    low, high = 1.0, 1.0 + 4 * float(np.finfo(dtype).eps)
    ours, theirs = pair(2)
    x = ours.uniform((500,), dtype, low, high)
    equal(x, torch.empty(500, dtype=FLOATS[dtype]).uniform_(low, high, generator=theirs))
    assert x.max() < high


@pytest.mark.parametrize("dtype", FLOATS)
def test_a_single_number_is_an_array_without_axes(dtype):
    ours, theirs = pair(1)
    expected = torch.empty((), dtype=FLOATS[dtype])
    equal(ours.uniform((), dtype, -1, 2), expected.uniform_(-1, 2, generator=theirs))
    equal(ours.normal((), dtype, -1, 2), expected.normal_(-1, 2, generator=theirs))
    equal(ours.integers(0, 9, ()), torch.randint(0, 9, (), generator=theirs))


RANGES = st.one_of(
    st.tuples(st.integers(-50, 50), st.integers(1, 100)),
    st.tuples(st.just(-7), st.integers(2**28 - 2, 2**28 + 2)),
    st.tuples(st.integers(-(2**62), 0), st.integers(2**31, 2**62)),
)


@settings(max_examples=40, deadline=None)
@given(SEEDS, RANGES, SIZES)
def test_integers_agree_also_where_a_range_takes_64_bits(seed, interval, size):
    ours, theirs = pair(seed)
    low, high = interval[0], sum(interval)
    equal(ours.integers(low, high, (size,)), torch.randint(low, high, (size,), generator=theirs))


@pytest.mark.parametrize(
    ("low", "high", "dtype"),
    [
        (0, 2, torch.bool),
        (0, 256, torch.uint8),
        (-(2**31), 2**31, torch.int32),
        (-(2**63), 2**63 - 1, torch.int64),
        (-3, 10, torch.float32),
        (-(2**24), 2**24 + 1, torch.float32),
        (-(2**53), 2**53 + 1, torch.float64),
    ],
)
def test_integers_of_every_dtype_agree(low, high, dtype):
    ours, theirs = pair(5)
    expected = torch.randint(low, high, (50,), dtype=dtype, generator=theirs)
    equal(ours.integers(low, high, (50,), expected.numpy().dtype), expected)


def test_integers_that_a_float_cannot_hold_are_refused():
    with pytest.raises(RuntimeError, match="within float32, but got from=0, to=67108864"):
        Generator().integers(0, 2**26, (2,), np.float32)


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.integers(0, 300))
def test_permutations_agree(seed, n):
    ours, theirs = pair(seed)
    equal(ours.permutation(n), torch.randperm(n, generator=theirs))


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.integers(1, 300), st.floats(0.01, 0.99))
def test_dropout_masks_agree(seed, size, p):
    torch.manual_seed(seed)
    kept = torch.nn.functional.dropout(torch.ones(size), p) != 0
    np.testing.assert_array_equal(Generator().manual_seed(seed).keep_mask((size,), p), kept.numpy())


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_random64_is_the_seed_that_a_data_loader_draws(seed):
    ours, theirs = pair(seed)
    for _ in range(3):
        assert ours.random64() == torch.empty((), dtype=torch.int64).random_(generator=theirs)


CALLS = {
    "rand": (
        lambda g, n: g.uniform((n,)),
        lambda g, n: torch.rand(n, generator=g),
    ),
    "double rand": (
        lambda g, n: g.uniform((n,), np.float64),
        lambda g, n: torch.rand(n, generator=g, dtype=torch.float64),
    ),
    "few randn": (
        lambda g, n: g.normal((n % 16,)),
        lambda g, n: torch.randn(n % 16, generator=g),
    ),
    "double randn": (
        lambda g, n: g.normal((n % 16,), np.float64),
        lambda g, n: torch.randn(n % 16, generator=g, dtype=torch.float64),
    ),
    "many randn": (
        lambda g, n: g.normal((n + 16,)).round(4) * 0,
        lambda g, n: torch.randn(n + 16, generator=g) * 0,
    ),
    "randint": (
        lambda g, n: g.integers(0, 10, (n,)),
        lambda g, n: torch.randint(0, 10, (n,), generator=g),
    ),
    "randperm": (
        lambda g, n: g.permutation(n),
        lambda g, n: torch.randperm(n, generator=g),
    ),
}


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.lists(st.tuples(st.sampled_from(list(CALLS)), SIZES), max_size=12))
def test_any_order_of_calls_gives_the_same_numbers_and_the_same_state(seed, calls):
    ours, theirs = pair(seed)
    ours.uniform((1,)), torch.rand(1, generator=theirs)
    for name, size in calls:
        mine, torchs = CALLS[name]
        equal(mine(ours, size), torchs(theirs, size))
    same_state(ours, theirs)


@pytest.mark.parametrize("seed", [0, 1, -1, -5, 2**32, 2**32 + 7, 2**63, 2**64 - 1, -(2**63)])
def test_negative_and_huge_seeds_mean_what_they_mean_in_pytorch(seed):
    ours, theirs = pair(seed)
    assert ours.initial_seed() == theirs.initial_seed()
    equal(ours.uniform((4,)), torch.rand(4, generator=theirs))


def test_a_new_generator_starts_at_pytorchs_default_seed():
    assert Generator().initial_seed() == torch.Generator().initial_seed()
    equal(Generator().uniform((4,)), torch.rand(4, generator=torch.Generator()))


def test_seeding_forgets_the_waiting_normal():
    ours = Generator()
    ours.normal((1,))
    ours.manual_seed(4)
    equal(ours.normal((3,)), torch.randn(3, generator=torch.Generator().manual_seed(4)))


def test_manual_seed_seeds_the_shared_stream_and_returns_it():
    assert random.manual_seed("12") is random.default_generator
    assert random.default_generator.initial_seed() == 12


@pytest.mark.parametrize("seed", [2**64, -(2**63) - 1, 3.5, "3", None, True])
def test_what_is_no_64_bit_seed_is_refused_as_in_pytorch(seed):
    with pytest.raises(Exception) as theirs:
        torch.Generator().manual_seed(seed)
    with pytest.raises(theirs.type):
        Generator().manual_seed(seed)


@pytest.mark.parametrize(
    ("ours", "theirs", "match"),
    [
        (lambda g: g.integers(5, 5, (2,)), lambda: torch.randint(5, 5, (2,)), "from=5, to=5"),
        (
            lambda g: g.integers(0, 300, (2,), np.uint8),
            lambda: torch.randint(0, 300, (2,), dtype=torch.uint8),
            "within uint8, but got from=0, to=300",
        ),
        (
            lambda g: g.integers(-1, 2, (2,), np.bool_),
            lambda: torch.randint(-1, 2, (2,), dtype=torch.bool),
            "within bool, but got from=-1",
        ),
        (lambda g: g.permutation(-1), lambda: torch.randperm(-1), "negative dimension -1"),
        (lambda g: g.uniform((2, -3)), lambda: torch.rand(2, -3), "negative dimension -3"),
        (lambda g: g.uniform((2,), low=1, high=0), lambda: torch.empty(2).uniform_(1, 0), "low=1"),
        (
            lambda g: g.uniform((2,), high=np.inf),
            lambda: torch.empty(2).uniform_(0, np.inf),
            "high=inf",
        ),
        (
            lambda g: g.uniform((2,), low=-3e38, high=3e38),
            lambda: torch.empty(2).uniform_(-3e38, 3e38),
            "high - low",
        ),
        (lambda g: g.normal((2,), std=-1.5), lambda: torch.empty(2).normal_(0, -1.5), "-1.5"),
        (lambda g: g.normal((2,), np.int64), lambda: torch.randn(2, dtype=torch.int64), "int64"),
        (lambda g: g.uniform((2,), np.int64), lambda: torch.rand(2, dtype=torch.int64), "int64"),
        (lambda g: g.keep_mask((2,), 1.5), lambda: torch.empty(2).bernoulli_(-0.5), "1.5"),
        (lambda g: Generator("cuda"), lambda: torch.Generator("cuda"), "cuda"),
    ],
)
def test_bad_arguments_raise_pytorchs_error(ours, theirs, match):
    with pytest.raises(Exception) as refused:
        theirs()
    with pytest.raises(refused.type, match=match.replace("(", r"\(")):
        ours(Generator())
