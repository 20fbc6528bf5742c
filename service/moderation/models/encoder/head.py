"""From a network's logits to calibrated log-odds of our attributes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from service.moderation.models.encoder.about import About, Activation
from service.moderation.models.weights import ANY_LANGUAGE, ATTRIBUTES, Floats, ModelBroken

_MOST_SURE = 15.0


def log_odds(about: About, logits: Floats) -> Floats:
    """Return log-odds before calibration, (n, ``ATTRIBUTES``), from logits (n, outputs).

    NaN for an attribute that no output stands for. Where several do: the highest of
    them, or together for a model that chooses one of its labels (softmax).
    """
    if logits.shape[1] != len(about.labels):
        raise ModelBroken(f"{logits.shape[1]} outputs for {len(about.labels)} labels")
    if about.labels == ATTRIBUTES and about.activation is Activation.SIGMOID:
        return logits
    found = np.full((len(logits), len(ATTRIBUTES)), np.nan, np.float32)
    for column, attribute in enumerate(ATTRIBUTES):
        mine = np.array([label is attribute for label in about.labels])
        if mine.any():
            found[:, column] = _ODDS[about.activation](logits, mine)
    return found


def calibrated(about: About, odds: Floats, langs: Sequence[str]) -> Floats:
    """Return log-odds after the calibration of each row's language, same shape."""
    if not about.calibration or not len(odds):
        return odds
    general = about.calibration[ANY_LANGUAGE]
    curves = np.array([about.calibration.get(lang, general) for lang in langs])
    return np.asarray(curves[:, 0] * odds + curves[:, 1], np.float32)


def probabilities(odds: Floats) -> Floats:
    """Return 0..1 for log-odds; NaN stays NaN."""
    return np.asarray(1 / (1 + np.exp(-np.clip(odds, -_MOST_SURE, _MOST_SURE))), np.float32)


def odds_of(scores: Floats) -> Floats:
    """Return the log-odds of probabilities, bounded where they are 0 or 1."""
    sure = 1 / (1 + np.exp(_MOST_SURE))
    kept = np.clip(np.asarray(scores, np.float64), sure, 1 - sure)
    return np.asarray(np.log(kept / (1 - kept)), np.float32)


def _each_alone(logits: Floats, mine: np.ndarray) -> Floats:
    return np.asarray(logits[:, mine].max(axis=1), np.float32)


def _one_of_many(logits: Floats, mine: np.ndarray) -> Floats:
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    return odds_of((shares[:, mine].sum(axis=1) / shares.sum(axis=1)).astype(np.float32))


_ODDS = {Activation.SIGMOID: _each_alone, Activation.SOFTMAX: _one_of_many}
