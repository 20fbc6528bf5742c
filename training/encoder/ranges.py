"""Ranges: between which numbers each product of the network finds what flows into it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper, load

from training.encoder.batches import in_order
from training.encoder.source import Floats

Range = tuple[float, float]

_BATCH = 32


def ranges_of(
    model: Path, fed: Mapping[str, str], ids: Sequence[Sequence[int]]
) -> Mapping[str, Range]:
    """Return the range of each product of the float ``model``, 0 within.

    ``fed`` names the tensor that flows into each, ``ids`` are rows of pieces. It is the
    median of the rows' least numbers, and of their greatest: what lies beyond is cut, and
    all the rest is finer. On 1,827 comments the logits differ from the float network's by
    0.08 in the mean; by 0.09 with the 75th centile and with a range of each row's own, by
    0.10 with one of each batch's.
    """
    session = _session(model, fed.values())
    lows: dict[str, list[Floats]] = {name: [] for name in fed}
    highs: dict[str, list[Floats]] = {name: [] for name in fed}
    for batch in in_order(ids, _BATCH):
        given = {"input_ids": batch.ids, "attention_mask": batch.mask}
        values = session.run(list(fed.values()), {k: v.astype(np.int64) for k, v in given.items()})
        for name, value in zip(fed, values, strict=True):
            rows = _without_padding(value, batch.mask)
            lows[name].append(rows.min(axis=1))
            highs[name].append(rows.max(axis=1))
    return {name: (min(_median(lows[name]), 0.0), max(_median(highs[name]), 0.0)) for name in fed}


def _session(model: Path, watched: Iterable[str]) -> onnxruntime.InferenceSession:
    found = load(model)
    for name in watched:
        found.graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, None))
    return onnxruntime.InferenceSession(
        found.SerializeToString(), providers=["CPUExecutionProvider"]
    )


def _without_padding(value: Floats, mask: NDArray[np.int32]) -> Floats:
    """Return one line for each row, 0 in place of padding."""
    if value.ndim > mask.ndim:
        value = value * mask[:, :, None]
    return value.reshape(len(value), -1)


def _median(parts: Sequence[Floats]) -> float:
    return float(np.median(np.concatenate(parts)))
