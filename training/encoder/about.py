"""``about.json``: what the runtime must know of the model beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from service.moderation.models.linear import LinearModel
from service.moderation.models.weights import ANY_LANGUAGE, ATTRIBUTES, Floats
from service.moderation.text import Text
from training.calibrate import curves
from training.encoder.blend import Weights, blends
from training.encoder.exported import logits_of
from training.encoder.lessons import LANGUAGES
from training.encoder.source import PAD
from training.rows import Row
from training.targets import LIFE_SHARES, targets_of, weights_of

VERSION = 1
# The fast stage's calibrated toxicity between which the encoder is asked. The balanced accuracy
# on templates is the same from 0.2 down; the order of French forum posts still gains: ROC AUC
# 0.811 from 0.12, 0.818 from 0.08, 0.821 from 0.05, where 16%, 28% and 44% of calm French
# sentences are in doubt. Most of these are settled by the skim.
BAND: Mapping[str, tuple[float, float]] = {"": (0.15, 0.97), "fr": (0.05, 0.97)}
# What the skim may settle: comments of which it finds every attribute of tone below this.
CALM: Mapping[str, float] = {"fr": 0.14, "en": 0.14}

# The tokens of a window, more than the rows that teach and calibrate are cut at. Of the 1,058
# held-out comments that the encoder reads and that are longer than 62, the worst half of the
# windows of 96 say as much as all of 64 (ROC AUC 0.900 and 0.901; English 0.921 and 0.918,
# French 0.891 and 0.900, in which few are so long) in 0.56 of the time.
WINDOW = 96

_FILES = ("model.onnx", "tokenizer.json", "skim.npz")
_DIGITS = 4
_LEAST = 1e-6

Calibration = Mapping[str, Mapping[str, Sequence[float]]]


def write(folder: Path, rows: Sequence[Row], pieces: int) -> None:
    """Write the file into ``folder``, which holds the model.

    ``rows`` calibrate it, each cut at ``pieces``.
    """
    lessons = _Lessons(folder, rows, pieces)
    calibration = lessons.calibration()
    about = {
        "version": VERSION,
        "attributes": list(ATTRIBUTES),
        "languages": list(LANGUAGES),
        "prefix": "",
        "max_tokens": WINDOW,
        "pad_id": PAD,
        "calibration": calibration,
        "band": BAND,
        "calm": CALM,
        "blend": lessons.blend(calibration),
        "sha256": {name: sha256((folder / name).read_bytes()).hexdigest() for name in _FILES},
    }
    text = json.dumps(about, indent=1, ensure_ascii=False) + "\n"
    (folder / "about.json").write_text(text, encoding="utf-8")


class _Lessons:
    """Hold the rows that calibrate, with what the exported file makes of them."""

    def __init__(self, folder: Path, rows: Sequence[Row], pieces: int) -> None:
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._texts = [row.text for row in rows]
        self._langs = [row.lang for row in rows]
        self._logits = logits_of(folder / "model.onnx", tokenizer, self._texts, pieces)
        targets = targets_of(rows)
        self._weights = weights_of(rows, targets, LIFE_SHARES)
        self._targets = np.nan_to_num(targets)

    def calibration(self) -> Calibration:
        """Return slope and offset per attribute, by language; ``""`` is any language."""
        tables = curves(self._logits, self._targets, self._weights, self._langs)
        return {
            lang: {
                attribute: [round(float(value), _DIGITS) for value in table[:, column]]
                for column, attribute in enumerate(ATTRIBUTES)
            }
            for lang, table in tables.items()
        }

    def blend(self, calibration: Calibration) -> Mapping[str, Weights]:
        """Return the encoder's and the linear model's weight, by language."""
        scores = LinearModel.load().scores([Text.of(text) for text in self._texts], self._langs)
        encoder = log_odds(calibrated(self._logits, self._langs, calibration))
        return blends(encoder, log_odds(scores), self._targets, self._weights, self._langs)


def calibrated(logits: Floats, langs: Sequence[str], calibration: Calibration) -> Floats:
    """Return probabilities, (texts, attributes), by the curve of each text's language."""
    tables = {
        lang: np.array([curve[name] for name in ATTRIBUTES]).T
        for lang, curve in calibration.items()
    }
    chosen = np.array([tables.get(lang, tables[ANY_LANGUAGE]) for lang in langs])
    slopes, offsets = chosen[:, 0], chosen[:, 1]
    return np.asarray(1 / (1 + np.exp(-(slopes * logits + offsets))), np.float32)


def log_odds(scores: Floats) -> Floats:
    """Return the log-odds of probabilities, none of them infinite."""
    inside = np.clip(scores, _LEAST, 1 - _LEAST)
    return np.asarray(np.log(inside / (1 - inside)), np.float32)
