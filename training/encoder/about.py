"""``about.json``: what the runtime must know of the model beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from service.moderation.models.weights import ATTRIBUTES
from training.calibrate import curves
from training.encoder.exported import logits_of
from training.encoder.lessons import LANGUAGES
from training.encoder.source import PAD
from training.rows import Row
from training.targets import LIFE_SHARES, targets_of, weights_of

VERSION = 1
# The fast stage's calibrated toxicity between which the encoder is asked. Chosen by the
# evaluation: what lies outside is right as often with the fast stage alone.
BAND: Mapping[str, tuple[float, float]] = {"": (0.1, 0.97)}

_FILES = ("model.onnx", "tokenizer.json")
_DIGITS = 4


def write(folder: Path, rows: Sequence[Row], pieces: int) -> None:
    """Write the file into ``folder``, which holds the model; ``rows`` calibrate it."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    about = {
        "version": VERSION,
        "attributes": list(ATTRIBUTES),
        "languages": list(LANGUAGES),
        "prefix": "",
        "max_tokens": pieces,
        "pad_id": PAD,
        "calibration": _calibration(folder / "model.onnx", tokenizer, rows, pieces),
        "band": BAND,
        "sha256": {name: sha256((folder / name).read_bytes()).hexdigest() for name in _FILES},
    }
    text = json.dumps(about, indent=1, ensure_ascii=False) + "\n"
    (folder / "about.json").write_text(text, encoding="utf-8")


def _calibration(
    model: Path, tokenizer: Tokenizer, rows: Sequence[Row], pieces: int
) -> dict[str, dict[str, list[float]]]:
    """Return slope and offset per attribute, by language; ``""`` is any language."""
    logits = logits_of(model, tokenizer, [row.text for row in rows], pieces)
    targets = targets_of(rows)
    weights = weights_of(rows, targets, LIFE_SHARES)
    tables = curves(logits, np.nan_to_num(targets), weights, [row.lang for row in rows])
    return {
        lang: {
            attribute: [round(float(value), _DIGITS) for value in table[:, column]]
            for column, attribute in enumerate(ATTRIBUTES)
        }
        for lang, table in tables.items()
    }
