"""The value channel between grader and worker: plain values in frames, never code.

A frame is its length in 8 bytes, big-endian, then UTF-8 JSON. An array travels as the .npy format
in base64. The side that reads trusts nothing: sizes are checked before anything is allocated.
"""

import base64
import io
import json
import math
import struct
from typing import Any, BinaryIO

import numpy as np

from engine.grading.values import Value

_LENGTH = struct.Struct(">Q")
_LIMIT = 8 * 2**20  # JSON of this size takes up to 50 times as much memory once it is read
_DEPTH = 20


class ChannelError(Exception):
    """The other side sent something that is not a frame of plain values."""


def send(stream: BinaryIO, message: dict[str, Value]) -> None:
    """Write one frame."""
    body = json.dumps(_encode(message)).encode()
    stream.write(_LENGTH.pack(len(body)) + body)
    stream.flush()


def receive(stream: BinaryIO, limit: int = _LIMIT) -> dict[str, Value]:
    """Read one frame.

    Raises: EOFError at the end of the stream; ChannelError for a frame over the limit, for
        anything but JSON of the allowed values, and for a damaged array.
    """
    (length,) = _LENGTH.unpack(_exactly(stream, _LENGTH.size))
    if length > limit:
        raise ChannelError(f"a frame of {length} bytes; the limit is {limit}")
    body = _exactly(stream, length)
    try:
        message = _decode(json.loads(body))
    except ChannelError:
        raise
    except Exception as error:  # JSON, base64 and .npy headers each fail in ways of their own
        raise ChannelError(f"not a frame of plain values: {type(error).__name__}") from error
    if not isinstance(message, dict):
        raise ChannelError("a frame must hold a dict")
    return message


def _exactly(stream: BinaryIO, count: int) -> bytes:
    data = bytearray()
    while len(data) < count:
        # In pieces, so that memory is taken for what came and not for what was announced.
        piece = stream.read(min(count - len(data), 2**16))
        if not piece:
            raise EOFError("the stream ended within a frame")
        data += piece
    return bytes(data)


def _encode(value: Value) -> Any:
    if isinstance(value, np.ndarray):
        buffer = io.BytesIO()
        np.lib.format.write_array(buffer, value, version=(1, 0), allow_pickle=False)
        return {"npy": base64.b64encode(buffer.getvalue()).decode()}
    if isinstance(value, list):
        return [_encode(item) for item in value]
    if isinstance(value, dict):
        return {"dict": {key: _encode(item) for key, item in value.items()}}
    return value


def _decode(value: Any, depth: int = 0) -> Value:
    if depth > _DEPTH:
        raise ChannelError(f"values nested deeper than {_DEPTH}")
    if isinstance(value, list):
        return [_decode(item, depth + 1) for item in value]
    if isinstance(value, dict):
        if value.keys() == {"npy"}:
            return _array(value["npy"])
        return {key: _decode(item, depth + 1) for key, item in value["dict"].items()}
    return value


def _array(text: str) -> np.ndarray:
    stream = io.BytesIO(base64.b64decode(text, validate=True))
    if np.lib.format.read_magic(stream) != (1, 0):
        raise ChannelError("only version 1.0 of the .npy format is read")
    shape, fortran, dtype = np.lib.format.read_array_header_1_0(stream)
    payload = stream.read()
    if dtype.kind not in "biuf" or any(size < 0 for size in shape):
        raise ChannelError(f"an array of dtype {dtype} and shape {shape}")
    if math.prod(shape) * dtype.itemsize != len(payload):
        raise ChannelError(f"{len(payload)} bytes for {dtype} of shape {shape}")
    # A copy, because the view of the payload cannot be written to.
    return np.frombuffer(payload, dtype).reshape(shape, order="F" if fortran else "C").copy()
