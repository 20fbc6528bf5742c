"""Named arrays as bytes and back: compressed, and nothing in them that could run."""

from __future__ import annotations

import io
import zlib
from collections.abc import Mapping
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from service.moderation.learning.traits import VERSION

_VERSION = "version"


class ArraysUnreadable(ValueError):
    """Say that stored arrays are damaged or of another version."""


def packed(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Return the arrays as they are stored, with the version of the traits they rest on."""
    file = io.BytesIO()
    np.savez_compressed(file, allow_pickle=False, **{**arrays, _VERSION: np.array([VERSION])})
    return file.getvalue()


def unpacked(data: bytes) -> dict[str, NDArray[Any]]:
    """Return the arrays that ``packed`` wrote.

    Raises ``ArraysUnreadable``.
    """
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as found:
            arrays = {name: found[name] for name in found.files}
    except (BadZipFile, EOFError, AttributeError, OSError, ValueError, zlib.error) as error:
        raise ArraysUnreadable(str(error)) from error
    if _VERSION not in arrays or arrays[_VERSION].tolist() != [VERSION]:
        raise ArraysUnreadable("of another version")
    return arrays
