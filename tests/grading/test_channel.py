"""The value channel: what it carries, and that it refuses everything else."""

import base64
import io
import json
import pickle
import struct

import numpy as np
import pytest

from engine.grading.channel import ChannelError, receive, send


def frame(body: bytes, length: int | None = None) -> io.BytesIO:
    return io.BytesIO(struct.pack(">Q", len(body) if length is None else length) + body)


def array_frame(raw: bytes) -> io.BytesIO:
    return frame(json.dumps({"dict": {"a": {"npy": base64.b64encode(raw).decode()}}}).encode())


def npy(header: str, payload: bytes = b"", version: bytes = b"\x01\x00") -> bytes:
    text = header.encode() + b"\n"
    return b"\x93NUMPY" + version + struct.pack("<H", len(text)) + text + payload


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6.0).reshape(2, 3),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.array(1.5),
        np.zeros((0, 3), dtype=np.float32),
        np.array([True, False]),
        np.array([np.nan, np.inf]),
        np.arange(3, dtype=">i4"),
    ],
)
def test_arrays_arrive_as_they_were_sent(array):
    stream = io.BytesIO()
    send(stream, {"a": array})
    stream.seek(0)
    arrived = receive(stream)["a"]
    assert arrived.dtype == array.dtype
    assert arrived.shape == array.shape
    assert np.array_equal(arrived, array, equal_nan=array.dtype.kind == "f")


def test_plain_values_arrive_as_they_were_sent():
    message = {"a": None, "b": [True, 1, 2.5, "ü"], "npy": {"dict": {"npy": 1}}}
    stream = io.BytesIO()
    send(stream, message)
    send(stream, {"second": 2})
    stream.seek(0)
    assert receive(stream) == message
    assert receive(stream) == {"second": 2}


def test_the_end_of_the_stream_is_told_from_garbage():
    with pytest.raises(EOFError):
        receive(io.BytesIO())
    with pytest.raises(EOFError):
        receive(frame(b"{}", length=10))


def test_a_length_over_the_limit_is_refused_before_it_is_read():
    stream = frame(b"", length=2**62)
    with pytest.raises(ChannelError, match="the limit is"):
        receive(stream)


HEADER = "{{'descr': '{}', 'fortran_order': False, 'shape': {}}}"


@pytest.mark.parametrize(
    "stream",
    [
        frame(b"\xff\xfe"),
        frame(b"not json"),
        frame(b"[1, 2]"),
        frame(b'{"a": 1}'),
        frame(b'{"dict": 5}'),
        frame(b'{"dict": {"a": {"npy": 5}}}'),
        frame(b'{"dict": {"a": {"npy": "!!"}}}'),
        frame(b"[" * 100_000 + b"]" * 100_000),
        frame(b'{"dict": {"a": ' + b"[" * 50 + b"]" * 50 + b"}}"),
        frame(b'{"dict": {"a": ' + b"9" * 10_000 + b"}}"),
        array_frame(b""),
        array_frame(pickle.dumps(print)),
        array_frame(npy(HEADER.format("|O", "(1,)"), pickle.dumps([print]))),
        array_frame(npy(HEADER.format("<U4", "(1,)"), b"\x00" * 16)),
        array_frame(npy(HEADER.format("<c16", "(1,)"), b"\x00" * 16)),
        array_frame(npy(HEADER.format("<f8", "(1099511627776,)"), b"\x00" * 8)),
        array_frame(npy(HEADER.format("<f8", "(2,)"), b"\x00" * 8)),
        array_frame(npy(HEADER.format("<f8", "(-1, -1)"), b"\x00" * 8)),
        array_frame(npy(HEADER.format("<f8", "(0, 1" + "0" * 30 + ")"))),
        array_frame(npy("{'descr': '<f8'", b"")),
        array_frame(npy(HEADER.format("<f8", "(1,)"), b"\x00" * 8, version=b"\x02\x00")),
        array_frame(npy("(" * 500 + ")" * 500)),
    ],
)
def test_whatever_is_not_a_plain_value_is_refused(stream):
    with pytest.raises(ChannelError):
        receive(stream)
