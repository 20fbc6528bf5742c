"""The skim's weights: what the network makes of whole texts, taught to their pieces one by one."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from onnx import load, numpy_helper
from tokenizers import Tokenizer

from service.moderation.models.encoder.head import odds_of
from service.moderation.models.encoder.skim import Skim
from service.moderation.models.linear import LinearModel
from service.moderation.text import Text
from training.encoder.exported import logits_of
from training.encoder.lessons import tokenized
from training.encoder.source import Floats
from training.rows import Row

NAME = "skim.npz"
# Texts of a language: as many as it takes, French ones being harder to foretell.
SHARES = {"fr": 16_000, "en": 8_000}
_MOST_SIGNS = 600
_PENALTY = 1.0
_SEED = 3
_TINY = 1e-12


def write(folder: Path, rows: Sequence[Row], pieces: int) -> None:
    """Write the skim of the encoder in ``folder`` beside it.

    It learns from those of ``rows`` that a seed chooses, each cut at ``pieces``, and never
    from their labels.
    """
    chosen = _chosen(rows)
    texts, langs = [row.text for row in chosen], [row.lang for row in chosen]
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    expected = logits_of(folder / "model.onnx", tokenizer, texts, pieces)
    linear = odds_of(LinearModel.load().scores([Text.of(text) for text in texts], langs))
    vectors = _vectors(folder / "model.onnx")
    means = np.stack([vectors[ids].mean(axis=0) for ids in tokenized(texts, tokenizer, pieces)])
    matrix, offset = _ridge(np.concatenate([means, linear], axis=1), expected)
    width = vectors.shape[1]
    skim = Skim(_float(vectors @ matrix[:width]), _float(matrix[width:]), _float(offset))
    skim.save(folder / NAME)


def _chosen(rows: Sequence[Row]) -> list[Row]:
    rng = random.Random(_SEED)
    found: list[Row] = []
    for lang, count in SHARES.items():
        of_it = [row for row in rows if row.lang == lang and len(row.text) < _MOST_SIGNS]
        found += rng.sample(of_it, min(count, len(of_it)))
    return found


def _vectors(model: Path) -> Floats:
    """Return what the first layer is given for each piece, (vocabulary, width), its place aside."""
    kept = {each.name: numpy_helper.to_array(each) for each in load(model).graph.initializer}
    table = _float(kept["words"]) * kept["scales"] + kept["positions"].mean(axis=0)
    apart = table - table.mean(axis=1, keepdims=True)
    spread = np.sqrt((apart**2).mean(axis=1, keepdims=True) + _TINY)
    return _float(apart / spread * kept["ln.w"] + kept["ln.b"])


def _ridge(features: Floats, targets: Floats) -> tuple[Floats, Floats]:
    """Return weights, (features, targets), and offsets of the least squares, the former held small.

    After Hoerl and Kennard (1970).
    """
    middle, wanted = features.mean(axis=0), targets.mean(axis=0)
    known = (features - middle).astype(np.float64)
    penalty = _PENALTY * np.eye(known.shape[1])
    weights = np.linalg.solve(known.T @ known + penalty, known.T @ (targets - wanted))
    return _float(weights), _float(wanted - middle @ weights)


def _float(values: NDArray[np.generic]) -> Floats:
    return np.asarray(values, np.float32)
