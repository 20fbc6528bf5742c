"""The exported file, run as the service runs it: one thread, batches sorted by length."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from service.moderation.models.weights import ATTRIBUTES
from training.encoder.lessons import tokenized
from training.encoder.source import PAD, Floats

_BATCH = 32


def logits_of(model: Path, tokenizer: Tokenizer, texts: Sequence[str], most: int) -> Floats:
    """Return the logits of ``texts``, (texts, attributes), each cut at ``most`` pieces."""
    session = _session(model)
    ids = tokenized(texts, tokenizer, most)
    order = sorted(range(len(ids)), key=lambda index: len(ids[index]))
    found = np.zeros((len(ids), len(ATTRIBUTES)), np.float32)
    for start in range(0, len(order), _BATCH):
        chosen = order[start : start + _BATCH]
        table, mask = _padded([ids[i] for i in chosen])
        found[chosen] = session.run(["logits"], {"input_ids": table, "attention_mask": mask})[0]
    return found


def _session(model: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def _padded(ids: Sequence[Sequence[int]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    length = max(map(len, ids))
    table = np.full((len(ids), length), PAD, np.int64)
    mask = np.zeros((len(ids), length), np.int64)
    for place, row in enumerate(ids):
        table[place, : len(row)], mask[place, : len(row)] = row, 1
    return table, mask
