"""The weights file: a line of JSON that describes it, then raw numbers; nothing in it can run.

Layout: the magic bytes, the header's length (u32, little-endian), the header (JSON),
then the arrays of ``_LAYOUT`` end to end. The header holds the version, every array's
shape, the attributes in order, the calibration and the SHA-256 of what follows it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.moderation.models.features import CHAR_ORDERS, DENSE, ROWS
from service.moderation.signal import Attribute

MAGIC = b"ECLUSE-LINEAR\n"
VERSION = 1
ATTRIBUTES = tuple(Attribute)
ANY_LANGUAGE = ""

Floats = NDArray[np.float32]
_WIDTH = len(ATTRIBUTES)
_LAYOUT = (
    ("table", np.dtype("i1"), (ROWS, _WIDTH)),
    ("scales", np.dtype("<f4"), (_WIDTH,)),
    ("dense", np.dtype("<f4"), (len(DENSE), _WIDTH)),
    ("biases", np.dtype("<f4"), (_WIDTH,)),
)


class ModelBroken(Exception):
    """Say that a weights file is damaged, or made for another version of the code."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Hold a linear model.

    ``table`` is int8, (rows, attributes), times ``scales`` per attribute; row 0 is
    zero. ``calibration[language]`` is (2, attributes): the slope and the offset of a
    logistic curve (Platt, 1999) for that language; ``ANY_LANGUAGE`` is always there.
    """

    table: NDArray[np.int8]
    scales: Floats
    dense: Floats
    biases: Floats
    calibration: Mapping[str, Floats]


def write(path: Path, weights: Weights) -> None:
    """Write ``weights`` to ``path``: the same bytes for the same weights."""
    body = b"".join(getattr(weights, name).astype(dtype).tobytes() for name, dtype, _ in _LAYOUT)
    header = json.dumps(_header(weights, body), sort_keys=True).encode()
    path.write_bytes(MAGIC + len(header).to_bytes(4, "little") + header + body)


def read(path: Path) -> Weights:
    """Return the weights at ``path``.

    Raises ``ModelBroken`` when the file is missing, damaged or of another version.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelBroken(f"no weights file can be read at {path}") from error
    header, body = _parted(data)
    _check(header, body)
    table, scales, dense, biases = _arrays(body)
    return Weights(table, scales, dense, biases, _calibration(header.get("calibration")))


def _expectations() -> dict[str, Any]:
    """Return the header fields that this version of the code insists on."""
    return {
        "version": VERSION,
        "attributes": list(ATTRIBUTES),
        "char_orders": list(CHAR_ORDERS),
        "dense_measures": list(DENSE),
        "arrays": [[name, dtype.str, list(shape)] for name, dtype, shape in _LAYOUT],
    }


def _header(weights: Weights, body: bytes) -> dict[str, Any]:
    calibration = {lang: table.tolist() for lang, table in weights.calibration.items()}
    digest = sha256(body).hexdigest()
    return {**_expectations(), "calibration": calibration, "sha256": digest}


def _parted(data: bytes) -> tuple[dict[str, Any], memoryview]:
    if not data.startswith(MAGIC):
        raise ModelBroken("this is not a weights file of Écluse")
    start = len(MAGIC) + 4
    end = start + int.from_bytes(data[len(MAGIC) : start], "little")
    try:
        header = json.loads(data[start:end])
    except ValueError as error:
        raise ModelBroken("the header of the weights file cannot be read") from error
    if not isinstance(header, dict):
        raise ModelBroken("the header of the weights file is not an object")
    return header, memoryview(data)[end:]


def _check(header: Mapping[str, Any], body: memoryview) -> None:
    for field, expected in _expectations().items():
        if header.get(field) != expected:
            raise ModelBroken(
                f"the weights file's {field} is {header.get(field)!r}, not {expected!r}"
            )
    if header.get("sha256") != sha256(body).hexdigest():
        raise ModelBroken("the weights file is damaged: its SHA-256 does not match")
    if len(body) != sum(_size(dtype, shape) for _, dtype, shape in _LAYOUT):
        raise ModelBroken("the weights file is of the wrong length")


def _size(dtype: np.dtype[Any], shape: tuple[int, ...]) -> int:
    return int(dtype.itemsize * np.prod(shape))


def _arrays(body: memoryview) -> list[NDArray[Any]]:
    arrays, start = [], 0
    for _, dtype, shape in _LAYOUT:
        end = start + _size(dtype, shape)
        arrays.append(_array(body[start:end], dtype).reshape(shape))
        start = end
    return arrays


def _array(data: memoryview, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return an aligned copy: reading eight bytes at once from an odd address is slow."""
    return np.frombuffer(data, dtype).copy()


def _calibration(table: Any) -> dict[str, Floats]:
    try:
        curves = {str(lang): np.array(curve, np.float32) for lang, curve in table.items()}
    except (AttributeError, TypeError, ValueError) as error:
        raise ModelBroken("the calibration of the weights file cannot be read") from error
    if ANY_LANGUAGE not in curves or any(c.shape != (2, _WIDTH) for c in curves.values()):
        raise ModelBroken("the calibration of the weights file is incomplete")
    return curves
