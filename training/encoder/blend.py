"""The blend: how much the log-odds of either model count where both have judged a comment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from service.moderation.models.weights import ANY_LANGUAGE, Floats

Weights = tuple[float, float]
"""The encoder's weight and the linear model's."""

# A language with fewer positives than this takes the weights of all languages.
_MIN_POSITIVES = 300
_MOST = 1.5
_DIGITS = 2


def blends(
    encoder: Floats, linear: Floats, targets: Floats, weights: Floats, langs: Sequence[str]
) -> Mapping[str, Weights]:
    """Return the weights per language under which the sum explains the targets best.

    ``encoder`` and ``linear`` are calibrated log-odds, (rows, attributes); all
    attributes share the weights. A weight of 0 leaves a target out.
    """
    owners = np.array(langs)
    found = {ANY_LANGUAGE: _fitted(encoder, linear, targets, weights)}
    for lang in np.unique(owners):
        here = weights * (owners == lang)[:, None]
        if (targets[here > 0] > 0.5).sum() >= _MIN_POSITIVES:
            found[str(lang)] = _fitted(encoder, linear, targets, here)
    return found


def _fitted(encoder: Floats, linear: Floats, targets: Floats, weights: Floats) -> Weights:
    known = weights > 0
    odds = np.stack([encoder[known], linear[known]]).astype(float)
    best = minimize(
        _loss,
        np.array([0.5, 0.5]),
        args=(odds, targets[known].astype(float), weights[known].astype(float)),
        method="L-BFGS-B",
        bounds=[(0.0, _MOST)] * 2,
    )
    return round(float(best.x[0]), _DIGITS), round(float(best.x[1]), _DIGITS)


def _loss(
    blend: NDArray[np.float64],
    odds: NDArray[np.float64],
    targets: NDArray[np.float64],
    weights: NDArray[np.float64],
) -> float:
    logits = blend @ odds
    return float((weights * (np.logaddexp(0, logits) - targets * logits)).sum() / weights.sum())
