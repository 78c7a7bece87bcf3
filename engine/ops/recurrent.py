"""Recurrent layers: a whole sequence, in one direction of one layer, is one record.

All that a step depends on stands in one column for each sample, and the matrix of all gates is
multiplied with these columns:

    aₜ = [W_hh  W_ih  b_ih + b_hh] [hₜ₋₁; xₜ; 1]

One product of a step does the work of two and of adding x and bias, and the gradients of all
weights and biases are one product over all steps. Samples are the last axis: each gate is one block
of memory, and the product takes half the time. A step of the way back finds its slopes anew: those
of all steps at once would be more memory than the cache holds, 7% slower.

The functions of the modes say what hₜ is, and what daₜ is. There * goes element by element, and dhₜ
is the whole gradient of hₜ: of yₜ, and of what step t + 1 made of hₜ.
"""

import math
from collections.abc import Sequence
from functools import partial

import numpy as np

from engine.autograd import Tensor, record, wants_grad
from engine.ops.indexing import getitem


def recurrent(mode: str, x: Tensor, states: Sequence, weights: Sequence, reverse: bool) -> tuple:
    """A sequence through one layer in one direction: y and h_T, of an LSTM also c_T

    Args: mode: one of MODES. states: h_0, of an LSTM also c_0. weights: W_ih and W_hh, perhaps b_ih
    and b_hh, PyTorch's gates one below the other. reverse: begin at the end of x; y[t] stands at
    x[t] all the same.
    Shapes: x (T, B, I), T > 0; y (T, B, H); states (B, H); all without B if x is (T, I).
    """
    make_steps, at_x, at_h = MODES[mode]
    arrays = [p.array for p in weights]
    a, (_, size), blocks = x.array, arrays[1].shape, max(at_h) + 1
    n, batch, width, way = len(a), a.shape[1:-1], a.shape[-1], -1 if reverse else 1
    rows, samples, height = blocks * size, math.prod(batch), size + width + 1
    places: tuple = ((at_x, slice(size, -1)), (at_h, slice(size)), (at_x, -1), (at_h, -1))
    w = np.zeros((blocks, size, height), a.dtype)
    for (at, i), p in zip(places, arrays, strict=False):
        w[at, :, i] += np.split(p, len(at))
    w_blocks, w = w.shape, w.reshape(rows, height)
    columns = np.ones((n + 1, height, samples), a.dtype)
    columns[:-1, size:-1] = a[::way].reshape(n, samples, width).swapaxes(1, 2)
    gates = np.empty((n, blocks, size, samples), a.dtype)
    h, c = columns[:, :size], np.empty((n + 1, size, samples), a.dtype)
    for before, state in zip((h, c), states, strict=False):
        before[0] = state.array.reshape(samples, size).T
    step, step_back = make_steps(gates, h, c)
    for t in range(n):
        np.dot(w, columns[t], out=gates[t].reshape(rows, samples))
        step(t)
    y = np.concatenate([h[1:][::way], c[n:]][: len(states)]).swapaxes(1, 2)
    y = np.ascontiguousarray(y).reshape(len(y), *batch, size)
    need_x = wants_grad(x)

    def backward(dy):
        dy = np.ascontiguousarray(dy.reshape(len(dy), samples, size).swapaxes(1, 2))
        dh, dc, w_hh = np.zeros_like(dy[0]), dy[-1].copy(), np.ascontiguousarray(w[:, :size].T)
        da, d = np.empty((rows, n, samples), w.dtype), np.empty_like(gates[0])
        dy, flat = dy[:n][::way], d.reshape(rows, samples)
        for t in reversed(range(n)):
            dh += dy[t]
            step_back(t, dh, dc, d)
            da[:, t] = flat
            dh += w_hh.dot(flat)
        da = da.reshape(rows, n * samples)
        dx = da.T.dot(w[:, size:-1]).reshape(a.shape)[::way] if need_x else None
        d_states = [d.T.reshape(*batch, size) for d in (dh, dc)[: len(states)]]
        dw = da.dot(columns[:-1].swapaxes(1, 2).reshape(n * samples, height)).reshape(w_blocks)
        return dx, *d_states, *(np.concatenate(dw[at, :, i]) for at, i in places[: len(arrays)])

    whole = record(y, (x, *states, *weights), backward)
    h_n = getitem(whole, 0 if reverse else n - 1)
    return (whole, h_n) if len(states) == 1 else (getitem(whole, slice(n)), h_n, getitem(whole, n))


def _elman(bend, slope, gates, h, c):
    """hₜ = f(aₜ),  daₜ = f′ * dhₜ  with f = tanh, f′ = 1 - hₜ², or f = max(aₜ, 0), f′ = (hₜ > 0)"""

    def step(t):
        bend(gates[t, 0], out=h[t + 1])

    def step_back(t, dh, dc, d):
        np.multiply(slope(h[t + 1]), dh, out=d[0])
        dh[...] = 0

    return step, step_back


def _gated(gates, h, c):
    """r, z = σ(…), n = tanh(p + r * q): aₜ holds r, z before σ, and p of xₜ and q of hₜ₋₁ apart

    hₜ = (1 - z) * n + z * hₜ₋₁,  dhₜ₋₁ = z * dhₜ + W_hhᵀ daₜ
    dp = (1 - z) * (1 - n²) * dhₜ,  dq = r * dp,  dr = q * dp,  dz = (hₜ₋₁ - n) * dhₜ
    """

    def step(t):
        r, z, n, q = gates[t]
        _bend(gates[t, :2], 2)
        np.tanh(n + r * q, out=n)
        np.add(n, z * (h[t] - n), out=h[t + 1])

    def step_back(t, dh, dc, d):
        r, z, n, q = gates[t]
        dr, dz, dp, dq = np.subtract(1, gates[t], out=d)
        dz *= dh
        np.multiply(dz, 1 - n * n, out=dp)
        np.multiply(dp, r, out=dq)
        dr *= dq * q
        dz *= h[t + 1] - n  # z * (hₜ₋₁ - n)
        dh *= z

    return step, step_back


def _long_short_term(gates, h, c):
    """i, f, o = σ(…), g = tanh(…),  cₜ = f * cₜ₋₁ + i * g,  hₜ = o * tanh cₜ;  aₜ holds o, i, f, g

    dcₜ = o * (1 - tanh² cₜ) * dhₜ + fₜ₊₁ * dcₜ₊₁
    do = tanh cₜ * dhₜ,  di = g * dcₜ,  df = cₜ₋₁ * dcₜ,  dg = i * dcₜ
    """

    def step(t):
        o, i, f, g = _bend(gates[t], 3)
        np.add(f * c[t], i * g, out=c[t + 1])
        np.multiply(o, np.tanh(c[t + 1]), out=h[t + 1])

    def step_back(t, dh, dc, d):
        o, i, f, g = gates[t]
        do, di, df, dg = np.subtract(1, gates[t], out=d)
        dc += (o - h[t + 1] * np.tanh(c[t + 1])) * dh
        do *= h[t + 1] * dh
        di *= i * g
        df *= f * c[t]
        np.multiply(i, 1 - g * g, out=dg)
        d[1:] *= dc
        dc *= f
        dh[...] = 0

    return step, step_back


def _bend(a, sigmoids):
    """σ(a) = (1 + tanh(a/2)) / 2 for the first blocks, tanh a for the others, in place"""
    first = a[:sigmoids]
    first *= 0.5
    np.tanh(a, out=a)
    first *= 0.5
    first += 0.5
    return a


# Under PyTorch's names: the steps, and the blocks of aₜ that its gates of W_ih and of W_hh add to.
MODES = {
    "RNN_TANH": (partial(_elman, np.tanh, lambda h: 1 - h * h), [0], [0]),
    "RNN_RELU": (partial(_elman, partial(np.maximum, 0), np.sign), [0], [0]),
    "GRU": (_gated, [0, 1, 2], [0, 1, 3]),
    "LSTM": (_long_short_term, [1, 2, 3, 0], [1, 2, 3, 0]),
}
